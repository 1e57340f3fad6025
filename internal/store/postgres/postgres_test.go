package postgres

import (
	"context"
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/jamii-health/jamii/internal/store"
	"github.com/jamii-health/jamii/internal/store/pgtest"
	"github.com/jamii-health/jamii/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quiet drops the log of background work, which fails when a test takes the
// database away.
var quiet = slog.New(slog.DiscardHandler)

func open(t testing.TB, dsn string) store.Store {
	t.Helper()
	st, err := Open(t.Context(), dsn, Options{Log: quiet})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return st
}

// fresh opens a store on a database of its own.
func fresh(t testing.TB) store.Store {
	t.Helper()
	st := open(t, pgtest.DSN(t))
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return st
}

func TestSuite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		t.Parallel()
		return fresh(t)
	})
}

func TestReopen(t *testing.T) {
	storetest.RunReopen(t, func(t *testing.T) func() store.Store {
		dsn := pgtest.DSN(t)
		return func() store.Store { return open(t, dsn) }
	})
}

func TestSeals(t *testing.T) {
	statements := map[storetest.Tampering]string{
		storetest.AlterRow:    `UPDATE audit SET agent = 'another' WHERE seq = (SELECT min(seq) FROM audit)`,
		storetest.RemoveRow:   `DELETE FROM audit WHERE seq = (SELECT min(seq) FROM audit)`,
		storetest.RemoveBlock: `DELETE FROM seal WHERE block = (SELECT min(block) FROM seal)`,
	}
	storetest.RunSeals(t, func(t *testing.T) (store.Store, func(storetest.Tampering) error) {
		st := fresh(t)
		return st, func(how storetest.Tampering) error {
			_, err := st.(*database).write.Exec(t.Context(), statements[how])
			return err
		}
	})
}

// connect opens a connection past the store.
func connect(t testing.TB, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(context.Background()); err != nil {
			t.Errorf("disconnecting: %v", err)
		}
	})
	return conn
}
