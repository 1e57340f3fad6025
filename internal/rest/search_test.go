package rest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/internal/registry"
)

// library puts what the search tests look for.
func (g *gateway) library() {
	for _, r := range []string{
		`{"resourceType":"Organization","id":"o1","name":"Clinic One","active":true}`,
		`{"resourceType":"Patient","id":"p1","identifier":[{"system":"https://example.org/n","value":"A,1"},{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"system":"https://example.org/m","value":"77"}],"name":[{"family":"Gurung","given":["Hari","Ram"]}],"gender":"male","birthDate":"1980-05-01","managingOrganization":{"reference":"Organization/o1"},"telecom":[{"system":"phone","value":"01-1"}]}`,
		`{"resourceType":"Patient","id":"p2","identifier":[{"system":"https://example.org/n","value":"B$2"}],"name":[{"family":"Gürüng"}],"gender":"female","birthDate":"1980-05"}`,
		`{"resourceType":"Patient","id":"p3","identifier":[{"value":"C|3"}],"name":[{"family":"gurunganita"}],"gender":"female","birthDate":"1990","deceasedBoolean":false}`,
		`{"resourceType":"Observation","id":"b1","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}],"text":"Systolic"},"subject":{"reference":"Patient/p1"},"effectiveDateTime":"2026-01-10T10:00:00+05:45","valueQuantity":{"value":120.0,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}`,
		`{"resourceType":"Observation","id":"b2","status":"amended","code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"subject":{"reference":"Patient/p2"},"effectivePeriod":{"start":"2026-01-01","end":"2026-01-31"},"valueQuantity":{"value":131,"system":"http://unitsofmeasure.org","code":"mm[Hg]"}}`,
		`{"resourceType":"Observation","id":"b3","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"718-7"}]},"subject":{"identifier":{"system":"https://example.org/n","value":"A,1"}},"effectiveDateTime":"2025","valueQuantity":{"value":12.5,"unit":"g/dL"},"component":[{"code":{"coding":[{"system":"s","code":"x"}]},"valueQuantity":{"value":5}},{"code":{"coding":[{"system":"s","code":"y"}]},"valueQuantity":{"value":9}}]}`,
		`{"resourceType":"RiskAssessment","id":"r1","status":"final","subject":{"reference":"Patient/p1"},"prediction":[{"probabilityDecimal":0.30}]}`,
		`{"resourceType":"RiskAssessment","id":"r2","status":"final","subject":{"reference":"Patient/p2"},"prediction":[{"probabilityDecimal":0.7}]}`,
		`{"resourceType":"ValueSet","id":"v1","url":"https://example.org/fhir/ValueSet/a","status":"active"}`,
		`{"resourceType":"ValueSet","id":"v2","url":"https://example.org/fhir/ValueSet/a/b","status":"active"}`,
	} {
		typ, id, _ := strings.Cut(strings.TrimPrefix(r, `{"resourceType":"`), `","id":"`)
		id, _, _ = strings.Cut(id, `"`)
		g.want(201, http.MethodPut, "/"+typ+"/"+id, r)
	}
}

