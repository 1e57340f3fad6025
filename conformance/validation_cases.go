package main

import (
	"fmt"
	"slices"
	"strings"
)

// check is a resource that must be refused or stored.
type check struct{ name, clause, resource string }

func patient(more string) string { return `{"resourceType":"Patient",` + more + `}` }

func final(more string) string {
	return `{"resourceType":"Observation","status":"final","code":{"text":"x"},` + more + `}`
}

func narrative(div string) string {
	return patient(fmt.Sprintf(`"text":{"status":"generated","div":%q}`, div))
}

func xhtml(inner string) string {
	return narrative(`<div xmlns='http://www.w3.org/1999/xhtml'>` + inner + `</div>`)
}

func validationCases() []Case {
	var out []Case
	for _, k := range slices.Concat(wrongTypes, wrongCounts, wrongCodes, wrongInvariants, wrongFormats, wrongNarratives, wrongBundles) {
		out = append(out, Case{"validation", "refused: " + k.name, k.clause, func(t *T) {
			r := t.Refused(t.Do("POST", "/"+typeOf(k.resource), k.resource), 400, 422)
			t.Want(!strings.Contains(strings.ToLower(string(r.Raw)), "sql"), "the inside shows: %s", r.Raw)
		}})
	}
	for _, k := range accepted {
		out = append(out, Case{"validation", "stored: " + k.name, k.clause, func(t *T) {
			id, _ := t.Create(k.resource)
			stored := t.Get("/" + typeOf(k.resource) + "/" + id).Body
			for _, m := range must(k.resource).Nodes { // all but what the server writes itself
				if m.Name != "id" && m.Name != "meta" && m.Name != "text" {
					t.Want(string(stored.Get(m.Name).JSON()) == string(m.JSON()), "%s came back as %s", m.Name, stored.Get(m.Name).JSON())
				}
			}
		}})
	}
	return slices.Concat(out, validateCases(), profileCases())
}

func typeOf(resource string) string {
	_, rest, _ := strings.Cut(resource, `"resourceType":"`)
	typ, _, _ := strings.Cut(rest, `"`)
	return typ
}

var wrongTypes = []check{
	{"a boolean as string", "json.html#primitive", patient(`"active":"true"`)},
	{"a boolean as number", "json.html#primitive", patient(`"active":1`)},
	{"a string as number", "json.html#primitive", patient(`"name":[{"family":5}]`)},
	{"a date as number", "json.html#primitive", patient(`"birthDate":1974`)},
	{"a decimal as string", "json.html#primitive", final(`"valueQuantity":{"value":"5.4"}`)},
	{"an integer as string", "json.html#primitive", patient(`"multipleBirthInteger":"2"`)},
	{"an integer with a fraction", "datatypes.html#integer", patient(`"multipleBirthInteger":1.5`)},
	{"a complex element as string", "json.html#complex", final(`"subject":"Patient/1"`)},
	{"a primitive as object", "json.html#primitive", patient(`"gender":{"value":"male"}`)},
	{"a repeating element without its array", "json.html#repeating", patient(`"name":{"family":"x"}`)},
	{"a single element as array", "json.html#repeating", patient(`"gender":["male"]`)},
	{"an array within an array", "json.html#repeating", patient(`"name":[[{"family":"x"}]]`)},
	{"an unknown element", "json.html#resources", patient(`"colour":"red"`)},
	{"an unknown element deeper down", "json.html#resources", patient(`"name":[{"nickname":"x"}]`)},
	{"an element of another type of resource", "json.html#resources", patient(`"status":"final"`)},
	{"an unknown element of a contained resource", "json.html#resources", patient(`"contained":[{"resourceType":"Organization","id":"o","colour":"red"}],"managingOrganization":{"reference":"#o"}`)},
	{"an unknown type of contained resource", "json.html#resources", patient(`"contained":[{"resourceType":"Organisation","id":"o"}],"managingOrganization":{"reference":"#o"}`)},
	{"a choice with a type it does not have", "formats.html#choice", final(`"valueAddress":{"text":"x"}`)},
	{"a choice without its type", "formats.html#choice", final(`"value":"x"`)},
	{"two types of one choice", "formats.html#choice", final(`"valueString":"x","valueInteger":5`)},
	{"an extension value of an unknown type", "extensibility.html", patient(`"extension":[{"url":"http://x.org/e","valueColour":"red"}]`)},
	{"the _member of an element that is no primitive", "json.html#primitive", patient(`"_name":[{"extension":[{"url":"http://x.org/e","valueString":"x"}]}]`)},
	{"the _member of an unknown element", "json.html#primitive", patient(`"_colour":{"id":"x"}`)},
}

