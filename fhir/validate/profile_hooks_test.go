package validate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir/validate"
)

// words is a terminology of two value sets and a code system.
type words struct{}

func (words) Member(set, system, code string) (in, known bool) {
	if set != "http://vs" && set != "http://vs|2" {
		return false, false
	}
	return (system == "http://cs" || system == "") && code == "a", true
}

func (words) Defined(system, code string) (defined, known bool) {
	return code == "a" || code == "b", system == "http://cs"
}

func TestTerminology(t *testing.T) {
	observed := func(system, code string) string {
		return observation(`"method":{"coding":[{"system":"` + system + `","code":"` + code + `"}]}`)
	}
	tests := []struct {
		name, strength, set, resource string
		want                          []string // with severity
	}{
		{"required, not in it", "required", "http://vs", observed("http://cs", "b"), []string{"error binding-required Observation.method"}},
		{"required, text alone", "required", "http://vs", observation(`"method":{"text":"x"}`), []string{"error binding-required Observation.method"}},
		{"required, in a set that nobody knows", "required", "http://none", observed("http://cs", "a"), []string{"information binding-unchecked Observation.method"}},
		{"extensible, no code at all", "extensible", "http://vs", observed("http://cs", "zzz"), []string{"error binding-extensible Observation.method"}},
		{"extensible, not in it", "extensible", "http://vs", observed("http://cs", "b"), []string{"warning binding-extensible Observation.method"}},
		{"extensible, of another system", "extensible", "http://vs", observed("http://other", "b"), []string{"warning binding-extensible Observation.method"}},
		{"preferred, not in it", "preferred", "http://vs", observed("http://cs", "b"), []string{"information binding-preferred Observation.method"}},
		{"extensible, text alone", "extensible", "http://vs", observation(`"method":{"text":"x"}`), nil},
		{"example, not in it", "example", "http://vs", observed("http://cs", "b"), nil},
		{"required, in it", "required", "http://vs|2", observed("http://cs", "a"), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set := registry(t, differential(testURL, "Observation", "Observation",
				`{"id":"Observation.method","path":"Observation.method","binding":{"strength":"`+tt.strength+`","valueSet":"`+tt.set+`"}}`))
			var got []string
			for _, i := range validate.Resource(parsed(t, tt.resource), validate.Options{Registry: set, Profiles: []string{testURL}, Terminology: words{}}) {
				if i.Rule != "dom-6" {
					got = append(got, string(i.Severity)+" "+i.Rule+" "+i.Path)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// An invariant of a profile may ask for profiles, slices, value sets and the
// elements' own definitions.
func TestInvariantsAskProfiles(t *testing.T) {
	constraint := func(expression string) string {
		return `{"id":"Patient","path":"Patient","constraint":[{"key":"t-1","severity":"error","human":"x","expression":"` + expression + `"}]}`
	}
	const named = "http://named"
	tests := []struct {
		expression string
		want       []string
	}{
		{`conformsTo('` + named + `')`, []string{"t-1 Patient"}},
		{`conformsTo('http://nowhere')`, []string{"t-1 Patient"}},
		{`identifier.slice('` + testURL + `', 'nid').count() = 2`, []string{"t-1 Patient"}},
		{`gender.memberOf('http://vs')`, []string{"t-1 Patient"}},
		{`identifier.first().elementDefinition().slicing.rules = 'closed'`, []string{"t-1 Patient"}},
		{`managingOrganization.resolve() is Patient`, []string{"t-1 Patient"}},
		{`conformsTo('` + core + `Patient') and contact.name.all(conformsTo('http://name'))`, nil},
		{`identifier.slice('` + testURL + `', 'nid').count() = 1`, nil},
		{`gender.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')`, nil},
		{`identifier.first().elementDefinition().slicing.rules = 'open'`, nil},
		{`managingOrganization.resolve() is Organization`, nil},
	}
	for _, tt := range tests {
		set := registry(t,
			differential(testURL, "Patient", "Patient", append(identifierSlices("open", "false"), constraint(tt.expression))...),
			differential(named, "Patient", "Patient", `{"id":"Patient.name","path":"Patient.name","min":1}`),
			differential("http://name", "HumanName", "HumanName", `{"id":"HumanName.text","path":"HumanName.text","min":1}`))
		n := parsed(t, `{"resourceType":"Patient","identifier":[`+other+`,`+nid+`],"gender":"male","contact":[{"name":{"text":"x"}}],"managingOrganization":{"reference":"Organization/1"}}`)
		got := rules(validate.Resource(n, validate.Options{Registry: set, Profiles: []string{testURL}, Terminology: words{}}))
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.expression, diff)
		}
	}
}

// An element may have the profile of a type, or one of several.
func TestProfilesOfTypes(t *testing.T) {
	named := differential("http://named", "HumanName", "HumanName", `{"id":"HumanName.family","path":"HumanName.family","min":1}`)
	texted := differential("http://texted", "HumanName", "HumanName", `{"id":"HumanName.text","path":"HumanName.text","min":1}`)
	tests := []struct {
		profiles, name string
		want           []string
	}{
		{`"http://named"`, `{"text":"x"}`, []string{"cardinality Patient.name[0].family"}},
		{`"http://named","http://texted"`, `{"use":"old"}`, []string{"profile Patient.name[0]"}},
		{`"http://unknown"`, `{"use":"old"}`, []string{"profile-known Patient.name[0]"}},
		{`"http://named","http://texted"`, `{"text":"x"}`, nil},
	}
	for _, tt := range tests {
		set := registry(t, named, texted, differential(testURL, "Patient", "Patient", `{"id":"Patient.name","path":"Patient.name","type":[{"code":"HumanName","profile":[`+tt.profiles+`]}]}`))
		got := rules(validate.Resource(parsed(t, `{"resourceType":"Patient","name":[`+tt.name+`]}`), validate.Options{Registry: set, Profiles: []string{testURL}}))
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s %s (-want +got)\n%s", tt.profiles, tt.name, diff)
		}
	}
}

// The rules of an element go on for those that share its content, when the
// profile says so itself.
func TestContentReference(t *testing.T) {
	const resource = `{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","text":"x","type":"group","item":[{"linkId":"2","type":"group","item":[{"linkId":"3","type":"string"}]}]}]}`
	elements := []string{`{"id":"Questionnaire.item.text","path":"Questionnaire.item.text","min":1}`}
	shared := append(elements, `{"id":"Questionnaire.item.item","path":"Questionnaire.item.item","contentReference":"#Questionnaire.item"}`)
	for _, tt := range []struct {
		elements []string
		want     []string
	}{
		{elements, nil},
		{shared, []string{"cardinality Questionnaire.item[0].item[0].item[0].text", "cardinality Questionnaire.item[0].item[0].text"}},
	} {
		set := registry(t, differential(testURL, "Questionnaire", "Questionnaire", tt.elements...))
		got := rules(validate.Resource(parsed(t, resource), validate.Options{Registry: set, Profiles: []string{testURL}}))
		if diff := cmp.Diff(tt.want, sorted(got)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}
