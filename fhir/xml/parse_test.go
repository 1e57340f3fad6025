package xml_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/xml"
)

const ns = ` xmlns="http://hl7.org/fhir"`

func TestParseRefuses(t *testing.T) {
	deep := strings.Repeat(`<extension url="u">`, 40) + strings.Repeat(`</extension>`, 40)
	tests := []struct{ name, in, path, text string }{
		{"empty", ``, "", "no XML element"},
		{"document type", `<!DOCTYPE Patient SYSTEM "file:///etc/passwd"><Patient` + ns + `/>`, "", "document type"},
		{"entities of one's own", `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Patient` + ns + `><id value="&b;"/></Patient>`, "", "document type"},
		{"unknown entity", `<Patient` + ns + `><id value="&a;"/></Patient>`, "Patient", "reference"},
		{"entity of HTML", `<Patient` + ns + `><text><div xmlns="http://www.w3.org/1999/xhtml">a&nbsp;b</div></text></Patient>`, "Patient.text.div", "reference"},
		{"processing instruction", `<?xml-stylesheet href="x"?><Patient` + ns + `/>`, "", "processing instruction"},
		{"instruction inside", `<Patient` + ns + `><?x y?></Patient>`, "Patient", "processing instruction"},
		{"other encoding", `<?xml version="1.0" encoding="ISO-8859-1"?><Patient` + ns + `/>`, "", "UTF-8"},
		{"bad UTF-8", "<Patient" + ns + "><id value=\"\xff\"/></Patient>", "", "UTF-8"},
		{"control character", "<Patient" + ns + "><id value=\"\x01\"/></Patient>", "", "character"},
		{"reference to one", `<Patient` + ns + `><id value="&#0;"/></Patient>`, "Patient", "reference"},
		{"XML 1.1", `<?xml version="1.1"?><Patient` + ns + `/>`, "", "XML 1.0"},
		{"no namespace", `<Patient/>`, "", "namespace http://hl7.org/fhir"},
		{"other namespace", `<Patient xmlns="urn:x"/>`, "", "namespace http://hl7.org/fhir"},
		{"other namespace inside", `<Patient` + ns + `><active xmlns="urn:x" value="true"/></Patient>`, "Patient.active", "namespace"},
		{"undeclared prefix", `<f:Patient/>`, "", "prefix is not declared"},
		{"not a resource", `<HumanName` + ns + `/>`, "", "not a resource type"},
		{"abstract", `<DomainResource` + ns + `/>`, "", "not a resource type"},
		{"unknown element", `<Patient` + ns + `><name/><name><given value="a"/><sirname value="b"/></name></Patient>`, "Patient.name[1].sirname", "sirname is not known"},
		{"long name", `<Patient` + ns + `><` + strings.Repeat("x", 65) + `/></Patient>`, "Patient", "with a long name"},
		{"unknown attribute", `<Patient` + ns + `><active value="true" x="y"/></Patient>`, "Patient.active", "attribute x"},
		{"value of a complex type", `<Patient` + ns + `><name value="x"/></Patient>`, "Patient.name[0]", "attribute value"},
		{"id of a resource", `<Patient` + ns + ` id="x"/>`, "Patient", "attribute id"},
		{"prefixed attribute", `<Patient` + ns + `><active xml:value="true"/></Patient>`, "Patient.active", "attribute value"},
		{"id of an element", `<Patient` + ns + `><name><id value="x"/></name></Patient>`, "Patient.name[0].id", "as an attribute"},
		{"url of an extension", `<Patient` + ns + `><extension><url value="x"/></extension></Patient>`, "Patient.extension[0].url", "as an attribute"},
		{"not a number", `<Observation` + ns + `><valueQuantity><value value="01"/></valueQuantity></Observation>`, "Observation.valueQuantity.value", "not a number"},
		{"not a boolean", `<Patient` + ns + `><active value="1"/></Patient>`, "Patient.active", "true or false"},
		{"empty primitive", `<Patient` + ns + `><birthDate/></Patient>`, "Patient.birthDate", "empty"},
		{"twice", `<Patient` + ns + `><active value="true"/><active value="true"/></Patient>`, "Patient.active", "twice"},
		{"text between elements", `<Patient` + ns + `>x</Patient>`, "Patient", "text between"},
		{"CDATA between elements", `<Patient` + ns + `><![CDATA[ ]]></Patient>`, "Patient", "text between"},
		{"contained without resource", `<Patient` + ns + `><contained/></Patient>`, "Patient.contained[0]", "no resource"},
		{"contained with two", `<Patient` + ns + `><contained><Basic/><Basic/></contained></Patient>`, "Patient.contained[0]", "several resources"},
		{"entry with no resource type", `<Bundle` + ns + `><entry><resource><x/></resource></entry></Bundle>`, "Bundle.entry[0].resource", "not a resource type"},
		{"narrative in the wrong namespace", `<Patient` + ns + `><text><div>x</div></text></Patient>`, "Patient.text.div", "not a div"},
		{"narrative with other elements", `<Patient` + ns + `><text><div xmlns="http://www.w3.org/1999/xhtml"><x xmlns="urn:x"/></div></text></Patient>`, "Patient.text.div", "not XHTML"},
		{"65 deep", `<Patient` + ns + `>` + deep + `</Patient>`, "", "too deep"},
		{"not closed", `<Patient` + ns + `><active value="true"/>`, "Patient", "before it is complete"},
		{"wrong end tag", `<Patient` + ns + `><name></nam></Patient>`, "Patient.name[0]", "end tag"},
		{"attribute twice", `<Patient` + ns + `><active value="true" value="true"/></Patient>`, "Patient", "same attribute twice"},
		{"attribute not quoted", `<Patient` + ns + `><active value=true/></Patient>`, "Patient", "not quoted"},
		{"attributes not apart", `<Patient` + ns + `><active id="a"value="true"/></Patient>`, "Patient", "no space"},
		{"less-than in a value", `<Patient` + ns + `><id value="a<b"/></Patient>`, "Patient", "holds <"},
		{"two roots", `<Patient` + ns + `/><Patient` + ns + `/>`, "", "more than one root"},
		{"comment in a comment", `<Patient` + ns + `><!-- a -- b --></Patient>`, "Patient", "comment"},
		{"xmlns as a prefix", `<Patient` + ns + ` xmlns:xmlns="urn:x"/>`, "", "namespace declaration"},
		{"a thousand attributes", `<Patient` + ns + ` ` + strings.Repeat(`a="" `, 1000) + `/>`, "", "same attribute twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := xml.Parse([]byte(tt.in))
			if err == nil {
				t.Fatal("accepted")
			}
			fe := asError(t, err)
			if fe.Kind != fhir.Invalid || !strings.Contains(fe.Text, tt.text) {
				t.Errorf("kind %v, text %q; want Invalid with %q", fe.Kind, fe.Text, tt.text)
			}
			if tt.path != "" && fe.Path != tt.path || tt.path == "" && fe.Path != "" && tt.name != "65 deep" {
				t.Errorf("path %q, want %q", fe.Path, tt.path)
			}
		})
	}
}

