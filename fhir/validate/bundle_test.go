package validate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir/validate"
)

func TestBundles(t *testing.T) {
	patient := `{"resourceType":"Patient","id":"a","name":[{"text":"x"}]}`
	encounter := func(ref string) string {
		return `{"resourceType":"Encounter","status":"planned","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},"subject":{"reference":"` + ref + `"}}`
	}
	tests := []struct {
		name, bundle string
		want         []string
	}{
		{"fullUrl and id disagree", collection(entryOf("http://a/fhir/Patient/b", patient)), []string{"bundle-fullurl Bundle.entry[0].fullUrl"}},
		{"fullUrl and type disagree", collection(entryOf("http://a/fhir/Person/a", patient)), []string{"bundle-fullurl Bundle.entry[0].fullUrl"}},
		{"relative fullUrl", collection(entryOf("Patient/a", patient)), []string{"bundle-fullurl Bundle.entry[0].fullUrl"}},
		{"fullUrl of a version", collection(entryOf("http://a/fhir/Patient/a/_history/1", patient)), []string{"bdl-8 Bundle.entry[0]"}},
		{"the same twice", collection(entryOf("http://a/fhir/Patient/a", patient), entryOf("http://a/fhir/Patient/a", patient)), []string{"bdl-7 Bundle"}},
		{"reference to an entry of another type", collection(entryOf(urnOrg, `{"resourceType":"Organization","name":"x"}`), entryOf(urnClaim, encounter(urnOrg))), []string{"ref-target Bundle.entry[1].resource.subject"}},
		{"reference to no entry", collection(entryOf(urnClaim, encounter(urnOrg))), []string{"bundle-reference Bundle.entry[0].resource.subject.reference"}},
		{"a made-up urn", collection(entryOf("urn:uuid:a", patient)), []string{"uri-urn Bundle.entry[0].fullUrl"}},
		{"total of a collection", `{"resourceType":"Bundle","type":"collection","total":1}`, []string{"bdl-1 Bundle"}},
		{"transaction without request", strings.Replace(collection(entryOf(urnOrg, patient)), "collection", "transaction", 1), []string{"bdl-3 Bundle"}},
		{"document without head", strings.Replace(collection(entryOf(urnOrg, patient)), "collection", "document", 1), []string{"bdl-10 Bundle", "bdl-11 Bundle", "bdl-9 Bundle"}},
		{"message without head", strings.Replace(collection(entryOf(urnOrg, patient)), "collection", "message", 1), []string{"bdl-12 Bundle"}},
		{"entry that says nothing", collection(`{"fullUrl":"` + urnOrg + `"}`), []string{"bdl-5 Bundle.entry[0]"}},
		{"an entry to be created", collection(entryOf("http://a/fhir/Patient/b", `{"resourceType":"Patient","name":[{"text":"x"}]}`)), nil},
		{"agreement", collection(entryOf("http://a/fhir/Patient/a", patient), entryOf(urnClaim, encounter("Patient/a"))), nil},
		{"reference to an entry", collection(entryOf(urnOrg, patient), entryOf(urnClaim, encounter(urnOrg))), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := rules(validate.Resource(parsed(t, tt.bundle), validate.Options{}))
			if diff := cmp.Diff(tt.want, sorted(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestModes(t *testing.T) {
	tests := []struct {
		name, resource string
		opts           validate.Options
		want           []string
	}{
		{"create with an id", `{"resourceType":"Patient","id":"a"}`, validate.Options{Mode: validate.ModeCreate}, []string{"validate-mode Patient.id"}},
		{"update without an id", `{"resourceType":"Patient","active":true}`, validate.Options{Mode: validate.ModeUpdate}, []string{"validate-mode Patient.id"}},
		{"update of another", `{"resourceType":"Patient","id":"a"}`, validate.Options{Mode: validate.ModeUpdate, ID: "b"}, []string{"validate-mode Patient.id"}},
		{"what a delete carries is ignored", `{"resourceType":"Patient","nome":"a"}`, validate.Options{Mode: validate.ModeDelete}, nil},
		{"create", `{"resourceType":"Patient","active":true}`, validate.Options{Mode: validate.ModeCreate}, nil},
		{"update", `{"resourceType":"Patient","id":"a"}`, validate.Options{Mode: validate.ModeUpdate, ID: "a"}, nil},
		{"profile", `{"resourceType":"Patient","id":"a"}`, validate.Options{Mode: validate.ModeProfile}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, rules(validate.Resource(parsed(t, tt.resource), tt.opts))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// An issue is found at its place in the file, escapes before it or not.
func TestPosition(t *testing.T) {
	text := "{\"resourceType\" : \"Patient\",\n  \"name\" : [ {\"text\":\"\\u00e9\\\"\\n\"} ],\n\t\"gender\":\n   \"\\u0078\\\\\" , \"active\" : 1 }"
	type place struct {
		rule         string
		line, column int
	}
	var got []place
	for _, i := range validate.Resource(parsed(t, text), validate.Options{ErrorsOnly: true}) {
		line, column := validate.Position([]byte(text), i.Offset)
		got = append(got, place{i.Rule, line, column})
	}
	want := []place{{"binding-required", 4, 4}, {"json-type", 4, 28}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(place{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, offset := range []int{-1, 0, len(text), len(text) + 9} {
		if line, column := validate.Position([]byte(text), offset); line < 1 || column < 1 {
			t.Errorf("offset %d: %d:%d", offset, line, column)
		}
	}
}

func TestCodeSyntax(t *testing.T) {
	tests := []struct {
		resource string
		want     []string
	}{
		{`{"resourceType":"Patient","language":"e n"}`, []string{"format Patient.language"}},
		{`{"resourceType":"Patient","language":"2en"}`, []string{"format Patient.language"}},
		{`{"resourceType":"Patient","language":"en-"}`, []string{"format Patient.language"}},
		{`{"resourceType":"Patient","photo":[{"contentType":"picture"}]}`, []string{"binding-required Patient.photo[0].contentType"}},
		{`{"resourceType":"Patient","photo":[{"contentType":"image/"}]}`, []string{"binding-required Patient.photo[0].contentType"}},
		{`{"resourceType":"Patient","language":"zh-Hant-TW","photo":[{"contentType":"text/plain; charset=utf-8"}]}`, nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, rules(validate.Resource(parsed(t, tt.resource), validate.Options{}))); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.resource, diff)
		}
	}
}
