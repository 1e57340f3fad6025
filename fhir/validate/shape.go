package validate

import (
	"sync"
	"sync/atomic"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// shape is a type made ready for the walk.
type shape struct {
	def      *definition.Type
	children map[string]*child // by the name in JSON
	required []*child          // those with a minimum, one for each element
	rules    rules             // invariants of the type
	check    func(*walker, *fhir.Node, *child)
}

// child is what one JSON name means in a shape.
type child struct {
	def    *definition.Element
	ref    *definition.TypeRef
	index  int // of the element among the type's; all names of a choice share it
	kind   definition.Kind
	format *format  // of a primitive
	code   codeForm // how a bound value holds its code
	rules  rules    // invariants of the element
	over   *shape   // of SimpleQuantity: what the constrained type adds
	shape  atomic.Pointer[shape]
}

// rules are invariants, those written in Go apart from the rest.
type rules struct {
	native  []nativeRule
	general []definition.Invariant
}

type nativeRule struct {
	definition.Invariant
	holds func(*walker, *fhir.Node) bool
}

var shapes sync.Map // name of a type -> *shape

// shapeOf returns the shape of a type that exists.
func shapeOf(name string) *shape {
	if s, ok := shapes.Load(name); ok {
		return s.(*shape)
	}
	s, _ := shapes.LoadOrStore(name, compile(name))
	return s.(*shape)
}

// of returns the shape of the child's type, compiled when first met: types
// contain each other.
func (c *child) of() *shape {
	s := c.shape.Load()
	if s == nil {
		s = shapeOf(c.ref.Code)
		c.shape.Store(s)
	}
	return s
}

func compile(name string) *shape {
	def, ok := definition.Lookup(name)
	if !ok {
		panic("validate: the definitions name a type they lack: " + name) // a test visits them all
	}
	s := &shape{def: def, children: make(map[string]*child, len(def.Elements)), rules: split(def.Invariants)}
	switch def.Name {
	case "Reference":
		s.check = (*walker).reference
	case "Bundle.entry":
		s.check = (*walker).entry
	}
	for i := range def.Elements {
		e := &def.Elements[i]
		for j := range e.Types {
			c := compileChild(e, &e.Types[j], i)
			s.children[jsonName(e, &e.Types[j])] = c
			if j == 0 && e.Min > 0 {
				s.required = append(s.required, c)
			}
		}
	}
	return s
}

func compileChild(e *definition.Element, ref *definition.TypeRef, index int) *child {
	c := &child{def: e, ref: ref, index: index, kind: definition.Complex, rules: split(e.Invariants)}
	if def, ok := definition.Lookup(ref.Code); ok {
		c.kind = def.Kind
	}
	if c.kind == definition.Primitive {
		c.format = formats[ref.Code]
		if e.Binding != nil && ref.Code == "code" && e.Binding.ValueSet == "http://hl7.org/fhir/ValueSet/languages" {
			c.format = language
		}
	}
	if ref.Profile != "" {
		c.over = shapeOf(ref.Profile)
	}
	if e.Binding != nil && e.Binding.Strength != "example" {
		c.code = codeForms[ref.Code]
	}
	return c
}

func jsonName(e *definition.Element, ref *definition.TypeRef) string {
	if !e.Choice {
		return e.Name
	}
	first := ref.Code[0]
	if first >= 'a' && first <= 'z' {
		first -= 'a' - 'A'
	}
	return e.Name + string(first) + ref.Code[1:]
}

func split(list []definition.Invariant) rules {
	var out rules
	for _, inv := range list {
		holds, ok := natives[inv.Key]
		switch {
		case !ok:
			out.general = append(out.general, inv)
		case holds != nil:
			out.native = append(out.native, nativeRule{inv, holds})
		}
	}
	return out
}
