package storetest

import (
	"slices"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// A thing is a resource with its index, as the model sees it.
type thing struct {
	fhir.Resource
	index search.Index
}

// model is a second, slow and plain reading of what a condition means, over
// everything that was written.
type model []thing

// ids returns the sorted ids of a type for which x is true.
func (m model) ids(typ string, x search.Expr) []string {
	out := []string{}
	for i := range m {
		if m[i].Type == typ && m.match(&m[i], x) {
			out = append(out, m[i].ID)
		}
	}
	slices.Sort(out)
	return out
}

func (m model) match(r *thing, x search.Expr) bool {
	if r.Deleted {
		return false
	}
	switch x := x.(type) {
	case nil:
		return true
	case search.And:
		return !slices.ContainsFunc(x, func(p search.Expr) bool { return !m.match(r, p) })
	case search.Or:
		return slices.ContainsFunc(x, func(p search.Expr) bool { return m.match(r, p) })
	case search.Not:
		return !m.match(r, x.X)
	case search.IDs:
		return slices.Contains(x, r.ID)
	case search.Updated:
		u := r.Updated.UnixMicro()
		return compare(x.Op, x.Lo.UnixMicro(), x.Hi.UnixMicro()-1, u, u)
	case search.Missing:
		return !slices.ContainsFunc(r.index, func(v search.Value) bool { return v.Param == x.Param })
	case search.Chain:
		return slices.ContainsFunc(m, func(t thing) bool {
			return slices.Contains(x.Types, t.Type) && refers(r, x.Param, &t) && m.match(&t, x.X)
		})
	case search.Has:
		return slices.ContainsFunc(m, func(t thing) bool {
			return t.Type == x.Type && refers(&t, x.Param, r) && m.match(&t, x.X)
		})
	}
	return slices.ContainsFunc(r.index, func(v search.Value) bool { return leaf(v, x) })
}

func refers(from *thing, param string, to *thing) bool {
	return slices.ContainsFunc(from.index, func(v search.Value) bool {
		return v.Param == param && v.Kind == search.Reference && v.Code == to.Ref()
	})
}

// leaf tells whether one value makes a condition true, as search.Match says.
// Numbers are compared by their bounds alone, since a store knows no more.
func leaf(v search.Value, x search.Expr) bool {
	if b, ok := x.(search.Between); ok {
		return v.Param == b.Param && compare(b.Op, b.Lo, b.Hi, v.Lo, v.Hi)
	}
	return search.Match(x, search.Index{v}, search.Context{})
}

// compare is the table at search.Op.
func compare(op search.Op, aLo, aHi, lo, hi int64) bool {
	within := aLo <= lo && hi <= aHi
	switch op {
	case search.Eq:
		return within
	case search.Ne:
		return !within
	case search.Gt:
		return hi > aHi
	case search.Lt:
		return lo < aLo
	case search.Ge:
		return hi > aHi || within
	case search.Le:
		return lo < aLo || within
	case search.Sa:
		return lo > aHi
	case search.Eb:
		return hi < aLo
	}
	return lo <= aHi && hi >= aLo // ap
}

// add writes things to the store and to the model.
func (s *suite) add(m *model, writes ...store.Write) {
	s.t.Helper()
	done := s.commit(store.Unit{Writes: writes})
	for i, w := range writes {
		*m = append(*m, thing{resource(w, done[i]), w.Index})
	}
}

// live is the model after deletions and updates: the newest of each.
func (m model) live() model {
	newest := map[string]thing{}
	for _, r := range m {
		if r.Version > newest[r.Ref()].Version {
			newest[r.Ref()] = r
		}
	}
	out := make(model, 0, len(newest))
	for _, r := range newest {
		out = append(out, r)
	}
	return out
}

func (m model) newest(ref string) fhir.Resource {
	var out fhir.Resource
	for _, r := range m {
		if r.Ref() == ref && r.Version > out.Version {
			out = r.Resource
		}
	}
	return out
}

// change writes a new version to the store and the model.
func (s *suite) change(m *model, r fhir.Resource, index search.Index) {
	s.t.Helper()
	w := next(r, index...)
	done := s.commit(store.Unit{Writes: []store.Write{w}})[0]
	*m = append(*m, thing{resource(w, done), index})
}
