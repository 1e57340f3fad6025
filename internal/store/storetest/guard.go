package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

func (s *suite) guards(keys ...string) []int64 {
	s.t.Helper()
	versions, _, err := s.Facts(s.ctx, keys)
	if err != nil {
		s.t.Fatal(err)
	}
	return versions
}

func testGuards(_ *testing.T, s *suite) {
	s.same("not made", []int64{0, 0}, s.guards("person/a", "person/b"))
	s.commit(store.Unit{Guards: []store.Guard{{Key: "person/a"}, {Key: "person/b", Bump: true}}})
	s.same("made", []int64{1, 1, 0}, s.guards("person/a", "person/b", "person/c"))
	s.commit(store.Unit{Guards: []store.Guard{{Key: "person/b", Expect: 1, Bump: true}, {Key: "person/a", Expect: 1}}})
	s.same("one raised, one checked, in the order asked", []int64{2, 1}, s.guards("person/b", "person/a"))
	for i, g := range []store.Guard{
		{Key: "person/b", Expect: 1, Bump: true},
		{Key: "person/b", Expect: 3},
		{Key: "person/b"},
		{Key: "person/c", Expect: 1, Bump: true},
		{Key: "PERSON/B", Expect: 2},
	} {
		u := store.Unit{Guards: []store.Guard{{Key: "person/a", Expect: 1, Bump: true}, {Key: fmt.Sprint("new/", i)}, g}}
		s.dropped(u, store.StaleGuard, 2)
	}
	s.same("nothing was raised or made", []int64{1, 2, 0, 0}, s.guards("person/a", "person/b", "new/0", "new/3"))
}

