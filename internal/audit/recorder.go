package audit

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jamii-health/jamii/internal/store"
)

// Recorder gathers audit rows of reads and writes them in batches: at the
// latest after Every, when Full rows wait, and on Close. When the database is
// slower than the readers, Add waits: a read is never served without a place
// for its row.
type Recorder struct {
	trail   store.Trail
	rows    chan pending
	done    chan struct{}
	once    sync.Once
	durable bool
	fail    func(error)
}

type pending struct {
	row  store.Audit
	wait chan error // nil unless the caller waits for the commit
}

// The bounds of a batch.
const (
	Every = 100 * time.Millisecond
	Full  = 500
	queue = 8192
)

// NewRecorder starts a Recorder. With durable set, Add returns when the row is
// committed. fail hears of batches that could not be written even when tried
// again.
func NewRecorder(trail store.Trail, durable bool, fail func(error)) *Recorder {
	r := &Recorder{trail: trail, rows: make(chan pending, queue), done: make(chan struct{}), durable: durable, fail: fail}
	go r.run()
	return r
}

// Add hands over a row.
func (r *Recorder) Add(ctx context.Context, row store.Audit) error {
	p := pending{row: row}
	if r.durable {
		p.wait = make(chan error, 1)
	}
	select {
	case r.rows <- p:
	case <-ctx.Done():
		return fmt.Errorf("audit row: %w", ctx.Err())
	}
	if p.wait == nil {
		return nil
	}
	select {
	case err := <-p.wait:
		return err
	case <-ctx.Done():
		return fmt.Errorf("audit row: %w", ctx.Err())
	}
}

// Close writes what waits and stops. Add must not be called afterwards.
func (r *Recorder) Close() {
	r.once.Do(func() { close(r.rows) })
	<-r.done
}

func (r *Recorder) run() {
	defer close(r.done)
	tick := time.NewTicker(Every)
	defer tick.Stop()
	var batch []pending
	for {
		select {
		case p, open := <-r.rows:
			if !open {
				r.flush(batch)
				return
			}
			batch = append(batch, p)
			if len(batch) < Full && p.wait == nil {
				continue
			}
		case <-tick.C:
		}
		r.flush(batch)
		batch = batch[:0]
	}
}

// flush writes a batch, trying three times before it gives up.
func (r *Recorder) flush(batch []pending) {
	if len(batch) == 0 {
		return
	}
	rows := make([]store.Audit, len(batch))
	for i := range batch {
		rows[i] = batch[i].row
	}
	var err error
	for try := range 3 {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		err = r.trail.Record(ctx, rows)
		cancel()
		if err == nil {
			break
		}
		time.Sleep(time.Duration(try+1) * 50 * time.Millisecond)
	}
	if err != nil && r.fail != nil {
		r.fail(fmt.Errorf("audit: %d rows lost: %w", len(rows), err))
	}
	for _, p := range batch {
		if p.wait != nil {
			p.wait <- err
		}
	}
}
