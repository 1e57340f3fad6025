package fhirpath

import (
	"strings"

	"github.com/jamii-health/jamii/fhir"
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
