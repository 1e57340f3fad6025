package rest_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/jamii-health/jamii/internal/registry"
)

const asPatch = "Content-Type: application/json-patch+json"

func pathPatch(kind, path, more string) string {
	return fmt.Sprintf(`{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":%q},{"name":"path","valueString":%q}%s]}]}`, kind, path, more)
}

const (
	toFemale  = `[{"op":"add","path":"/gender","value":"female"}]`
	addFamily = `,{"name":"name","valueString":"name"},{"name":"value","valueHumanName":{"family":"Q"}}`
)

func TestPatchRefuses(t *testing.T) {
	tests := []struct {
		name, path, body string
		headers          []string
		code             int
		issue, at        string
	}{
		{"unknown id", "/Patient/none", toFemale, []string{asPatch}, 404, "not-found", ""},
		{"deleted", "/Patient/gone", toFemale, []string{asPatch}, 410, "deleted", ""},
		{"managed", "/Coverage/m", `[{"op":"replace","path":"/status","value":"draft"}]`, []string{asPatch}, 409, "business-rule", ""},
		{"stale", "/Patient/p", toFemale, []string{asPatch, `If-Match: W/"7"`}, 412, "conflict", ""},
		{"If-Match that is none", "/Patient/p", toFemale, []string{asPatch, `If-Match: 1`}, 400, "value", ""},
		{"another media type", "/Patient/p", "a,b", []string{"Content-Type: text/csv"}, 415, "not-supported", ""},
		{"XML Patch", "/Patient/p", "<diff/>", []string{"Content-Type: application/xml-patch+xml"}, 415, "not-supported", ""},
		{"no body", "/Patient/p", "", nil, 415, "not-supported", ""},
		{"no JSON", "/Patient/p", "[{", []string{asPatch}, 400, "structure", ""},
		{"no array", "/Patient/p", `{"op":"remove","path":"/name"}`, []string{asPatch}, 400, "structure", ""},
		{"a resource", "/Patient/p", person("p", "X"), nil, 400, "structure", ""},
		{"the id", "/Patient/p", `[{"op":"replace","path":"/id","value":"q"}]`, []string{asPatch}, 422, "business-rule", "Patient.id"},
		{"without the id", "/Patient/p", `[{"op":"remove","path":"/id"}]`, []string{asPatch}, 422, "business-rule", "Patient.id"},
		{"the type", "/Patient/p", `[{"op":"replace","path":"/resourceType","value":"Group"}]`, []string{asPatch}, 422, "business-rule", "Patient.resourceType"},
		{"the whole", "/Patient/p", `[{"op":"replace","path":"","value":[]}]`, []string{asPatch}, 422, "structure", ""},
		{"to an invalid resource", "/Patient/p", `[{"op":"add","path":"/gender","value":"man"}]`, []string{asPatch}, 422, "code-invalid", "Patient.gender"},
		{"a test that fails", "/Patient/p", `[{"op":"add","path":"/gender","value":"male"},{"op":"test","path":"/name/0/family","value":"B"}]`, []string{asPatch}, 422, "processing", "Patient.name[0].family"},
		{"a path that selects nothing", "/Patient/p", pathPatch("replace", "Patient.birthDate", `,{"name":"value","valueDate":"1990"}`), nil, 422, "processing", ""},
		{"a type that is none", "/Person1/p", toFemale, []string{asPatch}, 404, "not-supported", ""},
		{"no condition", "/Patient", toFemale, []string{asPatch}, 400, "required", ""},
		{"a condition that finds nothing", "/Patient?" + byNumber + "none", toFemale, []string{asPatch}, 404, "not-found", ""},
		{"a condition that finds several", "/Patient?" + byNumber + "two", toFemale, []string{asPatch}, 412, "multiple-matches", ""},
	}
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		g.want(201, http.MethodPut, "/Patient/p", person("p", "A"))
		g.want(201, http.MethodPut, "/Patient/gone", person("gone", "A"))
		g.want(204, http.MethodDelete, "/Patient/gone", "")
		g.want(201, http.MethodPost, "/Patient", numbered("two", "A"))
		g.want(201, http.MethodPost, "/Patient", numbered("two", "B"))
		g.managed(`{"resourceType":"Coverage","id":"m","status":"active","beneficiary":{"reference":"Patient/p"},"payor":[{"display":"x"}]}`)
		for _, tt := range tests {
			a := g.do("admin", http.MethodPatch, tt.path, tt.body, tt.headers...)
			issue, at, text := a.issue()
			if a.code != tt.code || issue != tt.issue || tt.at != "" && at != tt.at {
				t.Errorf("%s: %d %s at %q (%s), want %d %s at %q", tt.name, a.code, issue, at, text, tt.code, tt.issue, tt.at)
			}
		}
		if a := g.want(200, http.MethodGet, "/Patient/p", ""); a.header.Get("ETag") != `W/"1"` {
			t.Errorf("a refused patch made version %s", a.header.Get("ETag"))
		}
	})
}

