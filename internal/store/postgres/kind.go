package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"github.com/jamii-health/jamii/fhir"
)

// kind is a resource type that has tables, with the statements on them.
type kind struct {
	name    string
	row     string // quoted name of the table of current rows
	version string // quoted name of the table of versions
	gin     string // name of the index on keys, as regclass takes it

	read, readPlace, readMany, readVersion string
	lock, absent, bodies                   string
	insert, update, insertVersion          string
	reindexLock, reindex                   string

	layout *layout
	filled atomic.Bool // the rows stand by this layout
	sample atomic.Pointer[sample]
}

// template makes the tables of a type; %[1]s is its name.
//
// There is no index on updated in the current row, so that an update that
// changes no key is HOT; the order of updates is in the version table.
// part is in every primary key (it can become the distribution column) and
// rid leads, because rids grow and inserts then stay at the right edge.
const template = `
CREATE TABLE "r_%[1]s" (
  rid     int8 NOT NULL,
  ref     int8 NOT NULL,             -- store.Hasher.Target of "Type/id"
  updated int8 NOT NULL,             -- microseconds
  aux     int8 NOT NULL,             -- hash of the rows in word and span
  ver     int4 NOT NULL,
  part    int2 NOT NULL,
  deleted bool NOT NULL,
  fid     text COLLATE "C",          -- the id, when a client chose it
  keys    int8[] NOT NULL,           -- sorted, distinct
  hot_who int8, hot_by int8, hot_state int8, hot_day int8, hot_end int8, -- see hot.go
  cold    bool NOT NULL DEFAULT true,
  PRIMARY KEY (rid, part)
) WITH (fillfactor = 85, autovacuum_vacuum_insert_scale_factor = 0.02);
CREATE INDEX "r_%[1]s_ref" ON "r_%[1]s" (ref);
CREATE INDEX "r_%[1]s_keys" ON "r_%[1]s" USING gin (keys) WITH (fastupdate = on, gin_pending_list_limit = 256);
CREATE INDEX "r_%[1]s_who" ON "r_%[1]s" (hot_who, rid, part) WHERE hot_who IS NOT NULL;
CREATE INDEX "r_%[1]s_by" ON "r_%[1]s" (hot_by, rid, part) WHERE hot_by IS NOT NULL;
CREATE INDEX "r_%[1]s_state" ON "r_%[1]s" (hot_state, hot_day, hot_end) WHERE hot_state IS NOT NULL;
CREATE INDEX "r_%[1]s_cold" ON "r_%[1]s" (rid, part) WHERE cold;
CREATE TABLE "r_%[1]s_version" (
  rid     int8 NOT NULL,
  updated int8 NOT NULL,
  xid     xid8 NOT NULL DEFAULT pg_current_xact_id(),
  ver     int4 NOT NULL,
  part    int2 NOT NULL,
  method  int2 NOT NULL,
  dict    int2 NOT NULL,             -- dictionary of the body, 0 none
  deleted bool NOT NULL,
  managed bool NOT NULL,
  body    bytea NOT NULL,            -- zstd
  PRIMARY KEY (rid, part, ver)
) WITH (toast_tuple_target = 4096, autovacuum_vacuum_insert_scale_factor = 0.02);
ALTER TABLE "r_%[1]s_version" ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX "r_%[1]s_updated" ON "r_%[1]s_version" (updated, rid, part);
`

func newKind(name string) *kind {
	k := &kind{name: name, row: `"r_` + name + `"`, version: `"r_` + name + `_version"`, gin: `"r_` + name + `_keys"`}
	fill := k.sql
	k.read, k.readPlace, k.readMany, k.readVersion = fill(readSQL), fill(readPlaceSQL), fill(readManySQL), fill(readVersionSQL)
	k.lock, k.absent, k.bodies = fill(lockRowsSQL), fill(absentSQL), fill(bodiesSQL)
	k.insert, k.update, k.insertVersion = fill(insertRowsSQL), fill(updateRowsSQL), fill(insertVersionsSQL)
	k.reindexLock, k.reindex = fill(reindexLockSQL), fill(reindexRowsSQL)
	return k
}

// sql puts the names of the tables into a statement.
func (k *kind) sql(text string) string {
	return strings.NewReplacer("{row}", k.row, "{version}", k.version, "{columns}", columns).Replace(text)
}

// kinds are the types known to have tables.
type kinds struct {
	mu      sync.RWMutex
	byID    map[string]*kind
	layouts layouts
}

// all returns the known types by name.
func (ks *kinds) all() []*kind {
	ks.mu.RLock()
	defer ks.mu.RUnlock()
	return slices.SortedFunc(maps.Values(ks.byID), func(a, b *kind) int { return strings.Compare(a.name, b.name) })
}

func (ks *kinds) known(name string) *kind {
	ks.mu.RLock()
	defer ks.mu.RUnlock()
	return ks.byID[name]
}

// add makes a type known, with the layout that its rows stand by; "" when that
// is not known.
func (ks *kinds) add(name, layout string) *kind {
	ks.mu.Lock()
	defer ks.mu.Unlock()
	if k := ks.byID[name]; k != nil {
		return k
	}
	k := newKind(name)
	k.layout = ks.layouts.of(name)
	k.filled.Store(layout == k.layout.text)
	ks.byID[name] = k
	return k
}

// typeName tells whether a text can be the name of a resource type; nothing
// else ever stands in a statement.
func typeName(s string) bool {
	if len(s) < 2 || len(s) > 40 || s[0] < 'A' || s[0] > 'Z' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

const hasKindSQL = `SELECT hot FROM resource_type WHERE name = $1`

// kind returns the type, or nil when nothing of it was ever written.
func (d *database) kind(ctx context.Context, name string) (*kind, error) {
	if k := d.kinds.known(name); k != nil || !typeName(name) {
		return k, nil
	}
	var layout string
	err := d.read.QueryRow(ctx, hasKindSQL, name).Scan(&layout)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for the tables of a type: %w", err)
	}
	return d.kinds.add(name, layout), nil
}

const allKindsSQL = `SELECT name, hot FROM resource_type ORDER BY name`

// allKinds returns every type that was ever written, by name.
func (d *database) allKinds(ctx context.Context) ([]*kind, error) {
	rows, err := d.read.Query(ctx, allKindsSQL)
	if err != nil {
		return nil, fmt.Errorf("listing types: %w", err)
	}
	var out []*kind
	var name, layout string
	_, err = pgx.ForEachRow(rows, []any{&name, &layout}, func() error {
		out = append(out, d.kinds.add(name, layout))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing types: %w", err)
	}
	return out, nil
}

const (
	ddlLockSQL    = `SELECT pg_advisory_xact_lock($1)`
	insertKindSQL = `INSERT INTO resource_type (name, hot) VALUES ($1, $2)`
)

// ddlLock serialises the making of tables among all processes.
const ddlLock = 7301

// ensure returns the type and makes its tables when it has none, outside any
// Unit's transaction.
func (d *database) ensure(ctx context.Context, name string) (*kind, error) {
	if k := d.kinds.known(name); k != nil {
		return k, nil
	}
	if !typeName(name) {
		return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueInvalid, Text: "This is not the name of a resource type."}
	}
	layout := d.kinds.layouts.of(name).text
	err := pgx.BeginFunc(ctx, d.write, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, ddlLockSQL, ddlLock); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, hasKindSQL, name).Scan(&layout)
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		_, err = tx.Exec(ctx, fmt.Sprintf(template, name), pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, insertKindSQL, name, layout)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("making the tables of a type: %w", err)
	}
	return d.kinds.add(name, layout), nil
}
