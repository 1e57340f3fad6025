package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/audit"
	"github.com/jamii-health/jamii/internal/console"
	"github.com/jamii-health/jamii/internal/delivery"
	"github.com/jamii-health/jamii/internal/oidc"
	"github.com/jamii-health/jamii/internal/registry"
	"github.com/jamii-health/jamii/internal/rest"
	"github.com/jamii-health/jamii/internal/scheme"
	"github.com/jamii-health/jamii/internal/store"
	"github.com/jamii-health/jamii/profiles"
)

// config is all that a gateway is built from.
type config struct {
	base         string
	packs        []*scheme.Pack
	decidePosted bool
	enforce      bool // references
	durableReads bool
	oidc         oidc.Config // Issuer "": no bearer tokens
	targets      []delivery.Target
	heard        []registry.Target   // what each target wants to hear of
	demand       map[string][]string // profiles by type
	origins      []string            // whose pages may call; nil: all
	maxBody      int64
	timeout      time.Duration
	maxCount     int
	demo         *demo // nil without --demo
	log          *slog.Logger
}

// app is a gateway ready to serve.
type app struct {
	handler  http.Handler
	registry *registry.Registry
	store    store.Store
	recorder *audit.Recorder
	log      *slog.Logger

	memory  keeper
	stop    context.CancelFunc
	workers sync.WaitGroup
}

// build wires the rooms together on an open store, publishes the schemes and
// starts the workers. The app owns the store from then on.
func build(ctx context.Context, db store.Store, c config) (*app, error) {
	a := &app{store: db, log: c.log}
	if s, ok := db.(shrinker); ok {
		a.memory.shrink = s.Shrink
	}
	a.recorder = audit.NewRecorder(db, c.durableReads, func(err error) { c.log.Error("audit", "error", err) })
	handler, err := a.wire(ctx, c)
	if err != nil {
		a.recorder.Close()
		return nil, errors.Join(err, db.Close())
	}
	a.handler = a.memory.watch(handler)
	return a, nil
}

func (a *app) wire(ctx context.Context, c config) (http.Handler, error) {
	catalogue, err := search.NewCatalogue(profiles.SearchParams())
	if err != nil {
		return nil, err
	}
	catalogue.Base = c.base
	a.registry, err = registry.New(ctx, a.store, catalogue, registry.Options{
		Log: c.log, Trail: a.recorder, EnforceReferences: c.enforce, DecidePosted: c.decidePosted, Targets: c.heard, MaxCount: c.maxCount,
		Definition: profiles.Definition, Demand: c.demand,
	})
	if err != nil {
		return nil, err
	}
	if err := publish(ctx, a.registry, c.packs); err != nil {
		return nil, err
	}
	var tokens *oidc.Verifier
	if c.oidc.Issuer != "" {
		if tokens, err = oidc.New(c.oidc); err != nil {
			return nil, err
		}
	}
	sender, err := delivery.New(a.store, c.targets, delivery.Options{Log: c.log})
	if err != nil {
		return nil, err
	}
	page := console.Page{Version: version}
	if c.demo != nil {
		if err := c.demo.prepare(ctx, a.registry); err != nil {
			return nil, fmt.Errorf("demo: %w", err)
		}
		page.Commands, page.Answer = c.demo.commands(), c.demo.answer
	}
	a.start(sender)
	return rest.New(a.registry, newAuthenticator(a.registry, tokens, c.log), rest.Options{
		Base: c.base, MaxBody: c.maxBody, Timeout: c.timeout, Origins: c.origins, Version: version, Log: c.log,
		Home: console.Home(a.registry, page), Health: newHealth(a.store),
	}), nil
}

// start runs the workers until close.
func (a *app) start(sender *delivery.Worker) {
	ctx, stop := context.WithCancel(context.Background())
	a.stop = stop
	a.workers.Go(func() { sender.Run(ctx) })
	a.workers.Go(func() { a.every(ctx, time.Second, a.seal) })
	a.workers.Go(func() { a.registry.KeepSearch(ctx) })
	a.workers.Go(func() { a.every(ctx, time.Hour, a.expire) })
	a.workers.Go(func() { a.memory.run(ctx, trim, a.log) })
}

// every does a job at once and then at each interval.
func (a *app) every(ctx context.Context, interval time.Duration, job func(context.Context) error) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		if err := job(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("worker", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// seal closes a block over the audit rows of the last second.
func (a *app) seal(ctx context.Context) error {
	_, err := a.store.Seal(ctx, time.Now())
	return err
}

// expire is the daily job. It is looked at each hour, since the days of the
// schemes begin at different hours; most times it finds nothing to do.
func (a *app) expire(ctx context.Context) error {
	n, err := a.registry.ExpireDue(ctx, time.Now())
	if n > 0 {
		a.log.Info("policies expired", "count", n)
	}
	return err
}

// close stops the workers, writes the audit rows that wait, seals them and
// closes the database. No request may be served any more.
func (a *app) close() error {
	a.stop()
	a.workers.Wait()
	a.recorder.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err := a.store.Seal(ctx, time.Now())
	return errors.Join(err, a.store.Close())
}
