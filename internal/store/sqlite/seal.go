package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jamii-health/jamii/internal/store"
)

// maxBlock bounds the rows of a block, and so how long sealing holds the
// writer.
const maxBlock = 5000

// block is a sealed stretch of the trail: the rows after the last of the block
// before, to its own last.
type block struct {
	n, last int64
	hash    [32]byte
}

// Seal closes blocks until no row is left outside. Each block is one turn of
// the writer, so it cannot meet another sealer.
func (s *database) Seal(ctx context.Context, now time.Time) (sealed int, err error) {
	for {
		var n int
		err := s.writer.do(ctx, func(tx *tx) (err error) {
			n, err = sealBlock(tx, now)
			return err
		})
		if err != nil {
			return sealed, fmt.Errorf("sealing: %w", err)
		}
		if sealed += n; n < maxBlock {
			return sealed, nil
		}
	}
}

func sealBlock(tx *tx, now time.Time) (int, error) {
	before, err := lastBlock(tx)
	if err != nil {
		return 0, err
	}
	rows, err := scanAudits(tx.query("SELECT "+auditColumns+" FROM audit WHERE seq > ? ORDER BY seq LIMIT ?", before.last, int64(maxBlock)))
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	hash := store.SealHash(before.hash, rows)
	return len(rows), tx.exec("INSERT INTO seal (n, last, at, hash) VALUES (?, ?, ?, ?)", before.n+1, rows[len(rows)-1].Seq, now.UnixMicro(), hash[:])
}

// lastBlock returns the newest block, or the zero block before the first.
func lastBlock(tx *tx) (block, error) {
	list, err := scanBlocks(tx.query("SELECT n, last, hash FROM seal ORDER BY n DESC LIMIT 1"))
	if err != nil || len(list) == 0 {
		return block{}, err
	}
	return list[0], nil
}

// VerifySeals recomputes every block.
func (s *database) VerifySeals(ctx context.Context) (checked int64, err error) {
	var before block
	for {
		list, err := scanBlocks(s.reads.QueryContext(ctx, "SELECT n, last, hash FROM seal WHERE n > ? ORDER BY n LIMIT 100", before.n))
		if err != nil || len(list) == 0 {
			return checked, err
		}
		for _, b := range list {
			n, err := s.verifyBlock(ctx, before, b)
			if err != nil {
				return checked, err
			}
			checked, before = checked+n, b
		}
	}
}

func (s *database) verifyBlock(ctx context.Context, before, b block) (int64, error) {
	if b.n != before.n+1 {
		return 0, fmt.Errorf("audit trail: block %d is missing", before.n+1)
	}
	rows, err := scanAudits(s.reads.QueryContext(ctx, "SELECT "+auditColumns+" FROM audit WHERE seq > ? AND seq <= ? ORDER BY seq", before.last, b.last))
	if err != nil {
		return 0, err
	}
	if hash := store.SealHash(before.hash, rows); !bytes.Equal(hash[:], b.hash[:]) {
		return 0, fmt.Errorf("audit trail: block %d (rows %d to %d) does not match its seal", b.n, before.last+1, b.last)
	}
	return int64(len(rows)), nil
}

func scanBlocks(rows *sql.Rows, err error) ([]block, error) {
	if err != nil {
		return nil, fmt.Errorf("reading seals: %w", err)
	}
	defer rows.Close()
	var out []block
	for rows.Next() {
		var b block
		var hash []byte
		if err := rows.Scan(&b.n, &b.last, &hash); err != nil {
			return nil, fmt.Errorf("reading seals: %w", err)
		}
		copy(b.hash[:], hash)
		out = append(out, b)
	}
	return out, rows.Err()
}
