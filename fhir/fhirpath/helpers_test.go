package fhirpath

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
)

// patient is what the tables evaluate on.
const patient = `{"resourceType":"Patient","id":"p1","meta":{"profile":["https://example.org/a","https://example.org/b"]},
	"contained":[{"resourceType":"Organization","id":"o1","name":"Clinic","partOf":{"reference":"#"}}],
	"extension":[{"url":"https://example.org/weight","valueQuantity":{"value":70.5,"unit":"kilo","system":"http://unitsofmeasure.org","code":"kg"}},
		{"url":"https://example.org/age","valueAge":{"value":2,"system":"http://unitsofmeasure.org","code":"a"}},
		{"url":"https://example.org/least","valueQuantity":{"value":3,"comparator":">","code":"kg"}}],
	"identifier":[{"system":"https://example.org/id","value":"A-1"},{"value":"B-2","period":{"start":"2020-01","end":"2021-02-03T04:05:06+05:45"}}],
	"active":true,
	"name":[{"use":"official","family":"Adhikari","given":["Sita","Maya"]},{"use":"nickname","given":[null,"Mimi"],"_given":[{"id":"g0","extension":[{"url":"https://example.org/why","valueCode":"masked"}]},null]}],
	"telecom":[{"system":"phone","value":"+977 1","rank":2},{"system":"email","value":"s@example.org","rank":1}],
	"gender":"female","birthDate":"1990-02-28","_birthDate":{"extension":[{"url":"https://example.org/time","valueTime":"04:05:06"}]},
	"_deceasedBoolean":{"extension":[{"url":"https://example.org/unknown","valueBoolean":true}]},
	"multipleBirthInteger":2,
	"maritalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus","code":"M"}]},
	"managingOrganization":{"reference":"#o1"},
	"generalPractitioner":[{"reference":"Practitioner/d1"},{"reference":"Organization/x"},{"display":"nobody"}],
	"link":[{"other":{"reference":"https://example.org/fhir/Patient/p2"},"type":"seealso"}]}`

func parsed(t testing.TB, doc string) *fhir.Node {
	t.Helper()
	n, err := fhir.Parse([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

var noon = time.Date(2025, 3, 4, 12, 0, 0, 5_000_000, time.FixedZone("", 5*3600+45*60))

// example is a row of a table: the texts of the result joined with commas, or
// "fails: " with the error.
type example struct{ source, want string }

func evaluate(opts *Options, root Element, source string) string {
	e, err := Compile(source)
	if err != nil {
		return "does not compile: " + err.Error()
	}
	items, err := e.Eval(opts, root)
	if err != nil {
		return "fails: " + err.Error()
	}
	texts := make([]string, 0, len(items))
	for _, x := range items {
		switch {
		case x.Value() != nil:
			texts = append(texts, x.Text())
		default:
			texts = append(texts, "<"+x.Type()+">")
		}
	}
	return strings.Join(texts, ", ")
}

func runExamples(t *testing.T, opts *Options, list []example) {
	t.Helper()
	root := Resource(parsed(t, patient))
	for _, x := range list {
		if diff := cmp.Diff(x.want, evaluate(opts, root, x.source)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", x.source, diff)
		}
	}
}
