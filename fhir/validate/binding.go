package validate

import (
	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// match is how a value stands to a value set.
type match uint8

const (
	matchNone    match = iota // there is nothing to look up
	matchUnknown              // the set cannot be listed
	matchIn
	matchOut
	matchNoCode // text alone: enough for extensible, not for required
)

// codeForm looks the code of a value up in a value set.
type codeForm func(w *walker, n *fhir.Node, set string) match

var codeForms = map[string]codeForm{
	"code":            codeMatch,
	"uri":             codeMatch,
	"url":             codeMatch,
	"id":              codeMatch,
	"string":          codeMatch,
	"canonical":       codeMatch,
	"Coding":          codingMatch,
	"Quantity":        quantityMatch,
	"Age":             quantityMatch,
	"Duration":        quantityMatch,
	"CodeableConcept": conceptMatch,
}

// wants reports whether a binding is checked at all.
func (w *walker) wants(b *definition.Binding) bool {
	switch b.Strength {
	case "required":
		return true
	case "extensible":
		return !w.opts.ErrorsOnly || w.opts.Terminology != nil
	}
	return !w.opts.ErrorsOnly
}

// binding checks a coded value against the value set of its element.
func (w *walker) binding(n *fhir.Node, c *child) {
	b := c.def.Binding
	if !w.wants(b) {
		return
	}
	if is, wrong := w.judge(c.code(w, n, b.ValueSet), b, n); wrong {
		w.report(is)
	}
}

// judge says what a binding makes of a match.
//
// https://hl7.org/fhir/R4/terminologies.html#strength
func (w *walker) judge(m match, b *definition.Binding, n *fhir.Node) (is issue, wrong bool) {
	is = issue{n: n, severity: fhir.SeverityError, code: fhir.IssueCodeInvalid, rule: ruleRequired}
	switch required := b.Strength == "required"; {
	case required && m == matchOut:
		is.text = "This code is not allowed here: use a code from " + b.ValueSet + "."
	case required && m == matchNoCode:
		is.text = "Text alone is not enough here: add a code from " + b.ValueSet + "."
	case required && m == matchUnknown && w.opts.Terminology != nil:
		is.severity, is.code, is.rule = fhir.SeverityInformation, fhir.IssueIncomplete, ruleUnchecked
		is.text = "It cannot be told here whether this code is from " + b.ValueSet + "."
	case m != matchOut:
		return is, false
	case b.Strength == "extensible" && w.undefined(n):
		is.rule = ruleExtensible
		is.text = "The code system has no such code: use one from " + b.ValueSet + ", or another that exists."
	case b.Strength == "extensible":
		is.severity, is.rule = fhir.SeverityWarning, ruleExtensible
		is.text = "This code is not from " + b.ValueSet + ": use one from there if any has the meaning."
	default:
		is.severity, is.rule = fhir.SeverityInformation, rulePreferred
		is.text = "This code is not from " + b.ValueSet + ", which is preferred."
	}
	return is, !w.opts.ErrorsOnly || is.severity == fhir.SeverityError
}

// undefined reports whether a coding names a code that its code system, which
// is known in full, does not have. Such a code covers no concept, so that an
// extensible binding gives it no room.
func (w *walker) undefined(n *fhir.Node) bool {
	if w.opts.Terminology == nil {
		return false
	}
	codings := []*fhir.Node{n}
	if list := n.Get("coding"); list != nil {
		codings = list.Each()
	}
	for _, c := range codings {
		system, code := c.Get("system").String(), c.Get("code").String()
		if system == "" || code == "" {
			continue
		}
		if defined, known := w.opts.Terminology.Defined(system, code); known && !defined {
			return true
		}
	}
	return false
}

// syntaxes are value sets that are a syntax.
var syntaxes = map[string]func(string) bool{
	"http://hl7.org/fhir/ValueSet/mimetypes":     mimeType,
	"http://hl7.org/fhir/ValueSet/all-languages": languageTag,
}

// lookup asks for a code in a value set: R4's own tables first, then the
// terminology that the caller has.
func (w *walker) lookup(set, system, code string) match {
	in, known := definition.Contains(set, system, code)
	if !known {
		if syntax := syntaxes[bare(set)]; syntax != nil {
			in, known = syntax(code), true
		} else if w.opts.Terminology != nil {
			in, known = w.opts.Terminology.Member(set, system, code)
		}
	}
	switch {
	case !known:
		return matchUnknown
	case in:
		return matchIn
	}
	return matchOut
}

func codeMatch(w *walker, n *fhir.Node, set string) match { return w.lookup(set, "", n.String()) }

// codingMatch takes a code without a system as one that is not in the set: it
// has no meaning on its own.
func codingMatch(w *walker, n *fhir.Node, set string) match {
	system, code := n.Get("system").String(), n.Get("code").String()
	if code == "" {
		if n.Get("extension") != nil || n.Get("_code") != nil {
			return matchNone // says why there is none
		}
		return w.noCode(set)
	}
	m := w.lookup(set, system, code)
	if system == "" && m == matchIn {
		return matchOut
	}
	return m
}

func quantityMatch(w *walker, n *fhir.Node, set string) match {
	if n.Get("code") == nil {
		return matchNone
	}
	return codingMatch(w, n, set)
}

// conceptMatch wants one of the codings in the set.
func conceptMatch(w *walker, n *fhir.Node, set string) match {
	codings := n.Get("coding")
	if codings == nil || codings.Kind != fhir.KindArray || len(codings.Nodes) == 0 {
		if n.Get("extension") != nil && n.Get("text") == nil {
			return matchNone
		}
		return w.noCode(set)
	}
	out := matchOut
	for i := range codings.Nodes {
		switch m := codingMatch(w, &codings.Nodes[i], set); m {
		case matchIn:
			return matchIn
		case matchUnknown, matchNone:
			out = m
		}
	}
	return out
}

// noCode is a value without a code. Where the set is asked of the caller's
// terminology, any code will do to learn whether it is known.
func (w *walker) noCode(set string) match {
	if w.lookup(set, "", "") == matchUnknown {
		return matchUnknown
	}
	return matchNoCode
}
