package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

func closeStore(t *testing.T, st store.Store) {
	t.Helper()
	if err := st.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

func testReopen(t *testing.T, open func() store.Store) {
	s := newSuite(t, open())
	r := s.update(s.createAs(bird, "a", token("colour", red, "1"), text("name", "Anna"), reference("perch", "Tree/x")))
	r = s.update(r, token("colour", red, "2"), text("name", "Bert"), reference("perch", "Tree/y"))
	s.commit(s.full("kept"))
	s.record(3, "auditor")
	s.seal(4)
	first, err := s.Next(s.ctx, "n", 5)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := s.Secret(s.ctx, "token")
	if err != nil {
		t.Fatal(err)
	}
	closeStore(t, s.Store)

	s = newSuite(t, open())
	defer closeStore(t, s.Store)
	s.same("resource", r, s.read(bird, "a"))
	s.same("a unit", all(true), s.present("kept"))
	for _, x := range []search.Expr{is("colour", red, "2"), isAny("colour", "2"), word("name", search.Prefix, "b"), points("perch", "Tree/y")} {
		s.same("found", []string{"a"}, s.find(bird, x))
	}
	again, err := s.Secret(s.ctx, "token")
	s.same("secret", secret, again)
	if err != nil {
		t.Error(err)
	}
	if n, err := s.Next(s.ctx, "n", 1); err != nil || n != first+5 {
		t.Errorf("counter goes on at %d, want %d (%v)", n, first+5, err)
	}
	s.verify(4)
	s.same("guard", []int64{1}, s.guards("guard/kept"))
	n := s.update(r)
	if !n.Updated.After(r.Updated) || n.Version != r.Version+1 {
		t.Errorf("version %d at %v follows %d at %v", n.Version, n.Updated, r.Version, r.Updated)
	}
	s.record(1, "auditor")
	s.seal(1)
	s.verify(5)
}

// testReopenPlaces opens and closes quickly: a new process must not give a
// place of the one before it.
func testReopenPlaces(t *testing.T, open func() store.Store) {
	seen := map[int64]bool{}
	for range 5 {
		st := open()
		for range 3000 {
			p := st.NewPlace(1)
			if seen[p.RID] {
				t.Fatalf("place %d given twice", p.RID)
			}
			seen[p.RID] = true
		}
		closeStore(t, st)
	}
}

// testTwoProcesses lets two stores write to one database at once, as a command
// does beside a running server.
func testTwoProcesses(t *testing.T, open func() store.Store) {
	stores := []*suite{newSuite(t, open()), newSuite(t, open())}
	defer closeStore(t, stores[0].Store)
	defer closeStore(t, stores[1].Store)
	const each = 40
	var wg sync.WaitGroup
	var mu sync.Mutex
	places := map[int64]bool{}
	wins := 0
	for n, s := range stores {
		for worker := range 3 {
			wg.Go(func() {
				for i := range each {
					w := s.creation(bird, token("colour", fmt.Sprint("urn:", n, worker), fmt.Sprint(i)), text(fmt.Sprint("name", n), "x"))
					guard := store.Guard{Key: fmt.Sprint("round/", i)}
					_, err := s.Commit(s.ctx, store.Unit{Writes: []store.Write{w}, Audit: []store.Audit{row("a")}})
					if err != nil {
						t.Errorf("commit: %v", err)
					}
					_, err = s.Commit(s.ctx, store.Unit{Guards: []store.Guard{guard}})
					mu.Lock()
					if err == nil {
						wins++
					}
					if places[w.Place.RID] {
						t.Errorf("place %d given twice", w.Place.RID)
					}
					places[w.Place.RID] = true
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	if wins != each {
		t.Errorf("%d guards were made %d times", each, wins)
	}
	for i, s := range stores {
		s.same("both see all", 6*each, len(s.find(bird, nil)))
		// Systems and parameters first seen by the other process.
		other := fmt.Sprint("name", 1-i)
		s.same("found by what the other wrote", 3*each, len(s.find(bird, word(other, search.Exact, "x"))))
		s.same("any system", 6, len(s.find(bird, isAny("colour", "7"))))
	}
	a, err := stores[0].Secret(stores[0].ctx, "s")
	b, err2 := stores[1].Secret(stores[1].ctx, "s")
	if err != nil || err2 != nil || !slices.Equal(a, b) {
		t.Errorf("two secrets of one name (%v, %v)", err, err2)
	}
	last := stores[0].create(bird)
	for i := range 20 {
		n := stores[i%2].update(last)
		if !n.Updated.After(last.Updated) {
			t.Errorf("%v follows %v", n.Updated, last.Updated)
		}
		last = n
	}
}

// testTwoSealers: only one process seals at a time, and the chain is one.
func testTwoSealers(t *testing.T, open func() store.Store) {
	stores := []*suite{newSuite(t, open()), newSuite(t, open())}
	defer closeStore(t, stores[0].Store)
	defer closeStore(t, stores[1].Store)
	var wg sync.WaitGroup
	for _, s := range stores {
		wg.Go(func() {
			for range 30 {
				if err := s.Record(s.ctx, []store.Audit{row("a"), row("b")}); err != nil {
					t.Errorf("record: %v", err)
				}
			}
		})
		wg.Go(func() {
			for range 15 {
				if _, err := s.Seal(s.ctx, time.Now()); err != nil {
					t.Errorf("seal: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if _, err := stores[0].Seal(stores[0].ctx, time.Now()); err != nil {
		t.Fatal(err)
	}
	stores[1].verify(120)
}
