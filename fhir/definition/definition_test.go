package definition_test

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir/definition"
)

func TestNotKnown(t *testing.T) {
	for _, name := range []string{"", "patient", "Patients", "SubscriptionStatus", "MetadataResource", "Claim.thing", "Claim.status"} {
		if _, ok := definition.Lookup(name); ok {
			t.Errorf("Lookup(%q) found a type", name)
		}
		if definition.IsResource(name) {
			t.Errorf("IsResource(%q)", name)
		}
	}
	for _, name := range []string{"Resource", "DomainResource", "HumanName", "Claim.item", "code"} {
		if definition.IsResource(name) {
			t.Errorf("IsResource(%q)", name)
		}
	}
	if definition.SearchParams("HumanName") != nil || definition.Compartment("Organization") != nil {
		t.Error("no parameters for what is no resource, no compartment for Organization")
	}
	if _, ok := definition.SearchParamByURL("http://hl7.org/fhir/SearchParameter/none"); ok {
		t.Error("SearchParamByURL found nothing's parameter")
	}
}

// R4 has 146 concrete resource types, and every name that a definition uses
// must lead somewhere.
func TestEveryNameLeadsSomewhere(t *testing.T) {
	names := definition.Resources()
	if len(names) != 146 || !slices.IsSorted(names) {
		t.Errorf("%d resource types, sorted: %v; want 146, sorted", len(names), slices.IsSorted(names))
	}
	done := map[string]bool{}
	var visit func(name, from string)
	visit = func(name, from string) {
		if done[name] {
			return
		}
		done[name] = true
		typ, ok := definition.Lookup(name)
		if !ok {
			t.Errorf("%s names %q, which is not a type", from, name)
			return
		}
		if typ.Base != "" {
			visit(typ.Base, name)
		}
		for i := range typ.Elements {
			checkElement(t, typ, &typ.Elements[i], visit)
		}
	}
	for _, name := range names {
		visit(name, "Resources")
	}
	for _, name := range []string{"Age", "Count", "MoneyQuantity", "SimpleQuantity", "Timing.repeat", "Claim.item.detail.subDetail", "oid", "uuid", "xhtml", "time", "MarketingStatus", "ProductShelfLife"} {
		visit(name, "the data types")
	}
	if len(done) < 690 {
		t.Errorf("%d types visited, want about 700", len(done))
	}
}

func checkElement(t *testing.T, typ *definition.Type, e *definition.Element, visit func(name, from string)) {
	t.Helper()
	if len(e.Types) == 0 || e.Name == "" || strings.Contains(e.Name, "[") || (e.Max != definition.Unbounded && e.Max < e.Min) {
		t.Errorf("%s: odd element %+v", e.Path, *e)
	}
	if !e.Choice && len(e.Types) > 1 {
		t.Errorf("%s has %d types and is no choice", e.Path, len(e.Types))
	}
	for _, ref := range e.Types {
		visit(ref.Code, e.Path)
		for _, target := range ref.Targets {
			if !definition.IsResource(target) {
				t.Errorf("%s: target %q is not a resource type", e.Path, target)
			}
		}
		name := e.Name
		if e.Choice {
			name += strings.ToUpper(ref.Code[:1]) + ref.Code[1:]
		}
		if got, code, ok := typ.Element(name); !ok || got != e || code != ref.Code {
			t.Errorf("%s: Element(%q) gave %v %q", e.Path, name, ok, code)
		}
	}
}

func TestElements(t *testing.T) {
	tests := []struct {
		typ, name string
		want      definition.Element
		code      string
	}{
		{"Claim", "item", definition.Element{Name: "item", Path: "Claim.item", Max: -1, Types: []definition.TypeRef{{Code: "Claim.item"}}}, "Claim.item"},
		{"Claim", "status", definition.Element{
			Name: "status", Path: "Claim.status", Min: 1, Max: 1, Types: []definition.TypeRef{{Code: "code"}}, Summary: true, Modifier: true,
			Binding: &definition.Binding{Strength: "required", ValueSet: "http://hl7.org/fhir/ValueSet/fm-status"},
		}, "code"},
		{"Claim", "patient", definition.Element{Name: "patient", Path: "Claim.patient", Min: 1, Max: 1, Types: []definition.TypeRef{{Code: "Reference", Targets: []string{"Patient"}}}, Summary: true}, "Reference"},
		{"Claim.item", "quantity", definition.Element{Name: "quantity", Path: "Claim.item.quantity", Max: 1, Types: []definition.TypeRef{{Code: "Quantity", Profile: "SimpleQuantity"}}}, "Quantity"},
		{"Patient", "id", definition.Element{Name: "id", Path: "Patient.id", Max: 1, Types: []definition.TypeRef{{Code: "id"}}, Summary: true}, "id"},
		{"Patient.contact", "id", definition.Element{Name: "id", Path: "Patient.contact.id", Max: 1, Types: []definition.TypeRef{{Code: "string"}}}, "string"},
		{"Extension", "url", definition.Element{Name: "url", Path: "Extension.url", Min: 1, Max: 1, Types: []definition.TypeRef{{Code: "uri"}}}, "uri"},
		{"Questionnaire.item", "item", definition.Element{Name: "item", Path: "Questionnaire.item.item", Max: -1, Types: []definition.TypeRef{{Code: "Questionnaire.item"}}}, "Questionnaire.item"},
		{"Bundle.entry", "resource", definition.Element{Name: "resource", Path: "Bundle.entry.resource", Max: 1, Types: []definition.TypeRef{{Code: "Resource"}}, Summary: true}, "Resource"},
		{"SimpleQuantity", "comparator", definition.Element{
			Name: "comparator", Path: "Quantity.comparator", Types: []definition.TypeRef{{Code: "code"}}, Summary: true, Modifier: true,
			Binding: &definition.Binding{Strength: "required", ValueSet: "http://hl7.org/fhir/ValueSet/quantity-comparator"},
		}, "code"},
	}
	for _, tt := range tests {
		typ, ok := definition.Lookup(tt.typ)
		if !ok {
			t.Errorf("no type %s", tt.typ)
			continue
		}
		got, code, ok := typ.Element(tt.name)
		if !ok || code != tt.code {
			t.Errorf("%s.%s: %v, type %q, want %q", tt.typ, tt.name, ok, code, tt.code)
			continue
		}
		if diff := cmp.Diff(tt.want, *got); diff != "" {
			t.Errorf("%s.%s (-want +got):\n%s", tt.typ, tt.name, diff)
		}
	}
}

