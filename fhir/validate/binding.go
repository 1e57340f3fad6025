package validate

import (
	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// match is how a value stands to a value set.
type match uint8

const (
	matchUnknown match = iota // the set cannot be listed, or there is nothing to look up
	matchIn
	matchOut
	matchNoCode // text alone: enough for extensible, not for required
)

// codeForm looks the code of a value up in a value set.
type codeForm func(n *fhir.Node, set string) match

var codeForms = map[string]codeForm{
	"code":            codeMatch,
	"uri":             codeMatch,
	"string":          codeMatch,
	"canonical":       codeMatch,
	"Coding":          codingMatch,
	"Quantity":        quantityMatch,
	"Age":             quantityMatch,
	"Duration":        quantityMatch,
	"CodeableConcept": conceptMatch,
}

// binding checks a coded value against the value set of its element.
//
// https://hl7.org/fhir/R4/terminologies.html#strength
func (w *walker) binding(n *fhir.Node, c *child) {
	b := c.def.Binding
	required := b.Strength == "required"
	if !required && w.opts.ErrorsOnly {
		return
	}
	switch m := c.code(n, b.ValueSet); {
	case required && m == matchOut:
		w.report(issue{n: n, code: fhir.IssueCodeInvalid, rule: ruleRequired, text: "This code is not allowed here: use a code from " + b.ValueSet + "."})
	case required && m == matchNoCode:
		w.report(issue{n: n, code: fhir.IssueCodeInvalid, rule: ruleRequired, text: "Text alone is not enough here: add a code from " + b.ValueSet + "."})
	case m == matchOut:
		w.report(issue{
			n: n, severity: fhir.SeverityWarning, code: fhir.IssueCodeInvalid, rule: ruleExtensible,
			text: "This code is not from " + b.ValueSet + ": use one from there if any has the meaning.",
		})
	}
}

func lookup(set, system, code string) match {
	in, known := definition.Contains(set, system, code)
	switch {
	case !known:
		return matchUnknown
	case in:
		return matchIn
	}
	return matchOut
}

func codeMatch(n *fhir.Node, set string) match { return lookup(set, "", n.String()) }

// codingMatch takes a code without a system as one that is not in the set: it
// has no meaning on its own.
func codingMatch(n *fhir.Node, set string) match {
	system, code := n.Get("system").String(), n.Get("code").String()
	if code == "" {
		if n.Get("extension") != nil || n.Get("_code") != nil {
			return matchUnknown // says why there is none
		}
		return noCode(set)
	}
	m := lookup(set, system, code)
	if system == "" && m == matchIn {
		return matchOut
	}
	return m
}

func quantityMatch(n *fhir.Node, set string) match {
	if n.Get("code") == nil {
		return matchUnknown
	}
	return codingMatch(n, set)
}

// conceptMatch wants one of the codings in the set.
func conceptMatch(n *fhir.Node, set string) match {
	codings := n.Get("coding")
	if codings == nil || codings.Kind != fhir.KindArray || len(codings.Nodes) == 0 {
		if n.Get("extension") != nil && n.Get("text") == nil {
			return matchUnknown
		}
		return noCode(set)
	}
	out := matchOut
	for i := range codings.Nodes {
		switch codingMatch(&codings.Nodes[i], set) {
		case matchIn:
			return matchIn
		case matchUnknown:
			out = matchUnknown
		}
	}
	return out
}

func noCode(set string) match {
	if _, known := definition.Contains(set, "", ""); !known {
		return matchUnknown
	}
	return matchNoCode
}
