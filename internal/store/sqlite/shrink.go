package sqlite

import (
	"context"
	"fmt"
)

// Shrink gives back the page caches, which after a large write hold up to
// 64 MB: the writer's by a pragma, the readers' by closing the connections that
// wait. It is for a server that has become quiet; the next reads fill the
// caches again.
func (s *database) Shrink(ctx context.Context) error {
	err := s.writer.do(ctx, func(tx *tx) error { return tx.exec("PRAGMA shrink_memory") })
	if err != nil {
		return fmt.Errorf("giving memory back: %w", err)
	}
	s.reads.SetMaxIdleConns(-1)
	s.reads.SetMaxIdleConns(s.readers)
	return nil
}
