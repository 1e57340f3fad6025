package rest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jamii-health/jamii/internal/registry"
)

// Every interaction leaves one row for each resource it touches, also when it
// is refused.
func TestEveryInteractionIsAudited(t *testing.T) {
	tests := []struct {
		interaction, outcome, method, path, body string
		rows                                     int
	}{
		{"create", "0", "POST", "/Patient", person("", "X"), 1},
		{"create", "4", "POST", "/Patient", `{"resourceType":`, 1},
		{"create", "4", "POST", "/Patient", `{"resourceType":"Patient","x":1}`, 1},
		{"create", "4", "POST", "/Nothing", `{"resourceType":"Nothing"}`, 1},
		{"update", "0", "PUT", "/Patient/p1", person("p1", "X"), 1},
		{"update", "0", "PUT", "/Patient/p1", person("p1", "Y"), 1},
		{"update", "4", "PUT", "/Patient/p1", person("p2", "Y"), 1},
		{"update", "4", "PUT", "/Patient?nonsense=1", person("p2", "Y"), 1},
		{"update", "4", "PUT", "/Patient", person("p2", "Y"), 1},
		{"read", "0", "GET", "/Patient/p1", "", 1},
		{"read", "4", "GET", "/Patient/none", "", 1},
		{"read", "4", "GET", "/Patient/p1?_format=ttl", "", 1},
		{"vread", "0", "GET", "/Patient/p1/_history/1", "", 1},
		{"vread", "4", "GET", "/Patient/p1/_history/9", "", 1},
		{"vread", "4", "GET", "/Patient/p1/_history/x", "", 1},
		{"patch", "4", "PATCH", "/Patient/p1", "[]", 1},
		{"history-instance", "0", "GET", "/Patient/p1/_history", "", 1},
		{"history-type", "0", "GET", "/Patient/_history", "", 1},
		{"history-type", "4", "GET", "/Patient/_history?x=1", "", 1},
		{"history-system", "0", "GET", "/_history", "", 1},
		{"search-type", "0", "GET", "/Patient?name=x", "", 1},
		{"search-type", "4", "GET", "/Patient?nonsense=x", "", 1},
		{"search-type", "4", "GET", "/Patient?name=%zz", "", 1},
		{"search-system", "0", "GET", "/?_type=Patient", "", 1},
		{"delete", "0", "DELETE", "/Patient/p1", "", 1},
		{"delete", "0", "DELETE", "/Patient/none", "", 1},
		{"delete", "4", "DELETE", "/Patient", "", 1},
		{"transaction", "0", "POST", "", bundleOf("transaction", put("Patient/q1", person("q1", "X")), put("Patient/q2", person("q2", "X"))), 2},
		{"transaction", "0", "POST", "", bundleOf("transaction"), 1},
		{"transaction", "4", "POST", "", bundleOf("transaction", ask("FOO", "Patient/1")), 1},
		{"transaction", "4", "POST", "", bundleOf("transaction", put("Patient/q1", `{"resourceType":"Patient","id":"q1","x":1}`)), 1},
		{"batch", "0", "POST", "", bundleOf("batch"), 1},
		{"operation", "4", "POST", "/Patient/$nothing", "{}", 1},
	}
	onBoth(t, registry.Options{}, func(g *gateway) {
		for _, tt := range tests {
			id := "request-" + strings.ReplaceAll(tt.interaction, "$", "") + "-1"
			before := len(g.trail())
			g.do("admin", tt.method, tt.path, tt.body, "X-Request-Id: "+id)
			rows := g.trail()
			if got := len(rows) - before; got != tt.rows {
				t.Errorf("%s %s: %d rows, want %d", tt.method, shorten(tt.path), got, tt.rows)
				continue
			}
			last := rows[0]
			if last.Interaction != tt.interaction || last.Outcome != tt.outcome || last.Agent != "admin" || last.Request != id || last.Network != "127.0.0.1" || time.Since(last.At) > time.Minute {
				t.Errorf("%s %s: %+v, want %s outcome %s", tt.method, shorten(tt.path), last, tt.interaction, tt.outcome)
			}
		}
		g.do("", http.MethodGet, "/Patient/p1", "")
		if last := g.trail()[0]; last.Outcome != "4" || last.Interaction != "read" {
			t.Errorf("a stranger leaves %+v", last)
		}
		for {
			n, err := g.store.Seal(t.Context(), time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				break
			}
		}
		n, err := g.store.VerifySeals(t.Context())
		if err != nil || n < 35 {
			t.Errorf("%d rows verified: %v", n, err)
		}
	})
}

