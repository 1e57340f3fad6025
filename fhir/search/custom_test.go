package search_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/search"
)

func added(code string) *definition.SearchParam {
	return &definition.SearchParam{Code: code, URL: "http://x/" + code, Type: "token", Base: []string{"Patient"}, Expression: "Patient.maritalStatus"}
}

func TestCheckCustom(t *testing.T) {
	c := catalogue(t, &definition.SearchParam{Code: "packed", URL: "http://x/packed", Type: "token", Base: []string{"Patient"}, Expression: "Patient.language"})
	c.Adopt([]*definition.SearchParam{added("marital")})
	with := func(change func(p *definition.SearchParam)) *definition.SearchParam {
		p := added("m")
		change(p)
		return p
	}
	for _, tt := range []struct {
		name, path string
		param      *definition.SearchParam
	}{
		{"no code", "code", with(func(p *definition.SearchParam) { p.Code = "" })},
		{"a code that is no name", "code", with(func(p *definition.SearchParam) { p.Code = "a b" })},
		{"a code with a modifier", "code", with(func(p *definition.SearchParam) { p.Code = "a:exact" })},
		{"a result parameter", "code", with(func(p *definition.SearchParam) { p.Code = "_sort" })},
		{"a language", "code", with(func(p *definition.SearchParam) { p.Code = "_filter" })},
		{"_id", "code", with(func(p *definition.SearchParam) { p.Code = "_id" })},
		{"a code of R4", "code", with(func(p *definition.SearchParam) { p.Code = "gender" })},
		{"a code of R4 on one of all types", "code", with(func(p *definition.SearchParam) { p.Code, p.Base = "gender", []string{"Resource"} })},
		{"a code of a pack", "code", with(func(p *definition.SearchParam) { p.Code = "packed" })},
		{"a code that was adopted", "code", with(func(p *definition.SearchParam) { p.Code = "marital" })},
		{"no type", "type", with(func(p *definition.SearchParam) { p.Type = "special" })},
		{"no expression", "expression", with(func(p *definition.SearchParam) { p.Expression = "" })},
		{"no base", "base", with(func(p *definition.SearchParam) { p.Base = nil })},
		{"a base that is no resource", "expression", with(func(p *definition.SearchParam) { p.Base = []string{"HumanName"} })},
		{"an expression that is none", "expression", with(func(p *definition.SearchParam) { p.Expression = "Patient.(" })},
		{"a composite of the unknown", "expression", with(func(p *definition.SearchParam) {
			p.Type, p.Components = "composite", []definition.Component{{Definition: "http://x/1", Expression: "a"}, {Definition: "http://x/2", Expression: "b"}}
		})},
	} {
		err := c.Check(tt.param)
		var fe *fhir.Error
		if !errors.As(err, &fe) || fe.Kind != fhir.Unprocessable || fe.Path != "SearchParameter."+tt.path {
			t.Errorf("%s: %#v", tt.name, err)
		}
	}
	for name, p := range map[string]*definition.SearchParam{
		"a new one": added("m"), "the same again": added("marital"),
		"another code in its place": with(func(p *definition.SearchParam) { p.Code, p.URL = "marital2", "http://x/marital" }),
		"for all types":             with(func(p *definition.SearchParam) { p.Base, p.Expression = []string{"Resource"}, "Resource.language" }),
	} {
		if err := c.Check(p); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for url, want := range map[string]bool{"http://x/packed": true, "http://hl7.org/fhir/SearchParameter/Patient-none": false, "http://hl7.org/fhir/SearchParameter/individual-gender": true, "http://x/marital": false} {
		if got := c.Known(url); got != want {
			t.Errorf("Known(%s) = %v", url, got)
		}
	}
}

func TestAdopt(t *testing.T) {
	c := catalogue(t)
	if _, err := parse(t, c, "Patient", "marital=M", false); err == nil {
		t.Fatal("not added, yet known")
	}
	before := c.Edition()
	clash := added("gender")
	twice := added("marital")
	twice.URL = "http://x/twice"
	left := c.Adopt([]*definition.SearchParam{clash, added("marital"), twice})
	if diff := cmp.Diff([]*definition.SearchParam{clash, twice}, left); diff != "" {
		t.Errorf("left out (-want +got):\n%s", diff)
	}
	after := c.Edition()
	if after == before {
		t.Error("the edition stays")
	}
	c.Adopt([]*definition.SearchParam{added("marital")})
	if c.Edition() != after {
		t.Error("the same again is a new edition")
	}
	index, err := c.Index(node(t, `{"resourceType":"Patient","maritalStatus":{"coding":[{"code":"M"}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	q, err := parse(t, c, "Patient", "marital=M&_sort=marital", false)
	if err != nil || !search.Match(q.Expr, index, search.Context{}) {
		t.Errorf("not found by what was added: %v", err)
	}
	c.Adopt(nil)
	if _, err := parse(t, c, "Patient", "marital=M", false); err == nil {
		t.Error("taken away, yet known")
	}
}

// A search with a parameter that is being built is refused, wherever it stands.
func TestBuilding(t *testing.T) {
	c := catalogue(t)
	link := &definition.SearchParam{Code: "from", URL: "http://x/from", Type: "reference", Base: []string{"Basic"}, Expression: "Basic.subject"}
	c.Adopt([]*definition.SearchParam{added("marital"), link})
	c.SetBuilding(map[search.Building]int{{Type: "Patient", Code: "marital"}: 40, {Type: "Basic", Code: "from"}: 0})
	for _, tt := range []struct{ typ, query string }{
		{"Patient", "marital=M"},
		{"Patient", "marital:missing=true"},
		{"Patient", "_sort=marital"},
		{"Patient", "_filter=marital pr true"},
		{"Claim", "patient.marital=M"},
		{"Patient", "_has:Basic:from:code=x"},
		{"Patient", "_revinclude=Basic:from"},
	} {
		for _, lenient := range []bool{true, false} {
			_, err := parse(t, c, tt.typ, tt.query, lenient)
			var fe *fhir.Error
			if !errors.As(err, &fe) || fe.Kind != fhir.Unprocessable || fe.Issue != fhir.IssueIncomplete || !strings.Contains(fe.Text, "% is done") {
				t.Errorf("%s: %v", tt.query, err)
			}
		}
	}
	// What is wrong besides is told first: waiting would not help.
	_, err := parse(t, c, "Patient", "marital=M&colour=x", false)
	var fe *fhir.Error
	if !errors.As(err, &fe) || fe.Kind != fhir.Invalid {
		t.Errorf("with another fault: %v", err)
	}
	for _, query := range []string{"gender=male", "_include=Patient:organization"} {
		if _, err := parse(t, c, "Patient", query, false); err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
	c.SetBuilding(nil)
	if _, err := parse(t, c, "Patient", "marital=M", false); err != nil {
		t.Errorf("when it is done: %v", err)
	}
}

// A resource on which a custom parameter cannot be evaluated is indexed by all
// others.
func TestCustomCannotBreakIndex(t *testing.T) {
	broken := added("broken")
	broken.Expression = "Patient.name.family.single()"
	n := node(t, `{"resourceType":"Patient","gender":"male","name":[{"family":"a"},{"family":"b"}]}`)
	c := catalogue(t)
	if left := c.Adopt([]*definition.SearchParam{broken}); len(left) > 0 {
		t.Fatal("not adopted")
	}
	index, err := c.Index(n)
	if err != nil {
		t.Fatal(err)
	}
	q, err := parse(t, c, "Patient", "gender=male&broken:missing=true", false)
	if err != nil || !search.Match(q.Expr, index, search.Context{}) {
		t.Errorf("%v: %v", err, index)
	}
}

func TestBases(t *testing.T) {
	for _, tt := range []struct {
		base string
		n    int
	}{{"Patient", 1}, {"Resource", len(definition.Resources())}, {"DomainResource", len(definition.Resources()) - 3}} {
		if got := search.Bases(&definition.SearchParam{Base: []string{tt.base, tt.base}}); len(got) != tt.n {
			t.Errorf("%s: %d types, want %d", tt.base, len(got), tt.n)
		}
	}
}