func TestParseErrorSaysWhere(t *testing.T) {
	_, err := xml.Parse([]byte("<Patient" + ns + ">\n\n<actve value=\"secret\"/></Patient>"))
	fe := asError(t, err)
	want := []fhir.Issue{{Severity: fhir.SeverityError, Code: fhir.IssueStructure, Path: "Patient.actve", Offset: 39, Text: "The element actve is not known here. Check its spelling against FHIR R4. (line 3)"}}
	if diff := cmp.Diff(want, fe.All()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParse(t *testing.T) {
	const xhtml = `xmlns=\"http://www.w3.org/1999/xhtml\"`
	tests := []struct{ name, in, want string }{
		{"types", `<Observation` + ns + `><id value="1"/><valueInteger value="1"/></Observation>`, `{"resourceType":"Observation","id":"1","valueInteger":1}`},
		{"decimals keep their text", `<Basic` + ns + `><extension url="u"><valueDecimal value="1.10e0"/></extension></Basic>`, `{"resourceType":"Basic","extension":[{"url":"u","valueDecimal":1.10e0}]}`},
		{"id and value", `<Patient` + ns + `><birthDate id="a" value="2000"/></Patient>`, `{"resourceType":"Patient","birthDate":"2000","_birthDate":{"id":"a"}}`},
		{
			"ids in a list", `<Patient` + ns + `><name><given id="a"><extension url="u"/></given><given value="B"/><given value="C" id="c"/><given value="D"/></name></Patient>`,
			`{"resourceType":"Patient","name":[{"given":[null,"B","C","D"],"_given":[{"id":"a","extension":[{"url":"u"}]},null,{"id":"c"},null]}]}`,
		},
		{"a list of extensions only", `<Patient` + ns + `><name><given id="a"/></name></Patient>`, `{"resourceType":"Patient","name":[{"_given":[{"id":"a"}]}]}`},
		{
			"two lists of extensions only", `<HealthcareService` + ns + `><availableTime><daysOfWeek id="a"/></availableTime><availableTime/></HealthcareService>`,
			`{"resourceType":"HealthcareService","availableTime":[{"_daysOfWeek":[{"id":"a"}]},{}]}`,
		},
		{"contained", `<Basic` + ns + `><contained><Patient><id value="p"/></Patient></contained><contained><Basic/></contained></Basic>`, `{"resourceType":"Basic","contained":[{"resourceType":"Patient","id":"p"},{"resourceType":"Basic"}]}`},
		{"parameter", `<Parameters` + ns + `><parameter><name value="a"/><part><name value="b"/><resource><Basic/></resource></part></parameter></Parameters>`, `{"resourceType":"Parameters","parameter":[{"name":"a","part":[{"name":"b","resource":{"resourceType":"Basic"}}]}]}`},
		{"content reference", `<Questionnaire` + ns + `><item><item><linkId value="1"/></item></item></Questionnaire>`, `{"resourceType":"Questionnaire","item":[{"item":[{"linkId":"1"}]}]}`},
		{"order of elements", `<Patient` + ns + `><name><given value="a"/><family value="f"/><given value="b"/></name><id value="x"/></Patient>`, `{"resourceType":"Patient","name":[{"given":["a","b"],"family":"f"}],"id":"x"}`},
		{"white space and references", "<Patient" + ns + "><name><text value=' a\n\tb&#10;&#x9;&amp;&lt;&gt;&quot;&apos;&#x1F600; '/></name></Patient>", `{"resourceType":"Patient","name":[{"text":" a  b\n\t&<>\"'😀 "}]}`},
		{"prefix", `<f:Patient xmlns:f="http://hl7.org/fhir"><f:active value="true"/></f:Patient>`, `{"resourceType":"Patient","active":true}`},
		{"declaration, mark, schema location and comments", "\uFEFF<?xml version='1.0' encoding='utf-8' standalone=\"yes\"?>\n<!-- a --><Patient" + ns + ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"><!-- b --><active value="true" ></active ></Patient> `, `{"resourceType":"Patient","active":true}`},
		{"narrative as it stands", `<Patient` + ns + `><text><div xmlns="http://www.w3.org/1999/xhtml"><!-- c --><p class='a' xml:lang="en">1 &lt; 2</p><br/><![CDATA[x]]></div></text></Patient>`, `{"resourceType":"Patient","text":{"div":"<div ` + xhtml + `><!-- c --><p class='a' xml:lang=\"en\">1 &lt; 2</p><br/><![CDATA[x]]></div>"}}`},
		{"narrative with prefixes", `<Patient` + ns + ` xmlns:h="http://www.w3.org/1999/xhtml"><text><h:div h:id="x" title="a&quot;"><h:p>1 &lt; 2<![CDATA[<]]></h:p><h:br/></h:div></text></Patient>`, `{"resourceType":"Patient","text":{"div":"<div ` + xhtml + ` id=\"x\" title=\"a&quot;\"><p>1 &lt; 2&lt;</p><br></br></div>"}}`},
		{"narrative with line ends", "<Patient" + ns + "><text><div xmlns=\"http://www.w3.org/1999/xhtml\">a\r\nb</div></text></Patient>", `{"resourceType":"Patient","text":{"div":"<div ` + xhtml + `>a\nb</div>"}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := fromXML(t, []byte(tt.in))
			if diff := cmp.Diff(tt.want, string(n.JSON())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(canonical(n), canonical(fromXML(t, toXML(t, n)))); diff != "" {
				t.Errorf("back (-want +got):\n%s", diff)
			}
		})
	}
}

// Offsets let the validator point into the XML.
func TestOffsets(t *testing.T) {
	in := `<Patient` + ns + `><active value="true"/><name><family value="x"/></name></Patient>`
	n := fromXML(t, []byte(in))
	for _, tt := range []struct {
		node *fhir.Node
		want string
	}{{n, "<Patient"}, {n.Get("active"), "true"}, {n.Path("name").At(0), "<name>"}, {n.Path("name", "family"), `x"`}} {
		if !strings.HasPrefix(in[tt.node.Offset:], tt.want) {
			t.Errorf("offset %d, want that of %s", tt.node.Offset, tt.want)
		}
	}
}

// The reader knows primitives by their names.
func TestPrimitivesAreNamedSo(t *testing.T) {
	for _, resource := range definition.Resources() {
		def, _ := definition.Lookup(resource)
		for _, e := range def.Elements {
			for _, ref := range e.Types {
				typ, ok := definition.Lookup(ref.Code)
				small := ref.Code[0] >= 'a' && ref.Code[0] <= 'z'
				if !ok || (typ.Kind == definition.Primitive) != small {
					t.Errorf("%s: type %s", e.Path, ref.Code)
				}
			}
		}
	}
}
