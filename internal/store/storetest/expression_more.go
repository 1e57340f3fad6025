package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/jamii-health/jamii/fhir/search"
)

func chain(param, typ string, x search.Expr) search.Expr {
	return search.Chain{Param: param, Types: []string{typ}, X: x}
}

// forest writes trees, birds that perch on them and birds that follow birds.
func (s *suite) forest() {
	s.createAs(tree, "oak", token("kind", "", "oak"), text("name", "Old Oak"))
	s.createAs(tree, "elm", token("kind", "", "elm"))
	fallen := s.createAs(tree, "fallen", token("kind", "", "oak"))
	s.delete(fallen)
	s.createAs(bird, "anna", reference("perch", "Tree/oak"), token("colour", "", "red"))
	s.createAs(bird, "bert", reference("perch", "Tree/elm"), reference("follows", "Bird/anna"))
	s.createAs(bird, "cleo", reference("perch", "Tree/oak"), reference("perch", "Tree/elm"), reference("follows", "Bird/bert"))
	s.createAs(bird, "dora", reference("perch", "Tree/fallen"), reference("follows", "Bird/cleo"), reference("follows", "Bird/eve"))
	s.createAs(bird, "eve", reference("perch", "Tree/nowhere"), reference("follows", "Bird/eve"))
	s.createAs(bird, "finn", reference("perch", "http://elsewhere.org/Tree/oak"))
	s.createAs(bird, "gone", reference("perch", "Bird/anna"), reference("follows", "Tree/oak"))
}

func testChains(_ *testing.T, s *suite) {
	s.forest()
	oak := is("kind", "", "oak")
	for _, c := range []struct {
		name string
		x    search.Expr
		want string
	}{
		{"one hop", chain("perch", tree, oak), "anna cleo"},
		{"any target that lives", chain("perch", tree, nil), "anna bert cleo"},
		{"a deleted target is no target", chain("perch", tree, not(is("kind", "", "elm"))), "anna cleo"},
		{"by name", chain("perch", tree, word("name", search.Prefix, "old")), "anna cleo"},
		{"by what is missing", chain("perch", tree, search.Missing{Param: "name"}), "bert cleo"},
		{"by id", chain("perch", tree, search.IDs{"elm", "fallen", "nowhere"}), "bert cleo"},
		{"not at the end", chain("perch", tree, not(oak)), "bert cleo"},
		{"not at the start", not(chain("perch", tree, oak)), "bert dora eve finn gone"},
		{"two hops", chain("follows", bird, chain("perch", tree, oak)), "bert dora"},
		{"three hops", chain("follows", bird, chain("follows", bird, chain("perch", tree, is("kind", "", "elm")))), "dora"},
		{"itself", chain("follows", bird, search.IDs{"eve"}), "dora eve"},
		{"several types", search.Chain{Param: "follows", Types: []string{bird, tree}, X: or(oak, is("colour", "", "red"))}, "bert gone"},
		{"a type never written", chain("perch", "Stone", nil), ""},
		{"another type's parameter", chain("perch", tree, is("colour", "", "red")), ""},
		{"and", and(chain("perch", tree, oak), chain("perch", tree, is("kind", "", "elm"))), "cleo"},
		{"one target must fit all", chain("perch", tree, and(oak, is("kind", "", "elm"))), ""},
	} {
		s.same(c.name, strings.Fields(c.want), s.find(bird, c.x))
	}
	// A target that arrives later is found, one that goes is not.
	nowhere := s.createAs(tree, "nowhere", token("kind", "", "oak"))
	s.same("target made later", []string{"anna", "cleo", "eve"}, s.find(bird, chain("perch", tree, oak)))
	s.delete(nowhere)
	s.same("target deleted", []string{"anna", "cleo"}, s.find(bird, chain("perch", tree, oak)))
}

func testHas(_ *testing.T, s *suite) {
	s.forest()
	red := is("colour", "", "red")
	for _, c := range []struct {
		name, typ string
		x         search.Expr
		want      string
	}{
		{"one hop", tree, search.Has{Type: bird, Param: "perch", X: red}, "oak"},
		{"any", tree, search.Has{Type: bird, Param: "perch"}, "elm oak"},
		{"none", tree, not(search.Has{Type: bird, Param: "perch", X: red}), "elm"},
		{"another parameter", tree, search.Has{Type: bird, Param: "follows"}, "oak"},
		{"a type never written", tree, search.Has{Type: "Stone", Param: "perch"}, ""},
		{"two hops", tree, search.Has{Type: bird, Param: "perch", X: search.Has{Type: bird, Param: "follows", X: search.IDs{"cleo"}}}, "elm"},
		{"then a chain", bird, search.Has{Type: bird, Param: "follows", X: chain("perch", tree, is("kind", "", "elm"))}, "anna bert"},
		{"and a token", bird, and(red, search.Has{Type: bird, Param: "follows"}), "anna"},
		{"in a chain", bird, chain("perch", tree, search.Has{Type: bird, Param: "perch", X: red}), "anna cleo"},
	} {
		s.same(c.name, strings.Fields(c.want), s.find(c.typ, c.x))
	}
	s.delete(s.read(bird, "anna"))
	s.same("a deleted one points nowhere", []string{}, s.find(tree, search.Has{Type: bird, Param: "perch", X: red}))
}

