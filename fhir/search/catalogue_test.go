package search_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/search"
)

func TestCustomParameters(t *testing.T) {
	bad := []struct {
		name  string
		param definition.SearchParam
	}{
		{"no expression", definition.SearchParam{Code: "x", Type: "token", Base: []string{"Patient"}}},
		{"type that is none", definition.SearchParam{Code: "x", Type: "colour", Base: []string{"Patient"}, Expression: "Patient.gender"}},
		{"special", definition.SearchParam{Code: "x", Type: "special", Base: []string{"Patient"}, Expression: "Patient.gender"}},
		{"base that is none", definition.SearchParam{Code: "x", Type: "token", Base: []string{"Patent"}, Expression: "Patient.gender"}},
		{"expression that does not parse", definition.SearchParam{Code: "x", Type: "token", Base: []string{"Patient"}, Expression: "Patient.gender.("}},
		{"composite of nothing", definition.SearchParam{Code: "x", Type: "composite", Base: []string{"Patient"}, Expression: "Patient"}},
		{"composite of what is not known", definition.SearchParam{
			Code: "x", Type: "composite", Base: []string{"Patient"}, Expression: "Patient",
			Components: []definition.Component{{Definition: "http://x/a", Expression: "gender"}, {Definition: "http://x/b", Expression: "active"}},
		}},
	}
	for _, tt := range bad {
		if _, err := search.NewCatalogue([]*definition.SearchParam{&tt.param}); err == nil {
			t.Errorf("%s: accepted", tt.name)
		}
	}
	c := catalogue(t,
		&definition.SearchParam{Code: "line-code", URL: "http://x/line-code", Type: "token", Base: []string{"Claim"}, Expression: "Claim.item.productOrService"},
		&definition.SearchParam{Code: "line-price", URL: "http://x/line-price", Type: "quantity", Base: []string{"Claim"}, Expression: "Claim.item.unitPrice"},
		&definition.SearchParam{Code: "line", Type: "composite", Base: []string{"Claim"}, Expression: "Claim.item", Components: []definition.Component{
			{Definition: "http://x/line-code", Expression: "productOrService"}, {Definition: "http://x/line-price", Expression: "unitPrice"},
		}},
		&definition.SearchParam{Code: "dear", Type: "composite", Base: []string{"Claim"}, Expression: "Claim.item.where(unitPrice.value > 100)", Components: []definition.Component{
			{Definition: "http://x/line-code", Expression: "productOrService"}, {Definition: "http://x/line-price", Expression: "unitPrice"},
		}},
		&definition.SearchParam{Code: "name", Type: "token", Base: []string{"Patient"}, Expression: "Patient.name.family.lower()"},
		&definition.SearchParam{Code: "weight", Type: "number", Base: []string{"DomainResource"}, Expression: "extension('http://x/weight').value.ofType(decimal)"},
	)
	claim := `{"resourceType":"Claim","extension":[{"url":"http://x/weight","valueDecimal":1.5}],"item":[
		{"productOrService":{"coding":[{"code":"A"}]},"unitPrice":{"value":50,"currency":"NPR"}},
		{"productOrService":{"coding":[{"code":"B"}]},"unitPrice":{"value":150,"currency":"NPR"}}]}`
	name := `{"resourceType":"Patient","name":[{"family":"ÅS"}]}`
	for _, tt := range []struct {
		resource, query string
		want            bool
	}{
		{claim, "line-code=A", true},
		{claim, "line=A$50", true},
		{claim, "line=A$150", false},
		{claim, "dear=B$150", true},
		{claim, "dear=A$50", false},
		{claim, "weight=1.5", true},
		{name, "name=ås", true}, // a token now
		{name, "name=å", false},
	} {
		n := node(t, tt.resource)
		q, err := parse(t, c, n.ResourceType(), tt.query, false)
		if err != nil {
			t.Fatalf("%s: %v", tt.query, err)
		}
		index, err := c.Index(n)
		if err != nil {
			t.Fatal(err)
		}
		if got := search.Match(q.Expr, index, search.Context{}); got != tt.want {
			t.Errorf("%s: %v", tt.query, got)
		}
	}
}

