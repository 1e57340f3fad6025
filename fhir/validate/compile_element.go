package validate

import (
	"slices"
	"strconv"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/fhirpath"
)

// constraint is an invariant of a profile.
type constraint struct {
	definition.Invariant
	expr *fhirpath.Expr
}

// read takes what an ElementDefinition says into an element. What it does not
// say stays as the base has it.
//
// https://hl7.org/fhir/R4/elementdefinition.html
func (l *loader) read(e *element, ed *fhir.Node) {
	l.cardinality(e, ed)
	l.types(e, ed)
	l.values(e, ed)
	l.binding(e, ed)
	l.constraints(e, ed)
	l.slicing(e, ed)
	if ref := ed.Get("contentReference").String(); strings.HasPrefix(ref, "#") {
		e.refID = ref
	}
}

// cardinality may only narrow. The minimum of a slice stands on its own.
func (l *loader) cardinality(e *element, ed *fhir.Node) {
	low, high := max(e.min, baseMin(e)), e.max
	if high == definition.Unbounded && e.base != nil {
		high = e.base.Max
	}
	if n := ed.Get("min"); n != nil {
		v, err := strconv.Atoi(n.Text)
		if n.Kind != fhir.KindNumber || err != nil || v < 0 || v < low {
			l.bad(e.id, ruleSDCardinality, "The minimum must be a whole number and at least that of the base.")
			return
		}
		e.min = v
	}
	if n := ed.Get("max"); n != nil && n.Text != "*" {
		v, err := strconv.Atoi(n.Text)
		if n.Kind != fhir.KindString || err != nil || v < 0 || (e.base != nil && high != definition.Unbounded && v > high) {
			l.bad(e.id, ruleSDCardinality, "The maximum must be a whole number or *, and at most that of the base.")
			return
		}
		e.max = v
	} else if n != nil && high != definition.Unbounded && e.base != nil && e.slice == "" {
		l.bad(e.id, ruleSDCardinality, "The maximum must be at most that of the base.")
	}
	if e.max != definition.Unbounded && e.min > e.max {
		l.bad(e.id, ruleSDCardinality, "The minimum is larger than the maximum.")
	}
}

func baseMin(e *element) int {
	if e.base == nil || e.slice != "" {
		return 0
	}
	return e.base.Min
}

// types may only be narrowed.
func (l *loader) types(e *element, ed *fhir.Node) {
	list := ed.Get("type")
	if !list.Is(fhir.KindArray) || e.base == nil {
		return
	}
	allowed := e.codes()
	if e.slice != "" && e.of != nil {
		allowed = e.of.codes()
	}
	var out []typeRef
	for i := range list.Nodes {
		t := &list.Nodes[i]
		ref := typeRef{code: t.Get("code").String(), profiles: texts(t.Get("profile")), targets: texts(t.Get("targetProfile"))}
		switch at := slices.IndexFunc(allowed, func(a string) bool { return derives(ref.code, a) }); {
		case strings.HasPrefix(ref.code, "http://hl7.org/fhirpath/"):
			return // how R4 writes the type of Element.id
		case at < 0 && (ref.code == "BackboneElement" || ref.code == "Element") && len(allowed) == 1 && strings.Contains(allowed[0], "."):
			ref.code = allowed[0]
		case at < 0:
			l.bad(e.id, ruleSDType, "A type is not one of those that the base allows here.")
			return
		}
		out = append(out, ref)
	}
	if len(out) == 0 {
		l.bad(e.id, ruleSDType, "The list of types is empty.")
		return
	}
	e.types = out
}