func TestPatch(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		g.want(201, http.MethodPut, "/Patient/p", `{"resourceType":"Patient","id":"p","identifier":[{"system":"https://example.org/n","value":"1"}],"name":[{"family":"A"},{"family":"B"}],"extension":[{"url":"http://x.org/e","valueDecimal":1.10}]}`)
		a := g.want(200, http.MethodPatch, "/Patient/p", toFemale, asPatch, `If-Match: W/"1"`)
		if a.header.Get("ETag") != `W/"2"` || a.header.Get("Content-Location") != g.url+"/Patient/p/_history/2" || a.body.Get("gender").String() != "female" {
			t.Errorf("JSON Patch: %v %s", a.header, a.raw)
		}
		if got := string(a.body.Get("extension").JSON()); got != `[{"url":"http://x.org/e","valueDecimal":1.10}]` {
			t.Errorf("the rest changed: %s", got)
		}
		a = g.want(200, http.MethodPatch, "/Patient?"+byNumber+"1", pathPatch("add", "Patient", addFamily), "Prefer: return=minimal")
		if len(a.raw) != 0 || a.header.Get("ETag") != `W/"3"` {
			t.Errorf("Prefer: %v %s", a.header, a.raw)
		}
		xml := `<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/><part><name value="type"/><valueCode value="delete"/></part><part><name value="path"/><valueString value="Patient.name[0]"/></part></parameter></Parameters>`
		a = g.want(200, http.MethodPatch, "/Patient/p", xml, "Content-Type: application/fhir+xml", "Accept: application/fhir+json")
		if got := string(a.body.Get("name").JSON()); got != `[{"family":"B"},{"family":"Q"}]` {
			t.Errorf("FHIRPath Patch in XML: %s", got)
		}
		h := g.want(200, http.MethodGet, "/Patient/p/_history", "")
		if got := h.body.Get("entry").At(0).Path("request", "method").String(); got != http.MethodPatch {
			t.Errorf("history says %s", got)
		}
		if row := g.trail()[1]; row.Interaction != "patch" || row.Action != "U" || row.Ref != "Patient/p" {
			t.Errorf("trail: %+v", row)
		}
	})
}

func TestPatchInBundles(t *testing.T) {
	binary := fmt.Sprintf(`{"resourceType":"Binary","contentType":"application/json-patch+json","data":%q}`, base64.StdEncoding.EncodeToString([]byte(toFemale)))
	refer := pathPatch("add", "Patient", `,{"name":"name","valueString":"managingOrganization"},{"name":"value","valueReference":{"reference":"urn:uuid:11111111-1111-4111-8111-111111111111"}}`)
	organization := post("urn:uuid:11111111-1111-4111-8111-111111111111", `{"resourceType":"Organization","name":"O"}`)
	entry := func(url, resource, more string) string {
		return fmt.Sprintf(`{"resource":%s,"request":{%s"method":"PATCH","url":%q}}`, resource, more, url)
	}
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		g.want(201, http.MethodPut, "/Patient/p", person("p", "A"))
		g.want(201, http.MethodPut, "/Patient/q", person("q", "A"))
		for i, kind := range []string{"batch", "transaction"} {
			a := g.want(200, http.MethodPost, "", bundleOf(kind, entry("Patient/p", binary, ""), entry("Patient/q", pathPatch("add", "Patient", addFamily), fmt.Sprintf(`"ifMatch":"W/\"%d\"",`, i+1))))
			for _, e := range a.body.Get("entry").Each() {
				if got := e.Path("response", "status").String(); got != "200 OK" {
					t.Errorf("%s: %s", kind, e.JSON())
				}
			}
		}
		if a := g.want(200, http.MethodGet, "/Patient/q", ""); len(a.body.Get("name").Each()) != 3 {
			t.Errorf("%s", a.raw)
		}
		g.want(200, http.MethodPost, "", bundleOf("transaction", entry("Patient/p", refer, ""), organization))
		ref := g.want(200, http.MethodGet, "/Patient/p", "").body.Path("managingOrganization", "reference").String()
		g.want(200, http.MethodGet, "/"+ref, "")
		for name, tt := range map[string]struct {
			entry string
			code  int
		}{
			"stale":            {entry("Patient/p", binary, `"ifMatch":"W/\"1\"",`), 412},
			"unknown":          {entry("Patient/none", binary, ""), 404},
			"no resource":      {`{"request":{"method":"PATCH","url":"Patient/p"}}`, 400},
			"no base64":        {entry("Patient/p", `{"resourceType":"Binary","contentType":"application/json-patch+json","data":"!"}`, ""), 400},
			"another Binary":   {entry("Patient/p", `{"resourceType":"Binary","contentType":"text/plain","data":"QQ=="}`, ""), 400},
			"to invalid":       {entry("Patient/p", pathPatch("replace", "Patient.gender", `,{"name":"value","valueCode":"man"}`), ""), 422},
			"written twice":    {entry("Patient/p", binary, "") + "," + put("Patient/p", person("p", "Z")), 400},
			"an url of a type": {entry("Patient", binary, ""), 400},
		} {
			if a := g.do("admin", http.MethodPost, "", bundleOf("transaction", tt.entry)); a.code != tt.code {
				t.Errorf("%s: %d, want %d: %s", name, a.code, tt.code, a.raw)
			}
		}
	})
}

