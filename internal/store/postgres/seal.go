package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jamii-health/jamii/internal/store"
)

// sealLock serialises sealers.
const sealLock = 7302

// maxBlock bounds the rows of a block, but for rows of one transaction, which
// share a stamp.
const maxBlock = 10_000

const (
	sealLockSQL  = `SELECT pg_advisory_xact_lock($1)`
	lastBlockSQL = `SELECT block, upto, hash FROM seal ORDER BY block DESC LIMIT 1`

	// The end of the next block: the horizon, or sooner when many rows wait.
	blockEndSQL = `
SELECT coalesce((SELECT stamp FROM audit WHERE stamp >= $1 AND stamp < $2 AND stamp > (
  SELECT min(stamp) FROM audit WHERE stamp >= $1) ORDER BY stamp OFFSET $3 LIMIT 1), $2::int8)`

	blockRowsSQL   = `SELECT ` + auditColumns + ` FROM audit WHERE stamp >= $1 AND stamp < $2 ORDER BY seq`
	insertBlockSQL = `INSERT INTO seal (block, upto, rows, hash) VALUES ($1, $2, $3, $4)`
	blocksSQL      = `SELECT block, upto, rows, hash FROM seal WHERE block > $1 ORDER BY block LIMIT 100`
)

var errSeal = errors.New("the audit trail was changed")

// block is a row of the table seal.
type block struct {
	number, upto, rows int64
	hash               []byte
}

// sum is the hash as SealHash takes it.
func (b block) sum() (out [32]byte) {
	copy(out[:], b.hash)
	return out
}

// Seal closes blocks over the rows below the commit horizon. The moment the
// caller passes decides nothing: stamps are the database's.
func (d *database) Seal(ctx context.Context, _ time.Time) (int, error) {
	bound, err := d.horizon(ctx)
	if err != nil {
		return 0, err
	}
	total := 0
	for {
		n, more, err := d.sealBlock(ctx, bound)
		total += n
		if err != nil {
			return total, failed("sealing the audit trail", err)
		}
		if !more {
			return total, nil
		}
	}
}

// sealBlock seals one block; more is true when it was cut short.
func (d *database) sealBlock(ctx context.Context, bound int64) (n int, more bool, err error) {
	err = pgx.BeginFunc(ctx, d.write, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sealLockSQL, sealLock); err != nil {
			return err
		}
		var last block
		err := tx.QueryRow(ctx, lastBlockSQL).Scan(&last.number, &last.upto, &last.hash)
		if errors.Is(err, pgx.ErrNoRows) {
			last.upto = math.MinInt64
		} else if err != nil {
			return err
		}
		if bound <= last.upto {
			return nil // another sealer was further
		}
		var end int64
		if err := tx.QueryRow(ctx, blockEndSQL, last.upto, bound, maxBlock).Scan(&end); err != nil {
			return err
		}
		rows, err := blockRows(ctx, tx, last.upto, end)
		if err != nil || len(rows) == 0 {
			return err
		}
		n, more = len(rows), end < bound
		hash := store.SealHash(last.sum(), rows)
		_, err = tx.Exec(ctx, insertBlockSQL, last.number+1, end, int64(len(rows)), hash[:])
		return err
	})
	if err != nil {
		return 0, false, err
	}
	return n, more, nil
}

type queryer interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func blockRows(ctx context.Context, q queryer, from, to int64) ([]store.Audit, error) {
	rows, err := q.Query(ctx, blockRowsSQL, from, to)
	if err != nil {
		return nil, err
	}
	return scanAudit(rows)
}

// VerifySeals reads the trail block by block.
func (d *database) VerifySeals(ctx context.Context) (int64, error) {
	last := block{upto: math.MinInt64}
	checked := int64(0)
	for {
		rows, err := d.write.Query(ctx, blocksSQL, last.number)
		if err != nil {
			return checked, failed("reading the seals", err)
		}
		blocks, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (b block, err error) {
			return b, row.Scan(&b.number, &b.upto, &b.rows, &b.hash)
		})
		if err != nil {
			return checked, failed("reading the seals", err)
		}
		if len(blocks) == 0 {
			return checked, nil
		}
		for _, b := range blocks {
			if b.number != last.number+1 {
				return checked, fmt.Errorf("%w: block %d is missing", errSeal, last.number+1)
			}
			list, err := blockRows(ctx, d.write, last.upto, b.upto)
			if err != nil {
				return checked, failed("reading a block of the trail", err)
			}
			hash := store.SealHash(last.sum(), list)
			if int64(len(list)) != b.rows || !bytes.Equal(hash[:], b.hash) {
				return checked, fmt.Errorf("%w: block %d does not match its %d rows", errSeal, b.number, b.rows)
			}
			checked += b.rows
			last = b
		}
	}
}