func TestSearchParameters(t *testing.T) {
	tests := []struct{ query, want string }{
		{"Patient?_id=p1", "p1"},
		{"Patient?_id=p1,p3", "p1 p3"},
		{"Patient?_id=none", ""},
		{"Patient?identifier=https://example.org/n|A\\,1", "p1"},
		{"Patient?identifier=A\\,1", "p1"},
		{"Patient?identifier=|C\\|3", "p3"},
		{"Patient?identifier=https://example.org/n|", "p1 p2"},
		{"Patient?identifier=B\\$2", "p2"},
		{"Patient?identifier=A,1", ""},
		{"Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|77", "p1"},
		{"Patient?gender=female", "p2 p3"},
		{"Patient?gender:not=female", "p1"},
		{"Patient?gender=male,female&_id=p2", "p2"},
		{"Patient?name=gurung", "p1 p2 p3"},
		{"Patient?family:exact=Gurung", "p1"},
		{"Patient?family:contains=ANITA", "p3"},
		{"Patient?given=ram&family=gurung", "p1"},
		{"Patient?birthdate=1980-05", "p1 p2"},
		{"Patient?birthdate=1980-05-01", "p1"},
		{"Patient?birthdate=gt1980-05-01", "p2 p3"},
		{"Patient?birthdate=lt1980-05-01", ""},
		{"Patient?birthdate=ge1980&birthdate=le1989", "p1 p2"},
		{"Patient?birthdate=ne1990", "p1 p2"},
		{"Patient?birthdate=sa1985", "p3"},
		{"Patient?birthdate=eb1985", "p1 p2"},
		{"Patient?organization=Organization/o1", "p1"},
		{"Patient?organization=o1", "p1"},
		{"Patient?organization:Organization=o1", "p1"},
		{"Patient?organization={base}/Organization/o1", "p1"},
		{"Patient?organization:missing=true", "p2 p3"},
		{"Patient?organization:missing=false", "p1"},
		{"Patient?phone=01-1", "p1"},
		{"Patient?deceased=false", "p1 p2 p3"},
		{"Patient?organization.name=clinic", "p1"},
		{"Patient?organization:Organization.active=true", "p1"},
		{"Patient?_has:Observation:patient:code=8480-6", "p1 p2"},
		{"Patient?_has:Observation:patient:status=amended", "p2"},
		{"Patient?_lastUpdated=ge2020-01-01", "p1 p2 p3"},
		{"Patient?_lastUpdated=lt2020-01-01", ""},
		{"Observation?subject:identifier=https://example.org/n|A\\,1", "b3"},
		{"Observation?patient=p1", "b1"},
		{"Observation?subject=Patient/p1,Patient/p2", "b1 b2"},
		{"Observation?subject:Patient.gender=female", "b2"},
		{"Observation?patient.organization.name=Clinic", "b1"},
		{"Observation?patient:Patient.name=gurung&status=final", "b1"},
		{"Observation?date=2026-01-10", "b1"},
		{"Observation?date=2026-01", "b1 b2"},
		{"Observation?date=gt2026-01-15", "b2"},
		{"Observation?date=lt2026", "b3"},
		{"Observation?value-quantity=120", "b1"},
		{"Observation?value-quantity=120.0|http://unitsofmeasure.org|mm[Hg]", "b1"},
		{"Observation?value-quantity=ge120||mm[Hg]", "b1 b2"},
		{"Observation?value-quantity=gt120", "b2"},
		{"Observation?value-quantity=lt13||g/dL", "b3"},
		{"Observation?value-quantity=131.0", "b2"},
		{"Observation?value-quantity=ap125", "b1 b2"},
		{"Observation?code-value-quantity=http://loinc.org|8480-6$gt125", "b2"},
		{"Observation?component-code-value-quantity=s|x$5", "b3"},
		{"Observation?component-code-value-quantity=s|x$9", ""},
		{"Observation?code:text=syst", "b1"},
		{"Observation?code=http://loinc.org|718-7,http://loinc.org|8480-6&status=final", "b1 b3"},
		{"RiskAssessment?probability=0.3", "r1"},
		{"RiskAssessment?probability=0.30", "r1"},
		{"RiskAssessment?probability=gt0.5", "r2"},
		{"RiskAssessment?probability=0.300", "r1"},
		{"ValueSet?url=https://example.org/fhir/ValueSet/a", "v1"},
		{"ValueSet?url:below=https://example.org/fhir/ValueSet", "v1 v2"},
		{"ValueSet?url:above=https://example.org/fhir/ValueSet/a/b", "v1 v2"},
		{"?_type=Patient,ValueSet&_id=p1,v1", "p1 v1"},
		{"?_id=p1", "p1"},
		{"?_type=Observation,RiskAssessment&_lastUpdated=gt2020", "b1 b2 b3 r1 r2"},
	}
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		g.library()
		for _, tt := range tests {
			path, query, _ := strings.Cut(strings.ReplaceAll(tt.query, "{base}", g.url), "?")
			pairs := strings.Split(query, "&")
			for i, p := range pairs {
				name, value, _ := strings.Cut(p, "=")
				pairs[i] = url.QueryEscape(name) + "=" + url.QueryEscape(value)
			}
			query = strings.Join(pairs, "&")
			get := g.want(200, http.MethodGet, "/"+path+"?"+query, "")
			got := get.ids()
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				g.t.Errorf("%s (-want +got):\n%s", tt.query, diff)
			}
			if total := get.body.Get("total"); total == nil || total.Text != fmt.Sprint(len(got)) {
				g.t.Errorf("%s: total %v, found %d", tt.query, total, len(got))
			}
			post := g.want(200, http.MethodPost, strings.TrimSuffix("/"+path, "/")+"/_search", query, "Content-Type: application/x-www-form-urlencoded")
			if diff := cmp.Diff(get.ids(), post.ids()); diff != "" {
				g.t.Errorf("POST _search %s differs (-get +post):\n%s", tt.query, diff)
			}
		}
	})
}

