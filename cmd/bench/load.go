package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// load says how hard to drive.
type load struct {
	workers int           // each has one connection
	warm    time.Duration // not counted
	measure time.Duration
	// rate is how many begin in a second, evenly spread; 0 is as many as can.
	// The time of each counts from when it should have begun, so that a stall
	// shows in all who had to wait.
	rate float64
}

// measured is what came of it.
type measured struct {
	rate      float64         // finished in time, in a second
	latencies []time.Duration // sorted; also of those that finished after the time
	failed    int64
	firstErr  error
}

// maxFailed is the number of failures after which driving stops.
const maxFailed = 100

// drive calls work from all workers until the time is up. worker counts from
// 0, n is different in each call.
func drive(ctx context.Context, l load, work func(worker int, n int64) error) (measured, error) {
	begin := time.Now()
	counted, end := begin.Add(l.warm), begin.Add(l.warm+l.measure)
	var group sync.WaitGroup
	var next, failed, finished atomic.Int64
	var first atomic.Pointer[error]
	lists := make([][]time.Duration, l.workers)
	for w := range l.workers {
		group.Go(func() {
			for ctx.Err() == nil && failed.Load() < maxFailed {
				n := next.Add(1) - 1
				due := l.due(begin, n)
				if due.After(end) || time.Now().After(end) {
					return
				}
				time.Sleep(time.Until(due))
				err := work(w, n)
				now := time.Now()
				switch {
				case err != nil:
					failed.Add(1)
					first.CompareAndSwap(nil, &err)
				case now.After(counted):
					lists[w] = append(lists[w], now.Sub(due))
					if !now.After(end) {
						finished.Add(1)
					}
				}
			}
		})
	}
	group.Wait()
	m := measured{latencies: slices.Concat(lists...), failed: failed.Load()}
	slices.Sort(m.latencies)
	m.rate = float64(finished.Load()) / l.measure.Seconds()
	if e := first.Load(); e != nil {
		m.firstErr = *e
	}
	switch {
	case ctx.Err() != nil:
		return m, ctx.Err()
	case m.failed >= maxFailed:
		return m, fmt.Errorf("%d requests failed, the first: %w", m.failed, m.firstErr)
	case len(m.latencies) == 0:
		return m, errors.Join(errors.New("nothing was finished in time"), m.firstErr)
	}
	return m, nil
}

// due is when call n should begin.
func (l load) due(begin time.Time, n int64) time.Time {
	if l.rate <= 0 {
		return time.Now()
	}
	return begin.Add(time.Duration(float64(n) / l.rate * float64(time.Second)))
}

// percentile returns the smallest value that p percent do not exceed (nearest
// rank).
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// String gives the latencies.
func (m measured) String() string {
	s := fmt.Sprintf("p50 %s, p99 %s, longest %s", short(percentile(m.latencies, 50)), short(percentile(m.latencies, 99)), short(percentile(m.latencies, 100)))
	if m.failed > 0 {
		s += fmt.Sprintf(", %d failed", m.failed)
	}
	return s
}

// short writes a duration with three digits at most.
func short(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d >= time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d >= 100*time.Millisecond:
		return fmt.Sprintf("%.0f ms", d.Seconds()*1e3)
	case d >= time.Millisecond:
		return fmt.Sprintf("%.1f ms", d.Seconds()*1e3)
	case d >= 10*time.Microsecond:
		return fmt.Sprintf("%.0f µs", d.Seconds()*1e6)
	}
	return fmt.Sprintf("%d ns", d.Nanoseconds())
}
