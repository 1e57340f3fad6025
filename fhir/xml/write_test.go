package xml_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/xml"
)

func TestAppendRefuses(t *testing.T) {
	tests := []struct{ name, in, path string }{
		{"no resource", `{}`, ""},
		{"no object", `[]`, ""},
		{"unknown type", `{"resourceType":"Paper"}`, ""},
		{"unknown element", `{"resourceType":"Patient","name":[{"sirname":"x"}]}`, "Patient.name[0].sirname"},
		{"unknown shadow", `{"resourceType":"Patient","_sirname":{"id":"x"}}`, "Patient.sirname"},
		{"control character", `{"resourceType":"Patient","name":[{"text":"a\u0001"}]}`, "Patient.name[0].text"},
		{"no character", `{"resourceType":"Patient","name":[{"text":"a\uffff"}]}`, "Patient.name[0].text"},
		{"number for a string", `{"resourceType":"Patient","gender":1}`, "Patient.gender"},
		{"string for a number", `{"resourceType":"Observation","valueInteger":"1"}`, "Observation.valueInteger"},
		{"object for a primitive", `{"resourceType":"Patient","gender":{}}`, "Patient.gender"},
		{"primitive for an object", `{"resourceType":"Patient","maritalStatus":"M"}`, "Patient.maritalStatus"},
		{"one for an array", `{"resourceType":"Patient","name":{"text":"x"}}`, "Patient.name"},
		{"array for one", `{"resourceType":"Patient","gender":["male"]}`, "Patient.gender"},
		{"empty array", `{"resourceType":"Patient","name":[]}`, "Patient.name"},
		{"null", `{"resourceType":"Patient","gender":null}`, "Patient.gender"},
		{"null in an array", `{"resourceType":"Patient","name":[{"given":["B",null]}]}`, "Patient.name[0].given[1]"},
		{"shadow of what is no primitive", `{"resourceType":"Patient","_maritalStatus":{"id":"x"}}`, "Patient.maritalStatus"},
		{"shadow of an id that is an attribute", `{"resourceType":"Patient","name":[{"id":"a","_id":{"id":"x"}}]}`, ""},
		{"shadow of such an id alone", `{"resourceType":"Patient","name":[{"_id":{"id":"x"}}]}`, "Patient.name[0].id"},
		{"id that is no string", `{"resourceType":"Patient","name":[{"id":1}]}`, "Patient.name[0].id"},
		{"contained that is no resource", `{"resourceType":"Patient","contained":["x"]}`, "Patient.contained[0]"},
		{"narrative that breaks out", `{"resourceType":"Patient","text":{"div":"<div></div></text><active value=\"true\"/><text>"}}`, "Patient.text.div"},
		{"narrative not closed", `{"resourceType":"Patient","text":{"div":"<div><p></div>"}}`, "Patient.text.div"},
		{"narrative with a comment left open", `{"resourceType":"Patient","text":{"div":"<div></div><!--"}}`, "Patient.text.div"},
		{"narrative of two", `{"resourceType":"Patient","text":{"div":"<div/><div/>"}}`, "Patient.text.div"},
		{"narrative that is text", `{"resourceType":"Patient","text":{"div":"x"}}`, "Patient.text.div"},
		{"narrative with a document type", `{"resourceType":"Patient","text":{"div":"<!DOCTYPE div><div/>"}}`, "Patient.text.div"},
		{"narrative that is no string", `{"resourceType":"Patient","text":{"div":1}}`, "Patient.text.div"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, err := xml.Append([]byte("before"), fromJSON(t, []byte(tt.in)))
			if err == nil {
				t.Fatalf("accepted: %s", out)
			}
			fe := asError(t, err)
			if fe.Kind != fhir.NotAcceptable || (fe.Path != tt.path && tt.path != "") {
				t.Errorf("kind %v path %q, want NotAcceptable at %q", fe.Kind, fe.Path, tt.path)
			}
			if string(out) != "before" {
				t.Errorf("dst became %q", out)
			}
		})
	}
}

func TestAppend(t *testing.T) {
	const head = `<?xml version="1.0" encoding="UTF-8"?>`
	tests := []struct{ name, in, want string }{
		{"definition order", `{"gender":"male","active":true,"id":"1","resourceType":"Patient"}`, `<Patient` + ns + `><id value="1"/><active value="true"/><gender value="male"/></Patient>`},
		{"nothing inside", `{"resourceType":"Basic"}`, `<Basic` + ns + `/>`},
		{"attributes", `{"resourceType":"Basic","extension":[{"valueDecimal":1.10,"url":"u&","id":"i"}]}`, `<Basic` + ns + `><extension id="i" url="u&amp;"><valueDecimal value="1.10"/></extension></Basic>`},
		{"escapes", `{"resourceType":"Patient","name":[{"text":"\"<>&'\n\r\té"}]}`, `<Patient` + ns + `><name><text value="&quot;&lt;&gt;&amp;'&#10;&#13;&#9;é"/></name></Patient>`},
		{
			"shadows", `{"resourceType":"Patient","name":[{"given":[null,"B"],"_given":[{"extension":[{"url":"u","valueCode":"x"}]},{"id":"b"}]}],"_birthDate":{"id":"d"}}`,
			`<Patient` + ns + `><name><given><extension url="u"><valueCode value="x"/></extension></given><given id="b" value="B"/></name><birthDate id="d"/></Patient>`,
		},
		{"entities of HTML", `{"resourceType":"Basic","text":{"div":"<div>a&nbsp;b &amp;<br/></div>"}}`, `<Basic` + ns + `><text><div xmlns="http://www.w3.org/1999/xhtml">a` + "\u00a0" + `b &amp;<br></br></div></text></Basic>`},
		{"resource in an entry", `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Basic","id":"x"}}]}`, `<Bundle` + ns + `><entry><resource><Basic><id value="x"/></Basic></resource></entry></Bundle>`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(head+tt.want, string(toXML(t, fromJSON(t, []byte(tt.in))))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAppendIndent(t *testing.T) {
	n := fromJSON(t, []byte(`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","text":{"div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},"active":true}}]}`))
	out, err := xml.AppendIndent(nil, n, "  ")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.TrimPrefix(`
<?xml version="1.0" encoding="UTF-8"?>
<Bundle xmlns="http://hl7.org/fhir">
  <entry>
    <resource>
      <Patient>
        <text>
          <div xmlns="http://www.w3.org/1999/xhtml">x</div>
        </text>
        <active value="true"/>
      </Patient>
    </resource>
  </entry>
</Bundle>
`, "\n")
	if diff := cmp.Diff(want, string(out)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(canonical(n), canonical(fromXML(t, out))); diff != "" {
		t.Errorf("back (-want +got):\n%s", diff)
	}
}
