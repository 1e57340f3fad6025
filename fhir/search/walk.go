package search

import (
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// element is one thing that an expression finds in a resource.
type element struct {
	node    *fhir.Node
	typ     string // FHIR type: "CodeableConcept", "code", "Claim.item"
	binding string // of a code: the value set it is bound to, when required
}

// program is a compiled expression.
type program interface {
	// run gives every element that the expression finds, seen from focus.
	run(root *fhir.Node, focus element, emit func(element)) error
	// results are the types of what it can find, nil when only running tells.
	results() []result
}

// result is a type that an expression can find.
type result struct {
	typ     string
	targets []string // of references: allowed types, nil for any
}

// walker is a compiled path: a tree of JSON names.
type walker struct {
	fromResource bool
	self         bool // the path is empty: the focus itself
	focus        string
	branches     []branch
}

// branch is one JSON name. A choice element is a branch for each of its types.
type branch struct {
	name    string
	typ     string
	binding string
	targets []string
	first   bool
	filters []filter
	next    []branch // none at the end of the path
}

// compilePath compiles an arm for a focus of the given type inside a resource;
// ok is false when fhirpath has to do it.
func compilePath(arm, resource, focus string) (w *walker, ok bool) {
	p, ok := parsePath(arm)
	if !ok {
		return nil, false
	}
	w = &walker{fromResource: p.fromResource, focus: focus}
	if p.fromResource {
		w.focus = resource
	} else if focus == resource && len(p.steps) > 0 {
		first := p.steps[0]
		if first.name == resource || first.name == "Resource" || first.name == "DomainResource" {
			if first.as != "" || first.first || len(first.filters) > 0 {
				return nil, false
			}
			p.steps = p.steps[1:]
		}
	}
	if len(p.steps) == 0 {
		w.self = true
		return w, true
	}
	w.branches, ok = compileSteps(w.focus, p.steps, false)
	return w, ok
}

// compileSteps makes the branches for the steps below a type; many says that
// there can be several elements of that type.
func compileSteps(typ string, steps []step, many bool) ([]branch, bool) {
	t, ok := definition.Lookup(typ)
	if !ok {
		return nil, false
	}
	s := steps[0]
	i := slices.IndexFunc(t.Elements, func(e definition.Element) bool { return e.Name == s.name })
	if i < 0 || s.first && many {
		return nil, false // [0] is of all that the path finds, not of each
	}
	e := &t.Elements[i]
	branches := []branch{} // not nil: a choice without the type asked for finds nothing
	for _, ref := range e.Types {
		code := strings.TrimPrefix(ref.Code, "http://hl7.org/fhirpath/System.")
		if code != ref.Code {
			code = "string"
		}
		if s.as != "" {
			if code == "Resource" {
				return nil, false
			}
			if !isType(code, s.as) {
				continue
			}
		}
		b := branch{name: e.Name, typ: code, targets: ref.Targets, first: s.first, filters: s.filters}
		if e.Choice {
			b.name += strings.ToUpper(ref.Code[:1]) + ref.Code[1:]
		}
		if e.Binding != nil && e.Binding.Strength == "required" && code == "code" {
			b.binding = e.Binding.ValueSet
		}
		if len(steps) > 1 {
			if b.next, ok = compileSteps(code, steps[1:], many || e.Repeats() && !s.first); !ok {
				return nil, false
			}
			if len(b.next) == 0 {
				continue
			}
		}
		branches = append(branches, b)
	}
	return branches, true
}

// isType reports whether a type is, or specialises, another. HL7 writes
// as(DateTime) for dateTime in one place.
func isType(code, want string) bool {
	for code != "" {
		if code == want {
			return true
		}
		t, ok := definition.Lookup(code)
		if !ok {
			return false
		}
		if t.Kind == definition.Primitive {
			return strings.EqualFold(code, want)
		}
		code = t.Base
	}
	return false
}

func (w *walker) run(root *fhir.Node, focus element, emit func(element)) error {
	switch {
	case w.self && w.fromResource:
		emit(element{node: root, typ: w.focus})
	case w.self:
		emit(focus)
	case w.fromResource:
		walk(w.branches, root, root, emit)
	default:
		walk(w.branches, focus.node, root, emit)
	}
	return nil
}

func (w *walker) results() []result {
	if w.self {
		return []result{{typ: w.focus}}
	}
	out := []result{}
	var collect func([]branch)
	collect = func(bs []branch) {
		for _, b := range bs {
			if len(b.next) > 0 {
				collect(b.next)
				continue
			}
			r := result{typ: b.typ, targets: b.targets}
			for _, f := range b.filters {
				if f.resolves != "" {
					r.targets = []string{f.resolves}
				}
			}
			out = append(out, r)
		}
	}
	collect(w.branches)
	return out
}

func walk(branches []branch, n, root *fhir.Node, emit func(element)) {
	for i := range branches {
		b := &branches[i]
		found := n.Get(b.name)
		if found == nil {
			continue
		}
		if found.Kind != fhir.KindArray {
			b.visit(found, root, emit)
			continue
		}
		for j := range found.Nodes {
			b.visit(&found.Nodes[j], root, emit)
			if b.first {
				break
			}
		}
	}
}

func (b *branch) visit(n, root *fhir.Node, emit func(element)) {
	if n.Kind == fhir.KindNull {
		return
	}
	for _, f := range b.filters {
		if !f.holds(n, root) {
			return
		}
	}
	if len(b.next) > 0 {
		walk(b.next, n, root, emit)
		return
	}
	typ := b.typ
	if typ == "Resource" {
		typ = n.ResourceType()
	}
	emit(element{node: n, typ: typ, binding: b.binding})
}

func (f filter) holds(n, root *fhir.Node) bool {
	if f.resolves != "" {
		return referenceType(n, root) == f.resolves
	}
	return n.Get(f.member).String() == f.literal
}

// referenceType is the type of what a Reference points at, as far as the
// resource itself tells: by the reference, by what it contains, or by
// Reference.type.
func referenceType(n, root *fhir.Node) string {
	text := n.Get("reference").String()
	if n.Kind == fhir.KindString { // a canonical or uri
		text = n.Text
	}
	ref, ok := fhir.ParseReference(text)
	switch {
	case ok && ref.Type != "":
		return ref.Type
	case ok && ref.Fragment != "":
		for _, c := range root.Get("contained").Each() {
			if c.Get("id").String() == ref.Fragment {
				return c.ResourceType()
			}
		}
	}
	typ := n.Get("type").String()
	return typ[strings.LastIndexByte(typ, '/')+1:]
}
