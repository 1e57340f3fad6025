package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/jamii-health/jamii/internal/store"
	"github.com/jamii-health/jamii/internal/store/postgres"
	"github.com/jamii-health/jamii/internal/store/sqlite"
)

// defaultDatabase is where the data is when nothing says otherwise. Its folder
// is the only one that is made.
const defaultDatabase = "sqlite:data/jamii.db"

// databaseFlag is shared by the commands that use the database.
type databaseFlag struct {
	Database string `help:"Where the data is: sqlite:PATH or postgres://user@host/name." default:"sqlite:data/jamii.db" placeholder:"URL"`
}

// open opens a database that is there, and updates its tables. One that is not
// there is refused: a misspelt path must not look like an empty database.
func (d databaseFlag) open(ctx context.Context, log *slog.Logger) (store.Store, error) {
	there, err := d.exists(ctx)
	if err != nil {
		return nil, err
	}
	if !there {
		return nil, fmt.Errorf("there is no database at %s: name another with --database, or make it with jamii migrate", d.safe())
	}
	return d.connect(ctx, log)
}

// openOrMake opens the database, and makes it when there is none. made tells.
func (d databaseFlag) openOrMake(ctx context.Context, log *slog.Logger) (db store.Store, made bool, err error) {
	there, err := d.exists(ctx)
	if err != nil {
		return nil, false, err
	}
	if path, isFile := d.path(); isFile && !there {
		if err := d.makeFile(path); err != nil {
			return nil, false, err
		}
	}
	db, err = d.connect(ctx, log)
	return db, !there, err
}

func (d databaseFlag) connect(ctx context.Context, log *slog.Logger) (store.Store, error) {
	if path, isFile := d.path(); isFile {
		if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o007 != 0 && runtime.GOOS != "windows" {
			log.Warn("other users of this machine can read the database", "do", "chmod o= "+path+"*")
		}
		return sqlite.Open(ctx, path, sqlite.Options{})
	}
	return postgres.Open(ctx, d.Database, postgres.Options{Log: log})
}

// path is the file of an SQLite database.
func (d databaseFlag) path() (path string, isFile bool) {
	return strings.CutPrefix(d.Database, "sqlite:")
}

// safe names the database without a password.
func (d databaseFlag) safe() string {
	if _, isFile := d.path(); isFile {
		return d.Database
	}
	u, err := url.Parse(d.Database)
	if err != nil {
		return "postgres:"
	}
	u.RawQuery = ""
	return u.Redacted()
}

// exists reports whether there is a database with our tables.
func (d databaseFlag) exists(ctx context.Context) (bool, error) {
	path, isFile := d.path()
	switch {
	case isFile && path != "":
		return isDatabase(path)
	case strings.HasPrefix(d.Database, "postgres://"), strings.HasPrefix(d.Database, "postgresql://"):
		return hasTables(ctx, d.Database)
	}
	return false, errors.New("--database must be sqlite:PATH or postgres://user@host/name")
}

// isDatabase looks at the first bytes of a file. SQLite takes an empty file for
// a new database.
//
// https://www.sqlite.org/fileformat2.html#magic_header_string
func isDatabase(path string) (is bool, err error) {
	const magic = "SQLite format 3\x00"
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("--database: %w", err)
	}
	defer f.Close()
	head := make([]byte, len(magic))
	n, err := io.ReadFull(f, head)
	switch {
	case errors.Is(err, io.EOF):
		return false, nil
	case err != nil || string(head[:n]) != magic:
		return false, fmt.Errorf("--database: %s is no SQLite database", path)
	}
	return true, nil
}

// hasTables asks PostgreSQL for one of our tables.
func hasTables(ctx context.Context, dsn string) (has bool, err error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return false, fmt.Errorf("connecting to PostgreSQL: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if err := conn.QueryRow(ctx, "SELECT to_regclass('resource_type') IS NOT NULL").Scan(&has); err != nil {
		return false, fmt.Errorf("looking for the tables: %w", err)
	}
	return has, nil
}

// makeFile makes an empty file that only its owner reads: SQLite gives the
// files beside it (-wal, -shm) the same rights.
func (d databaseFlag) makeFile(path string) error {
	dir := filepath.Dir(path)
	if d.Database == defaultDatabase {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("folder of the database: %w", err)
		}
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("--database: there is no folder %s: make it first, or name another", dir)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("--database: %w", err)
	}
	return f.Close()
}

type migrateCommand struct{ databaseFlag }

// Run opens the database, which brings it up to date.
func (m migrateCommand) Run(ctx context.Context, s streams) error {
	db, made, err := m.openOrMake(ctx, newLog(s.err, slog.LevelWarn))
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	if made {
		_, err = fmt.Fprintf(s.out, "A new database was made: %s.\n", m.safe())
		return err
	}
	_, err = fmt.Fprintln(s.out, "The database is up to date.")
	return err
}
