package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/jamii-health/jamii/internal/store"
)

// once commits a piece exactly once, also when the program is killed in
// between: the state file says what is tried before the commit, and the audit
// rows, which are in the commit, tell on the next start whether it happened.
func (l *loader) once(ctx context.Context, p piece, progress *fileProgress) error {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%v", l.state.ID, p.file, p.at))
	id := "load-" + hex.EncodeToString(sum[:16])
	if progress.Trying == id {
		happened, err := l.happened(ctx, id)
		if err != nil {
			return err
		}
		if happened {
			return l.noted(p, progress)
		}
	}
	progress.Trying = id
	if err := l.state.save(); err != nil {
		return err
	}
	call := l.call
	call.RequestID = id
	if _, err := l.registry.Transaction(ctx, call, p.entries); err != nil {
		return err
	}
	return l.noted(p, progress)
}

func (l *loader) noted(p piece, progress *fileProgress) error {
	l.loaded += len(p.entries)
	progress.past(p.next)
	return l.state.save()
}

// trailDepth is how many of the newest audit rows are looked through for a
// commit of which nobody knows whether it happened.
const trailDepth = 20_000

// happened reports whether a commit with this request id is in the database.
func (l *loader) happened(ctx context.Context, id string) (bool, error) {
	filter := store.AuditFilter{Agent: loadPrincipal.Name, Limit: 1000}
	for range trailDepth / filter.Limit {
		rows, err := l.registry.Store().Audits(ctx, filter)
		if err != nil {
			return false, fmt.Errorf("looking for the last commit: %w", err)
		}
		for _, row := range rows {
			if row.Request == id && row.Outcome == "0" {
				return true, nil
			}
		}
		if len(rows) < filter.Limit {
			break
		}
		filter.BeforeSeq = rows[len(rows)-1].Seq
	}
	return false, nil
}
