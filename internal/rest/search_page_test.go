package rest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/registry"
)

// walk follows next links from a path and returns the ids in order.
func (g *gateway) walk(path string) (ids []string, pages int) {
	g.t.Helper()
	for next := g.url + path; next != ""; pages++ {
		a := g.follow(next)
		ids, next = append(ids, a.ids()...), a.link("next")
		if pages > 200 {
			g.t.Fatalf("%s: paging does not end", path)
		}
	}
	return ids, pages
}

// crowd makes n patients with few distinct names and birth dates, some without.
func (g *gateway) crowd(n int) []string {
	entries, ids := make([]string, n), make([]string, n)
	for i := range n {
		birth := ""
		if i%4 != 0 {
			birth = fmt.Sprintf(`,"birthDate":"19%02d-01-01"`, i%3+50)
		}
		ids[i] = fmt.Sprintf("c%02d", i)
		entries[i] = fmt.Sprintf(`{"resource":{"resourceType":"Patient","id":%q,"name":[{"family":"F%d"}]%s},"request":{"method":"PUT","url":"Patient/%s"}}`, ids[i], i%5, birth, ids[i])
	}
	g.want(200, http.MethodPost, "", bundleOf("transaction", entries...))
	return ids
}

func TestPagingLosesAndRepeatsNothing(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		all := g.crowd(43)
		for _, sort := range []string{"", "_id", "-_id", "_lastUpdated", "-_lastUpdated", "family", "-family", "birthdate", "-birthdate", "family,-birthdate", "birthdate,family,_id", "-birthdate,-_lastUpdated"} {
			query := "/Patient?_count=4"
			if sort != "" {
				query += "&_sort=" + sort
			}
			got, pages := g.walk(query)
			if pages != 11 {
				g.t.Errorf("_sort=%s: %d pages", sort, pages)
			}
			if sort == "_id" && !slices.IsSorted(got) {
				g.t.Errorf("_sort=_id: %v", got)
			}
			slices.Sort(got)
			if diff := cmp.Diff(all, got); diff != "" {
				g.t.Errorf("_sort=%s (-want +got):\n%s", sort, diff)
			}
		}
		both, _ := g.walk("/?_type=Patient,AuditEvent&_count=7&_id=" + strings.Join(all[:20], ","))
		if len(both) != 20 {
			g.t.Errorf("system search found %d of 20", len(both))
		}

		// What is not touched while others write is seen exactly once.
		var got []string
		for next := g.url + "/Patient?_count=5&_sort=family,birthdate"; next != ""; {
			a := g.follow(next)
			got, next = append(got, a.ids()...), a.link("next")
			g.want(201, http.MethodPost, "/Patient", `{"resourceType":"Patient","name":[{"family":"F2"}]}`)
		}
		for _, id := range all {
			if n := count(got, id); n != 1 {
				g.t.Errorf("%s is seen %d times", id, n)
			}
		}
	})
}

func count(list []string, s string) (n int) {
	for _, v := range list {
		if v == s {
			n++
		}
	}
	return n
}

func TestPagesAndTotals(t *testing.T) {
	onBoth(t, registry.Options{MaxCount: 30}, func(g *gateway) {
		g.crowd(43)
		for query, want := range map[string]struct {
			entries int
			total   string
			self    string
		}{
			"":                            {20, "43", "Patient"},
			"_count=0":                    {0, "43", "Patient?_count=0"},
			"_summary=count":              {0, "43", "Patient?_summary=count"},
			"_summary=count&_total=none":  {0, "43", "Patient?_summary=count&_total=none"},
			"_count=99999999999999999999": {30, "43", "Patient?_count=30"},
			"_total=none&_count=2":        {2, "", "Patient?_total=none&_count=2"},
			"_total=accurate&_count=2":    {2, "43", "Patient?_total=accurate&_count=2"},
			"_total=estimate&_count=2":    {2, "43", "Patient?_total=estimate&_count=2"},
			"family=F1&_count=3":          {3, "9", "Patient?family=F1&_count=3"},
			"family=F1&family=F1":         {9, "9", "Patient?family=F1"},
			"name=a%26b%20c":              {0, "0", "Patient?name=a%26b+c"},
			"gender=male&_format=json":    {0, "0", "Patient?gender=male&_format=json"},
		} {
			a := g.want(200, http.MethodGet, "/Patient?"+query, "")
			total := ""
			if n := a.body.Get("total"); n != nil {
				total = n.Text
			}
			if got := len(a.body.Get("entry").Each()); got != want.entries || total != want.total || a.link("self") != g.url+"/"+want.self {
				t.Errorf("%s: %d entries, total %q, self %s; want %v", query, got, total, a.link("self"), want)
			}
		}
		a := g.want(200, http.MethodGet, "/Patient?family=F1&_count=3", "")
		next := a.link("next")
		if strings.Contains(next, "F1") || strings.Contains(next, "family") {
			t.Errorf("the next link tells what is searched: %s", next)
		}
		if second := g.follow(next); second.body.Get("total").Text != "9" {
			t.Errorf("second page: %s", second.body.Get("total").Text)
		}
		for _, e := range a.body.Get("entry").Each() {
			if got := e.Get("fullUrl").String(); got != g.url+"/Patient/"+e.Path("resource", "id").String() {
				t.Errorf("fullUrl %q", got)
			}
		}
		// A next link is good for the client it was made for only, and whole.
		g.callers["other"] = access.Internal("other")
		path := strings.TrimPrefix(next, g.url)
		g.wantAs("other", 400, http.MethodGet, path, "")
		g.want(400, http.MethodGet, path+"A", "")
		g.want(400, http.MethodGet, path+"&family=F2", "")
		g.want(400, http.MethodGet, strings.Replace(path, "Patient", "Group", 1), "")
		g.want(400, http.MethodGet, strings.Replace(path, "Patient", "Patient/_history", 1), "")
		g.want(200, http.MethodGet, path+"&_format=json", "")
	})
}

func TestPagingWhileOthersWrite(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		g.crowd(43)
		stop, done := make(chan struct{}), sync.WaitGroup{}
		done.Add(1)
		go func() {
			defer done.Done()
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					g.do("admin", http.MethodPut, fmt.Sprintf("/Patient/w%d", i%7), person(fmt.Sprintf("w%d", i%7), "F3"))
				}
			}
		}()
		for _, query := range []string{"_count=3", "_count=4&_sort=family", "_count=3&_sort=-_lastUpdated"} {
			got, _ := g.walk("/Patient?" + query + "&family=" + url.QueryEscape("F0,F1,F2,F4"))
			slices.Sort(got)
			if len(got) != 43-8 || len(slices.Compact(got)) != len(got) {
				t.Errorf("%s: %d found, want 35, each once", query, len(got))
			}
		}
		close(stop)
		done.Wait()
	})
}
