package validate

import (
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// reference checks the form of a literal reference and the type it names.
//
// https://hl7.org/fhir/R4/references.html#literal
func (w *walker) reference(n *fhir.Node, c *child) {
	typ := ""
	if lit := n.Get("reference"); lit.Is(fhir.KindString) && lit.Text != "" {
		ref, ok := fhir.ParseReference(lit.Text)
		switch {
		case !ok && !absolute(lit.Text):
			w.report(issue{
				n: lit, code: fhir.IssueValue, rule: ruleReference, child: "reference",
				text: "This is no reference: write Type/id, an absolute URL, urn:uuid:... or #id of a contained resource.",
			})
			return
		case ref.Type != "" && ref.Base == "" && !definition.IsResource(ref.Type):
			w.report(issue{n: lit, code: fhir.IssueValue, rule: ruleTarget, child: "reference", text: "R4 has no resource type of this name: correct the reference."})
			return
		case ref.Fragment != "":
			typ = w.contained(ref.Fragment).ResourceType() // ref-1 says if there is none
		case ref.URN != "" && w.bundle != nil:
			typ = w.urnTarget(lit, ref.URN)
		default:
			typ = ref.Type
		}
	}
	said := n.Get("type").String()
	if typ != "" && definition.IsResource(said) && said != typ {
		w.report(issue{n: n.Get("type"), code: fhir.IssueValue, rule: ruleTarget, child: "type", text: "The type is not that of the reference: leave it out, or correct one of them."})
	}
	if typ == "" {
		typ = said
	}
	if len(c.ref.Targets) == 0 || !definition.IsResource(typ) || slices.Contains(c.ref.Targets, typ) {
		return
	}
	w.report(issue{
		n: n, code: fhir.IssueValue, rule: ruleTarget,
		text: "This must refer to " + strings.Join(c.ref.Targets, " or ") + ".",
	})
}

// absolute reports whether s has a scheme, as an absolute URL or URN has.
func absolute(s string) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	return ok && rest != "" && len(scheme) > 1 && strings.IndexFunc(scheme, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '+' || r == '-' || r == '.')
	}) < 0
}

// contained finds a resource contained in the one at hand, or in the one that
// contains it.
func (w *walker) contained(id string) *fhir.Node {
	list := w.root.Get("contained")
	if !list.Is(fhir.KindArray) {
		return nil
	}
	for i := range list.Nodes {
		if list.Nodes[i].Get("id").String() == id {
			return &list.Nodes[i]
		}
	}
	return nil
}

// bare is a canonical without its version.
func bare(canonical string) string {
	url, _, _ := strings.Cut(canonical, "|")
	return url
}
