package dictionary_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/store/dictionary"
	"github.com/jamii-health/jamii/internal/store/dictionary/sample"
)

func TestDecodeRefuses(t *testing.T) {
	_, good := dictionary.Encode(nil, []byte(`{"resourceType":"Patient"}`))
	bomb := plainEncoder(t).EncodeAll(make([]byte, dictionary.Max+1), nil)
	tests := []struct {
		name string
		dict int16
		data []byte
		want error // nil: any
	}{
		{"a dictionary of a later version", 2, good, dictionary.ErrUnknown},
		{"a negative number", -1, good, dictionary.ErrUnknown},
		{"cut short", 1, good[:len(good)-1], nil},
		{"not zstd", 0, []byte("not zstd at all"), nil},
		{"more than the bound", 0, bomb, zstd.ErrDecoderSizeExceeded},
	}
	for _, tt := range tests {
		out, err := dictionary.Decode(tt.dict, tt.data)
		if err == nil {
			t.Errorf("%s: unpacked to %d bytes", tt.name, len(out))
		}
		if tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	names, err := sample.Names()
	if err != nil {
		t.Fatal(err)
	}
	bodies := [][]byte{[]byte("x"), []byte(`{"resourceType":"Patient"}`), bytes.Repeat([]byte("long "), 1<<20)}
	for _, name := range names {
		bodies = append(bodies, heldOut(t, name, 5)...)
	}
	for _, body := range bodies {
		dict, out := dictionary.Encode([]byte("kept"), body)
		if !bytes.HasPrefix(out, []byte("kept")) {
			t.Fatal("Encode does not append")
		}
		got, err := dictionary.Decode(dict, out[4:])
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, body) {
			t.Fatalf("%.60q came back as %.60q", body, got)
		}
	}
}

func TestEmptyStaysEmpty(t *testing.T) {
	dict, out := dictionary.Encode(nil, nil)
	if dict != dictionary.Plain || len(out) != 0 {
		t.Errorf("dict %d, %d bytes", dict, len(out))
	}
	if got, err := dictionary.Decode(dictionary.Plain, nil); err != nil || len(got) != 0 {
		t.Errorf("got %q, %v", got, err)
	}
}

// Rows written before there was a dictionary carry number 0.
func TestPlainBodiesStayReadable(t *testing.T) {
	body := heldOut(t, "Claim", 1)[0]
	got, err := dictionary.Decode(dictionary.Plain, plainEncoder(t).EncodeAll(body, nil))
	if err != nil || !bytes.Equal(got, body) {
		t.Errorf("not read back: %v", err)
	}
}

func TestConcurrent(t *testing.T) {
	bodies := heldOut(t, "ClaimResponse", 50)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for _, body := range bodies {
				dict, out := dictionary.Encode(nil, body)
				got, err := dictionary.Decode(dict, out)
				if err != nil || !bytes.Equal(got, body) {
					t.Errorf("not read back: %v", err)
				}
			}
		})
	}
	group.Wait()
}

// A dictionary that databases use must keep its bytes. Never change a digest
// of this table: add a row.
func TestReleasedDictionaries(t *testing.T) {
	released := map[string]string{
		"r4-1.dict": "86f22558d2a0efb2549edcbdf048fce804b1081c98f9aa554d407856a7823db8",
	}
	files, err := filepath.Glob("*.dict")
	if err != nil || len(files) != len(released) {
		t.Fatalf("%d dictionaries, the table has %d: %v", len(files), len(released), err)
	}
	for name, want := range released {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%s has digest %s, released was %s", name, got, want)
		}
	}
}

func TestGain(t *testing.T) {
	for name, least := range map[string]float64{"Claim": 10, "Claim-short": 4, "ClaimResponse": 10, "Patient": 5, "Coverage": 5} {
		body, plain, with := sizes(t, heldOut(t, name, 100))
		t.Logf("%s: %.0f bytes, plain %.0f, with dictionary %.0f", name, body, plain, with)
		if body/with < least || plain/with < 1.8 {
			t.Errorf("%s: %.0f bytes became %.0f (%.0f without dictionary), want a %.0fth", name, body, with, plain, least)
		}
	}
}

// Text of others, which the dictionary was not trained on: Synthea's bundles.
func TestGainOnForeignText(t *testing.T) {
	files, err := filepath.Glob("../../../../shared/synthea/[A-J]*.json")
	if err != nil || len(files) == 0 {
		t.Log("no ../shared/synthea beside the project: nothing to measure")
		return
	}
	bodies := map[string][][]byte{}
	for _, file := range files[:min(4, len(files))] {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n, err := fhir.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range n.Get("entry").Each() {
			res := e.Get("resource").Clone()
			bodies[res.ResourceType()] = append(bodies[res.ResourceType()], fhir.Record(res))
		}
	}
	for _, name := range []string{"Claim", "Observation", "Encounter", "Patient"} {
		body, plain, with := sizes(t, bodies[name])
		t.Logf("%s: %.0f bytes, plain %.0f, with dictionary %.0f", name, body, plain, with)
		if plain/with < 1.2 {
			t.Errorf("%s: %.0f bytes, %.0f without dictionary: no gain", name, with, plain)
		}
	}
}

func FuzzDecode(f *testing.F) {
	dict, out := dictionary.Encode(nil, []byte(`{"resourceType":"Patient","active":true}`))
	f.Add(dict, out)
	f.Add(int16(0), []byte("x"))
	f.Fuzz(func(t *testing.T, dict int16, data []byte) {
		body, err := dictionary.Decode(dict, data)
		if err != nil || len(body) > 1<<20 {
			return
		}
		number, again := dictionary.Encode(nil, body)
		back, err := dictionary.Decode(number, again)
		if err != nil || !bytes.Equal(back, body) {
			t.Errorf("not read back: %v", err)
		}
	})
}
