package validate_test

import (
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/validate"
	"github.com/jamii-health/jamii/profiles"
)

// What is wrong with a StructureDefinition is named by element and rule.
func TestBadDefinitions(t *testing.T) {
	bad := func(elements ...string) string { return differential(testURL, "Patient", "Patient", elements...) }
	tests := []struct {
		name, text string
		want       []string
	}{
		{"no url", `{"resourceType":"StructureDefinition","type":"Patient","differential":{"element":[{"path":"Patient"}]}}`, []string{"sd-head "}},
		{"another resource", `{"resourceType":"Patient","url":"http://x","type":"Patient","differential":{"element":[{"path":"Patient"}]}}`, []string{"sd-head "}},
		{"unknown type", differential(testURL, "Patent", "Patient", `{"path":"Patent"}`), []string{"sd-head "}},
		{"logical model", strings.Replace(bad(`{"path":"Patient"}`), `"kind":"resource"`, `"kind":"logical"`, 1), []string{"sd-head "}},
		{"no elements", bad(), []string{"sd-head "}},
		{"base of another type", differential(testURL, "Patient", "Claim", `{"path":"Patient"}`), []string{"sd-head "}},
		{"unknown base", differential(testURL, "Patient", "http://nowhere", `{"path":"Patient"}`), []string{"sd-head "}},
		{"its own base", differential(testURL, "Patient", testURL, `{"path":"Patient"}`), []string{"sd-head "}},
		{"path of another type", bad(`{"id":"Claim.use","path":"Claim.use"}`), []string{"sd-path Claim.use"}},
		{"unknown element", bad(`{"id":"Patient.nome","path":"Patient.nome"}`, `{"id":"Patient.name.familia","path":"Patient.name.familia"}`), []string{"sd-path Patient.nome", "sd-path Patient.name.familia"}},
		{"type that a choice has not", bad(`{"id":"Patient.deceasedQuantity","path":"Patient.deceasedQuantity"}`), []string{"sd-path Patient.deceasedQuantity"}},
		{"minimum above maximum", bad(`{"id":"Patient.name","path":"Patient.name","min":2,"max":"1"}`), []string{"sd-cardinality Patient.name"}},
		{"maximum above R4's", bad(`{"id":"Patient.gender","path":"Patient.gender","max":"2"}`), []string{"sd-cardinality Patient.gender"}},
		{"maximum without end", bad(`{"id":"Patient.gender","path":"Patient.gender","max":"*"}`), []string{"sd-cardinality Patient.gender"}},
		{"maximum that is no number", bad(`{"id":"Patient.name","path":"Patient.name","max":"many"}`), []string{"sd-cardinality Patient.name"}},
		{"minimum below R4's", bad(`{"id":"Patient.link.other","path":"Patient.link.other","min":0}`), []string{"sd-cardinality Patient.link.other"}},
		{"type that R4 does not allow", bad(`{"id":"Patient.name","path":"Patient.name","type":[{"code":"string"}]}`), []string{"sd-type Patient.name"}},
		{"no type", bad(`{"id":"Patient.name","path":"Patient.name","type":[]}`), []string{"sd-type Patient.name"}},
		{"fixed value of another type", bad(`{"id":"Patient.gender","path":"Patient.gender","fixedBoolean":true}`), []string{"sd-value Patient.gender"}},
		{"fixed value and pattern", bad(`{"id":"Patient.gender","path":"Patient.gender","fixedCode":"male","patternCode":"male"}`), []string{"sd-value Patient.gender"}},
		{"length of nothing", bad(`{"id":"Patient.name.family","path":"Patient.name.family","maxLength":0}`), []string{"sd-value Patient.name.family"}},
		{"binding of unknown strength", bad(`{"id":"Patient.gender","path":"Patient.gender","binding":{"strength":"strong"}}`), []string{"sd-binding Patient.gender"}},
		{"binding made weaker", bad(`{"id":"Patient.gender","path":"Patient.gender","binding":{"strength":"preferred","valueSet":"http://x"}}`), []string{"sd-binding Patient.gender"}},
		{"constraint without key", bad(`{"id":"Patient.name","path":"Patient.name","constraint":[{"severity":"error","human":"x","expression":"true"}]}`), []string{"sd-constraint Patient.name"}},
		{"constraint that does not compile", bad(`{"id":"Patient.name","path":"Patient.name","constraint":[{"key":"a","severity":"error","human":"x","expression":"name.exists("}]}`), []string{"sd-constraint Patient.name"}},
		{"slice of what is not sliced", bad(`{"id":"Patient.name:a","path":"Patient.name","sliceName":"a"}`), []string{"sd-slicing Patient.name:a"}},
		{"unknown rules of slicing", bad(`{"id":"Patient.name","path":"Patient.name","slicing":{"rules":"shut"}}`), []string{"sd-slicing Patient.name"}},
		{"unknown discriminator", bad(`{"id":"Patient.name","path":"Patient.name","slicing":{"discriminator":[{"type":"luck","path":"use"}],"rules":"open"}}`), []string{"sd-slicing Patient.name"}},
		{"discriminator with a function", bad(`{"id":"Patient.name","path":"Patient.name","slicing":{"discriminator":[{"type":"value","path":"use.first()"}],"rules":"open"}}`), []string{"sd-slicing Patient.name"}},
		{"slice that nothing tells apart", bad(`{"id":"Patient.name","path":"Patient.name","slicing":{"discriminator":[{"type":"value","path":"use"}],"rules":"open"}}`, `{"id":"Patient.name:a","path":"Patient.name","sliceName":"a"}`), []string{"sd-slicing Patient.name:a"}},
		{"context of no kind", strings.Replace(differential(testURL, "Extension", "Extension", `{"path":"Extension"}`), `"kind"`, `"context":[{"type":"place","expression":"x"},{"type":"element"},{"type":"fhirpath","expression":"("}],"kind"`, 1), []string{"sd-context ", "sd-context ", "sd-context "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := registry(t).Compile(parsed(t, tt.text))
			var fe *fhir.Error
			if !errors.As(err, &fe) {
				t.Fatalf("error is %v", err)
			}
			if diff := cmp.Diff(tt.want, rules(fe.All())); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestChainsOfProfiles(t *testing.T) {
	const a, b, c = "http://a", "http://b", "http://c"
	set := registry(t,
		differential(a, "Patient", "Patient", identifierSlices("open", "false")...),
		differential(b, "Patient", a, `{"id":"Patient.identifier:nid.use","path":"Patient.identifier.use","min":1}`, `{"id":"Patient.identifier:hid","path":"Patient.identifier","sliceName":"hid","min":1}`),
		differential(c, "Patient", b, `{"id":"Patient.name","path":"Patient.name","max":"1"}`),
		differential("http://loose", "Patient", c, `{"id":"Patient.name","path":"Patient.name","max":"2"}`),
		differential("http://round", "Patient", "http://about", `{"path":"Patient"}`),
		differential("http://about", "Patient", "http://round", `{"path":"Patient"}`),
	)
	n := parsed(t, `{"resourceType":"Patient","identifier":[`+nid+`],"name":[{"text":"a"},{"text":"b"}]}`)
	for url, want := range map[string][]string{
		a: nil,
		b: {"cardinality Patient.identifier", "cardinality Patient.identifier[0].use"},
		c: {"cardinality Patient.identifier", "cardinality Patient.identifier[0].use", "cardinality Patient.name"},
	} {
		got := rules(validate.Resource(n, validate.Options{Registry: set, Profiles: []string{url}}))
		if diff := cmp.Diff(want, sorted(got)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", url, diff)
		}
	}
	for _, url := range []string{"http://loose", "http://round", "http://about"} {
		if known, err := set.Load(url); err == nil || !known {
			t.Errorf("%s: known %v, error %v", url, known, err)
		}
	}
	if known, err := set.Load("http://none"); known || err != nil {
		t.Errorf("known %v, error %v", known, err)
	}
}

// A version asked for must be the one that is there.
func TestVersionOfProfile(t *testing.T) {
	text := strings.Replace(differential(testURL, "Patient", "Patient", `{"path":"Patient"}`), `"name"`, `"version":"1.0","name"`, 1)
	set := registry(t, text)
	for url, want := range map[string]bool{testURL: true, testURL + "|1.0": true, testURL + "|2.0": false} {
		if known, err := set.Load(url); known != want || err != nil {
			t.Errorf("%s: %v %v", url, known, err)
		}
	}
}

func TestForgetAndConcurrency(t *testing.T) {
	var mu sync.Mutex
	text := differential(testURL, "Patient", "Patient", identifierSlices("closed", "false")...)
	set := validate.NewProfiles(func(string) (*fhir.Node, bool) {
		mu.Lock()
		defer mu.Unlock()
		return parsed(t, text), true
	})
	check := func() int {
		n := parsed(t, patientWith(nid+","+other))
		return len(rules(validate.Resource(n, validate.Options{Registry: set, Profiles: []string{testURL}})))
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				if got := check(); got != 1 {
					t.Errorf("%d issues", got)
				}
			}
		})
	}
	group.Wait()
	mu.Lock()
	text = differential(testURL, "Patient", "Patient", identifierSlices("open", "false")...)
	mu.Unlock()
	if check() != 1 {
		t.Error("changed before it was told")
	}
	set.Forget()
	if check() != 0 {
		t.Error("not forgotten")
	}
}

// Our own extensions and HL7's example of a profile compile.
func TestPublishedDefinitions(t *testing.T) {
	count := 0
	for _, n := range profiles.Resources() {
		if n.ResourceType() != "StructureDefinition" {
			continue
		}
		count++
		if err := registry(t).Compile(n); err != nil {
			t.Errorf("%s: %v", n.Get("url"), err)
		}
	}
	if count == 0 {
		t.Error("no definition of ours")
	}
	if dir, ok := shared(t, filepath.Join("fhir-test-cases", "examples")); ok {
		if err := registry(t).Compile(parseFile(t, filepath.Join(dir, "structuredefinition-example-composition.json"))); err != nil {
			t.Error(err)
		}
	}
}

// Random definitions and resources may be refused, but never crash or hang.
func FuzzProfiles(f *testing.F) {
	for _, tt := range append(profileCases, sliceCases...) {
		f.Add(differential(testURL, tt.typ, tt.typ, tt.elements...), tt.held[0].resource)
	}
	f.Add(`{"resourceType":"StructureDefinition","url":"http://x","type":"Extension","snapshot":{"element":[{"path":"Extension","contentReference":"#Extension.value"}]}}`, `{"resourceType":"Basic","extension":[{"url":"http://x"}]}`)
	f.Add(differential(testURL, "Questionnaire", "Questionnaire", `{"id":"Questionnaire.item.item","path":"Questionnaire.item.item","contentReference":"#Questionnaire.item"}`), `{"resourceType":"Questionnaire","item":[{"item":[{"item":[]}]}]}`)
	f.Fuzz(func(t *testing.T, definition, resource string) {
		sd, err := fhir.Parse([]byte(definition))
		if err != nil {
			return
		}
		n, err := fhir.Parse([]byte(resource))
		if err != nil {
			return
		}
		set := validate.NewProfiles(func(string) (*fhir.Node, bool) { return sd, true })
		if len(validate.Resource(n, validate.Options{Registry: set, Profiles: []string{sd.Get("url").String()}, Limit: 50})) > 50 {
			t.Error("more issues than the limit")
		}
	})
}
