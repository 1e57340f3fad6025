package main

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

// limitMemory sets the amount of memory from which on the program rather
// collects than grows. It is no hard limit, and GOMEMLIMIT goes before it.
//
// https://go.dev/doc/gc-guide#Memory_limit
func limitMemory(megabytes int64) {
	if megabytes > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(megabytes << 20)
	}
}

// trim is how often the server looks whether it holds memory that it no longer
// needs, and spare how much of it is worth the work of giving it back.
const (
	trim  = 5 * time.Second
	spare = 16 << 20
)

// keeper gives memory back to the system after large requests. By itself the
// runtime does so only bit by bit, while it allocates: a server that is idle
// after a large bundle would keep what the bundle took.
type keeper struct {
	active atomic.Int64
	count  atomic.Int64 // requests since the last look
	least  uint64       // what was held after the last release
	shrink func(context.Context) error
}

// shrinker is a store that has caches to give back.
type shrinker interface {
	Shrink(ctx context.Context) error
}

// watch counts the requests under way.
func (k *keeper) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k.active.Add(1)
		k.count.Add(1)
		defer k.active.Add(-1)
		next.ServeHTTP(w, r)
	})
}

// run looks at each interval, until the context ends.
func (k *keeper) run(ctx context.Context, interval time.Duration, log *slog.Logger) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if k.look() && k.shrink != nil {
				if err := k.shrink(ctx); err != nil && ctx.Err() == nil {
					log.Warn("memory", "error", err)
				}
			}
		}
	}
}

// look gives memory back when much more is held than after the last time and
// the server is quiet. Collecting costs as much as what is alive, and memory
// that is needed again must be asked for again: under load nothing is given
// back.
func (k *keeper) look() (released bool) {
	const quiet = 10 // requests between two looks; a health check is no load
	if n := k.count.Swap(0); n > quiet || k.active.Load() > 0 || held() < k.least+spare {
		return false
	}
	debug.FreeOSMemory()
	k.least = held()
	return true
}

// held is the memory that the Go runtime has from the system and has not given
// back.
func held() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() - samples[1].Value.Uint64()
}
