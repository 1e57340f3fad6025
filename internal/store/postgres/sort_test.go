package postgres

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func ptr[T any](v T) *T { return &v }

func TestCursor(t *testing.T) {
	want := cursor{Keys: []sortValue{{Number: ptr(int64(math.MaxInt64))}, {Text: ptr("é\"")}, {}}, RID: math.MaxInt64 - 1, Part: 1023}
	got, err := readCursor(want.write(), 3)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("cursor (-want +got):\n%s", diff)
	}
	for _, bad := range []string{"x", "[]", "{", `{"k":[{"n":1.5}]}`, `{"r":"a"}`, `{"k":[{},{}]}`} {
		if c, err := readCursor([]byte(bad), 1); err == nil {
			t.Errorf("%s reads as %v", bad, c)
		}
	}
}

// FuzzCursor: whatever a page link holds, the statement has one argument for
// each place and the text of the cursor never stands in it.
func FuzzCursor(f *testing.F) {
	for _, s := range []string{`{"k":[{"n":1},{"t":"a"}],"r":1,"p":1}`, `{"k":[{},{}]}`, `{"k":[{"t":"a"},{"n":1}]}`, `{"k":[{"t":"'; --"},{}],"r":-1}`} {
		f.Add([]byte(s), true)
	}
	o := order{keys: []sortKey{{sql: "c.a", number: true}, {sql: "c.b", desc: true}}}
	clock := order{keys: []sortKey{{sql: "c.updated", number: true, clock: true}}, desc: true}
	f.Fuzz(func(t *testing.T, text []byte, two bool) {
		by := clock
		if two {
			by = o
		}
		c, err := readCursor(text, len(by.keys))
		if err != nil || c == nil {
			return
		}
		b := &builder{}
		sql := b.after(by, c)
		if strings.ContainsAny(sql, "'\"-;") {
			t.Errorf("statement %s", sql)
		}
		again, err := readCursor(c.write(), len(by.keys))
		if err != nil {
			t.Fatalf("%s is written as %s: %v", text, c.write(), err)
		}
		if diff := cmp.Diff(c, again); diff != "" && json.Valid(text) {
			t.Errorf("written and read again (-want +got):\n%s", diff)
		}
	})
}

func TestHead(t *testing.T) {
	long := strings.Repeat("a", maxWord-1)
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{long + "a", long + "a"},
		{long + "aa", long + "a"},
		{long + "é", long}, // not half a letter
		{strings.Repeat("語", 300), strings.Repeat("語", maxWord/3)},
	} {
		if got := head(c.in); got != c.want {
			t.Errorf("head of %d bytes has %d, want %d", len(c.in), len(got), len(c.want))
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{"": "", "é": "é", "a\x00b": "a\ufffdb", "\xffa": "\ufffda"} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestTypeName(t *testing.T) {
	for name, want := range map[string]bool{
		"Patient": true, "Ab": true, "": false, "A": false, "patient": false, "Pa tient": false, `P"x`: false, "P1": false,
		"Pé": false, "P[": false, "P`": false, "P@": false, "P{": false, strings.Repeat("A", 41): false,
	} {
		if got := typeName(name); got != want {
			t.Errorf("typeName(%q) = %v", name, got)
		}
	}
}
