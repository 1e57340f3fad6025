package validate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/validate"
)

const narrative = `{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Asha</div>"}`

// The resources that the mutations break. Each is valid as it stands.
var valid = map[string]string{
	"Patient": `{"resourceType":"Patient","id":"p1","text":` + narrative + `,
		"contained":[{"resourceType":"Organization","id":"org","name":"School"}],
		"extension":[{"url":"http://example.org/a","valueString":"x"},{"url":"http://example.org/b","extension":[{"url":"c","valueInteger":1}]}],
		"identifier":[{"system":"http://example.org/ids","value":"1","assigner":{"reference":"Organization/o1"}}],
		"active":true,"name":[{"family":"Rai","given":["Asha",null,"B"],"_given":[null,{"extension":[{"url":"http://example.org/why","valueCode":"masked"}]},null]}],
		"telecom":[{"system":"phone","value":"1","rank":1,"period":{"start":"2024-01-01","end":"2024-12-31"}}],"gender":"female",
		"birthDate":"1990-02-28","_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthTime","valueDateTime":"1990-02-28T10:00:00+05:45"}]},
		"deceasedBoolean":false,"maritalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus","code":"M"}]},
		"photo":[{"contentType":"image/png","data":"iVBORw0K"}],"contact":[{"name":{"text":"Bina"}}],
		"managingOrganization":{"reference":"#org"},"link":[{"other":{"reference":"Patient/p2"},"type":"seealso"}]}`,
	"Observation": `{"resourceType":"Observation","text":` + narrative + `,"status":"final","code":{"text":"Weight"},"subject":{"reference":"Patient/p1"},
		"effectiveDateTime":"2024-02-29","issued":"2024-02-29T10:00:00.123Z",
		"valueQuantity":{"value":70.50,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"},
		"referenceRange":[{"low":{"value":50,"unit":"kg"}}]}`,
	"Bundle": `{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:uuid:7c4a1d3e-0000-4000-8000-000000000001",
		"resource":{"resourceType":"AllergyIntolerance","text":` + narrative + `,"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]},
			"patient":{"reference":"Patient/p1"}},
		"request":{"method":"POST","url":"AllergyIntolerance"}}]}`,
	"Parameters": `{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Basic","text":` + narrative + `,"code":{"text":"x"}}},{"name":"n","valueUuid":"urn:uuid:7c4a1d3e-0000-4000-8000-000000000001"}]}`,
}

