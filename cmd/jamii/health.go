package main

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/jamii-health/jamii/internal/store"
)

// health answers GET /health. Anyone may ask, so the database is asked at most
// once a second.
type health struct {
	store store.Store

	mu    sync.Mutex
	asked time.Time
	fsync time.Duration
	err   error
}

func newHealth(s store.Store) *health { return &health{store: s} }

func (h *health) check(ctx context.Context) (time.Duration, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.asked) > time.Second {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		h.fsync, h.err = h.store.Ping(ctx)
		h.asked = time.Now()
	}
	return h.fsync, h.err
}

func (h *health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fsync, err := h.check(r.Context())
	body := map[string]any{"status": "ok", "database": "ok", "version": version, "fsync_ms": float64(fsync.Microseconds()) / 1000}
	code := http.StatusOK
	if err != nil {
		code = http.StatusServiceUnavailable
		body = map[string]any{"status": "failing", "database": "does not answer", "version": version}
	}
	data, err := json.Marshal(body)
	if err != nil {
		code = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(data) // a client that went away needs no answer
}
