package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// idle builds the program, starts it twice on SQLite (the first start makes
// the tables) and tells how long the second takes to its first answer and how
// much memory it then holds.
func idle(ctx context.Context, o options) (out []figure, err error) {
	dir, err := os.MkdirTemp(o.dir, "jamii-bench-")
	if err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	program := filepath.Join(dir, "jamii")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "github.com/jamii-health/jamii/cmd/jamii")
	if text, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building jamii: %w\n%s", err, text)
	}
	var took []time.Duration
	var memory int64
	for i := range 4 {
		d, bytes, err := serveOnce(ctx, dir, program, o.measure/8)
		if err != nil {
			return nil, err
		}
		if memory = bytes; i > 0 {
			took = append(took, d)
		}
	}
	held := "not known on " + runtime.GOOS
	if memory > 0 {
		held = thousands(memory>>20) + " MB"
	}
	return []figure{
		{"start to first answer", short(median(took)), "under 300 ms", "jamii serve on SQLite, tables there already; GET metadata, median of 3"},
		{"idle memory", held, "under 80 MB", "resident, after the first answer and a pause"},
	}, nil
}

// serveOnce starts the program in a folder, asks until it answers, waits, and
// reads how much memory it holds.
func serveOnce(ctx context.Context, dir, program string, pause time.Duration) (took time.Duration, memory int64, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, 0, fmt.Errorf("finding a port: %w", err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return 0, 0, fmt.Errorf("finding a port: %w", err)
	}
	ctx, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	var said strings.Builder
	cmd := exec.CommandContext(ctx, program, "serve", "--listen", address)
	cmd.Dir, cmd.Stderr = dir, &said
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, fmt.Errorf("starting jamii: %w", err)
	}
	c := &client{address: address}
	for {
		code, _, err := c.do(http.MethodGet, "/fhir/metadata", nil)
		if err == nil && code == http.StatusOK {
			break
		}
		if ctx.Err() != nil {
			return 0, 0, fmt.Errorf("jamii did not answer: %w\n%s", errors.Join(err, cmd.Wait()), said.String())
		}
		time.Sleep(2 * time.Millisecond)
	}
	took = time.Since(begin)
	c.close()
	time.Sleep(pause)
	memory = resident(cmd.Process.Pid)
	stop()
	if err := cmd.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return took, memory, fmt.Errorf("ending jamii: %w\n%s", err, said.String())
	}
	return took, memory, nil
}

// resident is the memory that a process holds, 0 where the system does not
// tell.
func resident(pid int) int64 {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), "VmRSS:"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 10, 64)
			if err == nil {
				return n << 10
			}
		}
	}
	return 0
}
