package validate_test

import "slices"

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

// An identifier with a national one among others, as most countries profile it.
func identifierSlices(rules, ordered string) []string {
	return []string{
		`{"id":"Patient.identifier","path":"Patient.identifier","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"` + rules + `","ordered":` + ordered + `}}`,
		`{"id":"Patient.identifier:nid","path":"Patient.identifier","sliceName":"nid","min":1,"max":"1"}`,
		`{"id":"Patient.identifier:nid.system","path":"Patient.identifier.system","min":1,"fixedUri":"http://nid"}`,
		`{"id":"Patient.identifier:nid.value","path":"Patient.identifier.value","min":1}`,
		`{"id":"Patient.identifier:hid","path":"Patient.identifier","sliceName":"hid","max":"1"}`,
		`{"id":"Patient.identifier:hid.system","path":"Patient.identifier.system","min":1,"fixedUri":"http://hid"}`,
	}
}

const (
	nid   = `{"system":"http://nid","value":"1"}`
	hid   = `{"system":"http://hid","value":"1"}`
	other = `{"system":"http://other","value":"1"}`
)

func patientWith(identifiers string) string {
	return `{"resourceType":"Patient","identifier":[` + identifiers + `]}`
}

func observation(members string) string {
	return `{"resourceType":"Observation","status":"final","code":{"text":"x"},` + members + `}`
}

