package profiles_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/fhir/validate"
	"github.com/jamii-health/jamii/internal/scheme"
	"github.com/jamii-health/jamii/profiles"
	"github.com/jamii-health/jamii/profiles/schemes"
)

func TestResourcesAreValidAndUnique(t *testing.T) {
	urls, ids := map[string]bool{}, map[string]bool{}
	for _, n := range profiles.Resources() {
		ref := n.ResourceType() + "/" + n.Get("id").String()
		for _, is := range validate.Resource(n, validate.Options{ErrorsOnly: true}) {
			t.Errorf("%s: %s: %s (%s)", ref, is.Path, is.Text, is.Rule)
		}
		url := n.Get("url").String()
		if !strings.HasPrefix(url, fhir.Base+"/"+n.ResourceType()+"/") {
			t.Errorf("%s: url %s", ref, url)
		}
		if urls[url] || ids[ref] {
			t.Errorf("%s stands twice", ref)
		}
		urls[url], ids[ref] = true, true
	}
}

func TestSearchParamsFindTheirValues(t *testing.T) {
	catalogue, err := search.NewCatalogue(profiles.SearchParams())
	if err != nil {
		t.Fatal(err)
	}
	pack, problems := scheme.Load(schemes.NepalHIB())
	if pack == nil {
		t.Fatal(problems)
	}
	published := map[string]*fhir.Node{}
	for _, n := range pack.Resources() {
		published[n.Get("id").String()] = n
	}
	plan := `{"resourceType":"InsurancePlan","network":[{"reference":"Organization/n"}],"coverageArea":[{"reference":"Location/a"}],"plan":[{"coverageArea":[{"reference":"Location/b"}]}],
		"coverage":[{"type":{"text":"x"},"benefit":[{"type":{"coding":[{"system":"s","code":"dental"}]}}]}]}`
	insurance, err := fhir.Parse([]byte(plan))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		node *fhir.Node
		code string
		want []string
	}{
		{published["nepal-hib-cid-S-C-s-S101"], "code", []string{"https://hib.example.np/CodeSystem/service|S101"}},
		{published["nepal-hib-cid-S-C-s-S101"], "facility", []string{"Organization/nepal-hib-fac-HC01", "Organization/nepal-hib-fac-HC02", "Organization/nepal-hib-fac-HC03", "Organization/nepal-hib-fac-HC04"}},
		{insurance, "network", []string{"Organization/n"}},
		{insurance, "coverage-area", []string{"Location/a", "Location/b"}},
		{insurance, "benefit-type", []string{"s|dental"}},
	}
	for _, tt := range tests {
		values, err := catalogue.Values(tt.node, tt.code)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range values {
			if v.Code == "" {
				continue // a text
			}
			text := v.Code
			if v.System != "" {
				text = v.System + "|" + v.Code
			}
			got = append(got, text)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.code, diff)
		}
	}
}

var ours = regexp.MustCompile(`(?:fhir\.Base\s*\+\s*"|extensionBase\s*\+\s*"|codeSystemBase\s*\+\s*")((?:/(?:CodeSystem|StructureDefinition)/)?[a-z][a-z-]+)"|\bextension\("([a-z-]+)", (?:own|p|fhir|quantity|obj|span|reference|str|c)\b|own\("[a-zA-Z]*", "([a-z-]+)"`)

// Every extension and code system that the program writes is published here.
func TestWhatIsEmittedIsPublished(t *testing.T) {
	names := map[string]bool{}
	for _, n := range profiles.Resources() {
		url := n.Get("url").String()
		names[url[strings.LastIndexByte(url, '/')+1:]] = true
	}
	sources, err := filepath.Glob("../internal/*/*.go")
	if err != nil || len(sources) == 0 {
		t.Fatal("no sources", err)
	}
	for _, file := range sources {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range ours.FindAllStringSubmatch(string(text), -1) {
			name := m[1] + m[2] + m[3]
			name = name[strings.LastIndexByte(name, '/')+1:]
			if !names[name] {
				t.Errorf("%s writes %q, which profiles does not publish", file, name)
			}
		}
	}
}
