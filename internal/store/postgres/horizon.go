package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Commit order is not time order: a transaction that stamped its rows at
// 12:00:01 may commit after one that stamped its rows at 12:00:02. Whoever
// asks "what changed since", and the sealer of the audit trail, must never be
// shown the second while the first may still appear.
//
// That a row's xid is below pg_snapshot_xmin does not help, because xids and
// stamps are not in the same order either (and xids do not survive a dump).
// So the stamps themselves are bounded. Every transaction that stamps does
//
//	W1  reads the clock, L, and takes a shared advisory lock that carries L
//	W2  in a later statement stamps: u = greatest(clock, L, horizon.at)
//	W3  writes and commits
//
// and every reader in commit order does
//
//	R1  raises horizon.at to N = greatest(at + 1, clock), in a transaction of
//	    its own that is visible (not necessarily durable) when R2 begins
//	R2  looks at the locks: M is the smallest L that is held
//	R3  with a new snapshot reads the rows with stamps below B = min(M, N)
//
// Claim: a row not visible at R3 has u >= B; so nothing below B ever appears
// later, and what R3 showed is final. Proof: PostgreSQL makes a transaction
// visible before it releases its locks. A transaction W not visible at R3 has
// therefore not released its lock at R2, which was earlier. Either it held the
// lock at R2: then M <= L <= u. Or it took the lock after R2: then the
// snapshot of W2 is later than R1, so it reads at >= N, and u >= N.
//
// The proof uses no property of any clock. When the database's clock steps
// back, stamps stay at horizon.at until it has caught up, and R1 counts up by
// a microsecond, so that rows still appear. A writer that dawdles holds back
// what readers are shown, never what they will be shown in the end; a dead one
// is ended by idle_in_transaction_session_timeout.
//
// A lock's key is the mark in the 10 bits above the 54 of the microseconds, as
// one int8; all other advisory locks of this package are smaller or of the
// two-key kind.
const (
	nowSQL = `(extract(epoch FROM clock_timestamp()) * 1000000)::int8`

	// W1. OFFSET 0 keeps the clock from being read twice.
	markSQL = `
SELECT set_config('jamii.stamp', c.at::text, true), pg_advisory_xact_lock_shared(c.at | (157::int8 << 54))
FROM (SELECT ` + nowSQL + ` AS at OFFSET 0) c`

	// W2; what is written takes the stamp by stampedSQL.
	stampSQL = `
SELECT set_config('jamii.stamp', greatest(` + nowSQL + `, current_setting('jamii.stamp')::int8,
  (SELECT at FROM horizon))::text, true)::int8`

	stampedSQL = `(SELECT current_setting('jamii.stamp')::int8)`

	// R1.
	raiseSQL = `UPDATE horizon SET at = greatest(at + 1, ` + nowSQL + `) RETURNING at`

	// R2. A lock with one int8 key shows as two halves and objsubid 1.
	oldestSQL = `
SELECT least($1::int8, min((classid::int8 << 32 | objid::int8) & ((1::int8 << 54) - 1)))
FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 1 AND classid::int8 >> 22 = 157
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
)

// horizon returns B: rows stamped below it are all visible to any statement
// that begins now, and no other will appear.
func (d *database) horizon(ctx context.Context) (int64, error) {
	b := &pgx.Batch{}
	var at, bound int64
	b.Queue("BEGIN")
	b.Queue("SET LOCAL synchronous_commit = off")
	b.Queue(raiseSQL).QueryRow(func(row pgx.Row) error { return row.Scan(&at) })
	b.Queue("COMMIT")
	if err := d.read.SendBatch(ctx, b).Close(); err != nil {
		return 0, fmt.Errorf("raising the commit horizon: %w", err)
	}
	if err := d.read.QueryRow(ctx, oldestSQL, at).Scan(&bound); err != nil {
		return 0, fmt.Errorf("looking for the commit horizon: %w", err)
	}
	return bound, nil
}
