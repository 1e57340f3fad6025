package storetest

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

const (
	red   = "http://example.org/red"
	blue  = "http://example.org/blue"
	rings = "http://example.org/rings"
)

// aviary writes the resources of testExpressions.
func (s *suite) aviary() {
	for _, w := range []store.Write{
		s.named(bird, "anna",
			token("colour", red, "1"), token("colour", blue, "2"), identifier("ring", rings, "A1", "v2|PPN"),
			text("name", "Ánna Groß"), text("name", "Nan"), uri("url", "http://a.org/x/y"),
			reference("perch", "Tree/oak"), logical("keeper", "urn:staff|7"), day("seen", 5)),
		s.named(bird, "bert",
			token("colour", "", "1"), identifier("ring", rings, "A10", "v2|MR"), identifier("ring", "", "A1", "v2|MR"),
			text("name", "anna  banana"), uri("url", "http://a.org/x"),
			reference("perch", "Tree/elm"), logical("keeper", "urn:staff|70")),
		s.named(bird, "cleo",
			token("colour", blue, "1"), text("name", "ANNA"), text("name", "कमल"),
			uri("url", "urn:oid:1.2.3"), reference("perch", "http://elsewhere.org/Tree/oak"), logical("keeper", "|7")),
		s.named(bird, "dora"),
		s.named(tree, "oak", token("colour", red, "1"), text("name", "anna")),
	} {
		s.write(w)
	}
}

