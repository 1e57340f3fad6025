package validate

import (
	"slices"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/fhirpath"
)

// Bounds of the work that profiles can ask for.
const (
	maxProfileWork = 500_000 // values held against profiles, over all trials
	maxTrials      = 24      // inside each other; what lies deeper is taken as met
	maxOutside     = 500     // references resolved by the caller
)

// checker holds a tree against profiles, after the walk over base R4. Each
// profile adds to R4 and to the others, so that they are checked one by one.
type checker struct {
	walker
	set     *Profiles
	url     string     // of the profile at hand
	parent  *fhir.Node // of the element at hand, for one that is missing
	trial   bool       // nothing is reported: only whether there is an error counts
	said    map[saying]bool
	common  *common
	options fhirpath.Options
}

// common is shared with the trials.
type common struct {
	work    int
	active  map[claim]bool // in progress: taken as met when met again,
	assumed int            // which is counted
	done    map[claim]bool // the outcome of trials in which nothing was assumed
	trials  int            // in progress
	found   map[string]*fhir.Node
}

type saying struct{ path, rule, text string }

type claim struct {
	n *fhir.Node
	p *profile
}

// profiled checks profiles and extensions, once the walk has gone over n.
func (w *walker) profiled(n *fhir.Node) {
	c := checker{walker: *w, set: w.opts.Registry, said: map[saying]bool{}, common: &common{active: map[claim]bool{}, done: map[claim]bool{}, found: map[string]*fhir.Node{}}}
	for _, i := range w.issues {
		c.said[saying{i.Path, i.Rule, i.Text}] = true
	}
	c.hooks()
	c.steps = c.space[:0]
	c.push(n.ResourceType())
	c.resourceAt(n, w.opts.Profiles)
	w.issues = c.issues
}

// say reports an issue, unless it was reported before.
func (c *checker) say(i issue) {
	if i.severity == "" {
		i.severity = fhir.SeverityError
	}
	if c.opts.ErrorsOnly && i.severity != fhir.SeverityError {
		return
	}
	key := saying{c.path(), i.rule, i.text}
	if i.child != "" {
		key.path += "." + i.child
	}
	if c.said[key] {
		return
	}
	c.said[key] = true
	if c.url != "" {
		i.text += " (" + c.url + ")"
	}
	c.report(i)
}

// spent reports whether the work is used up.
func (c *checker) spent() bool {
	c.common.work++
	if c.common.work == maxProfileWork {
		c.say(issue{n: c.resource, code: fhir.IssueTooCostly, rule: ruleBudget, text: "Checking the profiles takes too long: send a smaller resource, or simpler profiles."})
	}
	return c.common.work >= maxProfileWork || c.full()
}

// item is one value of an element.
type item struct {
	node, shadow *fhir.Node // of a primitive one may be nil
	typ          string
	index        int // -1 when the element does not repeat
}

func (it item) at() *fhir.Node { return either(it.node, it.shadow) }

func (it item) focus() fhirpath.Element { return fhirpath.Typed(it.typ, it.node, it.shadow) }

// holder is the object with the item's children.
func (it item) holder() *fhir.Node {
	if it.node.Is(fhir.KindObject) {
		return it.node
	}
	return it.shadow
}

// profile holds an item against a profile.
func (c *checker) profile(it item, p *profile) {
	key := claim{it.at(), p}
	if c.common.active[key] {
		c.common.assumed++
		return
	}
	c.common.active[key] = true
	before := c.url
	c.url = p.url
	if derives(it.typ, p.typ) {
		c.one(it, p.root)
	} else {
		c.say(issue{n: it.at(), code: fhir.IssueStructure, rule: ruleProfileType, text: "The profile is for " + p.typ + ", not for this type."})
	}
	c.url = before
	delete(c.common.active, key)
}

// conforms tries a profile without reporting.
func (c *checker) conforms(it item, p *profile) bool {
	key := claim{it.at(), p}
	ok, done := c.common.done[key]
	if !done {
		before := c.common.assumed
		ok = c.try(func(t *checker) { t.profile(it, p) })
		if c.common.assumed == before {
			c.common.done[key] = ok
		}
	}
	return ok
}

// try runs a check aside, and reports whether it found no error.
func (c *checker) try(check func(*checker)) bool {
	if c.common.trials >= maxTrials {
		c.common.assumed++
		return true
	}
	c.common.trials++
	defer func() { c.common.trials-- }()
	t := checker{walker: walker{
		opts: c.opts, limit: 1, root: c.root, resource: c.resource, bundle: c.bundle, entries: c.entries,
	}, trial: true, set: c.set, url: c.url, said: map[saying]bool{}, common: c.common}
	t.opts.ErrorsOnly = true
	t.hooks()
	t.steps = append(t.space[:0], step{"", -1})
	check(&t)
	return len(t.issues) == 0
}

