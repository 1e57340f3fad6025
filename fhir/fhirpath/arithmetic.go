package fhirpath

import "github.com/cockroachdb/apd/v3"

// arithmetic makes an operator of a function on two values: empty when a side
// is, an error when the types do not go together (N1 6.6).
func arithmetic(apply func(a, b value) (Element, outcome)) func(*run, []Element, []Element, int) ([]Element, error) {
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
		e, outcome := apply(va, vb)
		switch outcome {
		case mismatch:
			return nil, faultf(at, "this operator does not work on these two types or units")
		case nothing:
			return nil, nil
		}
		if s, ok := e.sys.(string); ok {
			return r.text(s, at)
		}
		return r.one(e), nil
	}
}

// outcome says how an operation went.
type outcome uint8

const (
	done     outcome = iota
	nothing          // overflow or division by zero: empty
	mismatch         // the types do not go together
)

// integer is the result of an operation on Integers, empty when it is none.
func integer(i int64) (Element, outcome) {
	if !fitsInteger(i) {
		return Element{}, nothing
	}
	return Integer(i), done
}

// calculate runs an operation of apd; what it cannot do, or what leaves the
// range, is empty.
func calculate(op func(d, x, y *apd.Decimal) (apd.Condition, error), x, y *apd.Decimal) (*apd.Decimal, outcome) {
	d := new(apd.Decimal)
	if _, err := op(d, x, y); err != nil || !inRange(d) {
		return nil, nothing
	}
	return d, done
}

func decimalResult(op func(d, x, y *apd.Decimal) (apd.Condition, error), a, b value) (Element, outcome) {
	d, outcome := calculate(op, a.decimal(), b.decimal())
	if outcome != done {
		return Element{}, outcome
	}
	return Decimal(d), done
}

func add(a, b value) (Element, outcome) {
	switch {
	case a.kind == kindString && b.kind == kindString:
		return String(a.s + b.s), done
	case a.kind == kindInteger && b.kind == kindInteger:
		return integer(a.i + b.i)
	case a.kind.number() && b.kind.number():
		return decimalResult(exact.Add, a, b)
	case a.kind.temporal() && b.kind == kindQuantity:
		return shift(a.t, b.q, false)
	case a.kind == kindQuantity && b.kind == kindQuantity:
		return sum(exact.Add, a.q, b.q)
	}
	return Element{}, mismatch
}

func subtract(a, b value) (Element, outcome) {
	switch {
	case a.kind == kindInteger && b.kind == kindInteger:
		return integer(a.i - b.i)
	case a.kind.number() && b.kind.number():
		return decimalResult(exact.Sub, a, b)
	case a.kind.temporal() && b.kind == kindQuantity:
		return shift(a.t, b.q, true)
	case a.kind == kindQuantity && b.kind == kindQuantity:
		return sum(exact.Sub, a.q, b.q)
	}
	return Element{}, mismatch
}

// sum adds quantities in the unit of the first.
func sum(op func(d, x, y *apd.Decimal) (apd.Condition, error), a, b Quantity) (Element, outcome) {
	if a.Unit != b.Unit || a.calendar != b.calendar {
		var ok bool
		if b, ok = b.to(a.Unit, a.calendar); !ok {
			return Element{}, mismatch
		}
	}
	d, outcome := calculate(op, a.Number, b.Number)
	a.Number = d
	return quantityElement(a), outcome
}

func multiply(a, b value) (Element, outcome) {
	switch {
	case a.kind == kindInteger && b.kind == kindInteger:
		if !fitsInteger(a.i) || !fitsInteger(b.i) { // the product could wrap around
			return Element{}, nothing
		}
		return integer(a.i * b.i)
	case a.kind.number() && b.kind.number():
		return decimalResult(exact.Mul, a, b)
	}
	qa, okA := a.quantity()
	qb, okB := b.quantity()
	if !okA || !okB {
		return Element{}, mismatch
	}
	d, outcome := calculate(exact.Mul, qa.Number, qb.Number)
	return quantityElement(newQuantity(d, joinUnits(qa, qb, "."))), outcome
}

func divide(a, b value) (Element, outcome) {
	qa, okA := a.quantity()
	qb, okB := b.quantity()
	switch {
	case !okA || !okB:
		return Element{}, mismatch
	case qb.Number.IsZero():
		return Element{}, nothing
	}
	d, outcome := calculate(rounded.Quo, qa.Number, qb.Number)
	if outcome != done {
		return Element{}, outcome
	}
	d = reduced(d) // apd fills all digits
	if a.kind.number() && b.kind.number() {
		return Decimal(d), done
	}
	return quantityElement(newQuantity(d, joinUnits(qa, qb, "/"))), done
}

// joinUnits writes the unit of a product or quotient.
func joinUnits(a, b Quantity, symbol string) string {
	left, right := a.ucumUnit(), b.ucumUnit()
	switch {
	case right == "1":
		return left
	case left == "1" && symbol == ".":
		return right
	case left == "1":
		left = ""
	}
	if len(right) > 1 && symbol == "/" {
		for _, c := range right {
			if c == '.' || c == '/' {
				return left + "/(" + right + ")"
			}
		}
	}
	return left + symbol + right
}

func (q Quantity) ucumUnit() string {
	if q.calendar {
		return calendarUnits[q.Unit]
	}
	return q.Unit
}

// wholeQuotient is div (N1 6.6.5): truncated.
func wholeQuotient(a, b value) (Element, outcome) {
	switch {
	case !a.kind.number() || !b.kind.number():
		return Element{}, mismatch
	case b.decimal().IsZero():
		return Element{}, nothing
	case a.kind == kindInteger && b.kind == kindInteger:
		return integer(a.i / b.i)
	}
	d, outcome := calculate(exact.QuoInteger, a.decimal(), b.decimal())
	if outcome != done {
		return Element{}, outcome
	}
	i, err := d.Int64()
	if err != nil {
		return Element{}, nothing
	}
	return integer(i)
}

// remainder is mod (N1 6.6.6), with the sign of the left side.
func remainder(a, b value) (Element, outcome) {
	switch {
	case !a.kind.number() || !b.kind.number():
		return Element{}, mismatch
	case b.decimal().IsZero():
		return Element{}, nothing
	case a.kind == kindInteger && b.kind == kindInteger:
		return integer(a.i % b.i)
	}
	return decimalResult(exact.Rem, a, b)
}
