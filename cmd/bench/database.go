package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "modernc.org/sqlite" // the bare reference and the size of the file

	"github.com/jamii-health/jamii/internal/store"
	"github.com/jamii-health/jamii/internal/store/pgtest"
	"github.com/jamii-health/jamii/internal/store/postgres"
	"github.com/jamii-health/jamii/internal/store/sqlite"
)

// database is a fresh one, with what the measurements need beside the store.
type database struct {
	name  string
	store store.Store
	// size is how many bytes it takes on disk, all indexes included.
	size func(ctx context.Context) (int64, error)
	// bare makes a function that inserts one row of 4 kB durably, the least
	// that any server on this database must do, and one that cleans up.
	bare func(ctx context.Context) (insert func(ctx context.Context, row []byte) error, done func() error, err error)
	drop func(ctx context.Context) error
}

func (d database) close(ctx context.Context) error { return errors.Join(d.store.Close(), d.drop(ctx)) }

// openers are the databases by the value of --database.
var openers = map[string]func(ctx context.Context, dir string) (database, error){
	"postgres": openPostgres,
	"sqlite":   openSQLite,
}

// openPostgres starts a PostgreSQL of our own, with fsync on.
func openPostgres(ctx context.Context, _ string) (database, error) {
	dsn, drop, err := pgtest.Database(ctx)
	if err != nil {
		return database{}, err
	}
	s, err := postgres.Open(ctx, dsn, postgres.Options{})
	if err != nil {
		return database{}, errors.Join(err, drop(ctx))
	}
	return database{
		name: "PostgreSQL", store: s, drop: drop,
		size: func(ctx context.Context) (n int64, err error) {
			conn, err := pgx.Connect(ctx, dsn)
			if err != nil {
				return 0, fmt.Errorf("size of the database: %w", err)
			}
			err = conn.QueryRow(ctx, "SELECT pg_database_size(current_database())").Scan(&n)
			return n, errors.Join(err, conn.Close(ctx))
		},
		bare: func(ctx context.Context) (func(context.Context, []byte) error, func() error, error) {
			return barePostgres(ctx, dsn)
		},
	}, nil
}

func barePostgres(ctx context.Context, dsn string) (func(context.Context, []byte) error, func() error, error) {
	pool, err := pgxpool.New(ctx, dsn+"&pool_max_conns=64")
	if err != nil {
		return nil, nil, fmt.Errorf("connecting: %w", err)
	}
	const table = "CREATE TABLE bare (id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body bytea NOT NULL); ALTER TABLE bare ALTER body SET STORAGE EXTERNAL"
	if _, err := pool.Exec(ctx, table); err != nil {
		pool.Close()
		return nil, nil, fmt.Errorf("making the bare table: %w", err)
	}
	insert := func(ctx context.Context, row []byte) error {
		_, err := pool.Exec(ctx, "INSERT INTO bare (body) VALUES ($1)", row)
		return err
	}
	done := func() error {
		_, err := pool.Exec(context.WithoutCancel(ctx), "DROP TABLE bare")
		pool.Close()
		return err
	}
	return insert, done, nil
}

// openSQLite makes a file in a folder of its own.
func openSQLite(ctx context.Context, dir string) (database, error) {
	folder, err := os.MkdirTemp(dir, "jamii-bench-")
	if err != nil {
		return database{}, fmt.Errorf("making a folder: %w", err)
	}
	path := filepath.Join(folder, "jamii.db")
	s, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return database{}, errors.Join(err, os.RemoveAll(folder))
	}
	return database{
		name: "SQLite", store: s,
		drop: func(context.Context) error { return os.RemoveAll(folder) },
		size: func(ctx context.Context) (n int64, err error) {
			db, err := sql.Open("sqlite", "file:"+path)
			if err != nil {
				return 0, fmt.Errorf("size of the database: %w", err)
			}
			err = db.QueryRowContext(ctx, "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()").Scan(&n)
			return n, errors.Join(err, db.Close())
		},
		bare: func(ctx context.Context) (func(context.Context, []byte) error, func() error, error) {
			return bareSQLite(ctx, filepath.Join(folder, "bare.db"))
		},
	}, nil
}

func bareSQLite(ctx context.Context, path string) (func(context.Context, []byte) error, func() error, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return nil, nil, fmt.Errorf("opening the bare database: %w", err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "CREATE TABLE bare (id INTEGER PRIMARY KEY, body BLOB NOT NULL)"); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("making the bare table: %w", err), db.Close())
	}
	var one sync.Mutex
	insert := func(ctx context.Context, row []byte) error {
		one.Lock()
		defer one.Unlock()
		_, err := db.ExecContext(ctx, "INSERT INTO bare (body) VALUES (?)", row)
		return err
	}
	return insert, db.Close, nil
}
