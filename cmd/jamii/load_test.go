package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/registry"
	"github.com/jamii-health/jamii/internal/store"
)

const oneBundle = `{"resourceType":"Bundle","type":"transaction","entry":[
 {"fullUrl":"urn:uuid:7d7c8a52-1d0c-4a2e-8f6e-3a6f4bb5a001","resource":{"resourceType":"Patient","gender":"female"},"request":{"method":"POST","url":"Patient"}},
 {"fullUrl":"urn:uuid:7d7c8a52-1d0c-4a2e-8f6e-3a6f4bb5a002","resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:7d7c8a52-1d0c-4a2e-8f6e-3a6f4bb5a001"},"performer":[{"reference":"Practitioner?identifier=s|1"}]},"request":{"method":"POST","url":"Observation"}}]}`

const practitioners = `{"resourceType":"Bundle","type":"batch","entry":[
 {"resource":{"resourceType":"Practitioner","identifier":[{"system":"s","value":"1"}]},"request":{"method":"POST","url":"Practitioner"}},
 {"resource":{"resourceType":"Practitioner","gender":"nobody's"},"request":{"method":"POST","url":"Practitioner"}},
 {"request":{"method":"GET","url":"Practitioner/1"}}]}`

func TestLoadRefuses(t *testing.T) {
	h := newHouse(t)
	h.want(0, "migrate")
	h.write("empty/readme.txt", "x")
	h.write("other.state", `{"id":"x","database":"other","files":{}}`)
	h.write("no.state", `hello`)
	h.write("a.json", `{"resourceType":"Basic","code":{"text":"x"}}`)
	for name, args := range map[string][]string{
		"nothing there":                {"nowhere"},
		"no such files":                {"empty"},
		"a batch of nothing":           {"--batch", "0", "a.json"},
		"the state of another one":     {"--state", "other.state", "a.json"},
		"a state file that is none":    {"--state", "no.state", "a.json"},
		"a report that cannot be kept": {"--report", "no/such/folder/r", "empty/readme.txt"},
	} {
		if code, out, errs := h.jamii(append([]string{"load"}, args...)...); code != 1 {
			t.Errorf("%s: exit code %d\n%s%s", name, code, out, errs)
		}
	}
}

// What refers to another file waits for it, what is wrong is reported and left
// out, and a second run loads nothing twice.
func TestLoad(t *testing.T) {
	h := newHouse(t)
	h.want(0, "migrate")
	h.write("in/a.json", oneBundle)
	h.write("in/b.json", practitioners)
	h.write("in/c.ndjson", `{"resourceType":"Basic","id":"b1","code":{"text":"x"}}
not JSON
{"resourceType":"Basic","id":"b2"}

{"resourceType":"Basic","id":"b3","code":{"text":"x"}}`)
	h.write("in/d.json", `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Basic","id":"b4","code":{"text":"x"}}}]}`)
	out, errs := h.want(1, "load", "in")
	if !strings.Contains(out, "6 resources loaded, 4 refused.") || !strings.Contains(errs, "jamii-load-refused.ndjson") {
		t.Errorf("%s%s", out, errs)
	}
	report := h.file("jamii-load-refused.ndjson")
	for _, want := range []string{`"place":"line 2"`, `"place":"line 3"`, `"place":"Bundle.entry[1]"`, `"place":"Bundle.entry[2]"`, "OperationOutcome"} {
		if !strings.Contains(report, want) {
			t.Errorf("the report lacks %s:\n%s", want, report)
		}
	}
	if strings.Contains(report, "nobody's") {
		t.Error("the report holds a value of a resource")
	}
	// What was refused once is not in, however often the command is run.
	for range 2 {
		if out, errs := h.want(1, "load", "in"); !strings.Contains(out, "0 resources loaded, 0 refused, 4 files were loaded before, 4 were refused before.") || !strings.Contains(errs, "in the report of that run") {
			t.Errorf("%s%s", out, errs)
		}
	}
	if h.file("jamii-load-refused.ndjson") != report {
		t.Error("the second run changed the report")
	}
	if out, _ := h.want(0, "load", "in/a.json"); !strings.Contains(out, "0 resources loaded, 0 refused, 1 files were loaded before.") {
		t.Error(out)
	}
	// A file that was mended is loaded again.
	h.write("in/c.ndjson", `{"resourceType":"Basic","id":"b1","code":{"text":"mended"}}`)
	if out, _ := h.want(1, "load", "in"); !strings.Contains(out, "1 resources loaded, 0 refused, 3 files were loaded before, 2 were refused before.") {
		t.Error(out)
	}
	h.want(0, "verify")
}

