package fhirpath

import (
	"hash/maphash"
	"slices"
	"strings"
	"unicode"

	"github.com/jamii-health/jamii/fhir"
)

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
		case qa.calendar != qb.calendar:
			return unknown // a month against 30.4375 days
		}
		return truthOf(false)
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

// equivalent is ~ on collections (N1 6.1.2): order does not matter.
func (r *run) equivalent(a, b []Element, at int) (bool, error) {
	if len(a) != len(b) {
		return false, nil
	}
	left := slices.Clone(b)
	for _, x := range a {
		found := false
		for i, y := range left {
			same, err := r.equivalentItems(x, y, at)
			if err != nil {
				return false, err
			}
			if same {
				left = slices.Delete(left, i, i+1)
				found = true
				break
			}
		}
		if !found {
			return false, nil
		}
	}
	return true, nil
}

func (r *run) equivalentItems(a, b Element, at int) (bool, error) {
	if err := r.spend(at, 1); err != nil {
		return false, err
	}
	va, vb := a.value(), b.value()
	switch {
	case va.kind != kindNone && vb.kind != kindNone:
		return equivalentValues(va, vb), r.weigh(va, vb, at)
	case va.kind != kindNone || vb.kind != kindNone || a.typ != b.typ:
		return false, nil
	case a.typ.system:
		return a.sys == b.sys, nil
	}
	return r.equivalentNodes(a.node, b.node, at)
}

func equivalentValues(a, b value) bool {
	switch {
	case a.kind == kindString && b.kind == kindString:
		return normal(a.s) == normal(b.s)
	case a.kind.number() && b.kind.number():
		return equivalentDecimals(a.decimal(), b.decimal())
	case a.kind.temporal() && b.kind.temporal():
		order, known := a.t.compare(b.t)
		return known && order == 0 && a.kind == kindTime == (b.kind == kindTime)
	case a.kind == kindQuantity || b.kind == kindQuantity:
		qa, okA := a.quantity()
		qb, okB := b.quantity()
		return okA && okB && qa.equivalent(qb)
	}
	return equalValues(a, b) == yes
}

// normal folds case and white space.
func normal(s string) string {
	return strings.ToLower(strings.Join(strings.FieldsFunc(s, unicode.IsSpace), " "))
}

func (r *run) equivalentNodes(a, b *fhir.Node, at int) (bool, error) {
	if err := r.spend(at, 1); err != nil {
		return false, err
	}
	if a == nil || b == nil || a.Kind != b.Kind || len(a.Nodes) != len(b.Nodes) {
		return a == b, nil
	}
	switch a.Kind {
	case fhir.KindNumber:
		x, okX := parseDecimal(a.Text)
		y, okY := parseDecimal(b.Text)
		return okX && okY && equivalentDecimals(x, y), nil
	case fhir.KindString:
		return normal(a.Text) == normal(b.Text), nil
	case fhir.KindObject:
		for i := range a.Nodes {
			same, err := r.equivalentNodes(&a.Nodes[i], b.Get(a.Nodes[i].Name), at)
			if err != nil || !same {
				return false, err
			}
		}
		return true, nil
	case fhir.KindArray:
		return r.equivalentArrays(a, b, at)
	}
	return a.Text == b.Text, nil
}

func (r *run) equivalentArrays(a, b *fhir.Node, at int) (bool, error) {
	taken := make([]bool, len(b.Nodes))
	for i := range a.Nodes {
		found := false
		for j := range b.Nodes {
			if taken[j] {
				continue
			}
			same, err := r.equivalentNodes(&a.Nodes[i], &b.Nodes[j], at)
			if err != nil {
				return false, err
			}
			if same {
				taken[j], found = true, true
				break
			}
		}
		if !found {
			return false, nil
		}
	}
	return true, nil
}

// fewItems is up to where comparing each with each is faster than hashing.
const fewItems = 8

// distinct removes items that equal an earlier one (N1 5.1.11).
func (r *run) distinct(items []Element, at int) ([]Element, error) {
	if len(items) < 2 {
		return items, nil
	}
	if err := r.spend(at, len(items)); err != nil {
		return nil, err
	}
	out := r.list(len(items))
	var seen map[uint64][]int
	if len(items) > fewItems {
		seen = make(map[uint64][]int, len(items))
	}
	for _, e := range items {
		var h uint64
		double, err := false, error(nil)
		if seen == nil {
			double, err = r.in(e, out, at)
		} else {
			h = hash(e)
			for _, i := range seen[h] {
				if double, err = r.in(e, out[i:i+1], at); double || err != nil {
					break
				}
			}
		}
		if err != nil {
			return nil, err
		}
		if double {
			continue
		}
		if seen != nil {
			seen[h] = append(seen[h], len(out))
		}
		out = append(out, e)
	}
	return out, nil
}

// in reports whether an item equals one of the list.
func (r *run) in(e Element, list []Element, at int) (bool, error) {
	for i := range list {
		t, err := r.equalItems(e, list[i], at)
		if err != nil || t == yes {
			return t == yes, err
		}
	}
	return false, nil
}

var seed = maphash.MakeSeed()

// hash is the same for equal items.
func hash(e Element) uint64 {
	if s, ok := e.str(); ok {
		return maphash.String(seed, s)
	}
	switch v := e.value(); {
	case v.kind.number():
		return maphash.String(seed, reduced(v.decimal()).Text('e'))
	case v.kind.temporal():
		return uint64(kindDateTime) // their equality depends on precision and offset
	case v.kind != kindNone:
		return uint64(v.kind)
	}
	return hashNode(e.node) ^ hashNode(e.shadow)
}

func hashNode(n *fhir.Node) uint64 {
	if n == nil {
		return 0
	}
	switch n.Kind {
	case fhir.KindObject, fhir.KindArray:
		h := uint64(n.Kind)
		for i := range n.Nodes {
			h += hashNode(&n.Nodes[i]) * 31 // the order of members is free
		}
		return h
	case fhir.KindNumber:
		if d, ok := parseDecimal(n.Text); ok {
			return maphash.String(seed, reduced(d).Text('e'))
		}
	}
	return maphash.String(seed, n.Text)
}