func testExpressions(t *testing.T, s *suite) {
	s.aviary()
	ring := func(is search.Is) search.Expr { is.Param = "ring"; return is }
	keeper := func(system, value string, anySystem bool) search.Expr {
		return search.Is{Param: "keeper", Kind: search.Reference, Ident: true, System: system, Code: value, AnySystem: anySystem}
	}
	for _, c := range []struct {
		name string
		x    search.Expr
		want string
	}{
		{"all", nil, "anna bert cleo dora"},
		{"nothing fits an empty or", or(), ""},
		{"everything fits an empty and", and(), "anna bert cleo dora"},

		{"token: system and code", is("colour", red, "1"), "anna"},
		{"token: the code of another system", is("colour", red, "2"), ""},
		{"token: |code has no system", is("colour", "", "1"), "bert"},
		{"token: any system", isAny("colour", "1"), "anna bert cleo"},
		{"token: any system, unknown code", isAny("colour", "9"), ""},
		{"token: any code of a system", search.Is{Param: "colour", Kind: search.Token, System: blue, AnyCode: true}, "anna cleo"},
		{"token: case counts", isAny("ring", "a1"), ""},
		{"token: another parameter", isAny("shade", "1"), ""},
		{"token: of-type", ring(search.Is{Kind: search.Token, OfType: "v2|MR", Code: "A1"}), "bert"},
		{"token: of-type, value of another type", ring(search.Is{Kind: search.Token, OfType: "v2|PPN", Code: "A10"}), ""},
		{"reference", points("perch", "Tree/oak"), "anna"},
		{"reference as written", points("perch", "http://elsewhere.org/Tree/oak"), "cleo"},
		{"reference to nothing", points("perch", "Tree/fir"), ""},
		{"reference: identifier", keeper("urn:staff", "7", false), "anna"},
		{"reference: identifier without system", keeper("", "7", false), "cleo"},
		{"reference: identifier of any system", keeper("", "7", true), "anna cleo"},
		{"uri", search.Is{Param: "url", Kind: search.URI, Code: "http://a.org/x"}, "bert"},
		{"uri: not by its beginning", search.Is{Param: "url", Kind: search.URI, Code: "http://a.org/"}, ""},

		{"string: begins with", word("name", search.Prefix, "anna"), "anna bert cleo"},
		{"string: accents and case do not count", word("name", search.Prefix, "ÀNN"), "anna bert cleo"},
		{"string: spaces are squeezed", word("name", search.Prefix, "Anna Ban"), "bert"},
		{"string: not in the middle", word("name", search.Prefix, "banana"), ""},
		{"string: exact", word("name", search.Exact, "ANNA"), "cleo"},
		{"string: exact counts accents", word("name", search.Exact, "Anna Groß"), ""},
		{"string: exact to the end", word("name", search.Exact, "Ánna"), ""},
		{"string: contains", word("name", search.Contains, "NAN"), "anna bert"},
		{"string: contains in the middle", word("name", search.Contains, "a b"), "bert"},
		{"string: vowel signs stay", word("name", search.Prefix, "कम"), "cleo"},
		{"string: a percent sign is a percent sign", word("name", search.Contains, "%"), ""},
		{"string: an underscore is an underscore", word("name", search.Prefix, "_nna"), ""},
		{"string: a backslash is a backslash", word("name", search.Contains, `\`), ""},
		{"string: a star is a star", word("name", search.Prefix, "a*"), ""},
		{"uri: below", uriWord("url", search.Below, "http://a.org/x"), "anna bert"},
		{"uri: below, a longer one", uriWord("url", search.Below, "http://a.org/x/"), "anna"},
		{"uri: below, case counts", uriWord("url", search.Below, "http://a.org/X"), ""},
		{"uri: below nothing", uriWord("url", search.Below, ""), "anna bert cleo"},
		{"uri: contains", uriWord("url", search.Contains, "oid:1.2"), "cleo"},
		{"uri: exact", uriWord("url", search.Exact, "urn:oid:1.2.3"), "cleo"},

		{"missing", search.Missing{Param: "ring"}, "cleo dora"},
		{"missing: unknown to all", search.Missing{Param: "song"}, "anna bert cleo dora"},
		{"not missing: date", not(search.Missing{Param: "seen"}), "anna"},
		{"not: without the parameter it is true", not(is("colour", red, "1")), "bert cleo dora"},
		{"not: any system", not(isAny("colour", "1")), "dora"},
		{"not not", not(not(isAny("colour", "1"))), "anna bert cleo"},
		{"not nothing", not(or()), "anna bert cleo dora"},
		{"and", and(isAny("colour", "1"), word("name", search.Prefix, "anna"), not(points("perch", "Tree/elm"))), "anna cleo"},
		{"and: contradiction", and(is("colour", red, "1"), not(is("colour", red, "1"))), ""},
		{"or", or(is("colour", red, "1"), points("perch", "Tree/elm")), "anna bert"},
		{"or with missing", or(is("colour", red, "1"), search.Missing{Param: "name"}), "anna dora"},
		{"or of not", or(not(isAny("colour", "1")), search.IDs{"cleo"}), "cleo dora"},
		{"nested", and(or(isAny("colour", "2"), isAny("ring", "A1")), not(and(isAny("colour", "1"), word("name", search.Exact, "Nan")))), "bert"},
		{"ids", search.IDs{"cleo", "anna", "oak", "x"}, "anna cleo"},
		{"not ids", not(search.IDs{"cleo", "anna"}), "bert dora"},
	} {
		t.Run(c.name, func(t *testing.T) {
			(&suite{s.Store, t, s.ctx}).same("found", strings.Fields(c.want), s.find(bird, c.x))
		})
	}
}

var ops = []search.Op{search.Eq, search.Ne, search.Gt, search.Lt, search.Ge, search.Le, search.Sa, search.Eb, search.Ap}

// intervals are days, moments, open ends and several values at once.
func (s *suite) intervals(m *model, make func(string, int64, int64) search.Value) {
	for i, list := range [][][2]int64{
		{{0, 9}},
		{{10, 19}},
		{{20, 29}},
		{{15, 15}},
		{{10, 10}},
		{{19, 19}},
		{{9, 10}},
		{{19, 20}},
		{{5, 25}},
		{{-50, -41}},
		{{math.MinInt64, 14}},
		{{15, math.MaxInt64}},
		{{math.MinInt64, math.MaxInt64}},
		{{0, 5}, {30, 40}},
		{{10, 12}, {18, 25}},
		{{0, 1}, {11, 12}, {50, 60}},
		{{10, 19}, {10, 12}},
		{{1 << 53, 1<<53 + 1}},
		{},
	} {
		var index search.Index
		for _, v := range list {
			index = append(index, make("seen", v[0], v[1]))
		}
		s.add(m, s.named(bird, fmt.Sprintf("i%02d", i), index...))
	}
}

var asked = [][2]int64{{10, 19}, {15, 15}, {0, 40}, {20, 20}, {math.MinInt64, 12}, {12, math.MaxInt64}, {1<<53 + 1, 1<<53 + 1}}

func testDates(_ *testing.T, s *suite) {
	var m model
	s.intervals(&m, date)
	for _, a := range asked {
		for _, op := range ops {
			x := search.Between{Param: "seen", Kind: search.Date, Op: op, Lo: a[0], Hi: a[1]}
			s.same(fmt.Sprintf("op %d [%d,%d]", op, a[0], a[1]), m.ids(bird, x), s.find(bird, x))
			s.same(fmt.Sprintf("not op %d [%d,%d]", op, a[0], a[1]), m.ids(bird, not(x)), s.find(bird, not(x)))
		}
	}
}

// testNumbers allows a store to find too much, as Relax says, never too little.
func testNumbers(_ *testing.T, s *suite) {
	var m model
	s.intervals(&m, number)
	for _, a := range asked {
		for _, op := range ops {
			x := search.Between{Param: "seen", Kind: search.Number, Op: op, Lo: a[0], Hi: a[1]}
			s.superset(fmt.Sprintf("op %d [%d,%d]", op, a[0], a[1]), m.ids(bird, x), s.find(bird, x))
		}
	}
	far := search.Between{Param: "seen", Kind: search.Number, Op: search.Eq, Lo: -50, Hi: -41}
	s.same("yet a bound narrows", []string{"i09"}, s.find(bird, far))
}

// superset checks that all of want were found.
func (s *suite) superset(what string, want, got []string) {
	s.t.Helper()
	have := map[string]bool{}
	for _, id := range got {
		have[id] = true
	}
	for _, id := range want {
		if !have[id] {
			s.t.Errorf("%s: %s not found", what, id)
		}
	}
}

func testManyAlternatives(_ *testing.T, s *suite) {
	var want []string
	var codes, words, all search.Or
	list := search.IDs{}
	for i := range 3000 {
		codes = append(codes, isAny("colour", fmt.Sprint(i)))
		words = append(words, word("name", search.Exact, fmt.Sprint("bird ", i)))
		list = append(list, fmt.Sprintf("b%04d", i))
	}
	for i := range 20 {
		id := fmt.Sprintf("b%04d", i*100)
		s.createAs(bird, id, token("colour", red, fmt.Sprint(i*100)), text("name", fmt.Sprint("bird ", i*100)))
		want = append(want, id)
	}
	s.createAs(bird, "other", token("colour", red, "x"), text("name", "bird x"))
	s.same("codes", want, s.find(bird, codes))
	s.same("words", want, s.find(bird, words))
	s.same("ids", want, s.find(bird, list))
	all = append(append(all, codes[:1000]...), words[1000:2000]...)
	s.same("mixed", want, s.find(bird, append(all, list)))
	s.same("none", []string{"other"}, s.find(bird, not(codes)))
}
