package rest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/registry"
	"github.com/jamii-health/jamii/internal/rest"
	"github.com/jamii-health/jamii/internal/store"
	"github.com/jamii-health/jamii/internal/store/pgtest"
	"github.com/jamii-health/jamii/internal/store/postgres"
	"github.com/jamii-health/jamii/internal/store/sqlite"
)

// callers are the principals of the tests, by user name. "admin" may do all.
type callers map[string]access.Principal

func (c callers) Authenticate(_ context.Context, r *http.Request) (access.Principal, error) {
	user, _, ok := r.BasicAuth()
	if !ok {
		return access.Principal{}, &fhir.Error{Kind: fhir.Unauthorized, Issue: fhir.IssueLogin, Text: "Say who you are."}
	}
	p, ok := c[user]
	if !ok {
		return access.Principal{}, &fhir.Error{Kind: fhir.Unauthorized, Issue: fhir.IssueLogin, Text: "Unknown client."}
	}
	return p, nil
}

// gateway is a started server on a real store.
type gateway struct {
	t        *testing.T
	url      string
	registry *registry.Registry
	store    store.Store
	callers  callers
}

var stores = map[string]func(t *testing.T) store.Store{
	"sqlite": func(t *testing.T) store.Store {
		s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "jamii.db"), sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	},
	"postgres": func(t *testing.T) store.Store {
		s, err := postgres.Open(t.Context(), pgtest.DSN(t), postgres.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	},
}

// onBoth runs a test against a gateway on each store.
func onBoth(t *testing.T, o registry.Options, test func(g *gateway)) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) { test(start(t, open(t), o)) })
	}
}

// noTrail is for tests of many requests that do not look at the trail: they
// would wait for a commit each.
type noTrail struct{}

func (noTrail) Add(context.Context, store.Audit) error { return nil }

func start(t *testing.T, s store.Store, o registry.Options) *gateway {
	t.Helper()
	catalogue, err := search.NewCatalogue(nil)
	if err != nil {
		t.Fatal(err)
	}
	reg, err := registry.New(t.Context(), s, catalogue, o)
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{t: t, registry: reg, store: s, callers: callers{"admin": access.Internal("admin")}}
	srv := httptest.NewUnstartedServer(rest.New(reg, g.callers, rest.Options{}))
	srv.Config.MaxHeaderBytes = 8 << 20
	srv.Start()
	t.Cleanup(func() {
		srv.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	g.url = srv.URL + "/fhir"
	return g
}

// answer is what came back.
type answer struct {
	code   int
	header http.Header
	raw    []byte
	body   *fhir.Node
}

// do sends a request; headers are "Name: value".
func (g *gateway) do(user, method, path, body string, headers ...string) answer {
	g.t.Helper()
	req, err := http.NewRequestWithContext(g.t.Context(), method, g.url+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	if user != "" {
		req.SetBasicAuth(user, "x")
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/fhir+json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		g.t.Fatalf("%s %s: %v", method, shorten(path), err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	a := answer{code: res.StatusCode, header: res.Header, raw: raw}
	if len(bytes.TrimSpace(raw)) > 0 {
		if a.body, err = fhir.Parse(raw); err != nil {
			g.t.Fatalf("%s %s answered %d with what is no JSON: %.200s", method, shorten(path), res.StatusCode, raw)
		}
	}
	return a
}

func shorten(s string) string {
	if len(s) > 100 {
		return s[:100] + "..."
	}
	return s
}

// want does a request as admin and fails unless it answers with the status.
func (g *gateway) want(code int, method, path, body string, headers ...string) answer {
	g.t.Helper()
	return g.wantAs("admin", code, method, path, body, headers...)
}

func (g *gateway) wantAs(user string, code int, method, path, body string, headers ...string) answer {
	g.t.Helper()
	a := g.do(user, method, path, body, headers...)
	if a.code != code {
		g.t.Fatalf("%s %s as %s answered %d, want %d: %.600s", method, shorten(path), user, a.code, code, a.raw)
	}
	return a
}

// issue returns code, expression and text of the first issue.
func (a answer) issue() (code, expression, text string) {
	is := a.body.Get("issue").At(0)
	return is.Get("code").String(), is.Get("expression").At(0).String(), is.Get("diagnostics").String()
}

// ids of the entries that match.
func (a answer) ids() (out []string) {
	for _, e := range a.body.Get("entry").Each() {
		if e.Path("search", "mode").String() != "outcome" {
			out = append(out, e.Path("resource", "id").String())
		}
	}
	return out
}

func (a answer) link(relation string) string {
	for _, l := range a.body.Get("link").Each() {
		if l.Get("relation").String() == relation {
			return l.Get("url").String()
		}
	}
	return ""
}

// follow gets an absolute link.
func (g *gateway) follow(url string) answer {
	g.t.Helper()
	return g.want(200, http.MethodGet, strings.TrimPrefix(url, g.url), "")
}

// shared finds ../shared beside the project, "" when it is not there.
func shared(t *testing.T) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	s := filepath.Join(dir, "..", "shared")
	if _, err := os.Stat(s); err != nil {
		t.Log("no ../shared beside the project: nothing to load")
		return ""
	}
	return s
}

func bundleOf(kind string, entries ...string) string {
	return fmt.Sprintf(`{"resourceType":"Bundle","type":%q,"entry":[%s]}`, kind, strings.Join(entries, ","))
}

func post(fullURL, resource string) string {
	n, err := fhir.Parse([]byte(resource))
	if err != nil {
		panic(err)
	}
	if fullURL != "" {
		fullURL = fmt.Sprintf(`"fullUrl":%q,`, fullURL)
	}
	return fmt.Sprintf(`{%s"resource":%s,"request":{"method":"POST","url":%q}}`, fullURL, resource, n.ResourceType())
}

// trail is the audit trail, newest first.
func (g *gateway) trail() []store.Audit {
	g.t.Helper()
	rows, err := g.store.Audits(g.t.Context(), store.AuditFilter{Limit: 10_000})
	if err != nil {
		g.t.Fatal(err)
	}
	return rows
}
