package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// The bare references are what this machine can do at the moment without any
// of our work. Machines are noisy: ratios to these travel, rates do not.

// bareSize is the body of both, in bytes.
const bareSize = 4 << 10

// bareInsert measures durable inserts of 4 kB rows.
func bareInsert(ctx context.Context, db database, l load) (measured, error) {
	insert, done, err := db.bare(ctx)
	if err != nil {
		return measured{}, err
	}
	row := make([]byte, bareSize)
	for i := range row {
		row[i] = byte(i * 131 >> 3)
	}
	m, err := drive(ctx, l, func(int, int64) error { return insert(ctx, row) })
	return m, errors.Join(err, done())
}

// bareEcho measures an HTTP server that sends back what it got.
func bareEcho(ctx context.Context, l load) (m measured, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return m, fmt.Errorf("listening: %w", err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, "the body cannot be read", http.StatusBadRequest)
			return
		}
		_, _ = w.Write(body) // a client that went away needs no answer
	})}
	var serving sync.WaitGroup
	serving.Go(func() { err = server.Serve(listener) })
	list := clients(listener.Addr().String(), l.workers)
	body := make([]byte, bareSize)
	m, driven := drive(ctx, l, func(w int, _ int64) error {
		_, err := list[w].want(http.StatusOK, http.MethodPost, "/", body)
		return err
	})
	closeAll(list)
	closed := server.Close()
	serving.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return m, errors.Join(err, driven, closed)
}

func median(list []time.Duration) time.Duration {
	list = slices.Clone(list)
	slices.Sort(list)
	return percentile(list, 50)
}
