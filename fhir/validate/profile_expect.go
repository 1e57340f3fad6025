package validate

import (
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// spot is a place in a profile that the path of a discriminator leads to.
type spot struct {
	e      *element     // what is said of it, nil for nothing
	exact  []*fhir.Node // the part of a fixed value around it
	part   []*fhir.Node // the part of a pattern around it
	target bool         // it is the target of the reference at e
}

// expect follows the path of a discriminator through a slice.
//
// https://hl7.org/fhir/R4/profiling.html#discriminator
func expect(set *Profiles, slice *element, d *discriminator) expectation {
	at := spot{e: slice}
	for _, step := range d.path {
		at = at.step(set, step)
	}
	var x expectation
	switch d.kind {
	case "value", "pattern":
		x.exact, x.patterns = at.exact, at.part
		if at.e != nil && !at.target {
			x.values(at.e)
		}
	case "exists":
		switch {
		case at.e == nil:
		case at.e.max == 0:
			x.exists = -1
		case at.e.min > 0 || (at.e.of == nil && baseMin(at.e) > 0):
			x.exists = 1
		}
	case "type":
		x.types = at.types(set)
	case "profile":
		x.profiles = at.profiles()
	}
	return x
}

// values takes what an element says of its value.
func (x *expectation) values(e *element) {
	if e.fixed != nil {
		x.exact = append(x.exact, e.fixed.node)
	}
	if e.pattern != nil {
		x.patterns = append(x.patterns, e.pattern.node)
	}
	for _, b := range e.bindings {
		if b.Strength == "required" {
			x.bound = append(x.bound, b.ValueSet)
		}
	}
	if len(e.children) > 0 {
		x.whole = e
	}
}

// types are those that a spot may have.
func (s spot) types(set *Profiles) []string {
	switch {
	case s.e == nil:
		return nil
	case !s.target:
		if s.e.types == nil && s.e.of != nil {
			return nil // the slice says nothing of its own
		}
		return s.e.codes()
	}
	var out []string
	for _, t := range s.e.types {
		for _, url := range t.targets {
			if core := coreType(url); core != "" {
				out = append(out, core)
			} else if p, err := set.profile(url); err == nil && p != nil {
				out = append(out, p.typ)
			}
		}
	}
	return out
}

func (s spot) profiles() []string {
	if s.e == nil {
		return nil
	}
	var out []string
	for _, t := range s.e.types {
		if s.target {
			out = append(out, t.targets...)
		} else {
			out = append(out, t.profiles...)
		}
	}
	return out
}

// step follows one step of a path.
func (s spot) step(set *Profiles, step string) spot {
	switch {
	case step == "$this":
		return s
	case step == "resolve()":
		return spot{e: s.e, target: true}
	}
	if typ := typeOfStep(step); typ != "" {
		return s.ofType(typ)
	}
	if url := extensionOf(step); url != "" {
		return spot{e: s.inside(set, func(e *element) *element { return extensionSlice(set, e.child("extension"), url) })}
	}
	out := spot{exact: parts(s.exact, step), part: parts(s.part, step)}
	if s.e == nil {
		return out
	}
	if !s.target {
		if s.e.fixed != nil {
			out.exact = append(out.exact, parts([]*fhir.Node{s.e.fixed.node}, step)...)
		}
		if s.e.pattern != nil {
			out.part = append(out.part, parts([]*fhir.Node{s.e.pattern.node}, step)...)
		}
	}
	out.e = s.inside(set, func(e *element) *element { return e.child(step) })
	if url := s.extension(); url != "" && step == "url" {
		n := fhir.Str(url)
		out.exact, out.e = []*fhir.Node{&n}, nil
	}
	return out
}

// inside looks for a child in what is said of the spot, then in the profiles
// that its types must meet.
func (s spot) inside(set *Profiles, look func(*element) *element) *element {
	if s.e == nil {
		return nil
	}
	if !s.target {
		if e := look(s.e); e != nil {
			return e
		}
	}
	for _, url := range s.profiles() {
		if p, err := set.profile(url); err == nil && p != nil {
			if e := look(p.root); e != nil {
				return e
			}
		}
	}
	return nil
}

// extension is the url of the extension that a slice stands for.
func (s spot) extension() string {
	if s.e == nil || s.target || len(s.e.types) != 1 || s.e.types[0].code != "Extension" || len(s.e.types[0].profiles) != 1 {
		return ""
	}
	return bare(s.e.types[0].profiles[0])
}

func (s spot) ofType(typ string) spot {
	if s.e == nil || s.target {
		return s
	}
	for _, slice := range s.e.slices {
		if len(slice.types) == 1 && slice.types[0].code == typ {
			return spot{e: slice}
		}
	}
	return s
}

// extensionSlice finds the slice of an extension by its url.
func extensionSlice(set *Profiles, e *element, url string) *element {
	if e == nil {
		return nil
	}
	for _, s := range e.slices {
		x := expect(set, s, &byURL)
		if len(x.exact) == 1 && x.exact[0].String() == url {
			return s
		}
	}
	return nil
}

// parts takes a member out of fixed values, from each element of an array.
func parts(list []*fhir.Node, name string) []*fhir.Node {
	var out []*fhir.Node
	for _, n := range list {
		for _, x := range n.Each() {
			for i := range x.Nodes {
				if m := &x.Nodes[i]; x.Kind == fhir.KindObject && (m.Name == name || choiceNamed(m.Name, name)) {
					out = append(out, m.Each()...)
				}
			}
		}
	}
	return out
}

// choiceNamed reports whether a member is a choice element: "valueCode" of
// value.
func choiceNamed(member, name string) bool {
	rest, ok := strings.CutPrefix(member, name)
	if !ok || rest == "" || rest[0] < 'A' || rest[0] > 'Z' {
		return false
	}
	_, known := definition.Lookup(rest)
	_, primitive := definition.Lookup(strings.ToLower(rest[:1]) + rest[1:])
	return known || primitive
}

// tellable reports whether anything tells a slice apart, as far as can be seen
// without other profiles.
func tellable(slice *element, list []discriminator) bool {
	for i := range list {
		if x := expect(nil, slice, &list[i]); !x.empty() {
			return true
		}
	}
	return len(list) == 0 || slice.slice == unmatched || profiled(slice)
}

// profiled reports whether an element or what is in it refers to profiles.
func profiled(e *element) bool {
	for _, t := range e.types {
		if len(t.profiles)+len(t.targets) > 0 {
			return true
		}
	}
	for _, c := range append(e.children[:len(e.children):len(e.children)], e.slices...) {
		if profiled(c) {
			return true
		}
	}
	return e.refID != ""
}
