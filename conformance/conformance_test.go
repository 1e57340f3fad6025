package main

import (
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestSuiteIsWellFormed(t *testing.T) {
	all := suite()
	if len(all) < 300 {
		t.Errorf("%d cases, want at least 300", len(all))
	}
	seen := map[string]bool{}
	for _, k := range all {
		if k.Area == "" || k.Name == "" || k.Run == nil {
			t.Errorf("case %q of area %q is incomplete", k.Name, k.Area)
		}
		if !strings.Contains(k.Clause, ".html") {
			t.Errorf("%s: clause %q is no page of the specification", k.Name, k.Clause)
		}
		if seen[k.Name] {
			t.Errorf("two cases are called %q", k.Name)
		}
		seen[k.Name] = true
	}
}

// A case that passes on a server that says yes to all, and on one that says no
// to all, tests nothing.
func TestNoCaseIsEmpty(t *testing.T) {
	answer := func(code int, body string) *client {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/fhir+json")
			w.WriteHeader(code)
			if _, err := w.Write([]byte(body)); err != nil {
				t.Log(err) // the case hung up
			}
		}))
		t.Cleanup(s.Close)
		return &client{base: s.URL + "/fhir", user: "a:b"}
	}
	yes := answer(200, `{"resourceType":"Patient","id":"x"}`)
	no := answer(400, `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid"}]}`)
	for _, k := range suite() {
		if k.try(yes) == nil && k.try(no) == nil {
			t.Errorf("%s passes whatever the server answers", k.Name)
		}
	}
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"a=b|c":    "a=b%7Cc",
		`a=\, é`:   "a=%5C,%20%C3%A9",
		"a=%2B&b=": "a=%2B&b=",
	} {
		if got := escape(in); got != want {
			t.Errorf("escape(%q) = %q, want %q", in, got, want)
		}
	}
}

// Every case holds on a gateway of ours on SQLite; cmd/jamii has the same for
// PostgreSQL.
func TestGateway(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "jamii")
	if out, err := exec.Command("go", "build", "-o", binary, "../cmd/jamii").CombinedOutput(); err != nil {
		t.Fatalf("go build ./cmd/jamii: %v\n%s", err, out)
	}
	c := &client{}
	stop, err := launch(c, binary, "")
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	for _, k := range suite() {
		if err := k.try(c); err != nil {
			t.Errorf("%s: %s (%s)\n%v", k.Area, k.Name, k.Clause, err)
		}
	}
}
