package validate

import (
	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// present notes which elements of a type were met, by index. No type of R4 has
// more than 128 elements: a test counts.
type present [2]uint64

func (p *present) has(i int) bool { return p[i>>6]&(1<<(i&63)) != 0 }
func (p *present) add(i int)      { p[i>>6] |= 1 << (i & 63) }

// object validates the members of an object against a shape.
func (w *walker) object(n *fhir.Node, s *shape) {
	if w.full() {
		return
	}
	var seen present
	shadows := false
	for i := range n.Nodes {
		if name := n.Nodes[i].Name; name != "" && name[0] == '_' {
			shadows = true
			break
		}
	}
	for i := range n.Nodes {
		w.member(n, &n.Nodes[i], s, &seen, shadows)
	}
	for _, c := range s.required {
		if !seen.has(c.index) {
			w.report(issue{n: n, code: fhir.IssueRequired, rule: ruleCardinality, child: c.def.Name, text: "This element is required: add it."})
		}
	}
	w.invariants(n, nil, s.def.Name, &s.rules)
}

// member validates one member of an object. shadows tells whether the object
// has members that carry the id and extensions of primitives ("_birthDate").
func (w *walker) member(n, m *fhir.Node, s *shape, seen *present, shadows bool) {
	name := m.Name
	if name == "resourceType" && s.def.Kind == definition.Resource {
		return
	}
	shadowOnly := false
	c := s.children[name]
	if c == nil && name != "" && name[0] == '_' {
		if c = s.children[name[1:]]; c != nil && c.kind == definition.Primitive {
			if n.Get(name[1:]) != nil {
				return // seen together with the value
			}
			shadowOnly = true
		} else {
			c = nil
		}
	}
	if c == nil {
		w.report(issue{
			n: m, code: fhir.IssueStructure, rule: ruleUnknown, child: plainName(name),
			text: "R4 has no element of this name here: correct the name, remove it, or send it as an extension.",
		})
		return
	}
	if seen.has(c.index) {
		w.report(issue{n: m, code: fhir.IssueStructure, rule: ruleChoice, child: c.def.Name, text: "This element is given in two types: keep one of them."})
	}
	seen.add(c.index)
	w.push(c.def.Name)
	switch {
	case shadowOnly:
		w.element(nil, m, c)
	case shadows && c.kind == definition.Primitive:
		w.element(m, shadowOf(n, name), c)
	default:
		w.element(m, nil, c)
	}
	w.pop()
}

// shadowOf finds the member "_name".
func shadowOf(n *fhir.Node, name string) *fhir.Node {
	for i := range n.Nodes {
		if m := n.Nodes[i].Name; len(m) == len(name)+1 && m[0] == '_' && m[1:] == name {
			return &n.Nodes[i]
		}
	}
	return nil
}

// element validates all that an object says of one element: its value, for a
// primitive also the shadow that carries id and extensions. One may be nil.
func (w *walker) element(m, shadow *fhir.Node, c *child) {
	if c.def.Max == 0 {
		w.report(issue{n: either(m, shadow), code: fhir.IssueStructure, rule: ruleCardinality, text: "This element is not allowed here: remove it."})
		return
	}
	if !c.def.Repeats() {
		if m.Is(fhir.KindArray) || shadow.Is(fhir.KindArray) {
			w.report(issue{n: either(m, shadow), code: fhir.IssueStructure, rule: ruleArray, text: "This element does not repeat: send one value, not an array."})
			return
		}
		w.value(m, shadow, c, false)
		return
	}
	if (m != nil && m.Kind != fhir.KindArray) || (shadow != nil && shadow.Kind != fhir.KindArray) {
		w.report(issue{n: either(m, shadow), code: fhir.IssueStructure, rule: ruleArray, text: "This element repeats: send an array, also for one value."})
		if m != nil && m.Kind != fhir.KindArray && shadow == nil {
			w.value(m, nil, c, false)
		}
		return
	}
	w.elements(m, shadow, c)
}

// elements validates the array of a repeating element.
func (w *walker) elements(m, shadow *fhir.Node, c *child) {
	count := len(either(m, shadow).Nodes)
	switch {
	case count == 0:
		w.report(issue{n: either(m, shadow), code: fhir.IssueStructure, rule: ruleEmpty, text: "This array is empty: remove it or give it a value."})
		return
	case m != nil && shadow != nil && len(shadow.Nodes) != count:
		w.report(issue{
			n: shadow, code: fhir.IssueStructure, rule: ruleAlign,
			text: "The values and their extensions are two arrays that must be equally long: fill out the shorter with null.",
		})
	case c.def.Max != definition.Unbounded && count > c.def.Max:
		w.report(issue{n: m, code: fhir.IssueStructure, rule: ruleCardinality, text: "This element is given too often: remove the surplus."})
	}
	for i := range count {
		if w.full() {
			return
		}
		w.at(i)
		w.value(m.At(i), shadow.At(i), c, true)
	}
}

func either(a, b *fhir.Node) *fhir.Node {
	if a != nil {
		return a
	}
	return b
}

// value validates one value of an element.
func (w *walker) value(m, shadow *fhir.Node, c *child, inArray bool) {
	if c.kind == definition.Primitive {
		w.primitive(m, shadow, c, inArray)
		return
	}
	switch {
	case m.Is(fhir.KindNull):
		w.report(issue{n: m, code: fhir.IssueStructure, rule: ruleNull, text: "JSON null is not allowed here: remove the element or give it a value."})
		return
	case !m.Is(fhir.KindObject):
		w.report(issue{n: m, code: fhir.IssueStructure, rule: ruleType, text: "This must be a JSON object of type " + c.ref.Code + "."})
		return
	case c.kind == definition.Resource:
		contained := c.def.Name == "contained"
		if contained && !m.Get("id").Is(fhir.KindString) {
			w.report(issue{n: m, code: fhir.IssueRequired, rule: ruleContainedID, child: "id", text: "A contained resource needs an id by which it is referred to: add it."})
		}
		w.nested(m, contained)
		return
	}
	s := c.of()
	w.object(m, s)
	if s.check != nil {
		s.check(w, m, c)
	}
	if c.over != nil {
		w.invariants(m, nil, c.ref.Code, &c.over.rules)
	}
	if c.code != nil {
		w.binding(m, c)
	}
	w.invariants(m, nil, c.ref.Code, &c.rules)
}

// primitive validates the value of a primitive and its shadow.
//
// https://hl7.org/fhir/R4/json.html#primitive
func (w *walker) primitive(m, shadow *fhir.Node, c *child, inArray bool) {
	noValue := m == nil || (inArray && m.Kind == fhir.KindNull)
	noShadow := shadow == nil || (inArray && shadow.Kind == fhir.KindNull)
	if !noShadow {
		w.shadow(shadow, c, noValue)
	}
	switch {
	case noValue && noShadow:
		w.report(issue{n: either(m, shadow), code: fhir.IssueStructure, rule: ruleNull, text: "There is neither a value nor an extension here: remove the null or give a value."})
		return
	case noValue:
		w.invariants(nil, shadow, c.ref.Code, &c.rules)
		return
	case m.Kind == fhir.KindNull:
		w.report(issue{n: m, code: fhir.IssueStructure, rule: ruleNull, text: "JSON null is not allowed here: remove the element or give it a value."})
		return
	case m.Kind != c.format.kind:
		w.report(issue{n: m, code: fhir.IssueStructure, rule: ruleType, text: "This must be " + kindText[c.format.kind] + " holding " + c.format.text + "."})
		return
	case c.format.kind == fhir.KindString && m.Text == "":
		w.report(issue{n: m, code: fhir.IssueValue, rule: ruleEmpty, text: "This text is empty: remove the element or give it a value."})
		return
	}
	if c.format.check != nil {
		c.format.check(w, m)
	} else if !c.format.ok(m.Text) {
		w.report(issue{n: m, code: fhir.IssueValue, rule: ruleFormat, text: "This must be " + c.format.text + "."})
		return
	}
	if c.code != nil {
		w.binding(m, c)
	}
	if noShadow {
		shadow = nil
	}
	w.invariants(m, shadow, c.ref.Code, &c.rules)
}

// shadow validates the object with the id and extensions of a primitive.
func (w *walker) shadow(n *fhir.Node, c *child, noValue bool) {
	if n.Kind != fhir.KindObject {
		w.report(issue{n: n, code: fhir.IssueStructure, rule: ruleType, text: "The member that begins with _ must be a JSON object with id or extension."})
		return
	}
	s := c.of()
	var seen present
	for i := range n.Nodes {
		w.member(n, &n.Nodes[i], s, &seen, false)
	}
	if len(n.Nodes) == 0 || (noValue && onlyID(n)) {
		w.report(issue{n: n, code: fhir.IssueInvariant, rule: "ele-1", text: "There is neither a value nor an extension here: remove the element or give one."})
	}
}
