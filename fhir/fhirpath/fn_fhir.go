package fhirpath

import (
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// fnExtension is extension.where(url = ...), on primitives too.
func fnExtension(r *run, in []Element, c *call) ([]Element, error) {
	items, err := r.arg(c.args[0])
	if err != nil {
		return nil, err
	}
	url, ok, err := oneString(items, c.args[0].at())
	if err != nil || !ok {
		return nil, err
	}
	var out []Element
	for _, e := range in {
		list := r.members(e, "extension")
		if err := r.spend(c.at(), len(list)); err != nil {
			return nil, err
		}
		for _, x := range list {
			if x.node.Get("url").String() == url {
				out = append(out, x)
			}
		}
	}
	return out, nil
}

func fnHasValue(r *run, in []Element, _ *call) ([]Element, error) {
	return r.boolean(len(in) == 1 && in[0].hasValue()), nil
}

// fnGetValue is the System value of a primitive.
func fnGetValue(r *run, in []Element, _ *call) ([]Element, error) {
	if len(in) != 1 || !in[0].hasValue() {
		return nil, nil
	}
	switch v := in[0].value(); v.kind {
	case kindBoolean:
		return r.one(Boolean(v.b)), nil
	case kindString:
		return r.one(String(v.s)), nil
	case kindInteger:
		return r.one(Integer(v.i)), nil
	case kindDecimal:
		return r.one(Decimal(v.d)), nil
	case kindDate, kindDateTime, kindTime:
		return r.one(temporalElement(v.t)), nil
	}
	return nil, nil
}

// fnResolve finds what references, canonicals and uris point to; what cannot
// be found is left out.
func fnResolve(r *run, in []Element, c *call) ([]Element, error) {
	out := r.list(len(in))
	for _, e := range in {
		text, ok := e.str()
		if !ok {
			text = e.node.Get("reference").String()
		}
		if text == "" {
			continue
		}
		if err := r.spend(c.at(), 10); err != nil {
			return nil, err
		}
		if n := r.resolve(text, c); n != nil {
			out = append(out, Resource(n))
		}
	}
	return out, nil
}

func (r *run) resolve(reference string, c *call) *fhir.Node {
	root := r.rootResource()
	if id, ok := strings.CutPrefix(reference, "#"); ok {
		if len(root) == 0 {
			return nil
		}
		return containedIn(root[0].node, id)
	}
	if len(root) == 1 && root[0].node.ResourceType() == "Bundle" {
		for _, entry := range root[0].node.Get("entry").Each() {
			if r.spend(c.at(), 1) != nil {
				return nil // the budget is gone; the next step says so
			}
			url := entry.Get("fullUrl").String()
			if url != "" && (url == reference || strings.HasSuffix(url, "/"+reference)) {
				return entry.Get("resource")
			}
		}
	}
	if r.opts.Resolve == nil {
		return nil
	}
	return r.opts.Resolve(reference)
}

// containedIn finds a contained resource; the id "" means the container.
func containedIn(n *fhir.Node, id string) *fhir.Node {
	if id == "" {
		return n
	}
	contained := n.Get("contained")
	for _, c := range contained.Each() {
		if c.Get("id").String() == id {
			return c
		}
	}
	return nil
}

// fnCheckModifiers fails when an element has a modifier extension that the
// caller does not list.
func fnCheckModifiers(r *run, in []Element, c *call) ([]Element, error) {
	known := map[string]bool{}
	for _, a := range c.args {
		items, err := r.arg(a)
		if err != nil {
			return nil, err
		}
		url, _, err := oneString(items, a.at())
		if err != nil {
			return nil, err
		}
		known[url] = true
	}
	for _, e := range in {
		for _, x := range r.members(e, "modifierExtension") {
			if !known[x.node.Get("url").String()] {
				return nil, faultf(c.at(), "the element has a modifier extension that is not understood")
			}
		}
	}
	return in, nil
}

const baseProfile = "http://hl7.org/fhir/StructureDefinition/"

func fnConformsTo(r *run, in []Element, c *call) ([]Element, error) {
	if len(in) > 1 {
		return nil, severalItems(c.at(), "conformsTo()")
	}
	items, err := r.arg(c.args[0])
	if err != nil {
		return nil, err
	}
	profile, ok, err := oneString(items, c.args[0].at())
	if err != nil || !ok || len(in) == 0 {
		return nil, err
	}
	ask := r.opts.ConformsTo
	if ask == nil {
		ask = conformsToBase
	}
	conforms, known := ask(in[0], profile)
	if !known {
		return nil, faultf(c.args[0].at(), "the profile given to conformsTo() is not known here")
	}
	return r.boolean(conforms), nil
}

func conformsToBase(e Element, profile string) (conforms, known bool) {
	name, ok := strings.CutPrefix(profile, baseProfile)
	t := typeOf(name)
	if !ok || t == untyped {
		return false, false
	}
	return e.is(t, nil), true
}

// fnMemberOf asks whether a code, Coding or one coding of a CodeableConcept is
// in a value set; empty when that cannot be told.
func fnMemberOf(r *run, in []Element, c *call) ([]Element, error) {
	if len(in) != 1 {
		return nil, nil
	}
	items, err := r.arg(c.args[0])
	if err != nil {
		return nil, err
	}
	valueSet, ok, err := oneString(items, c.args[0].at())
	if err != nil || !ok {
		return nil, err
	}
	ask := r.opts.MemberOf
	if ask == nil {
		ask = containedInR4
	}
	codes := codesOf(in[0])
	known := len(codes) > 0 || in[0].typ.complex()
	for _, code := range codes {
		in, sure := ask(valueSet, code.system, code.code)
		if in {
			return r.boolean(true), nil
		}
		known = known && sure
	}
	if !known {
		return nil, nil
	}
	return r.boolean(false), nil
}

// containedInR4 looks into the value sets of R4, whatever version is asked.
func containedInR4(valueSet, system, code string) (in, known bool) {
	url, _, _ := strings.Cut(valueSet, "|")
	return definition.Contains(url, system, code)
}

type codeOf struct{ system, code string }

func codesOf(e Element) []codeOf {
	if s, ok := e.str(); ok {
		return []codeOf{{"", s}}
	}
	codings := []*fhir.Node{e.node}
	if list := e.node.Get("coding"); list != nil {
		codings = list.Each()
	}
	var out []codeOf
	for _, n := range codings {
		if code := n.Get("code").String(); code != "" {
			out = append(out, codeOf{n.Get("system").String(), code})
		}
	}
	return out
}

func fnSubsumes(r *run, in []Element, c *call) ([]Element, error) { return r.subsumption(in, c, false) }

func fnSubsumedBy(r *run, in []Element, c *call) ([]Element, error) {
	return r.subsumption(in, c, true)
}

func (r *run) subsumption(in []Element, c *call, turned bool) ([]Element, error) {
	other, err := r.arg(c.args[0])
	if err != nil || len(in) == 0 || len(other) == 0 {
		return nil, err
	}
	if len(in) > 1 || len(other) > 1 {
		return nil, severalItems(c.at(), c.name+"()")
	}
	ask := r.opts.Subsumes
	if ask == nil {
		ask = func(_, a, b string) (bool, bool) { return a == b, a == b }
	}
	known := true
	for _, a := range codesOf(in[0]) {
		for _, b := range codesOf(other[0]) {
			if a.system != b.system {
				continue
			}
			x, y := a, b
			if turned {
				x, y = b, a
			}
			holds, sure := ask(x.system, x.code, y.code)
			if holds {
				return r.boolean(true), nil
			}
			known = known && sure
		}
	}
	if !known {
		return nil, nil
	}
	return r.boolean(false), nil
}

// fnHTMLChecks holds narrative against the rules of txt-1 and txt-2.
func fnHTMLChecks(r *run, in []Element, c *call) ([]Element, error) {
	for _, e := range in {
		s, ok := e.str()
		if !ok {
			return r.boolean(false), nil
		}
		if err := r.spend(c.at(), len(s)/16); err != nil {
			return nil, err
		}
		if !validNarrative(s) {
			return r.boolean(false), nil
		}
	}
	return r.boolean(true), nil
}
