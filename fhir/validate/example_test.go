package validate_test

import (
	"fmt"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/validate"
)

func ExampleResource() {
	n, err := fhir.Parse([]byte(`{"resourceType":"Patient","gender":"F","birthDate":"1990-02-30","contact":[{"gender":"male"}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, i := range validate.Resource(n, validate.Options{ErrorsOnly: true}) {
		fmt.Printf("%s %s [%s]\n  %s\n", i.Code, i.Path, i.Rule, i.Text)
	}
	// Output:
	// code-invalid Patient.gender [binding-required]
	//   This code is not allowed here: use a code from http://hl7.org/fhir/ValueSet/administrative-gender.
	// value Patient.birthDate [format]
	//   This must be a real date written YYYY, YYYY-MM or YYYY-MM-DD.
	// invariant Patient.contact[0] [pat-1]
	//   Rule pat-1 is not met: SHALL at least contain a contact's details or a reference to an organization
}
