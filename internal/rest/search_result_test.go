package rest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/internal/registry"
)

// modes lists entries as "mode Type/id", sorted.
func modes(a answer) string {
	var out []string
	for _, e := range a.body.Get("entry").Each() {
		r := e.Get("resource")
		out = append(out, e.Path("search", "mode").String()[:1]+" "+r.ResourceType()+"/"+r.Get("id").String())
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func TestIncludes(t *testing.T) {
	tests := []struct{ query, want string }{
		{"Observation?_id=b1&_include=Observation:subject", "i Patient/p1, m Observation/b1"},
		{"Observation?_include=Observation:subject:Patient&status=final", "i Patient/p1, m Observation/b1, m Observation/b3"},
		{"Observation?_id=b1,b2&_include=Observation:*", "i Patient/p1, i Patient/p2, m Observation/b1, m Observation/b2"},
		{"Observation?_id=b1&_include=*", "i Patient/p1, m Observation/b1"},
		{"Observation?_id=b1&_include=Observation:subject&_include:iterate=Patient:organization", "i Organization/o1, i Patient/p1, m Observation/b1"},
		{"Observation?_id=b1&_include:iterate=Patient:organization", "m Observation/b1"},
		{"Patient?_id=p1&_revinclude=Observation:subject", "i Observation/b1, m Patient/p1"},
		{"Patient?_id=p1&_revinclude=Observation:*&_include=Patient:organization", "i Observation/b1, i Organization/o1, m Patient/p1"},
		{"Organization?_id=o1&_revinclude=Patient:organization&_revinclude:iterate=RiskAssessment:patient", "i Patient/p1, i RiskAssessment/r1, m Organization/o1"},
		{"Patient?_id=p3&_revinclude=Observation:subject", "m Patient/p3"},
		{"?_type=Observation&_id=b1&_include=Observation:subject", "i Patient/p1, m Observation/b1"},
	}
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		g.library()
		for _, tt := range tests {
			a := g.want(200, http.MethodGet, "/"+tt.query, "")
			if diff := cmp.Diff(tt.want, modes(a)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.query, diff)
			}
			matches := 0
			for _, e := range a.body.Get("entry").Each() {
				if e.Path("search", "mode").String() == "match" {
					matches++
				}
			}
			if got := a.body.Get("total").Text; got != string(rune('0'+matches)) {
				t.Errorf("%s: total %s counts more than the matches", tt.query, got)
			}
		}
	})
}

// members lists the names of a resource's members.
func members(a answer) string {
	var out []string
	for _, m := range a.body.Get("entry").At(0).Get("resource").Nodes {
		out = append(out, m.Name)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestSummaryAndElements(t *testing.T) {
	const sent = `{"resourceType":"Claim","id":"k1","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},"status":"active","type":{"text":"x"},"use":"claim","patient":{"reference":"Patient/p1"},"created":"2026-01-01","provider":{"display":"x"},"priority":{"text":"n"},"prescription":{"display":"x"},"insurance":[{"sequence":1,"focal":true,"coverage":{"display":"x"},"businessArrangement":"x"}],"item":[{"sequence":1,"productOrService":{"text":"x"}}]}`
	full := "created id insurance item meta patient prescription priority provider resourceType status text type use"
	mandatory := "created id insurance meta patient priority provider resourceType status text type use"
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		g.want(201, http.MethodPut, "/Claim/k1", sent)
		for query, want := range map[string]string{
			"_summary=false":         full,
			"_summary=true":          "created id insurance meta patient priority provider resourceType status type use",
			"_summary=text":          mandatory,
			"_summary=data":          strings.Replace(full, "text ", "", 1),
			"_elements=item":         "created id insurance item meta patient priority provider resourceType status type use",
			"_elements=Claim.item":   "created id insurance item meta patient priority provider resourceType status type use",
			"_elements=prescription": "created id insurance meta patient prescription priority provider resourceType status type use",
		} {
			a := g.want(200, http.MethodGet, "/Claim?_id=k1&"+query, "")
			if diff := cmp.Diff(want, members(a)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", query, diff)
			}
			tagged := strings.Contains(string(a.raw), "SUBSETTED")
			if tagged != (query != "_summary=false") {
				t.Errorf("%s: SUBSETTED %v", query, tagged)
			}
			read := g.want(200, http.MethodGet, "/Claim/k1?"+query, "")
			if diff := cmp.Diff(a.body.Get("entry").At(0).Get("resource").JSON(), read.body.JSON()); diff != "" {
				t.Errorf("%s: read and search differ:\n%s", query, diff)
			}
		}
		a := g.want(200, http.MethodGet, "/Claim?_id=k1&_summary=true", "")
		if strings.Contains(string(a.raw), "businessArrangement") {
			t.Error("a summary holds an element that is not of the summary")
		}
		g.want(400, http.MethodGet, "/Claim/k1?_summary=count", "")
	})
}
