package sqlite

import (
	"cmp"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"slices"
	"sync"

	sqlite "modernc.org/sqlite"

	"github.com/jamii-health/jamii/fhir/search"
)

// Tokens and references are found by hash, so what to sort by is kept apart:
// per parameter the smallest and the largest code, packed into one column.
// Sorting by them is rare; SQL reads them with the function jamii_code.

type codeRange struct {
	tp       int64
	min, max string
}

// packCodes writes tp, smallest and largest code of each coded parameter.
func packCodes(index search.Index, tp func(*search.Value) int64) []byte {
	var list []codeRange
	for i := range index {
		v := &index[i]
		if v.Kind != search.Token && v.Kind != search.Reference {
			continue
		}
		n := tp(v)
		j := slices.IndexFunc(list, func(c codeRange) bool { return c.tp == n })
		if j < 0 {
			list = append(list, codeRange{n, v.Code, v.Code})
			continue
		}
		list[j].min, list[j].max = min(list[j].min, v.Code), max(list[j].max, v.Code)
	}
	slices.SortFunc(list, func(a, b codeRange) int { return cmp.Compare(a.tp, b.tp) })
	out := []byte{}
	for _, c := range list {
		out = binary.AppendUvarint(out, uint64(c.tp))
		out = appendText(out, c.min)
		if c.max == c.min {
			out = binary.AppendUvarint(out, 0) // the same again
		} else {
			out = appendText(binary.AppendUvarint(out, 1), c.max)
		}
	}
	return out
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// unpackCode finds the smallest or the largest code of a parameter.
func unpackCode(packed []byte, tp int64, largest bool) (code string, ok bool) {
	r := reader{rest: packed}
	for len(r.rest) > 0 && !r.bad {
		n := int64(r.uvarint())
		low := r.text()
		high := low
		if r.uvarint() == 1 {
			high = r.text()
		}
		if n == tp && !r.bad {
			if largest {
				return high, true
			}
			return low, true
		}
	}
	return "", false
}

// reader takes numbers and texts off the front of bytes.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		r.bad = true
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *reader) text() string {
	n := r.uvarint()
	if r.bad || n > uint64(len(r.rest)) {
		r.bad = true
		return ""
	}
	s := string(r.rest[:n])
	r.rest = r.rest[n:]
	return s
}

var errCode = errors.New("jamii_code(packed, tp, largest)")

// registerFunctions adds our function to the connections opened from now on.
var registerFunctions = sync.OnceFunc(func() {
	sqlite.MustRegisterDeterministicScalarFunction("jamii_code", 3,
		func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			if args[0] == nil {
				return nil, nil //nolint:nilnil // NULL in, NULL out
			}
			packed, ok1 := args[0].([]byte)
			tp, ok2 := args[1].(int64)
			largest, ok3 := args[2].(int64)
			if !ok1 || !ok2 || !ok3 {
				return nil, errCode
			}
			if code, ok := unpackCode(packed, tp, largest == 1); ok {
				return code, nil
			}
			return nil, nil //nolint:nilnil // no such parameter
		})
})
