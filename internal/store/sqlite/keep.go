package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

var errCount = errors.New("reserve at least one number")

// Next reserves n numbers of a counter.
func (s *database) Next(ctx context.Context, counter string, n int64) (first int64, err error) {
	if n < 1 {
		return 0, errCount
	}
	err = s.writer.do(ctx, func(tx *tx) error {
		var last int64
		err := tx.row("INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value RETURNING value", counter, n).Scan(&last)
		first = last - n + 1
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("counting: %w", err)
	}
	return first, nil
}

const secretSQL = "SELECT value FROM secret WHERE name = ?"

// Secret returns a random key of this database.
func (s *database) Secret(ctx context.Context, name string) (value []byte, err error) {
	err = s.reads.QueryRowContext(ctx, secretSQL, name).Scan(&value)
	if err == nil {
		return value, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("reading secret: %w", err)
	}
	made := make([]byte, 32)
	rand.Read(made) // never fails
	err = s.writer.do(ctx, func(tx *tx) error {
		if err := tx.exec("INSERT INTO secret (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING", name, made); err != nil {
			return err
		}
		return tx.row(secretSQL, name).Scan(&value)
	})
	if err != nil {
		return nil, fmt.Errorf("making secret: %w", err)
	}
	return value, nil
}

// Ping writes one small row durably.
func (s *database) Ping(ctx context.Context) (time.Duration, error) {
	start := time.Now()
	err := s.writer.do(ctx, func(tx *tx) error {
		return tx.exec("INSERT OR REPLACE INTO ping (id, at) VALUES (1, ?)", start.UnixMicro())
	})
	if err != nil {
		return 0, fmt.Errorf("writing: %w", err)
	}
	return time.Since(start), nil
}

// snapshot runs reads on one moment of the database.
func (s *database) snapshot(ctx context.Context, read func(querier) error) error {
	tx, err := s.reads.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	err = read(tx)
	// There is nothing to commit, and after a context has ended the driver has
	// rolled back itself.
	if end := tx.Rollback(); err == nil && end != nil && !errors.Is(end, sql.ErrTxDone) {
		err = fmt.Errorf("reading: %w", end)
	}
	return err
}
