package fhirpath

import "strings"

func (l *literal) eval(*run, []Element) ([]Element, error) { return l.items, nil }

func (*this) eval(r *run, _ []Element) ([]Element, error) { return r.scope.this, nil }

func (*index) eval(r *run, _ []Element) ([]Element, error) {
	return r.one(Integer(int64(r.scope.index))), nil
}

func (*total) eval(r *run, _ []Element) ([]Element, error) { return r.scope.total, nil }

// eval walks to the children called name. At the start of a path the name of
// the type, or of one it derives from, stands for the item itself:
// Patient.name, Resource.id.
func (m *member) eval(r *run, in []Element) ([]Element, error) {
	if err := r.spend(m.at(), 1+len(in)); err != nil {
		return nil, err
	}
	if t := m.rootType(); t != nil {
		return m.ofRoot(r, in, t), nil
	}
	if len(in) == 1 {
		return r.members(in[0], m.name), nil
	}
	out := r.list(len(in))
	for i := range in {
		before := len(out)
		out = members(out, in[i], m.name)
		if err := r.spend(m.at(), len(out)-before); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// rootType is the type that the name at the start of a path stands for, or nil.
func (m *member) rootType() *typeInfo {
	if !m.first || m.name == "" || m.name[0] < 'A' || m.name[0] > 'Z' {
		return nil
	}
	m.once.Do(func() {
		if t := typeOf(m.name); t != untyped {
			m.typ = t
		}
	})
	return m.typ
}

func (m *member) ofRoot(r *run, in []Element, t *typeInfo) []Element {
	if len(in) == 1 && in[0].typ != nil && in[0].typ.derives(t) {
		return in
	}
	out := r.list(len(in))
	for _, e := range in {
		if e.typ != nil && e.typ.derives(t) {
			out = append(out, e)
		}
	}
	return out
}

// members is members of one item, with as much room as it needs.
func (r *run) members(e Element, name string) []Element {
	n := 1
	if owner := e.owner(); owner != nil {
		if list := owner.Get(name); isArray(list) {
			n = len(list.Nodes)
		}
	}
	return members(r.list(n), e, name)
}

func (p *path) eval(r *run, in []Element) ([]Element, error) {
	left, err := p.left.eval(r, in)
	if err != nil {
		return nil, err
	}
	if len(left) == 0 {
		if _, ok := p.right.(*member); ok {
			return nil, nil
		}
	}
	return p.right.eval(r, left)
}

func (x *item) eval(r *run, in []Element) ([]Element, error) {
	left, err := x.left.eval(r, in)
	if err != nil {
		return nil, err
	}
	at, err := r.arg(x.index)
	if err != nil {
		return nil, err
	}
	i, ok, err := oneInteger(at, x.index.at())
	if err != nil || !ok || i < 0 || i >= int64(len(left)) {
		return nil, err
	}
	return left[i : i+1 : i+1], nil
}

func (v *variable) eval(r *run, _ []Element) ([]Element, error) {
	switch v.name {
	case "context":
		if r.root.typ == nil {
			return nil, nil
		}
		return r.one(r.root), nil
	case "resource":
		return r.resource(), nil
	case "rootResource":
		return r.rootResource(), nil
	}
	if items, ok := r.opts.Vars[v.name]; ok {
		return items, nil
	}
	if url, ok := constants[v.name]; ok {
		return r.one(String(url)), nil
	}
	if name, ok := strings.CutPrefix(v.name, "vs-"); ok {
		return r.one(String("http://hl7.org/fhir/ValueSet/" + name)), nil
	}
	if name, ok := strings.CutPrefix(v.name, "ext-"); ok {
		return r.one(String("http://hl7.org/fhir/StructureDefinition/" + name)), nil
	}
	return nil, faultf(v.at(), "the variable %%%s is not set", v.name)
}

// constants are the fixed variables of R4.
//
// https://hl7.org/fhir/R4/fhirpath.html#variables
var constants = map[string]string{
	"ucum":  "http://unitsofmeasure.org",
	"sct":   "http://snomed.info/sct",
	"loinc": "http://loinc.org",
}

func (r *run) resource() []Element {
	if r.opts.Resource != nil {
		return r.one(Resource(r.opts.Resource))
	}
	if r.root.typ == nil {
		return nil
	}
	return r.one(r.root)
}

func (r *run) rootResource() []Element {
	if r.opts.RootResource != nil {
		return r.one(Resource(r.opts.RootResource))
	}
	return r.resource()
}

func (c *call) eval(r *run, in []Element) ([]Element, error) {
	if err := r.spend(c.at(), 1+len(in)); err != nil {
		return nil, err
	}
	return c.fn.call(r, in, c)
}

func (u *union) eval(r *run, in []Element) ([]Element, error) {
	var out []Element
	for _, p := range u.parts {
		items, err := p.eval(r, in)
		if err != nil {
			return nil, err
		}
		switch {
		case len(items) == 0:
		case out == nil:
			out = items
		default:
			both := r.list(len(out) + len(items))
			out = append(append(both, out...), items...)
		}
	}
	return r.distinct(out, u.at())
}

func (t *typeTest) eval(r *run, in []Element) ([]Element, error) {
	items, err := t.operand.eval(r, in)
	if err != nil {
		return nil, err
	}
	if t.cast {
		return r.ofType(items, t.typ)
	}
	return r.isType(items, t.typ)
}

// isType is the operator and the function is (N1 6.3.1).
func (r *run) isType(items []Element, spec *typeSpec) ([]Element, error) {
	fhirType, systemType, err := spec.resolve()
	if err != nil || len(items) == 0 {
		return nil, err
	}
	if len(items) > 1 {
		return nil, severalItems(spec.off, "is")
	}
	return r.boolean(items[0].is(fhirType, systemType)), nil
}

// ofType keeps the items of a type (N1 5.2.4); it also serves as, see the
// package comment.
func (r *run) ofType(items []Element, spec *typeSpec) ([]Element, error) {
	fhirType, systemType, err := spec.resolve()
	if err != nil || len(items) == 0 {
		return nil, err
	}
	if err := r.spend(spec.off, len(items)); err != nil {
		return nil, err
	}
	if len(items) == 1 {
		if items[0].isExactly(fhirType, systemType) {
			return items, nil
		}
		return nil, nil
	}
	out := r.list(len(items))
	for _, e := range items {
		if e.isExactly(fhirType, systemType) {
			out = append(out, e)
		}
	}
	return out, nil
}

func severalItems(at int, what string) *fault {
	return faultf(at, "%s works on a single item, and there are several; use first(), where() or select()", what)
}
