package validate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir/validate"
)

// Constraints that are not written in Go, on the resources of TestMutations.
func TestInvariantsOfTypesAndElements(t *testing.T) {
	tests := []struct {
		name, base, old, with string
		want                  []found
	}{
		{"contact says nothing", "Patient", `"contact":[{"name":{"text":"Bina"}}]`, `"contact":[{"gender":"male"}]`, []found{{"invariant", "pat-1", "Patient.contact[0]"}}},
		{"value and its absence", "Observation", `"issued"`, `"dataAbsentReason":{"text":"x"},"issued"`, []found{{"invariant", "obs-6", "Observation"}}},
		{"range without limits", "Observation", `"referenceRange":[{"low":{"value":50,"unit":"kg"}}]`, `"referenceRange":[{"age":{"low":{"value":5}}}]`, []found{{"invariant", "obs-3", "Observation.referenceRange[0]"}}},
		{"range the wrong way round", "Observation", `"referenceRange":[{`, `"referenceRange":[{"age":{"low":{"value":5},"high":{"value":4}},`, []found{{"invariant", "rng-2", "Observation.referenceRange[0].age"}}},
		{"request missing", "Bundle", `,
		"request":{"method":"POST","url":"AllergyIntolerance"}`, ``, []found{{"invariant", "bdl-3", "Bundle"}}},
		{"total of a transaction", "Bundle", `"type":"transaction"`, `"type":"transaction","total":1`, []found{{"invariant", "bdl-1", "Bundle"}}},
		{"fullUrl of a version", "Bundle", `"fullUrl":"urn:uuid:7c4a1d3e-0000-4000-8000-000000000001"`, `"fullUrl":"http://example.org/Patient/1/_history/2"`, []found{{"invariant", "bdl-8", "Bundle.entry[0]"}}},
		{"parameter with value and resource", "Parameters", `"name":"resource",`, `"name":"resource","valueString":"x",`, []found{{"invariant", "inv-1", "Parameters.parameter[0]"}}},
		{"timing without unit", "Parameters", `"valueUuid":"urn:uuid:7c4a1d3e-0000-4000-8000-000000000001"`, `"valueTiming":{"repeat":{"period":1}}`, []found{{"invariant", "tim-2", "Parameters.parameter[1].value.repeat"}}},
		{"age below zero", "Parameters", `"valueUuid":"urn:uuid:7c4a1d3e-0000-4000-8000-000000000001"`, `"valueAge":{"value":-1,"system":"http://unitsofmeasure.org","code":"a"}`, []found{{"invariant", "age-1", "Parameters.parameter[1].value"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(valid[tt.base], tt.old, tt.with, 1)
			if text == valid[tt.base] {
				t.Fatalf("%s does not hold %s", tt.base, tt.old)
			}
			if diff := cmp.Diff(tt.want, issuesOf(t, text, validate.Options{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// An expression that says nothing of what is absent breaks no rule: rng-2
// compares units that cannot be compared.
func TestEmptyResultIsMet(t *testing.T) {
	text := strings.Replace(valid["Observation"], `"referenceRange":[{`, `"referenceRange":[{"age":{"low":{"value":5,"unit":"a","system":"http://unitsofmeasure.org","code":"a"},"high":{"value":4,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}},`, 1)
	if got := issuesOf(t, text, validate.Options{}); len(got) > 0 {
		t.Errorf("%+v", got)
	}
}

// A large bundle takes time that grows with its size, not with its square.
func BenchmarkSynthea(b *testing.B) {
	dir, ok := shared(b, "synthea")
	if !ok {
		return
	}
	n := parseFile(b, dir+"/Alix.json")
	b.SetBytes(int64(len(n.JSON())))
	b.ReportAllocs()
	for b.Loop() {
		validate.Resource(n, validate.Options{ErrorsOnly: true})
	}
}