func testGuardRace(t *testing.T, s *suite) {
	for round := range int64(8) { // the first makes the guard
		var wg sync.WaitGroup
		var won atomic.Int64
		for i := range 10 {
			u := store.Unit{Guards: []store.Guard{{Key: "policy/1", Expect: round, Bump: true}}, Writes: []store.Write{s.creation(bird, token("by", "", fmt.Sprint(i)))}}
			wg.Go(func() {
				_, err := s.Commit(s.ctx, u)
				var d *store.Dropped
				switch {
				case err == nil:
					won.Add(1)
				case !errors.As(err, &d) || d.Why != store.StaleGuard || d.Index != 0:
					t.Errorf("commit: %v", err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Fatalf("round %d: %d units raised one guard", round, won.Load())
		}
		s.same("guard", []int64{round + 1}, s.guards("policy/1"))
		s.same("only winners wrote", int(round+1), len(s.find(bird, nil)))
	}
}

func testUnique(t *testing.T, s *suite) {
	key, other := sha256.Sum256([]byte("claim 1")), sha256.Sum256([]byte("claim 2"))
	held := store.Unique{Space: "claim", Digest: key, Target: "Bird/a", Content: other}
	if _, ok, err := s.Unique(s.ctx, "claim", key); ok || err != nil {
		t.Fatalf("held before it was claimed (%v)", err)
	}
	s.commit(store.Unit{Unique: []store.Unique{held}})
	got, ok, err := s.Unique(s.ctx, "claim", key)
	if err != nil || !ok {
		t.Fatalf("not held: %v", err)
	}
	s.same("holder", held, got)
	again := store.Unique{Space: "claim", Digest: key, Target: "Bird/b"}
	free := store.Unique{Space: "claim", Digest: other, Target: "Bird/b"}
	d := s.dropped(store.Unit{Unique: []store.Unique{free, again}, Writes: []store.Write{s.creation(bird)}}, store.Duplicate, 1)
	if d.Held == nil {
		t.Fatal("the holder is not told")
	}
	s.same("holder told", held, *d.Held)
	s.dropped(store.Unit{Unique: []store.Unique{held}}, store.Duplicate, 0) // also for the holder itself
	elsewhere := store.Unique{Space: "Claim", Digest: key, Target: "Bird/c"}
	s.commit(store.Unit{Unique: []store.Unique{elsewhere}})
	s.commit(store.Unit{Release: []store.Unique{{Space: "claim", Digest: key}, {Space: "claim", Digest: other}}})
	if _, ok, err := s.Unique(s.ctx, "claim", key); ok || err != nil {
		t.Errorf("held after its release (%v)", err)
	}
	if got, ok, err = s.Unique(s.ctx, "Claim", key); !ok || err != nil || got.Target != "Bird/c" {
		t.Errorf("another space: %v, %v", got, err)
	}
	s.commit(store.Unit{Unique: []store.Unique{again}})
	s.same("nothing was written beside a duplicate", []string{}, s.find(bird, nil))
}

func testUniqueRace(t *testing.T, s *suite) {
	for round := range 4 {
		key := sha256.Sum256([]byte{byte(round)})
		var wg sync.WaitGroup
		var mu sync.Mutex
		var winner string
		var held []string
		for range 16 {
			w := s.creation(bird)
			wg.Go(func() {
				_, err := s.Commit(s.ctx, store.Unit{Writes: []store.Write{w}, Unique: []store.Unique{{Space: "claim", Digest: key, Target: "Bird/" + w.ID}}})
				mu.Lock()
				defer mu.Unlock()
				var d *store.Dropped
				switch {
				case err == nil:
					winner += "Bird/" + w.ID
				case errors.As(err, &d) && d.Why == store.Duplicate && d.Held != nil:
					held = append(held, d.Held.Target)
				default:
					t.Errorf("commit: %v", err)
				}
			})
		}
		wg.Wait()
		if len(held) != 15 {
			t.Fatalf("%d of 16 were told who holds the key", len(held))
		}
		for _, h := range held {
			if h != winner {
				t.Fatalf("told %q, the winner is %q", h, winner)
			}
		}
	}
	s.same("four birds of four rounds", 4, len(s.find(bird, nil)))
}

func testConditions(_ *testing.T, s *suite) {
	s.createAs(bird, "a", token("ring", rings, "1"))
	s.createAs(bird, "b", token("ring", rings, "2"))
	s.createAs(bird, "c", token("ring", rings, "2"))
	s.createAs(tree, "d", token("ring", rings, "3"))
	one, two, none := is("ring", rings, "1"), is("ring", rings, "2"), is("ring", rings, "3")
	fits := []store.Condition{
		{Type: bird, Lock: "ring=1", Expr: one, Want: []string{"a"}},
		{Type: bird, Lock: "ring=2", Expr: two, Want: []string{"c", "b"}},
		{Type: bird, Lock: "ring=3", Expr: none},
		{Type: bird, Lock: "any 1", Expr: isAny("ring", "1"), Want: []string{"a"}},
		{Type: "Stone", Lock: "ring=3", Expr: none},
		{Type: tree, Lock: "ring=3", Expr: none, Want: []string{"d"}},
	}
	s.commit(store.Unit{Conditions: fits})
	for _, c := range []store.Condition{
		{Type: bird, Lock: "ring=1", Expr: one},
		{Type: bird, Lock: "ring=1", Expr: one, Want: []string{"b"}},
		{Type: bird, Lock: "ring=1", Expr: one, Want: []string{"a", "b"}},
		{Type: bird, Lock: "ring=2", Expr: two, Want: []string{"b"}},
		{Type: bird, Lock: "ring=2", Expr: two},
		{Type: bird, Lock: "ring=3", Expr: none, Want: []string{"d"}},
		{Type: bird, Lock: "all", Expr: nil},
	} {
		s.dropped(store.Unit{Conditions: append(fits[:1:1], c), Writes: []store.Write{s.creation(bird)}}, store.Changed, 1)
	}
	s.same("nothing was written", 3, len(s.find(bird, nil)))
	s.delete(s.read(bird, "a"))
	s.dropped(store.Unit{Conditions: fits}, store.Changed, 0)
}

func testConditionRace(t *testing.T, s *suite) {
	race := func(round int, expr search.Expr, index ...search.Value) {
		var wg sync.WaitGroup
		var won atomic.Int64
		for i := range 16 {
			w := s.creation(bird, index...)
			c := store.Condition{Type: bird, Lock: fmt.Sprint("ring=", round), Expr: expr}
			u := store.Unit{Writes: []store.Write{w}, Conditions: []store.Condition{c}}
			if i%4 == 3 { // a transaction has several, in any order
				c := store.Condition{Type: bird, Lock: fmt.Sprint("other=", round), Expr: is("nobody", "", "x")}
				u.Conditions = append(u.Conditions, c)
			} else if i%4 == 2 {
				c := store.Condition{Type: bird, Lock: fmt.Sprint("other=", round), Expr: is("nobody", "", "x")}
				u.Conditions = append([]store.Condition{c}, u.Conditions...)
			}
			wg.Go(func() {
				_, err := s.Commit(s.ctx, u)
				var d *store.Dropped
				switch {
				case err == nil:
					won.Add(1)
				case !errors.As(err, &d) || d.Why != store.Changed:
					t.Errorf("commit: %v", err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Fatalf("round %d: %d of 16 conditional creates wrote", round, won.Load())
		}
	}
	for round := range 4 {
		ring := fmt.Sprint("r", round)
		race(round, is("ring", rings, ring), token("ring", rings, ring))
	}
	// The same with systems nobody has seen before, asked without the system.
	for round := 4; round < 7; round++ {
		ring := fmt.Sprint("r", round)
		race(round, isAny("ring", ring), token("ring", "urn:new:"+ring, ring))
	}
	race(7, word("name", search.Exact, "Anna"), text("name", "Anna"))
	race(8, search.Between{Param: "seen", Kind: search.Date, Op: search.Eq, Lo: 5, Hi: 9}, date("seen", 6, 7))
	s.same("one bird a round", 9, len(s.find(bird, nil)))
}
