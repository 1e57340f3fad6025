package sample_test

import (
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/validate"
	"github.com/jamii-health/jamii/internal/store/dictionary/sample"
)

// A dictionary trained on what the server refuses would be of little use, and
// the benchmarks post these.
func TestAllIsValidR4(t *testing.T) {
	m, err := sample.New(3)
	if err != nil {
		t.Fatal(err)
	}
	names, err := sample.Names()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		for range 10 {
			data, err := m.Make(name, nil)
			if err != nil {
				t.Fatal(err)
			}
			n, err := fhir.ParseObject(data)
			if err != nil {
				t.Fatal(err)
			}
			for _, is := range validate.Resource(n, validate.Options{ErrorsOnly: true}) {
				t.Fatalf("%s: %s: %s (%s)\n%s", name, is.Path, is.Text, is.Rule, data)
			}
		}
	}
}
