package definition_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir/definition"
)

func TestSearchParamsOfPatient(t *testing.T) {
	got := map[string]*definition.SearchParam{}
	var codes []string
	for _, p := range definition.SearchParams("Patient") {
		got[p.Code] = p
		codes = append(codes, p.Code)
	}
	want := []string{
		"_content", "_id", "_lastUpdated", "_profile", "_query", "_security", "_source", "_tag", "_text", "active", "address", "address-city",
		"address-country", "address-postalcode", "address-state", "address-use", "birthdate", "death-date", "deceased", "email", "family", "gender",
		"general-practitioner", "given", "identifier", "language", "link", "name", "organization", "phone", "phonetic", "telecom",
	}
	if diff := cmp.Diff(want, codes); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
	wantGP := &definition.SearchParam{
		Code: "general-practitioner", URL: "http://hl7.org/fhir/SearchParameter/Patient-general-practitioner", Type: "reference", Base: []string{"Patient"},
		Expression: "Patient.generalPractitioner", Targets: []string{"Practitioner", "Organization", "PractitionerRole"},
	}
	if diff := cmp.Diff(wantGP, got["general-practitioner"]); diff != "" {
		t.Errorf("general-practitioner (-want +got):\n%s", diff)
	}
	if got["birthdate"].Type != "date" || got["_lastUpdated"].Expression != "Resource.meta.lastUpdated" {
		t.Errorf("birthdate %+v, _lastUpdated %+v", got["birthdate"], got["_lastUpdated"])
	}
}

// Binary, Bundle and Parameters have no narrative, so no _text.
func TestSearchParamsOfWhatIsNoDomainResource(t *testing.T) {
	for _, name := range []string{"Binary", "Bundle", "Parameters"} {
		for _, p := range definition.SearchParams(name) {
			if slices.Contains(p.Base, "DomainResource") {
				t.Errorf("%s has %s", name, p.Code)
			}
		}
		if len(definition.SearchParams(name)) < 8 {
			t.Errorf("%s lacks the parameters of Resource", name)
		}
	}
}

func TestEverySearchParam(t *testing.T) {
	types := []string{"number", "date", "string", "token", "reference", "composite", "quantity", "uri", "special"}
	noExpression := []string{"_content", "_query", "_text"}
	all := map[string]*definition.SearchParam{}
	for _, name := range append(definition.Resources(), "Resource", "DomainResource") {
		params := definition.SearchParams(name)
		seen := map[string]bool{}
		for _, p := range params {
			all[p.URL] = p
			if seen[p.Code] {
				t.Errorf("%s has %s twice", name, p.Code)
			}
			seen[p.Code] = true
		}
	}
	if len(all) != 1378 {
		t.Errorf("%d parameters, want the 1378 of R4", len(all))
	}
	for url, p := range all {
		if got, ok := definition.SearchParamByURL(url); !ok || got != p {
			t.Errorf("SearchParamByURL(%q) gave another", url)
		}
		if !slices.Contains(types, p.Type) || (p.Expression == "" && !slices.Contains(noExpression, p.Code)) {
			t.Errorf("%s: type %q, expression %q", url, p.Type, p.Expression)
		}
		for _, base := range p.Base {
			if !definition.IsResource(base) && base != "Resource" && base != "DomainResource" {
				t.Errorf("%s: base %q is not a resource type", url, base)
			}
		}
		for _, target := range p.Targets {
			if !definition.IsResource(target) {
				t.Errorf("%s: target %q is not a resource type", url, target)
			}
		}
		if (p.Type == "composite") != (len(p.Components) > 0) {
			t.Errorf("%s: %d components", url, len(p.Components))
		}
		for _, c := range p.Components {
			if _, ok := definition.SearchParamByURL(c.Definition); !ok || c.Expression == "" {
				t.Errorf("%s: component %+v", url, c)
			}
		}
	}
}

func TestCompartment(t *testing.T) {
	for name, want := range map[string][]string{
		"Claim": {"patient", "payee"}, "Patient": {"link"}, "Coverage": {"policy-holder", "subscriber", "beneficiary", "payor"}, "Organization": nil,
	} {
		if diff := cmp.Diff(want, definition.Compartment(name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for _, name := range definition.Resources() {
		for _, code := range definition.Compartment(name) {
			if !slices.ContainsFunc(definition.SearchParams(name), func(p *definition.SearchParam) bool { return p.Code == code }) {
				t.Errorf("%s is in the compartment by %s, which it does not have", name, code)
			}
		}
	}
}
