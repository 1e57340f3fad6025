package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/registry"
)

const (
	urnPatient = "urn:uuid:11111111-1111-4111-8111-111111111111"
	urnBinary  = "urn:uuid:22222222-2222-4222-8222-222222222222"
)

// Every place where a link to another entry can stand is rewritten.
//
// https://hl7.org/fhir/R4/http.html#trules
func TestLinksAreRewritten(t *testing.T) {
	const doc = `{"resourceType":"DocumentReference","status":"current",
		"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"{b}\">x</a><img src='{b}' alt=\"{b}\"/> {b}</div>"},
		"contained":[{"resourceType":"Device","id":"c","patient":{"reference":"{p}"}}],
		"extension":[{"url":"https://example.org/r","valueReference":{"reference":"{p}"}},{"url":"https://example.org/u","valueUri":"{b}"},{"url":"https://example.org/l","valueUrl":"{b}"},{"url":"https://example.org/c","valueCanonical":"{b}"},{"url":"https://example.org/s","valueString":"{b}"},
			{"url":"https://example.org/n","extension":[{"url":"x","valueUuid":"{b}"},{"url":"y","valueAttachment":{"url":"{b}"}}]}],
		"subject":{"reference":"{p}","_display":{"extension":[{"url":"https://example.org/r","valueReference":{"reference":"{p}"}}]}},
		"_description":{"extension":[{"url":"https://example.org/r","valueReference":{"reference":"{p}"}}]},
		"author":[{"reference":"{p}"},{"reference":"#c"},{"reference":"https://elsewhere.org/fhir/Patient/1"},{"reference":"{base}/Patient/there"},{"reference":"Patient/there"}],
		"identifier":[{"system":"urn:ietf:rfc:3986","value":"{p}"}],
		"content":[{"attachment":{"url":"{b}"}}]}`
	onBoth(t, registry.Options{}, func(g *gateway) {
		fill := func(p, b, base string) string {
			return strings.NewReplacer("{p}", p, "{b}", b, "{base}", base).Replace(doc)
		}
		a := g.want(200, http.MethodPost, "", bundleOf("transaction",
			post("", fill(urnPatient, urnBinary, g.url)),
			post(urnPatient, `{"resourceType":"Patient"}`),
			post(urnBinary, `{"resourceType":"Binary","contentType":"text/plain","data":"QQ=="}`)))
		at := func(i int) string {
			ref, _ := fhir.ParseReference(a.body.Get("entry").At(i).Path("response", "location").String())
			return ref.Local()
		}
		p, b := at(1), at(2)
		want := fill(p, b, "")
		// What is no link stays: an identifier's value, a text, a canonical.
		for _, keep := range []string{`"value":"{p}"`, `"valueString":"{b}"`, `"valueCanonical":"{b}"`, `alt=\"{b}\"`, ` {b}</div>`} {
			filled := strings.NewReplacer("{p}", p, "{b}", b).Replace(keep)
			if !strings.Contains(want, filled) {
				t.Fatalf("no %s", filled)
			}
			want = strings.Replace(want, filled, strings.NewReplacer("{p}", urnPatient, "{b}", urnBinary).Replace(keep), 1)
		}
		n, err := fhir.Parse([]byte(strings.Replace(want, `"/Patient/there"`, `"Patient/there"`, 1)))
		if err != nil {
			t.Fatal(err)
		}
		got := g.want(200, http.MethodGet, "/"+at(0), "").body
		if diff := cmp.Diff(plain(n, nil, nil), plain(got, nil, nil)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if ids := g.want(200, http.MethodGet, "/DocumentReference?patient="+p, "").ids(); len(ids) != 1 {
			t.Errorf("the rewritten reference is not searchable: %v", ids)
		}
	})
}

func TestLinksByAddress(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		g.want(201, http.MethodPut, "/Organization/o", `{"resourceType":"Organization","id":"o","identifier":[{"system":"https://example.org/n","value":"O1"}]}`)
		a := g.want(200, http.MethodPost, "", bundleOf("transaction",
			// A relative reference is read from the address of its own entry.
			post("https://source.org/fhir/Basic/1", `{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"Patient/9"},"author":{"reference":"https://source.org/fhir/Patient/9"}}`),
			post("https://source.org/fhir/Patient/9", `{"resourceType":"Patient","managingOrganization":{"reference":"Organization?identifier=https://example.org/n|O1"}}`),
			// One without address means this server.
			post("", `{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"Patient/9"}}`),
			// A resource's own url is not a link.
			post("https://source.org/fhir/ValueSet/1", `{"resourceType":"ValueSet","status":"draft","url":"https://source.org/fhir/ValueSet/1"}`),
			`{"fullUrl":"`+urnPatient+`","resource":`+person("fixed", "F")+`,"request":{"method":"PUT","url":"Patient/fixed"}}`,
			post("", `{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"`+urnPatient+`"}}`)))
		at := func(i int) *fhir.Node {
			ref, _ := fhir.ParseReference(a.body.Get("entry").At(i).Path("response", "location").String())
			return g.want(200, http.MethodGet, "/"+ref.Local(), "").body
		}
		patient := at(1)
		want := "Patient/" + patient.Get("id").String()
		for _, check := range []struct{ what, got, want string }{
			{"relative", at(0).Path("subject", "reference").String(), want},
			{"absolute", at(0).Path("author", "reference").String(), want},
			{"conditional", patient.Path("managingOrganization", "reference").String(), "Organization/o"},
			{"without address", at(2).Path("subject", "reference").String(), "Patient/9"},
			{"own url", at(3).Get("url").String(), "https://source.org/fhir/ValueSet/1"},
			{"update", at(5).Path("subject", "reference").String(), "Patient/fixed"},
		} {
			if check.got != check.want {
				t.Errorf("%s: %q, want %q", check.what, check.got, check.want)
			}
		}
		// Outside of transactions conditional references are resolved too.
		one := g.want(201, http.MethodPost, "/Patient", `{"resourceType":"Patient","managingOrganization":{"reference":"Organization?identifier=O1"}}`)
		if got := one.body.Path("managingOrganization", "reference").String(); got != "Organization/o" {
			t.Errorf("conditional reference of a create: %q", got)
		}
	})
}

func TestEnforcedReferences(t *testing.T) {
	onBoth(t, registry.Options{EnforceReferences: true}, func(g *gateway) {
		a := g.want(422, http.MethodPost, "/Basic", `{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"Patient/none"}}`)
		if _, at, _ := a.issue(); at != "Basic.subject.reference" {
			t.Errorf("at %q", at)
		}
		g.want(200, http.MethodPost, "", bundleOf("transaction",
			post("", `{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"Patient/new"}}`), put("Patient/new", person("new", "N"))))
		g.want(422, http.MethodPost, "", bundleOf("transaction",
			post("", `{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"Patient/new"},"author":{"reference":"Patient/none"}}`)))
		g.want(422, http.MethodPost, "", bundleOf("transaction",
			post("", fmt.Sprintf(`{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":%q}}`, "Patient/gone")), ask("DELETE", "Patient/gone")))
	})
}
