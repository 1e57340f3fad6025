package fhirpath

import "github.com/jamii-health/jamii/fhir"

// equal is = on collections (N1 6.1.1): unknown when one is empty, or when
// dates or quantities leave it open.
func (r *run) equal(a, b []Element, at int) (truth, error) {
	if len(a) == 0 || len(b) == 0 {
		return unknown, nil
	}
	if len(a) != len(b) {
		return no, nil
	}
	answer := yes
	for i := range a {
		t, err := r.equalItems(a[i], b[i], at)
		if err != nil {
			return unknown, err
		}
		switch t {
		case no:
			return no, nil
		case unknown:
			answer = unknown
		}
	}
	return answer, nil
}

func (r *run) equalItems(a, b Element, at int) (truth, error) {
	if err := r.spend(at, 1); err != nil {
		return unknown, err
	}
	if a == (Element{}) || b == (Element{}) {
		return unknown, nil
	}
	if a.sys == nil && a.node != nil && a.node == b.node && a.shadow == b.shadow {
		return yes, nil
	}
	if s, ok := a.str(); ok {
		if t, ok := b.str(); ok {
			return truthOf(s == t), nil
		}
	}
	va, vb := a.value(), b.value()
	if va.kind != kindNone && vb.kind != kindNone {
		return equalValues(va, vb), r.weigh(va, vb, at)
	}
	if va.kind != kindNone || vb.kind != kindNone || a.typ != b.typ {
		return no, nil
	}
	if a.typ.system {
		return truthOf(a.sys == b.sys), nil
	}
	same, err := r.equalNodes(a.node, b.node, at)
	if err == nil && same {
		same, err = r.equalNodes(a.shadow, b.shadow, at)
	}
	return truthOf(same), err
}

// equalValues compares two System values, integers as decimals, dates as
// DateTimes and numbers as quantities of unit 1 where the other asks for it.
func equalValues(a, b value) truth {
	switch {
	case a.kind == kindInteger && b.kind == kindInteger:
		return truthOf(a.i == b.i)
	case a.kind.number() && b.kind.number():
		return truthOf(a.decimal().Cmp(b.decimal()) == 0)
	case a.kind == kindTime != (b.kind == kindTime):
		return no
	case a.kind.temporal() && b.kind.temporal():
		order, known := a.t.compare(b.t)
		if !known {
			return unknown
		}
		return truthOf(order == 0)
	case a.kind == kindQuantity || b.kind == kindQuantity:
		qa, okA := a.quantity()
		qb, okB := b.quantity()
		if !okA || !okB {
			return no
		}
		order, known := qa.compare(qb)
		switch {
		case known:
			return truthOf(order == 0)
		case qa.duration() && qb.duration():
			return unknown // a month against so many days
		}
		return no
	case a.kind != b.kind:
		return no
	case a.kind == kindBoolean:
		return truthOf(a.b == b.b)
	}
	return truthOf(a.s == b.s)
}

// equalNodes compares two JSON values: members in any order, arrays in order,
// numbers by value.
func (r *run) equalNodes(a, b *fhir.Node, at int) (bool, error) {
	if err := r.spend(at, 1); err != nil {
		return false, err
	}
	if a == b {
		return true, nil
	}
	if a == nil || b == nil || a.Kind != b.Kind || len(a.Nodes) != len(b.Nodes) {
		return false, nil
	}
	switch a.Kind {
	case fhir.KindNumber:
		return a.Text == b.Text || sameNumber(a.Text, b.Text), nil
	case fhir.KindObject, fhir.KindArray:
		for i := range a.Nodes {
			other := &b.Nodes[i]
			if a.Kind == fhir.KindObject && other.Name != a.Nodes[i].Name {
				if other = b.Get(a.Nodes[i].Name); other == nil {
					return false, nil
				}
			}
			if same, err := r.equalNodes(&a.Nodes[i], other, at); err != nil || !same {
				return false, err
			}
		}
		return true, nil
	}
	return a.Text == b.Text, nil
}

func sameNumber(a, b string) bool {
	x, okX := parseDecimal(a)
	y, okY := parseDecimal(b)
	return okX && okY && x.Cmp(y) == 0
}
