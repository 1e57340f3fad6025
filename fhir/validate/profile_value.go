package validate

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/fhirpath"
)

// valued checks what a profile says of the value itself.
//
// https://hl7.org/fhir/R4/elementdefinition.html: fixed[x], pattern[x], minValue[x], maxValue[x], maxLength
func (c *checker) valued(it item, e *element) {
	if e.fixed != nil && !equal(e.fixed.node, it.node) {
		c.say(issue{n: it.at(), code: fhir.IssueValue, rule: ruleFixed, text: "This is not the value that the profile fixes: use " + shown(e.fixed.node) + "."})
	}
	if e.pattern != nil && !matches(e.pattern.node, it.node) {
		c.say(issue{n: it.at(), code: fhir.IssueValue, rule: rulePattern, text: "This does not hold what the profile's pattern asks for: " + shown(e.pattern.node) + "."})
	}
	if e.least != nil && c.beyond(it, e.least, "<") {
		c.say(issue{n: it.at(), code: fhir.IssueValue, rule: ruleMinValue, text: "This is less than the profile allows: the least is " + shown(e.least.node) + "."})
	}
	if e.most != nil && c.beyond(it, e.most, ">") {
		c.say(issue{n: it.at(), code: fhir.IssueValue, rule: ruleMaxValue, text: "This is more than the profile allows: the most is " + shown(e.most.node) + "."})
	}
	if e.maxLength > 0 && it.node.Is(fhir.KindString) && utf8.RuneCountInString(it.node.Text) > e.maxLength {
		c.say(issue{n: it.at(), code: fhir.IssueTooLong, rule: ruleMaxLength, text: "This text is longer than the profile allows: shorten it."})
	}
}

// shown is a value of a profile as a message holds it.
func shown(n *fhir.Node) string {
	text := string(n.JSON())
	if len(text) > 200 {
		return "the value given there"
	}
	return text
}

// equal reports whether two values are the same in every part.
func equal(want, got *fhir.Node) bool {
	if want == nil || got == nil || want.Kind != got.Kind || want.Text != got.Text || len(want.Nodes) != len(got.Nodes) {
		return want == nil && got == nil
	}
	for i := range want.Nodes {
		other := &got.Nodes[i]
		if want.Kind == fhir.KindObject {
			other = got.Get(want.Nodes[i].Name)
		}
		if other == nil || !equal(&want.Nodes[i], other) {
			return false
		}
	}
	return true
}

// matches reports whether a value holds all that a pattern does; an array
// holds a match for each element of the pattern's.
func matches(want, got *fhir.Node) bool {
	if want == nil || got == nil || want.Kind != got.Kind {
		return false
	}
	switch want.Kind {
	case fhir.KindObject:
		for i := range want.Nodes {
			if !matches(&want.Nodes[i], got.Get(want.Nodes[i].Name)) {
				return false
			}
		}
		return true
	case fhir.KindArray:
		for i := range want.Nodes {
			if !slices.ContainsFunc(got.Nodes, func(x fhir.Node) bool { return matches(&want.Nodes[i], &x) }) {
				return false
			}
		}
		return true
	}
	return want.Text == got.Text
}

// Limits of values: FHIRPath knows precision and units. Where it cannot tell,
// the limit is kept.
var (
	limits = map[string]*fhirpath.Expr{"<": fhirpath.Must("$this < %limit"), ">": fhirpath.Must("$this > %limit")}
	apart  = map[string]*fhirpath.Expr{"<": fhirpath.Must("$this < now() + %limit"), ">": fhirpath.Must("$this > now() + %limit")}
	days   = map[string]*fhirpath.Expr{"<": fhirpath.Must("$this < today() + %limit"), ">": fhirpath.Must("$this > today() + %limit")}
)

// beyond reports whether a value is on the wrong side of a limit. A limit of a
// date that is a Quantity counts from now.
func (c *checker) beyond(it item, limit *constant, op string) bool {
	expr := limits[op]
	if limit.typ == "Quantity" && it.typ != "Quantity" {
		if expr = apart[op]; it.typ == "date" {
			expr = days[op]
		}
	}
	opts := c.options
	opts.Vars = map[string][]fhirpath.Element{"limit": {fhirpath.Typed(limit.typ, limit.node, nil)}}
	out, err := expr.EvalBool(&opts, it.focus())
	return err == nil && out
}