// counts opens the database of the folder and counts a type.
func (h *house) counts(typ string) int64 {
	h.Helper()
	db, err := databaseFlag{"sqlite:" + filepath.Join(h.dir, "data/jamii.db")}.open(h.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		h.Fatal(err)
	}
	n, err := db.Count(h.Context(), typ, nil, 0)
	if err != nil {
		h.Fatal(err)
	}
	if err := db.Close(); err != nil {
		h.Fatal(err)
	}
	return n
}

// Killed again and again while it loads resources without ids, a load ends
// with each of them stored once.
func TestLoadKilledAndResumed(t *testing.T) {
	h := newHouse(t)
	h.want(0, "migrate")
	var lines strings.Builder
	const total = 1500
	for i := range total {
		fmt.Fprintf(&lines, `{"resourceType":"Basic","code":{"text":"%d"}}`+"\n", i)
	}
	h.write("many.ndjson", lines.String())
	for try := range 30 {
		cmd := h.start("load", "--batch", "10", "many.ndjson")
		time.AfterFunc(time.Duration(60+try*40)*time.Millisecond, func() { _ = cmd.Process.Kill() })
		if cmd.Wait() == nil {
			break
		}
	}
	h.want(0, "load", "--batch", "10", "many.ndjson")
	if n := h.counts("Basic"); n != total {
		t.Errorf("%d resources after kills, want %d", n, total)
	}
}

// A commit that happened, and of which the state file does not know, is not
// done again.
func TestLoadKnowsItsLastCommit(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("one.json", []byte(`{"resourceType":"Basic","code":{"text":"x"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	db := newDatabase(t)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	catalogue, err := search.NewCatalogue(nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := registry.New(t.Context(), db, catalogue, registry.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var before []byte // the state as it was when the commit was begun
	load := func(watch bool) int {
		state, err := openState("state", "db")
		if err != nil {
			t.Fatal(err)
		}
		l := &loader{registry: r, state: state, report: &refusals{name: "report"}, batch: 10, seen: map[*fileProgress]bool{}, bar: &bar{}, call: registry.Call{Principal: loadPrincipal}}
		if watch {
			l.registry, err = registry.New(t.Context(), watched{db, func() {
				if before, err = os.ReadFile("state"); err != nil {
					t.Error(err)
				}
			}}, catalogue, registry.Options{})
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := l.all(t.Context(), []string{"one.json"}); err != nil {
			t.Fatal(err)
		}
		return l.loaded
	}
	load(true)
	if err := os.WriteFile("state", before, 0o600); err != nil {
		t.Fatal(err)
	}
	if n := load(false); n != 1 {
		t.Errorf("%d counted as loaded", n)
	}
	n, err := db.Count(t.Context(), "Basic", nil, 0)
	if diff := cmp.Diff(int64(1), n); diff != "" || err != nil {
		t.Errorf("stored: %v %s", err, diff)
	}
}

// watched calls before each commit.
type watched struct {
	store.Store
	before func()
}

func (w watched) Commit(ctx context.Context, u store.Unit) ([]store.Written, error) {
	w.before()
	return w.Store.Commit(ctx, u)
}

// A published bundle of a synthetic person goes in with what it refers to,
// whatever the order.
func TestLoadSynthea(t *testing.T) {
	dir := filepath.Join(root(t), "../shared/synthea")
	if _, err := os.Stat(dir); err != nil {
		t.Log("no shared data here; nothing to load")
		return
	}
	h := newHouse(t)
	h.want(0, "migrate")
	out, errs := h.want(0, "load", filepath.Join(dir, "Liz.json"), filepath.Join(dir, "practitioners.json"), filepath.Join(dir, "hospitals.json"))
	if !strings.Contains(out, " 0 refused.") {
		t.Errorf("%s%s", out, errs)
	}
	if h.counts("Patient") != 1 || h.counts("Claim") == 0 {
		t.Errorf("%d patients, %d claims", h.counts("Patient"), h.counts("Claim"))
	}
}

// A place that is refused again after the load was cut short counts once.
func TestRefusedCountsOnce(t *testing.T) {
	p := &fileProgress{}
	for _, at := range []int{3, 9} {
		p.refuse(at)
	}
	p.past(5)
	if diff := cmp.Diff([]int{1, 5}, []int{p.Refused, p.Next}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	resumed := &fileProgress{Next: p.Next, Refused: p.Refused} // as the state file has it
	resumed.refuse(9)
	resumed.past(12)
	resumed.refuse(12)
	resumed.finish()
	if diff := cmp.Diff(3, resumed.Refused); diff != "" || !resumed.Done {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
