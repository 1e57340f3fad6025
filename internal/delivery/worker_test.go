package delivery_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/internal/delivery"
	"github.com/jamii-health/jamii/internal/store"
	"github.com/jamii-health/jamii/internal/store/sqlite"
)

const secret = "hook-secret-of-the-test"

// hook is a receiver that answers as it is told and remembers what came.
type hook struct {
	*httptest.Server
	mu     sync.Mutex
	ids    []string
	bodies []string
	faults []string // signatures that do not hold
	answer func(n int, w http.ResponseWriter)
}

func newHook(t *testing.T, answer func(n int, w http.ResponseWriter)) *hook {
	h := &hook{answer: answer}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		h.mu.Lock()
		h.ids = append(h.ids, r.Header.Get(delivery.HeaderMessageID))
		h.bodies = append(h.bodies, string(data))
		var at int64
		if _, err := fmt.Sscanf(r.Header.Get(delivery.HeaderSignature), "t=%d,", &at); err != nil ||
			r.Header.Get(delivery.HeaderSignature) != delivery.Sign([]byte(secret), data, time.Unix(at, 0)) {
			h.faults = append(h.faults, r.Header.Get(delivery.HeaderSignature))
		}
		n := len(h.ids)
		h.mu.Unlock()
		h.answer(n, w)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) seen() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.ids...)
}

