package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
)

// names gives small numbers to the names of types and of parameters. Numbers
// are never changed or taken back, so what is known stays true, whatever
// another process adds.
type names struct {
	reads  *sql.DB
	writer *writer

	mu    sync.RWMutex
	known map[string]int64
}

// paramName is the name of a type's parameter.
func paramName(typ, param string) string { return typ + "." + param }

const nameSQL = "SELECT id FROM name WHERE name = ?"

// id returns the number of a name; ok is false when it has none yet.
func (n *names) id(ctx context.Context, q querier, name string) (id int64, ok bool, err error) {
	n.mu.RLock()
	id, ok = n.known[name]
	n.mu.RUnlock()
	if ok {
		return id, true, nil
	}
	err = q.QueryRowContext(ctx, nameSQL, name).Scan(&id)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, false, nil
	case err != nil:
		return 0, false, fmt.Errorf("reading names: %w", err)
	}
	n.mu.Lock()
	n.known[name] = id
	n.mu.Unlock()
	return id, true, nil
}

// intern returns the numbers of names and makes those that are missing, in a
// transaction of its own: the Unit that needs them may be dropped.
func (n *names) intern(ctx context.Context, list map[string]int64) error {
	var missing []string
	n.mu.RLock()
	for name := range list {
		if id, ok := n.known[name]; ok {
			list[name] = id
		} else {
			missing = append(missing, name)
		}
	}
	n.mu.RUnlock()
	if len(missing) == 0 {
		return nil
	}
	made := make(map[string]int64, len(missing))
	err := n.writer.do(ctx, func(tx *tx) error {
		for _, name := range missing {
			if err := tx.exec("INSERT INTO name (name) VALUES (?) ON CONFLICT DO NOTHING", name); err != nil {
				return err
			}
			var id int64
			if err := tx.row(nameSQL, name).Scan(&id); err != nil {
				return err
			}
			made[name] = id
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("naming: %w", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for name, id := range made {
		list[name], n.known[name] = id, id
	}
	return nil
}

// all returns the numbers of all types that were ever written.
func (n *names) types(ctx context.Context, q querier) (map[int64]string, error) {
	rows, err := q.QueryContext(ctx, "SELECT id, name FROM name WHERE name NOT LIKE '%.%'")
	if err != nil {
		return nil, fmt.Errorf("reading names: %w", err)
	}
	defer rows.Close()
	out := map[int64]string{}
	for rows.Next() {
		var id int64
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return nil, fmt.Errorf("reading names: %w", err)
		}
		out[id] = name
	}
	return out, rows.Err()
}
