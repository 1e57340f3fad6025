package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/audit"
	"github.com/jamii-health/jamii/internal/registry"
	"github.com/jamii-health/jamii/internal/rest"
	"github.com/jamii-health/jamii/internal/scheme"
	"github.com/jamii-health/jamii/internal/store"
	"github.com/jamii-health/jamii/profiles/schemes"
)

// gateway is a whole server on a real database: audit on, sealed each second,
// the demonstration scheme published, every commit durable.
type gateway struct {
	database
	address  string
	registry *registry.Registry
	pack     *scheme.Pack

	recorder *audit.Recorder
	server   *http.Server
	stop     context.CancelFunc
	workers  sync.WaitGroup
}

// trusting lets everybody in: what a client's secret costs is a hash, and
// remembered.
type trusting struct{}

func (trusting) Authenticate(context.Context, *http.Request) (access.Principal, error) {
	return access.Internal("bench"), nil
}

// today is when the gateway believes to be at its start: the policies of the
// demonstration scheme are in force then.
var today = time.Date(2025, 9, 1, 12, 0, 0, 0, time.UTC)

// start serves on a free port of the loopback interface.
func start(ctx context.Context, db database) (*gateway, error) {
	g := &gateway{database: db, recorder: audit.NewRecorder(db.store, false, func(err error) { fmt.Fprintln(os.Stderr, "bench: audit:", err) })}
	catalogue, err := search.NewCatalogue(nil)
	if err != nil {
		return nil, err
	}
	shift := time.Until(today)
	g.registry, err = registry.New(ctx, db.store, catalogue, registry.Options{Trail: g.recorder, Now: func() time.Time { return time.Now().Add(shift) }})
	if err != nil {
		return nil, err
	}
	pack, problems := scheme.Load(schemes.NepalHIB())
	if pack == nil {
		return nil, fmt.Errorf("the demonstration scheme: %v", problems)
	}
	g.pack = pack
	if _, err := g.registry.Publish(ctx, []*scheme.Pack{pack}); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	g.address = listener.Addr().String()
	g.server = &http.Server{Handler: rest.New(g.registry, trusting{}, rest.Options{})}
	g.workers.Go(func() {
		if err := g.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "bench: serving:", err)
		}
	})
	seal, stop := context.WithCancel(context.Background())
	g.stop = stop
	g.workers.Go(func() { g.seal(seal) })
	return g, nil
}

// seal closes a block of the audit trail each second, as the product does.
func (g *gateway) seal(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if _, err := g.store.Seal(ctx, time.Now()); err != nil && ctx.Err() == nil {
				fmt.Fprintln(os.Stderr, "bench: seal:", err)
			}
		}
	}
}

func (g *gateway) call() registry.Call {
	return registry.Call{Principal: access.Internal("bench"), Base: "http://" + g.address + "/fhir"}
}

// close ends the gateway and its database.
func (g *gateway) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := g.server.Shutdown(ctx)
	g.stop()
	g.workers.Wait()
	g.recorder.Close()
	return errors.Join(err, g.database.close(ctx))
}

// fsync is the median time of a durable write.
func fsync(ctx context.Context, s store.Store) (time.Duration, error) {
	var list []time.Duration
	for range 15 {
		d, err := s.Ping(ctx)
		if err != nil {
			return 0, fmt.Errorf("asking the database: %w", err)
		}
		list = append(list, d)
	}
	return median(list), nil
}
