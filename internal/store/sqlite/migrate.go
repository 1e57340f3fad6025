package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/jamii-health/jamii/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema up to date. Each migration is one transaction;
// when another process is quicker, ours fails, and the second try finds its
// work done.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	for try := 0; ; try++ {
		err = migrateOnce(ctx, db, files)
		if err == nil || try == 5 || ctx.Err() != nil {
			return err
		}
		time.Sleep(time.Duration(50<<try) * time.Millisecond)
	}
}

func migrateOnce(ctx context.Context, db *sql.DB, files fs.FS) error {
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	return migrateFacts(ctx, db)
}

// migrateFacts makes the fact tables and adds the columns they lack, as
// store.Tables describes them. Tables only grow, so a process of the version
// before runs on.
func migrateFacts(ctx context.Context, db *sql.DB) error {
	indexes, err := stringsOf(ctx, db, "SELECT name FROM sqlite_schema WHERE type = 'index'")
	if err != nil {
		return err
	}
	var missing []string
	for _, t := range store.Tables {
		columns, err := stringsOf(ctx, db, "SELECT name FROM pragma_table_info(?)", t.Name)
		if err != nil {
			return err
		}
		missing = append(missing, factDDL(t, columns, indexes)...)
	}
	if len(missing) == 0 {
		return nil
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("migrating facts: %w", err)
	}
	defer tx.Rollback() // an error after Commit only says that it is done
	for _, ddl := range missing {
		if _, err := tx.ExecContext(ctx, ddl); err != nil {
			return fmt.Errorf("migrating facts: %w", err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("migrating facts: %w", err)
	}
	return nil
}

// stringsOf returns the set of what a query finds.
func stringsOf(ctx context.Context, db *sql.DB, query string, args ...any) (map[string]bool, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("reading schema: %w", err)
	}
	defer rows.Close()
	have := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("reading schema: %w", err)
		}
		have[name] = true
	}
	return have, rows.Err()
}

var columnTypes = map[store.ColumnType]string{
	store.Text:  "TEXT NOT NULL DEFAULT ''",
	store.Int:   "INTEGER NOT NULL DEFAULT 0",
	store.Bytes: "BLOB NOT NULL DEFAULT x''",
}

// factDDL returns the statements that a table's schema lacks, given the
// columns it has and the names of all indexes.
func factDDL(t *store.Table, have, indexes map[string]bool) (ddl []string) {
	var columns []string
	for _, c := range t.Columns {
		columns = append(columns, quote(c.Name)+" "+columnTypes[c.Type])
		if len(have) > 0 && !have[c.Name] {
			ddl = append(ddl, fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s", quote(t.Name), quote(c.Name), columnTypes[c.Type]))
		}
	}
	if len(have) == 0 {
		ddl = append(ddl, fmt.Sprintf("CREATE TABLE %s (%s, PRIMARY KEY (%s)) WITHOUT ROWID",
			quote(t.Name), strings.Join(columns, ", "), columnList(t.Columns[:t.Key])))
	}
	for _, index := range t.Indexes {
		name := t.Name + "_by_" + strings.Join(index, "_")
		if indexes[name] {
			continue
		}
		quoted := make([]string, len(index))
		for i, c := range index {
			quoted[i] = quote(c)
		}
		ddl = append(ddl, fmt.Sprintf("CREATE INDEX %s ON %s (%s)", quote(name), quote(t.Name), strings.Join(quoted, ", ")))
	}
	return ddl
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func columnList(columns []store.Column) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = quote(c.Name)
	}
	return strings.Join(list, ", ")
}
