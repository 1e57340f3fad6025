package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jamii-health/jamii/internal/store"
)

// A rid is 42 bits of milliseconds, 10 of node and 11 of sequence.
const (
	sequenceBits = 11
	nodeBits     = 10
	maxSequence  = 1<<sequenceBits - 1
	maxNodes     = 1 << nodeBits

	// lease is how far ahead of the clock the right to make places reaches.
	// It is also how far the places of a crashed process may seem to be ahead.
	lease = 10_000 // milliseconds
)

// places makes places under a leased node number. Before a place is given out
// the database holds a floor above it, and a new holder of the node begins
// above that floor: so no place is given twice, whatever the clock does and
// however the process ended.
type places struct {
	writer *writer
	now    func() time.Time
	owner  string

	mu       sync.Mutex
	node     int64
	ms       int64 // of the last place
	sequence int64
	floor    int64 // ms must stay below
	renewing bool
}

func newPlaces(ctx context.Context, w *writer, now func() time.Time) (*places, error) {
	p := &places{writer: w, now: now, owner: rand.Text()}
	if err := p.renew(ctx); err != nil {
		return nil, fmt.Errorf("leasing a node number: %w", err)
	}
	return p, nil
}

// NewPlace makes a place.
func (s *database) NewPlace(part int16) store.Place {
	return store.Place{Part: part, RID: s.places.next()}
}

func (p *places) next() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance()
	if p.ms >= p.floor {
		// Waits for one commit, once in a while after an idle time. When the
		// database does not answer the place is made all the same: it cannot
		// be written then either, and the primary key refuses a double.
		p.mu.Unlock()
		_ = p.renew(background)
		p.mu.Lock()
		p.advance()
	} else if p.floor-p.ms < lease/2 && !p.renewing {
		p.renewing = true
		go func() {
			_ = p.renew(background) // tried again by the next place
			p.mu.Lock()
			p.renewing = false
			p.mu.Unlock()
		}()
	}
	return p.ms<<(nodeBits+sequenceBits) | p.node<<sequenceBits | p.sequence
}

// advance moves to the next place, of this millisecond or of a later one.
func (p *places) advance() {
	now := p.now().UnixMilli()
	switch {
	case now > p.ms:
		p.ms, p.sequence = now, 0
	case p.sequence < maxSequence:
		p.sequence++
	default:
		p.ms, p.sequence = p.ms+1, 0
	}
}

// renew raises the floor of our node, or leases another one when it was taken.
func (p *places) renew(ctx context.Context) error {
	var node, from, floor int64
	err := p.writer.do(ctx, func(tx *tx) error {
		p.mu.Lock()
		ms := max(p.ms, p.now().UnixMilli())
		p.mu.Unlock()
		from, floor = ms, ms+lease
		err := tx.row("SELECT id FROM node WHERE owner = ?", p.owner).Scan(&node)
		if err == nil {
			return tx.exec("UPDATE node SET floor = MAX(floor, ?) WHERE id = ?", floor, node)
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if node, from, err = freeNode(tx, p.now().UnixMilli()); err != nil {
			return err
		}
		from = max(from, ms)
		floor = from + lease
		return tx.exec("INSERT INTO node (id, owner, floor) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, floor = excluded.floor", node, p.owner, floor)
	})
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if node != p.node || p.floor == 0 {
		p.node = node
		p.ms, p.sequence = max(p.ms, from), maxSequence // the next place begins a new millisecond
	}
	p.floor = max(p.floor, floor)
	return nil
}

// freeNode finds a node number that nobody holds: one whose floor has passed,
// a new one, or, when all are held, the one that ends first.
func freeNode(tx *tx, now int64) (node, floor int64, err error) {
	err = tx.row("SELECT id, floor FROM node WHERE owner = '' OR floor < ? ORDER BY id LIMIT 1", now).Scan(&node, &floor)
	if !errors.Is(err, sql.ErrNoRows) {
		return node, floor, err
	}
	if err := tx.row("SELECT COUNT(*) FROM node").Scan(&node); err != nil || node < maxNodes {
		return node, 0, err
	}
	err = tx.row("SELECT id, floor FROM node ORDER BY floor LIMIT 1").Scan(&node, &floor)
	return node, floor, err
}

// release gives the node back with the last millisecond used as its floor.
func (p *places) release() error {
	p.mu.Lock()
	ms := p.ms
	p.floor = 0
	p.mu.Unlock()
	err := p.writer.do(background, func(tx *tx) error {
		return tx.exec("UPDATE node SET owner = '', floor = ? WHERE owner = ?", ms, p.owner)
	})
	if err != nil {
		return fmt.Errorf("giving the node number back: %w", err)
	}
	return nil
}
