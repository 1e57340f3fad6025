package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

// resident is the memory of a process in MB, as Linux counts it.
func resident(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kilobytes := 0
	if _, err := fmt.Sscan(rest, &kilobytes); err != nil {
		t.Fatal(err)
	}
	return kilobytes >> 10
}

// A server that took large bodies and many resources is small again when it is
// quiet.
func TestMemoryComesBack(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Log("the memory of a process is read from /proc: nothing is measured here")
		return
	}
	const limit, within = 80, time.Minute // MB
	h := newHouse(t)
	h.want(0, "migrate")
	h.want(0, "client", "add", "emr", "--scope", "system/*.cruds", "--any-facility", "--secret-file", "secret")
	s := h.serve()
	text := `{"url":"http://example.org/x","valueString":"` + strings.Repeat("a", 1000<<10) + `"},`
	large := `{"resourceType":"Basic","code":{"text":"x"},"extension":[` + strings.TrimSuffix(strings.Repeat(text, 28), ",") + `]}`
	if code, text := h.call("emr", h.file("secret"), http.MethodPost, "/fhir/Basic", large); code != http.StatusCreated {
		t.Fatalf("%d %.300s", code, text)
	}
	entry := `{"resource":{"resourceType":"Basic","code":{"text":"x"},"created":"2025-01-01"},"request":{"method":"POST","url":"Basic"}},`
	bundle := `{"resourceType":"Bundle","type":"transaction","entry":[` + strings.TrimSuffix(strings.Repeat(entry, 3000), ",") + `]}`
	if code, text := h.call("emr", h.file("secret"), http.MethodPost, "/fhir", bundle); code != http.StatusOK {
		t.Fatalf("%d %.300s", code, text)
	}
	full, start := resident(t, s.cmd.Process.Pid), time.Now()
	for resident(t, s.cmd.Process.Pid) >= limit {
		if time.Since(start) > within {
			t.Fatalf("%d MB after the requests, still %d MB after %s", full, resident(t, s.cmd.Process.Pid), within)
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Logf("%d MB after the requests, %d MB after %s", full, resident(t, s.cmd.Process.Pid), time.Since(start).Round(time.Second))
	if code, text := h.call("emr", h.file("secret"), http.MethodGet, "/fhir/Basic?_summary=count", ""); code != http.StatusOK || !strings.Contains(text, `"total":3001`) {
		t.Errorf("after that: %d %s", code, text)
	}
	s.stop()
}

var garbage []byte

// Memory is given back when the server is quiet, and only then.
func TestKeeper(t *testing.T) {
	k := &keeper{}
	k.look() // what the tests before left
	fill := func() {
		garbage = make([]byte, 64<<20)
		for i := range garbage {
			garbage[i] = 1
		}
		garbage = nil
	}
	handle := func(n int, during func()) {
		handler := k.watch(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { during() }))
		for range n {
			handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		}
	}
	// The collector must not be quicker than the look.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	if k.look() {
		t.Error("released with nothing to release")
	}
	fill()
	handle(1, func() {
		if k.look() {
			t.Error("released during a request")
		}
	})
	handle(100, func() {})
	if k.look() {
		t.Error("released under load")
	}
	before := held()
	if !k.look() {
		t.Error("not released when it was quiet")
	}
	if after := held(); after+(32<<20) > before {
		t.Errorf("held %d, then %d", before, after)
	}
	if k.look() {
		t.Error("released twice")
	}
}

// The store's caches go too, as soon as the worker looks.
func TestKeeperShrinksTheStore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	k := &keeper{shrink: func(context.Context) error { cancel(); return ctx.Err() }}
	garbage = make([]byte, 2*spare) // so that there is something to give back
	defer func() { garbage = nil }()
	go func() { k.run(ctx, time.Millisecond, slog.New(slog.DiscardHandler)); close(done) }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("the store was not asked")
	}
}

func TestLimitMemory(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(-1))
	before := debug.SetMemoryLimit(-1)
	limitMemory(0)
	if got := debug.SetMemoryLimit(-1); got != before {
		t.Errorf("0 set a limit of %d", got)
	}
	t.Setenv("GOMEMLIMIT", "1GiB")
	limitMemory(700)
	if got := debug.SetMemoryLimit(-1); got != before {
		t.Errorf("GOMEMLIMIT is set, and %d was", got)
	}
	t.Setenv("GOMEMLIMIT", "")
	limitMemory(700)
	if got := debug.SetMemoryLimit(-1); got != 700<<20 {
		t.Errorf("the limit is %d", got)
	}
}
