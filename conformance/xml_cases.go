package main

import (
	"encoding/xml"
	"io"
	"strings"

	"github.com/jamii-health/jamii/fhir"
)

const (
	asXML  = "Accept: application/fhir+xml"
	inXML  = "Content-Type: application/fhir+xml"
	fhirNS = "http://hl7.org/fhir"
)

// tag is an XML element.
type tag struct {
	XMLName xml.Name
	Value   string     `xml:"value,attr"`
	Attrs   []xml.Attr `xml:",any,attr"`
	Inner   []tag      `xml:",any"`
	Text    string     `xml:",chardata"`
}

// XML reads the body of an answer.
func (t *T) XML(r Reply) tag {
	t.Want(strings.HasPrefix(r.Header.Get("Content-Type"), "application/fhir+xml"), "Content-Type %q", r.Header.Get("Content-Type"))
	var root tag
	d := xml.NewDecoder(strings.NewReader(string(r.Raw)))
	if err := d.Decode(&root); err != nil {
		t.Fail("no XML: %v: %.200s", err, r.Raw)
	}
	_, err := d.Token()
	for err == nil {
		_, err = d.Token()
	}
	t.Want(err == io.EOF, "after the root: %v", err)
	t.Want(root.XMLName.Space == fhirNS, "namespace %q", root.XMLName.Space)
	return root
}

// at walks to the first child of each name.
func (g tag) at(names ...string) tag {
	for _, name := range names {
		next := tag{}
		for _, c := range g.Inner {
			if c.XMLName.Local == name {
				next = c
				break
			}
		}
		g = next
	}
	return g
}

const someone = `<Patient xmlns="http://hl7.org/fhir"><text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><p>A &amp; B <b>c</b></p></div></text><extension url="http://x.org/e"><valueDecimal value="1.10"/></extension><identifier><system value="urn:conformance"/><value value="{tag}"/></identifier><name><family value="&lt;O'Neil&gt; &quot;x&quot;"/><given value="a"/><given value="b"/></name><birthDate value="1974-12-25"><extension url="http://x.org/t"><valueDateTime value="1974-12-25T14:35:45-05:00"/></extension></birthDate><multipleBirthInteger value="2"/></Patient>`

