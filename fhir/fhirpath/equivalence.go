package fhirpath

import (
	"slices"
	"strings"
	"unicode"

	"github.com/jamii-health/jamii/fhir"
)

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
