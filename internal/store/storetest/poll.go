package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// writeAll lets several writers make and change birds, some in large Units
// that commit late, and returns every version by "id/version".
func (s *suite) writeAll(writers, rounds int) (done <-chan map[string]bool) {
	out := make(chan map[string]bool, 1)
	var mu sync.Mutex
	all := map[string]bool{}
	var wg sync.WaitGroup
	for n := range writers {
		wg.Go(func() {
			var last []store.Write
			var was []fhir.Resource
			for i := range rounds {
				last = last[:0]
				for _, r := range was {
					last = append(last, next(r, token("flock", "", "a"), text("name", fmt.Sprint(i))))
				}
				for range 1 + (i+n)%4*5 {
					last = append(last, s.creation(bird, token("flock", "", "a"), text("name", "new")))
				}
				written, err := s.Commit(s.ctx, store.Unit{Writes: last})
				if err != nil {
					s.t.Errorf("write: %v", err)
					return
				}
				was = was[:0]
				mu.Lock()
				for j, w := range last {
					all[fmt.Sprint(w.ID, "/", written[j].Version)] = true
					if j < 3 {
						was = append(was, resource(w, written[j]))
					}
				}
				mu.Unlock()
			}
		})
	}
	go func() { wg.Wait(); out <- all }()
	return out
}

// testPoll asks again and again for what changed since the last answer, as an
// EMR does (wire.md 5). Every resource must be seen in its newest version,
// however writers interleave.
func testPoll(t *testing.T, s *suite) {
	writing := s.writeAll(6, 25)
	seen := map[string]int64{}
	since := time.Unix(0, 0)
	poll := func() {
		q := store.Query{
			Type:  bird,
			Expr:  and(is("flock", "", "a"), search.Updated{Op: search.Ge, Lo: since, Hi: since.Add(time.Microsecond)}),
			Sort:  []store.Sort{{Param: "_lastUpdated"}},
			Limit: 20,
		}
		for _, r := range s.pages(q) {
			if r.Updated.Before(since) {
				t.Errorf("%v comes after %v", r.Updated, since)
			}
			since = r.Updated
			seen[r.ID] = max(seen[r.ID], r.Version)
		}
	}
	var all map[string]bool
	for all == nil {
		poll()
		select {
		case all = <-writing:
			poll()
		default:
		}
	}
	newest := map[string]int64{}
	for _, r := range s.pages(store.Query{Type: bird, Limit: 200}) {
		newest[r.ID] = r.Version
	}
	s.same("what the poller saw", newest, seen)
}

// testPollHistory follows the history of the type by _since: it must show each
// version, since only versions below the commit horizon are returned.
func testPollHistory(t *testing.T, s *suite) {
	writing := s.writeAll(6, 25)
	seen := map[string]bool{}
	since := time.Unix(0, 0)
	poll := func() {
		newest := since
		for _, r := range s.versions(store.History{Type: bird, Since: since, Limit: 50}) {
			seen[fmt.Sprint(r.ID, "/", r.Version)] = true
			if r.Updated.After(newest) {
				newest = r.Updated
			}
		}
		since = newest
	}
	var all map[string]bool
	for all == nil {
		poll()
		select {
		case all = <-writing:
			poll()
		default:
		}
	}
	for v := range all {
		if !seen[v] {
			t.Errorf("version %s was never seen", v)
		}
	}
}
