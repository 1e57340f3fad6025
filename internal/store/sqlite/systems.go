package sqlite

import (
	"context"
	"fmt"
)

// systems remembers which rows of token_system are surely there, so that a
// write does not insert the same few again and again. Only the writer uses it.
type systems struct{ known map[tokenSystem]bool }

// maxKnownSystems bounds the memory when clients invent systems.
const maxKnownSystems = 10_000

func (s *systems) write(tx *tx, list []tokenSystem) error {
	for _, v := range list {
		if s.known[v] {
			continue
		}
		if err := tx.exec("INSERT INTO token_system (tp, system) VALUES (?, ?) ON CONFLICT DO NOTHING", v.tp, v.system); err != nil {
			return err
		}
		tx.after = append(tx.after, func() {
			if s.known == nil || len(s.known) >= maxKnownSystems {
				s.known = map[tokenSystem]bool{}
			}
			s.known[v] = true
		})
	}
	return nil
}

// systemsOf returns the systems seen for a parameter of a type.
func systemsOf(ctx context.Context, q querier, tp int64) ([]string, error) {
	rows, err := q.QueryContext(ctx, "SELECT system FROM token_system WHERE tp = ?", tp)
	if err != nil {
		return nil, fmt.Errorf("reading systems: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, fmt.Errorf("reading systems: %w", err)
		}
		out = append(out, s)
	}
	return out, rows.Err()
}
