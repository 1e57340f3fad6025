package fhirpath

import "strings"

// operator is a word or symbol between two expressions.
type operator struct {
	precedence int
	// lazy operators are given the right side unevaluated: logic that may be
	// settled by the left one.
	lazy func(r *run, left truth, right func() (truth, error)) (truth, error)
	// apply works on the two collections.
	apply func(r *run, left, right []Element, at int) ([]Element, error)
}

// operators is the precedence table of N1 6.8, loosest first. is, as and | are
// in it for their precedence; the parser makes nodes of their own of them.
var operators = map[string]*operator{
	"implies":  {precedence: 1, lazy: logicImplies},
	"or":       {precedence: 2, lazy: logicOr},
	"xor":      {precedence: 2, lazy: logicXor},
	"and":      {precedence: 3, lazy: logicAnd},
	"in":       {precedence: 4, apply: opIn},
	"contains": {precedence: 4, apply: opContains},
	"=":        {precedence: 5, apply: opEqual},
	"!=":       {precedence: 5, apply: opNotEqual},
	"~":        {precedence: 5, apply: opEquivalent},
	"!~":       {precedence: 5, apply: opNotEquivalent},
	"<":        {precedence: 6, apply: ordering(func(o int) bool { return o < 0 })},
	"<=":       {precedence: 6, apply: ordering(func(o int) bool { return o <= 0 })},
	">":        {precedence: 6, apply: ordering(func(o int) bool { return o > 0 })},
	">=":       {precedence: 6, apply: ordering(func(o int) bool { return o >= 0 })},
	"|":        {precedence: 7},
	"is":       {precedence: 8},
	"as":       {precedence: 8},
	"+":        {precedence: 9, apply: arithmetic(add)},
	"-":        {precedence: 9, apply: arithmetic(subtract)},
	"&":        {precedence: 9, apply: opConcatenate},
	"*":        {precedence: 10, apply: arithmetic(multiply)},
	"/":        {precedence: 10, apply: arithmetic(divide)},
	"div":      {precedence: 10, apply: arithmetic(wholeQuotient)},
	"mod":      {precedence: 10, apply: arithmetic(remainder)},
}

func (b *binary) eval(r *run, in []Element) ([]Element, error) {
	if err := r.spend(b.at(), 1); err != nil {
		return nil, err
	}
	left, err := b.left.eval(r, in)
	if err != nil {
		return nil, err
	}
	if b.op.lazy == nil {
		right, err := b.right.eval(r, in)
		if err != nil {
			return nil, err
		}
		return b.op.apply(r, left, right, b.at())
	}
	l, err := singleBoolean(left, b.left.at())
	if err != nil {
		return nil, err
	}
	answer, err := b.op.lazy(r, l, func() (truth, error) {
		right, err := b.right.eval(r, in)
		if err != nil {
			return unknown, err
		}
		return singleBoolean(right, b.right.at())
	})
	if err != nil {
		return nil, err
	}
	return r.truth(answer), nil
}

// Boolean logic (N1 6.5).

func logicAnd(_ *run, l truth, right func() (truth, error)) (truth, error) {
	if l == no {
		return no, nil
	}
	t, err := right()
	if t == no || l == yes {
		return t, err
	}
	return unknown, err
}

func logicOr(_ *run, l truth, right func() (truth, error)) (truth, error) {
	if l == yes {
		return yes, nil
	}
	t, err := right()
	if t == yes || l == no {
		return t, err
	}
	return unknown, err
}

func logicXor(_ *run, l truth, right func() (truth, error)) (truth, error) {
	t, err := right()
	if l == unknown || t == unknown {
		return unknown, err
	}
	return truthOf(l != t), err
}

func logicImplies(_ *run, l truth, right func() (truth, error)) (truth, error) {
	if l == no {
		return yes, nil
	}
	t, err := right()
	if t == yes || l == yes {
		return t, err
	}
	return unknown, err
}

func opEqual(r *run, a, b []Element, at int) ([]Element, error) {
	t, err := r.equal(a, b, at)
	return r.truth(t), err
}

