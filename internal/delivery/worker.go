// Package delivery sends what waits in the store's message table. Each message
// goes out at least once, always with the same id: one that was sent and not
// settled, because the process died in between, is sent again.
//
// A receiver that fails is tried again later and later; when it keeps failing
// its breaker opens and nothing is sent to it for a while. A message that
// failed too often stays in the table and can be run again, alone or with all
// that failed alike.
package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/jamii-health/jamii/internal/store"
)

// Target is a receiver of web-hooks.
type Target struct {
	Name   string
	URL    string
	Secret []byte // signs what is sent
}

// Options of a Worker; the zero value is good.
type Options struct {
	Now      func() time.Time
	Log      *slog.Logger
	Timeout  time.Duration // of one attempt; 0 is 10 s
	Poll     time.Duration // how often the table is looked at; 0 is 500 ms
	Lease    time.Duration // how long a message belongs to who took it; 0 is three timeouts
	First    time.Duration // wait after the first failure, doubled each time; 0 is 5 s
	Longest  time.Duration // the longest wait; 0 is 1 h
	Attempts int           // after so many it is given up; 0 is 20, which is most of a day
	Rest     time.Duration // how long an open breaker stays open; 0 is 30 s
}

// batch is how many messages are taken, and sent, at a time.
const batch = 16

// trips is how many failures in a row open a breaker.
const trips = 5

// Worker sends messages.
type Worker struct {
	queue   store.Queue
	targets map[string]*target
	options Options
	client  *http.Client
}

type target struct {
	Target
	breaker *gobreaker.CircuitBreaker[answer]
}

// New makes a Worker for the targets.
func New(q store.Queue, targets []Target, o Options) (*Worker, error) {
	o.defaults()
	w := &Worker{queue: q, targets: map[string]*target{}, options: o}
	w.client = &http.Client{
		Timeout: o.Timeout,
		// A redirect would carry the message where nobody configured it to go.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for _, t := range targets {
		if t.Name == "" || t.URL == "" || len(t.Secret) == 0 {
			return nil, fmt.Errorf("web-hook %q: name, url and secret are needed", t.Name)
		}
		if w.targets[t.Name] != nil {
			return nil, fmt.Errorf("web-hook %q: the name stands twice", t.Name)
		}
		w.targets[t.Name] = &target{Target: t, breaker: gobreaker.NewCircuitBreaker[answer](gobreaker.Settings{
			Name: t.Name, MaxRequests: 1, Timeout: o.Rest,
			ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= trips },
			OnStateChange: func(name string, from, to gobreaker.State) {
				o.Log.Warn("web-hook", "target", name, "from", from.String(), "to", to.String())
			},
		})}
	}
	return w, nil
}

func (o *Options) defaults() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&o.Timeout, 10 * time.Second}, {&o.Poll, 500 * time.Millisecond}, {&o.First, 5 * time.Second}, {&o.Longest, time.Hour}, {&o.Rest, 30 * time.Second}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if o.Lease == 0 {
		o.Lease = 3 * o.Timeout
	}
	if o.Attempts == 0 {
		o.Attempts = 20
	}
}

// Run sends until the context ends. What is on its way then is waited for.
func (w *Worker) Run(ctx context.Context) {
	for ctx.Err() == nil {
		n, err := w.round(ctx)
		if err != nil && ctx.Err() == nil {
			w.options.Log.Error("delivery", "error", err)
		}
		if n == batch && err == nil {
			continue // there is more
		}
		select {
		case <-ctx.Done():
		case <-time.After(w.options.Poll):
		}
	}
}

// round takes what is due and sends it; it returns how many it took.
func (w *Worker) round(ctx context.Context) (int, error) {
	list, err := w.queue.Due(ctx, w.options.Now(), batch, w.options.Lease)
	if err != nil {
		return 0, fmt.Errorf("taking messages: %w", err)
	}
	errs := make([]error, len(list))
	var all sync.WaitGroup
	for i, m := range list {
		all.Go(func() { errs[i] = w.deliver(context.WithoutCancel(ctx), m) })
	}
	all.Wait()
	return len(list), errors.Join(errs...)
}

// deliver makes one attempt and records it. While the breaker is open nothing
// is tried and nothing recorded: the message comes back when its lease ends.
func (w *Worker) deliver(ctx context.Context, m store.Message) error {
	t := w.targets[m.Target]
	if t == nil {
		return w.settle(ctx, m, store.Attempt{State: store.MessageFailed, Error: "no-such-target"})
	}
	got, err := t.breaker.Execute(func() (answer, error) {
		a := w.post(ctx, t, m)
		if a.fault != "" {
			return a, errors.New(a.fault)
		}
		return a, nil
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return nil
	}
	return w.settle(ctx, m, w.judge(m, got))
}

// judge turns an answer into what happens to the message next.
func (w *Worker) judge(m store.Message, got answer) store.Attempt {
	a := store.Attempt{State: store.MessageDone, Status: got.status, Answer: got.text, Error: got.fault}
	if got.fault == "" {
		return a
	}
	if m.Attempts+1 >= w.options.Attempts {
		a.State = store.MessageFailed
		return a
	}
	a.State = store.MessageWaiting
	a.NextAt = w.options.Now().Add(max(w.wait(m.Attempts), got.after))
	return a
}

// wait is how long to wait after so many failures before this one: twice as
// long each time, a fifth more or less, so that many messages do not come back
// in the same instant.
func (w *Worker) wait(failures int) time.Duration {
	d := w.options.Longest
	if failures < 30 {
		d = min(d, w.options.First<<failures)
	}
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

func (w *Worker) settle(ctx context.Context, m store.Message, a store.Attempt) error {
	if a.State == store.MessageFailed {
		w.options.Log.Warn("message given up", "message", m.ID, "target", m.Target, "attempts", m.Attempts+1, "fault", a.Error)
	}
	if err := w.queue.Settle(ctx, m.ID, a); err != nil {
		return fmt.Errorf("settle message %s: %w", m.ID, err)
	}
	return nil
}
