package validate

import (
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/fhirpath"
)

// The rules of a StructureDefinition that a faulty one breaks.
const (
	ruleSDHead        = "sd-head"        // https://hl7.org/fhir/R4/structuredefinition.html: url, type, base
	ruleSDPath        = "sd-path"        // https://hl7.org/fhir/R4/elementdefinition.html#path
	ruleSDCardinality = "sd-cardinality" // https://hl7.org/fhir/R4/profiling.html#cardinality
	ruleSDType        = "sd-type"        // https://hl7.org/fhir/R4/profiling.html: types may only be narrowed
	ruleSDValue       = "sd-value"       // https://hl7.org/fhir/R4/elementdefinition.html: fixed, pattern, minValue, maxValue
	ruleSDBinding     = "sd-binding"     // https://hl7.org/fhir/R4/profiling.html#binding
	ruleSDSlicing     = "sd-slicing"     // https://hl7.org/fhir/R4/profiling.html#slicing
	ruleSDConstraint  = "sd-constraint"  // https://hl7.org/fhir/R4/elementdefinition.html: constraint
	ruleSDContext     = "sd-context"     // https://hl7.org/fhir/R4/defining-extensions.html#context
)

// Bounds of a definition, so that a hostile one costs little.
const (
	maxChain    = 16 // profiles derived from each other
	maxElements = 20_000
	maxFaults   = 50
)

// loader compiles one StructureDefinition.
type loader struct {
	profiles *Profiles
	out      *profile
	last     map[string][]segment // the latest element at each path, for definitions without ids
	all      []*element           // those that were read
	issues   []fhir.Issue
}

// bad notes a fault of an element.
func (l *loader) bad(id, rule, text string) {
	if len(l.issues) < maxFaults {
		l.issues = append(l.issues, fhir.Issue{Severity: fhir.SeverityError, Code: fhir.IssueInvalid, Rule: rule, Path: id, Text: text})
	}
}

// compile reads a StructureDefinition: its snapshot if it has one, otherwise
// its differential on top of its base. Derived are the profiles that are being
// compiled because they build on this one.
func (p *Profiles) compile(n *fhir.Node, derived []string) (*profile, error) {
	l := &loader{profiles: p, last: map[string][]segment{}, out: &profile{url: n.Get("url").String(), typ: n.Get("type").String()}}
	list := n.Path("snapshot", "element")
	fromBase := !list.Is(fhir.KindArray)
	if fromBase {
		list = n.Path("differential", "element")
	}
	l.head(n, list)
	if len(l.issues) == 0 && fromBase {
		l.base(n.Get("baseDefinition").String(), derived)
	}
	if len(l.issues) == 0 {
		l.elements(list)
		l.context(n)
	}
	if len(l.issues) > 0 {
		return nil, fault(l.out.url, l.issues)
	}
	prune(l.out.root)
	return l.out, nil
}

// head reads what identifies the profile, and starts it as its type alone.
func (l *loader) head(n, list *fhir.Node) {
	def, known := definition.Lookup(l.out.typ)
	switch {
	case n.ResourceType() != "StructureDefinition":
		l.bad("", ruleSDHead, "This is no StructureDefinition.")
	case l.out.url == "":
		l.bad("", ruleSDHead, "The StructureDefinition has no url.")
	case n.Get("kind").String() == "logical" || !known || strings.Contains(l.out.typ, "."):
		l.bad("", ruleSDHead, "The type must be a resource or data type of R4; logical models are not supported.")
	case !list.Is(fhir.KindArray) || len(list.Nodes) == 0:
		l.bad("", ruleSDHead, "The StructureDefinition has neither a snapshot nor a differential with elements.")
	case len(list.Nodes) > maxElements:
		l.bad("", ruleSDHead, "The StructureDefinition has more than 20,000 elements.")
	default:
		l.out.root = &element{id: def.Name, name: def.Name, typ: def.Name, max: definition.Unbounded}
	}
}

