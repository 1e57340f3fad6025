package fhirpath

import "strings"

// fnElementDefinition is the definition of each element.
func fnElementDefinition(r *run, in []Element, c *call) ([]Element, error) {
	if r.opts.ElementDefinition == nil {
		return nil, faultf(c.at(), "elementDefinition() needs profiles, and none were given to this evaluation")
	}
	out := r.list(len(in))
	for _, e := range in {
		if n := r.opts.ElementDefinition(e); n != nil {
			out = append(out, Typed("ElementDefinition", n, nil))
		}
	}
	return out, nil
}

// fnSlice keeps the elements that belong to a slice of a profile.
func fnSlice(r *run, in []Element, c *call) ([]Element, error) {
	if r.opts.InSlice == nil {
		return nil, faultf(c.at(), "slice() needs profiles, and none were given to this evaluation")
	}
	var names [2]string
	for i := range names {
		items, err := r.arg(c.args[i])
		if err != nil {
			return nil, err
		}
		var ok bool
		if names[i], ok, err = oneString(items, c.args[i].at()); err != nil || !ok {
			return nil, err
		}
	}
	out := r.list(len(in))
	for _, e := range in {
		belongs, known := r.opts.InSlice(e, names[0], names[1])
		if !known {
			return nil, faultf(c.at(), "the profile or slice given to slice() is not known here")
		}
		if belongs {
			out = append(out, e)
		}
	}
	return out, nil
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
