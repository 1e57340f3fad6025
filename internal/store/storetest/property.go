package storetest

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// Few distinct values, so that random conditions meet random resources.
var (
	someParams  = rapid.SampledFrom([]string{"p", "q", "r"})
	someSystems = rapid.SampledFrom([]string{"", red, blue})
	someCodes   = rapid.SampledFrom([]string{"a", "b", "c"})
	someTexts   = rapid.SampledFrom([]string{"", "a", "A", "ä", "ab", "ÄB", "b a", "ba", "a b c"})
	someURIs    = rapid.SampledFrom([]string{"http://a.org", "http://a.org/x", "http://a.org/x/y", "http://b.org", "urn:a:b"})
	someIDs     = rapid.SampledFrom([]string{"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "nobody"})
	someIdents  = rapid.SampledFrom([]string{"", "urn:s|a", "urn:s|b", "|a"})
	someTypes   = rapid.SampledFrom([]string{bird, tree})
	somePoints  = rapid.Int64Range(0, 12)
)

// drawValue draws a value. The kind belongs to the parameter's name, as a
// parameter has one kind.
func drawValue(t *rapid.T) search.Value {
	p := someParams.Draw(t, "param")
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		v := token("t"+p, someSystems.Draw(t, "system"), someCodes.Draw(t, "code"))
		v.Ident = someIdents.Draw(t, "type")
		return v
	case 1:
		v := reference("f"+p, someTypes.Draw(t, "type")+"/"+someIDs.Draw(t, "id"))
		v.Ident = someIdents.Draw(t, "ident")
		return v
	case 2:
		return text("s"+p, someTexts.Draw(t, "text"))
	case 3:
		return uri("u"+p, someURIs.Draw(t, "uri"))
	case 4:
		lo := somePoints.Draw(t, "lo")
		return date("d"+p, lo, lo+somePoints.Draw(t, "width"))
	}
	lo := somePoints.Draw(t, "lo")
	return number("n"+p, lo, lo+somePoints.Draw(t, "width"))
}

// drawExpr draws a condition of at most the given depth.
func drawExpr(t *rapid.T, depth int, now time.Time) search.Expr {
	top := 13
	if depth == 0 {
		top = 8
	}
	p := someParams.Draw(t, "param")
	sub := func() search.Expr { return drawExpr(t, depth-1, now) }
	subs := func() (list []search.Expr) {
		for range rapid.IntRange(0, 3).Draw(t, "n") {
			list = append(list, sub())
		}
		return list
	}
	switch rapid.IntRange(0, top).Draw(t, "node") {
	case 0:
		return drawToken(t, "t"+p)
	case 1:
		return drawReference(t, "f"+p)
	case 2:
		mode := rapid.SampledFrom([]search.Mode{search.Prefix, search.Exact, search.Contains}).Draw(t, "mode")
		return word("s"+p, mode, someTexts.Draw(t, "text"))
	case 3:
		mode := rapid.SampledFrom([]search.Mode{search.Exact, search.Contains, search.Below}).Draw(t, "mode")
		return uriWord("u"+p, mode, someURIs.Draw(t, "uri"))
	case 4, 5:
		lo := somePoints.Draw(t, "lo")
		b := search.Between{Param: "d" + p, Kind: search.Date, Op: rapid.SampledFrom(ops).Draw(t, "op"), Lo: lo, Hi: lo + somePoints.Draw(t, "width")}
		if rapid.IntRange(0, 3).Draw(t, "number") == 0 {
			b.Param, b.Kind = "n"+p, search.Number
		}
		return b
	case 6:
		kind := rapid.SampledFrom([]string{"t", "f", "s", "u", "d", "n"}).Draw(t, "kind")
		return search.Missing{Param: kind + p}
	case 7:
		return search.IDs(rapid.SliceOfN(someIDs, 0, 3).Draw(t, "ids"))
	case 8:
		lo := now.Add(time.Duration(rapid.IntRange(-2000, 2000).Draw(t, "lo")) * time.Microsecond)
		return search.Updated{Op: rapid.SampledFrom(ops).Draw(t, "op"), Lo: lo, Hi: lo.Add(time.Millisecond)}
	case 9:
		return search.And(subs())
	case 10:
		return search.Or(subs())
	case 11:
		return search.Not{X: sub()}
	case 12:
		types := rapid.SampledFrom([][]string{{bird}, {tree}, {bird, tree}}).Draw(t, "types")
		return search.Chain{Param: "f" + p, Types: types, X: sub()}
	}
	return search.Has{Type: someTypes.Draw(t, "type"), Param: "f" + p, X: sub()}
}

func drawToken(t *rapid.T, param string) search.Expr {
	x := is(param, someSystems.Draw(t, "system"), someCodes.Draw(t, "code"))
	switch rapid.IntRange(0, 4).Draw(t, "form") {
	case 0:
		x.AnySystem, x.System = true, ""
	case 1:
		x.AnyCode, x.Code, x.System = true, "", red
	case 2:
		x.System, x.OfType = "", "urn:s|a"
	}
	return x
}

func drawReference(t *rapid.T, param string) search.Expr {
	x := points(param, someTypes.Draw(t, "type")+"/"+someIDs.Draw(t, "id"))
	switch rapid.IntRange(0, 3).Draw(t, "form") {
	case 0:
		x.Ident, x.AnySystem, x.Code = true, true, someCodes.Draw(t, "value")
	case 1:
		x.Ident, x.System, x.Code = true, rapid.SampledFrom([]string{"", "urn:s"}).Draw(t, "system"), someCodes.Draw(t, "value")
	}
	return x
}

// testProperty writes random resources, changes and deletes some, and compares
// what random conditions find with the model.
func testProperty(t *testing.T, s *suite) {
	indexes := rapid.SliceOfN(rapid.SliceOfN(rapid.Custom(drawValue), 0, 12), 40, 40).Example(7)
	var m model
	for i, index := range indexes {
		typ, id := []string{bird, tree}[i%2], fmt.Sprintf("x%d", i/2)
		s.add(&m, s.named(typ, id, index...))
	}
	for i := range 8 {
		s.change(&m, m[i*3].Resource, indexes[(i+11)%len(indexes)])
	}
	for i := range 4 {
		r := s.delete(m.newest(m[i*7+1].Ref()))
		m = append(m, thing{r, nil})
	}
	live := m.live()
	now := m[20].Updated
	rapid.Check(t, func(rt *rapid.T) {
		x, typ := drawExpr(rt, 3, now), someTypes.Draw(rt, "of")
		relaxed, exact := store.Relax(x)
		want := live.ids(typ, x)
		got := s.find(typ, x)
		if exact && fmt.Sprint(want) != fmt.Sprint(got) {
			rt.Fatalf("%#v\nfound %v, want %v", x, got, want)
		}
		if !exact {
			have := map[string]bool{}
			for _, id := range got {
				have[id] = true
			}
			for _, id := range want {
				if !have[id] {
					rt.Fatalf("%#v\nrelaxed %#v\nfound %v, not all of %v", x, relaxed, got, want)
				}
			}
		}
		if n, err := s.Count(s.ctx, typ, x, 0); err != nil || n != int64(len(got)) {
			rt.Fatalf("%#v\ncounted %d (%v), found %d", x, n, err, len(got))
		}
	})
}
