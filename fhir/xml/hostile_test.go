package xml_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jamii-health/jamii/fhir/xml"
)

// A megabyte built to be slow takes no longer than any other. The limit is wide
// because machines differ; what is quadratic would take minutes.
func TestHostile(t *testing.T) {
	const n = 1 << 20
	fill := func(s string) string { return strings.Repeat(s, n/len(s)) }
	div := func(s string) string {
		return `<Patient` + ns + ` xmlns:h="http://www.w3.org/1999/xhtml"><text><h:div>` + s + `</h:div></text></Patient>`
	}
	for name, in := range map[string]string{
		"nested narrative":     div(strings.Repeat("<h:b>", n/11) + strings.Repeat("</h:b>", n/11)),
		"narrative left open":  div(fill("<h:b>")),
		"references":           div(fill("&lt;")),
		"references left open": div(fill("&")),
		"comments":             div(fill("<!---->")),
		"sections left open":   div(fill("<![CDATA[")),
		"tags left open":       fill("<a "),
		"end tags":             fill("</a"),
		"attributes":           `<Patient ` + fill(`abcdefg="" `) + `/>`,
		"namespaces":           `<Patient` + ns + fill(` xmlns:a="b"`) + `/>`,
		"long name":            `<` + fill("a") + `/>`,
		"many elements":        `<Patient` + ns + `>` + fill(`<name/>`) + `</Patient>`,
		"many with shadows":    `<Patient` + ns + `><name>` + fill(`<given id="a"/>`) + `</name></Patient>`,
		"one text":             `<Patient` + ns + `>` + fill(" ") + `</Patient>`,
	} {
		start := time.Now()
		if n, err := xml.Parse([]byte(in)); err == nil {
			if _, err := xml.Append(nil, n); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}
