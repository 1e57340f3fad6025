package xml_test

import (
	"fmt"

	"github.com/jamii-health/jamii/fhir/xml"
)

func Example() {
	patient, err := xml.Parse([]byte(`
		<Patient xmlns="http://hl7.org/fhir">
		  <active value="true"/>
		  <name><given value="Asha"/></name>
		</Patient>`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(patient.JSON()))

	out, err := xml.AppendIndent(nil, patient, "  ")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(out))
	// Output:
	// {"resourceType":"Patient","active":true,"name":[{"given":["Asha"]}]}
	// <?xml version="1.0" encoding="UTF-8"?>
	// <Patient xmlns="http://hl7.org/fhir">
	//   <active value="true"/>
	//   <name>
	//     <given value="Asha"/>
	//   </name>
	// </Patient>
}
