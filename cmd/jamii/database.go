package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/jamii-health/jamii/internal/store"
	"github.com/jamii-health/jamii/internal/store/postgres"
	"github.com/jamii-health/jamii/internal/store/sqlite"
)

// databaseFlag is shared by the commands that use the database.
type databaseFlag struct {
	Database string `help:"Where the data is: sqlite:PATH or postgres://user@host/name." default:"sqlite:data/jamii.db" placeholder:"URL"`
}

// open opens the database, and makes or updates its tables.
func (d databaseFlag) open(ctx context.Context, log *slog.Logger) (store.Store, error) {
	path, isFile := strings.CutPrefix(d.Database, "sqlite:")
	switch {
	case isFile && path != "":
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("folder of the database: %w", err)
		}
		return sqlite.Open(ctx, path, sqlite.Options{})
	case strings.HasPrefix(d.Database, "postgres://"), strings.HasPrefix(d.Database, "postgresql://"):
		return postgres.Open(ctx, d.Database, postgres.Options{Log: log})
	}
	return nil, errors.New("--database must be sqlite:PATH or postgres://user@host/name")
}

type migrateCommand struct{ databaseFlag }

// Run opens the database, which brings it up to date.
func (m migrateCommand) Run(ctx context.Context, s streams) error {
	db, err := m.open(ctx, newLog(s.err, slog.LevelWarn))
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, "The database is up to date.")
	return err
}
