package rest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/xml"
	"github.com/jamii-health/jamii/internal/registry"
)

// reply is an answer in any format.
func (g *gateway) reply(method, path, body string, headers ...string) (code int, media, text string) {
	g.t.Helper()
	req, err := http.NewRequestWithContext(g.t.Context(), method, g.url+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	req.SetBasicAuth("admin", "x")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Content-Type"), string(raw)
}

// tree reads an answer that must be XML.
func (g *gateway) tree(code int, method, path, body string, headers ...string) *fhir.Node {
	g.t.Helper()
	got, media, text := g.reply(method, path, body, headers...)
	if got != code || media != "application/fhir+xml; charset=utf-8" {
		g.t.Fatalf("%s %s answered %d %s, want %d: %.300s", method, path, got, media, code, text)
	}
	n, err := xml.Parse([]byte(text))
	if err != nil {
		g.t.Fatalf("%s %s: %v: %.300s", method, path, err, text)
	}
	return n
}

const (
	wantXML = "Accept: application/fhir+xml"
	sendXML = "Content-Type: application/fhir+xml"
)

func TestNegotiation(t *testing.T) {
	const js, x = "application/fhir+json; charset=utf-8", "application/fhir+xml; charset=utf-8"
	tests := []struct {
		query, accept, want string // "" wants 406
	}{
		{"", "", js},
		{"", "*/*", js},
		{"", "application/fhir+xml", x},
		{"", "application/xml", x},
		{"", "text/xml", x},
		{"", "application/fhir+json;q=0.5, application/fhir+xml", x},
		{"", "application/fhir+xml;q=0.5, application/fhir+json;q=0.6", js},
		{"", "application/fhir+xml;q=0, application/fhir+json;q=0.1", js},
		{"", "text/csv, */*;q=0.1", js},
		{"", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", js},
		{"", "application/fhir+xml; fhirVersion=4.0", x},
		{"", "application/fhir+xml; fhirVersion=3.0", ""},
		{"", "text/csv", ""},
		{"", "application/fhir+xml;q=x", ""},
		{"?_format=xml", "application/fhir+json", x},
		{"?_format=text/xml", "", x},
		{"?_format=application/fhir%2Bxml", "", x},
		{"?_format=application/fhir+xml", "", x},
		{"?_format=json", "application/fhir+xml", js},
		{"?_format=application/json", "text/csv", js},
		{"?_format=ttl", "application/fhir+json", ""},
	}
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		g.want(201, http.MethodPut, "/Patient/p", person("p", "A"))
		for _, path := range []string{"/Patient/p", "/metadata"} {
			for _, tt := range tests {
				code, media, text := g.reply(http.MethodGet, path+tt.query, "", "Accept: "+tt.accept)
				switch {
				case tt.want == "" && (code != 406 || media != js):
					t.Errorf("%s%s, Accept %s: %d %s", path, tt.query, tt.accept, code, media)
				case tt.want != "" && (code != 200 || media != tt.want || (text[0] == '<') != (tt.want == x)):
					t.Errorf("%s%s, Accept %s: %d %s, want %s", path, tt.query, tt.accept, code, media, tt.want)
				}
			}
		}
	})
}

func TestXMLBodies(t *testing.T) {
	const sent = `<Patient xmlns="http://hl7.org/fhir"><id value="p"/><extension url="http://x.org/e"><valueDecimal value="1.10"/></extension><name><family value="&lt;A&gt;"/><given value="g"/></name><birthDate value="1974"><extension url="http://x.org/t"><valueString value="x"/></extension></birthDate></Patient>`
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		for _, bad := range []struct {
			body, media string
			code        int
		}{
			{`<Patient xmlns="http://hl7.org/fhir">`, sendXML, 400},
			{`<Patient/>`, sendXML, 400},
			{`<Patient xmlns="http://hl7.org/fhir"><gender value="man"/></Patient>`, sendXML, 422},
			{`<!DOCTYPE x><Patient xmlns="http://hl7.org/fhir"/>`, sendXML, 400},
			{person("", "A"), sendXML, 400},
			{sent, "Content-Type: application/fhir+json", 400},
			{sent, "Content-Type: application/fhir+xml; fhirVersion=5.0", 415},
			{sent, "Content-Type: text/turtle", 415},
			{"", sendXML, 400},
		} {
			n := g.tree(bad.code, http.MethodPost, "/Patient", bad.body, bad.media, wantXML)
			if n.ResourceType() != "OperationOutcome" || n.Get("issue").At(0).Get("severity").String() != "error" {
				t.Errorf("%s: %s", bad.body, n.JSON())
			}
		}
		n := g.tree(201, http.MethodPut, "/Patient/p", sent, sendXML)
		for _, media := range []string{"Content-Type: application/xml", "Content-Type: text/xml; charset=utf-8"} {
			g.tree(200, http.MethodPut, "/Patient/p", sent, media)
		}
		a := g.want(200, http.MethodGet, "/Patient/p", "")
		want := `[{"url":"http://x.org/e","valueDecimal":1.10}]`
		if got := string(a.body.Get("extension").JSON()); got != want || a.body.Path("name", "family").String() != "<A>" || a.body.Get("_birthDate") == nil {
			t.Errorf("%s", a.raw)
		}
		n.Remove("meta")
		a.body.Remove("meta")
		if diff := cmp.Diff(string(a.body.JSON()), string(n.JSON())); diff != "" {
			t.Errorf("XML and JSON differ (-JSON +XML):\n%s", diff)
		}
		if _, _, text := g.reply(http.MethodGet, "/Patient/p?_pretty=true", "", wantXML); !strings.Contains(text, "\n  <name>") {
			t.Errorf("_pretty: %s", text)
		}
	})
}

