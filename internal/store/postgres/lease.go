package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/jamii-health/jamii/internal/store"
)

// A rid is 42 bits of milliseconds since 1970 (until 2109), 10 bits of the
// node and 11 bits of a sequence.
const (
	nodeBits = 10
	seqBits  = 11
	nodes    = 1 << nodeBits
)

// leaseStep is how far the floor of a lease lies ahead of what was given out.
const leaseStep = 10 * time.Second

// lease gives out places. The node number is leased; the row of the lease
// keeps a floor above every rid given out, and no rid above it is given out
// before the floor was raised in the database. So a later owner of the number,
// which starts above the floor, never repeats a rid, whatever any clock does.
type lease struct {
	mu    sync.Mutex
	d     *database
	owner string
	node  int64
	floor int64 // milliseconds, as in the database
	next  int64 // milliseconds << seqBits | sequence
}

func (l *lease) number() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.node
}

// The first number that is free or whose lease ran out.
const takeNodeSQL = `
WITH free AS (
  SELECT n AS number FROM generate_series(0, $1 - 1) n
  WHERE NOT EXISTS (SELECT FROM node WHERE node.number = n AND node.expires > ` + nowSQL + `)
  ORDER BY n LIMIT 1)
INSERT INTO node (number, owner, expires, floor, pinged)
SELECT number, $2, ` + nowSQL + ` + $3, $4, 0 FROM free
ON CONFLICT (number) DO UPDATE SET owner = excluded.owner, expires = excluded.expires, floor = greatest(node.floor, excluded.floor)
WHERE node.expires <= ` + nowSQL + `
RETURNING number, floor`

// expiry is how long a lease lives without being renewed.
const expiry = 60 * time.Second

// take leases a number. The start lies above the floor that the row had.
func (l *lease) take(ctx context.Context, d *database) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.d, l.owner = d, uuid.NewString()
	for range nodes {
		// The floor is written first as it must have been before (0 or the
		// old one), then raised: the start is above it.
		err := d.write.QueryRow(ctx, takeNodeSQL, nodes, l.owner, expiry.Microseconds(), int64(0)).Scan(&l.node, &l.floor)
		if errors.Is(err, pgx.ErrNoRows) {
			continue // another server took that number first
		}
		if err != nil {
			return fmt.Errorf("leasing a node number: %w", err)
		}
		l.next = max(l.next, (l.floor+1)<<seqBits)
		return l.raise(ctx)
	}
	return errors.New("leasing a node number: all are taken")
}

const raiseFloorSQL = `UPDATE node SET floor = $3, expires = ` + nowSQL + ` + $4 WHERE number = $1 AND owner = $2`

// raise moves the floor ahead of both the clock and what was given out.
func (l *lease) raise(ctx context.Context) error {
	floor := max(time.Now().UnixMilli(), l.next>>seqBits, l.floor) + leaseStep.Milliseconds()
	tag, err := l.d.write.Exec(ctx, raiseFloorSQL, l.node, l.owner, floor, expiry.Microseconds())
	if err != nil {
		return fmt.Errorf("raising the floor of a lease: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return errLost
	}
	l.floor = floor
	return nil
}

var errLost = errors.New("the lease of the node number was taken by another server")

// renew is run in the background, so that NewPlace need not wait.
func (l *lease) renew(ctx context.Context, d *database) error {
	l.mu.Lock()
	err := l.raise(ctx)
	l.mu.Unlock()
	if errors.Is(err, errLost) {
		return l.take(ctx, d)
	}
	return err
}

const giveBackSQL = `UPDATE node SET floor = $3, expires = 0 WHERE number = $1 AND owner = $2`

// giveBack ends the lease with the floor at what was really given out.
func (l *lease) giveBack(ctx context.Context, d *database) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := d.write.Exec(ctx, giveBackSQL, l.node, l.owner, l.next>>seqBits); err != nil {
		return fmt.Errorf("giving the node number back: %w", err)
	}
	l.owner = ""
	return nil
}

// NewPlace never repeats a place. It waits for the database only when the
// clock leapt beyond the floor of the lease; then nothing could be committed
// without the database either.
func (d *database) NewPlace(part int16) store.Place {
	l := &d.lease
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next = max(l.next+1, time.Now().UnixMilli()<<seqBits)
	for l.next>>seqBits > l.floor {
		l.climb()
	}
	ms, seq := l.next>>seqBits, l.next&(1<<seqBits-1)
	return store.Place{Part: part, RID: ms<<(nodeBits+seqBits) | l.node<<seqBits | seq}
}

// climb raises the floor while NewPlace waits.
func (l *lease) climb() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := l.raise(ctx)
	if errors.Is(err, errLost) {
		l.mu.Unlock()
		err = l.take(ctx, l.d)
		l.mu.Lock()
	}
	if err != nil {
		l.d.opts.Log.Error("no new ids can be made until the database answers", "error", err)
		time.Sleep(100 * time.Millisecond)
	}
}
