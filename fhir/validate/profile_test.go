package validate_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/validate"
)

const testURL = "http://example.org/StructureDefinition/test"

// held is a resource and what the profile has against it.
type held struct {
	resource string
	want     []string // "rule path"
}

var profileCases = []struct {
	name     string
	typ      string
	elements []string
	held     []held
}{
	{"minimum and maximum", "Patient", []string{
		`{"id":"Patient.identifier","path":"Patient.identifier","min":1,"max":"2"}`,
		`{"id":"Patient.implicitRules","path":"Patient.implicitRules","max":"0"}`,
		`{"id":"Patient.contact.name","path":"Patient.contact.name","min":1}`,
	}, []held{
		{`{"resourceType":"Patient"}`, []string{"cardinality Patient.identifier"}},
		{`{"resourceType":"Patient","identifier":[{"value":"1"},{"value":"2"},{"value":"3"}],"implicitRules":"http://a"}`, []string{"cardinality Patient.identifier", "cardinality Patient.implicitRules"}},
		{`{"resourceType":"Patient","identifier":[{"value":"1"}],"contact":[{"name":{"text":"a"}},{"gender":"male","telecom":[{"system":"phone","value":"1"}]}]}`, []string{"cardinality Patient.contact[1].name"}},
		{`{"resourceType":"Patient","identifier":[{"value":"1"}]}`, nil},
	}},
	{"a value that is there as an extension only counts", "Patient", []string{`{"id":"Patient.birthDate","path":"Patient.birthDate","min":1}`}, []held{
		{`{"resourceType":"Patient","_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}}`, nil},
		{`{"resourceType":"Patient","name":[{"given":["a"]}]}`, []string{"cardinality Patient.birthDate"}},
	}},
	{"types of a choice", "Observation", []string{`{"id":"Observation.value[x]","path":"Observation.value[x]","type":[{"code":"Quantity"},{"code":"string"}]}`}, []held{
		{`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueBoolean":true}`, []string{"type Observation.value"}},
		{`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueString":"a"}`, nil},
		{`{"resourceType":"Observation","status":"final","code":{"text":"x"}}`, nil},
	}},
	{"one type of a choice, by its short name", "Observation", []string{
		`{"path":"Observation.valueQuantity","sliceName":"valueQuantity","min":1}`,
		`{"path":"Observation.valueQuantity.unit","min":1}`,
	}, []held{
		{`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueString":"a"}`, []string{"cardinality Observation.value"}},
		{`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1}}`, []string{"cardinality Observation.value.unit"}},
		{`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1,"unit":"kg"}}`, nil},
	}},
	{"slices of a choice", "Observation", []string{
		`{"id":"Observation.value[x]","path":"Observation.value[x]","slicing":{"discriminator":[{"type":"type","path":"$this"}],"rules":"closed"}}`,
		`{"id":"Observation.value[x]:valueQuantity","path":"Observation.value[x]","sliceName":"valueQuantity","type":[{"code":"Quantity"}]}`,
		`{"id":"Observation.value[x]:valueQuantity.system","path":"Observation.value[x].system","fixedUri":"http://unitsofmeasure.org"}`,
	}, []held{
		{`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueString":"a"}`, []string{"slicing Observation.value"}},
		{`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1,"system":"http://x"}}`, []string{"fixed Observation.value.system"}},
		{`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1,"system":"http://unitsofmeasure.org"}}`, nil},
	}},
	{"fixed values", "Claim", []string{
		`{"id":"Claim.use","path":"Claim.use","fixedCode":"claim"}`,
		`{"id":"Claim.priority","path":"Claim.priority","fixedCodeableConcept":{"coding":[{"code":"normal"}]}}`,
	}, []held{
		{claimWith(`"use":"preauthorization"`), []string{"fixed Claim.use", "fixed Claim.priority"}},
		{claimWith(`"use":"claim"`), []string{"fixed Claim.priority"}}, // has a system as well
	}},
	{"patterns", "Observation", []string{
		`{"id":"Observation.code","path":"Observation.code","patternCodeableConcept":{"coding":[{"system":"http://loinc.org","code":"1-8"},{"code":"b"}]}}`,
		`{"id":"Observation.status","path":"Observation.status","patternCode":"final"}`,
	}, []held{
		{`{"resourceType":"Observation","status":"amended","code":{"coding":[{"system":"http://loinc.org","code":"1-8"}]}}`, []string{"pattern Observation.status", "pattern Observation.code"}},
		{`{"resourceType":"Observation","status":"final","code":{"coding":[{"code":"c"},{"code":"b","system":"http://b"},{"code":"1-8","system":"http://loinc.org","display":"x"}]}}`, nil},
	}},
	{"limits", "Observation", []string{
		`{"id":"Observation.effective[x]","path":"Observation.effective[x]","type":[{"code":"dateTime"}],"minValueDateTime":"2020-01-01","maxValueDateTime":"2030"}`,
		`{"id":"Observation.value[x]","path":"Observation.value[x]","type":[{"code":"Quantity"}],"maxValueQuantity":{"value":1,"system":"http://unitsofmeasure.org","code":"kg"}}`,
	}, []held{
		{`{"resourceType":"Observation","status":"final","code":{"text":"x"},"effectiveDateTime":"2019-12-31","valueQuantity":{"value":1001,"system":"http://unitsofmeasure.org","code":"g"}}`, []string{"min-value Observation.effective", "max-value Observation.value"}},
		{`{"resourceType":"Observation","status":"final","code":{"text":"x"},"effectiveDateTime":"2031","valueQuantity":{"value":999,"system":"http://unitsofmeasure.org","code":"g"}}`, []string{"max-value Observation.effective"}},
		{`{"resourceType":"Observation","status":"final","code":{"text":"x"},"effectiveDateTime":"2020-01-01"}`, nil},
	}},
	{"limits from now", "Patient", []string{`{"id":"Patient.birthDate","path":"Patient.birthDate","maxValueQuantity":{"value":-18,"unit":"year","system":"http://unitsofmeasure.org","code":"a"}}`}, []held{
		{`{"resourceType":"Patient","birthDate":"2010-01-01"}`, []string{"max-value Patient.birthDate"}},
		{`{"resourceType":"Patient","birthDate":"2000-01-01"}`, nil},
	}},
	{"length and numbers", "Claim", []string{
		`{"id":"Claim.item.sequence","path":"Claim.item.sequence","minValuePositiveInt":2,"maxValuePositiveInt":3}`,
		`{"id":"Claim.identifier.value","path":"Claim.identifier.value","maxLength":3}`,
	}, []held{
		{
			claimWith(`"use":"claim","identifier":[{"value":"éééé"}],"item":[{"sequence":1,"productOrService":{"text":"x"}},{"sequence":4,"productOrService":{"text":"x"}}]`),
			[]string{"max-length Claim.identifier[0].value", "min-value Claim.item[0].sequence", "max-value Claim.item[1].sequence"},
		},
		{claimWith(`"use":"claim","identifier":[{"value":"ééé"}],"item":[{"sequence":2,"productOrService":{"text":"x"}}]`), nil},
	}},
	{"invariants", "Patient", []string{
		`{"id":"Patient","path":"Patient","constraint":[{"key":"t-1","severity":"error","human":"A name.","expression":"name.exists()"},{"key":"t-2","severity":"warning","human":"A gender.","expression":"gender.exists()"}]}`,
		`{"id":"Patient.name","path":"Patient.name","constraint":[{"key":"t-3","severity":"error","human":"Either.","expression":"family.exists() or text.exists()"},{"key":"t-4","severity":"error","human":"words alone"}]}`,
		`{"id":"Patient.birthDate","path":"Patient.birthDate","constraint":[{"key":"t-5","severity":"error","human":"Past.","expression":"$this <= today()"}]}`,
	}, []held{
		{`{"resourceType":"Patient","birthDate":"2030-01-01"}`, []string{"t-1 Patient", "t-2 Patient", "t-5 Patient.birthDate"}},
		{`{"resourceType":"Patient","gender":"male","name":[{"text":"a"},{"given":["a"]}]}`, []string{"t-3 Patient.name[1]"}},
		{`{"resourceType":"Patient","gender":"male","birthDate":"2020-01-01","name":[{"text":"a"}]}`, nil},
	}},
	{"references", "Claim", []string{`{"id":"Claim.provider","path":"Claim.provider","type":[{"code":"Reference","targetProfile":["` + core + `Organization"]}]}`}, []held{
		{claimWith(`"use":"claim","contained":[{"resourceType":"Practitioner","id":"p"}]`, `{"reference":"#p"}`), []string{"ref-target Claim.provider"}},
		{claimWith(`"use":"claim"`, `{"reference":"Practitioner/1"}`), []string{"ref-target Claim.provider"}},
		{claimWith(`"use":"claim"`, `{"type":"Practitioner","display":"x"}`), []string{"ref-target Claim.provider"}},
		{claimWith(`"use":"claim"`, `{"reference":"Organization/1"}`), nil},
		{claimWith(`"use":"claim"`, `{"reference":"urn:uuid:7c4a1d3e-0000-4000-8000-000000000001"}`), nil},
	}},
	{"bindings", "Patient", []string{
		`{"id":"Patient.maritalStatus","path":"Patient.maritalStatus","binding":{"strength":"required","valueSet":"http://hl7.org/fhir/ValueSet/marital-status"}}`,
		`{"id":"Patient.language","path":"Patient.language","binding":{"strength":"required","valueSet":"http://hl7.org/fhir/ValueSet/administrative-gender"}}`,
	}, []held{
		{
			`{"resourceType":"Patient","language":"en","maritalStatus":{"text":"x"}}`,
			[]string{"binding-required Patient.language", "binding-required Patient.maritalStatus"},
		},
		{`{"resourceType":"Patient","language":"male","maritalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus","code":"M"}]}}`, nil},
	}},
	{"a preferred binding", "Observation", []string{`{"id":"Observation.category","path":"Observation.category","binding":{"strength":"preferred","valueSet":"http://hl7.org/fhir/ValueSet/administrative-gender"}}`}, []held{
		{observation(`"category":[{"coding":[{"system":"http://a","code":"x"}]}]`), []string{"binding-preferred Observation.category[0]"}},
		{observation(`"category":[{"text":"x"}]`), nil},
	}},
}

