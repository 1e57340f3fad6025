package postgres

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
	"github.com/jamii-health/jamii/internal/store/pgtest"
)

// sapling is a small write of a new resource.
func sapling(st store.Store) store.Write {
	p := st.NewPlace(3)
	return store.Write{
		Type: "Sapling", ID: p.ID(), Place: p, Method: "POST", Body: []byte(`{"resourceType":"Sapling"}`),
		Index: search.Index{{Param: "kind", Kind: search.Token, Code: "oak"}},
	}
}

func plant(t testing.TB, st store.Store) (string, time.Time) {
	t.Helper()
	w := sapling(st)
	done, err := st.Commit(context.Background(), store.Unit{Writes: []store.Write{w}, Audit: []store.Audit{{At: time.Now(), Ref: w.ID}}})
	if err != nil {
		t.Errorf("commit: %v", err)
		return w.ID, time.Time{}
	}
	return w.ID, done[0].Updated
}

func shown(t testing.TB, st store.Store) []string {
	t.Helper()
	page, err := st.History(t.Context(), store.History{Type: "Sapling", Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return idsOf(page.Resources)
}

func idsOf(list []fhir.Resource) []string {
	out := []string{}
	for _, r := range list {
		out = append(out, r.ID)
	}
	return out
}

// TestDawdler: while a transaction that began earlier is open, what was
// committed after it began is not yet shown in commit order, but in every
// other way.
func TestDawdler(t *testing.T) {
	for _, stage := range []string{"marked", "stamped"} {
		t.Run(stage, func(t *testing.T) {
			st := fresh(t)
			d := st.(*database)
			first, _ := plant(t, st)
			inside, leave := make(chan struct{}), make(chan struct{})
			var taken atomic.Bool
			d.pause = func(s string) {
				if s == stage && taken.CompareAndSwap(false, true) {
					close(inside)
					<-leave
				}
			}
			late := make(chan string)
			go func() { id, _ := plant(t, st); late <- id }()
			<-inside
			quick, updated := plant(t, st)
			if got := shown(t, st); !slices.Equal(got, []string{first}) {
				t.Errorf("shown %v while an earlier transaction is open, want %v", got, []string{first})
			}
			if n := count(t, st, search.Updated{Op: search.Ge, Lo: updated, Hi: updated.Add(time.Microsecond)}); n != 0 {
				t.Errorf("%d found by _lastUpdated while an earlier transaction is open", n)
			}
			if n, err := st.Seal(t.Context(), time.Now()); err != nil || n != 1 {
				t.Errorf("%d rows sealed (%v), want that of the first", n, err)
			}
			if n := count(t, st, nil); n != 2 {
				t.Errorf("%d found, want 2", n)
			}
			if page, err := st.History(t.Context(), store.History{Type: "Sapling", ID: quick, Limit: 9}); err != nil || len(page.Resources) != 1 {
				t.Errorf("the history of one resource shows %d versions (%v)", len(page.Resources), err)
			}
			close(leave)
			slow := <-late
			want := []string{slow, quick, first}
			if stage == "stamped" {
				want = []string{quick, slow, first}
			}
			if got := shown(t, st); !slices.Equal(got, want) {
				t.Errorf("shown %v in the end, want %v", got, want)
			}
			if n, err := st.Seal(t.Context(), time.Now()); err != nil || n != 2 {
				t.Errorf("%d rows sealed (%v), want 2", n, err)
			}
			if n, err := st.VerifySeals(t.Context()); err != nil || n != 3 {
				t.Errorf("%d rows verified (%v), want 3", n, err)
			}
		})
	}
}

func count(t testing.TB, st store.Store, x search.Expr) int64 {
	t.Helper()
	n, err := st.Count(t.Context(), "Sapling", x, 0)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestClockStepsBack: once a moment was shown, nothing gets an earlier one,
// and new versions are shown at once although the clock is behind.
func TestClockStepsBack(t *testing.T) {
	dsn := pgtest.DSN(t)
	st := open(t, dsn)
	defer st.Close()
	plant(t, st)
	ahead := time.Now().Add(time.Hour)
	if _, err := connect(t, dsn).Exec(t.Context(), `UPDATE horizon SET at = $1`, ahead.UnixMicro()); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		id, updated := plant(t, st)
		if updated.Before(ahead.Truncate(time.Microsecond)) {
			t.Fatalf("version %d at %v lies before the horizon %v", i, updated, ahead)
		}
		if got := shown(t, st); len(got) != i+2 || got[0] != id {
			t.Fatalf("shown %v, want %s first", got, id)
		}
	}
}

// follower polls the way clients do and notes what came too late.
type follower struct {
	t    *testing.T
	st   store.Store
	seen map[string]bool
	top  time.Time
	poll func(since time.Time) ([]fhir.Resource, error)
}

func (f *follower) once() {
	list, err := f.poll(f.top)
	if err != nil {
		f.t.Errorf("polling: %v", err)
		return
	}
	top := f.top
	for _, r := range list {
		key := fmt.Sprint(r.ID, "/", r.Version)
		if !f.seen[key] && r.Updated.Before(f.top) {
			f.t.Errorf("%s of %v appears after %v was shown", key, r.Updated, f.top)
		}
		f.seen[key] = true
		if r.Updated.After(top) {
			top = r.Updated
		}
	}
	f.top = top
}

// byHistory reads all versions since a moment, a little earlier ones too: those
// would be late.
func byHistory(st store.Store) func(time.Time) ([]fhir.Resource, error) {
	return func(since time.Time) (all []fhir.Resource, err error) {
		h := store.History{Type: "Sapling", Since: since.Add(-20 * time.Millisecond), Limit: 500}
		for {
			page, err := st.History(context.Background(), h)
			if err != nil {
				return nil, err
			}
			all = append(all, page.Resources...)
			if h.After = page.Next; h.After == nil {
				return all, nil
			}
		}
	}
}

// TestPollers stretches the transactions of two servers on one database while
// pollers follow through both: nothing may appear late, nothing be missed.
func TestPollers(t *testing.T) {
	dsn := pgtest.DSN(t)
	var stores []*database
	for range 2 {
		st := open(t, dsn)
		defer st.Close()
		d := st.(*database)
		d.pause = func(string) {
			if rand.IntN(3) == 0 {
				time.Sleep(time.Duration(rand.Int64N(int64(12 * time.Millisecond))))
			}
		}
		stores = append(stores, d)
	}
	plant(t, stores[0])
	var writing, polling sync.WaitGroup
	var versions atomic.Int64
	versions.Add(1)
	stop := time.Now().Add(1500 * time.Millisecond)
	for i := range 12 {
		writing.Go(func() { scribble(t, stores[i%2], stop, &versions) })
	}
	var ended atomic.Bool
	followers := make([]*follower, 4)
	for i := range followers {
		st := stores[i%2]
		followers[i] = &follower{t: t, st: st, seen: map[string]bool{}, poll: byHistory(st)}
		polling.Go(func() {
			for last := false; !last; {
				last = ended.Load()
				followers[i].once()
			}
		})
	}
	polling.Go(func() {
		for last := false; !last; {
			last = ended.Load()
			if _, err := stores[1].Seal(context.Background(), time.Now()); err != nil {
				t.Errorf("sealing: %v", err)
			}
		}
	})
	writing.Wait()
	ended.Store(true)
	polling.Wait()
	for i, f := range followers {
		if int64(len(f.seen)) != versions.Load() {
			t.Errorf("follower %d saw %d of %d versions", i, len(f.seen), versions.Load())
		}
	}
	if n, err := stores[0].VerifySeals(t.Context()); err != nil || n != versions.Load() {
		t.Errorf("%d of %d audit rows verified: %v", n, versions.Load(), err)
	}
}

// scribble creates and updates until the time is up.
func scribble(t *testing.T, st store.Store, stop time.Time, versions *atomic.Int64) {
	for time.Now().Before(stop) {
		w := sapling(st)
		for v := range int64(3) {
			w.Expect, w.Method = v, []string{"POST", "PUT", "PUT"}[v]
			_, err := st.Commit(context.Background(), store.Unit{Writes: []store.Write{w}, Audit: []store.Audit{{At: time.Now(), Ref: w.ID}}})
			if err != nil {
				t.Errorf("commit: %v", err)
				return
			}
			versions.Add(1)
		}
	}
}