func open(t *testing.T, ids ...string) store.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "jamii.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	var u store.Unit
	for _, id := range ids {
		u.Messages = append(u.Messages, store.Message{ID: id, Target: "emr", Kind: "resource-changed", Ref: "ClaimResponse/1/_history/2", Created: time.Unix(1700000000, 0), NextAt: time.Unix(1700000000, 0)})
	}
	if len(ids) > 0 {
		if _, err := s.Commit(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// quick are short times, so that tests need not wait.
func quick() delivery.Options {
	return delivery.Options{Timeout: 200 * time.Millisecond, Poll: 5 * time.Millisecond, Lease: 400 * time.Millisecond, First: 5 * time.Millisecond, Longest: 20 * time.Millisecond, Rest: 50 * time.Millisecond, Attempts: 4}
}

// run starts a worker and returns how to stop it.
func run(t *testing.T, s store.Store, url string, o delivery.Options) (stop func()) {
	t.Helper()
	w, err := delivery.New(s, []delivery.Target{{Name: "emr", URL: url, Secret: []byte(secret)}}, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { w.Run(ctx); close(done) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

func message(t *testing.T, s store.Store, id string) store.Message {
	t.Helper()
	list, err := s.Messages(t.Context(), store.MessageFilter{ID: id})
	if err != nil || len(list) != 1 {
		t.Fatalf("message %s: %v %v", id, list, err)
	}
	return list[0]
}

// until waits for a state of a message.
func until(t *testing.T, s store.Store, id string, state store.MessageState) store.Message {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if m := message(t, s, id); m.State == state {
			return m
		} else if time.Now().After(deadline) {
			t.Fatalf("message is %s after %d attempts (%s), want %s", m.State, m.Attempts, m.Error, state)
		}
	}
}

func TestRefusesTargetsThatCannotWork(t *testing.T) {
	good := delivery.Target{Name: "a", URL: "http://localhost", Secret: []byte("x")}
	tests := map[string][]delivery.Target{
		"no name":   {{URL: "http://localhost", Secret: []byte("x")}},
		"no url":    {{Name: "a", Secret: []byte("x")}},
		"no secret": {{Name: "a", URL: "http://localhost"}},
		"twice":     {good, good},
	}
	for name, list := range tests {
		if _, err := delivery.New(nil, list, delivery.Options{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestDelivers(t *testing.T) {
	ok := func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) }
	tests := []struct {
		name     string
		answer   func(n int, w http.ResponseWriter)
		state    store.MessageState
		attempts int
		fault    string
	}{
		{"always 500", func(_ int, w http.ResponseWriter) {
			w.WriteHeader(500)
			fmt.Fprint(w, `{"error":"db","password": "hunter2"} `+secret)
		}, store.MessageFailed, 4, "http-500"},
		{"hangs", func(_ int, _ http.ResponseWriter) { time.Sleep(400 * time.Millisecond) }, store.MessageFailed, 4, "timeout"},
		{"redirects", func(_ int, w http.ResponseWriter) {
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(http.StatusFound)
		}, store.MessageFailed, 4, "http-302"},
		{"500, then 200", func(n int, w http.ResponseWriter) {
			if n == 1 {
				w.WriteHeader(500)
				return
			}
			ok(w)
		}, store.MessageDone, 2, ""},
		{"200", func(_ int, w http.ResponseWriter) { ok(w) }, store.MessageDone, 1, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, h := open(t, "m1"), newHook(t, tt.answer)
			run(t, s, h.URL, quick())
			m := until(t, s, "m1", tt.state)
			if m.Attempts != tt.attempts || m.Error != tt.fault {
				t.Errorf("%d attempts, fault %q", m.Attempts, m.Error)
			}
			if strings.Contains(m.Answer, "hunter2") || strings.Contains(m.Answer, secret) {
				t.Error("a secret is kept in the answer")
			}
			for _, id := range h.seen() {
				if id != "m1" {
					t.Errorf("sent under the id %s", id)
				}
			}
			want := `{"id":"m1","kind":"resource-changed","ref":"ClaimResponse/1/_history/2","created":"2023-11-14T22:13:20.000000Z"}`
			if diff := cmp.Diff(want, h.bodies[0]); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			if len(h.faults) > 0 {
				t.Errorf("signatures do not hold: %v", h.faults)
			}
		})
	}
}

func TestRerunOfAnErrorGroup(t *testing.T) {
	var healed atomic.Bool
	s := open(t, "a", "b", "c")
	h := newHook(t, func(_ int, w http.ResponseWriter) {
		if !healed.Load() {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	o := quick()
	o.Attempts = 1
	run(t, s, h.URL, o)
	for _, id := range []string{"a", "b", "c"} {
		until(t, s, id, store.MessageFailed)
	}
	if n, err := s.Cancel(t.Context(), store.MessageFilter{ID: "c"}); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	healed.Store(true)
	n, err := s.Rerun(t.Context(), store.MessageFilter{Error: "http-502", State: store.MessageFailed}, time.Now())
	if n != 2 || err != nil {
		t.Fatalf("%d run again: %v", n, err)
	}
	until(t, s, "a", store.MessageDone)
	until(t, s, "b", store.MessageDone)
	if m := message(t, s, "c"); m.State != store.MessageCancelled {
		t.Errorf("the cancelled message is %s", m.State)
	}
}

func TestUnknownTargetFails(t *testing.T) {
	s := open(t, "m1")
	w, err := delivery.New(s, nil, quick())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go w.Run(ctx)
	if m := until(t, s, "m1", store.MessageFailed); m.Error != "no-such-target" {
		t.Errorf("fault %q", m.Error)
	}
}

// A process that dies after it sent and before it settled leaves a message
// that the next one sends again, under the same id.
func TestKilledInBetween(t *testing.T) {
	s := open(t, "m1")
	taken, err := s.Due(t.Context(), time.Now(), 10, 300*time.Millisecond)
	if err != nil || len(taken) != 1 {
		t.Fatal(taken, err)
	}
	h := newHook(t, func(int, http.ResponseWriter) {})
	run(t, s, h.URL, quick())
	time.Sleep(100 * time.Millisecond)
	if got := h.seen(); len(got) > 0 {
		t.Fatal("sent while another worker had it")
	}
	until(t, s, "m1", store.MessageDone)
	if diff := cmp.Diff([]string{"m1"}, h.seen()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestStopWaitsForWhatIsOnItsWay(t *testing.T) {
	s := open(t, "m1")
	started := make(chan struct{})
	h := newHook(t, func(int, http.ResponseWriter) { close(started); time.Sleep(50 * time.Millisecond) })
	stop := run(t, s, h.URL, quick())
	<-started
	stop()
	if m := message(t, s, "m1"); m.State != store.MessageDone {
		t.Errorf("the message is %s after a stop", m.State)
	}
}

// A receiver that keeps failing is left alone, and the messages keep their
// attempts.
func TestBreakerSparesAReceiver(t *testing.T) {
	ids := make([]string, 40)
	for i := range ids {
		ids[i] = fmt.Sprintf("m%02d", i)
	}
	s := open(t, ids...)
	h := newHook(t, func(_ int, w http.ResponseWriter) { w.WriteHeader(500) })
	o := quick()
	o.Rest, o.First, o.Longest = time.Hour, time.Hour, time.Hour
	run(t, s, h.URL, o)
	time.Sleep(600 * time.Millisecond)
	if n := len(h.seen()); n < 5 || n > 16 {
		t.Errorf("%d calls to a dead receiver", n)
	}
}
