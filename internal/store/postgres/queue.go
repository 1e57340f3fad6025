package postgres

import (
	"context"
	"errors"
	"sync"

	"github.com/jamii-health/jamii/internal/store"
)

// queue holds the Units that wait for a transaction. A committer takes as many
// as may go together; Units that share a guard, a resource, a uniqueness key
// or a condition's lock never go together, nor at the same time in two
// transactions of this process, and go in the order they came.
type queue struct {
	mu      sync.Mutex
	wake    sync.Cond
	waiting []*job
	busy    map[string]struct{} // touched by what is being committed
	closed  bool
}

// maxBatch bounds the writes of one transaction of many Units, so that the
// horizon stays close and no Unit waits long for strangers.
const maxBatch = 256

var errClosed = errors.New("the store is closed")

func newQueue() *queue {
	q := &queue{busy: map[string]struct{}{}}
	q.wake.L = &q.mu
	return q
}

func (q *queue) put(j *job) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return errClosed
	}
	q.waiting = append(q.waiting, j)
	q.wake.Signal()
	return nil
}

// withdraw takes a job back; false when it is already being committed.
func (q *queue) withdraw(j *job) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, w := range q.waiting {
		if w == j {
			q.waiting = append(q.waiting[:i], q.waiting[i+1:]...)
			return true
		}
	}
	return false
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.wake.Broadcast()
}

// take waits for Units that may go; nil when the queue is closed and empty.
func (q *queue) take() []*job {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		if batch := q.pick(); len(batch) > 0 {
			if len(q.waiting) > 0 {
				q.wake.Signal()
			}
			return batch
		}
		if q.closed && len(q.waiting) == 0 {
			return nil
		}
		q.wake.Wait()
	}
}

// pick takes jobs in order. What a job that must wait touches is held for it,
// so that no later one overtakes it.
func (q *queue) pick() (batch []*job) {
	var held map[string]struct{}
	writes := 0
	rest := q.waiting[:0]
	for i, j := range q.waiting {
		if writes >= maxBatch || len(batch) > 0 && writes+len(j.entries) > maxBatch {
			rest = append(rest, q.waiting[i:]...)
			break
		}
		if overlaps(j.touches, q.busy) || overlaps(j.touches, held) {
			if held == nil {
				held = map[string]struct{}{}
			}
			for _, t := range j.touches {
				held[t] = struct{}{}
			}
			rest = append(rest, j)
			continue
		}
		for _, t := range j.touches {
			q.busy[t] = struct{}{}
		}
		batch = append(batch, j)
		writes += 1 + len(j.entries)
	}
	clear(q.waiting[len(rest):])
	q.waiting = rest
	return batch
}

func overlaps(touches []string, set map[string]struct{}) bool {
	for _, t := range touches {
		if _, ok := set[t]; ok {
			return true
		}
	}
	return false
}

// finish lets those go that waited for these.
func (q *queue) finish(batch []*job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, j := range batch {
		for _, t := range j.touches {
			delete(q.busy, t)
		}
	}
	if len(q.waiting) > 0 || q.closed {
		q.wake.Broadcast()
	}
}

// Commit queues the Unit and waits for its transaction. A context that ends
// while the Unit waits takes it back; once it is being committed the outcome
// is waited for.
func (d *database) Commit(ctx context.Context, u store.Unit) ([]store.Written, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	j, err := d.ready(ctx, &u)
	if err != nil {
		return nil, err
	}
	if err := d.queue.put(j); err != nil {
		return nil, err
	}
	select {
	case r := <-j.done:
		return r.written, r.err
	case <-ctx.Done():
		if d.queue.withdraw(j) {
			return nil, ctx.Err()
		}
		r := <-j.done
		return r.written, r.err
	}
}

// commitLoop is one committer.
func (d *database) commitLoop() {
	for {
		batch := d.queue.take()
		if batch == nil {
			return
		}
		d.commit(batch)
		d.queue.finish(batch)
		for _, j := range batch {
			j.answer()
		}
	}
}