var sliceCases = []struct {
	name     string
	typ      string
	elements []string
	held     []held
}{
	{"slices by value, open", "Patient", identifierSlices("open", "false"), []held{
		{patientWith(hid), []string{"cardinality Patient.identifier"}},
		{patientWith(nid + "," + nid), []string{"cardinality Patient.identifier"}},
		{patientWith(`{"system":"http://nid"}`), []string{"cardinality Patient.identifier[0].value"}},
		{patientWith(other + "," + hid + "," + nid), nil},
	}},
	{"slices by value, closed", "Patient", identifierSlices("closed", "false"), []held{
		{patientWith(nid + "," + other), []string{"slicing Patient.identifier[1]"}},
		{patientWith(hid + "," + nid), nil},
	}},
	{"slices by value, open at the end", "Patient", identifierSlices("openAtEnd", "false"), []held{
		{patientWith(nid + "," + other + "," + hid), []string{"slicing Patient.identifier[2]"}},
		{patientWith(hid + "," + nid + "," + other + "," + other), nil},
	}},
	{"slices by value, ordered", "Patient", identifierSlices("open", "true"), []held{
		{patientWith(hid + "," + nid), []string{"slicing Patient.identifier[1]"}},
		{patientWith(nid + "," + other + "," + hid), nil},
	}},
	{"slices without ids", "Patient", []string{
		`{"path":"Patient.identifier","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"closed"}}`,
		`{"path":"Patient.identifier","sliceName":"a","min":1}`,
		`{"path":"Patient.identifier.system","fixedUri":"http://nid"}`,
		`{"path":"Patient.identifier","sliceName":"b"}`,
		`{"path":"Patient.identifier.system","fixedUri":"http://hid"}`,
		`{"path":"Patient.identifier.value","min":1}`,
	}, []held{
		{patientWith(`{"system":"http://hid"}`), []string{"cardinality Patient.identifier", "cardinality Patient.identifier[0].value"}},
		{patientWith(`{"system":"http://nid"},` + hid), nil},
	}},
	{"slices by pattern of the whole", "Observation", []string{
		`{"id":"Observation.category","path":"Observation.category","min":1,"slicing":{"discriminator":[{"type":"pattern","path":"$this"}],"rules":"open"}}`,
		`{"id":"Observation.category:lab","path":"Observation.category","sliceName":"lab","min":1,"max":"1","patternCodeableConcept":{"coding":[{"system":"http://c","code":"laboratory"}]}}`,
	}, []held{
		{observation(`"category":[{"coding":[{"system":"http://c","code":"vital"}]}]`), []string{"cardinality Observation.category"}},
		{observation(`"category":[{"coding":[{"system":"http://c","code":"vital"}]},{"coding":[{"system":"http://c","code":"laboratory","display":"Lab"}],"text":"x"}]`), nil},
	}},
	{"slices by a value inside a pattern", "Observation", []string{
		`{"id":"Observation.component","path":"Observation.component","slicing":{"discriminator":[{"type":"value","path":"code.coding.code"}],"rules":"closed"}}`,
		`{"id":"Observation.component:sys","path":"Observation.component","sliceName":"sys","min":1}`,
		`{"id":"Observation.component:sys.code","path":"Observation.component.code","patternCodeableConcept":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]}}`,
		`{"id":"Observation.component:sys.value[x]","path":"Observation.component.value[x]","min":1,"type":[{"code":"Quantity"}]}`,
	}, []held{
		{observation(`"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]}}]`), []string{"cardinality Observation.component[0].value"}},
		{observation(`"component":[{"code":{"coding":[{"code":"9"}]},"valueString":"x"}]`), []string{"slicing Observation.component[0]", "cardinality Observation.component"}},
		{observation(`"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":1}}]`), nil},
	}},
	{"slices by what the children say", "Observation", []string{
		`{"id":"Observation.component","path":"Observation.component","slicing":{"discriminator":[{"type":"value","path":"code"}],"rules":"closed"}}`,
		`{"id":"Observation.component:a","path":"Observation.component","sliceName":"a"}`,
		`{"id":"Observation.component:a.code.coding","path":"Observation.component.code.coding","min":1}`,
		`{"id":"Observation.component:a.code.coding.code","path":"Observation.component.code.coding.code","fixedCode":"a"}`,
	}, []held{
		{observation(`"component":[{"code":{"coding":[{"code":"b"}]}}]`), []string{"slicing Observation.component[0]"}},
		{observation(`"component":[{"code":{"coding":[{"code":"a"}]}}]`), nil},
	}},
	{"slices by type", "Observation", []string{
		`{"id":"Observation.component","path":"Observation.component","slicing":{"discriminator":[{"type":"type","path":"value"}],"rules":"closed"}}`,
		`{"id":"Observation.component:q","path":"Observation.component","sliceName":"q","max":"1"}`,
		`{"id":"Observation.component:q.value[x]","path":"Observation.component.value[x]","type":[{"code":"Quantity"}]}`,
		`{"id":"Observation.component:s","path":"Observation.component","sliceName":"s"}`,
		`{"id":"Observation.component:s.value[x]","path":"Observation.component.value[x]","type":[{"code":"string"},{"code":"CodeableConcept"}]}`,
	}, []held{
		{observation(`"component":[{"code":{"text":"a"},"valueInteger":1}]`), []string{"slicing Observation.component[0]"}},
		{observation(`"component":[{"code":{"text":"a"},"valueQuantity":{"value":1}},{"code":{"text":"a"},"valueQuantity":{"value":1}}]`), []string{"cardinality Observation.component"}},
		{observation(`"component":[{"code":{"text":"a"},"valueQuantity":{"value":1}},{"code":{"text":"a"},"valueString":"x"}]`), nil},
	}},
	{"slices by the type of what is referred to", "Claim", []string{
		`{"id":"Claim.careTeam","path":"Claim.careTeam","slicing":{"discriminator":[{"type":"type","path":"provider.resolve()"}],"rules":"closed"}}`,
		`{"id":"Claim.careTeam:org","path":"Claim.careTeam","sliceName":"org","min":1}`,
		`{"id":"Claim.careTeam:org.provider","path":"Claim.careTeam.provider","type":[{"code":"Reference","targetProfile":["` + core + `Organization"]}]}`,
	}, []held{
		{claimWith(`"use":"claim","careTeam":[{"sequence":1,"provider":{"reference":"Practitioner/1"}}]`), []string{"slicing Claim.careTeam[0]", "cardinality Claim.careTeam"}},
		{claimWith(`"use":"claim","careTeam":[{"sequence":1,"provider":{"reference":"Organization/1"}}]`), nil},
	}},
	{"slices by presence", "Patient", []string{
		`{"id":"Patient.identifier","path":"Patient.identifier","slicing":{"discriminator":[{"type":"exists","path":"period"}],"rules":"open"}}`,
		`{"id":"Patient.identifier:old","path":"Patient.identifier","sliceName":"old","max":"1"}`,
		`{"id":"Patient.identifier:old.period","path":"Patient.identifier.period","min":1}`,
		`{"id":"Patient.identifier:new","path":"Patient.identifier","sliceName":"new","min":1}`,
		`{"id":"Patient.identifier:new.period","path":"Patient.identifier.period","max":"0"}`,
		`{"id":"Patient.identifier:new.use","path":"Patient.identifier.use","min":1}`,
	}, []held{
		{patientWith(`{"value":"1","period":{"start":"2020"}}`), []string{"cardinality Patient.identifier"}},
		{patientWith(`{"value":"1"}`), []string{"cardinality Patient.identifier[0].use"}},
		{patientWith(`{"value":"1","period":{"start":"2020"}},{"value":"2","use":"usual"}`), nil},
	}},
	{"slices by binding", "Observation", []string{
		`{"id":"Observation.category","path":"Observation.category","slicing":{"discriminator":[{"type":"value","path":"$this"}],"rules":"open"}}`,
		`{"id":"Observation.category:g","path":"Observation.category","sliceName":"g","min":1,"binding":{"strength":"required","valueSet":"http://hl7.org/fhir/ValueSet/administrative-gender"}}`,
	}, []held{
		{observation(`"category":[{"coding":[{"system":"http://hl7.org/fhir/administrative-gender","code":"x"}]}]`), []string{"cardinality Observation.category"}},
		{observation(`"category":[{"coding":[{"system":"http://hl7.org/fhir/administrative-gender","code":"male"}]}]`), nil},
	}},
	{"slices within slices", "Patient", []string{
		`{"id":"Patient.contact","path":"Patient.contact","slicing":{"discriminator":[{"type":"value","path":"gender"}],"rules":"open"}}`,
		`{"id":"Patient.contact:f","path":"Patient.contact","sliceName":"f"}`,
		`{"id":"Patient.contact:f.gender","path":"Patient.contact.gender","fixedCode":"female"}`,
		`{"id":"Patient.contact:f.telecom","path":"Patient.contact.telecom","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"closed"}}`,
		`{"id":"Patient.contact:f.telecom:phone","path":"Patient.contact.telecom","sliceName":"phone","min":1}`,
		`{"id":"Patient.contact:f.telecom:phone.system","path":"Patient.contact.telecom.system","fixedCode":"phone"}`,
	}, []held{
		{`{"resourceType":"Patient","contact":[{"gender":"female","name":{"text":"x"},"telecom":[{"system":"fax","value":"1"}]}]}`, []string{"slicing Patient.contact[0].telecom[0]", "cardinality Patient.contact[0].telecom"}},
		{`{"resourceType":"Patient","contact":[{"gender":"male","name":{"text":"x"},"telecom":[{"system":"fax","value":"1"}]},{"gender":"female","telecom":[{"system":"phone","value":"1"}]}]}`, nil},
	}},
	{"slices of a slice", "Patient", append(identifierSlices("open", "false"),
		`{"id":"Patient.identifier:nid","path":"Patient.identifier","sliceName":"nid","slicing":{"discriminator":[{"type":"value","path":"use"}],"rules":"closed"}}`,
		`{"id":"Patient.identifier:nid/official","path":"Patient.identifier","sliceName":"nid/official"}`,
		`{"id":"Patient.identifier:nid/official.use","path":"Patient.identifier.use","fixedCode":"official"}`,
	), []held{
		{patientWith(nid), []string{"slicing Patient.identifier[0]"}},
		{patientWith(`{"system":"http://nid","value":"1","use":"official"},` + other), nil},
	}},
	{"the rest as a slice", "Patient", append(identifierSlices("closed", "false"),
		`{"id":"Patient.identifier:@default","path":"Patient.identifier","sliceName":"@default"}`,
		`{"id":"Patient.identifier:@default.use","path":"Patient.identifier.use","min":1}`,
	), []held{
		{patientWith(nid + "," + other), []string{"cardinality Patient.identifier[1].use"}},
		{patientWith(nid + `,{"system":"http://other","value":"1","use":"old"}`), nil},
	}},
	{"slices with nothing to tell them by but what they are", "Patient", []string{
		`{"id":"Patient.name","path":"Patient.name","slicing":{"rules":"closed"}}`,
		`{"id":"Patient.name:a","path":"Patient.name","sliceName":"a"}`,
		`{"id":"Patient.name:a.family","path":"Patient.name.family","min":1}`,
	}, []held{
		{`{"resourceType":"Patient","name":[{"text":"x"}]}`, []string{"slicing Patient.name[0]"}},
		{`{"resourceType":"Patient","name":[{"family":"x"}]}`, nil},
	}},
}
