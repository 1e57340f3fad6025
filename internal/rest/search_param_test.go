package rest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/registry"
	"github.com/jamii-health/jamii/internal/rest"
)

func searchParam(id, code, expression, more string) string {
	return fmt.Sprintf(`{"resourceType":"SearchParameter","id":%q,"url":"http://x.org/%s","name":"Own","status":"active","description":"x","code":%q,"base":["Patient"],"type":"token","expression":%q%s}`, id, code, code, expression, more)
}

// process is another gateway on the same store.
func (g *gateway) process() *gateway {
	g.t.Helper()
	catalogue, err := search.NewCatalogue(nil)
	if err != nil {
		g.t.Fatal(err)
	}
	reg, err := registry.New(g.t.Context(), g.store, catalogue, registry.Options{})
	if err != nil {
		g.t.Fatal(err)
	}
	other := &gateway{t: g.t, registry: reg, store: g.store, callers: g.callers}
	srv := httptest.NewServer(rest.New(reg, g.callers, rest.Options{}))
	g.t.Cleanup(srv.Close)
	other.url = srv.URL + "/fhir"
	return other
}

// keep runs the worker of search parameters until the test ends or stop is
// called.
func (g *gateway) keep() (stop func()) {
	ctx, cancel := context.WithCancel(g.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.registry.KeepSearch(ctx)
	}()
	stop = func() { cancel(); <-done }
	g.t.Cleanup(stop)
	return stop
}

// eventually waits until a search answers with the status, and returns it.
// Before that it must be refused with a reason.
func (g *gateway) eventually(code int, path string) answer {
	g.t.Helper()
	for range 200 {
		a := g.do("admin", http.MethodGet, path, "")
		if a.code == code {
			return a
		}
		if a.code != 422 && a.code != 400 {
			g.t.Fatalf("%s answers %d meanwhile: %.300s", path, a.code, a.raw)
		}
		time.Sleep(50 * time.Millisecond)
	}
	g.t.Fatalf("%s does not answer %d within 10 s", path, code)
	return answer{}
}

func TestSearchParameterRefused(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		for name, body := range map[string]string{
			"code of R4":     searchParam("x", "gender", "Patient.language", ""),
			"no FHIRPath":    searchParam("x", "own", "Patient.(", ""),
			"code":           searchParam("x", "own:exact", "Patient.language", ""),
			"no expression":  strings.Replace(searchParam("x", "own", "-", ""), `,"expression":"-"`, "", 1),
			"base":           strings.Replace(searchParam("x", "own", "Patient.language", ""), `["Patient"]`, `["Patent"]`, 1),
			"of unknown one": strings.Replace(searchParam("x", "own", "Patient.name", `,"component":[{"definition":"http://x.org/a","expression":"given"},{"definition":"http://x.org/b","expression":"family"}]`), `"token"`, `"composite"`, 1),
		} {
			a := g.do("admin", http.MethodPost, "/SearchParameter", body)
			if _, path, _ := a.issue(); a.code != 422 || !strings.HasPrefix(path, "SearchParameter") {
				g.t.Errorf("%s: %d %.300s", name, a.code, a.raw)
			}
		}
		a := g.want(422, http.MethodPost, "", bundleOf("transaction", post("", searchParam("x", "gender", "Patient.language", ""))))
		if _, path, _ := a.issue(); path != "Bundle.entry[0].resource.code" {
			g.t.Errorf("in a transaction it is at %s", path)
		}
		// A draft, and HL7's own, are resources like others.
		g.want(201, http.MethodPost, "/SearchParameter", strings.Replace(searchParam("x", "gender", "Patient.(", ""), "active", "draft", 1))
		g.want(201, http.MethodPost, "/SearchParameter", strings.Replace(searchParam("x", "gender", "Patient.gender", ""), "http://x.org/gender", "http://hl7.org/fhir/SearchParameter/individual-gender", 1))
		g.want(200, http.MethodGet, "/Patient?gender=male", "")
	})
}