func texts(n *fhir.Node) []string {
	var out []string
	for _, x := range n.Each() {
		if s := x.String(); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// values reads fixed, pattern and limits; each is of one of the element's
// types.
func (l *loader) values(e *element, ed *fhir.Node) {
	def, ok := definition.Lookup("ElementDefinition")
	if !ok {
		return
	}
	whole := 0
	for i := range ed.Nodes {
		n := &ed.Nodes[i]
		field, typ, ok := def.Element(n.Name)
		if !ok || !field.Choice {
			continue
		}
		c := &constant{typ, n}
		switch field.Name {
		case "fixed":
			e.fixed, whole = c, whole+1
		case "pattern":
			e.pattern, whole = c, whole+1
		case "minValue":
			e.least = c
		case "maxValue":
			e.most = c
		default:
			continue
		}
		limit := field.Name == "minValue" || field.Name == "maxValue"
		if !limit && !slices.ContainsFunc(e.codes(), func(code string) bool { return sameForm(code, typ) }) {
			l.bad(e.id, ruleSDValue, "The type of "+n.Name+" is not one that the element may have.")
		}
	}
	if whole > 1 {
		l.bad(e.id, ruleSDValue, "There can be one fixed value or one pattern, not several.")
	}
	if n := ed.Get("maxLength"); n != nil {
		v, err := strconv.Atoi(n.Text)
		if n.Kind != fhir.KindNumber || err != nil || v < 1 {
			l.bad(e.id, ruleSDValue, "The maxLength must be a whole number above 0.")
			return
		}
		e.maxLength = v
	}
}

// sameForm reports whether a value of one type can be an element of another:
// a SimpleQuantity is written as a Quantity, R4's own types of id as a string.
func sameForm(code, typ string) bool {
	return derives(code, typ) || derives(typ, code) || strings.HasPrefix(code, "http://hl7.org/fhirpath/")
}

var strengths = map[string]int{"example": 0, "preferred": 1, "extensible": 2, "required": 3}

// binding may be made stronger. A required one of the base goes on to hold.
func (l *loader) binding(e *element, ed *fhir.Node) {
	n := ed.Get("binding")
	if n == nil {
		return
	}
	b := definition.Binding{Strength: n.Get("strength").String(), ValueSet: n.Get("valueSet").String()}
	level, ok := strengths[b.Strength]
	before := -1
	if e.base != nil && e.base.Binding != nil {
		before = strengths[e.base.Binding.Strength]
	}
	for _, old := range e.bindings {
		before = max(before, strengths[old.Strength])
	}
	switch {
	case !ok:
		l.bad(e.id, ruleSDBinding, "The strength of the binding must be required, extensible, preferred or example.")
		return
	case level < before && before >= strengths["extensible"]:
		l.bad(e.id, ruleSDBinding, "A required or extensible binding cannot be made weaker.")
		return
	}
	e.bindings = slices.DeleteFunc(slices.Clone(e.bindings), func(old definition.Binding) bool { return old.Strength != "required" })
	if level > 0 && b.ValueSet != "" {
		e.bindings = append(e.bindings, b)
	}
	for _, ext := range n.Get("extension").Each() {
		if set := ext.Get("valueCanonical").String(); set != "" && ext.Get("url").String() == coreBase+"elementdefinition-maxValueSet" {
			e.bindings = append(e.bindings, definition.Binding{Strength: "required", ValueSet: set})
		}
	}
}

// constraints add to those of the base.
func (l *loader) constraints(e *element, ed *fhir.Node) {
	for _, n := range ed.Get("constraint").Each() {
		c := constraint{Invariant: definition.Invariant{
			Key: n.Get("key").String(), Severity: n.Get("severity").String(),
			Human: n.Get("human").String(), Expression: n.Get("expression").String(),
		}}
		if c.Key == "" || (c.Severity != "error" && c.Severity != "warning") {
			l.bad(e.id, ruleSDConstraint, "A constraint needs a key, and severity error or warning.")
			continue
		}
		if c.Expression == "" || hasCore(e, c.Key) || slices.ContainsFunc(e.constraints, func(old constraint) bool { return old.Key == c.Key }) {
			continue // for humans alone, or checked already
		}
		expr, err := fhirpath.Compile(c.Expression)
		if err != nil {
			l.bad(e.id, ruleSDConstraint, "The expression of "+plainKey(c.Key)+" is no valid FHIRPath: "+err.Error())
			continue
		}
		c.expr = expr
		e.constraints = append(e.constraints, c)
	}
}

func plainKey(key string) string {
	if len(key) > 64 {
		return "a constraint"
	}
	return key
}

// hasCore reports whether a constraint is one of R4 itself, which a snapshot
// repeats.
func hasCore(e *element, key string) bool {
	in := func(list []definition.Invariant) bool {
		return slices.ContainsFunc(list, func(inv definition.Invariant) bool { return inv.Key == key })
	}
	if e.base != nil && in(e.base.Invariants) {
		return true
	}
	for _, code := range e.codes() {
		if def, ok := definition.Lookup(code); ok && in(def.Invariants) {
			return true
		}
	}
	return false
}