var wrongCounts = []check{
	{"Observation without status", "observation.html", `{"resourceType":"Observation","code":{"text":"x"}}`},
	{"Observation without code", "observation.html", `{"resourceType":"Observation","status":"final"}`},
	{"a component without code", "observation.html", final(`"component":[{"valueString":"x"}]`)},
	{"Patient.link without other", "patient.html", patient(`"link":[{"type":"seealso"}]`)},
	{"Patient.communication without language", "patient.html", patient(`"communication":[{"preferred":true}]`)},
	{"Claim without use, patient and insurance", "claim.html", `{"resourceType":"Claim","status":"active","type":{"text":"x"},"created":"2020-01-01"}`},
	{"Encounter without class", "encounter.html", `{"resourceType":"Encounter","status":"finished"}`},
	{"an extension without url", "extensibility.html#Extension", patient(`"extension":[{"valueString":"x"}]`)},
	{"a contained resource without what it needs", "references.html#contained", patient(`"contained":[{"resourceType":"Observation","id":"o","status":"final"}],"extension":[{"url":"http://x.org/e","valueReference":{"reference":"#o"}}]`)},
	{"an empty array", "json.html#repeating", patient(`"name":[]`)},
	{"an empty object", "json.html", patient(`"name":[{}]`)},
	{"an empty string", "datatypes.html#string", patient(`"name":[{"family":""}]`)},
	{"a null", "json.html#null", patient(`"gender":null`)},
	{"a null in an array of objects", "json.html#null", patient(`"name":[null]`)},
	{"a null in an array of primitives without its _member", "json.html#primitive", patient(`"name":[{"given":["x",null]}]`)},
	{"an element that has an id only", "element.html#ele-1", patient(`"name":[{"id":"x"}]`)},
}

var wrongCodes = []check{
	{"a gender that is none", "terminologies.html#required", patient(`"gender":"man"`)},
	{"a gender in capitals", "terminologies.html#required", patient(`"gender":"Male"`)},
	{"an Observation.status that is none", "terminologies.html#required", `{"resourceType":"Observation","status":"done","code":{"text":"x"}}`},
	{"an Identifier.use that is none", "terminologies.html#required", patient(`"identifier":[{"use":"main","value":"x"}]`)},
	{"a HumanName.use that is none", "terminologies.html#required", patient(`"name":[{"use":"main","family":"x"}]`)},
	{"a ContactPoint.system that is none", "terminologies.html#required", patient(`"telecom":[{"system":"fon","value":"1"}]`)},
	{"an Address.type that is none", "terminologies.html#required", patient(`"address":[{"type":"home","text":"x"}]`)},
	{"a Narrative.status that is none", "terminologies.html#required", patient(`"text":{"status":"done","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"}`)},
	{"a Quantity.comparator that is none", "terminologies.html#required", final(`"valueQuantity":{"comparator":"!","value":5}`)},
	{"a currency that is none", "terminologies.html#required", `{"resourceType":"Invoice","status":"draft","totalNet":{"value":5,"currency":"QQQ"}}`},
	{"a Claim.use that is none", "terminologies.html#required", strings.Replace(claim, `"use":"claim"`, `"use":"request"`, 1)},
	{"a Patient.link.type that is none", "terminologies.html#required", patient(`"link":[{"type":"same","other":{"display":"x"}}]`)},
	{"a required code of a contained resource", "terminologies.html#required", patient(`"contained":[{"resourceType":"Patient","id":"p","gender":"man"}],"link":[{"type":"seealso","other":{"reference":"#p"}}]`)},
	{"a required code within an extension", "terminologies.html#required", patient(`"extension":[{"url":"http://x.org/e","valueIdentifier":{"use":"main","value":"x"}}]`)},
	{"an Encounter.status that is none", "terminologies.html#required", `{"resourceType":"Encounter","status":"over","class":{"code":"AMB"}}`},
}

