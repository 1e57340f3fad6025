package scheme

import (
	"testing"
	"testing/fstest"
)

// Whatever a file of a pack holds, loading tells problems and does not fall
// over; and a pack that loads can be compiled, published and run.
func FuzzLoad(f *testing.F) {
	names := []string{"scheme.yaml", "services.csv", "prices.csv", "facilities.csv", "tests/vectors.yaml", "messages/en.yaml"}
	for i, name := range names[:5] {
		f.Add(i, vectorFiles(f)[name].Data)
	}
	f.Add(0, []byte("a: &a [*a, *a]\n"))
	f.Add(0, []byte("name: [[[[[[\n"))
	f.Add(1, []byte("code,name_en\n\"\n"))
	f.Add(5, []byte("copay: '{'\n"))
	f.Fuzz(func(t *testing.T, which int, data []byte) {
		files := vectorFiles(t)
		name := names[((which%len(names))+len(names))%len(names)]
		files[name] = &fstest.MapFile{Data: data}
		p, list := Load(files)
		if p == nil && len(list) == 0 {
			t.Fatal("refused without a reason")
		}
		if p != nil && len(data) < 20000 {
			p.Resources()
			RunCases(p, p.Cases)
		}
	})
}

func FuzzNearest(f *testing.F) {
	f.Add("premum", "premium")
	f.Fuzz(func(t *testing.T, a, b string) {
		if d := distance(a, b); d != distance(b, a) || d < 0 || (a == b && d != 0 && len([]rune(a)) <= 64) {
			t.Fatalf("distance of %q and %q is %d", a, b, d)
		}
	})
}