func TestValidAsTheyStand(t *testing.T) {
	for name, text := range valid {
		if got := issuesOf(t, text, validate.Options{}); len(got) > 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := validate.Resource(claim(t), validate.Options{ErrorsOnly: true}); len(got) > 0 {
		t.Errorf("the claim of the benchmark: %+v", got)
	}
}

// found is what a test compares of an issue.
type found struct {
	Code fhir.IssueType
	Rule string
	Path string
}

func issuesOf(t *testing.T, text string, opts validate.Options) []found {
	t.Helper()
	n, err := fhir.Parse([]byte(text))
	if err != nil {
		t.Fatalf("the test's own JSON: %v", err)
	}
	var out []found
	for _, i := range validate.Resource(n, opts) {
		out = append(out, found{i.Code, i.Rule, i.Path})
		if i.Text == "" || i.Severity == "" || i.Offset < 0 || i.Offset >= len(text) {
			t.Errorf("incomplete issue %+v", i)
		}
	}
	return out
}

// Each mutation breaks one rule, and that rule alone is reported.
var mutations = []struct {
	name, base, old, with string
	want                  found
}{
	// names
	{"no resourceType", "Patient", `"resourceType":"Patient",`, ``, found{"required", "resource-type", ""}},
	{"unknown resourceType", "Patient", `"resourceType":"Patient"`, `"resourceType":"Pat"`, found{"invalid", "resource-type", ""}},
	{"abstract resourceType", "Patient", `"resourceType":"Patient"`, `"resourceType":"DomainResource"`, found{"invalid", "resource-type", ""}},
	{"resourceType no string", "Patient", `"resourceType":"Patient"`, `"resourceType":1`, found{"invalid", "resource-type", ""}},
	{"unknown element", "Patient", `"active"`, `"activ"`, found{"structure", "unknown-element", "Patient.activ"}},
	{"case of an element", "Patient", `"birthDate"`, `"birthdate":"x","birthDate"`, found{"structure", "unknown-element", "Patient.birthdate"}},
	{"name that cannot stand in a path", "Patient", `"active"`, `"a b":1,"active"`, found{"structure", "unknown-element", "Patient"}},
	{"empty name", "Patient", `"active"`, `"":1,"active"`, found{"structure", "unknown-element", "Patient"}},
	{"resourceType in a data type", "Patient", `{"family"`, `{"resourceType":"HumanName","family"`, found{"structure", "unknown-element", "Patient.name[0].resourceType"}},
	{"underscore of a complex type", "Patient", `"contact"`, `"_contact":[{"id":"x"}],"contact"`, found{"structure", "unknown-element", "Patient._contact"}},
	{"underscore of nothing", "Patient", `"active"`, `"_x":{},"active"`, found{"structure", "unknown-element", "Patient._x"}},
	{"comments of DSTU2", "Patient", `"active"`, `"fhir_comments":["x"],"active"`, found{"structure", "unknown-element", "Patient.fhir_comments"}},

	// JSON
	{"one where many", "Patient", `"contact":[{"name":{"text":"Bina"}}]`, `"contact":{"name":{"text":"Bina"}}`, found{"structure", "json-array", "Patient.contact"}},
	{"many where one", "Patient", `"gender":"female"`, `"gender":["female"]`, found{"structure", "json-array", "Patient.gender"}},
	{"shadow is an array alone", "Patient", `"_birthDate":{"extension"`, `"_active":[{"id":"x"}],"_birthDate":{"extension"`, found{"structure", "json-array", "Patient.active"}},
	{"empty array", "Patient", `"contact":[{"name":{"text":"Bina"}}]`, `"contact":[]`, found{"structure", "json-empty", "Patient.contact"}},
	{"empty string", "Patient", `"family":"Rai"`, `"family":""`, found{"value", "json-empty", "Patient.name[0].family"}},
	{"empty object", "Patient", `{"name":{"text":"Bina"}}`, `{"name":{"text":"Bina"}},{}`, found{"invariant", "ele-1", "Patient.contact[1]"}},
	{"null", "Patient", `"gender":"female"`, `"gender":null`, found{"structure", "json-null", "Patient.gender"}},
	{"null for an object", "Patient", `"contact":[`, `"contact":[null,`, found{"structure", "json-null", "Patient.contact[0]"}},
	{"null without extension", "Patient", `["Asha",null,"B"]`, `["Asha",null,null]`, found{"structure", "json-null", "Patient.name[0].given[2]"}},
	{"arrays of unequal length", "Patient", `{"extension":[{"url":"http://example.org/why","valueCode":"masked"}]},null]`, `{"extension":[{"url":"http://example.org/why","valueCode":"masked"}]}]`, found{"structure", "json-align", "Patient.name[0].given"}},
	{"shadow no object", "Patient", `"active":true`, `"active":true,"_active":true`, found{"structure", "json-type", "Patient.active"}},
	{"shadow empty", "Patient", `"active":true`, `"active":true,"_active":{}`, found{"invariant", "ele-1", "Patient.active"}},
	{"shadow has an id alone", "Patient", `"active":true`, `"_active":{"id":"x"}`, found{"invariant", "ele-1", "Patient.active"}},
	{"shadow has what it may not", "Patient", `"active":true`, `"active":true,"_active":{"value":true}`, found{"structure", "unknown-element", "Patient.active.value"}},
	{"text where an object", "Patient", `"name":{"text":"Bina"}`, `"name":"Bina"`, found{"structure", "json-type", "Patient.contact[0].name"}},
	{"object where text", "Patient", `"family":"Rai"`, `"family":{"x":1}`, found{"structure", "json-type", "Patient.name[0].family"}},
	{"boolean as text", "Patient", `"active":true`, `"active":"true"`, found{"structure", "json-type", "Patient.active"}},
	{"number as text", "Observation", `"value":70.50`, `"value":"70.50"`, found{"structure", "json-type", "Observation.value.value"}},
	{"text as number", "Patient", `"family":"Rai"`, `"family":1`, found{"structure", "json-type", "Patient.name[0].family"}},

	// cardinality and choice
	{"required element missing", "Observation", `"status":"final",`, ``, found{"required", "cardinality", "Observation.status"}},
	{"required element missing deep", "Patient", `,"type":"seealso"`, ``, found{"required", "cardinality", "Patient.link[0].type"}},
	{"element of a constrained type", "Observation", `"low":{"value":50`, `"low":{"comparator":"<","value":50`, found{"invariant", "sqty-1", "Observation.referenceRange[0].low"}},
	{"choice of a type it may not have", "Observation", `"valueQuantity":{`, `"valueMoney":{`, found{"structure", "unknown-element", "Observation.valueMoney"}},
	{"choice without a type", "Patient", `"deceasedBoolean"`, `"deceased"`, found{"structure", "unknown-element", "Patient.deceased"}},
	{"choice twice", "Patient", `"deceasedBoolean":false`, `"deceasedBoolean":false,"deceasedDateTime":"2024"`, found{"structure", "choice", "Patient.deceased"}},
	{"choice twice by its shadow", "Patient", `"deceasedBoolean":false`, `"deceasedBoolean":false,"_deceasedDateTime":{"extension":[{"url":"http://x.org","valueBoolean":true}]}`, found{"structure", "choice", "Patient.deceased"}},

	// formats
	{"date that does not exist", "Patient", `"birthDate":"1990-02-28"`, `"birthDate":"1990-02-29"`, found{"value", "format", "Patient.birthDate"}},
	{"date with a time", "Patient", `"birthDate":"1990-02-28"`, `"birthDate":"1990-02-28T00:00:00Z"`, found{"value", "format", "Patient.birthDate"}},
	{"dateTime without zone", "Observation", `"effectiveDateTime":"2024-02-29"`, `"effectiveDateTime":"2024-02-29T10:00:00"`, found{"value", "format", "Observation.effective"}},
	{"instant without time", "Observation", `"issued":"2024-02-29T10:00:00.123Z"`, `"issued":"2024-02-29"`, found{"value", "format", "Observation.issued"}},
	{"integer with a fraction", "Patient", `"valueInteger":1`, `"valueInteger":1.0`, found{"value", "format", "Patient.extension[1].extension[0].value"}},
	{"integer too large", "Patient", `"valueInteger":1`, `"valueInteger":2147483648`, found{"value", "format", "Patient.extension[1].extension[0].value"}},
	{"positiveInt of zero", "Patient", `"rank":1`, `"rank":0`, found{"value", "format", "Patient.telecom[0].rank"}},
	{"id", "Patient", `"id":"p1"`, `"id":"../p1"`, found{"value", "format", "Patient.id"}},
	{"code with a space at its end", "Observation", `"code":"kg"`, `"code":"kg "`, found{"value", "format", "Observation.value.code"}},
	{"uri with a space", "Patient", `"system":"http://example.org/ids"`, `"system":"http://example.org/my ids"`, found{"value", "format", "Patient.identifier[0].system"}},
	{"control character", "Patient", `"family":"Rai"`, `"family":"Rai\u0007"`, found{"value", "format", "Patient.name[0].family"}},
	{"base64", "Patient", `"data":"iVBORw0K"`, `"data":"iVBORw0"`, found{"value", "format", "Patient.photo[0].data"}},
	{"uuid", "Parameters", `"valueUuid":"urn:uuid:7c4a1d3e`, `"valueUuid":"urn:uuid:7C4a1d3e`, found{"value", "format", "Parameters.parameter[1].value"}},
	{"narrative with a script", "Patient", `Asha</div>`, `<script>x</script></div>`, found{"invariant", "txt-1", "Patient.text.div"}},
	{"narrative without text", "Patient", `>Asha<`, `> <`, found{"invariant", "txt-2", "Patient.text.div"}},

	// bindings
	{"code out of a required set", "Patient", `"gender":"female"`, `"gender":"Female"`, found{"code-invalid", "binding-required", "Patient.gender"}},
	{"concept out of a required set", "Bundle", `"code":"active"`, `"code":"actif"`, found{"code-invalid", "binding-required", "Bundle.entry[0].resource.clinicalStatus"}},
	{"concept of another system", "Bundle", `allergyintolerance-clinical`, `condition-clinical`, found{"code-invalid", "binding-required", "Bundle.entry[0].resource.clinicalStatus"}},
	{"text alone for a required set", "Bundle", `"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]`, `"text":"active"`, found{"code-invalid", "binding-required", "Bundle.entry[0].resource.clinicalStatus"}},
	{"no code in an extensible set", "Patient", `"code":"M"`, `"code":"married"`, found{"code-invalid", "binding-extensible", "Patient.maritalStatus"}},

	// references
	{"target of another type", "Observation", `"reference":"Patient/p1"`, `"reference":"Organization/p1"`, found{"value", "ref-target", "Observation.subject"}},
	{"target of another type elsewhere", "Patient", `"reference":"Organization/o1"`, `"reference":"https://x.org/fhir/Patient/o1"`, found{"value", "ref-target", "Patient.identifier[0].assigner"}},
	{"target type said of another", "Observation", `"reference":"Patient/p1"`, `"type":"Organization","display":"x"`, found{"value", "ref-target", "Observation.subject"}},
	{"contained target of another type", "Patient", `"Organization","id":"org","name":"School"`, `"Basic","id":"org","code":{"text":"x"}`, found{"value", "ref-target", "Patient.managingOrganization"}},
	{"target type unknown", "Observation", `"reference":"Patient/p1"`, `"reference":"Human/p1"`, found{"value", "ref-target", "Observation.subject.reference"}},
	{"no reference", "Observation", `"reference":"Patient/p1"`, `"reference":"p1"`, found{"value", "ref-format", "Observation.subject.reference"}},
	{"local reference to nothing", "Observation", `"reference":"Patient/p1"`, `"reference":"#p"`, found{"invariant", "ref-1", "Observation.subject"}},

	// contained resources, entries, parameters
	{"contained and unused", "Patient", `"reference":"#org"`, `"reference":"Organization/o1"`, found{"invariant", "dom-3", "Patient"}},
	{"contained in contained", "Patient", `"name":"School"`, `"name":"School","alias":["#z"],"contained":[{"resourceType":"Basic","id":"z","code":{"text":"x"}}]`, found{"invariant", "dom-2", "Patient"}},
	{"contained without id", "Patient", `"id":"org","name":"School"}`, `"id":"org","name":"School"},{"resourceType":"Basic","code":{"text":"x"}}`, found{"required", "contained-id", "Patient.contained[1].id"}},
	{"ratio of one", "Parameters", `"valueUuid":"urn:uuid:7c4a1d3e-0000-4000-8000-000000000001"`, `"valueRatio":{"numerator":{"value":1}}`, found{"invariant", "rat-1", "Parameters.parameter[1].value"}},
	{"contained with versionId", "Patient", `"name":"School"`, `"name":"School","meta":{"versionId":"1"}`, found{"invariant", "dom-4", "Patient"}},
	{"contained with a security label", "Patient", `"name":"School"`, `"name":"School","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]}`, found{"invariant", "dom-5", "Patient"}},
	{"contained is wrong inside", "Patient", `"name":"School"`, `"name":["School"]`, found{"structure", "json-array", "Patient.contained[0].name"}},
	{"contained type unknown", "Patient", `"resourceType":"Organization"`, `"resourceType":"Org"`, found{"invalid", "resource-type", "Patient.contained[0]"}},
	{"entry is wrong inside", "Bundle", `"patient":{"reference":"Patient/p1"}`, `"patient":{"reference":"Group/p1"}`, found{"value", "ref-target", "Bundle.entry[0].resource.patient"}},
	{"entry lacks its type", "Bundle", `"resource":{"resourceType":"AllergyIntolerance",`, `"resource":{`, found{"required", "resource-type", "Bundle.entry[0].resource"}},
	{"parameter is wrong inside", "Parameters", `"code":{"text":"x"}`, `"cod":{"text":"x"},"code":{"text":"x"}`, found{"structure", "unknown-element", "Parameters.parameter[0].resource.cod"}},

	// invariants written in Go
	{"extension without url", "Patient", `{"url":"http://example.org/a",`, `{`, found{"required", "cardinality", "Patient.extension[0].url"}},
	{"extension with nothing", "Patient", `{"url":"http://example.org/a","valueString":"x"}`, `{"url":"http://example.org/a"}`, found{"invariant", "ext-1", "Patient.extension[0]"}},
	{"extension with value and extension", "Patient", `"extension":[{"url":"c","valueInteger":1}]`, `"extension":[{"url":"c","valueInteger":1}],"valueCode":"x"`, found{"invariant", "ext-1", "Patient.extension[1]"}},
	{"element with an id alone", "Patient", `"name":{"text":"Bina"}`, `"name":{"id":"x"}`, found{"invariant", "ele-1", "Patient.contact[0].name"}},
	{"period the wrong way round", "Patient", `"end":"2024-12-31"`, `"end":"2023"`, found{"invariant", "per-1", "Patient.telecom[0].period"}},
	{"contact point without system", "Patient", `{"system":"phone","value":"1",`, `{"value":"1",`, found{"invariant", "cpt-2", "Patient.telecom[0]"}},
	{"data without type", "Patient", `"contentType":"image/png",`, ``, found{"invariant", "att-1", "Patient.photo[0]"}},
	{"code without system", "Observation", `"system":"http://unitsofmeasure.org",`, ``, found{"invariant", "qty-3", "Observation.value"}},
	{"no narrative", "Observation", `"text":` + narrative + `,`, ``, found{"invariant", "dom-6", "Observation"}},
}

func TestMutations(t *testing.T) {
	for _, tt := range mutations {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(valid[tt.base], tt.old, tt.with, 1)
			if text == valid[tt.base] {
				t.Fatalf("%s does not hold %s", tt.base, tt.old)
			}
			if diff := cmp.Diff([]found{tt.want}, issuesOf(t, text, validate.Options{NoInvariants: true})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
