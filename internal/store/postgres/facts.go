package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/jamii-health/jamii/internal/store"
)

// factSQL holds the statements on one fact table.
type factSQL struct {
	columns string // "a, b, c"
	order   string // the key
	upsert  string
	remove  string
}

// types of the columns of fact tables, and what stands for absent.
var types = map[store.ColumnType]struct{ sql, absent string }{
	store.Text:  {`text COLLATE "C"`, `''`},
	store.Int:   {`int8`, `0`},
	store.Bytes: {`bytea`, `''`},
}

// arrays are the types that carry one column of many rows.
var arrays = map[store.ColumnType]string{store.Text: "text[]", store.Int: "int8[]", store.Bytes: "bytea[]"}

func factTable(t *store.Table) string { return `"f_` + t.Name + `"` }

func factStatements() map[*store.Table]*factSQL {
	out := make(map[*store.Table]*factSQL, len(store.Tables))
	for _, t := range store.Tables {
		names, params, sets, keys := make([]string, 0, 16), make([]string, 0, 16), make([]string, 0, 16), make([]string, 0, 2)
		for i, c := range t.Columns {
			name := `"` + c.Name + `"`
			names = append(names, name)
			params = append(params, fmt.Sprintf("$%d::%s", i+1, arrays[c.Type]))
			if i < t.Key {
				keys = append(keys, name)
			} else {
				sets = append(sets, name+" = excluded."+name)
			}
		}
		s := &factSQL{columns: strings.Join(names, ", "), order: strings.Join(keys, ", ")}
		s.upsert = fmt.Sprintf("INSERT INTO %s (%s) SELECT * FROM unnest(%s) ON CONFLICT (%s) DO UPDATE SET %s",
			factTable(t), s.columns, strings.Join(params, ", "), s.order, strings.Join(sets, ", "))
		s.remove = fmt.Sprintf("DELETE FROM %s WHERE (%s) IN (SELECT * FROM unnest(%s))",
			factTable(t), s.order, strings.Join(params[:t.Key], ", "))
		out[t] = s
	}
	return out
}

const factColumnsSQL = `
SELECT table_name || '.' || column_name FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name LIKE 'f\_%'`

// ensureFacts makes the fact tables, and the columns and indexes that tables
// of an older program lack. Nothing is ever taken away.
func ensureFacts(ctx context.Context, conn *pgx.Conn) error {
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, ddlLockSQL, ddlLock); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, factColumnsSQL)
		if err != nil {
			return err
		}
		names, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		have := make(map[string]bool, len(names))
		for _, n := range names {
			have[n] = true
		}
		var ddl []string
		for _, t := range store.Tables {
			ddl = append(ddl, factDDL(t, have)...)
		}
		_, err = tx.Exec(ctx, strings.Join(ddl, ";\n"), pgx.QueryExecModeSimpleProtocol)
		return err
	})
	if err != nil {
		return fmt.Errorf("making the fact tables: %w", err)
	}
	return nil
}

// factDDL lists what a table lacks.
func factDDL(t *store.Table, have map[string]bool) (ddl []string) {
	table := factTable(t)
	if !have["f_"+t.Name+"."+t.Columns[0].Name] {
		cols := make([]string, len(t.Columns))
		for i, c := range t.Columns {
			cols[i] = column(c)
		}
		ddl = append(ddl, fmt.Sprintf("CREATE TABLE %s (%s, PRIMARY KEY (%s))", table, strings.Join(cols, ", "), names(t.Columns[:t.Key])))
	} else {
		for _, c := range t.Columns {
			if !have["f_"+t.Name+"."+c.Name] {
				ddl = append(ddl, fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s", table, column(c)))
			}
		}
	}
	for _, ix := range t.Indexes {
		ddl = append(ddl, fmt.Sprintf(`CREATE INDEX IF NOT EXISTS "f_%s_%s" ON %s ("%s")`, t.Name, strings.Join(ix, "_"), table, strings.Join(ix, `", "`)))
	}
	return ddl
}

func column(c store.Column) string {
	return fmt.Sprintf(`"%s" %s NOT NULL DEFAULT %s`, c.Name, types[c.Type].sql, types[c.Type].absent)
}

func names(cols []store.Column) string {
	out := make([]string, len(cols))
	for i, c := range cols {
		out[i] = `"` + c.Name + `"`
	}
	return strings.Join(out, ", ")
}

const guardVersionsSQL = `SELECT key, version FROM guard WHERE key = ANY($1::text[])`

// Facts sends everything in one round trip, in one read-only transaction with
// one snapshot.
func (d *database) Facts(ctx context.Context, guards []string, lookups ...store.Lookup) ([]int64, [][]store.Row, error) {
	versions := make(map[string]int64, len(guards))
	found := make([][]store.Row, len(lookups))
	b := &pgx.Batch{}
	b.Queue("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
	b.Queue(guardVersionsSQL, guards).Query(func(rows pgx.Rows) error {
		var key string
		var version int64
		_, err := pgx.ForEachRow(rows, []any{&key, &version}, func() error { versions[key] = version; return nil })
		return err
	})
	for i, l := range lookups {
		sql, args, err := d.lookup(l)
		if err != nil {
			return nil, nil, err
		}
		b.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
			found[i], err = factRows(l.Table, rows)
			return err
		})
	}
	b.Queue("COMMIT")
	if err := d.read.SendBatch(ctx, b).Close(); err != nil {
		return nil, nil, failed("reading facts", err)
	}
	out := make([]int64, len(guards))
	for i, g := range guards {
		out[i] = versions[g]
	}
	return out, found, nil
}

