package search_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
)

// vocabulary is a small code system: animal > dog > poodle, animal > cat.
type vocabulary struct{}

func (vocabulary) Subsumed(system, code string, above bool, _ int) ([]search.Coded, error) {
	switch fmt.Sprint(system, "|", code, above) {
	case "s|dogfalse":
		return []search.Coded{{System: "s", Code: "dog"}, {System: "s", Code: "poodle"}}, nil
	case "s|dogtrue":
		return []search.Coded{{System: "s", Code: "dog"}, {System: "s", Code: "animal"}}, nil
	}
	return nil, nil
}

func (vocabulary) Members(valueSet string, most int) ([]search.Coded, error) {
	switch valueSet {
	case "http://v/pets":
		return []search.Coded{{System: "s", Code: "dog"}, {Code: "cat"}}, nil
	case "http://v/all":
		return []search.Coded{{System: "s"}}, nil
	case "http://v/none":
		return []search.Coded{}, nil
	case "http://v/many":
		return make([]search.Coded, most), nil
	case "http://v/broken":
		return nil, &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueTooCostly, Text: "Too much."}
	}
	return nil, nil
}

func parseWith(c *search.Catalogue, typ, name, value string) (*search.Query, error) {
	return c.Parse(typ, []search.Pair{{Name: name, Value: value}}, search.Options{Now: now, Lenient: true, Terminology: vocabulary{}})
}

func coded(code string) search.Is {
	return search.Is{Param: "code", Kind: search.Token, System: "s", Code: code}
}

func TestFilterRefuses(t *testing.T) {
	c := catalogue(t)
	for _, bad := range []string{
		"", " ", "name", "name eq", "name eq ", "name  eq  ", "eq x", "(name eq x", "name eq x)", "name eq x and", "name eq x or or name eq y", "and name eq x",
		"not name eq x", "not()", `name eq "x`, `name eq "\q"`, "name eq x name eq y", "name[given eq x] eq y", "general-practitioner[.name eq x", "general-practitioner. eq x",
		strings.Repeat("(", 30) + "name eq x" + strings.Repeat(")", 30),
		"secret eq x", "name.given eq x", "general-practitioner.secret eq x", "name xx secret", "name gt secret", "gender co secret", "birthdate eq secret", "birthdate co 2020",
		"birthdate po secret", "gender pr secret", "general-practitioner co x", "_id gt x", "_id eq /secret", "_lastUpdated co x", "_tag ss s|secret", "_tag in http://v/secret",
		"name co \"\u0301\"", "general-practitioner[secret eq x].name eq y",
	} {
		_, err := parseWith(c, "Patient", "_filter", bad)
		if err == nil {
			t.Errorf("%s: accepted", bad)
			continue
		}
		refused(t, err, "'_filter'")
	}
	deep := "link." + strings.Repeat("link.", 6) + "name eq x"
	if _, err := parseWith(c, "Patient", "_filter", deep); err == nil {
		t.Error("a chain without end is accepted")
	}
	many := strings.Repeat("name eq x or ", 600) + "name eq x"
	if _, err := parseWith(c, "Patient", "_filter", many); err == nil {
		t.Error("600 values are accepted")
	}
}

func TestFilter(t *testing.T) {
	c := catalogue(t)
	of := func(mode search.Mode, text string) search.Word {
		return search.Word{Param: "name", Kind: search.String, Mode: mode, Text: text}
	}
	day := search.Between{Param: "birthdate", Kind: search.Date, Op: search.Ge, Lo: micro(t, "2014-10-10T00:00:00Z"), Hi: micro(t, "2014-10-11T00:00:00Z") - 1}
	overlap := day
	overlap.Op = search.Ap
	practitioner := func(x search.Expr) search.Expr {
		return search.Chain{Param: "general-practitioner", Types: []string{"Practitioner"}, X: x}
	}
	family := search.Word{Param: "family", Kind: search.String, Mode: search.Prefix, Text: "x"}
	for _, tt := range []struct {
		typ, filter string
		want        search.Expr
	}{
		{"Patient", `name co "pet"`, of(search.Contains, "pet")},
		{"Patient", `name eq "a \"b\" (c) ]"`, of(search.Whole, `a "b" (c) ]`)},
		{"Patient", "name sw x", of(search.Prefix, "x")},
		{"Patient", "name ew x", of(search.Suffix, "x")},
		{"Patient", "name ne x", search.Other{Param: "name", X: of(search.Whole, "x")}},
		{"Patient", `name co "pet" and birthdate ge 2014-10-10`, search.And{of(search.Contains, "pet"), day}},
		{"Patient", "name eq a or name eq b and name eq c", search.And{search.Or{of(search.Whole, "a"), of(search.Whole, "b")}, of(search.Whole, "c")}},
		{"Patient", "name eq a or (name eq b and name eq c)", search.Or{of(search.Whole, "a"), search.And{of(search.Whole, "b"), of(search.Whole, "c")}}},
		{"Patient", " not ( gender eq male ) ", search.Not{X: is("gender", "male")}},
		{"Patient", "gender eq s|male", search.Is{Param: "gender", Kind: search.Token, System: "s", Code: "male"}},
		{"Patient", "gender ne male", search.Other{Param: "gender", X: is("gender", "male")}},
		{"Patient", "gender pr true", search.Not{X: search.Missing{Param: "gender"}}},
		{"Patient", "gender pr false", search.Missing{Param: "gender"}},
		{"Patient", "birthdate po 2014-10-10", overlap},
		{"Patient", "_id eq a", search.IDs{"a"}},
		{"Patient", "_id ne a", search.Not{X: search.IDs{"a"}}},
		{"Patient", "general-practitioner re Practitioner/1", ref("general-practitioner", "Practitioner/1")},
		{"Patient", "general-practitioner.family sw x", practitioner(family)},
		{"Patient", "general-practitioner[family sw x and active eq true].family sw x", practitioner(search.And{search.And{family, is("active", "true")}, family})},
		{"Observation", "code eq s|dog", coded("dog")},
		{"Observation", "code ss s|dog", search.Or{coded("dog"), coded("poodle")}},
		{"Observation", "code sb s|dog", search.Or{coded("dog"), coded("animal")}},
		{"Observation", "code in http://v/pets", search.Or{coded("dog"), is("code", "cat")}},
		{"Observation", "code ni http://v/none", search.Not{X: search.Or{}}},
		{"ValueSet", "url eq http://x/a", search.Is{Param: "url", Kind: search.URI, Code: "http://x/a"}},
		{"ValueSet", "url sw http://x", search.Word{Param: "url", Kind: search.URI, Mode: search.Prefix, Text: "http://x"}},
	} {
		q, err := parseWith(c, tt.typ, "_filter", tt.filter)
		if err != nil {
			t.Errorf("%s: %v", tt.filter, err)
			continue
		}
		if diff := cmp.Diff(tt.want, q.Expr); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.filter, diff)
		}
	}
}

