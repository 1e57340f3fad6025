package fhir_test

import (
	"encoding/json"
	"strings"
	"testing"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/jamii-health/jamii/fhir"
)

// Typed models are a view for reading, never the record: this is what they
// would lose or invent (design 4), and what the tree keeps.
func TestTheRecordIsNotATypedModel(t *testing.T) {
	const sent = `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"In"}],` +
		`"birthDate":"1974-12-25","_birthDate":{"extension":[{"url":"http://x.org/time","valueString":"14:35"}]},"colour":"red"}`
	var p models.Patient
	if err := json.Unmarshal([]byte(sent), &p); err != nil {
		t.Fatal(err)
	}
	through, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	n, err := fhir.ParseObject([]byte(sent))
	if err != nil {
		t.Fatal(err)
	}
	kept := string(fhir.Record(n))
	for _, part := range []string{`"_birthDate"`, `"colour":"red"`, `"name":"In"`} {
		if strings.Contains(string(through), part) {
			t.Errorf("the models keep %s now: this guard can go", part)
		}
		if !strings.Contains(kept, part) {
			t.Errorf("the record lost %s", part)
		}
	}
	var c models.Claim
	if err := json.Unmarshal([]byte(`{"resourceType":"Claim"}`), &c); err != nil {
		t.Fatal(err)
	}
	if c.Status.Code() != "active" {
		t.Errorf("a Claim without status reads as %q: the models no longer invent one", c.Status.Code())
	}
}
