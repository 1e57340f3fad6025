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

// put is an entry that updates, del one that deletes.
func put(url, resource string) string {
	return fmt.Sprintf(`{"resource":%s,"request":{"method":"PUT","url":%q}}`, resource, url)
}

func ask(method, url string) string {
	return fmt.Sprintf(`{"request":{"method":%q,"url":%q}}`, method, url)
}

// statuses lists the status codes of the entries of a response.
func statuses(a answer) string {
	var out []string
	for _, e := range a.body.Get("entry").Each() {
		out = append(out, e.Path("response", "status").String()[:3])
	}
	return strings.Join(out, " ")
}

func TestBatchEntriesAreIndependent(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		g.want(201, http.MethodPut, "/Patient/old", person("old", "X"))
		a := g.want(200, http.MethodPost, "", bundleOf("batch",
			post("", person("", "A")),
			put("Patient/b", person("b", "B")),
			put("Patient/b", person("c", "B")),
			put("Patient/old", `{"resourceType":"Patient","id":"old","gender":"none"}`),
			ask("GET", "Patient/old"),
			ask("GET", "Patient/none"),
			ask("GET", "Patient?identifier=https://example.org/n|..1"),
			ask("GET", "/Patient/old/_history/1"),
			ask("GET", g.url+"/Patient/old"),
			ask("HEAD", "Patient/old"),
			ask("DELETE", "Patient/old"),
			ask("GET", "Patient/old"),
			ask("PATCH", "Patient/old"),
			ask("GET", "https://elsewhere.org/fhir/Patient/old"),
			ask("GET", "Patient/../Patient/old"),
			ask("GET", "../metadata"),
			ask("POST", ""),
			`{"request":{"method":"GET","url":"Patient/b","ifNoneMatch":"W/\"1\""}}`,
			`{"request":{"method":"GET","url":"Patient/b","ifModifiedSince":"2999-01-01T00:00:00Z"}}`,
			`{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient","wrong":"x"}}`,
			`{"resource":{"resourceType":"Patient"}}`,
			`"no entry"`,
			`{"resource":[],"request":{"method":"POST","url":"Patient"}}`,
			`{"resource":`+numbered("1", "N")+`,"request":{"method":"POST","url":"Patient","ifNoneExist":"`+byNumber+`1"}}`,
			`{"resource":`+numbered("1", "N")+`,"request":{"method":"PUT","url":"Patient?identifier=https://example.org/n|1"}}`,
			`{"resource":`+person("b", "N")+`,"request":{"method":"PUT","url":"Patient/b","ifMatch":"W/\"7\""}}`,
		))
		want := "201 201 400 422 200 404 200 200 200 200 204 410 400 400 400 400 400 304 304 400 400 400 400 201 200 412"
		if diff := cmp.Diff(want, statuses(a)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		entries := a.body.Get("entry").Each()
		for i, e := range entries {
			status, outcome := e.Path("response", "status").String(), e.Path("response", "outcome")
			if (status >= "400") != (outcome.ResourceType() == "OperationOutcome") {
				t.Errorf("entry %d %s has outcome %v", i, status, outcome != nil)
			}
		}
		if entries[0].Path("response", "location").String() == "" || entries[0].Path("response", "etag").String() != `W/"1"` || entries[0].Path("response", "lastModified") == nil {
			t.Errorf("response of a create: %s", entries[0].JSON())
		}
		if entries[9].Get("resource") != nil {
			t.Error("HEAD answered with a body")
		}
		if got := entries[19].Path("response", "outcome", "issue").At(0).Get("expression").At(0).String(); got != "Bundle.entry[19].request.wrong" {
			t.Errorf("unknown element at %q", got)
		}
		if a := g.want(200, http.MethodPost, "", `{"resourceType":"Bundle","type":"batch"}`); a.body.Get("type").String() != "batch-response" {
			t.Errorf("empty batch: %s", a.raw)
		}
	})
}

