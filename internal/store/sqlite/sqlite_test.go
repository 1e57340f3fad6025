package sqlite

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/jamii-health/jamii/internal/store"
	"github.com/jamii-health/jamii/internal/store/storetest"
)

// openAt opens a store that the test closes.
func openAt(t testing.TB, path string, o Options) *database {
	t.Helper()
	st, err := Open(context.Background(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	return st.(*database)
}

// open opens a store over an empty database.
func open(t testing.TB, o Options) *database {
	t.Helper()
	s := openAt(t, filepath.Join(t.TempDir(), "odd name?#%.db"), o)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, Options{}) })
}

// TestStoreWalking runs the suite with no candidates ever few, as in a large
// database.
func TestStoreWalking(t *testing.T) {
	if testing.Short() {
		t.Log("short: the suite runs once, in TestStore")
		return
	}
	storetest.Run(t, func(t *testing.T) store.Store {
		s := open(t, Options{})
		s.few = 0
		return s
	})
}

func TestReopen(t *testing.T) {
	storetest.RunReopen(t, func(t *testing.T) func() store.Store {
		path := filepath.Join(t.TempDir(), "test.db")
		return func() store.Store { return openAt(t, path, Options{}) }
	})
}

func TestSeals(t *testing.T) {
	statements := map[storetest.Tampering]string{
		storetest.AlterRow:    "UPDATE audit SET agent = 'x' WHERE seq = (SELECT MIN(seq) FROM audit)",
		storetest.RemoveRow:   "DELETE FROM audit WHERE seq = (SELECT MIN(seq) FROM audit)",
		storetest.RemoveBlock: "DELETE FROM seal WHERE n = (SELECT MIN(n) FROM seal)",
	}
	storetest.RunSeals(t, func(t *testing.T) (store.Store, func(storetest.Tampering) error) {
		s := open(t, Options{})
		return s, func(what storetest.Tampering) error {
			return s.writer.do(t.Context(), func(tx *tx) error { return tx.exec(statements[what]) })
		}
	})
}
