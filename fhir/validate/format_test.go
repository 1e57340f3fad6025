package validate

import (
	"regexp"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// overExpression is where R4's text asks for more, or less, than the regular
// expression that comes with it. We follow the text.
var overExpression = []struct {
	format, text string
	want         bool
	why          string
}{
	{"date", "2023-02-29", false, "dates SHALL be valid dates"},
	{"date", "2023-04-31", false, "dates SHALL be valid dates"},
	{"dateTime", "2023-02-29", false, "dates SHALL be valid dates"},
	{"dateTime", "2023-04-31", false, "dates SHALL be valid dates"},
	{"dateTime", "2023-02-29T00:00:00Z", false, "dates SHALL be valid dates"},
	{"instant", "2023-02-29T00:00:00Z", false, "dates SHALL be valid dates"},
	{"integer", "2147483648", false, "a signed 32-bit integer"},
	{"integer", "-2147483649", false, "a signed 32-bit integer"},
	{"unsignedInt", "2147483648", false, "0 to 2,147,483,647"},
	{"positiveInt", "2147483648", false, "1 to 2,147,483,647"},
	{"base64Binary", "====", false, "RFC 4648: at most two signs of padding"},
	{"base64Binary", "A===", false, "RFC 4648: at most two signs of padding"},
	{"base64Binary", "AA=A", false, "RFC 4648: padding stands at the end"},
	{"base64Binary", "A AAA", true, "whitespace may stand anywhere"},
	{"string", "a\x07", false, "no characters below 32 but tab, CR and LF"},
	{"markdown", "a\x07", false, "no characters below 32 but tab, CR and LF"},
	{"string", strings.Repeat("x", maxText+1), false, "SHALL NOT exceed 1MB"},
	{"uri", "a\x07", false, "RFC 3986 has no control characters"},
	{"url", "a\x07", false, "RFC 3986 has no control characters"},
	{"canonical", "a\x07", false, "RFC 3986 has no control characters"},
	{"code", "a\x07", false, "no whitespace but single spaces"},
	{"code", "a\tb", false, "no whitespace but single spaces"},
	{"code", "a\nb", false, "no whitespace but single spaces"},
	{"code", "AAAA\nAAAA", false, "no whitespace but single spaces"},
}

var samples = strings.Split(`2024|2024-02|2024-02-29|2023-02-29|2023-04-31|2024-13|2024-00|2024-1|2024-01-00|2024-01-32|0000|0001|24|20240101|2024-01-01T|2024-01-01T10|
2024-01-01T10:00Z|2024-01-01T10:00:00|2024-01-01T10:00:00Z|2024-01-01T10:00:60Z|2024-01-01T10:00:61Z|2024-01-01T24:00:00Z|2024-01-01T10:00:00.Z|2024-01-01T10:00:00.1Z|
2024-01-01T10:00:00.123456789012345+05:45|2024-01-01T10:00:00+14:00|2024-01-01T10:00:00+14:01|2024-01-01T10:00:00-13:59|2024-01-01T10:00:00+15:00|2024-01-01T10:00:00+1:00|
2024-01-01t10:00:00Z|2024-01-01 10:00:00Z|2024-01-01T10:00:00z|2023-02-29T00:00:00Z|10:00|10:00:00|23:59:60|24:00:00|10:00:00.5|10:00:00.|10:00:00Z|1:00:00|
0|1|-1|+1|-0|12|2147483647|2147483648|-2147483648|-2147483649|1.0|1e2|1.|.5|-1.50|1E+2|true|false|TRUE|
a|A-1.b|a_b|a/b|a b|a  b| a|a |a	b|x y z|`+strings.Repeat("x", 64)+"|"+strings.Repeat("x", 65)+`|é|é b|
urn:oid:1.2.3|urn:oid:1|urn:oid:3.1|urn:oid:2.16.840.1|urn:oid:1.02|urn:oid:1.0|urn:oid:1..2|urn:oid:1.2.|oid:1.2|urn:oid:1.a|urn:oid:10.2|
urn:uuid:7c4a1d3e-0000-4000-8000-000000000001|urn:uuid:7C4A1D3E-0000-4000-8000-000000000001|urn:uuid:7c4a1d3e00004000-8000-000000000001|7c4a1d3e-0000-4000-8000-000000000001|urn:uuid:7c4a1d3e-0000-4000-8000-00000000000g|
http://example.org/x|http://example.org/a b|#x|AAAA|AAA|AA==|AAA=|====|A===|AA=A|A AAA|AAAA AAAA|AA*A|AAAA
AAAA|`+"a\nb|a\x07| |é\u00a0", "|")

// Every format agrees with HL7's regular expression, but where HL7's own words
// say otherwise.
func TestFormatsAgreeWithHL7(t *testing.T) {
	other := map[string]bool{}
	for _, tt := range overExpression {
		other[tt.format+" "+tt.text] = true
		if got := formats[tt.format].ok(tt.text); got != tt.want {
			t.Errorf("%s %.20q: %v, want %v: %s", tt.format, tt.text, got, tt.want, tt.why)
		}
		if expression(t, tt.format).MatchString(tt.text) == tt.want {
			t.Errorf("%s %.20q: the expression says the same; take it from the list", tt.format, tt.text)
		}
	}
	for name, f := range formats {
		if f.ok == nil || f.kind == fhir.KindBool {
			continue
		}
		re := expression(t, name)
		for _, s := range samples {
			s = strings.TrimPrefix(s, "\n")
			// Parse refuses numbers that are none, and the walk empty text.
			if s == "" || other[name+" "+s] || (f.kind == fhir.KindNumber && !jsonNumber(s)) {
				continue
			}
			if got, want := f.ok(s), re.MatchString(s); got != want {
				t.Errorf("%s %q: %v, HL7's expression says %v", name, s, got, want)
			}
		}
	}
}

func expression(t *testing.T, name string) *regexp.Regexp {
	t.Helper()
	def, ok := definition.Lookup(name)
	if !ok || def.Regex == "" {
		t.Fatalf("%s has no expression", name)
	}
	return regexp.MustCompile(`^(?s:` + def.Regex + `)$`)
}

func jsonNumber(s string) bool {
	n, err := fhir.Parse([]byte(s))
	return err == nil && n.Kind == fhir.KindNumber
}

// The walk depends on what the definitions hold: check all of them.
func TestEveryShape(t *testing.T) {
	done := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		if done[name] {
			return
		}
		done[name] = true
		s := shapeOf(name)
		if len(s.def.Elements) > 128 {
			t.Errorf("%s has more elements than present can note", name)
		}
		for jsonName, c := range s.children {
			if e, typ, ok := s.def.Element(jsonName); !ok || e != c.def || typ != c.ref.Code {
				t.Errorf("%s.%s means another element in package definition", name, jsonName)
			}
			if (c.kind == definition.Primitive) != (c.format != nil) {
				t.Errorf("%s.%s: kind %d and format %v", name, jsonName, c.kind, c.format)
			}
			if b := c.def.Binding; b != nil && b.Strength == "required" && c.code == nil {
				t.Errorf("%s.%s: no way to look up a code of %s", name, jsonName, c.ref.Code)
			}
			visit(c.of().def.Name)
		}
	}
	for _, name := range definition.Resources() {
		visit(name)
	}
	if len(done) < 680 {
		t.Errorf("%d shapes visited", len(done))
	}
}