// claimWith is a claim with more members, and another provider if one is given.
func claimWith(members string, provider ...string) string {
	provider = append(provider, `{"reference":"Organization/hf1"}`)
	return `{"resourceType":"Claim","status":"active","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/claim-type","code":"institutional"}]},
		"patient":{"reference":"Patient/p1"},"created":"2026-02-11","priority":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/processpriority","code":"normal"}]},
		"insurance":[{"sequence":1,"focal":true,"coverage":{"reference":"Coverage/cov1"}}],"provider":` + provider[0] + `,` + members + `}`
}

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func TestProfiles(t *testing.T) {
	for _, tt := range append(profileCases, sliceCases...) {
		t.Run(tt.name, func(t *testing.T) {
			text := differential(testURL, tt.typ, tt.typ, tt.elements...)
			for form, text := range map[string]string{"differential": text, "snapshot": snapshot(t, text)} {
				set := registry(t, text)
				for _, h := range tt.held {
					n := parsed(t, h.resource)
					got := rules(validate.Resource(n, validate.Options{Registry: set, Profiles: []string{testURL}, Now: noon}))
					if diff := cmp.Diff(sorted(h.want), sorted(got)); diff != "" {
						t.Errorf("%s: %s\n(-want +got)\n%s", form, h.resource, diff)
					}
				}
			}
		})
	}
}

