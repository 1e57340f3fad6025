package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jamii-health/jamii/internal/store"
)

// applyFact writes one row of a fact table, or deletes it.
func applyFact(tx *tx, c *store.Change) error {
	t := c.Row.Table
	if c.Delete {
		var where []string
		for _, k := range t.Columns[:t.Key] {
			where = append(where, quote(k.Name)+" = ?")
		}
		return tx.exec("DELETE FROM "+quote(t.Name)+" WHERE "+strings.Join(where, " AND "), c.Row.Values[:t.Key]...)
	}
	marks := "?" + strings.Repeat(", ?", len(t.Columns)-1)
	return tx.exec("INSERT OR REPLACE INTO "+quote(t.Name)+" ("+columnList(t.Columns)+") VALUES ("+marks+")", c.Row.Values...)
}

// Facts looks up in one transaction, so all answers are of one moment.
func (s *database) Facts(ctx context.Context, guards []string, lookups ...store.Lookup) ([]int64, [][]store.Row, error) {
	versions, answers := make([]int64, len(guards)), make([][]store.Row, len(lookups))
	err := s.snapshot(ctx, func(q querier) error {
		if err := readGuards(ctx, q, guards, versions); err != nil {
			return err
		}
		for i, l := range lookups {
			rows, err := lookup(ctx, q, l)
			if err != nil {
				return fmt.Errorf("reading %s: %w", l.Table.Name, err)
			}
			answers[i] = rows
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return versions, answers, nil
}

func readGuards(ctx context.Context, q querier, keys []string, versions []int64) error {
	if len(keys) == 0 {
		return nil
	}
	rows, err := q.QueryContext(ctx, "SELECT key, version FROM guard WHERE key IN (SELECT value FROM json_each(?))", jsonList(keys))
	if err != nil {
		return fmt.Errorf("reading guards: %w", err)
	}
	defer rows.Close()
	found := map[string]int64{}
	for rows.Next() {
		var key string
		var version int64
		if err := rows.Scan(&key, &version); err != nil {
			return fmt.Errorf("reading guards: %w", err)
		}
		found[key] = version
	}
	for i, key := range keys {
		versions[i] = found[key]
	}
	return rows.Err()
}

// jsonList writes values as one argument of json_each.
func jsonList[T any](list []T) string {
	text, err := json.Marshal(list)
	if err != nil {
		panic("sqlite: " + err.Error()) // texts and numbers always marshal
	}
	return string(text)
}

func lookup(ctx context.Context, q querier, l store.Lookup) ([]store.Row, error) {
	t := l.Table
	where, args := []string{"1"}, []any{}
	if l.Column != "" {
		where = append(where, quote(l.Column)+" IN (SELECT value FROM json_each(?))")
		args = append(args, jsonList(l.Values))
	}
	if l.Between != "" && l.From != "" {
		where, args = append(where, quote(l.Between)+" >= ?"), append(args, l.From)
	}
	if l.Between != "" && l.To != "" {
		where, args = append(where, quote(l.Between)+" <= ?"), append(args, l.To)
	}
	limit := int64(-1)
	if l.Limit > 0 {
		limit = int64(l.Limit)
	}
	rows, err := q.QueryContext(ctx, "SELECT "+columnList(t.Columns)+" FROM "+quote(t.Name)+
		" WHERE "+strings.Join(where, " AND ")+" ORDER BY "+columnList(t.Columns[:t.Key])+" LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []store.Row
	for rows.Next() {
		row, targets := factTargets(t)
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		for i, target := range targets {
			switch v := target.(type) {
			case *string:
				row.Values[i] = *v
			case *int64:
				row.Values[i] = *v
			case *[]byte:
				row.Values[i] = append([]byte{}, *v...)
			}
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// factTargets returns an empty row and variables of its columns' types.
func factTargets(t *store.Table) (store.Row, []any) {
	targets := make([]any, len(t.Columns))
	for i, c := range t.Columns {
		switch c.Type {
		case store.Int:
			targets[i] = new(int64)
		case store.Bytes:
			targets[i] = new([]byte)
		default:
			targets[i] = new(string)
		}
	}
	return store.Row{Table: t, Values: make([]any, len(t.Columns))}, targets
}
