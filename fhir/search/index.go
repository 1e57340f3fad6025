package search

import (
	"fmt"
	"strconv"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// Index returns everything that can be searched of a resource. Values that
// cannot be read (a date that is none) are left out: validation has the say on
// those. An error means that an expression could not be evaluated.
//
// https://hl7.org/fhir/R4/search.html#ptypes
func (c *Catalogue) Index(n *fhir.Node) (Index, error) {
	typ := n.ResourceType()
	if !definition.IsResource(typ) {
		return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueStructure, Text: "The resource does not name a resource type of FHIR R4 in resourceType."}
	}
	x := indexer{c: c, root: n, out: make(Index, 0, 64)}
	for _, p := range c.of(typ).all {
		if err := x.parameter(p, typ); err != nil {
			return nil, err
		}
	}
	return x.out, nil
}

// Values returns the values of one parameter of a resource; none when the type
// has no such parameter. Includes are found by it.
func (c *Catalogue) Values(n *fhir.Node, code string) (Index, error) {
	typ := n.ResourceType()
	p := c.of(typ).byCode[code]
	if p == nil {
		return nil, nil
	}
	x := indexer{c: c, root: n}
	if err := x.parameter(p, typ); err != nil {
		return nil, err
	}
	return x.out, nil
}

// indexer collects the values of a resource.
type indexer struct {
	c     *Catalogue
	root  *fhir.Node
	out   Index
	start int // where the values of the current parameter begin
	seen  map[plain]bool

	param string
	kind  Kind
}

// plain is a Value without its Parts, to find values that are there already.
type plain struct {
	kind                           Kind
	system, code, text, typ, ident string
	lo, hi                         int64
	decimal                        string
}

func (x *indexer) parameter(p *parameter, typ string) error {
	x.start, x.param, x.kind, x.seen = len(x.out), p.code, p.kind, nil
	root := element{node: x.root, typ: typ}
	var failed error
	emit := x.element
	if p.kind == Composite {
		emit = func(e element) {
			if err := x.instance(p, e); err != nil && failed == nil {
				failed = err
			}
		}
	}
	for _, program := range p.programs {
		if err := program.run(x.root, root, emit); err != nil && failed == nil {
			failed = fmt.Errorf("indexing %s: %w", p.code, err)
		}
	}
	if failed != nil && p.custom {
		x.out, failed = x.out[:x.start], nil // a resource that another client's parameter cannot read is stored all the same
	}
	return failed
}

// instance adds the value of a composite for one element, if every component
// has a value there.
func (x *indexer) instance(p *parameter, e element) error {
	part := indexer{c: x.c, root: x.root}
	for i := range p.components {
		comp := &p.components[i]
		programs, ok := comp.programs[e.typ]
		if !ok {
			programs = comp.programs[""]
		}
		part.start, part.param, part.kind, part.seen = len(part.out), strconv.Itoa(i+1), comp.kind, nil
		for _, program := range programs {
			if err := program.run(x.root, e, part.element); err != nil {
				return fmt.Errorf("indexing %s: %w", p.code, err)
			}
		}
		if len(part.out) == part.start {
			return nil
		}
	}
	x.out = append(x.out, Value{Param: p.code, Kind: Composite, Parts: part.out})
	return nil
}

// element adds the values of one element found.
func (x *indexer) element(e element) {
	switch x.kind {
	case Token:
		x.token(e)
	case Reference:
		x.reference(e)
	case String:
		x.text(e)
	case URI:
		x.uri(e)
	case Date:
		x.date(e)
	case Number:
		x.number(e)
	case Quantity:
		x.quantity(e)
	}
}

// few is how many values of a parameter are compared one by one before a map
// pays.
const few = 24

// add appends a value of the current parameter unless it is there.
func (x *indexer) add(v Value) {
	v.Param, v.Kind = x.param, x.kind
	k := v.plain()
	own := x.out[x.start:]
	if len(own) < few {
		for i := range own {
			if own[i].plain() == k {
				return
			}
		}
	} else {
		if x.seen == nil {
			x.seen = make(map[plain]bool, 2*len(own))
			for i := range own {
				x.seen[own[i].plain()] = true
			}
		}
		if x.seen[k] {
			return
		}
		x.seen[k] = true
	}
	x.out = append(x.out, v)
}

func (v *Value) plain() plain {
	return plain{v.Kind, v.System, v.Code, v.Text, v.Type, v.Ident, v.Lo, v.Hi, v.Decimal}
}