func opNotEqual(r *run, a, b []Element, at int) ([]Element, error) {
	t, err := r.equal(a, b, at)
	return r.truth(t.not()), err
}

func opEquivalent(r *run, a, b []Element, at int) ([]Element, error) {
	same, err := r.equivalent(a, b, at)
	return r.boolean(same), err
}

func opNotEquivalent(r *run, a, b []Element, at int) ([]Element, error) {
	same, err := r.equivalent(a, b, at)
	return r.boolean(!same), err
}

// opIn is in (N1 6.4.2).
func opIn(r *run, a, b []Element, at int) ([]Element, error) {
	if len(a) == 0 {
		return nil, nil
	}
	if len(a) > 1 {
		return nil, severalItems(at, "in")
	}
	found, err := r.in(a[0], b, at)
	return r.boolean(found), err
}

// opContains is contains (N1 6.4.3).
func opContains(r *run, a, b []Element, at int) ([]Element, error) {
	if len(b) > 1 {
		return nil, severalItems(at, "contains")
	}
	return opIn(r, b, a, at)
}

// ordering makes <, <=, > and >= (N1 6.2).
func ordering(holds func(order int) bool) func(*run, []Element, []Element, int) ([]Element, error) {
	return func(r *run, a, b []Element, at int) ([]Element, error) {
		va, err := oneValue(a, at)
		if err != nil {
			return nil, err
		}
		vb, err := oneValue(b, at)
		if err != nil {
			return nil, err
		}
		if va.kind == kindNone || vb.kind == kindNone {
			return nil, nil
		}
		if err := r.weigh(va, vb, at); err != nil {
			return nil, err
		}
		order, known, ok := orderValues(va, vb)
		switch {
		case !ok:
			return nil, faultf(at, "these two types cannot be ordered")
		case !known:
			return nil, nil
		}
		return r.boolean(holds(order)), nil
	}
}

// weigh takes the price of working on numbers and quantities, whose units may
// have to be converted.
func (r *run) weigh(a, b value, at int) error {
	switch {
	case a.kind == kindQuantity || b.kind == kindQuantity:
		return r.spend(at, 30)
	case a.kind == kindDecimal || b.kind == kindDecimal:
		return r.spend(at, 2)
	}
	return nil
}

// orderValues compares two values; ok is false when their types have no common
// order, known is false when precision or units leave it open.
func orderValues(a, b value) (order int, known, ok bool) {
	switch {
	case a.kind == kindString && b.kind == kindString:
		return strings.Compare(a.s, b.s), true, true
	case a.kind.number() && b.kind.number():
		return a.decimal().Cmp(b.decimal()), true, true
	case a.kind.temporal() && b.kind.temporal() && a.kind == kindTime == (b.kind == kindTime):
		order, known = a.t.compare(b.t)
		return order, known, true
	case a.kind == kindQuantity || b.kind == kindQuantity:
		qa, okA := a.quantity()
		qb, okB := b.quantity()
		if !okA || !okB {
			return 0, false, false
		}
		order, known = qa.compare(qb)
		return order, known, true
	}
	return 0, false, false
}

// opConcatenate is & (N1 6.6.7): what is empty counts as ”.
func opConcatenate(r *run, a, b []Element, at int) ([]Element, error) {
	x, _, err := oneString(a, at)
	if err != nil {
		return nil, err
	}
	y, _, err := oneString(b, at)
	if err != nil {
		return nil, err
	}
	return r.text(x+y, at)
}

// maxText bounds the strings that an expression makes.
const maxText = 4 << 20

func textFault(at int) *fault {
	return faultf(at, "the text made here is longer than %d bytes", maxText)
}

// text is a string as a result; long ones cost steps, so that no string can
// double itself without end.
func (r *run) text(s string, at int) ([]Element, error) {
	if len(s) > maxText {
		return nil, textFault(at)
	}
	if err := r.spend(at, len(s)/16); err != nil {
		return nil, err
	}
	return r.one(String(s)), nil
}
