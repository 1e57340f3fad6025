package definition_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir/definition"
)

func TestContains(t *testing.T) {
	const (
		core   = "http://hl7.org/fhir/ValueSet/"
		v3     = "http://terminology.hl7.org/ValueSet/"
		gender = "http://hl7.org/fhir/administrative-gender"
	)
	tests := []struct {
		name, url, system, code string
		in, known               bool
	}{
		{"wrong case", core + "administrative-gender", "", "Male", false, true},
		{"empty code", core + "administrative-gender", "", "", false, true},
		{"wrong system", core + "administrative-gender", "http://example.org", "male", false, true},
		{"no such set", core + "none", "", "x", false, false},
		{"all of MIME", core + "mimetypes", "", "text/plain", false, false},
		{"excluded by the set", v3 + "v3-ActEncounterCode", "", "_ActEncounterCode", false, true},
		{"not below the filter's concept", v3 + "v3-ActEncounterCode", "", "ACCTRECEIVABLE", false, true},
		{"no such currency", core + "currencies", "", "ABC", false, true},
		{"bare code", core + "administrative-gender", "", "male", true, true},
		{"with system", core + "administrative-gender", gender, "male", true, true},
		{"with version", core + "administrative-gender|4.0.1", gender, "male", true, true},
		{"below the filter's concept", v3 + "v3-ActEncounterCode", "http://terminology.hl7.org/CodeSystem/v3-ActCode", "AMB", true, true},
		{"two levels below", v3 + "v3-PurposeOfUse", "http://terminology.hl7.org/CodeSystem/v3-ActReason", "BTG", true, true},
		{"of two systems", core + "all-types", "http://hl7.org/fhir/resource-types", "Claim", true, true},
		{"currency", core + "currencies", "urn:iso:std:iso:4217", "NPR", true, true},
		{"units listed in the set", core + "units-of-time", "http://unitsofmeasure.org", "wk", true, true},
	}
	for _, tt := range tests {
		in, known := definition.Contains(tt.url, tt.system, tt.code)
		if in != tt.in || known != tt.known {
			t.Errorf("%s: in %v, known %v; want %v, %v", tt.name, in, known, tt.in, tt.known)
		}
	}
}

func TestValueSet(t *testing.T) {
	got, ok := definition.ValueSet("http://hl7.org/fhir/ValueSet/fm-status")
	const system = "http://hl7.org/fhir/fm-status"
	want := []definition.Code{{System: system, Code: "active"}, {System: system, Code: "cancelled"}, {System: system, Code: "draft"}, {System: system, Code: "entered-in-error"}}
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("fm-status, %v (-want +got):\n%s", ok, diff)
	}
	if _, ok := definition.ValueSet("http://hl7.org/fhir/ValueSet/mimetypes"); ok {
		t.Error("MIME types cannot be listed")
	}
}

// Every required binding must be checkable, but for those whose codes HL7 does
// not publish.
func TestRequiredBindingsAreKnown(t *testing.T) {
	open := map[string]bool{
		"http://hl7.org/fhir/ValueSet/mimetypes":                  true, // BCP 13 is a syntax
		"http://hl7.org/fhir/ValueSet/ucum-units":                 true, // UCUM is a grammar
		"http://hl7.org/fhir/ValueSet/characteristic-combination": true, // not in R4's files
		"http://loinc.org/vs/LL379-9":                             true, // LOINC's own
	}
	bound := 0
	for _, name := range definition.Resources() {
		typ, _ := definition.Lookup(name)
		for _, e := range typ.Elements {
			if e.Binding == nil || e.Binding.Strength != "required" {
				continue
			}
			bound++
			if codes, ok := definition.ValueSet(e.Binding.ValueSet); (!ok || len(codes) == 0) && !open[e.Binding.ValueSet] {
				t.Errorf("%s: %s has no codes", e.Path, e.Binding.ValueSet)
			}
		}
	}
	if bound < 190 {
		t.Errorf("%d required bindings on resources, want 190 or more", bound)
	}
}
