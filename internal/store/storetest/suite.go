package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// The invented types most tests write.
const (
	bird = "Bird"
	tree = "Tree"
)

// suite is a store with short ways to write and find.
type suite struct {
	store.Store
	t   *testing.T
	ctx context.Context
}

func newSuite(t *testing.T, st store.Store) *suite {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return &suite{Store: st, t: t, ctx: ctx}
}

func body(typ, text string) []byte {
	return fmt.Appendf(nil, `{"resourceType":%q,"text":%q}`, typ, text)
}

// creation returns a Write of a new resource with an id made by the server.
func (s *suite) creation(typ string, index ...search.Value) store.Write {
	place := s.NewPlace(store.HashPart(typ))
	return store.Write{Type: typ, ID: place.ID(), Place: place, Method: "POST", Body: body(typ, "new"), Index: index}
}

// named returns a Write of a new resource with an id chosen by the client.
func (s *suite) named(typ, id string, index ...search.Value) store.Write {
	w := s.creation(typ, index...)
	w.ID, w.Method = id, "PUT"
	return w
}

// commit commits a Unit that must succeed.
func (s *suite) commit(u store.Unit) []store.Written {
	s.t.Helper()
	done, err := s.Commit(s.ctx, u)
	if err != nil {
		s.t.Fatalf("commit: %v", err)
	}
	if len(done) != len(u.Writes) {
		s.t.Fatalf("commit: %d answers for %d writes", len(done), len(u.Writes))
	}
	return done
}

// write commits one Write and returns the resource as it must be read.
func (s *suite) write(w store.Write) fhir.Resource {
	s.t.Helper()
	return resource(w, s.commit(store.Unit{Writes: []store.Write{w}})[0])
}

func resource(w store.Write, done store.Written) fhir.Resource {
	return fhir.Resource{
		Type: w.Type, ID: w.ID, Version: done.Version, Updated: done.Updated,
		Deleted: w.Deleted, Method: w.Method, Managed: w.Managed, Body: w.Body,
	}
}

func (s *suite) create(typ string, index ...search.Value) fhir.Resource {
	s.t.Helper()
	return s.write(s.creation(typ, index...))
}

func (s *suite) createAs(typ, id string, index ...search.Value) fhir.Resource {
	s.t.Helper()
	return s.write(s.named(typ, id, index...))
}

// next returns the Write of the version after r.
func next(r fhir.Resource, index ...search.Value) store.Write {
	return store.Write{
		Type: r.Type, ID: r.ID, Expect: r.Version, Method: "PUT",
		Body: body(r.Type, fmt.Sprint("after ", r.Version)), Index: index,
	}
}

func deletion(r fhir.Resource) store.Write {
	return store.Write{Type: r.Type, ID: r.ID, Expect: r.Version, Method: "DELETE", Deleted: true}
}

func (s *suite) update(r fhir.Resource, index ...search.Value) fhir.Resource {
	s.t.Helper()
	return s.write(next(r, index...))
}

func (s *suite) delete(r fhir.Resource) fhir.Resource {
	s.t.Helper()
	return s.write(deletion(r))
}

// read reads what must be there.
func (s *suite) read(typ, id string) fhir.Resource {
	s.t.Helper()
	r, err := s.Read(s.ctx, typ, id)
	if err != nil {
		s.t.Fatalf("read %s/%s: %v", typ, id, err)
	}
	return r
}

// pages follows a query to its end, n resources at a time.
func (s *suite) pages(q store.Query) []fhir.Resource {
	s.t.Helper()
	var all []fhir.Resource
	for range 10000 {
		page, err := s.Search(s.ctx, q)
		if err != nil {
			s.t.Fatalf("search: %v", err)
		}
		if len(page.Resources) > q.Limit {
			s.t.Fatalf("a page of %d, asked for at most %d", len(page.Resources), q.Limit)
		}
		all = append(all, page.Resources...)
		if page.Next == nil {
			return all
		}
		q.After = page.Next
	}
	s.t.Fatal("the pages never end")
	return nil
}

// find returns the sorted ids for which a condition is true.
func (s *suite) find(typ string, x search.Expr) []string {
	s.t.Helper()
	out := ids(s.pages(store.Query{Type: typ, Expr: x, Limit: 50}))
	slices.Sort(out)
	return out
}

func ids(list []fhir.Resource) []string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = r.ID
	}
	return out
}

func (s *suite) same(what string, want, got any) {
	s.t.Helper()
	if diff := cmp.Diff(want, got, resources, times); diff != "" {
		s.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// resources compares an empty body with no body, and moments as moments.
var (
	resources = cmp.FilterValues(func(a, b []byte) bool { return len(a) == 0 && len(b) == 0 }, cmp.Ignore())
	times     = cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })
)

// dropped checks that a Unit was dropped for a reason.
func (s *suite) dropped(u store.Unit, why store.Why, index int) *store.Dropped {
	s.t.Helper()
	_, err := s.Commit(s.ctx, u)
	var d *store.Dropped
	if !errors.As(err, &d) {
		s.t.Fatalf("commit: %v, want a dropped unit", err)
	}
	if d.Why != why || d.Index != index {
		s.t.Errorf("dropped for %v at %d, want %v at %d", d, d.Index, &store.Dropped{Why: why}, index)
	}
	return d
}

func (s *suite) notFound(err error) {
	s.t.Helper()
	var e *fhir.Error
	if !errors.As(err, &e) || e.Kind != fhir.NotFound {
		s.t.Errorf("error %v, want a fhir.Error of kind NotFound", err)
	}
}
