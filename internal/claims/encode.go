package claims

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Encode writes a decision in its one form: the same decision gives the same
// bytes, on every machine, so that a digest of them proves a replay.
func Encode(d Decision) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out) // fields in order of declaration, map keys sorted, decimals as text
	enc.SetEscapeHTML(false)
	if err := enc.Encode(d); err != nil {
		return nil, fmt.Errorf("encode decision: %w", err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// Decode reads what Encode wrote.
func Decode(data []byte) (Decision, error) {
	var d Decision
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return Decision{}, fmt.Errorf("decode decision: %w", err)
	}
	return d, nil
}