// base starts from the profile that this one constrains.
func (l *loader) base(canonical string, derived []string) {
	if core := coreType(canonical); core != "" {
		if !derives(l.out.typ, core) {
			l.bad("", ruleSDHead, "The type is "+l.out.typ+", but the base definition is of "+core+".")
		}
		return
	}
	if canonical == "" || slices.Contains(derived, canonical) || len(derived) >= maxChain || l.out.url == canonical {
		l.bad("", ruleSDHead, "The base definition is missing, or leads back to this profile.")
		return
	}
	base, err := l.profiles.load(canonical, append(slices.Clone(derived), l.out.url, canonical))
	switch {
	case err != nil:
		l.bad("", ruleSDHead, "The base definition "+canonical+" cannot be used: "+err.Error())
	case base == nil:
		l.bad("", ruleSDHead, "The base definition "+canonical+" is not known here: load it first.")
	case base.typ != l.out.typ:
		l.bad("", ruleSDHead, "The type is "+l.out.typ+", but the base definition is of "+base.typ+".")
	default:
		l.out.root = base.root.clone(nil)
		l.out.contexts, l.out.within, l.out.modifier = base.contexts, base.within, base.modifier
	}
}

// elements reads the ElementDefinitions in order.
func (l *loader) elements(list *fhir.Node) {
	for i := range list.Nodes {
		ed := &list.Nodes[i]
		segs, ok := l.segments(ed)
		if !ok {
			continue
		}
		e := l.place(segs, label(ed))
		if e == nil {
			continue
		}
		e.id, e.raw = label(ed), ed
		l.read(e, ed)
		l.all = append(l.all, e)
	}
	if e := l.out.root; e.raw.Get("isModifier") != nil {
		l.out.modifier = e.raw.Get("isModifier").True()
	}
	link(l.out.root, l.out.root)
	l.slicings(l.out.root)
}

// label is how a message names an element.
func label(ed *fhir.Node) string {
	if id := ed.Get("id").String(); id != "" {
		return id
	}
	if slice := ed.Get("sliceName").String(); slice != "" {
		return ed.Get("path").String() + ":" + slice
	}
	return ed.Get("path").String()
}

// link finds the elements whose rules others share.
func link(root, e *element) {
	if id, ok := strings.CutPrefix(e.refID, "#"); ok {
		at := root
		for _, name := range strings.Split(id, ".")[1:] {
			if at = at.child(name); at == nil {
				break
			}
		}
		if at != e && at != root {
			e.ref = at
		}
	}
	for _, c := range e.children {
		link(root, c)
	}
	for _, s := range e.slices {
		link(root, s)
	}
}

// context reads where an extension may stand.
func (l *loader) context(n *fhir.Node) {
	if l.out.typ != "Extension" {
		return
	}
	if list := n.Get("context"); list.Is(fhir.KindArray) {
		l.out.contexts = nil
		for i := range list.Nodes {
			l.out.contexts = append(l.out.contexts, l.oneContext(&list.Nodes[i]))
		}
	}
	for _, inv := range n.Get("contextInvariant").Each() {
		if _, err := fhirpath.Compile(inv.String()); err != nil {
			l.bad("", ruleSDContext, "The contextInvariant is no valid FHIRPath: "+err.Error())
		}
		l.out.within = append(l.out.within, inv.String())
	}
}

func (l *loader) oneContext(n *fhir.Node) context {
	c := context{kind: n.Get("type").String(), expression: n.Get("expression").String()}
	switch c.kind {
	case "element", "extension":
		if c.expression == "" {
			l.bad("", ruleSDContext, "A context has no expression.")
		}
	case "fhirpath":
		if _, err := fhirpath.Compile(c.expression); err != nil {
			l.bad("", ruleSDContext, "The context is no valid FHIRPath: "+err.Error())
		}
	default:
		l.bad("", ruleSDContext, "The type of a context must be element, extension or fhirpath.")
	}
	if c.kind == "element" {
		if i := strings.LastIndexByte(c.expression, '#'); i >= 0 {
			c.expression = c.expression[i+1:]
		}
	}
	return c
}
