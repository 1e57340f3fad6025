package fhirpath

import (
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

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
