package storetest

import (
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// testRewrite replaces what resources are found by without a new version.
func testRewrite(t *testing.T, s *suite) {
	old := []search.Value{token("colour", red, "1"), text("name", "Anna"), day("seen", 5), reference("perch", "Tree/oak"), uri("url", "http://a.org/x")}
	anna := s.createAs(bird, "anna", old...)
	bert := s.createAs(bird, "bert", old...)
	gone := s.createAs(bird, "gone", old...)
	s.delete(gone)
	oak := s.createAs(tree, "oak", token("kind", "", "oak"))
	fresh := search.Index{token("colour", red, "1"), token("song", blue, "trill"), text("name", "Anneke"), day("seen", 8), reference("perch", "Tree/elm"), uri("url", "http://a.org/y")}
	reindex := func(want int, list ...store.Reindexed) {
		t.Helper()
		n, err := s.Reindex(s.ctx, list)
		if err != nil || n != want {
			t.Errorf("replaced %d, want %d: %v", n, want, err)
		}
	}
	reindex(0)
	reindex(0, store.Reindexed{Type: bird, ID: "nobody", Version: 1, Index: fresh},
		store.Reindexed{Type: bird, ID: "anna", Version: 2, Index: fresh},
		store.Reindexed{Type: bird, ID: "gone", Version: 1, Index: fresh})
	reindex(0, store.Reindexed{Type: bird, ID: "gone", Version: 2, Index: fresh})
	s.same("nothing replaced", []string{"anna", "bert"}, s.find(bird, word("name", search.Exact, "Anna")))
	reindex(2, store.Reindexed{Type: bird, ID: "anna", Version: 1, Index: fresh},
		store.Reindexed{Type: tree, ID: "oak", Version: 1, Index: search.Index{token("kind", "", "fir")}})
	for _, c := range []struct {
		name, typ string
		x         search.Expr
		want      string
	}{
		{"a key that stays", bird, is("colour", red, "1"), "anna bert"},
		{"a new key", bird, is("song", blue, "trill"), "anna"},
		{"a new key of any system", bird, isAny("song", "trill"), "anna"},
		{"a new parameter", bird, not(search.Missing{Param: "song"}), "anna"},
		{"an old word", bird, word("name", search.Exact, "Anna"), "bert"},
		{"a new word", bird, word("name", search.Prefix, "anneke"), "anna"},
		{"an old reference", bird, points("perch", "Tree/oak"), "bert"},
		{"a new reference", bird, points("perch", "Tree/elm"), "anna"},
		{"through a reference", bird, chain("perch", tree, is("kind", "", "fir")), "bert"},
		{"an old uri", bird, uriWord("url", search.Exact, "http://a.org/x"), "bert"},
		{"a new uri", bird, uriWord("url", search.Exact, "http://a.org/y"), "anna"},
		{"an old date", bird, search.Between{Param: "seen", Kind: search.Date, Op: search.Lt, Lo: day("seen", 7).Lo, Hi: day("seen", 7).Hi}, "bert"},
		{"a new date", bird, search.Between{Param: "seen", Kind: search.Date, Op: search.Gt, Lo: day("seen", 7).Lo, Hi: day("seen", 7).Hi}, "anna"},
		{"another type", tree, is("kind", "", "oak"), ""},
	} {
		s.same(c.name, strings.Fields(c.want), s.find(c.typ, c.x))
	}
	s.same("no new version", anna, s.read(bird, "anna"))
	s.same("no new version", oak, s.read(tree, "oak"))
	s.same("sorted anew", []string{"anna", "bert"}, ids(s.pages(store.Query{Type: bird, Limit: 1, Sort: []store.Sort{{Param: "seen", Kind: search.Date, Desc: true}}})))
	// The next version replaces what the reindexing wrote.
	s.update(anna, token("colour", red, "3"))
	s.same("after an update", []string{}, s.find(bird, is("song", blue, "trill")))
	s.same("after an update, words", []string{"bert"}, s.find(bird, not(search.Missing{Param: "name"})))
	s.same("after an update, dates", []string{"bert"}, s.find(bird, not(search.Missing{Param: "seen"})))
	reindex(1, store.Reindexed{Type: bird, ID: "bert", Version: bert.Version})
	s.same("nothing left", []string{"anna", "bert"}, s.find(bird, search.Missing{Param: "name"}))
}