// A character that JSON holds and XML does not: what was stored is not refused
// afterwards, and a read says what to do.
func TestWhatXMLCannotHold(t *testing.T) {
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		code, media, text := g.reply(http.MethodPut, "/Patient/p", person("p", "a\ufffeb"), "Content-Type: application/fhir+json", wantXML)
		if code != 201 || media != "application/fhir+json; charset=utf-8" || !strings.Contains(text, `"id":"p"`) {
			t.Errorf("%d %s %s", code, media, text)
		}
		if n := g.tree(406, http.MethodGet, "/Patient/p", "", wantXML); !strings.Contains(string(n.JSON()), "Ask for JSON") {
			t.Errorf("%s", n.JSON())
		}
	})
}

// Everything that is answered can be had in XML.
func TestXMLEverywhere(t *testing.T) {
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		g.want(201, http.MethodPut, "/Patient/p", person("p", "A"))
		g.want(200, http.MethodPut, "/Patient/p", person("p", "B"))
		for path, want := range map[string]string{
			"/metadata": "CapabilityStatement", "/Patient?_count=1": "Bundle", "/?_type=Patient": "Bundle", "/Patient/p/_history": "Bundle", "/Patient/p/_history/1": "Patient",
			"/Patient/p?_summary=true": "Patient", "/Patient/p/$everything": "Bundle", "/Patient/p/$meta": "Parameters",
			"/CodeSystem/$lookup?system=http://hl7.org/fhir/administrative-gender&code=male":   "Parameters",
			"/ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender&count=1": "ValueSet",
		} {
			if n := g.tree(200, http.MethodGet, path, "", wantXML); n.ResourceType() != want {
				t.Errorf("%s gave %s", path, n.ResourceType())
			}
		}
		for path, code := range map[string]int{"/Patient/none": 404, "/Nothing": 404, "/Patient?colour=red": 400, "/Patient/p/$none": 404, "/a/b/c/d/e": 404} {
			if n := g.tree(code, http.MethodGet, path, "", wantXML); n.ResourceType() != "OperationOutcome" {
				t.Errorf("%s gave %s", path, n.ResourceType())
			}
		}
		form := "Content-Type: application/x-www-form-urlencoded"
		if n := g.tree(200, http.MethodPost, "/Patient/_search", "name=B&_format=xml", form); n.Get("total").Text != "1" {
			t.Errorf("%s", n.JSON())
		}
		entry := `<entry><resource>%s</resource><request><method value="%s"/><url value="%s"/></request></entry>`
		body := `<Patient xmlns="http://hl7.org/fhir"><active value="true"/></Patient>`
		for _, kind := range []string{"batch", "transaction"} {
			sent := `<Bundle xmlns="http://hl7.org/fhir"><type value="` + kind + `"/>` + fmt.Sprintf(entry, body, "POST", "Patient") +
				`<entry><request><method value="GET"/><url value="Patient/p?_format=xml"/></request></entry></Bundle>`
			n := g.tree(200, http.MethodPost, "", sent, sendXML)
			first, second := n.Get("entry").At(0), n.Get("entry").At(1)
			if first.Path("response", "status").String() != "201 Created" || second.Path("resource", "id").String() != "p" {
				t.Errorf("%s: %s", kind, n.JSON())
			}
		}
	})
}

// A Binary travels as its bytes, also when they are XML; as a resource it is
// read by the names of FHIR's formats.
func TestBinaryOfXML(t *testing.T) {
	const document = `<?xml version="1.0"?><ClinicalDocument/>`
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		g.tree(201, http.MethodPut, "/Binary/d", document, "Content-Type: text/xml", wantXML)
		n := g.tree(200, http.MethodGet, "/Binary/d", "", wantXML)
		if n.Get("contentType").String() != "text/xml" || n.Get("id").String() != "d" {
			t.Errorf("%s", n.JSON())
		}
		if code, media, text := g.reply(http.MethodGet, "/Binary/d", "", "Accept: text/xml"); code != 200 || media != "text/xml" || text != document {
			t.Errorf("%d %s %s", code, media, text)
		}
		g.tree(200, http.MethodPut, "/Binary/d", `<Binary xmlns="http://hl7.org/fhir"><id value="d"/><contentType value="text/plain"/><data value="QQ=="/></Binary>`, sendXML)
		if code, _, text := g.reply(http.MethodGet, "/Binary/d", "", "Accept: text/plain"); code != 200 || text != "A" {
			t.Errorf("%d %s", code, text)
		}
	})
}