func xmlCases() []Case {
	const clause = "xml.html"
	mk := func(name, clause string, run func(t *T)) Case { return Case{"xml", name, clause, run} }
	made := func(t *T) string {
		r := t.Code(t.Do("POST", "/Patient", strings.ReplaceAll(someone, "{tag}", t.Tag), inXML), 201)
		return idFrom(r.Header.Get("Location"), "Patient")
	}
	return []Case{
		mk("a read in XML", clause, func(t *T) {
			id, _ := t.Create(person(t, ""))
			g := t.XML(t.Get("/Patient/"+id, asXML))
			t.Want(g.XMLName.Local == "Patient" && g.at("id").Value == id && g.at("birthDate").Value == "1974-12-25" && g.at("name", "given").Value == "Peter", "%+v", g)
		}),
		mk("_format=xml", "http.html#parameters", func(t *T) {
			id, _ := t.Create(person(t, ""))
			for _, f := range []string{"xml", "text/xml", "application/xml", "application/fhir%2Bxml"} {
				r := t.Get("/Patient/" + id + "?_format=" + f)
				t.Want(strings.Contains(r.Header.Get("Content-Type"), "xml") && strings.Contains(string(r.Raw), "<Patient"), "%s gave %s", f, r.Header.Get("Content-Type"))
			}
		}),
		mk("_format=json overrides Accept of XML", "http.html#parameters", func(t *T) {
			id, _ := t.Create(person(t, ""))
			t.Want(t.Get("/Patient/"+id+"?_format=json", asXML).Body != nil, "no JSON")
		}),
		mk("a create in XML is read in JSON", clause, func(t *T) {
			b := t.Get("/Patient/" + made(t)).Body
			t.Want(b.Path("name", "family").String() == `<O'Neil> "x"` && len(b.Path("name", "given").Each()) == 2, "name %s", b.Get("name").JSON())
			t.Want(b.Get("multipleBirthInteger").Is(fhir.KindNumber) && b.Get("multipleBirthInteger").Text == "2", "integer %s", b.Get("multipleBirthInteger").JSON())
		}),
		mk("decimals keep their precision through XML", clause, func(t *T) {
			id := made(t)
			t.Want(t.Get("/Patient/"+id).Body.Path("extension", "valueDecimal").Text == "1.10", "not 1.10 in JSON")
			t.Want(t.XML(t.Get("/Patient/"+id, asXML)).at("extension", "valueDecimal").Value == "1.10", "not 1.10 in XML")
		}),
		mk("extensions of primitives come through XML", clause, func(t *T) {
			id := made(t)
			t.Want(t.Get("/Patient/"+id).Body.Path("_birthDate", "extension", "valueDateTime").String() == "1974-12-25T14:35:45-05:00", "lost in JSON")
			t.Want(t.XML(t.Get("/Patient/"+id, asXML)).at("birthDate", "extension", "valueDateTime").Value == "1974-12-25T14:35:45-05:00", "lost in XML")
		}),
		mk("the narrative comes through XML", clause, func(t *T) {
			id := made(t)
			div := t.Get("/Patient/"+id).Body.Path("text", "div").String()
			t.Want(strings.Contains(div, "<b>c</b>") && strings.Contains(div, "&amp;"), "div %s", div)
			g := t.XML(t.Get("/Patient/"+id, asXML)).at("text", "div")
			t.Want(g.XMLName.Space == "http://www.w3.org/1999/xhtml" && g.at("p", "b").Text == "c", "%+v", g)
		}),
		mk("elements of XML stand in the order of the definition", clause, func(t *T) {
			id, _ := t.Create(`{"gender":"male","birthDate":"1990-01-01","resourceType":"Patient","name":[{"given":["b"],"family":"a"}],"active":true}`)
			raw := string(t.Get("/Patient/"+id, asXML).Raw)
			at := -1
			for _, want := range []string{"<id", "<meta", "<active", "<name", "<family", "<given", "<gender", "<birthDate"} {
				i := strings.Index(raw, want)
				t.Want(i > at, "%s is not in order: %s", want, raw)
				at = i
			}
		}),
		mk("contained resources in XML", clause, func(t *T) {
			id, _ := t.Create(person(t, `"contained":[{"resourceType":"Organization","id":"o","name":"In"}],"managingOrganization":{"reference":"#o"}`))
			t.Want(t.XML(t.Get("/Patient/"+id, asXML)).at("contained", "Organization", "name").Value == "In", "lost")
		}),
		mk("what XML gives can be written back", clause, func(t *T) {
			id, _ := t.Create(person(t, `"_gender":{"id":"g"},"deceasedBoolean":false,"contact":[{"name":{"given":["a",null],"_given":[null,{"extension":[{"url":"http://x.org/e","valueString":"x"}]}]}}]`))
			before := t.Get("/Patient/" + id)
			t.Code(t.Do("PUT", "/Patient/"+id, string(t.Get("/Patient/"+id, asXML).Raw), inXML), 200)
			after := t.Get("/Patient/" + id).Body
			for _, m := range before.Body.Nodes {
				if m.Name != "meta" {
					t.Want(string(after.Get(m.Name).JSON()) == string(m.JSON()), "%s came back as %s", m.JSON(), after.Get(m.Name).JSON())
				}
			}
		}),
		mk("an answer to a create in XML is XML when asked for", "http.html#mime-type", func(t *T) {
			r := t.Code(t.Do("POST", "/Patient", strings.ReplaceAll(someone, "{tag}", t.Tag), inXML, asXML), 201)
			t.Want(t.XML(r).XMLName.Local == "Patient", "%.200s", r.Raw)
		}),
		mk("an error in XML", clause, func(t *T) {
			g := t.XML(t.Code(t.Do("GET", "/Patient/none-"+t.Tag, "", asXML), 404))
			t.Want(g.XMLName.Local == "OperationOutcome" && g.at("issue", "severity").Value == "error", "%+v", g)
		}),
		mk("a search in XML", clause, func(t *T) {
			id, _ := t.Create(person(t, ""))
			g := t.XML(t.Get("/Patient?identifier="+t.Tag, asXML))
			t.Want(g.XMLName.Local == "Bundle" && g.at("entry", "resource", "Patient", "id").Value == id && g.at("total").Value == "1", "%+v", g)
		}),
		mk("a transaction in XML", clause, func(t *T) {
			body := `<Bundle xmlns="http://hl7.org/fhir"><type value="transaction"/><entry><resource>` + strings.ReplaceAll(someone, "{tag}", t.Tag) + `</resource><request><method value="POST"/><url value="Patient"/></request></entry></Bundle>`
			g := t.XML(t.Code(t.Do("POST", "", body, inXML, asXML), 200))
			t.Want(strings.HasPrefix(g.at("entry", "response", "status").Value, "201"), "%+v", g)
		}),
		mk("metadata in XML", "http.html#capabilities", func(t *T) {
			t.Want(t.XML(t.Get("/metadata", asXML)).at("fhirVersion").Value == "4.0.1", "fhirVersion")
		}),
		mk("XML is validated", clause, func(t *T) {
			t.Refused(t.Do("POST", "/Patient", `<Patient xmlns="http://hl7.org/fhir"><gender value="man"/></Patient>`, inXML), 400, 422)
		}),
		mk("XML that cannot be read is refused", clause, func(t *T) {
			for _, bad := range []string{
				`<Patient xmlns="http://hl7.org/fhir">`,
				`<Patient xmlns="http://hl7.org/fhir"><colour value="red"/></Patient>`,
				`<Patient><active value="true"/></Patient>`,
				`<Patient xmlns="http://hl7.org/fhir"><active value="true"/></Patient><x/>`,
				`<Patient xmlns="http://hl7.org/fhir"><active value="true" colour="red"/></Patient>`,
				`<Patient xmlns="http://hl7.org/fhir"><active>true</active></Patient>`,
				`<Pazient xmlns="http://hl7.org/fhir"/>`,
			} {
				r := t.Do("POST", "/Patient", bad, inXML)
				t.Want(r.Code != 415, "XML is not taken")
				t.Refused(r, 400, 422)
			}
		}),
		mk("XML with a document type is refused", "security.html", func(t *T) {
			r := t.Do("POST", "/Patient", `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><Patient xmlns="http://hl7.org/fhir"><name><family value="&e;"/></name></Patient>`, inXML)
			t.Want(r.Code != 415, "XML is not taken")
			t.Refused(r, 400, 422)
		}),
	}
}
