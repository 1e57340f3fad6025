package postgres

import (
	"context"
	"fmt"
	"sync"
)

// pending holds the types whose GIN got entries since the list was last
// emptied.
type pending struct {
	mu    sync.Mutex
	kinds map[*kind]struct{}
}

func (d *database) dirty(k *kind) {
	d.pending.mu.Lock()
	defer d.pending.mu.Unlock()
	if d.pending.kinds == nil {
		d.pending.kinds = map[*kind]struct{}{}
	}
	d.pending.kinds[k] = struct{}{}
}

const cleanSQL = `SELECT gin_clean_pending_list($1::text::regclass)`

// cleanPending empties the pending lists, so that no create pays for it and
// searches find short ones.
func (d *database) cleanPending(ctx context.Context, _ *database) error {
	d.pending.mu.Lock()
	kinds := d.pending.kinds
	d.pending.kinds = nil
	d.pending.mu.Unlock()
	for k := range kinds {
		if _, err := d.write.Exec(ctx, cleanSQL, k.gin); err != nil {
			return fmt.Errorf("emptying a pending list: %w", err)
		}
	}
	return nil
}
