package validate

import (
	"slices"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/fhirpath"
)

// slices sorts the values of an element into its slices, and checks each slice
// as an element of its own.
//
// https://hl7.org/fhir/R4/profiling.html#slicing
func (c *checker) slices(items []item, e *element) {
	groups := make([][]item, len(e.slices))
	last, others := -1, false
	for _, it := range items {
		if c.spent() {
			return
		}
		c.at(it.index)
		k := c.sliceFor(it, e)
		switch {
		case k < 0 && e.slicing.rules == "closed":
			c.say(issue{n: it.at(), code: fhir.IssueStructure, rule: ruleSlicing, text: "This is none of the forms that the profile allows for the element: remove or correct it."})
		case k < 0:
			others = true
		case others && e.slicing.rules == "openAtEnd":
			c.say(issue{n: it.at(), code: fhir.IssueStructure, rule: ruleSlicing, text: "Values that the profile does not name come last: move this one before them."})
		case k < last && e.slicing.ordered:
			c.say(issue{n: it.at(), code: fhir.IssueStructure, rule: ruleSlicing, text: "The profile gives these values an order, and this one comes too late: sort them."})
		}
		if k >= 0 {
			groups[k], last = append(groups[k], it), max(last, k)
		}
	}
	c.at(-1)
	for k, s := range e.slices {
		c.list(groups[k], s)
	}
}

// sliceFor finds the slice that a value belongs to, -1 for none.
func (c *checker) sliceFor(it item, e *element) int {
	rest := -1
	for k, s := range e.slices {
		if s.slice == unmatched {
			rest = k
		} else if c.belongs(it, e, k) {
			return k
		}
	}
	return rest
}

// belongs reports whether a value is in a slice. Where nothing is said to tell
// slices apart, a value belongs to the first that it conforms to.
func (c *checker) belongs(it item, e *element, k int) bool {
	if len(e.slicing.discriminators) == 0 {
		return c.try(func(t *checker) { t.one(it, e.slices[k]) })
	}
	told := false
	for i, x := range e.slicing.expectations(c.set, e)[k] {
		if x.empty() {
			continue
		}
		told = true
		if !c.meets(it, &e.slicing.discriminators[i], &x) {
			return false
		}
	}
	return told
}

// expectation is what a slice has at the path of a discriminator.
type expectation struct {
	exact    []*fhir.Node // the value is one of these,
	patterns []*fhir.Node // or holds all of these
	bound    []string     // or is in one of these value sets
	whole    *element     // or else conforms to this
	exists   int          // 1: it must be there, -1: it may not
	types    []string
	profiles []string
}

func (x *expectation) empty() bool {
	return len(x.exact)+len(x.patterns)+len(x.bound)+len(x.types)+len(x.profiles) == 0 && x.whole == nil && x.exists == 0
}

// meets holds a value against what a slice has at a discriminator.
func (c *checker) meets(it item, d *discriminator, x *expectation) bool {
	opts := c.options
	if d.kind == "profile" {
		opts.Resolve = c.follow
	}
	found, err := d.expr.Eval(&opts, it.focus())
	if err != nil {
		return false
	}
	if d.kind == "exists" {
		return (len(found) > 0) == (x.exists > 0)
	}
	any := func(test func(item) bool) bool {
		return slices.ContainsFunc(found, func(e fhirpath.Element) bool {
			out := item{e.Node(), e.Shadow(), e.Type(), -1}
			return out.at() != nil && test(out)
		})
	}
	switch d.kind {
	case "type":
		return any(func(at item) bool {
			return slices.ContainsFunc(x.types, func(t string) bool { return isA(at.typ, t) })
		})
	case "profile":
		return any(func(at item) bool {
			return slices.ContainsFunc(x.profiles, func(url string) bool { return c.meetsProfile(at, url) })
		})
	}
	return c.meetsValue(x, any)
}

func (c *checker) meetsValue(x *expectation, any func(func(item) bool) bool) bool {
	for _, n := range x.exact {
		if !any(func(at item) bool { return equal(n, at.node) }) {
			return false
		}
	}
	for _, n := range x.patterns {
		if !any(func(at item) bool { return matches(n, at.node) }) {
			return false
		}
	}
	for _, set := range x.bound {
		if !any(func(at item) bool {
			form := codeForms[at.typ]
			return form != nil && at.node != nil && form(&c.walker, at.node, set) == matchIn
		}) {
			return false
		}
	}
	if x.whole == nil || len(x.exact)+len(x.patterns)+len(x.bound) > 0 {
		return true
	}
	return any(func(at item) bool { return c.try(func(t *checker) { t.one(at, x.whole) }) })
}

func (c *checker) meetsProfile(it item, url string) bool {
	if core := coreType(url); core != "" {
		return derives(it.typ, core)
	}
	p, err := c.set.profile(url)
	return err == nil && p != nil && c.conforms(it, p)
}

// expectations works out, once, what tells the slices of an element apart. It
// may have to look into the profiles of types.
func (s *slicing) expectations(set *Profiles, e *element) [][]expectation {
	s.once.Do(func() { s.tells = expectations(set, e, s.discriminators) })
	return s.tells
}

func expectations(set *Profiles, e *element, list []discriminator) [][]expectation {
	out := make([][]expectation, len(e.slices))
	for k, slice := range e.slices {
		out[k] = make([]expectation, len(list))
		for i := range list {
			out[k][i] = expect(set, slice, &list[i])
		}
	}
	return out
}
