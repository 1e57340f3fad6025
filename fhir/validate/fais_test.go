package validate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/validate"
)

// Profiles in the manner of IHE FAIS: a claim says its use, no resource has
// implicit rules or modifier extensions, and a claim travels in a collection.
var fais = []string{
	differential("http://fais/Claim", "Claim", "Claim",
		`{"id":"Claim.implicitRules","path":"Claim.implicitRules","max":"0"}`,
		`{"id":"Claim.modifierExtension","path":"Claim.modifierExtension","max":"0"}`,
		`{"id":"Claim.extension:reason","path":"Claim.extension","sliceName":"reason","max":"1","type":[{"code":"Extension","profile":["http://fais/reason"]}]}`,
		`{"id":"Claim.use","path":"Claim.use","min":1,"mustSupport":true}`,
		`{"id":"Claim.related.claim","path":"Claim.related.claim","type":[{"code":"Reference","targetProfile":["http://fais/Claim"]}]}`,
		`{"id":"Claim.provider","path":"Claim.provider","type":[{"code":"Reference","targetProfile":["http://fais/Organization"]}]}`),
	differential("http://fais/Organization", "Organization", "Organization", `{"id":"Organization.name","path":"Organization.name","min":1}`),
	extensionDefinition("http://fais/reason", []string{"element|Claim"}, `{"id":"Extension.value[x]","path":"Extension.value[x]","min":1,"type":[{"code":"CodeableConcept"}]}`),
	differential("http://fais/Bundle", "Bundle", "Bundle",
		`{"id":"Bundle.implicitRules","path":"Bundle.implicitRules","max":"0"}`,
		`{"id":"Bundle.type","path":"Bundle.type","fixedCode":"collection"}`,
		`{"id":"Bundle.entry","path":"Bundle.entry","min":1,"slicing":{"discriminator":[{"type":"type","path":"resource"}],"rules":"open"}}`,
		`{"id":"Bundle.entry:claim","path":"Bundle.entry","sliceName":"claim","min":1}`,
		`{"id":"Bundle.entry:claim.resource","path":"Bundle.entry.resource","min":1,"type":[{"code":"Claim","profile":["http://fais/Claim"]}]}`,
		`{"id":"Bundle.entry:patient","path":"Bundle.entry","sliceName":"patient","max":"1"}`,
		`{"id":"Bundle.entry:patient.resource","path":"Bundle.entry.resource","min":1,"type":[{"code":"Patient"}]}`),
	differential("http://fais/ByProfile", "Bundle", "Bundle",
		`{"id":"Bundle.entry","path":"Bundle.entry","slicing":{"discriminator":[{"type":"profile","path":"resource"}],"rules":"closed"}}`,
		`{"id":"Bundle.entry:org","path":"Bundle.entry","sliceName":"org","min":1}`,
		`{"id":"Bundle.entry:org.resource","path":"Bundle.entry.resource","min":1,"type":[{"code":"Organization","profile":["http://fais/Organization"]}]}`),
}

const (
	urnOrg   = "urn:uuid:7c4a1d3e-0000-4000-8000-000000000001"
	urnClaim = "urn:uuid:7c4a1d3e-0000-4000-8000-000000000002"
)

func collection(entries ...string) string {
	out := `{"resourceType":"Bundle","type":"collection","entry":[`
	for i, e := range entries {
		if i > 0 {
			out += ","
		}
		out += e
	}
	return out + `]}`
}

func entryOf(url, resource string) string {
	return `{"fullUrl":"` + url + `","resource":` + resource + `}`
}

