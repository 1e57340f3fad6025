package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDemandRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"profiles: {demand: all}":                    "write the types of resource",
		"profiles: {demand: {Claims: []}}":           "there is no resource type Claims",
		"profiles: {demand: {Claim: x}}":             "Claim: write a list of profiles",
		"profiles: {demand: {Claim: [7]}}":           "Claim: write a list of profiles",
		"profiles: {demand: {Claim: [jamii-claim]}}": "is no canonical",
		"profiles: {demand: {Claim: ['https://jamii.health/fhir/StructureDefinition/jamii-clam']}}":       "there is no profile",
		"profiles: {demand: {Patient: ['https://jamii.health/fhir/StructureDefinition/jamii-claim']}}":    "is for Claim",
		"profiles: {demand: {Claim: ['https://jamii.health/fhir/StructureDefinition/household-role']}}\n": "is for Extension",
	} {
		if _, err := readSettings(writeSettings(t, text), true); err == nil || !strings.Contains(err.Error(), "profiles.demand: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestDemandAndOrigins(t *testing.T) {
	file, err := readSettings(writeSettings(t, `
profiles:
  demand:
    Claim: [https://jamii.health/fhir/StructureDefinition/jamii-claim]
    Patient: ["https://other.example.org/person|2"]
cors: {origins: [https://app.example.org, "http://localhost:3000"]}
`), true)
	if err != nil {
		t.Fatal(err)
	}
	s := parseServe(t, file)
	c, err := s.config(file, newLog(t.Output(), 0))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"Claim": {"https://jamii.health/fhir/StructureDefinition/jamii-claim"}, "Patient": {"https://other.example.org/person|2"}}
	if diff := cmp.Diff(want, c.demand); diff != "" {
		t.Errorf("demand (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"https://app.example.org", "http://localhost:3000"}, c.origins); diff != "" {
		t.Errorf("origins (-want +got):\n%s", diff)
	}
	if len(file.keys) != 1 {
		t.Errorf("profiles.demand was read, and stays a key: %v", file.keys)
	}
}

// An empty list of origins is no origin, and no list is every one.
func TestOrigins(t *testing.T) {
	for text, want := range map[string][]string{"cors: {origins: []}": {}, "listen: x": {"*"}, "cors: {origins: ['*']}": {"*"}, "cors: {origins: [https://a.org/]}": nil, "cors: {origins: [a.org]}": nil} {
		file, err := readSettings(writeSettings(t, text), true)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseServe(t, file).CORS.list()
		if diff := cmp.Diff(want, got); diff != "" || (err != nil) != (want == nil) {
			t.Errorf("%s: %v (-want +got):\n%s", text, err, diff)
		}
	}
}