func TestTransactionIsAllOrNothing(t *testing.T) {
	bad := []struct {
		name, entry, path string
		code              int
	}{
		{"an invalid resource", `{"resource":{"resourceType":"Patient","gender":"none"},"request":{"method":"POST","url":"Patient"}}`, "Bundle.entry[1].resource.gender", 422},
		{"an unknown element", `{"resource":{"resourceType":"Patient","nme":[]},"request":{"method":"POST","url":"Patient"}}`, "Bundle.entry[1].resource.nme", 422},
		{"an unresolved urn", `{"resource":{"resourceType":"Patient","managingOrganization":{"reference":"urn:uuid:9c0d8a72-1111-4222-8333-444455556666"}},"request":{"method":"POST","url":"Patient"}}`, "Bundle.entry[1].resource.managingOrganization.reference", 422},
		{"a condition that finds nothing", `{"resource":{"resourceType":"Patient","managingOrganization":{"reference":"Organization?name=nobody"}},"request":{"method":"POST","url":"Patient"}}`, "Bundle.entry[1].resource.managingOrganization.reference", 412},
		{"a condition that finds several", `{"resource":{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"Patient?family=Same"}},"request":{"method":"POST","url":"Basic"}}`, "Bundle.entry[1].resource.subject.reference", 412},
		{"a condition of no sense", `{"resource":{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"Patient?nonsense=1"}},"request":{"method":"POST","url":"Basic"}}`, "Bundle.entry[1].resource.subject.reference", 400},
		{"a stale version", `{"resource":` + person("same1", "X") + `,"request":{"method":"PUT","url":"Patient/same1","ifMatch":"W/\"9\""}}`, "Bundle.entry[1].resource", 412},
		{"the same id twice", put("Patient/first", person("first", "X")), "Bundle.entry[1].resource", 400},
		{"a delete of what is written", ask("DELETE", "Patient/first"), "Bundle.entry[", 400},
		{"the same fullUrl twice", `{"fullUrl":"urn:uuid:9c0d8a72-0000-4222-8333-444455556666","resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}}`, "Bundle.entry[1].fullUrl", 400},
		{"the wrong type", `{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Group"}}`, "Bundle.entry[1].resource.resourceType", 400},
		{"another id", put("Patient/x", person("y", "X")), "Bundle.entry[1].resource.id", 400},
		{"no resource", ask("POST", "Patient"), "Bundle.entry[1].resource", 400},
		{"no method", `{"resource":{"resourceType":"Patient"},"request":{"url":"Patient"}}`, "Bundle.entry[1].request.method", 400},
		{"no type of R4", `{"resource":{"resourceType":"Nothing"},"request":{"method":"POST","url":"Nothing"}}`, "Bundle.entry[1].resource", 404},
		{"POST to an id", `{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient/7"}}`, "Bundle.entry[1].request.url", 400},
		{"PATCH", ask("PATCH", "Patient/same1"), "Bundle.entry[1].resource", 400},
		{"an operation", `{"resource":{"resourceType":"Claim"},"request":{"method":"POST","url":"Claim/$submit"}}`, "Bundle.entry[1].request.url", 400},
		{"a bad id", put("Patient/a_b", person("a_b", "X")), "Bundle.entry[1].resource.id", 422},
		{"another server", put("https://elsewhere.org/Patient/1", person("1", "X")), "Bundle.entry[1].request.url", 400},
		{"a request with an unknown element", `{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient","iffy":"1"}}`, "Bundle.entry[1].request.iffy", 400},
		{"several match", `{"resource":{"resourceType":"Patient"},"request":{"method":"PUT","url":"Patient?family=Same"}}`, "Bundle.entry[1].resource", 412},
	}
	onBoth(t, registry.Options{}, func(g *gateway) {
		g.want(201, http.MethodPut, "/Patient/same1", person("same1", "Same"))
		g.want(201, http.MethodPut, "/Patient/same2", person("same2", "Same"))
		first := `{"fullUrl":"urn:uuid:9c0d8a72-0000-4222-8333-444455556666","resource":` + person("first", "F") + `,"request":{"method":"PUT","url":"Patient/first"}}`
		for _, tt := range bad {
			a := g.want(tt.code, http.MethodPost, "", bundleOf("transaction", first, tt.entry))
			code, at, text := a.issue()
			if code == "" || text == "" || !strings.HasPrefix(at, tt.path) {
				t.Errorf("%s: at %q, want %s: %s", tt.name, at, tt.path, text)
			}
			g.want(404, http.MethodGet, "/Patient/first", "")
		}
	})
}

func TestTransactionOrderAndAnswer(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		g.want(201, http.MethodPut, "/Patient/d", numbered1("d", "7"))
		a := g.want(200, http.MethodPost, "", bundleOf("transaction",
			ask("GET", "Patient?identifier=https://example.org/n|7"),
			put("Patient/u", person("u", "U")),
			`{"resource":`+numbered("7", "New")+`,"request":{"method":"POST","url":"Patient"}}`,
			ask("DELETE", "Patient/d"),
			ask("DELETE", "Patient/never"),
			ask("DELETE", "Patient?"+byNumber+"8"),
			ask("GET", "Patient/d"),
		))
		if diff := cmp.Diff("200 201 201 204 204 204 410", statuses(a)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		entries := a.body.Get("entry").Each()
		if n := entries[0].Path("resource", "total").Text; n != "1" {
			t.Errorf("a GET sees the state after the writes: total %s", n)
		}
		if entries[2].Get("resource") != nil {
			t.Error("without Prefer a transaction answers without bodies")
		}
		a = g.want(200, http.MethodPost, "", bundleOf("transaction", put("Patient/u", person("u", "V"))), "Prefer: return=representation")
		if got := a.body.Get("entry").At(0).Path("resource", "meta", "versionId").String(); got != "2" {
			t.Errorf("representation of version %q", got)
		}
		g.want(200, http.MethodPost, "", bundleOf("transaction"))

		// The same condition twice makes one resource, and both entries name it.
		twice := func(urn string) string {
			return `{"fullUrl":"` + urn + `","resource":` + numbered("9", "N") + `,"request":{"method":"POST","url":"Patient","ifNoneExist":"` + byNumber + `9"}}`
		}
		refer := post("", `{"resourceType":"Basic","id":"x","code":{"text":"x"},"subject":{"reference":"`+urnBinary+`"}}`)
		a = g.want(200, http.MethodPost, "", bundleOf("transaction",
			twice(urnPatient), twice(urnBinary), refer))
		if got := statuses(a); got != "201 200 201" {
			t.Errorf("statuses %s", got)
		}
		location := func(i int) string {
			ref, _ := fhir.ParseReference(a.body.Get("entry").At(i).Path("response", "location").String())
			return ref.Local()
		}
		if location(0) != location(1) {
			t.Errorf("%s and %s", location(0), location(1))
		}
		basic := g.want(200, http.MethodGet, "/"+location(2), "")
		if got := basic.body.Path("subject", "reference").String(); got != location(0) {
			t.Errorf("subject %q, want %q", got, location(0))
		}
		g.want(400, http.MethodPost, "", bundleOf("transaction", put("Patient?"+byNumber+"10", numbered("10", "A")), put("Patient?"+byNumber+"10", numbered("10", "B"))))
	})
}

// numbered1 is numbered with an id.
func numbered1(id, value string) string {
	return strings.Replace(numbered(value, "X"), `{`, `{"id":"`+id+`",`, 1)
}
