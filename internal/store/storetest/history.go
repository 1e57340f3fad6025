package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// versions follows a history to its end.
func (s *suite) versions(h store.History) []fhir.Resource {
	s.t.Helper()
	if h.Limit == 0 {
		h.Limit = 100
	}
	all := []fhir.Resource{}
	for range 10000 {
		page, err := s.History(s.ctx, h)
		if err != nil {
			s.t.Fatalf("history: %v", err)
		}
		if len(page.Resources) > h.Limit {
			s.t.Fatalf("a page of %d, asked for at most %d", len(page.Resources), h.Limit)
		}
		all = append(all, page.Resources...)
		if page.Next == nil {
			return all
		}
		h.After = page.Next
	}
	s.t.Fatal("the history never ends")
	return nil
}

// past writes a small history and returns it, oldest first.
func (s *suite) past() []fhir.Resource {
	a1 := s.createAs(bird, "a", token("colour", "", "red"))
	b1 := s.createAs(bird, "b", token("colour", "", "red"))
	t1 := s.createAs(tree, "a", token("colour", "", "red"))
	a2 := s.update(a1, token("colour", "", "blue"))
	b2 := s.delete(b1)
	n1 := s.createAs("Nest", "n")
	a3 := s.update(a2, token("colour", "", "red"))
	b3 := s.update(b2, token("colour", "", "blue"))
	b4 := s.delete(b3)
	return []fhir.Resource{a1, b1, t1, a2, b2, n1, a3, b3, b4}
}

// newestFirst picks by position and turns the order round.
func newestFirst(list []fhir.Resource, at ...int) []fhir.Resource {
	out := []fhir.Resource{}
	for i := len(at) - 1; i >= 0; i-- {
		out = append(out, list[at[i]])
	}
	return out
}

func testHistory(_ *testing.T, s *suite) {
	v := s.past()
	for _, c := range []struct {
		name string
		h    store.History
		want []int
	}{
		{"of one", store.History{Type: bird, ID: "a"}, []int{0, 3, 6}},
		{"of a deleted one", store.History{Type: bird, ID: "b"}, []int{1, 4, 7, 8}},
		{"of nobody", store.History{Type: bird, ID: "x"}, nil},
		{"of a type", store.History{Type: bird}, []int{0, 1, 3, 4, 6, 7, 8}},
		{"of a type never written", store.History{Type: "Stone"}, nil},
		{"of all", store.History{}, []int{0, 1, 2, 3, 4, 5, 6, 7, 8}},
		{"of some types", store.History{Types: []string{tree, "Nest", "Stone"}}, []int{2, 5}},
		{"of no types", store.History{Types: []string{}}, nil},
	} {
		s.same(c.name, newestFirst(v, c.want...), s.versions(c.h))
	}
}

func testHistoryTime(_ *testing.T, s *suite) {
	v := s.past()
	tick := time.Microsecond
	for _, c := range []struct {
		name string
		h    store.History
		want []int
	}{
		{"since", store.History{Since: v[5].Updated}, []int{5, 6, 7, 8}},
		{"since just after", store.History{Since: v[5].Updated.Add(tick)}, []int{6, 7, 8}},
		{"of a type since", store.History{Type: bird, Since: v[4].Updated}, []int{4, 6, 7, 8}},
		{"of one since", store.History{Type: bird, ID: "a", Since: v[1].Updated}, []int{3, 6}},
		{"since the future", store.History{Since: v[8].Updated.Add(time.Hour)}, nil},
		{"of one at", store.History{Type: bird, ID: "a", At: v[5].Updated}, []int{3}},
		{"of one at its very moment", store.History{Type: bird, ID: "a", At: v[3].Updated}, []int{3}},
		{"of one at just before", store.History{Type: bird, ID: "a", At: v[3].Updated.Add(-tick)}, []int{0}},
		{"of one before it was", store.History{Type: bird, ID: "a", At: v[0].Updated.Add(-tick)}, nil},
		{"of one when it was deleted", store.History{Type: bird, ID: "b", At: v[5].Updated}, []int{4}},
		{"of a type at", store.History{Type: bird, At: v[3].Updated}, []int{1, 3}},
		{"of all at", store.History{At: v[6].Updated}, []int{2, 4, 5, 6}},
		{"of some types at", store.History{Types: []string{tree, bird}, At: v[6].Updated}, []int{2, 4, 6}},
	} {
		s.same(c.name, newestFirst(v, c.want...), s.versions(c.h))
	}
}

// testHistoryExpr: the expression speaks of the current version; what is
// deleted now has none.
func testHistoryExpr(_ *testing.T, s *suite) {
	v := s.past()
	isRed := is("colour", "", "red")
	for _, c := range []struct {
		name string
		h    store.History
		want []int
	}{
		{"of one", store.History{Type: bird, ID: "a", Expr: isRed}, []int{0, 3, 6}},
		{"of one that is not", store.History{Type: bird, ID: "a", Expr: is("colour", "", "blue")}, nil},
		{"of a type", store.History{Type: bird, Expr: isRed}, []int{0, 3, 6}},
		{"of all", store.History{Expr: isRed}, []int{0, 2, 3, 6}},
		{"of some types", store.History{Types: []string{tree, "Nest"}, Expr: not(isRed)}, []int{5}},
		{"since", store.History{Expr: isRed, Since: v[3].Updated}, []int{3, 6}},
		{"by id", store.History{Type: tree, Expr: search.IDs{"a"}}, []int{2}},
		{"by nothing", store.History{Expr: or()}, nil},
	} {
		s.same(c.name, newestFirst(v, c.want...), s.versions(c.h))
	}
}

func testHistoryPaging(_ *testing.T, s *suite) {
	v := s.past()
	all := newestFirst(v, 0, 1, 2, 3, 4, 5, 6, 7, 8)
	birds := newestFirst(v, 0, 1, 3, 4, 6, 7, 8)
	for _, limit := range []int{1, 2, 3, 7, 9, 10} {
		s.same(fmt.Sprint("of all by ", limit), all, s.versions(store.History{Limit: limit}))
		s.same(fmt.Sprint("of a type by ", limit), birds, s.versions(store.History{Type: bird, Limit: limit}))
		s.same(fmt.Sprint("of one by ", limit), newestFirst(v, 1, 4, 7, 8), s.versions(store.History{Type: bird, ID: "b", Limit: limit}))
		s.same(fmt.Sprint("at by ", limit), newestFirst(v, 2, 4, 5, 6), s.versions(store.History{At: v[6].Updated, Limit: limit}))
	}
	// What is written between two pages does not shift them.
	first, err := s.History(s.ctx, store.History{Limit: 4})
	if err != nil {
		s.t.Fatal(err)
	}
	s.create(bird)
	s.update(s.read(tree, "a"))
	rest := s.versions(store.History{Limit: 4, After: first.Next})
	s.same("pages while others write", all, append(first.Resources, rest...))
	// Many versions made in one Unit, which may share a moment.
	var writes []store.Write
	for range 20 {
		writes = append(writes, s.creation("Egg"))
	}
	s.commit(store.Unit{Writes: writes})
	seen := map[string]bool{}
	for _, r := range s.versions(store.History{Type: "Egg", Limit: 3}) {
		if seen[r.ID] {
			s.t.Errorf("%s twice", r.Ref())
		}
		seen[r.ID] = true
	}
	s.same("all of one unit", 20, len(seen))
}
