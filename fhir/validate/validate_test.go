package validate_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/validate"
)

func TestNoResource(t *testing.T) {
	for _, text := range []string{`[]`, `"x"`, `1`, `null`, `true`} {
		want := []found{{"structure", "json-object", ""}}
		if diff := cmp.Diff(want, issuesOf(t, text, validate.Options{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	if got := validate.Resource(nil, validate.Options{}); len(got) != 1 {
		t.Errorf("no tree at all: %+v", got)
	}
}

// Ten thousand faults must not become ten thousand issues.
func TestLimit(t *testing.T) {
	text := `{"resourceType":"Basic","code":{"text":"x"},"identifier":[` + strings.Repeat(`{"bad":1},`, 10000) + `{"bad":1}]}`
	n, err := fhir.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for limit, want := range map[int]int{0: validate.DefaultLimit, 3: 3} {
		if got := validate.Resource(n, validate.Options{Limit: limit}); len(got) != want {
			t.Errorf("limit %d: %d issues, want %d", limit, len(got), want)
		}
	}
}

// No text or path may repeat what the resource says of a person.
func TestIssuesHoldNoValues(t *testing.T) {
	const secret = "Zyxsecret"
	text := `{"resourceType":"Patient","id":"` + secret + `!","gender":"` + secret + `","birthDate":"` + secret + `","active":"` + secret + `",
		"` + secret + ` of Rai":1,"photo":[{"data":"` + secret + `","contentType":" ` + secret + `"}],"name":["` + secret + `"],
		"text":{"status":"` + secret + `","div":"<` + secret + `>"},"managingOrganization":{"reference":"` + secret + `"},
		"maritalStatus":{"coding":[{"system":"` + secret + `","code":"` + secret + `"}]},"contained":[{"resourceType":"` + secret + `","id":"` + secret + `"}],
		"contact":[{"organization":{"reference":"` + secret + `/1"},"gender":null}],"telecom":[{"value":"` + secret + `","period":{"start":"` + secret + `"}}]}`
	n, err := fhir.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	issues := validate.Resource(n, validate.Options{})
	if len(issues) < 12 {
		t.Errorf("only %d issues: %+v", len(issues), issues)
	}
	for _, i := range issues {
		if strings.Contains(strings.ToLower(fmt.Sprint(i)), strings.ToLower(secret)) {
			t.Errorf("the issue repeats a value: %+v", i)
		}
	}
}

func TestOffset(t *testing.T) {
	text := `{"resourceType":"Patient","gender":"x"}`
	n, err := fhir.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	issues := validate.Resource(n, validate.Options{ErrorsOnly: true})
	if len(issues) != 1 || issues[0].Offset != strings.Index(text, `"x"`) {
		t.Errorf("want the offset of the code, got %+v", issues)
	}
}

func TestErrorsOnly(t *testing.T) {
	text := `{"resourceType":"Patient","maritalStatus":{"coding":[{"system":"http://example.org","code":"x"}]}}`
	if got := issuesOf(t, text, validate.Options{ErrorsOnly: true}); len(got) > 0 {
		t.Errorf("warnings among the errors: %+v", got)
	}
	want := []found{{"code-invalid", "binding-extensible", "Patient.maritalStatus"}, {"invariant", "dom-6", "Patient"}}
	if diff := cmp.Diff(want, issuesOf(t, text, validate.Options{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// fake answers for chosen invariants.
type fake map[string]error

var errBroken = errors.New("broken")

func (f fake) Holds(_ validate.Focus, inv definition.Invariant) (bool, error) {
	if err := f[inv.Key]; err != nil && !errors.Is(err, errBroken) {
		return false, err
	}
	return f[inv.Key] == nil, nil
}

func TestInvariantsHook(t *testing.T) {
	rule := fake{"pat-1": errBroken, "obs-7": errors.New("no such function")}
	text := `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","contact":[{"gender":"male"}]}},
		{"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"}}}]}`
	want := []found{
		{"invariant", "pat-1", "Bundle.entry[0].resource.contact[0]"},
		{"invariant", "dom-6", "Bundle.entry[0].resource"},
		{"invariant", "dom-6", "Bundle.entry[1].resource"},
		{"invariant", "obs-7", "Bundle.entry[1].resource"},
	}
	if diff := cmp.Diff(want, issuesOf(t, text, validate.Options{Invariants: rule})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]found{want[1], want[2]}, issuesOf(t, text, validate.Options{NoInvariants: true})); diff != "" {
		t.Errorf("without invariants (-want +got):\n%s", diff)
	}
}

// A reference may take any of its forms.
func TestReferencesThatPass(t *testing.T) {
	for _, ref := range []string{
		"Patient/1", "Patient/1/_history/2", "https://example.org/fhir/Patient/1", "urn:uuid:7c4a1d3e-0000-4000-8000-000000000001", "urn:oid:1.2.3",
		"Patient?identifier=a|b", "https://example.org/people?id=7", "https://example.org/x/y",
	} {
		text := `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"` + ref + `"}}`
		if got := issuesOf(t, text, validate.Options{ErrorsOnly: true, NoInvariants: true}); len(got) > 0 {
			t.Errorf("%s: %+v", ref, got)
		}
	}
	contained := `{"resourceType":"Observation","status":"final","code":{"text":"x"},"contained":[
		{"resourceType":"Provenance","id":"p","target":[{"reference":"#"}],"recorded":"2024-01-01T00:00:00Z","agent":[{"who":{"reference":"#d"}}]},
		{"resourceType":"Device","id":"d"}]}`
	if got := issuesOf(t, contained, validate.Options{ErrorsOnly: true, NoInvariants: true}); len(got) > 0 {
		t.Errorf("contained that refers to its container and its sibling: %+v", got)
	}
}

func FuzzResource(f *testing.F) {
	for _, text := range valid {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := fhir.Parse(data)
		if err != nil {
			return
		}
		for _, i := range validate.Resource(n, validate.Options{}) {
			if i.Rule == "" || i.Text == "" || i.Code == "" {
				t.Fatalf("incomplete issue %+v", i)
			}
		}
	})
}
