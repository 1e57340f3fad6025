package xml_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/apd/v3"
	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/xml"
)

// JSON to XML and back loses nothing.
func TestExamplesFromJSON(t *testing.T) {
	dir := shared(t, "fhir-test-cases", "examples")
	if dir == "" {
		return
	}
	files := append(glob(t, filepath.Join(dir, "*.json")), glob(t, filepath.Join(dir, "..", "inputs", "*.json"))...)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			n := fromJSON(t, read(t, file))
			if diff := cmp.Diff(canonical(n), canonical(fromXML(t, toXML(t, n)))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// XML to JSON and back gives the same tree, and the same XML once it has been
// through us: canonical means without comments and white space.
func TestExamplesFromXML(t *testing.T) {
	dir := shared(t, "fhir-test-cases", "examples")
	if dir == "" {
		return
	}
	files := append(glob(t, filepath.Join(dir, "*.xml")), glob(t, filepath.Join(dir, "..", "inputs", "*.xml"))...)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data := read(t, file)
			n := fromXML(t, data)
			again := fromXML(t, toXML(t, fromJSON(t, n.JSON())))
			if diff := cmp.Diff(canonical(n), canonical(again)); diff != "" {
				t.Errorf("tree (-want +got):\n%s", diff)
			}
			want, got := events(t, data), events(t, toXML(t, n))
			if filepath.Base(filepath.Dir(file)) == "inputs" { // one of them is not in the definition's order
				slices.Sort(want)
				slices.Sort(got)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("XML (-want +got):\n%s", diff)
			}
			if len(want) < 5 {
				t.Errorf("only %d events", len(want))
			}
		})
	}
}

// The same resource in both formats is the same tree.
func TestTwins(t *testing.T) {
	dir := shared(t, "fhir-test-cases", "examples")
	if dir == "" {
		return
	}
	for _, name := range []string{"patient-example", "observation-decimal", "condition-example", "organization-1"} {
		t.Run(name, func(t *testing.T) {
			want := fromJSON(t, read(t, filepath.Join(dir, name+".json")))
			got := fromXML(t, read(t, filepath.Join(dir, name+".xml")))
			withoutLayout(t, want)
			withoutLayout(t, got)
			if diff := cmp.Diff(canonical(want), canonical(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// withoutLayout takes the white space out of narratives and writes numbers one
// way: HL7's two formats differ in both (1E-22 and 0.0000000000000000000001).
func withoutLayout(t *testing.T, n *fhir.Node) {
	t.Helper()
	if n.Kind == fhir.KindNumber {
		d, _, err := apd.NewFromString(n.Text)
		if err != nil {
			t.Fatal(err)
		}
		d.Reduce(d)
		n.Text = d.Text('e')
	}
	if n.Name == "div" {
		n.Text = strings.Join(strings.Fields(strings.NewReplacer("<", " <", ">", "> ").Replace(n.Text)), " ")
	}
	for i := range n.Nodes {
		withoutLayout(t, &n.Nodes[i])
	}
}

func TestSynthea(t *testing.T) {
	dir := shared(t, "synthea")
	if dir == "" {
		return
	}
	for _, name := range []string{"Buster.json", "Edward.json", "hospitals.json", "practitioners.json"} {
		n := fromJSON(t, read(t, filepath.Join(dir, name)))
		if canonical(n) != canonical(fromXML(t, toXML(t, n))) {
			t.Errorf("%s does not come back", name)
		}
	}
}

func TestOutcome(t *testing.T) {
	o := fhir.Outcome(fhir.Issue{Severity: fhir.SeverityError, Code: fhir.IssueRequired, Path: "Claim.item[0]", Text: `Say "how" & <why>.`})
	want := `<?xml version="1.0" encoding="UTF-8"?><OperationOutcome xmlns="http://hl7.org/fhir"><issue><severity value="error"/><code value="required"/>` +
		`<details><text value="Say &quot;how&quot; &amp; &lt;why&gt;."/></details><diagnostics value="Say &quot;how&quot; &amp; &lt;why&gt;."/>` +
		`<expression value="Claim.item[0]"/></issue></OperationOutcome>`
	got := toXML(t, &o)
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(canonical(&o), canonical(fromXML(t, got))); diff != "" {
		t.Errorf("back (-want +got):\n%s", diff)
	}
}

// Whatever is read from XML must be what the gate of JSON takes, and must come
// back from XML as it was.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`<Patient xmlns="http://hl7.org/fhir"><active value="true"/><name id="a"><given><extension url="u"><valueDecimal value="1.0"/></extension></given><given value="B&#10;"/></name></Patient>`,
		`<f:Patient xmlns:f="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml"><f:text><f:status value="generated"/><h:div><h:p a="b">x &lt; y<![CDATA[&]]></h:p></h:div></f:text></f:Patient>`,
		`<?xml version="1.0"?><Bundle xmlns="http://hl7.org/fhir"><entry><resource><Basic><id value="x"/></Basic></resource></entry></Bundle>`,
		`<!DOCTYPE x [<!ENTITY a "b">]><Patient/>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := xml.Parse(data)
		if err != nil {
			asError(t, err)
			return
		}
		parsed, err := fhir.Parse(n.JSON())
		if err != nil {
			t.Fatalf("the JSON of what we read must parse: %v", err)
		}
		out, err := xml.Append(nil, parsed)
		if err != nil {
			t.Fatalf("what we read must be writable: %v", err)
		}
		again, err := xml.Parse(out)
		if err != nil {
			t.Fatalf("what we write must parse: %v\n%s", err, out)
		}
		if canonical(n) != canonical(again) {
			t.Fatalf("not the same:\n%s\n%s", canonical(n), canonical(again))
		}
	})
}

// What is written from any JSON must be readable, and mean the same.
func FuzzAppend(f *testing.F) {
	f.Add([]byte(`{"resourceType":"Patient","active":true,"name":[{"given":[null,"B"],"_given":[{"extension":[{"url":"u","valueCode":"x"}]}]}],"text":{"div":"<div>a&nbsp;b</div>"}}`))
	f.Add([]byte(`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Basic","_language":{"id":"x"}}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := fhir.Parse(data)
		if err != nil {
			return
		}
		out, err := xml.AppendIndent(nil, n, " ")
		if err != nil {
			asError(t, err)
			return
		}
		if _, err := xml.Parse(out); err != nil && !outOfXML(err) {
			t.Fatalf("what we write must parse: %v\n%s", err, out)
		}
	})
}

// outOfXML are faults of the resource that only the reader looks at.
func outOfXML(err error) bool {
	return strings.Contains(err.Error(), "too deep") || strings.Contains(err.Error(), "not a number")
}
