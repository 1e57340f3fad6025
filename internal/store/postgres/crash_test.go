package postgres

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/store"
)

// TestConnectionsDie ends connections again and again while Units are
// committed. What was confirmed is there; what was dropped or refused for sure
// is not; where nobody can know, the error says so.
func TestConnectionsDie(t *testing.T) {
	dsn := freshDSN(t)
	st := open(t, dsn)
	defer st.Close()
	plant(t, st)
	conn := connect(t, dsn)
	var wg sync.WaitGroup
	var mu sync.Mutex
	confirmed, unknown := []string{}, map[string]bool{}
	var ended atomic.Bool
	for range 6 {
		wg.Go(func() {
			for !ended.Load() {
				w := sapling(st)
				_, err := st.Commit(context.Background(), store.Unit{Writes: []store.Write{w}, Guards: []store.Guard{{Key: w.ID}}})
				var e *fhir.Error
				mu.Lock()
				switch {
				case err == nil:
					confirmed = append(confirmed, w.Type+"/"+w.ID)
				case errors.As(err, &e) && e.Kind == fhir.Unavailable:
					unknown[w.Type+"/"+w.ID] = true
				default:
					t.Errorf("commit: %v", err)
				}
				mu.Unlock()
			}
		})
	}
	for range 12 {
		time.Sleep(50 * time.Millisecond)
		if _, err := conn.Exec(t.Context(), `
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle' AND backend_type = 'client backend'`); err != nil {
			t.Fatal(err)
		}
	}
	ended.Store(true)
	wg.Wait()
	found, err := st.ReadMany(t.Context(), confirmed)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != len(confirmed) {
		t.Errorf("%d of %d confirmed units are there", len(found), len(confirmed))
	}
	total := count(t, st, nil)
	if total < int64(len(confirmed))+1 || total > int64(len(confirmed)+len(unknown))+1 {
		t.Errorf("%d are there, %d were confirmed and of %d nobody knew", total, len(confirmed)+1, len(unknown))
	}
	t.Logf("%d confirmed, %d unknown", len(confirmed), len(unknown))
	plant(t, st) // and it goes on
}

// TestUpdatesAreHot: an update that changes no key must not touch an index.
func TestUpdatesAreHot(t *testing.T) {
	dsn := freshDSN(t)
	st := open(t, dsn)
	defer st.Close()
	w := sapling(st)
	conn := connect(t, dsn)
	for v := range int64(4) {
		w.Expect = v
		if _, err := st.Commit(t.Context(), store.Unit{Writes: []store.Write{w}}); err != nil {
			t.Fatal(err)
		}
	}
	var hot, all int64
	deadline := time.Now().Add(10 * time.Second)
	for all < 3 && time.Now().Before(deadline) {
		if err := conn.QueryRow(t.Context(), `SELECT n_tup_hot_upd, n_tup_upd FROM pg_stat_user_tables WHERE relname = 'r_Sapling'`).Scan(&hot, &all); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if hot != 3 || all != 3 {
		t.Errorf("%d of %d updates were HOT, want 3 of 3", hot, all)
	}
}
