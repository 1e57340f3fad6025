package patch_test

import (
	"fmt"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/patch"
)

func ExampleFHIRPath() {
	doc, err := fhir.Parse([]byte(`{"resourceType":"Patient","active":true}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	operation, err := fhir.Parse([]byte(`{"resourceType":"Parameters","parameter":[{"name":"operation","part":[
		{"name":"type","valueCode":"add"},
		{"name":"path","valueString":"Patient"},
		{"name":"name","valueString":"deceased"},
		{"name":"value","valueDateTime":"2024-05-06"}]}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	patched, err := patch.FHIRPath(doc, operation)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(patched.JSON()))
	// Output: {"resourceType":"Patient","active":true,"deceasedDateTime":"2024-05-06"}
}