// A profile is met by what claims it, and asked for once.
func TestClaimedProfiles(t *testing.T) {
	set := registry(t,
		differential(testURL, "Patient", "Patient", `{"id":"Patient.name","path":"Patient.name","min":1}`),
		differential(testURL+"/bad", "Patient", "Patient", `{"id":"Patient.nome","path":"Patient.nome","min":1}`),
	)
	tests := []struct {
		name, resource string
		opts           validate.Options
		want           []fhir.Issue
	}{
		{"unknown", `{"resourceType":"Patient","meta":{"profile":["http://x"]}}`, validate.Options{}, []fhir.Issue{{Severity: "warning", Rule: "profile-known", Path: "Patient"}}},
		{"unknown, strict", `{"resourceType":"Patient","meta":{"profile":["http://x"]}}`, validate.Options{Strict: true}, []fhir.Issue{{Severity: "error", Rule: "profile-known", Path: "Patient"}}},
		{"unknown, asked for", `{"resourceType":"Patient"}`, validate.Options{Profiles: []string{"http://x"}}, []fhir.Issue{{Severity: "error", Rule: "profile-known", Path: "Patient"}}},
		{"wrong itself", `{"resourceType":"Patient","meta":{"profile":["` + testURL + `/bad"]}}`, validate.Options{}, []fhir.Issue{{Severity: "warning", Rule: "profile-known", Path: "Patient"}}},
		{"of another type", `{"resourceType":"Basic","code":{"text":"x"},"meta":{"profile":["` + testURL + `"]}}`, validate.Options{}, []fhir.Issue{{Severity: "error", Rule: "profile-type", Path: "Basic"}}},
		{"of another core type", `{"resourceType":"Basic","code":{"text":"x"},"meta":{"profile":["` + core + `Patient"]}}`, validate.Options{}, []fhir.Issue{{Severity: "error", Rule: "profile-type", Path: "Basic"}}},
		{"asked for and claimed", `{"resourceType":"Patient","meta":{"profile":["` + testURL + `"]}}`, validate.Options{Profiles: []string{testURL}}, []fhir.Issue{{Severity: "error", Rule: "cardinality", Path: "Patient.name"}}},
		{"by a contained resource", `{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p","meta":{"profile":["` + testURL + `"]}}]}`, validate.Options{}, []fhir.Issue{{Severity: "error", Rule: "cardinality", Path: "Basic.contained[0].name"}}},
		{"by an entry", `{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"http://a/Patient/p","resource":{"resourceType":"Patient","id":"p","meta":{"profile":["` + testURL + `"]}}}]}`, validate.Options{}, []fhir.Issue{{Severity: "error", Rule: "cardinality", Path: "Bundle.entry[0].resource.name"}}},
		{"the core type", `{"resourceType":"Patient","meta":{"profile":["` + core + `Patient"]}}`, validate.Options{}, nil},
		{"met", `{"resourceType":"Patient","meta":{"profile":["` + testURL + `"]},"name":[{"text":"a"}]}`, validate.Options{}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.Registry = set
			var got []fhir.Issue
			for _, i := range validate.Resource(parsed(t, tt.resource), tt.opts) {
				if i.Rule != "dom-6" {
					got = append(got, fhir.Issue{Severity: i.Severity, Rule: i.Rule, Path: i.Path})
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
