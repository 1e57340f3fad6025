package rest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/registry"
)

// practice puts two patients with what is about them, and what that refers to.
func (g *gateway) practice() {
	for _, r := range []string{
		`{"resourceType":"Organization","id":"o","name":"x"}`, `{"resourceType":"Organization","id":"far","name":"x"}`, `{"resourceType":"Organization","id":"alone","name":"x"}`,
		`{"resourceType":"Practitioner","id":"d"}`,
		`{"resourceType":"PractitionerRole","id":"r","practitioner":{"reference":"Practitioner/d"},"organization":{"reference":"Organization/far"}}`,
		`{"resourceType":"Patient","id":"p1","managingOrganization":{"reference":"Organization/o"}}`,
		`{"resourceType":"Patient","id":"p2","link":[{"other":{"reference":"Patient/p1"},"type":"seealso"}]}`,
		`{"resourceType":"Encounter","id":"e1","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/p1"},"period":{"start":"2024-05-01","end":"2024-05-02"},"participant":[{"individual":{"reference":"PractitionerRole/r"}}]}`,
		`{"resourceType":"Observation","id":"b1","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p1"},"performer":[{"reference":"Organization/o"}],"encounter":{"reference":"Encounter/e1"},"effectiveDateTime":"2024-05-01"}`,
		`{"resourceType":"Observation","id":"b2","status":"final","code":{"text":"y"},"subject":{"reference":"Patient/p1"},"effectiveDateTime":"2026-01-01"}`,
		`{"resourceType":"Observation","id":"b3","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p2"}}`,
		`{"resourceType":"Group","id":"g","type":"person","actual":true,"member":[{"entity":{"reference":"Patient/p1"}},{"entity":{"reference":"Patient/p2"},"inactive":true}]}`,
		`{"resourceType":"Group","id":"empty","type":"person","actual":true}`,
	} {
		n := strings.SplitN(r, `"`, 9)
		g.want(201, http.MethodPut, "/"+n[3]+"/"+n[7], r)
	}
}

// every follows the pages of a list and returns its references, sorted; each
// may be there once.
func (g *gateway) every(path string) string {
	g.t.Helper()
	var refs []string
	for a := g.want(200, http.MethodGet, path, ""); ; {
		for _, e := range a.body.Get("entry").Each() {
			if e.Get("resource").ResourceType() == "AuditEvent" { // the trail, which is in the compartment too
				continue
			}
			refs = append(refs, e.Get("resource").ResourceType()+"/"+e.Path("resource", "id").String())
		}
		next := a.link("next")
		if next == "" {
			break
		}
		a = g.follow(next)
	}
	slices.Sort(refs)
	if len(slices.Compact(slices.Clone(refs))) != len(refs) {
		g.t.Errorf("%s repeats: %v", path, refs)
	}
	return strings.Join(refs, " ")
}

func TestEverything(t *testing.T) {
	const p1 = "Encounter/e1 Group/g Observation/b1 Observation/b2 Organization/far Organization/o Patient/p1 Practitioner/d PractitionerRole/r"
	tests := []struct{ path, want string }{
		{"/Patient/p1/$everything", p1},
		{"/Patient/p1/$everything?_count=1", p1},
		{"/Patient/p1/$everything?_count=2", p1},
		{"/Patient/p1/$everything?_count=3", p1},
		{"/Patient/p1/$everything?_count=0", ""},
		{"/Patient/p2/$everything", "Group/g Observation/b3 Patient/p2"},
		{"/Patient/p1/$everything?_type=Observation", "Observation/b1 Observation/b2"},
		{"/Patient/p1/$everything?_type=Patient,Organization&_count=1", "Organization/far Organization/o Patient/p1"},
		{"/Patient/p1/$everything?_since=2999-01-01T00:00:00Z", ""},
		{"/Patient/p1/$everything?_since=2020-01-01T00:00:00Z", p1},
		{"/Patient/p1/$everything?_type=Observation&start=2025-01-01", "Observation/b2"},
		{"/Patient/p1/$everything?_type=Observation,Encounter&end=2024-12-31", "Encounter/e1 Observation/b1"},
		{"/Group/g/$everything", p1},
		{"/Group/g/$everything?_count=2", p1},
		{"/Group/empty/$everything", "Group/empty"},
	}
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		g.practice()
		for _, tt := range tests {
			if got := g.every(tt.path); got != tt.want {
				t.Errorf("%s:\n%s, want\n%s", tt.path, got, tt.want)
			}
		}
		a := g.want(200, http.MethodPost, "/Patient/p1/$everything", parametersOf(codeParam("_type", "valueCode", "Observation"), `{"name":"_count","valueInteger":1}`))
		if len(a.ids()) != 1 || a.body.Get("type").String() != "searchset" || a.link("next") == "" {
			t.Errorf("POST: %s", a.raw)
		}
		g.want(400, http.MethodGet, strings.TrimPrefix(strings.Replace(a.link("next"), "p1", "p2", 1), g.url), "")
		if a := g.want(200, http.MethodGet, "/Patient/p1/$everything", ""); a.body.Get("total").Text != "5" {
			t.Errorf("total %s", a.body.Get("total").Text)
		}
		for path, code := range map[string]int{
			"/Patient/none/$everything": 404, "/Patient/p1/$everything?_type=Nothing": 400, "/Patient/p1/$everything?colour=red": 400,
			"/Patient/p1/$everything?_count=x": 400, "/Patient/p1/$everything?start=May": 400, "/Organization/o/$everything": 404, "/Patient/$everything": 404,
		} {
			g.want(code, http.MethodGet, path, "")
		}
		g.want(204, http.MethodDelete, "/Patient/p2", "")
		g.want(410, http.MethodGet, "/Patient/p2/$everything", "")
		g.callers["narrow"] = access.Principal{Name: "narrow", Kind: access.Client, AnyFacility: true, Scopes: scopes(t, "system/Patient.r system/Observation.rs")}
		got := g.wantAs("narrow", 200, http.MethodGet, "/Patient/p1/$everything", "")
		if ids := fmt.Sprint(got.ids()); ids != "[b2 b1]" {
			t.Errorf("with narrow scopes: %s", ids)
		}
	})
}