func TestFAIS(t *testing.T) {
	set := registry(t, fais...)
	org, nameless := `{"resourceType":"Organization","name":"x"}`, `{"resourceType":"Organization","identifier":[{"value":"1"}]}`
	good := claimWith(`"use":"claim"`, `{"reference":"`+urnOrg+`"}`)
	tests := []struct {
		name, profile, resource string
		want                    []string
	}{
		{
			"a claim with all that is forbidden", "Claim", claimWith(`"use":"claim","implicitRules":"http://x","modifierExtension":[{"url":"http://fais/reason","valueCodeableConcept":{"text":"x"}}]`),
			[]string{"cardinality Claim.implicitRules", "cardinality Claim.modifierExtension", "ext-modifier Claim.modifierExtension[0]"},
		},
		{
			"a claim with two reasons", "Claim", claimWith(`"use":"claim","extension":[{"url":"http://fais/reason","valueCodeableConcept":{"text":"x"}},{"url":"http://fais/reason","valueString":"x"}]`),
			[]string{"cardinality Claim.extension", "type Claim.extension[1].value"},
		},
		{"a related claim of another type", "Claim", claimWith(`"use":"claim","related":[{"claim":{"reference":"Patient/1"}}]`), []string{"ref-target Claim.related[0].claim"}},
		{"a batch", "Bundle", `{"resourceType":"Bundle","type":"batch-response","entry":[{"resource":` + claimWith(`"use":"claim"`) + `,"response":{"status":"201"}}]}`, []string{"fixed Bundle.type"}},
		{"no claim", "Bundle", collection(entryOf(urnOrg, org)), []string{"cardinality Bundle.entry"}},
		{"a provider without a name", "Bundle", collection(entryOf(urnClaim, good), entryOf(urnOrg, nameless)), []string{"ref-profile Bundle.entry[0].resource.provider"}},
		{"a provider of another type", "Bundle", collection(entryOf(urnClaim, good), entryOf(urnOrg, `{"resourceType":"Practitioner","active":true}`)), []string{"ref-target Bundle.entry[0].resource.provider"}},
		{"a provider that is not in the bundle", "Bundle", collection(entryOf(urnClaim, good)), []string{"bundle-reference Bundle.entry[0].resource.provider.reference"}},
		{"a faulty claim in the bundle", "Bundle", collection(entryOf(urnClaim, claimWith(`"use":"claim","implicitRules":"http://x"`))), []string{"cardinality Bundle.entry[0].resource.implicitRules"}},
		{"an entry that no profile fits", "ByProfile", collection(entryOf(urnOrg, org), entryOf(urnClaim, nameless)), []string{"slicing Bundle.entry[1]"}},
		{"entries by profile", "ByProfile", collection(entryOf(urnOrg, org)), nil},
		{"a claim", "Claim", claimWith(`"use":"claim","related":[{"claim":{"reference":"Claim/1"}}]`), nil},
		{"a bundle", "Bundle", collection(entryOf(urnClaim, good), entryOf(urnOrg, org)), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opts := validate.Options{Registry: set, Profiles: []string{"http://fais/" + tt.profile}}
			got := rules(validate.Resource(parsed(t, tt.resource), opts))
			if diff := cmp.Diff(tt.want, sorted(got)); diff != "" {
				// A target of another type breaks R4 as well as the profile.
				if diff = cmp.Diff(tt.want, unique(got)); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			}
		})
	}
}

func unique(list []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, s := range sorted(list) {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// What a reference points to elsewhere is asked for, and may lead in a circle.
func TestTargetsElsewhere(t *testing.T) {
	set := registry(t, append(fais, differential("http://chain", "Patient", "Patient",
		`{"id":"Patient.name","path":"Patient.name","min":1}`,
		`{"id":"Patient.link.other","path":"Patient.link.other","type":[{"code":"Reference","targetProfile":["http://chain"]}]}`))...)
	stored := map[string]string{
		"Organization/bad":  `{"resourceType":"Organization","id":"bad"}`,
		"Organization/good": `{"resourceType":"Organization","id":"good","name":"x"}`,
		"Patient/a":         `{"resourceType":"Patient","id":"a","name":[{"text":"x"}],"link":[{"type":"seealso","other":{"reference":"Patient/b"}}]}`,
		"Patient/b":         `{"resourceType":"Patient","id":"b","name":[{"text":"x"}],"link":[{"type":"seealso","other":{"reference":"Patient/a"}}]}`,
		"Patient/c":         `{"resourceType":"Patient","id":"c"}`,
	}
	opts := validate.Options{Registry: set, Profiles: []string{"http://fais/Claim"}, Resolve: func(ref string) *fhir.Node {
		if stored[ref] == "" {
			return nil
		}
		return parsed(t, stored[ref])
	}}
	for provider, want := range map[string][]string{
		"Organization/bad": {"ref-profile Claim.provider"}, "Organization/good": nil, "Organization/none": nil,
	} {
		got := rules(validate.Resource(parsed(t, claimWith(`"use":"claim"`, `{"reference":"`+provider+`"}`)), opts))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", provider, diff)
		}
	}
	opts.Profiles = []string{"http://chain"}
	for other, want := range map[string][]string{"Patient/a": nil, "Patient/c": {"ref-profile Patient.link[0].other"}} {
		got := rules(validate.Resource(parsed(t, `{"resourceType":"Patient","name":[{"text":"x"}],"link":[{"type":"seealso","other":{"reference":"`+other+`"}}]}`), opts))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", other, diff)
		}
	}
}
