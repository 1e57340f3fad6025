package patch_test

import (
	stdxml "encoding/xml"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/patch"
	"github.com/jamii-health/jamii/fhir/xml"
)

// HL7's cases for FHIRPath Patch.
func TestFHIRPathSuite(t *testing.T) {
	data := sharedFile(t, "fhir-test-cases", "fhir-patch-tests.xml")
	if data == nil {
		return
	}
	type inner struct {
		XML string `xml:",innerxml"`
	}
	var suite struct {
		Cases []struct {
			Name   string    `xml:"name,attr"`
			Input  inner     `xml:"input"`
			Diff   inner     `xml:"diff"`
			Output inner     `xml:"output"`
			Error  *struct{} `xml:"error"`
		} `xml:"case"`
	}
	if err := stdxml.Unmarshal(data, &suite); err != nil {
		t.Fatal(err)
	}
	for _, c := range suite.Cases {
		t.Run(c.Name, func(t *testing.T) {
			doc := readXML(t, c.Input.XML)
			before := string(doc.JSON())
			got, err := patch.FHIRPath(doc, readXML(t, c.Diff.XML))
			if c.Error != nil {
				wantFailure(t, err, fhir.Unprocessable, "selects no element", before, doc)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := readXML(t, c.Output.XML)
			withoutSpace(want)
			withoutSpace(got)
			if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if len(suite.Cases) != 33 {
		t.Errorf("%d cases, want 33", len(suite.Cases))
	}
}

func readXML(t *testing.T, s string) *fhir.Node {
	t.Helper()
	n, err := xml.Parse([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// withoutSpace takes the white space out of a narrative: the suite's patch and
// its outcome differ in it, and in the quotes.
func withoutSpace(n *fhir.Node) {
	if div := n.Path("text", "div"); div != nil {
		div.Text = strings.Join(strings.Fields(strings.NewReplacer("<", " <", ">", "> ", "&quot;", `"`).Replace(div.Text)), " ")
	}
}