func TestSearchOfTheTrail(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		start := time.Now().UTC().Add(-time.Second)
		g.twoFacilities()
		g.wantAs("a", 200, http.MethodGet, "/Patient/pa", "")
		g.wantAs("a", 200, http.MethodGet, "/Claim/ca", "")
		g.wantAs("a", 404, http.MethodGet, "/Claim/cb", "")
		g.wantAs("a", 200, http.MethodGet, "/Claim?identifier=secret", "")
		g.wantAs("officer", 204, http.MethodDelete, "/Basic/xa", "")
		since := url.QueryEscape(start.Format(time.RFC3339))
		for query, want := range map[string]int{
			"agent-name=facility-a":                                       4,
			"agent-name=facility-a&action=R":                              3,
			"agent-name=facility-a&action=R&outcome=4":                    1,
			"agent-name=facility-a&action:not=R":                          1,
			"agent-name=facility-a,officer":                               5,
			"agent-name=facility-a&action=R,E":                            4,
			"agent-name=officer&action=D&entity=Basic/xa":                 1,
			"agent-name=facility-a&patient=pa":                            2,
			"agent-name=facility-a&patient=Patient/pa&entity=Claim/ca":    1,
			"entity=Claim/ca":                                             2,
			"entity=Claim/cb":                                             3,
			"subtype=vread":                                               0,
			"subtype=http://hl7.org/fhir/restful-interaction|search-type": 1,
			"type=rest&date=ge" + since + "&agent-name=facility-a":        4,
			"date=lt" + since:                                             0,
			"_lastUpdated=lt2020-01-01":                                   0,
			"agent-name=nobody":                                           0,
		} {
			path := "/AuditEvent?_count=100&" + strings.ReplaceAll(query, "|", "%7C")
			a := g.want(200, http.MethodGet, path, "")
			if n := len(a.ids()); n != want && !strings.HasPrefix(query, "subtype=http") {
				t.Errorf("%s: %d, want %d", query, n, want)
			} else if n == 0 && want > 0 {
				t.Errorf("%s: nothing", query)
			}
		}
		count := g.want(200, http.MethodGet, "/AuditEvent?agent-name=facility-a&_summary=count", "")
		if got := count.body.Get("total").Text; got != "4" {
			t.Errorf("number of the trail: %s", got)
		}
		if ids, pages := g.walk("/AuditEvent?agent-name=facility-a&_count=2"); len(ids) != 4 || pages != 2 {
			t.Errorf("%d events on %d pages", len(ids), pages)
		}

		// Events that a client stored follow those of the trail.
		event := `{"resourceType":"AuditEvent","id":"theirs","type":{"code":"rest"},"recorded":"2026-01-01T00:00:00Z","agent":[{"name":"elsewhere","requestor":true}],"source":{"observer":{"display":"x"}}}`
		g.want(201, http.MethodPut, "/AuditEvent/theirs", event)
		if ids := g.want(200, http.MethodGet, "/AuditEvent?agent-name=elsewhere", "").ids(); len(ids) != 1 || ids[0] != "theirs" {
			t.Errorf("stored events: %v", ids)
		}
		g.want(204, http.MethodDelete, "/AuditEvent/theirs", "")

		for _, path := range []string{"/AuditEvent", "/AuditEvent/1", "/AuditEvent/1/_history", "/AuditEvent/_history", "/AuditEvent/1/_history/1", "/?_type=AuditEvent"} {
			g.wantAs("a", 403, http.MethodGet, path, "")
		}
		if a := g.wantAs("a", 200, http.MethodGet, "/?_id=pa", ""); strings.Contains(string(a.raw), "AuditEvent") {
			t.Error("a facility finds audit events in a search of everything")
		}
	})
}