func TestRefusedSearches(t *testing.T) {
	tests := []struct{ query, names string }{
		{"Patient?nonsense=1", "nonsense"},
		{"Patient?name:nonsense=1", "name"},
		{"Patient?gender:contains=m", "gender"},
		{"Patient?birthdate=soon", "birthdate"},
		{"Patient?_count=-1", "_count"},
		{"Patient?_count=ten", "_count"},
		{"Patient?_sort=nonsense", "_sort"},
		{"Patient?_include=Patient:nonsense", "_include"},
		{"Patient?_include=Observation:none", "_include"},
		{"Patient?_revinclude=*", "_revinclude"},
		{"Patient?_total=some", "_total"},
		{"Patient?_summary=short", "_summary"},
		{"Patient?_elements=nonsense", "_elements"},
		{"Patient?organization.nonsense=1", "organization"},
		{"Patient?_has:Observation:nonsense:code=1", "_has"},
		{"Patient?name=", "name"},
		{"Patient?_lastUpdated=xx2020", "_lastUpdated"},
		{"Patient?_id=a_b", "_id"},
		{"Patient?_filter=x", "_filter"},
		{"Patient?name=%00", "name"},
		{"Observation?value-quantity=ten", "value-quantity"},
		{"Patient?_count=1&_count=2", "_count"},
		{"Patient?identifier:missing=perhaps", "identifier"},
		{"?_type=Nothing", "_type"},
		{"?_type=Patient&nonsense=1", "nonsense"},
		{"?_type=Patient,Group&_sort=_id", "_sort"},
		{"?gender=male", "gender"},
		{"Patient?_cursor=AAAA", "_cursor"},
		{"Patient?name=%zz", ""},
		{"AuditEvent?_sort=agent-name", "_sort"},
	}
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		for _, tt := range tests {
			a := g.want(400, http.MethodGet, "/"+tt.query, "")
			code, at, text := a.issue()
			if code == "" || text == "" || !strings.Contains(at+text, tt.names) {
				g.t.Errorf("%s: the outcome does not name it: %s", tt.query, a.raw)
			}
		}
		g.want(404, http.MethodGet, "/Nothing?name=x", "")
		long := "name=" + strings.Repeat("x", 5<<20)
		if a := g.do("admin", http.MethodGet, "/Patient?"+long, ""); a.code < 400 || a.code > 499 || a.body.ResourceType() != "OperationOutcome" {
			t.Errorf("5 MB in the address: %d", a.code)
		}
		if a := g.do("admin", http.MethodPost, "/Patient/_search", long, "Content-Type: application/x-www-form-urlencoded"); a.code != 413 {
			t.Errorf("5 MB in the form: %d", a.code)
		}
		a := g.want(200, http.MethodGet, "/Patient?nonsense=1&gender=male", "", "Prefer: handling=lenient")
		last := a.body.Get("entry").At(0)
		if last.Path("search", "mode").String() != "outcome" || !strings.Contains(string(a.raw), "nonsense") {
			t.Errorf("what was ignored is not named: %s", a.raw)
		}
		if got := a.link("self"); got != g.url+"/Patient?gender=male" {
			t.Errorf("self %q", got)
		}
		g.want(400, http.MethodGet, "/Patient?birthdate=soon", "", "Prefer: handling=lenient")
	})
}