// bound checks the bindings of a profile.
//
// https://hl7.org/fhir/R4/terminologies.html#strength
func (c *checker) bound(it item, e *element) {
	form := codeForms[it.typ]
	if form == nil || it.node == nil {
		return
	}
	for i := range e.bindings {
		if b := &e.bindings[i]; c.wants(b) {
			if is, wrong := c.judge(form(&c.walker, it.node, b.ValueSet), b, it.node); wrong {
				c.say(is)
			}
		}
	}
}

// constrained checks the invariants of a profile.
func (c *checker) constrained(it item, e *element) {
	if c.opts.NoInvariants {
		return
	}
	for i := range e.constraints {
		inv := &e.constraints[i]
		if !c.wanted(inv.Severity) {
			continue
		}
		ok, err := inv.expr.Holds(&c.options, it.focus())
		switch {
		case err != nil:
			c.say(issue{n: it.at(), severity: fhir.Severity(inv.Severity), code: fhir.IssueInvariant, rule: inv.Key, text: "Rule " + inv.Key + " could not be checked on these values: " + inv.Human})
		case !ok:
			c.say(issue{n: it.at(), severity: fhir.Severity(inv.Severity), code: fhir.IssueInvariant, rule: inv.Key, text: "Rule " + inv.Key + " is not met: " + inv.Human})
		}
	}
}

// typed checks the types of a profile, and the profiles of those types. It
// reports whether the value is of one of the types.
func (c *checker) typed(it item, e *element) bool {
	if e.types == nil {
		return true
	}
	var refs []*typeRef
	for i := range e.types {
		if isA(it.typ, e.types[i].code) {
			refs = append(refs, &e.types[i])
		}
	}
	if len(refs) == 0 {
		c.say(issue{n: it.at(), code: fhir.IssueStructure, rule: ruleTypes, text: "The profile does not allow this type here: use " + strings.Join(e.codes(), " or ") + "."})
		return false
	}
	for _, ref := range refs {
		if len(ref.profiles) > 0 {
			c.typeProfiles(it, ref)
		}
		if it.typ == "Reference" && len(ref.targets) > 0 {
			c.target(it.node, ref)
		}
	}
	return true
}

// isA reports whether a value of a type may stand where a profile names one. A
// code is no string there, though it specialises one; but a Patient is a
// Resource.
func isA(typ, named string) bool { return typ == named || (isResource(named) && derives(typ, named)) }

// typeProfiles wants one of the profiles of a type to be met.
func (c *checker) typeProfiles(it item, ref *typeRef) {
	var known []*profile
	for _, url := range ref.profiles {
		if name := coreType(url); name != "" {
			if def, ok := definition.Lookup(name); ok && def.Base == it.typ && len(ref.profiles) == 1 {
				c.invariants(it.node, it.shadow, it.typ, &shapeOf(name).rules) // SimpleQuantity
			}
			return
		}
		p, err := c.set.profile(url)
		if err != nil || p == nil {
			c.unusable(it.at(), url, err, fhir.SeverityWarning)
			return // it may be this one that is met
		}
		known = append(known, p)
	}
	switch {
	case it.typ == "Extension" && !c.trial && len(known) == 1 && known[0].url == it.node.Get("url").String():
		// Each extension is held against its own definition anyway.
	case len(known) == 1:
		c.profile(it, known[0])
	case !slices.ContainsFunc(known, func(p *profile) bool { return c.conforms(it, p) }):
		c.say(issue{n: it.at(), code: fhir.IssueStructure, rule: ruleProfile, text: "This meets none of the profiles that it may have here: " + strings.Join(ref.profiles, ", ") + "."})
	}
}

// unusable reports a profile that is not known, or is wrong itself.
func (c *checker) unusable(n *fhir.Node, name string, err error, severity fhir.Severity) {
	text := "The profile " + name + " is not known here, so nothing was checked against it: load it, or correct the canonical."
	if err != nil {
		text = "The profile " + name + " is wrong itself, so nothing was checked against it: " + err.Error()
	}
	c.say(issue{n: n, severity: severity, code: fhir.IssueNotFound, rule: ruleProfileKnown, text: text})
}
