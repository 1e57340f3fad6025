package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/jamii-health/jamii/internal/store"
)

const uniqueSQL = `SELECT target, content FROM submission WHERE space = $1 AND digest = $2`

// Unique looks a uniqueness key up.
func (d *database) Unique(ctx context.Context, space string, digest [32]byte) (store.Unique, bool, error) {
	u := store.Unique{Space: space, Digest: digest}
	var content []byte
	err := d.read.QueryRow(ctx, uniqueSQL, space, digest[:]).Scan(&u.Target, &content)
	if errors.Is(err, pgx.ErrNoRows) {
		return store.Unique{}, false, nil
	}
	if err != nil {
		return store.Unique{}, false, failed("looking up a uniqueness key", err)
	}
	copy(u.Content[:], content)
	return u, true, nil
}

const (
	asyncSQL = `SET LOCAL synchronous_commit = off`
	nextSQL  = `
INSERT INTO counter (name, value) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET value = counter.value + excluded.value
RETURNING value - $2 + 1`
)

// Next does not wait for the disk: whatever is stored with one of its numbers
// is written to the log after it, and so never without it.
func (d *database) Next(ctx context.Context, counter string, n int64) (int64, error) {
	if n < 1 {
		return 0, fmt.Errorf("%d numbers of a counter asked for", n)
	}
	var first int64
	b := &pgx.Batch{}
	b.Queue("BEGIN")
	b.Queue(asyncSQL)
	b.Queue(nextSQL, counter, n).QueryRow(func(row pgx.Row) error { return row.Scan(&first) })
	b.Queue("COMMIT")
	if err := d.write.SendBatch(ctx, b).Close(); err != nil {
		return 0, failed("counting", err)
	}
	return first, nil
}

const (
	makeSecretSQL = `INSERT INTO secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`
	secretSQL     = `SELECT value FROM secret WHERE name = $1`
)

// Secret reads the key, and makes it when there is none.
func (d *database) Secret(ctx context.Context, name string) (value []byte, err error) {
	err = d.write.QueryRow(ctx, secretSQL, name).Scan(&value)
	if err == nil {
		return value, nil
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return nil, failed("reading a secret", err)
	}
	fresh := make([]byte, 32)
	rand.Read(fresh) // never fails
	if _, err := d.write.Exec(ctx, makeSecretSQL, name, fresh); err != nil {
		return nil, failed("making a secret", err)
	}
	if err := d.write.QueryRow(ctx, secretSQL, name).Scan(&value); err != nil {
		return nil, failed("reading a secret", err)
	}
	return value, nil
}