const claim = `{"resourceType":"Claim","status":"active","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/claim-type","code":"institutional"}]},"use":"claim","patient":{"display":"x"},"created":"2020-01-01","provider":{"display":"x"},"priority":{"coding":[{"code":"normal"}]},"insurance":[{"sequence":1,"focal":true,"coverage":{"display":"x"}}]}`

var accepted = []check{
	{"partial dates", "datatypes.html#date", patient(`"birthDate":"1974"`)},
	{"a dateTime with a zone", "datatypes.html#dateTime", final(`"effectiveDateTime":"2015-02-07T13:28:17.239-05:00"`)},
	{"a dateTime of a month", "datatypes.html#dateTime", final(`"effectiveDateTime":"2015-02"`)},
	{"a decimal with an exponent", "datatypes.html#decimal", final(`"valueQuantity":{"value":1.5e3}`)},
	{"a negative decimal with trailing zeroes", "datatypes.html#decimal", final(`"valueQuantity":{"value":-0.50}`)},
	{"an unknown extension", "extensibility.html", patient(`"extension":[{"url":"http://x.org/unknown","extension":[{"url":"part","valueCode":"x"}]}]`)},
	{"primitives and their extensions side by side", "json.html#primitive", patient(`"name":[{"given":["a",null],"_given":[null,{"extension":[{"url":"http://x.org/e","valueString":"x"}]}]}]`)},
	{"a primitive with an extension and no value", "json.html#primitive", patient(`"_birthDate":{"extension":[{"url":"http://x.org/e","valueCode":"unknown"}]}`)},
	{"a code outside an extensible binding", "terminologies.html#extensible", patient(`"maritalStatus":{"coding":[{"system":"urn:x","code":"x"}]}`)},
	{"a code outside an example binding", "terminologies.html#example", final(`"bodySite":{"coding":[{"system":"urn:x","code":"x"}]}`)},
	{"a contained resource that is referred to", "references.html#contained", final(`"contained":[{"resourceType":"Patient","id":"p","active":true}],"subject":{"reference":"#p"}`)},
	{"a contained resource that refers to its container", "domainresource.html#dom-3", final(`"contained":[{"resourceType":"Provenance","id":"p","target":[{"reference":"#"}],"recorded":"2020-01-01T00:00:00Z","agent":[{"who":{"display":"x"}}]}]`)},
	{"letters beyond the basic plane", "datatypes.html#string", patient(`"name":[{"family":"𝒳 नेपाल 日本"}]`)},
	{"line breaks and tabs in a string", "datatypes.html#string", final(`"note":[{"text":"a\n\tb"}]`)},
	{"a logical reference", "references.html#logical", final(`"subject":{"identifier":{"system":"urn:x","value":"1"}}`)},
	{"a reference to another server", "references.html#literal", final(`"subject":{"reference":"https://other.example/fhir/Patient/1"}`)},
	{"a Claim", "claim.html", claim},
	{"a Bundle of type collection", "bundle.html", `{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0","resource":{"resourceType":"Patient","active":true}}]}`},
	{"a Parameters in a Bundle", "bundle.html", `{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e1","resource":{"resourceType":"Parameters","parameter":[{"name":"x","valueBoolean":true}]}}]}`},
	{"a Questionnaire with nested items", "questionnaire.html", `{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"group","item":[{"linkId":"1.1","type":"boolean","text":"?"}]}]}`},
}
