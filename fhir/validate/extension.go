package validate

import (
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/fhirpath"
)

// context is a place where an extension may stand.
type context struct {
	kind       string // element, extension, fhirpath
	expression string
}

// host is a value that has extensions.
type host struct {
	item
	path string // of its element: "Patient.contact.name"
}

// resourceAt holds a resource against the profiles asked for and those that it
// claims, then goes through what is in it.
//
// https://hl7.org/fhir/R4/resource.html#profile
func (c *checker) resourceAt(n *fhir.Node, asked []string) {
	c.hooks()
	it := item{n, nil, n.ResourceType(), -1}
	done := map[string]bool{}
	for _, url := range asked {
		if !done[url] {
			done[url] = true
			c.against(it, n, url, url, fhir.SeverityError)
		}
	}
	severity := fhir.SeverityWarning
	if c.opts.Strict {
		severity = fhir.SeverityError
	}
	for _, claim := range n.Path("meta", "profile").Each() {
		if url := claim.String(); url != "" && !done[url] {
			done[url] = true
			c.against(it, claim, url, "that is claimed in meta.profile", severity)
		}
	}
	c.tree(host{it, it.typ}, shapeOf(it.typ))
}

// against holds a resource against the profile of a canonical. Name is how a
// message calls it: not by a text that came with the resource.
func (c *checker) against(it item, at *fhir.Node, url, name string, unknown fhir.Severity) {
	if core := coreType(url); core != "" {
		if !derives(it.typ, core) {
			c.say(issue{n: at, code: fhir.IssueStructure, rule: ruleProfileType, text: "The profile is for " + core + ", not for this type."})
		}
		return
	}
	p, err := c.set.profile(url)
	if err != nil || p == nil {
		c.unusable(at, name, err, unknown)
		return
	}
	c.profile(it, p)
}

// tree looks for extensions and resources in a value.
func (c *checker) tree(h host, s *shape) {
	n := h.holder()
	if !n.Is(fhir.KindObject) {
		return
	}
	for i := range n.Nodes {
		m := &n.Nodes[i]
		name, shadow := strings.CutPrefix(m.Name, "_")
		child := s.children[name]
		if child == nil || (child.kind == definition.Primitive && !shadow) || c.spent() {
			continue
		}
		c.push(child.def.Name)
		if child.ref.Code == "Extension" {
			c.extensions(pair(nil, m, nil, "Extension"), h, name == "modifierExtension")
		}
		if shadow {
			c.treesOf(n.Get(name), m, child)
		} else {
			c.treesOf(m, nil, child)
		}
		c.pop()
	}
}

// treesOf goes into the values of an element.
func (c *checker) treesOf(m, shadow *fhir.Node, child *child) {
	if !m.Is(fhir.KindArray) && !shadow.Is(fhir.KindArray) {
		c.treeOf(item{m, shadow, child.ref.Code, -1}, child)
		return
	}
	for i := range max(length(m), length(shadow)) {
		c.at(i)
		c.treeOf(item{m.At(i), shadow.At(i), child.ref.Code, i}, child)
	}
}

// treeOf goes into one value: a resource has profiles of its own to claim.
func (c *checker) treeOf(it item, child *child) {
	if child.kind != definition.Resource {
		c.tree(host{it, child.def.Path}, child.of())
		return
	}
	if !it.node.Is(fhir.KindObject) || !definition.IsResource(it.node.ResourceType()) {
		return
	}
	root, resource, bundle, entries := c.root, c.resource, c.bundle, c.entries
	c.enter(it.node, c.holds(it.node))
	c.resourceAt(it.node, nil)
	c.root, c.resource, c.bundle, c.entries = root, resource, bundle, entries
	c.hooks()
}

// extensions holds the extensions of a value against their definitions.
//
// https://hl7.org/fhir/R4/defining-extensions.html
func (c *checker) extensions(list []item, h host, modifier bool) {
	counts := map[*profile]int{}
	for _, it := range list {
		url := it.node.Get("url").String()
		c.at(it.index)
		if !strings.Contains(url, ":") {
			continue // a part of a complex extension, whose definition speaks of it
		}
		p, err := c.set.profile(url)
		switch {
		case err != nil:
			c.unusable(it.node, "of this extension", err, fhir.SeverityWarning)
		case p == nil && modifier:
			severity := fhir.SeverityError
			if c.opts.AnyModifier {
				severity = fhir.SeverityWarning
			}
			c.say(issue{n: it.node, severity: severity, code: fhir.IssueExtension, rule: ruleModifier, text: "This modifier extension is not known here, so that the meaning of the element is not: remove it, or load its definition."})
		case p != nil:
			counts[p]++
			c.extension(it, h, p, modifier, counts[p])
		}
	}
	c.at(-1)
}

func (c *checker) extension(it item, h host, p *profile, modifier bool, count int) {
	switch {
	case p.modifier && !modifier:
		c.say(issue{n: it.node, code: fhir.IssueExtension, rule: ruleModifier, text: "This extension changes the meaning of its element: it belongs in modifierExtension."})
	case modifier && !p.modifier:
		c.say(issue{n: it.node, code: fhir.IssueExtension, rule: ruleModifier, text: "This extension does not change the meaning of its element: it belongs in extension."})
	}
	if most := p.root.max; most != definition.Unbounded && count > most {
		c.say(issue{n: it.node, code: fhir.IssueStructure, rule: ruleExtCount, text: "This extension is given more often than its definition allows: remove the surplus."})
	}
	if len(p.contexts) > 0 && !slices.ContainsFunc(p.contexts, func(x context) bool { return c.within(h, x) }) {
		c.say(issue{n: it.node, code: fhir.IssueExtension, rule: ruleContext, text: "This extension may not be used on this element: its definition says where."})
	}
	for _, text := range p.within {
		if !c.allows(h, it, text) {
			c.say(issue{n: it.node, code: fhir.IssueExtension, rule: ruleContext, text: "This extension may not be used here: a rule of its context is not met."})
		}
	}
	c.profile(it, p)
}

// within reports whether a value is a place that a context names.
func (c *checker) within(h host, x context) bool {
	switch x.kind {
	case "extension":
		url, _, _ := strings.Cut(x.expression, "#")
		return h.typ == "Extension" && h.node.Get("url").String() == url
	case "fhirpath":
		expr, err := fhirpath.Cached(x.expression)
		if err != nil {
			return false
		}
		found, err := expr.Eval(&c.options, fhirpath.Resource(c.resource))
		return err == nil && slices.ContainsFunc(found, func(e fhirpath.Element) bool { return fhirItem(e) == h.at() })
	}
	switch x.expression {
	case "Element", h.path, h.typ:
		return true
	}
	if plain, choice := strings.CutSuffix(h.path, "[x]"); choice && (x.expression == plain || x.expression == plain+upper(h.typ)) {
		return true
	}
	return derives(h.typ, x.expression) || inherits(h.path, x.expression)
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// inherits reports whether a path is that of an element of a type which the
// path's own type specialises: "Resource.meta" for Patient.meta.
func inherits(path, of string) bool {
	typ, rest, ok := strings.Cut(path, ".")
	base, same, ok2 := strings.Cut(of, ".")
	return ok && ok2 && rest == same && derives(typ, base)
}

// allows evaluates a contextInvariant on the element that is extended.
func (c *checker) allows(h host, ext item, text string) bool {
	expr, err := fhirpath.Cached(text)
	if err != nil {
		return false
	}
	opts := c.options
	opts.Vars = map[string][]fhirpath.Element{"extension": {ext.focus()}}
	ok, err := expr.Holds(&opts, h.focus())
	return ok && err == nil
}
