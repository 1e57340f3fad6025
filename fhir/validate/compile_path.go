package validate

import (
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// segment is one step of an element's id: "identifier:nid".
type segment struct{ name, slice string }

const maxSegments = 40

// segments takes the id of an element apart. A definition without ids is read
// in order instead: an element belongs to the latest one at its parent's path.
//
// https://hl7.org/fhir/R4/elementdefinition.html#id
func (l *loader) segments(ed *fhir.Node) ([]segment, bool) {
	path := strings.Split(ed.Get("path").String(), ".")
	if path[0] != l.out.typ || len(path) > maxSegments {
		l.bad(label(ed), ruleSDPath, "The path must begin with the type "+l.out.typ+".")
		return nil, false
	}
	segs := byID(ed, path)
	if segs == nil {
		segs = l.byOrder(ed, path)
	}
	key := strings.Join(path, ".")
	for old := range l.last {
		if strings.HasPrefix(old, key+".") {
			delete(l.last, old)
		}
	}
	l.last[key] = segs
	return segs, true
}

// byID reads the id, nil when it is absent or says something else than the path.
func byID(ed *fhir.Node, path []string) []segment {
	parts := strings.Split(ed.Get("id").String(), ".")
	if len(parts) != len(path) {
		return nil
	}
	segs := make([]segment, len(parts))
	for i, part := range parts {
		name, slice, _ := strings.Cut(part, ":")
		if name != path[i] && !(strings.HasSuffix(name, "[x]") && strings.HasPrefix(path[i], strings.TrimSuffix(name, "[x]"))) {
			return nil
		}
		segs[i] = segment{name, slice}
	}
	if last := &segs[len(segs)-1]; last.slice == "" {
		last.slice = ed.Get("sliceName").String()
	}
	return segs
}

func (l *loader) byOrder(ed *fhir.Node, path []string) []segment {
	segs := make([]segment, 0, len(path))
	if parent, ok := l.last[strings.Join(path[:len(path)-1], ".")]; ok && len(path) > 1 {
		segs = append(segs, parent...)
	} else {
		for _, name := range path[:len(path)-1] {
			segs = append(segs, segment{name: name})
		}
	}
	return append(segs, segment{path[len(path)-1], ed.Get("sliceName").String()})
}

// place finds or makes the element that segments lead to.
func (l *loader) place(segs []segment, id string) *element {
	e := l.out.root
	for _, s := range segs[1:] {
		next := l.step(e, s)
		if next == nil {
			l.bad(id, ruleSDPath, "R4 has no element of this path: correct it.")
			return nil
		}
		if next.id == "" {
			next.id = id
		}
		e = next
	}
	return e
}

// step goes to a child, and to a slice of it. A choice may be named with its
// type, which is short for a slice of that type.
//
// https://hl7.org/fhir/R4/profiling.html#slicing: type slicing
func (l *loader) step(e *element, s segment) *element {
	def, typ := childDefinition(e.codes(), s.name)
	if def == nil {
		return nil
	}
	c := e.child(def.Name)
	if c == nil {
		c = &element{name: def.Name, base: def, max: definition.Unbounded}
		e.children = append(e.children, c)
	}
	if typ != "" && s.slice == "" {
		s.slice = s.name
	}
	if s.slice == "" {
		return c
	}
	out := sliceOf(c, s.slice)
	if def.Choice && out.types == nil {
		if typ == "" {
			typ = choiceType(def, s.slice)
		}
		if typ != "" {
			out.types = []typeRef{{code: typ}}
		}
	}
	return out
}

// sliceOf finds or makes a slice; "a/b" is a slice of slice a.
func sliceOf(e *element, name string) *element {
	if s := e.named(name); s != nil {
		return s
	}
	if i := strings.LastIndexByte(name, '/'); i > 0 {
		if s := e.named(name[:i]); s != nil {
			e = s
		}
	}
	s := &element{name: e.name, base: e.base, max: definition.Unbounded, of: e, slice: name}
	e.slices = append(e.slices, s)
	return s
}

// childDefinition finds a child of any of the types. typ is set when the name
// tells a type of a choice.
func childDefinition(types []string, name string) (def *definition.Element, typ string) {
	plain, choice := strings.CutSuffix(name, "[x]")
	for _, t := range types {
		d, ok := definition.Lookup(t)
		if !ok {
			continue
		}
		for i := range d.Elements {
			if e := &d.Elements[i]; e.Name == plain && (e.Choice || !choice) {
				return e, ""
			}
		}
		if e, typ, ok := d.Element(name); ok && e.Choice {
			return e, typ
		}
	}
	return nil, ""
}

// choiceType is the type that the name of a slice tells: "valueQuantity".
func choiceType(def *definition.Element, slice string) string {
	for i := range def.Types {
		if jsonName(def, &def.Types[i]) == slice {
			return def.Types[i].Code
		}
	}
	return ""
}
