package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
)

func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, args, want string }{
		{"unknown flag", "--fast", "cannot be read"},
		{"unknown step", "--only everything", "--only takes one of"},
		{"unknown database", "--database oracle", "--database is"},
		{"an argument", "create", "only flags"},
		{"no time at all", "--time 1ms", "at least"},
	}
	for _, tt := range tests {
		_, err := parse(strings.Fields(tt.args), new(bytes.Buffer))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestParse(t *testing.T) {
	o, err := parse([]string{"--smoke", "--database", "sqlite", "--only", "create"}, new(bytes.Buffer))
	if err != nil {
		t.Fatal(err)
	}
	if o.measure != time.Second || o.only != "create" || cmp.Diff([]string{"sqlite"}, o.databases) != "" {
		t.Errorf("got %+v", o)
	}
	if o, err = parse(nil, new(bytes.Buffer)); err != nil || len(o.databases) != 2 {
		t.Errorf("without flags: %+v, %v", o, err)
	}
}

func TestPercentile(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	tests := []struct {
		name string
		list []time.Duration
		p    float64
		want time.Duration
	}{
		{"of nothing", nil, 99, 0},
		{"of one", hundred[:1], 50, 1},
		{"median of two is the lower", hundred[:2], 50, 1},
		{"50 of 100", hundred, 50, 50},
		{"99 of 100", hundred, 99, 99},
		{"99.5 of 100", hundred, 99.5, 100},
		{"the longest", hundred, 100, 100},
		{"0", hundred, 0, 1},
	}
	for _, tt := range tests {
		if got := percentile(tt.list, tt.p); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ns", 9999: "9999 ns", 12_345: "12 µs", 1_234_567: "1.2 ms", 150 * time.Millisecond: "150 ms",
		1500 * time.Millisecond: "1.5 s", 12 * time.Second: "12 s",
	} {
		if got := short(d); got != want {
			t.Errorf("%d: %q, want %q", d, got, want)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1_000_007: "1,000,007"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestPrint(t *testing.T) {
	var out strings.Builder
	err := print(&out, []section{
		{"left out: it is empty", nil},
		{"SQLite", []figure{{"read by id", "9,000/s", "8,000/s", "p99 1.0 ms"}, {"idle memory", "50 MB", "under 80 MB", ""}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `
work           result   to reach     beside

SQLite
  read by id   9,000/s  8,000/s      p99 1.0 ms
  idle memory  50 MB    under 80 MB
`
	if diff := cmp.Diff(want[1:], out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDriveGivesUp(t *testing.T) {
	_, err := drive(t.Context(), load{workers: 2, measure: 5 * time.Second}, func(int, int64) error { return errors.New("refused") })
	if err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %v", err)
	}
}

func TestDriveEndsWithItsContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := drive(ctx, load{workers: 1, measure: time.Hour}, func(int, int64) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestDriveKeepsTheRate(t *testing.T) {
	m, err := drive(t.Context(), load{workers: 4, measure: 500 * time.Millisecond, rate: 200}, func(int, int64) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if m.rate > 210 || m.rate < 100 {
		t.Errorf("%.0f a second, want 200", m.rate)
	}
}

// A stall counts for all that should have begun meanwhile.
func TestDriveCountsWaiting(t *testing.T) {
	m, err := drive(t.Context(), load{workers: 1, measure: 500 * time.Millisecond, rate: 100}, func(_ int, n int64) error {
		if n == 5 {
			time.Sleep(200 * time.Millisecond)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	waited := 0
	for _, d := range m.latencies {
		if d > 50*time.Millisecond {
			waited++
		}
	}
	if waited < 8 {
		t.Errorf("%d requests waited, want about 15", waited)
	}
}

func TestClient(t *testing.T) {
	big := strings.Repeat("x", 100_000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/big":
			_, _ = w.Write([]byte(big))
		case "/close":
			w.Header().Set("Connection", "close")
		default:
			http.Error(w, "no", http.StatusTeapot)
		}
	}))
	defer server.Close()
	c := &client{address: server.Listener.Addr().String()}
	defer c.close()
	if _, err := c.want(http.StatusOK, http.MethodGet, "/tea", nil); err == nil || !strings.Contains(err.Error(), "418") {
		t.Errorf("got %v", err)
	}
	for _, path := range []string{"/big", "/close", "/big"} {
		got, err := c.want(http.StatusOK, http.MethodGet, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if want := map[string]string{"/big": big}[path]; string(got) != want {
			t.Errorf("%s: %d bytes, want %d", path, len(got), len(want))
		}
	}
}

func TestClientWithoutServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &client{address: listener.Addr().String()}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.do(http.MethodGet, "/", nil); err == nil {
		t.Error("an answer without a server")
	}
}

func TestBlank(t *testing.T) {
	b := newBlank([]byte(`C-` + numberMark + ` of ` + personMark + ` and C-` + numberMark))
	got := string(b.fill(nil, 21, "abcdefgh01234567"))
	if want := "C-0000000042 of abcdefgh01234567 and C-0000000043"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBundlesAreTransactions(t *testing.T) {
	list, err := bundleBlanks(1)
	if err != nil {
		t.Fatal(err)
	}
	n, err := fhir.ParseObject(list[0].fill(nil, 1, ""))
	if err != nil {
		t.Fatal(err)
	}
	urls := map[string]bool{}
	for _, e := range n.Get("entry").Each() {
		if p := e.Path("resource", "patient", "reference").String(); p != "" && !urls[p] {
			t.Errorf("a %s refers to %s, which does not stand before it", e.Get("resource").ResourceType(), p)
		}
		urls[e.Get("fullUrl").String()] = true
	}
	if len(urls) != bundleSize {
		t.Errorf("%d entries, want %d", len(urls), bundleSize)
	}
}

func TestIDs(t *testing.T) {
	if _, err := idOf([]byte(`{"resourceType":"Claim"}`)); err == nil {
		t.Error("an id where there is none")
	}
	id, err := idOf([]byte(`{"resourceType":"Claim","id":"abc","meta":{}}`))
	if err != nil || id != "abc" {
		t.Errorf("%q, %v", id, err)
	}
	got := patientsOf([]byte(`"location":"Patient/abcdefgh01234567/_history/1","reference":"Patient/abcdefgh01234567"`))
	if diff := cmp.Diff([]string{"abcdefgh01234567"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Everything that is measured over HTTP works, on SQLite and briefly.
func TestSmoke(t *testing.T) {
	o, err := parse([]string{"--smoke", "--database", "sqlite", "--dir", t.TempDir()}, new(bytes.Buffer))
	if err != nil {
		t.Fatal(err)
	}
	o.warm, o.measure, o.households = 0, 200*time.Millisecond, 150
	var said bytes.Buffer
	s, err := measureOn(t.Context(), o, "sqlite", 1000, &said)
	if err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	var works []string
	for _, f := range s.figures {
		works = append(works, f.work)
		if strings.Contains(f.beside, "failed") {
			t.Errorf("%s: %s", f.work, f.beside)
		}
	}
	want := []string{
		"fsync of the disk", "bare durable insert of 4 kB, 8 connections",
		"import transaction bundles of 90", "bytes on disk per resource, all indexes",
		"create a 6 kB Claim, 8 connections", "create a 6 kB Claim, 64 connections", "the same at half that load",
		"read by id, 8 connections", "read by id, 64 connections",
		"search Claims of a patient", "search two common tokens",
		"Claim/$submit, 64 connections", "the same at half that load",
	}
	if diff := cmp.Diff(want, works); diff != "" {
		t.Errorf("measured (-want +got):\n%s", diff)
	}
}

func TestAlone(t *testing.T) {
	figures, err := alone(t.Context(), options{measure: 200 * time.Millisecond, distinct: 10})
	if err != nil {
		t.Fatal(err)
	}
	if len(figures) != 2 {
		t.Errorf("%d figures, want 2", len(figures))
	}
}