// What is listed is what can be searched.
func TestParams(t *testing.T) {
	c := catalogue(t)
	var codes []string
	for _, p := range c.Params("Claim") {
		codes = append(codes, p.Code)
		if _, ok := c.Param("Claim", p.Code); !ok {
			t.Errorf("%s is listed and not found", p.Code)
		}
	}
	want := []string{
		"_id", "_lastUpdated", "_profile", "_security", "_source", "_tag", "care-team", "created", "detail-udi", "encounter", "enterer", "facility",
		"identifier", "insurer", "item-udi", "patient", "payee", "priority", "procedure-udi", "provider", "status", "subdetail-udi", "use",
	}
	if diff := cmp.Diff(want, codes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, code := range []string{"_text", "_content", "_query", "colour", ""} {
		if _, ok := c.Param("Claim", code); ok {
			t.Errorf("%q is found", code)
		}
	}
	if _, ok := c.Param("Location", "near"); ok || c.Params("Nothing") != nil {
		t.Error("near, or a type that is none, can be searched")
	}
	if diff := cmp.Diff([]string{"Organization", "Practitioner", "PractitionerRole"}, c.Targets("Claim", "provider")); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
	if c.Targets("Claim", "use") != nil || c.Targets("Claim", "colour") != nil {
		t.Error("what is no reference has targets")
	}
	if got := c.Targets("Basic", "subject"); len(got) < 140 {
		t.Errorf("Basic.subject can point at %d types", len(got))
	}
}

func TestEveryTypeCompiles(t *testing.T) {
	c := catalogue(t)
	n := 0
	for _, typ := range definition.Resources() {
		n += len(c.Params(typ))
	}
	if n < 1800 {
		t.Errorf("%d parameters", n)
	}
}

func TestCatalogueIsSafeForMany(t *testing.T) {
	c := catalogue(t)
	n := node(t, patient)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if index, err := c.Index(n); err != nil || len(index) < 20 {
				t.Errorf("%d values, %v", len(index), err)
			}
		})
	}
	wg.Wait()
}

// A query of any shape is answered or refused in no time.
func TestParseIsBounded(t *testing.T) {
	c := catalogue(t)
	hundred := func(name, value string) (out []search.Pair) {
		for i := range 100 {
			out = append(out, search.Pair{Name: name, Value: value + string(rune('a'+i%26)) + string(rune('a'+i/26))})
		}
		return out
	}
	for _, pairs := range [][]search.Pair{
		hundred("subject.subject.subject.subject.name", "x"),
		hundred("subject.subject", "x"),
		hundred("_has:Provenance:target:target.target.target", "x"),
		hundred("subject", "a,b,c,d,"),
	} {
		start := time.Now()
		_, err := c.Parse("Basic", pairs, search.Options{Lenient: true})
		if err == nil {
			t.Errorf("%s: accepted", pairs[0].Name)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s: took %v", pairs[0].Name, took)
		}
	}
}

// Every published example is indexed, with a value for what it says.
func TestIndexExamples(t *testing.T) {
	c := catalogue(t)
	shared := root(t, "../shared")
	if shared == "" {
		t.Log("../shared is absent: no examples to index")
		return
	}
	resources, total := 0, 0
	add := func(n *fhir.Node) {
		index, err := c.Index(n)
		if err != nil {
			t.Errorf("%s: %v", n.ResourceType(), err)
		}
		for i := range index {
			if index[i].Kind == search.Date && index[i].Lo > index[i].Hi {
				t.Errorf("%s: %+v", n.ResourceType(), index[i])
			}
		}
		resources++
		total += len(index)
	}
	examples, err := filepath.Glob(filepath.Join(shared, "fhir-test-cases/examples/*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(examples, filepath.Join(shared, "synthea/Yi.json"), filepath.Join(shared, "synthea/hospitals.json")) {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		n, err := fhir.ParseObject(data)
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		add(n)
		for _, e := range n.Get("entry").Each() {
			if r := e.Get("resource"); r != nil {
				add(r)
			}
		}
	}
	if resources < 100 || total < 5*resources {
		t.Errorf("%d values of %d resources", total, resources)
	}
}

// root finds a path beside the project; "" when it is not there.
func root(t *testing.T, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				return filepath.Join(dir, name)
			}
			return ""
		}
	}
	return ""
}

func ExampleCatalogue_Parse() {
	c, err := search.NewCatalogue(nil)
	if err != nil {
		panic(err)
	}
	pairs, err := search.Pairs("patient.name=Sita&status=active&_sort=-created")
	if err != nil {
		panic(err)
	}
	q, err := c.Parse("Claim", pairs, search.Options{})
	if err != nil {
		panic(err)
	}
	claim := search.Index{{Param: "status", Kind: search.Token, Code: "active"}, {Param: "patient", Kind: search.Reference, Code: "Patient/1"}}
	points := func(refs []string, _ search.Expr) bool { return refs[0] == "Patient/1" } // asks a store
	fmt.Println(search.Match(q.Expr, claim, search.Context{Chain: points}))
	fmt.Println(search.Encode(q.Applied))
	// Output:
	// true
	// patient.name=Sita&status=active&_sort=-created
}