func testUpdatedCondition(_ *testing.T, s *suite) {
	var m model
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		s.add(&m, s.named(bird, id))
	}
	mid := m[2].Updated
	for _, op := range ops {
		for _, width := range []time.Duration{time.Microsecond, time.Second, time.Hour} {
			x := search.Updated{Op: op, Lo: mid, Hi: mid.Add(width)}
			s.same("updated", m.ids(bird, x), s.find(bird, x))
			s.same("not updated", m.ids(bird, not(x)), s.find(bird, not(x)))
		}
	}
	s.update(m[0].Resource)
	after := search.Updated{Op: search.Gt, Lo: m[4].Updated, Hi: m[4].Updated.Add(time.Microsecond)}
	s.same("an update moves it", []string{"a"}, s.find(bird, after))
}

func testReindex(_ *testing.T, s *suite) {
	old := search.Index{
		token("colour", red, "1"), text("name", "Anna"), day("seen", 1), reference("perch", "Tree/oak"),
		uri("url", "http://a.org"), number("size", 1, 2), token("kept", "", "k"), text("kept2", "k"), day("kept3", 3),
	}
	now := search.Index{
		token("colour", blue, "2"), text("name", "Bert"), day("seen", 2), reference("perch", "Tree/elm"),
		uri("url", "http://b.org"), number("size", 100, 101), token("kept", "", "k"), text("kept2", "k"), day("kept3", 3),
	}
	s.createAs(tree, "oak", token("kind", "", "oak"))
	r := s.createAs(bird, "anna", old...)
	between := func(v search.Value) search.Expr {
		return search.Between{Param: v.Param, Kind: v.Kind, Op: search.Eq, Lo: v.Lo, Hi: v.Hi}
	}
	conditions := func(list search.Index) []search.Expr {
		return []search.Expr{
			is("colour", list[0].System, list[0].Code), isAny("colour", list[0].Code), word("name", search.Exact, list[1].Text),
			word("name", search.Prefix, list[1].Text), between(list[2]), points("perch", list[3].Code),
			search.Is{Param: "url", Kind: search.URI, Code: list[4].Code},
			uriWord("url", search.Below, list[4].Code), between(list[5]),
		}
	}
	all := func(what string, want []string, list []search.Expr) {
		s.t.Helper()
		for _, x := range list {
			s.same(what, want, s.find(bird, x))
		}
	}
	one, none := []string{"anna"}, []string{}
	kept := []search.Expr{is("kept", "", "k"), word("kept2", search.Exact, "k"), between(old[8])}
	all("as created", one, conditions(old))
	s.same("chain", one, s.find(bird, chain("perch", tree, is("kind", "", "oak"))))
	r = s.update(r, now...)
	all("what was", none, conditions(old))
	all("what is", one, conditions(now))
	all("what stayed", one, kept)
	s.same("chain to what was", none, s.find(bird, chain("perch", tree, is("kind", "", "oak"))))
	r = s.update(r, now...)
	all("updated with the same index", one, append(conditions(now), kept...))
	r = s.update(r)
	all("nothing is", none, append(conditions(now), kept...))
	s.same("all missing", one, s.find(bird, and(search.Missing{Param: "kept"}, search.Missing{Param: "kept3"})))
	r = s.update(r, old...)
	all("back again", one, append(conditions(old), kept...))
	r = s.delete(r)
	all("deleted", none, append(conditions(old), kept...))
	s.same("deleted and all missing", none, s.find(bird, search.Missing{Param: "colour"}))
	s.update(r, now...)
	all("created again", one, append(conditions(now), kept...))
	s.same("two resources made, one bird", 1, len(s.find(bird, nil)))
}

func testOddValues(_ *testing.T, s *suite) {
	long := strings.Repeat("Längliches Wort ", 8_000)
	quote := `O'Neil "x" \ ; -- %_ $1 ?1 :a @b {c} [d]`
	r := s.createAs(bird, "odd",
		text("name", long), text("name", quote), text("name", ""), token("code", red, long), token("code", quote, quote),
		uri("url", "http://a.org/"+strings.Repeat("x/", 5_000)), reference("perch", quote), token("none", "", ""))
	s.createAs(bird, "plain", text("name", "plain"))
	for name, x := range map[string]search.Expr{
		"long prefix":     word("name", search.Prefix, long[:5_100]),
		"long exact":      word("name", search.Exact, long),
		"long contains":   word("name", search.Contains, "wort langliches"),
		"quotes prefix":   word("name", search.Prefix, "o'neil \"X\""),
		"quotes exact":    word("name", search.Exact, quote),
		"quotes contains": word("name", search.Contains, `\ ; -- %_ $1`),
		"long code":       isAny("code", long),
		"quoted system":   is("code", quote, quote),
		"long uri":        uriWord("url", search.Below, "http://a.org/x/x"),
		"quoted ref":      points("perch", quote),
		"empty code":      is("none", "", ""),
	} {
		s.same(name, []string{"odd"}, s.find(bird, x))
	}
	s.same("long exact is exact", []string{}, s.find(bird, word("name", search.Exact, long+"x")))
	s.same("long prefix is exact", []string{}, s.find(bird, word("name", search.Prefix, long+"x")))
	s.same("long code is exact", []string{}, s.find(bird, isAny("code", long+"x")))
	s.same("read back", r, s.read(bird, "odd"))
	many := make(search.Index, 0, 2_000)
	for i := range 2_000 {
		many = append(many, token("code", red, strings.Repeat("c", i%700)), text("name", strings.Repeat("n", i%700)))
	}
	r = s.update(r, many...)
	s.same("many values", []string{"odd"}, s.find(bird, is("code", red, strings.Repeat("c", 699))))
	s.delete(r)
	s.same("none left", []string{"plain"}, s.find(bird, nil))
}
