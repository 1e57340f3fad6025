package validate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir/validate"
)

const ext = "http://example.org/ext"

// extensionDefinition is a simple extension with contexts "type|expression".
func extensionDefinition(url string, contexts []string, elements ...string) string {
	list := make([]string, len(contexts))
	for i, c := range contexts {
		kind, expression, _ := strings.Cut(c, "|")
		list[i] = `{"type":"` + kind + `","expression":"` + expression + `"}`
	}
	elements = append(elements, `{"id":"Extension.url","path":"Extension.url","fixedUri":"`+url+`"}`)
	return strings.Replace(differential(url, "Extension", "Extension", elements...), `"name"`, `"context":[`+strings.Join(list, ",")+`],"name"`, 1)
}

func TestExtensions(t *testing.T) {
	const use = `{"url":"` + ext + `","valueString":"x"}`
	text := []string{
		`{"id":"Extension","path":"Extension","max":"1"}`, `{"id":"Extension.extension","path":"Extension.extension","max":"0"}`,
		`{"id":"Extension.value[x]","path":"Extension.value[x]","min":1,"type":[{"code":"string"}]}`,
	}
	onPatient := extensionDefinition(ext, []string{"element|Patient"}, text...)
	tests := []struct {
		name, definition, resource string
		want                       []string
	}{
		{"elsewhere", onPatient, `{"resourceType":"Patient","name":[{"text":"x","extension":[` + use + `]}]}`, []string{"ext-context Patient.name[0].extension[0]"}},
		{"wrong type", onPatient, `{"resourceType":"Patient","extension":[{"url":"` + ext + `","valueCode":"x"}]}`, []string{"type Patient.extension[0].value"}},
		{"twice", onPatient, `{"resourceType":"Patient","extension":[` + use + `,` + use + `]}`, []string{"ext-cardinality Patient.extension[1]"}},
		{"as a modifier", onPatient, `{"resourceType":"Patient","modifierExtension":[` + use + `]}`, []string{"ext-modifier Patient.modifierExtension[0]"}},
		{"unknown modifier", onPatient, `{"resourceType":"Patient","modifierExtension":[{"url":"http://unknown","valueString":"x"}]}`, []string{"ext-modifier Patient.modifierExtension[0]"}},
		{"modifier as none", extensionDefinition(ext, []string{"element|Patient"}, `{"id":"Extension","path":"Extension","isModifier":true}`), `{"resourceType":"Patient","extension":[` + use + `]}`, []string{"ext-modifier Patient.extension[0]"}},
		{"on a primitive, elsewhere", onPatient, `{"resourceType":"Patient","_birthDate":{"extension":[` + use + `]}}`, []string{"ext-context Patient.birthDate.extension[0]"}},
		{"in a contained resource, elsewhere", onPatient, `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"x","extension":[` + use + `]}],"managingOrganization":{"reference":"#o"}}`, []string{"ext-context Patient.contained[0].extension[0]"}},
		{"rule of its context", strings.Replace(onPatient, `"name"`, `"contextInvariant":["active.exists()"],"name"`, 1), `{"resourceType":"Patient","extension":[` + use + `]}`, []string{"ext-context Patient.extension[0]"}},
		{"outside its parent", extensionDefinition(ext, []string{"extension|http://parent"}), `{"resourceType":"Patient","extension":[` + use + `]}`, []string{"ext-context Patient.extension[0]"}},
		{"outside its path", extensionDefinition(ext, []string{"fhirpath|Patient.name.where(use = 'old')"}), `{"resourceType":"Patient","name":[{"text":"x","extension":[` + use + `]}]}`, []string{"ext-context Patient.name[0].extension[0]"}},
		{"right", onPatient, `{"resourceType":"Patient","extension":[` + use + `]}`, nil},
		{"unknown", onPatient, `{"resourceType":"Patient","extension":[{"url":"http://unknown","valueString":"x"}]}`, nil},
		{"on a type", extensionDefinition(ext, []string{"element|HumanName"}), `{"resourceType":"Patient","name":[{"text":"x","extension":[` + use + `]}]}`, nil},
		{"on a path", extensionDefinition(ext, []string{"element|Patient.contact.name"}), `{"resourceType":"Patient","contact":[{"name":{"text":"x","extension":[` + use + `]}}]}`, nil},
		{"on a primitive", extensionDefinition(ext, []string{"element|Patient.birthDate"}), `{"resourceType":"Patient","birthDate":"2020","_birthDate":{"extension":[` + use + `]}}`, nil},
		{"on a primitive of a list", extensionDefinition(ext, []string{"element|HumanName.given"}), `{"resourceType":"Patient","name":[{"given":["a","b"],"_given":[null,{"extension":[` + use + `]}]}]}`, nil},
		{"on a choice", extensionDefinition(ext, []string{"element|Observation.value[x]"}), observation(`"valueQuantity":{"value":1,"extension":[` + use + `]}`), nil},
		{"on any resource", extensionDefinition(ext, []string{"element|DomainResource"}), `{"resourceType":"Patient","extension":[` + use + `]}`, nil},
		{"on any element", extensionDefinition(ext, []string{"element|Element"}), `{"resourceType":"Patient","contact":[{"name":{"text":"x"},"extension":[` + use + `]}]}`, nil},
		{"on content used again", extensionDefinition(ext, []string{"element|Questionnaire.item"}), `{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"group","item":[{"linkId":"2","type":"string","extension":[` + use + `]}]}]}`, nil},
		{"in its parent", extensionDefinition(ext, []string{"extension|http://parent"}), `{"resourceType":"Patient","extension":[{"url":"http://parent","extension":[` + use + `]}]}`, nil},
		{"in its path", extensionDefinition(ext, []string{"fhirpath|Patient.name.where(use = 'old')"}), `{"resourceType":"Patient","name":[{"use":"old","text":"x","extension":[` + use + `]}]}`, nil},
		{"a modifier", extensionDefinition(ext, []string{"element|Patient"}, `{"id":"Extension","path":"Extension","isModifier":true}`), `{"resourceType":"Patient","modifierExtension":[` + use + `]}`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := parsed(t, tt.resource)
			got := rules(validate.Resource(n, validate.Options{Registry: registry(t, tt.definition)}))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// A store may keep what it does not act on.
func TestUnknownModifier(t *testing.T) {
	n := parsed(t, `{"resourceType":"Patient","modifierExtension":[{"url":"http://unknown","valueString":"x"}]}`)
	for _, lenient := range []bool{false, true} {
		issues := validate.Resource(n, validate.Options{Registry: registry(t), AnyModifier: lenient, ErrorsOnly: true})
		if (len(issues) == 0) != lenient {
			t.Errorf("AnyModifier %v: %+v", lenient, issues)
		}
	}
}

// Race, birth sex and must-have names, in the manner of US Core.
func TestComplexExtensionInProfile(t *testing.T) {
	const race, url = "http://example.org/race", "http://example.org/us-patient"
	set := registry(t,
		extensionDefinition(race, []string{"element|Patient"},
			`{"id":"Extension","path":"Extension","max":"1"}`,
			`{"id":"Extension.extension:omb","path":"Extension.extension","sliceName":"omb","max":"5"}`,
			`{"id":"Extension.extension:omb.url","path":"Extension.extension.url","fixedUri":"omb"}`,
			`{"id":"Extension.extension:omb.value[x]","path":"Extension.extension.value[x]","min":1,"type":[{"code":"Coding"}]}`,
			`{"id":"Extension.extension:text","path":"Extension.extension","sliceName":"text","min":1,"max":"1"}`,
			`{"id":"Extension.extension:text.url","path":"Extension.extension.url","fixedUri":"text"}`,
			`{"id":"Extension.extension:text.value[x]","path":"Extension.extension.value[x]","min":1,"type":[{"code":"string"}]}`,
			`{"id":"Extension.value[x]","path":"Extension.value[x]","max":"0"}`,
		),
		differential(url, "Patient", "Patient",
			`{"id":"Patient.extension","path":"Patient.extension","slicing":{"discriminator":[{"type":"value","path":"url"}],"rules":"open"}}`,
			`{"id":"Patient.extension:race","path":"Patient.extension","sliceName":"race","min":1,"max":"1","type":[{"code":"Extension","profile":["`+race+`"]}]}`,
			`{"id":"Patient.name","path":"Patient.name","min":1,"constraint":[{"key":"us-8","severity":"error","human":"A name.","expression":"(family.exists() or given.exists()) xor extension.where(url='http://absent').exists()"}]}`,
		))
	tests := []struct {
		name, extensions string
		want             []string
	}{
		{"absent", ``, []string{"cardinality Patient.extension"}},
		{"parts missing", `"extension":[{"url":"` + race + `","extension":[{"url":"omb","valueString":"x"}]}],`, []string{"cardinality Patient.extension[0].extension", "type Patient.extension[0].extension[0].value"}},
		{"with a value", `"extension":[{"url":"` + race + `","valueString":"x"}],`, []string{"cardinality Patient.extension[0].extension", "cardinality Patient.extension[0].value"}},
		{"right", `"extension":[{"url":"` + race + `","extension":[{"url":"text","valueString":"x"},{"url":"omb","valueCoding":{"code":"x"}}]}],`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := parsed(t, `{"resourceType":"Patient",`+tt.extensions+`"name":[{"family":"x"}]}`)
			got := rules(validate.Resource(n, validate.Options{Registry: set, Profiles: []string{url}}))
			if diff := cmp.Diff(tt.want, sorted(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