// list checks the values of an element, or of one of its slices.
func (c *checker) list(items []item, e *element) {
	name := ""
	if e.slice != "" {
		name = "slice " + e.slice + " of "
	}
	switch n := len(items); {
	case n < e.min && n == 0:
		c.say(issue{n: c.parent, code: fhir.IssueRequired, rule: ruleCardinality, text: "The " + name + "element is required by the profile: add it."})
	case n < e.min:
		c.say(issue{n: items[0].at(), code: fhir.IssueRequired, rule: ruleCardinality, text: "The " + name + "element is given too few times for the profile: add more."})
	case e.max == 0 && n > 0:
		c.say(issue{n: items[0].at(), code: fhir.IssueStructure, rule: ruleCardinality, text: "The " + name + "element is not allowed by the profile: remove it."})
		return
	case e.max != definition.Unbounded && n > e.max:
		c.say(issue{n: items[e.max].at(), code: fhir.IssueStructure, rule: ruleCardinality, text: "The " + name + "element is given more often than the profile allows: remove the surplus."})
	}
	for _, it := range items {
		c.at(it.index)
		c.one(it, e)
	}
	c.at(-1)
	if e.slicing != nil {
		c.slices(items, e)
	}
}

// one checks one value.
func (c *checker) one(it item, e *element) {
	if c.spent() || !c.typed(it, e) {
		return
	}
	root, resource, bundle, entries := c.root, c.resource, c.bundle, c.entries
	inner := it.node.Is(fhir.KindObject) && it.node != c.resource && isResource(it.typ)
	if inner {
		c.enter(it.node, c.holds(it.node))
		c.hooks()
	}
	c.valued(it, e)
	c.bound(it, e)
	c.constrained(it, e)
	if len(e.children) > 0 {
		c.children(it, e)
	}
	if e.ref != nil {
		c.one(it, e.ref)
	}
	if inner {
		c.root, c.resource, c.bundle, c.entries = root, resource, bundle, entries
		c.hooks()
	}
}

// holds reports whether a resource is contained in the one at hand.
func (c *checker) holds(n *fhir.Node) bool {
	list := c.root.Get("contained")
	return list.Is(fhir.KindArray) && slices.ContainsFunc(list.Each(), func(x *fhir.Node) bool { return x == n })
}

func isResource(typ string) bool {
	def, ok := definition.Lookup(typ)
	return ok && def.Kind == definition.Resource
}

// children checks the children that a profile speaks of.
func (c *checker) children(it item, e *element) {
	holder := it.holder()
	for _, child := range e.children {
		if c.full() {
			return
		}
		c.push(child.name)
		c.parent = it.at()
		c.list(items(holder, it.typ, child), child)
		c.pop()
	}
}

// items collects the values of a child.
func items(n *fhir.Node, typ string, e *element) []item {
	def, ok := definition.Lookup(typ)
	if !ok || !n.Is(fhir.KindObject) {
		return nil
	}
	if e.base == nil || !e.base.Choice {
		_, t, ok := def.Element(e.name)
		if !ok {
			return nil
		}
		return pair(nil, n.Get(e.name), shadowOf(n, e.name), t)
	}
	var out []item
	for i := range e.base.Types {
		name := jsonName(e.base, &e.base.Types[i])
		out = pair(out, n.Get(name), shadowOf(n, name), e.base.Types[i].Code)
	}
	return out
}

// pair adds the values of a member and its shadow.
func pair(out []item, m, shadow *fhir.Node, typ string) []item {
	switch {
	case m == nil && shadow == nil:
		return out
	case !m.Is(fhir.KindArray) && !shadow.Is(fhir.KindArray):
		return append(out, typedItem(item{m, shadow, typ, -1}))
	}
	for i := range max(length(m), length(shadow)) {
		it := item{m.At(i), shadow.At(i), typ, i}
		if it.node.Is(fhir.KindNull) {
			it.node = nil
		}
		if it.shadow.Is(fhir.KindNull) {
			it.shadow = nil
		}
		if it.at() != nil {
			out = append(out, typedItem(it))
		}
	}
	return out
}

func length(n *fhir.Node) int {
	if !n.Is(fhir.KindArray) {
		return 0
	}
	return len(n.Nodes)
}

// typedItem gives a resource the type that it names.
func typedItem(it item) item {
	if it.typ == "Resource" && definition.IsResource(it.node.ResourceType()) {
		it.typ = it.node.ResourceType()
	}
	return it
}
