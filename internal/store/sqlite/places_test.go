package sqlite

import (
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jamii-health/jamii/internal/store"
)

// clock is a clock that tests set.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time        { return time.UnixMicro(c.at.Load()) }
func (c *clock) set(t time.Time)       { c.at.Store(t.UnixMicro()) }
func (c *clock) jump(by time.Duration) { c.at.Add(by.Microseconds()) }
func newClock() *clock                 { c := &clock{}; c.set(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)); return c }

func rids(s *database, n int) (l []int64) {
	for range n {
		l = append(l, s.NewPlace(1).RID)
	}
	return l
}

// crash copies the files as they are on disk, as if the process had been
// killed, and opens the copy.
func crash(t *testing.T, path string, o Options) *database {
	t.Helper()
	to := filepath.Join(t.TempDir(), "crashed.db")
	for _, suffix := range []string{"", "-wal"} {
		in, err := os.Open(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		out, err := os.Create(to + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(out, in); err != nil {
			t.Fatal(err)
		}
		in.Close()
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s := openAt(t, to, o)
	t.Cleanup(func() { s.Close() })
	return s
}

// TestPlacesNeverTwice moves the clock in every way between bursts of places.
func TestPlacesNeverTwice(t *testing.T) {
	for name, jump := range map[string]time.Duration{
		"the clock stands still": 0, "back an hour": -time.Hour, "back a little": -time.Second,
		"forward": time.Hour, "just short of the floor": 9_990 * time.Millisecond, "on to the floor": lease * time.Millisecond,
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			s := open(t, Options{Now: c.now})
			last := int64(0)
			for range 4 {
				for _, rid := range rids(s, 5000) {
					if rid <= last {
						t.Fatalf("%d follows %d", rid, last)
					}
					last = rid
				}
				c.jump(jump)
			}
		})
	}
}

func TestPlacesAfterCrash(t *testing.T) {
	c := newClock()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openAt(t, path, Options{Now: c.now})
	defer s.Close()
	for range 3 { // some of the places come after the floor was raised
		rids(s, 100)
		c.jump(6 * time.Second)
	}
	last := rids(s, 100)[99]
	for _, jump := range []time.Duration{0, -time.Hour, 2 * time.Hour} {
		c.jump(jump)
		after := crash(t, path, Options{Now: c.now})
		if after.places.node != s.places.node {
			continue // another node number: its places differ
		}
		if rid := after.NewPlace(1).RID; rid <= last {
			t.Errorf("jump %v: %d was given before the crash, %d after it", jump, last, rid)
		}
	}
}

// TestNodeTakenOver lets a lease end and be taken, as when a process was
// stopped for a while.
func TestNodeTakenOver(t *testing.T) {
	c := newClock()
	path := filepath.Join(t.TempDir(), "test.db")
	a := openAt(t, path, Options{Now: c.now})
	defer a.Close()
	before := rids(a, 10)
	c.jump(time.Minute)
	b := openAt(t, path, Options{Now: c.now})
	defer b.Close()
	if a.places.node != b.places.node {
		t.Fatalf("node %d was not taken over but %d made", a.places.node, b.places.node)
	}
	seen := map[int64]bool{}
	for _, list := range [][]int64{before, rids(b, 3000), rids(a, 3000), rids(b, 3000)} {
		for _, rid := range list {
			if seen[rid] {
				t.Fatalf("%d given twice", rid)
			}
			seen[rid] = true
		}
	}
	if a.places.node == b.places.node {
		t.Error("two processes hold one node number")
	}
}

// TestDurable: what Commit has answered for survives the process.
func TestDurable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s := openAt(t, path, Options{})
	defer s.Close()
	place := s.NewPlace(3)
	w := store.Write{Type: "Bird", ID: place.ID(), Place: place, Method: "POST", Body: []byte(`{"resourceType":"Bird"}`)}
	if _, err := s.Commit(t.Context(), store.Unit{Writes: []store.Write{w}}); err != nil {
		t.Fatal(err)
	}
	after := crash(t, path, Options{})
	got, err := after.Read(t.Context(), "Bird", place.ID())
	if err != nil || string(got.Body) != string(w.Body) {
		t.Errorf("after the crash: %q, %v", got.Body, err)
	}
	var check, part string
	if err := after.reads.QueryRow("PRAGMA integrity_check").Scan(&check); err != nil || check != "ok" {
		t.Errorf("integrity check: %s, %v", check, err)
	}
	if err := after.reads.QueryRow("SELECT part FROM resource").Scan(&part); err != nil || part != "3" {
		t.Errorf("part %s is kept, want 3 (%v)", part, err)
	}
}

// TestClockBack: the time of versions grows although the clock went back.
func TestClockBack(t *testing.T) {
	c := newClock()
	s := open(t, Options{Now: c.now})
	var last time.Time
	for range 5 {
		place := s.NewPlace(0)
		done, err := s.Commit(t.Context(), store.Unit{Writes: []store.Write{{Type: "Bird", ID: place.ID(), Place: place, Body: []byte("{}")}}})
		if err != nil {
			t.Fatal(err)
		}
		if !done[0].Updated.After(last) {
			t.Errorf("%v follows %v", done[0].Updated, last)
		}
		last = done[0].Updated
		c.jump(-time.Minute)
	}
}
