package validate_test

import (
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/validate"
)

// Reference.type and the literal reference say the same.
//
// https://hl7.org/fhir/R4/references.html#Reference
func TestReferenceTypeAgrees(t *testing.T) {
	for said, want := range map[string]bool{`"Group"`: false, `"Patient"`: true, `"http://x.org/logical"`: true} {
		n, err := fhir.Parse([]byte(`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/1","type":` + said + `}}`))
		if err != nil {
			t.Fatal(err)
		}
		found := ""
		for _, is := range validate.Resource(n, validate.Options{ErrorsOnly: true}) {
			found += is.Path
		}
		if (found == "") != want || (!want && found != "Observation.subject.type") {
			t.Errorf("type %s: issues at %q", said, found)
		}
	}
}
