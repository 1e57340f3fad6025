package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jamii-health/jamii/internal/store"
)

// Reindex replaces the index rows of resources whose version is still the one
// that was read.
func (s *database) Reindex(ctx context.Context, list []store.Reindexed) (replaced int, err error) {
	writes := make([]store.Write, len(list))
	for i, r := range list {
		writes[i] = store.Write{Type: r.Type, ID: r.ID, Expect: r.Version, Index: r.Index}
	}
	ready, err := s.prepare(ctx, writes)
	if err != nil {
		return 0, err
	}
	err = s.writer.do(ctx, func(tx *tx) error {
		replaced = 0 // a transaction may be run again
		for i := range ready {
			ok, err := s.reindex(tx, &ready[i])
			if err != nil {
				return err
			}
			if ok {
				replaced++
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("reindexing: %w", err)
	}
	return replaced, nil
}

func (s *database) reindex(tx *tx, w *prepared) (bool, error) {
	var rid int64
	err := tx.row("SELECT rid FROM resource WHERE ref = ? AND type = ? AND id = ? AND ver = ? AND deleted = 0", w.ref, w.typ, w.ID, w.Expect).Scan(&rid)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := s.systems.write(tx, w.systems); err != nil {
		return false, err
	}
	return true, replaceIndex(tx, w, rid)
}
