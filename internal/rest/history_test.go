package rest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/internal/registry"
)

// versions lists a history as "method url status etag".
func versions(a answer) (out []string) {
	for _, e := range a.body.Get("entry").Each() {
		q, r := e.Get("request"), e.Get("response")
		line := q.Get("method").String() + " " + q.Get("url").String() + " " + r.Get("status").String() + " " + r.Get("etag").String()
		if e.Get("resource") == nil {
			line += " gone"
		}
		out = append(out, line)
	}
	return out
}

func TestHistoryOfOne(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		g.want(201, http.MethodPut, "/Patient/p1", person("p1", "One"))
		g.want(200, http.MethodPut, "/Patient/p1", person("p1", "Two"))
		g.want(204, http.MethodDelete, "/Patient/p1", "")
		g.want(201, http.MethodPut, "/Patient/p1", person("p1", "Three"))
		a := g.want(200, http.MethodGet, "/Patient/p1/_history", "")
		want := []string{
			`PUT Patient/p1 200 W/"4"`, `DELETE Patient/p1 204 W/"3" gone`, `PUT Patient/p1 200 W/"2"`, `PUT Patient/p1 201 W/"1"`,
		}
		if diff := cmp.Diff(want, versions(a)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if a.body.Get("type").String() != "history" || a.body.Get("total").Text != "4" {
			t.Errorf("type %s total %s", a.body.Get("type").String(), a.body.Get("total").Text)
		}
		if got := a.body.Get("entry").At(0).Get("fullUrl").String(); got != g.url+"/Patient/p1" {
			t.Errorf("fullUrl %q", got)
		}

		var paged []string
		next := g.url + "/Patient/p1/_history?_count=3"
		for pages := 0; next != ""; pages++ {
			a := g.follow(next)
			paged, next = append(paged, versions(a)...), a.link("next")
			if pages > 2 {
				t.Fatal("paging does not end")
			}
		}
		if diff := cmp.Diff(want, paged); diff != "" {
			t.Errorf("paged (-want +got):\n%s", diff)
		}

		second := a.body.Get("entry").At(2).Path("resource", "meta", "lastUpdated").String()
		for query, n := range map[string]int{
			"_since=" + url.QueryEscape(second): 3, "_at=" + url.QueryEscape(second): 1, "_since=2999-01-01": 0, "_count=0": 0, "_count=100000": 4,
		} {
			if got := len(versions(g.want(200, http.MethodGet, "/Patient/p1/_history?"+query, ""))); got != n {
				t.Errorf("%s: %d versions, want %d", query, got, n)
			}
		}
		for _, bad := range []string{"_since=then", "_at=x", "_count=-1", "_count=x", "name=x", "_type=Patient", "_cursor=abc"} {
			a := g.want(400, http.MethodGet, "/Patient/p1/_history?"+bad, "")
			if _, at, _ := a.issue(); at == "" {
				t.Errorf("%s: the outcome does not name the parameter", bad)
			}
		}
		g.want(404, http.MethodGet, "/Patient/never/_history", "")
		g.want(404, http.MethodGet, "/Patient/%2e%2e/_history", "")
		g.want(404, http.MethodGet, "/Nothing/_history", "")
	})
}

func TestHistoryOfTypeAndSystem(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		for i := range 5 {
			g.want(201, http.MethodPut, fmt.Sprintf("/Patient/p%d", i), person(fmt.Sprintf("p%d", i), "X"))
			g.want(201, http.MethodPost, "/Basic", `{"resourceType":"Basic","code":{"text":"x"}}`)
		}
		g.want(204, http.MethodDelete, "/Patient/p0", "")
		count := func(first string) (n int) {
			for next := g.url + first; next != ""; {
				a := g.follow(next)
				n, next = n+len(versions(a)), a.link("next")
			}
			return n
		}
		for path, want := range map[string]int{"/Patient/_history?_count=2": 6, "/_history?_count=3": 11, "/_history?_type=Basic&_count=2": 5, "/_history?_type=Basic,Patient": 11} {
			if got := count(path); got != want {
				t.Errorf("%s: %d versions, want %d", path, got, want)
			}
		}
		a := g.want(200, http.MethodGet, "/_history?_count=2", "")
		if got := versions(a); len(got) != 2 || got[0] != `DELETE Patient/p0 204 W/"2" gone` || got[1][:11] != "POST Basic " {
			t.Errorf("newest first: %v", got)
		}
		if got := a.link("self"); got != g.url+"/_history?_count=2" {
			t.Errorf("self %q", got)
		}
		g.want(400, http.MethodGet, "/_history?_type=Nothing", "")

		// A link goes on with the list that it was made for, and no other.
		cursor := a.link("next")[len(g.url+"/_history?"):]
		for _, path := range []string{"/Patient/_history?", "/Patient/p0/_history?", "/Patient?", "?"} {
			g.want(400, http.MethodGet, path+cursor, "")
		}
		g.want(400, http.MethodGet, "/_history?_type=Basic&"+cursor, "")
		g.want(200, http.MethodGet, "/_history?_format=json&"+cursor, "")
	})
}
