package patch

import (
	"strconv"
	"strings"

	"github.com/jamii-health/jamii/fhir"
)

// equal compares as the test operation does: numbers by their value, members
// of objects in any order (RFC 6902 section 4.6).
func equal(a, b *fhir.Node) bool {
	if a.Kind != b.Kind {
		return false
	}
	switch a.Kind {
	case fhir.KindNumber:
		return a.Text == b.Text || parseNumber(a.Text) == parseNumber(b.Text)
	case fhir.KindObject:
		return equalObjects(a, b)
	case fhir.KindArray:
		if len(a.Nodes) != len(b.Nodes) {
			return false
		}
		for i := range a.Nodes {
			if !equal(&a.Nodes[i], &b.Nodes[i]) {
				return false
			}
		}
		return true
	}
	return a.Text == b.Text
}

func equalObjects(a, b *fhir.Node) bool {
	if len(a.Nodes) != len(b.Nodes) {
		return false
	}
	members := make(map[string]*fhir.Node, len(b.Nodes))
	for i := range b.Nodes {
		members[b.Nodes[i].Name] = &b.Nodes[i]
	}
	for i := range a.Nodes {
		other := members[a.Nodes[i].Name]
		if other == nil || !equal(&a.Nodes[i], other) {
			return false
		}
	}
	return true
}

// number is a JSON number in its one normal form: digits times ten to the
// exponent, without zeros at either end. No arithmetic is done, so a huge
// exponent costs nothing.
type number struct {
	negative bool
	digits   string // "" for zero
	exponent int64
	rest     string // the exponent as written, when it is beyond all use
}

func parseNumber(text string) number {
	var n number
	text, n.negative = strings.CutPrefix(text, "-")
	mantissa, exponent := text, ""
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa, exponent = text[:i], strings.TrimPrefix(text[i+1:], "+")
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	n.digits = strings.TrimRight(digits, "0")
	if n.digits == "" {
		return number{} // zero has no sign
	}
	if exponent != "" {
		e, err := strconv.ParseInt(exponent, 10, 62)
		if err != nil {
			n.rest = exponent
		}
		n.exponent = e
	}
	n.exponent += int64(len(digits) - len(n.digits) - len(fraction))
	return n
}
