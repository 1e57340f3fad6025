package fhirpath

import "slices"

// Check looks for mistakes that evaluating would not show, as it finds nothing
// there: elements that a type does not have, types that do not exist, a
// condition that is no boolean, as() on a path that repeats, positions in a
// collection without order. Root is the FHIR type the expression is for, "" if
// any. What cannot be known before evaluating is let pass. A fault is an
// *Error.
//
// http://hl7.org/fhirpath/N1/#type-safety-and-strict-evaluation
func (e *Expr) Check(root string) error {
	s := shape{}
	if root != "" {
		t := typeOf(root)
		if t == untyped {
			return &Error{Line: 1, Column: 1, Text: "the type " + root + " is not known in FHIR R4"}
		}
		s.types = []*typeInfo{t}
	}
	c := checking{root: s, this: s}
	_, err := c.expr(e.root, s)
	if err != nil {
		return located(err, e.source)
	}
	return nil
}

// shape is what is known of a collection without evaluating it.
type shape struct {
	types     []*typeInfo // that items may have; nil when not known
	many      bool        // there may be several items
	unordered bool        // their order means nothing
}

func shapeOf(t *typeInfo) shape { return shape{types: []*typeInfo{t}} }

// merge is the shape of what may be a or b.
func merge(a, b shape) shape {
	out := shape{many: a.many || b.many, unordered: a.unordered || b.unordered}
	if a.types != nil && b.types != nil {
		out.types = append(slices.Clone(a.types), b.types...)
	}
	return out
}

// one is the shape of a single item of the collection.
func (s shape) one() shape { return shape{types: s.types} }

// never reports whether it is certain that no item holds one of the kinds.
func (s shape) never(kinds ...kind) bool {
	if len(s.types) == 0 {
		return false
	}
	for _, t := range s.types {
		if t == untyped || t == systemAny || slices.Contains(kinds, t.kind()) {
			return false
		}
	}
	return true
}

type checking struct {
	root, this shape
}

func (c *checking) expr(e expr, in shape) (shape, error) {
	switch x := e.(type) {
	case *literal:
		if len(x.items) == 0 {
			return shape{}, nil
		}
		return shapeOf(x.items[0].typ), nil
	case *this:
		return c.this, nil
	case *index:
		return shapeOf(systemInteger), nil
	case *variable:
		if x.name == "context" {
			return c.root, nil
		}
		return shape{}, nil
	case *member:
		return c.member(x, in)
	case *path:
		left, err := c.expr(x.left, in)
		if err != nil {
			return left, err
		}
		return c.expr(x.right, left)
	case *item:
		return c.item(x, in)
	case *call:
		return c.call(x, in)
	case *polarity:
		s, err := c.expr(x.operand, in)
		if err == nil && s.never(kindInteger, kindDecimal, kindQuantity) {
			err = faultf(x.at(), "a sign can stand before a number only")
		}
		return s, err
	case *binary:
		return c.binary(x, in)
	case *union:
		return c.union(x, in)
	case *typeTest:
		return c.typeTest(x, in)
	}
	return shape{}, nil // $total
}

// item checks left[index].
func (c *checking) item(x *item, in shape) (shape, error) {
	s, err := c.expr(x.left, in)
	if err != nil {
		return s, err
	}
	if s.unordered {
		return s, unorderedFault(x.at())
	}
	at, err := c.expr(x.index, c.this)
	if err == nil && at.never(kindInteger) {
		err = faultf(x.index.at(), "an index must be an integer")
	}
	return s.one(), err
}

func unorderedFault(at int) error {
	return faultf(at, "the items before this have no order, so no position either")
}

func (c *checking) union(x *union, in shape) (shape, error) {
	var out shape
	for i, p := range x.parts {
		s, err := c.expr(p, in)
		if err != nil {
			return s, err
		}
		if i == 0 {
			out = s
		} else {
			out = merge(out, s)
		}
	}
	out.many = true
	return out, nil
}

func (c *checking) typeTest(x *typeTest, in shape) (shape, error) {
	s, err := c.expr(x.operand, in)
	if err != nil {
		return s, err
	}
	if !x.cast {
		_, _, err := x.typ.resolve()
		return shapeOf(systemBoolean), err
	}
	return s.narrow(x.typ)
}

// narrow is the shape of the items of a type.
func (s shape) narrow(spec *typeSpec) (shape, error) {
	fhirType, systemType, err := spec.resolve()
	switch {
	case err != nil:
		return s, err
	case fhirType != nil && systemType == nil:
		s.types = []*typeInfo{fhirType}
	case fhirType == nil && systemType != nil:
		s.types = []*typeInfo{systemType}
	default:
		s.types = slices.DeleteFunc([]*typeInfo{fhirType, systemType}, func(t *typeInfo) bool { return t == nil })
	}
	return s, nil
}

func (c *checking) member(m *member, in shape) (shape, error) {
	if t := m.rootType(); t != nil {
		return c.rootType(m, in, t)
	}
	if len(in.types) == 0 {
		return shape{many: true}, nil
	}
	out := shape{types: []*typeInfo{}, many: in.many, unordered: in.unordered}
	known, found := true, false
	for _, t := range in.types {
		s, ok, open := memberOf(t, m.name)
		known = known && !open
		found = found || ok || open
		out.types = append(out.types, s.types...)
		out.many = out.many || s.many || open
	}
	if !found {
		return out, faultf(m.at(), "%s has no element %s", typeNames(in.types), m.name)
	}
	if !known {
		out.types = nil
	}
	return out, nil
}

// rootType checks a path that begins with the name of a type.
func (c *checking) rootType(m *member, in shape, t *typeInfo) (shape, error) {
	if len(in.types) == 0 {
		return shape{types: []*typeInfo{t}, many: in.many}, nil
	}
	for _, x := range in.types {
		if x.derives(t) {
			return in, nil
		}
		if t.derives(x) {
			return shapeOf(t), nil
		}
	}
	return in, faultf(m.at(), "the path begins with %s, but the expression is for %s", m.name, typeNames(in.types))
}

// memberOf finds a child of a type; open means that it may have any.
func memberOf(t *typeInfo, name string) (s shape, ok, open bool) {
	if t == typeOfType {
		return shapeOf(systemString), name == "name" || name == "namespace", false
	}
	if t == untyped || t == systemAny {
		return s, false, true
	}
	c := t.child(name)
	if c == nil {
		return s, false, t.def != nil && t.def.Abstract
	}
	s.many = c.repeats
	if c.typ != nil {
		s.types = append(s.types, c.typ)
	}
	for _, o := range c.options {
		s.types = append(s.types, o)
	}
	return s, true, false
}

func typeNames(list []*typeInfo) string {
	names := ""
	for i, t := range list {
		if i == 3 {
			return names + " ..."
		}
		if i > 0 {
			names += " or "
		}
		names += (Element{typ: t}).Type()
	}
	return names
}

func (c *checking) binary(b *binary, in shape) (shape, error) {
	left, err := c.expr(b.left, in)
	if err != nil {
		return left, err
	}
	right, err := c.expr(b.right, in)
	if err != nil {
		return right, err
	}
	switch b.symbol {
	case "+", "-", "*", "/", "div", "mod":
		return shape{}, nil
	case "&":
		return shapeOf(systemString), nil
	}
	return shapeOf(systemBoolean), nil
}
