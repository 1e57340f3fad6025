package rest_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/jamii-health/jamii/internal/registry"
)

// together runs n requests at once and returns their statuses.
func together(n int, request func(i int) answer) []int {
	codes := make([]int, n)
	var ready, done sync.WaitGroup
	ready.Add(1)
	for i := range n {
		done.Add(1)
		go func() {
			defer done.Done()
			ready.Wait()
			codes[i] = request(i).code
		}()
	}
	ready.Done()
	done.Wait()
	return codes
}

func tally(codes []int) map[int]int {
	out := map[int]int{}
	for _, c := range codes {
		out[c]++
	}
	return out
}

func TestParallelConditionalWritesMakeOne(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		for round := range 4 {
			value := fmt.Sprint(round)
			condition := byNumber + value
			ways := map[string]func(i int) answer{
				"create": func(int) answer {
					return g.do("admin", http.MethodPost, "/Patient", numbered(value, "N"), "If-None-Exist: "+condition)
				},
				"spelled otherwise": func(i int) answer {
					spelling := []string{condition, "Patient?identifier=https%3A%2F%2Fexample.org%2Fn%7C" + value}[i%2]
					return g.do("admin", http.MethodPost, "/Patient", numbered(value, "N"), "If-None-Exist: "+spelling)
				},
				"transaction": func(int) answer {
					return g.do("admin", http.MethodPost, "", bundleOf("transaction",
						`{"resource":`+numbered(value, "N")+`,"request":{"method":"POST","url":"Patient","ifNoneExist":"`+condition+`"}}`,
						post("", `{"resourceType":"Basic","code":{"text":"x"}}`)))
				},
				"update": func(i int) answer {
					return g.do("admin", http.MethodPut, "/Patient?"+condition, numbered(value, fmt.Sprint("N", i)))
				},
			}
			name := []string{"create", "spelled otherwise", "transaction", "update"}[round]
			codes := tally(together(16, ways[name]))
			if codes[200]+codes[201] != 16 {
				t.Errorf("%s: %v", name, codes)
			}
			a := g.want(200, http.MethodGet, "/Patient?"+condition, "")
			if n := len(a.ids()); n != 1 {
				t.Errorf("%s: 16 parallel requests made %d resources", name, n)
			}
			if name == "update" {
				if v := a.body.Get("entry").At(0).Path("resource", "meta", "versionId").String(); v != "16" {
					t.Errorf("16 updates made version %s", v)
				}
			}
		}
	})
}

func TestParallelUpdates(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		codes := tally(together(16, func(i int) answer {
			return g.do("admin", http.MethodPut, "/Patient/same", person("same", fmt.Sprint("N", i)))
		}))
		if codes[201] != 1 || codes[200] != 15 {
			t.Errorf("update-as-create by 16: %v", codes)
		}
		codes = tally(together(16, func(i int) answer {
			return g.do("admin", http.MethodPut, "/Patient/same", person("same", fmt.Sprint("N", i)), `If-Match: W/"16"`)
		}))
		if codes[200] != 1 || codes[412] != 15 {
			t.Errorf("If-Match by 16: %v", codes)
		}
		codes = tally(together(8, func(int) answer { return g.do("admin", http.MethodDelete, "/Patient/same", "") }))
		if codes[204] != 8 {
			t.Errorf("delete by 8: %v", codes)
		}
		a := g.want(200, http.MethodGet, "/Patient/same/_history", "")
		if n := len(versions(a)); n != 18 {
			t.Errorf("%d versions, want 18", n)
		}
	})
}

// Transactions that write the same resources in opposite orders neither fail
// on one another nor leave halves behind.
func TestCrossingTransactions(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		const width = 6
		codes := tally(together(24, func(i int) answer {
			var entries []string
			for k := range width {
				id := fmt.Sprintf("x%d", k)
				if i%2 == 1 {
					id = fmt.Sprintf("x%d", width-1-k)
				}
				entries = append(entries, put("Patient/"+id, person(id, fmt.Sprint("T", i))))
			}
			entries = append(entries, `{"resource":`+numbered("cross", "N")+`,"request":{"method":"POST","url":"Patient","ifNoneExist":"`+byNumber+`cross"}}`)
			return g.do("admin", http.MethodPost, "", bundleOf("transaction", entries...))
		}))
		if codes[200] != 24 {
			t.Errorf("%v", codes)
		}
		families := map[string]bool{}
		for _, e := range g.want(200, http.MethodGet, "/Patient?_id=x0,x1,x2,x3,x4,x5", "").body.Get("entry").Each() {
			families[e.Path("resource", "name").At(0).Get("family").String()] = true
			if v := e.Path("resource", "meta", "versionId").String(); v != "24" {
				t.Errorf("version %s of 24", v)
			}
		}
		if len(families) != 1 {
			t.Errorf("the last transaction is mixed with others: %v", families)
		}
		if n := len(g.want(200, http.MethodGet, "/Patient?"+byNumber+"cross", "").ids()); n != 1 {
			t.Errorf("%d conditional creates", n)
		}
	})
}