func TestTerminologyModifiers(t *testing.T) {
	c := catalogue(t)
	for _, tt := range []struct {
		name, value string
		want        search.Expr
	}{
		{"code:below", "s|dog", search.Or{coded("dog"), coded("poodle")}},
		{"code:above", "s|dog,s|dog", search.Or{coded("dog"), coded("animal"), coded("dog"), coded("animal")}},
		{"code:in", "http://v/pets", search.Or{coded("dog"), is("code", "cat")}},
		{"code:in", "http://v/none", search.Or(nil)},
		{"code:in", "http://v/all", search.Is{Param: "code", Kind: search.Token, System: "s", AnyCode: true}},
		{"code:not-in", "http://v/pets,http://v/none", search.Not{X: search.Or{coded("dog"), is("code", "cat")}}},
		{"code:not-in", "http://v/none", search.Not{X: search.Or(nil)}},
	} {
		q, err := parseWith(c, "Observation", tt.name, tt.value)
		if err != nil {
			t.Errorf("%s=%s: %v", tt.name, tt.value, err)
			continue
		}
		if diff := cmp.Diff(tt.want, q.Expr); diff != "" {
			t.Errorf("%s=%s (-want +got):\n%s", tt.name, tt.value, diff)
		}
	}
	for _, tt := range []struct{ name, value, text string }{
		{"code:below", "dog", "system|code"},
		{"code:below", "s|", "system|code"},
		{"code:below", "s|secret", "not known"},
		{"code:above", "other|secret", "not known"},
		{"code:in", "http://v/secret", "not known"},
		{"code:in", "http://v/many,http://v/many", "more than"},
		{"date:in", "http://v/pets", "'date:in'"},
		{"subject:below", "Patient/secret", "'subject:below'"},
	} {
		_, err := parseWith(c, "Observation", tt.name, tt.value)
		refused(t, err, tt.text)
	}
	_, err := parseWith(c, "Observation", "code:in", "http://v/broken")
	var fe *fhir.Error
	if !errors.As(err, &fe) || fe.Kind != fhir.Unprocessable {
		t.Errorf("what terminology refuses becomes %v", err)
	}
}

// What only Match decides.
func TestMatchFilter(t *testing.T) {
	c := catalogue(t)
	n := node(t, `{"resourceType":"Patient","gender":"male","name":[{"family":"Müller","given":["Ann","Eva"]}],
		"maritalStatus":{"text":"x"},"identifier":[{"system":"s","value":"1"},{"system":"s","value":"2"}],"language":"ne"}`)
	index, err := c.Index(n)
	if err != nil {
		t.Fatal(err)
	}
	for filter, want := range map[string]bool{
		"family eq muller":  true,
		"family eq mull":    false,
		"family ew LER":     true,
		"family ew mul":     false,
		"given ne ann":      true, // Eva
		"family ne muller":  false,
		"gender ne male":    false,
		"gender ne female":  true,
		"active ne true":    false, // not there
		"identifier ne s|1": true,
		"identifier ne s|":  false,
		"gender ne http://hl7.org/fhir/administrative-gender|male": false,
		"language ne ne": false,
	} {
		q, err := parseWith(c, "Patient", "_filter", filter)
		if err != nil {
			t.Errorf("%s: %v", filter, err)
			continue
		}
		if got := search.Match(q.Expr, index, search.Context{}); got != want {
			t.Errorf("%s: %v", filter, got)
		}
	}
}

func TestList(t *testing.T) {
	q, err := parseWith(catalogue(t), "Patient", "_list", "a,List/b")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(search.Expr(search.Has{Type: "List", Param: "item", X: search.IDs{"a", "b"}}), q.Expr); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
