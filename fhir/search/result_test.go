package search_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jamii-health/jamii/fhir/search"
)

func TestResultParameters(t *testing.T) {
	c := catalogue(t)
	n := func(i int) *int { return &i }
	tests := []struct {
		name, typ, query string
		want             search.Query
		applied          string
	}{
		{"count", "Patient", "_count=20", search.Query{Count: n(20)}, "_count=20"},
		{"count of nothing", "Patient", "_count=0", search.Query{Count: n(0)}, "_count=0"},
		{"count is capped, and says so", "Patient", "_count=5000", search.Query{Count: n(1000)}, "_count=1000"},
		{"count beyond any integer", "Patient", "_count=99999999999999999999999", search.Query{Count: n(1000)}, "_count=1000"},
		{"sort", "Patient", "_sort=-birthdate,name,_id,-_lastUpdated", search.Query{Sort: []search.SortKey{
			{Param: "birthdate", Kind: search.Date, Desc: true},
			{Param: "name", Kind: search.String},
			{Param: "_id", Kind: search.Token},
			{Param: "_lastUpdated", Kind: search.Date, Desc: true},
		}}, "_sort=-birthdate,name,_id,-_lastUpdated"},
		{"include", "Claim", "_include=Claim:patient&_include=Claim:provider:Organization", search.Query{Include: []search.Include{
			{Source: "Claim", Param: "patient"}, {Source: "Claim", Param: "provider", Target: "Organization"},
		}}, "_include=Claim:patient&_include=Claim:provider:Organization"},
		{"include, going on", "Claim", "_include:iterate=Patient:organization", search.Query{Include: []search.Include{{Source: "Patient", Param: "organization", Iterate: true}}}, "_include:iterate=Patient:organization"},
		{"include all", "Claim", "_include=*", search.Query{Include: []search.Include{{Source: "*", Param: "*"}}}, "_include=%2A"},
		{"include all of a type", "Claim", "_include=Claim:*", search.Query{Include: []search.Include{{Source: "Claim", Param: "*"}}}, "_include=Claim:%2A"},
		{"include of what is not on the page", "Claim", "_include=Patient:organization", search.Query{Include: []search.Include{{Source: "Patient", Param: "organization"}}}, "_include=Patient:organization"},
		{"revinclude of what does not point here", "Patient", "_revinclude=Claim:provider", search.Query{RevInclude: []search.Include{{Source: "Claim", Param: "provider"}}}, "_revinclude=Claim:provider"},
		{"revinclude", "Patient", "_revinclude=Claim:patient", search.Query{RevInclude: []search.Include{{Source: "Claim", Param: "patient"}}}, "_revinclude=Claim:patient"},
		{"revinclude by any resource", "Patient", "_revinclude=Provenance:target", search.Query{RevInclude: []search.Include{{Source: "Provenance", Param: "target"}}}, "_revinclude=Provenance:target"},
		{"total", "Patient", "_total=accurate", search.Query{Total: "accurate"}, "_total=accurate"},
		{"summary", "Patient", "_summary=count", search.Query{Summary: "count"}, "_summary=count"},
		{"elements", "Observation", "_elements=value,Observation.status&_elements=status,code", search.Query{Elements: []string{"value", "status", "code"}}, "_elements=value,Observation.status&_elements=status,code"},
		{"format", "Patient", "_format=json&_pretty=true", search.Query{Format: "json", Pretty: "true"}, "_format=json&_pretty=true"},
		{"contained as it is anyway", "Patient", "_contained=false", search.Query{}, "_contained=false"},
		{"the caller's own", "Patient", "_page=x&_count=1", search.Query{Count: n(1)}, "_count=1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q, err := parse(t, c, tt.typ, tt.query, false)
			if err != nil {
				t.Fatal(err)
			}
			tt.want.Type = tt.typ
			ignore := cmpopts.IgnoreFields(search.Query{}, "Applied")
			if diff := cmp.Diff(&tt.want, q, ignore, cmpopts.IgnoreUnexported(search.Query{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got := search.Encode(q.Applied); got != tt.applied {
				t.Errorf("applied %s, want %s", got, tt.applied)
			}
		})
	}
}

func TestParseCondition(t *testing.T) {
	c := catalogue(t)
	for _, bad := range []string{"", "?", "_count=1", "name=x&_sort=name", "_include:iterate=Patient:organization", "colour=x", "_format=json", "_id:missing=false", "name=%"} {
		if _, _, err := c.ParseCondition("Patient", bad, nil); err == nil {
			t.Errorf("%q: accepted", bad)
		}
	}
	x, lock, err := c.ParseCondition("Patient", "?name=b&identifier=s%7C2,s|1,s|2", nil)
	if err != nil {
		t.Fatal(err)
	}
	id := func(code string) search.Is {
		return search.Is{Param: "identifier", Kind: search.Token, System: "s", Code: code}
	}
	want := search.And{word("name", "b"), search.Or{id("2"), id("1"), id("2")}}
	if diff := cmp.Diff(search.Expr(want), x); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, same := range []string{"identifier=s|1,s|2&name=b", "Patient?name=b&identifier=s%7c1,s%7c2&name=b"} {
		_, got, err := c.ParseCondition("Patient", same, nil)
		if err != nil || got != lock {
			t.Errorf("%s locks %q, want %q (%v)", same, got, lock, err)
		}
	}
	if _, other, err := c.ParseCondition("Patient", "identifier=s|1&name=b", nil); err != nil || other == lock {
		t.Errorf("another condition has the same lock %q (%v)", other, err)
	}
}

// What was applied, parsed again, is the same query.
func TestAppliedIsStable(t *testing.T) {
	c := catalogue(t)
	for _, query := range []string{
		"name=a,b&birthdate=ge2020&_count=9999&_sort=-name", `identifier=a\|b|c\,d&name=x+y%2Bz%26`, "_has:Observation:patient:code=x|&general-practitioner:Practitioner.name=%E0%A4%95",
	} {
		stable(t, c, "Patient", query)
	}
}

func stable(t *testing.T, c *search.Catalogue, typ, query string) {
	t.Helper()
	q, err := parse(t, c, typ, query, true)
	if err != nil {
		return
	}
	printed := search.Encode(q.Applied)
	again, err := parse(t, c, typ, printed, false)
	if err != nil {
		t.Fatalf("what was applied is refused: %v: %s", err, printed)
	}
	if diff := cmp.Diff(q, again, cmpopts.IgnoreFields(search.Query{}, "Ignored"), cmpopts.IgnoreUnexported(search.Query{})); diff != "" {
		t.Fatalf("%s (-first +second):\n%s", printed, diff)
	}
}

func FuzzParse(f *testing.F) {
	c := catalogue(f)
	f.Add("Patient", "name=a&birthdate=ap2020&_sort=-name&_include=Patient:organization")
	f.Add("Observation", `code-value-quantity=s|a$gt5.4||mg&subject:Patient.name:exact=\,&_has:Group:member:code:not=x`)
	f.Add("", "_type=Patient,Claim&_lastUpdated=eb2020-01-01T00:00&_elements=id&_id=a,b")
	f.Add("Patient", `_filter=(name co "pet" or not(gender eq male)) and general-practitioner[active pr true].name sw x&_text=a AND "b c"* NOT (d)`)
	f.Add("Patient", "_list=a,b&_content=x,y&_filter=birthdate po 2020")
	f.Add("ValueSet", "url:above=http://a/b/c&url:below=http://x&_tag:missing=true")
	f.Fuzz(func(t *testing.T, typ, query string) {
		stable(t, c, typ, query)
		if _, lock, err := c.ParseCondition(typ, query, nil); err == nil {
			x, again, err := c.ParseCondition(typ, lock, nil)
			if err != nil || again != lock || x == nil {
				t.Fatalf("lock %q becomes %q (%v)", lock, again, err)
			}
		}
	})
}
