package fhirpath_test

import (
	"fmt"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/fhirpath"
)

// An expression is compiled once and evaluated on any resource.
func ExampleExpr_Eval() {
	net := fhirpath.Must("Claim.item.where(productOrService.coding.code = 'X1').net")
	claim, err := fhir.ParseObject([]byte(`{"resourceType":"Claim","item":[
		{"sequence":1,"productOrService":{"coding":[{"code":"X0"}]},"net":{"value":10.00}},
		{"sequence":2,"productOrService":{"coding":[{"code":"X1"}]},"net":{"value":20.50}}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	items, err := net.Eval(nil, fhirpath.Resource(claim))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, item := range items {
		fmt.Println(item.Type(), item.Path(claim), item.Node().Get("value").Text)
	}
	// Output: Money Claim.item[1].net 20.50
}

// A criterion is given what it needs to know as variables.
func ExampleExpr_EvalBool() {
	adult := fhirpath.Must("birthDate <= %servedOn - 18 years")
	served, err := fhirpath.Must("@2025-03-04").Eval(nil, fhirpath.Element{})
	if err != nil {
		fmt.Println(err)
		return
	}
	patient := fhir.Obj(fhir.Str("Patient").As("resourceType"), fhir.Str("2007-03-04").As("birthDate"))
	opts := &fhirpath.Options{Vars: map[string][]fhirpath.Element{"servedOn": served}}
	fmt.Println(adult.EvalBool(opts, fhirpath.Resource(&patient)))
	// Output: true <nil>
}
