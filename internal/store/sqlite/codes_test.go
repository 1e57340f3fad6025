package sqlite

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir/search"
)

func TestCodes(t *testing.T) {
	tps := map[string]int64{"a": 300, "b": 1, "c": 7}
	packed := packCodes(search.Index{
		{Param: "a", Kind: search.Token, Code: "m"},
		{Param: "a", Kind: search.Token, Code: "z"},
		{Param: "a", Kind: search.Token, Code: "ä"},
		{Param: "b", Kind: search.Reference, Code: ""},
		{Param: "c", Kind: search.String, Text: "no code"},
	}, func(v *search.Value) int64 { return tps[v.Param] })
	for _, c := range []struct {
		tp      int64
		largest bool
		want    string
		ok      bool
	}{{300, false, "m", true}, {300, true, "ä", true}, {1, false, "", true}, {1, true, "", true}, {7, false, "", false}, {0, false, "", false}} {
		if got, ok := unpackCode(packed, c.tp, c.largest); got != c.want || ok != c.ok {
			t.Errorf("code of %d, largest %v: %q %v, want %q %v", c.tp, c.largest, got, ok, c.want, c.ok)
		}
	}
}

func FuzzUnpackCode(f *testing.F) {
	f.Add([]byte{1, 1, 'a', 0})
	f.Add([]byte{1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(_ *testing.T, packed []byte) { unpackCode(packed, 1, true) })
}

// FuzzToken reads page tokens, which a client could have made up.
func FuzzToken(f *testing.F) {
	f.Add(hit{values: []any{"a", int64(7)}}.token(), 2)
	f.Add(hit{values: []any{nil, int64(-1)}}.token(), 2)
	f.Add([]byte{2, 255, 255, 255, 255, 255, 255, 255, 255, 127}, 1)
	f.Fuzz(func(t *testing.T, token []byte, n int) {
		values, err := parseToken(token, n%5+5)
		if err != nil || values == nil {
			return
		}
		again, err := parseToken(hit{values: values}.token(), len(values))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(values, again); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
