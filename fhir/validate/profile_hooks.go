package validate

import (
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/fhirpath"
)

// hooks gives FHIRPath what it may ask about the place at hand.
func (c *checker) hooks() {
	c.options = fhirpath.Options{
		Resource: c.resource, RootResource: c.root, Now: c.opts.Now,
		Resolve: func(text string) *fhir.Node {
			if n := c.follow(text); n != nil {
				return n
			}
			return fhirpath.TypeOnly(text)
		},
		MemberOf: func(set, system, code string) (in, known bool) {
			m := c.lookup(set, system, code)
			return m == matchIn, m != matchUnknown
		},
		ConformsTo:        c.conformsTo,
		ElementDefinition: c.elementDefinition,
		InSlice:           c.inSlice,
	}
}

// follow finds what a reference points to: contained, in the bundle, or where
// the caller looks.
func (c *checker) follow(text string) *fhir.Node {
	if id, local := strings.CutPrefix(text, "#"); local {
		if id == "" {
			return c.root
		}
		return c.contained(id)
	}
	if n := c.inBundle(text); n != nil {
		return n
	}
	return c.common.outside(c.opts.Resolve, text)
}

// outside asks the caller once for each reference, so that a circle of
// references is seen to be one.
func (o *common) outside(resolve func(string) *fhir.Node, text string) *fhir.Node {
	if resolve == nil || text == "" {
		return nil
	}
	n, asked := o.found[text]
	if !asked && len(o.found) < maxOutside {
		n = resolve(text)
		o.found[text] = n
	}
	return n
}

func (c *checker) conformsTo(e fhirpath.Element, url string) (conforms, known bool) {
	it := item{e.Node(), e.Shadow(), e.Type(), -1}
	if core := coreType(url); core != "" {
		return derives(it.typ, core), true
	}
	p, err := c.set.profile(url)
	if err != nil || p == nil {
		return false, false
	}
	return it.at() != nil && c.conforms(it, p), true
}

// elementDefinition is what the profile at hand says of an element.
func (c *checker) elementDefinition(e fhirpath.Element) *fhir.Node {
	at := fhirItem(e)
	p, err := c.set.profile(c.url)
	if at == nil || err != nil || p == nil {
		return nil
	}
	var out *fhir.Node
	c.locate(item{c.resource, nil, c.resource.ResourceType(), -1}, p.root, func(it item, e *element) {
		if it.at() == at && e.raw != nil {
			out = e.raw
		}
	})
	return out
}

// inSlice reports whether an element is in a slice of a profile.
func (c *checker) inSlice(e fhirpath.Element, url, slice string) (in, known bool) {
	p, err := c.set.profile(url)
	if err != nil || p == nil {
		return false, false
	}
	at := fhirItem(e)
	c.locate(item{c.resource, nil, c.resource.ResourceType(), -1}, p.root, func(it item, e *element) {
		if it.at() == at && e.slice == slice {
			in = true
		}
	})
	return in, hasSlice(p.root, slice)
}

func fhirItem(e fhirpath.Element) *fhir.Node { return either(e.Node(), e.Shadow()) }

func hasSlice(e *element, name string) bool {
	has := func(x *element) bool { return x.slice == name || hasSlice(x, name) }
	return slices.ContainsFunc(e.children, has) || slices.ContainsFunc(e.slices, has)
}

// locate visits the values below one together with what a profile says of
// them, slices included.
func (c *checker) locate(it item, e *element, visit func(item, *element)) {
	if c.spent() {
		return
	}
	visit(it, e)
	for _, child := range e.children {
		for _, x := range items(it.holder(), it.typ, child) {
			c.locate(x, child, visit)
		}
	}
	if e.slicing != nil {
		if k := c.sliceFor(it, e); k >= 0 {
			c.locate(it, e.slices[k], visit)
		}
	}
}

// target checks what a reference points to against the targets of a profile.
//
// https://hl7.org/fhir/R4/elementdefinition.html: type.targetProfile
func (c *checker) target(n *fhir.Node, ref *typeRef) {
	text := n.Get("reference").String()
	found := c.follow(text)
	typ := found.ResourceType()
	if typ == "" {
		if parsed, ok := fhir.ParseReference(text); ok {
			typ = parsed.Type
		}
	}
	if typ == "" {
		typ = n.Get("type").String()
	}
	if !isResource(typ) {
		return
	}
	var candidates []*profile
	for _, url := range ref.targets {
		if core := coreType(url); core != "" {
			if derives(typ, core) {
				return
			}
			continue
		}
		p, err := c.set.profile(url)
		if p == nil || err != nil {
			c.unusable(n, url, err, fhir.SeverityWarning)
			return
		}
		if p.typ == typ {
			candidates = append(candidates, p)
		}
	}
	it := item{found, nil, typ, -1}
	switch names := strings.Join(ref.targets, " or "); {
	case len(candidates) == 0:
		c.say(issue{n: n, code: fhir.IssueValue, rule: ruleTarget, text: "The profile wants this to refer to " + names + "."})
	case found != nil && !slices.ContainsFunc(candidates, func(p *profile) bool { return c.conforms(it, p) }):
		c.say(issue{n: n, code: fhir.IssueValue, rule: ruleTargetMeets, text: "What this refers to does not conform to " + names + "."})
	}
}
