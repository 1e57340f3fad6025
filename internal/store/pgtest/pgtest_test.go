package pgtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFreshDatabases(t *testing.T) {
	one, two := DSN(t), DSN(t)
	if one == two {
		t.Fatalf("both tests got %s", one)
	}
	run(t, one, "CREATE TABLE only_here (n int)")
	run(t, two, "CREATE TABLE only_here (n int)") // fails when it is the same database
}

func TestDurable(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, name := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		var got string
		if err := conn.QueryRow(t.Context(), "SELECT current_setting($1)", name).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != "on" {
			t.Errorf("%s is %s, want on", name, got)
		}
	}
}

// TestLog: what the server said is at hand when it fails.
func TestLog(t *testing.T) {
	srv, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.exec(t.Context(), "SELECT no_such_function()"); err == nil {
		t.Fatal("a bad statement succeeded")
	}
	if got := tail(filepath.Join(srv.dir, "log"), 2000); !strings.Contains(got, "no_such_function") {
		t.Errorf("the log does not tell of the bad statement:\n%s", got)
	}
	if got := tail(filepath.Join(srv.dir, "none"), 10); !strings.Contains(got, "no such file") {
		t.Errorf("a log that is not there reads %q", got)
	}
}

func TestFindNeedsBoth(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	saved := places
	places = []string{filepath.Join(dir, "none*")}
	defer func() { places = saved }()
	touch(t, filepath.Join(dir, "initdb"), 0o755)
	if got, ok := find(); ok {
		t.Errorf("found %s without postgres", got)
	}
	touch(t, filepath.Join(dir, "postgres"), 0o644)
	if got, ok := find(); ok {
		t.Errorf("found %s although postgres cannot be run", got)
	}
	if err := os.Chmod(filepath.Join(dir, "postgres"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got, ok := find(); !ok || got != dir {
		t.Errorf("find() = %q, %v; want %q", got, ok, dir)
	}
}

func touch(t *testing.T, name string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(name, nil, mode); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, dsn, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}