func TestSearchParameterTakesEffect(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		entries := make([]string, 450) // more than two batches
		for i := range entries {
			entries[i] = fmt.Sprintf(`{"resource":{"resourceType":"Patient","id":"q%d","language":"%s"},"request":{"method":"PUT","url":"Patient/q%d"}}`, i, []string{"aa", "bb"}[i%2], i)
		}
		g.want(200, http.MethodPost, "", bundleOf("transaction", entries...))
		other := g.process()

		g.want(400, http.MethodGet, "/Patient?spoken=aa", "")
		g.want(201, http.MethodPut, "/SearchParameter/own", searchParam("own", "spoken", "Patient.language", ""))
		a := g.want(422, http.MethodGet, "/Patient?spoken=aa", "", "Prefer: handling=lenient")
		if code, _, text := a.issue(); code != "incomplete" || !strings.Contains(text, "0 % is done") {
			g.t.Errorf("before it is indexed: %s", a.raw)
		}
		// What is written meanwhile, also by a process that does not know yet.
		g.want(201, http.MethodPut, "/Patient/new", `{"resourceType":"Patient","id":"new","language":"aa"}`)
		other.want(201, http.MethodPut, "/Patient/other", `{"resourceType":"Patient","id":"other","language":"aa"}`)
		other.want(200, http.MethodPut, "/Patient/q1", `{"resourceType":"Patient","id":"q1","language":"aa"}`)

		stop, stopOther := g.keep(), other.keep()
		for _, p := range []*gateway{g, other} {
			if n := p.eventually(200, "/Patient?spoken=aa&_summary=count").body.Get("total").Text; n != "228" {
				g.t.Errorf("%s found, want 228", n)
			}
			if ids := p.want(200, http.MethodGet, "/Patient?spoken=aa&_id=q1,q2,q3,new,other&_sort=_id", "").ids(); len(ids) != 4 {
				g.t.Errorf("found %v", ids)
			}
		}
		if v := g.want(200, http.MethodGet, "/Patient/q2", "").body.Path("meta", "versionId").String(); v != "1" {
			g.t.Errorf("reindexing made version %s", v)
		}
		if m := g.want(200, http.MethodGet, "/metadata", ""); !strings.Contains(string(m.raw), `"http://x.org/spoken"`) {
			g.t.Error("metadata does not list it")
		}
		stop()
		stopOther()

		// A new process knows it, and that all is done.
		third := g.process()
		third.want(200, http.MethodGet, "/Patient?spoken=bb&_count=1", "")
		// Another meaning is indexed anew, by whoever comes after a restart.
		third.want(200, http.MethodPut, "/SearchParameter/own", searchParam("own", "spoken", "Patient.id", ""))
		third.want(422, http.MethodGet, "/Patient?spoken=q7", "")
		fourth := g.process()
		fourth.want(422, http.MethodGet, "/Patient?spoken=q7", "")
		fourth.keep()
		if ids := fourth.eventually(200, "/Patient?spoken=q7").ids(); len(ids) != 1 {
			g.t.Errorf("found %v by its new meaning", ids)
		}
		// Retired and deleted ones are gone, here at once.
		fourth.want(200, http.MethodPut, "/SearchParameter/own", strings.Replace(searchParam("own", "spoken", "Patient.id", ""), "active", "retired", 1))
		fourth.want(400, http.MethodGet, "/Patient?spoken=q7", "")
		fourth.want(200, http.MethodPut, "/SearchParameter/own", searchParam("own", "spoken", "Patient.id", ""))
		fourth.want(422, http.MethodGet, "/Patient?spoken=q7", "")
		fourth.want(204, http.MethodDelete, "/SearchParameter/own", "")
		fourth.want(400, http.MethodGet, "/Patient?spoken=q7", "")
	})
}