// Of parallel patches none is lost, and with If-Match one wins.
func TestParallelPatches(t *testing.T) {
	const n = 12
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		g.want(201, http.MethodPut, "/Patient/p", person("p", "A"))
		run := func(headers ...string) (won int) {
			var wait sync.WaitGroup
			codes := make([]int, n)
			for i := range n {
				wait.Go(func() {
					body := fmt.Sprintf(`[{"op":"add","path":"/name/-","value":{"family":"F%d"}}]`, i)
					codes[i] = g.do("admin", http.MethodPatch, "/Patient/p", body, append(headers, asPatch)...).code
				})
			}
			wait.Wait()
			for _, code := range codes {
				if code == 200 {
					won++
				} else if code != 412 {
					t.Errorf("answered %d", code)
				}
			}
			return won
		}
		if won := run(`If-Match: W/"1"`); won != 1 {
			t.Errorf("%d won with one If-Match", won)
		}
		if won := run(); won != n {
			t.Errorf("%d of %d patches succeeded", won, n)
		}
		if a := g.want(200, http.MethodGet, "/Patient/p", ""); len(a.body.Get("name").Each()) != n+2 {
			t.Errorf("%d names, want %d", len(a.body.Get("name").Each()), n+2)
		}
	})
}

// A facility patches what is its own, and cannot give it away.
func TestFacilityPatches(t *testing.T) {
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		g.twoFacilities()
		patch := func(code int, path, body string) answer {
			t.Helper()
			return g.wantAs("a", code, http.MethodPatch, path, body, asPatch)
		}
		patch(200, "/Claim/ca", `[{"op":"add","path":"/language","value":"en"}]`)
		patch(403, "/Claim/ca", `[{"op":"replace","path":"/provider/reference","value":"Organization/b"}]`)
		patch(403, "/Claim/ca", `[{"op":"add","path":"/meta/tag","value":[{"system":"https://jamii.health/fhir/CodeSystem/owner","code":"Organization/b"}]}]`)
		made := g.wantAs("a", 201, http.MethodPost, "/Communication", `{"resourceType":"Communication","status":"completed"}`)
		path := "/Communication/" + made.body.Get("id").String()
		if a := patch(200, path, `[{"op":"remove","path":"/meta/tag"}]`); a.body.Path("meta", "tag", "code").String() != "Organization/a" {
			t.Errorf("the owner was patched away: %s", a.raw)
		}
		patch(200, "/Patient/pa", `[{"op":"add","path":"/gender","value":"female"}]`)
		patch(403, "/Organization/a", `[{"op":"add","path":"/language","value":"en"}]`)
		patch(403, "/ClaimResponse/ra", `[{"op":"replace","path":"/outcome","value":"error"}]`)
		if a := g.want(200, http.MethodGet, "/Claim/ca", ""); a.header.Get("ETag") != `W/"2"` {
			t.Errorf("a refused patch made %s", a.header.Get("ETag"))
		}
	})
}
