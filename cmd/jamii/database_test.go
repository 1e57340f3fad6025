package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/internal/store"
	"github.com/jamii-health/jamii/internal/store/pgtest"
)

// newDatabase is a new SQLite database.
func newDatabase(t *testing.T) store.Store {
	t.Helper()
	db, made, err := databaseFlag{"sqlite:" + filepath.Join(t.TempDir(), "jamii.db")}.openOrMake(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil || !made {
		t.Fatalf("made %t: %v", made, err)
	}
	return db
}

// A path with a slip of the pen is no empty database: what only works on one
// that is there says so, and leaves no file behind.
func TestNoDatabaseThere(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"a.json": `{"resourceType":"Basic","code":{"text":"x"}}`, "empty.db": ""} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("folder.db", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, database := range []string{"sqlite:wrong.db", "sqlite:no/such/folder/x.db", "sqlite:empty.db", "sqlite:folder.db", "sqlite:a.json", pgtest.DSN(t)} {
		for _, args := range [][]string{
			{"verify"},
			{"load", "a.json"},
			{"client", "list"},
			{"client", "add", "x", "--scope", "system/*.rs", "--any-facility"},
			{"client", "remove", "x"},
			{"message", "list"},
			{"message", "rerun", "--state", "failed"},
		} {
			var out, errs bytes.Buffer
			code := run(t.Context(), append(args, "--database", database), streams{&out, &errs})
			if code != 1 || out.Len() > 0 || !strings.Contains(errs.String(), "database") {
				t.Errorf("%v on %s: exit code %d: %s%s", args, database, code, out.String(), errs.String())
			}
			if database == "sqlite:wrong.db" && !strings.Contains(errs.String(), "there is no database at sqlite:wrong.db: name another with --database, or make it with jamii migrate") {
				t.Errorf("%v: %s", args, errs.String())
			}
		}
	}
	for _, name := range []string{"wrong.db", "no"} {
		if _, err := os.Stat(name); !os.IsNotExist(err) {
			t.Errorf("%s was made", name)
		}
	}
}

// migrate and serve make a database, but of folders only that of the default.
func TestMakingADatabase(t *testing.T) {
	h := newHouse(t)
	for _, command := range []string{"migrate", "serve"} {
		if _, errs := h.want(1, command, "--database", "sqlite:no/x.db"); !strings.Contains(errs, "there is no folder no: make it first") {
			t.Errorf("%s: %s", command, errs)
		}
	}
	if out, _ := h.want(0, "migrate"); out != "A new database was made: sqlite:data/jamii.db.\n" {
		t.Error(out)
	}
	if out, _ := h.want(0, "migrate"); out != "The database is up to date.\n" {
		t.Error(out)
	}
	dsn := pgtest.DSN(t)
	if out, _ := h.want(0, "migrate", "--database", dsn); !strings.Contains(out, "A new database was made: postgres://") {
		t.Error(out)
	}
	h.want(0, "verify", "--database", dsn)
}

// Nobody else on the machine reads the files of the database.
func TestDatabaseFilesArePrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // its files have other rights
	}
	h := newHouse(t)
	s := h.serve("--demo")
	files, err := filepath.Glob(filepath.Join(h.dir, "data", "jamii.db*"))
	if err != nil || len(files) != 3 {
		t.Errorf("files of a running server: %v %v", files, err)
	}
	for _, name := range files {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", filepath.Base(name), info.Mode(), err)
		}
	}
	if !strings.Contains(s.log.String(), "a new database was made") {
		t.Errorf("the log does not tell of the new database: %s", s.log)
	}
	s.stop()
	if err := os.Chmod(filepath.Join(h.dir, "data/jamii.db"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, errs := h.want(0, "client", "list"); !strings.Contains(errs, "other users of this machine can read the database") {
		t.Error(errs)
	}
}

func TestDatabaseIsNamedWithoutPassword(t *testing.T) {
	for database, want := range map[string]string{
		"sqlite:a b.db":                          "sqlite:a b.db",
		"postgres://jamii:pw@db/x":               "postgres://jamii:xxxxx@db/x",
		"postgres://db/x?user=jamii&password=pw": "postgres://db/x",
		"postgres://jamii:p w@db/x":              "postgres:",
	} {
		if got := (databaseFlag{database}).safe(); got != want {
			t.Errorf("%s: got %s, want %s", database, got, want)
		}
	}
}