func TestCompartments(t *testing.T) {
	tests := []struct{ path, want string }{
		{"/Patient/p1/Observation", "Observation/b1 Observation/b2"},
		{"/Patient/p1/Observation?_count=1", "Observation/b1 Observation/b2"},
		{"/Patient/p1/Observation?code:text=y", "Observation/b2"},
		{"/Patient/p1/Observation?date=ge2025&_sort=date&_count=1", "Observation/b2"},
		{"/Patient/p2/Observation?code:text=y", ""},
		{"/Patient/nobody/Observation", ""},
		{"/Patient/p1/*", "Encounter/e1 Group/g Observation/b1 Observation/b2 Patient/p1 Patient/p2"},
		{"/Patient/p1/*?_count=2", "Encounter/e1 Group/g Observation/b1 Observation/b2 Patient/p1 Patient/p2"},
		{"/Patient/p1/*?_type=Observation,Group", "Group/g Observation/b1 Observation/b2"},
		{"/Patient/p1/Observation?_id=b1&_include=Observation:performer&_include=Observation:encounter", "Encounter/e1 Observation/b1 Organization/o"},
		{"/Patient/p1/Group", "Group/g"},
		{"/Encounter/e1/Observation", "Observation/b1"},
		{"/Encounter/e1/*", "Encounter/e1 Observation/b1"},
	}
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		g.practice()
		for _, tt := range tests {
			if got := g.every(tt.path); got != tt.want {
				t.Errorf("%s:\n%s, want\n%s", tt.path, got, tt.want)
			}
			if self := g.want(200, http.MethodGet, tt.path, "").link("self"); !strings.HasPrefix(self, g.url+strings.SplitN(tt.path, "?", 2)[0]) {
				t.Errorf("%s: self is %s", tt.path, self)
			}
		}
		form := "Content-Type: application/x-www-form-urlencoded"
		for path, want := range map[string]string{"/Patient/p1/Observation/_search": "[b1]", "/Patient/p1/_search?_type=Observation": "[b1]"} {
			if got := fmt.Sprint(g.want(200, http.MethodPost, path, "_id=b1", form).ids()); got != want {
				t.Errorf("POST %s: %s", path, got)
			}
		}
		next := g.want(200, http.MethodGet, "/Patient/p1/Observation?_count=1", "").link("next")
		for _, path := range []string{strings.Replace(next, "p1", "p2", 1), strings.Replace(next, "/Patient/p1", "", 1)} {
			g.want(400, http.MethodGet, strings.TrimPrefix(path, g.url), "")
		}
		for path, code := range map[string]int{
			"/Medication/m/Observation": 404, "/Patient/p1/Organization": 404, "/Patient/p1/Nothing": 404, "/Patient/p1/Observation?colour=red": 400,
			"/Patient/a_b/Observation": 404, "/Patient/p1/*?_type=Organization": 404,
		} {
			g.want(code, http.MethodGet, path, "")
		}
	})
}