func TestChoice(t *testing.T) {
	obs, _ := definition.Lookup("Observation")
	for _, bad := range []string{"value", "value[x]", "valueMoney", "valuequantity", "_valueString", "resourceType"} {
		if _, _, ok := obs.Element(bad); ok {
			t.Errorf("Observation has no %q", bad)
		}
	}
	for name, want := range map[string]string{"valueQuantity": "Quantity", "valueString": "string", "valueDateTime": "dateTime", "valueSampledData": "SampledData"} {
		e, code, ok := obs.Element(name)
		if !ok || code != want || e.Name != "value" || e.Path != "Observation.value[x]" || !e.Choice || len(e.Types) != 11 {
			t.Errorf("Observation.%s = %+v, %q, %v", name, e, code, ok)
		}
	}
	if e, _, _ := obs.Element("component"); !e.Repeats() {
		t.Error("component repeats")
	}
	if n := testing.AllocsPerRun(100, func() { obs.Element("valueQuantity") }); n != 0 {
		t.Errorf("Element allocates %v times", n)
	}
}

// An invariant is checked in one place: with the type, or with the element
// when only that element has it.
func TestInvariants(t *testing.T) {
	keys := func(list []definition.Invariant) (out []string) {
		for _, inv := range list {
			out = append(out, inv.Key)
		}
		return out
	}
	for name, want := range map[string][]string{
		"Patient":         {"dom-2", "dom-3", "dom-4", "dom-5", "dom-6"},
		"Patient.contact": {"ele-1", "pat-1"},
		"Extension":       {"ele-1", "ext-1"},
		"SimpleQuantity":  {"ele-1", "qty-3", "sqty-1"},
		"Resource":        nil,
		"string":          {"ele-1"},
	} {
		typ, _ := definition.Lookup(name)
		if diff := cmp.Diff(want, keys(typ.Invariants)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	goal, _ := definition.Lookup("Goal.target")
	for _, inv := range goal.Invariants {
		if inv.Expression == "" || inv.Severity == "" || inv.Human == "" {
			t.Errorf("empty invariant %+v", inv)
		}
	}
	org, _ := definition.Lookup("Organization")
	address, _, _ := org.Element("address")
	if diff := cmp.Diff([]string{"org-2"}, keys(address.Invariants)); diff != "" {
		t.Errorf("Organization.address (-want +got):\n%s", diff)
	}
	patient, _ := definition.Lookup("Patient")
	for _, e := range patient.Elements {
		if len(e.Invariants) > 0 {
			t.Errorf("%s repeats %v of its type", e.Path, keys(e.Invariants))
		}
	}
}

func TestPrimitives(t *testing.T) {
	for name, ok := range map[string]string{"id": "a-1.B", "date": "2024-02", "code": "a b", "positiveInt": "12", "oid": "urn:oid:1.2.3", "instant": "2024-01-01T00:00:00Z"} {
		typ, found := definition.Lookup(name)
		if !found || typ.Kind != definition.Primitive {
			t.Fatalf("%s is not a primitive", name)
		}
		re, err := regexp.Compile("^(?:" + typ.Regex + ")$")
		if err != nil {
			t.Fatal(err)
		}
		if typ.Regex == "" || !re.MatchString(ok) || re.MatchString(" x_ ") {
			t.Errorf("%s: regex %q", name, typ.Regex)
		}
		if _, _, value := typ.Element("value"); value {
			t.Errorf("%s has its value as an element", name)
		}
		if _, _, ext := typ.Element("extension"); !ext {
			t.Errorf("%s takes no extension", name)
		}
	}
}

func TestConcurrentLookup(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, name := range definition.Resources() {
				if typ, ok := definition.Lookup(name); !ok || typ.Name != name {
					t.Errorf("Lookup(%q) = %v", name, typ)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkElement(b *testing.B) {
	claim, _ := definition.Lookup("Claim")
	b.ReportAllocs()
	for b.Loop() {
		claim.Element("created")
	}
}