var errUnknownFact = errors.New("a look-up names a table or a text column that is not known")

// lookup writes the statement of a Lookup.
func (d *database) lookup(l store.Lookup) (string, []any, error) {
	s := d.facts[l.Table]
	if s == nil || l.Column != "" && !textColumn(l.Table, l.Column) || l.Between != "" && !textColumn(l.Table, l.Between) {
		return "", nil, errUnknownFact
	}
	var where []string
	var args []any
	cond := func(format, column string, v any) {
		args = append(args, v)
		where = append(where, fmt.Sprintf(format, `"`+column+`"`, len(args)))
	}
	if l.Column != "" {
		values := l.Values
		if values == nil {
			values = []string{}
		}
		cond("%s = ANY($%d::text[])", l.Column, values)
	}
	if l.Between != "" && l.From != "" {
		cond("%s >= $%d::text", l.Between, l.From)
	}
	if l.Between != "" && l.To != "" {
		cond("%s <= $%d::text", l.Between, l.To)
	}
	sql := "SELECT " + s.columns + " FROM " + factTable(l.Table)
	if len(where) > 0 {
		sql += " WHERE " + strings.Join(where, " AND ")
	}
	sql += " ORDER BY " + s.order
	if l.Limit > 0 {
		args = append(args, l.Limit)
		sql += fmt.Sprintf(" LIMIT $%d", len(args))
	}
	return sql, args, nil
}

func textColumn(t *store.Table, name string) bool {
	for _, c := range t.Columns {
		if c.Name == name {
			return c.Type == store.Text
		}
	}
	return false
}

func factRows(t *store.Table, rows pgx.Rows) ([]store.Row, error) {
	defer rows.Close()
	out := []store.Row{}
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return nil, err
		}
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				values[i] = bytes.Clone(b)
			}
		}
		out = append(out, store.Row{Table: t, Values: values})
	}
	return out, rows.Err()
}

// queueFacts writes the fact rows of all jobs, one statement per table and
// kind of change. Of several changes to one key the last counts.
func (d *database) queueFacts(b *pgx.Batch, jobs []*job) {
	for _, t := range store.Tables {
		last := map[string]int{}
		var changes []store.Change
		for _, j := range jobs {
			for _, c := range j.unit.Facts {
				if c.Row.Table != t {
					continue
				}
				key := fmt.Sprintf("%q", c.Row.Values[:t.Key])
				if i, ok := last[key]; ok {
					changes[i] = c
					continue
				}
				last[key] = len(changes)
				changes = append(changes, c)
			}
		}
		if len(changes) == 0 {
			continue
		}
		var kept, gone []store.Row
		for _, c := range changes {
			if c.Delete {
				gone = append(gone, c.Row)
			} else {
				kept = append(kept, c.Row)
			}
		}
		if len(gone) > 0 {
			b.Queue(d.facts[t].remove, factArrays(t.Columns[:t.Key], gone)...)
		}
		if len(kept) > 0 {
			b.Queue(d.facts[t].upsert, factArrays(t.Columns, kept)...)
		}
	}
}

// factArrays turns rows into one array per column.
func factArrays(cols []store.Column, rows []store.Row) []any {
	out := make([]any, len(cols))
	for i, c := range cols {
		switch c.Type {
		case store.Int:
			out[i] = factArray[int64](rows, i)
		case store.Bytes:
			out[i] = factArray[[]byte](rows, i)
		default:
			out[i] = factArray[string](rows, i)
		}
	}
	return out
}

func factArray[T any](rows []store.Row, i int) []T {
	out := make([]T, len(rows))
	for n, r := range rows {
		out[n] = r.Values[i].(T)
	}
	return out
}
