package fhirpath

import "github.com/cockroachdb/apd/v3"

// numeric reads the number or quantity that a function is called on.
func numeric(in []Element, c *call) (value, error) {
	v, err := oneValue(in, c.at())
	if err != nil || v.kind == kindNone {
		return v, err
	}
	if !v.kind.number() && v.kind != kindQuantity {
		return value{}, faultf(c.at(), "%s() works on a number", c.name)
	}
	return v, nil
}

// mapNumber applies a function to the number of the input, and keeps the unit
// of a quantity.
func mapNumber(r *run, in []Element, c *call, apply func(d *apd.Decimal) (*apd.Decimal, bool)) ([]Element, error) {
	v, err := numeric(in, c)
	if err != nil || v.kind == kindNone {
		return nil, err
	}
	if v.kind == kindQuantity {
		d, ok := apply(v.q.Number)
		if !ok {
			return nil, nil
		}
		v.q.Number = d
		return r.one(quantityElement(v.q)), nil
	}
	d, ok := apply(v.decimal())
	if !ok || !inRange(d) {
		return nil, nil
	}
	if v.kind == kindInteger && d.Exponent >= 0 {
		return r.wholeNumber(d)
	}
	return r.one(Decimal(d)), nil
}

// wholeNumber is a decimal without fraction as an Integer, if it fits.
func (r *run) wholeNumber(d *apd.Decimal) ([]Element, error) {
	i, err := d.Int64()
	if err != nil || !fitsInteger(i) {
		return nil, nil // overflow is empty, N1 5.7
	}
	return r.one(Integer(i)), nil
}

func (p *polarity) eval(r *run, in []Element) ([]Element, error) {
	items, err := p.operand.eval(r, in)
	if err != nil {
		return nil, err
	}
	v, err := oneValue(items, p.at())
	switch {
	case err != nil || len(items) == 0 || v.kind == kindNone:
		return nil, err
	case !v.kind.number() && v.kind != kindQuantity:
		return nil, faultf(p.at(), "a sign can stand before a number only; put the number in parentheses to call a function on it")
	case !p.negative:
		return items, nil
	case v.kind == kindInteger:
		return r.one(Integer(-v.i)), nil
	case v.kind == kindQuantity:
		v.q.Number = new(apd.Decimal).Neg(v.q.Number)
		return r.one(quantityElement(v.q)), nil
	}
	return r.one(Decimal(new(apd.Decimal).Neg(v.d))), nil
}

func fnAbs(r *run, in []Element, c *call) ([]Element, error) {
	return mapNumber(r, in, c, func(d *apd.Decimal) (*apd.Decimal, bool) { return new(apd.Decimal).Abs(d), true })
}

// whole makes ceiling(), floor() and truncate(), which give Integers.
func whole(r *run, in []Element, c *call, apply func(d, x *apd.Decimal) (apd.Condition, error)) ([]Element, error) {
	v, err := numeric(in, c)
	switch {
	case err != nil || v.kind == kindNone:
		return nil, err
	case v.kind == kindQuantity:
		return nil, faultf(c.at(), "%s() works on a number", c.name)
	}
	d := new(apd.Decimal)
	if _, err := apply(d, v.decimal()); err != nil {
		return nil, nil // overflow is empty, N1 5.7
	}
	return r.wholeNumber(d)
}

func fnCeiling(r *run, in []Element, c *call) ([]Element, error) { return whole(r, in, c, exact.Ceil) }

func fnFloor(r *run, in []Element, c *call) ([]Element, error) { return whole(r, in, c, exact.Floor) }

func fnTruncate(r *run, in []Element, c *call) ([]Element, error) {
	return whole(r, in, c, func(d, x *apd.Decimal) (apd.Condition, error) {
		x.Modf(d, nil)
		return 0, nil
	})
}

// fnRound rounds half away from zero (N1 5.7.8).
func fnRound(r *run, in []Element, c *call) ([]Element, error) {
	digits := int64(0)
	if len(c.args) > 0 {
		items, err := r.arg(c.args[0])
		if err != nil {
			return nil, err
		}
		if digits, _, err = oneInteger(items, c.args[0].at()); err != nil {
			return nil, err
		}
		if digits < 0 {
			return nil, faultf(c.args[0].at(), "round() takes a precision of 0 or more")
		}
	}
	return mapNumber(r, in, c, func(d *apd.Decimal) (*apd.Decimal, bool) {
		if int64(scale(d)) <= digits {
			return d, true
		}
		return roundTo(d, int32(digits))
	})
}

// decimalFunction makes the functions whose result is always a Decimal; what
// they are not defined for is empty.
func decimalFunction(r *run, in []Element, c *call, apply func(d, x *apd.Decimal) (apd.Condition, error)) ([]Element, error) {
	x, ok, err := oneDecimal(in, c.at())
	if err != nil || !ok {
		return nil, err
	}
	if err := r.spend(c.at(), 500); err != nil { // these take microseconds
		return nil, err
	}
	if x.NumDigits() > 100 {
		return nil, nil
	}
	d := new(apd.Decimal)
	if _, err := apply(d, x); err != nil || !inRange(d) {
		return nil, nil // undefined is empty, N1 5.7
	}
	return r.one(Decimal(reduced(d))), nil
}

func fnSqrt(r *run, in []Element, c *call) ([]Element, error) {
	return decimalFunction(r, in, c, rounded.Sqrt)
}

func fnLn(r *run, in []Element, c *call) ([]Element, error) {
	return decimalFunction(r, in, c, func(d, x *apd.Decimal) (apd.Condition, error) {
		if x.Sign() <= 0 {
			return apd.InvalidOperation, errUndefined
		}
		return rounded.Ln(d, x)
	})
}

func fnExp(r *run, in []Element, c *call) ([]Element, error) {
	return decimalFunction(r, in, c, func(d, x *apd.Decimal) (apd.Condition, error) {
		if x.Cmp(apd.New(1000, 0)) > 0 || x.Cmp(apd.New(-1000, 0)) < 0 {
			return apd.Overflow, errUndefined
		}
		return rounded.Exp(d, x)
	})
}

var errUndefined = faultf(0, "not defined for this number")

// fnLog is the logarithm to a base, computed with digits to spare so that
// 16.log(2) is 4.
func fnLog(r *run, in []Element, c *call) ([]Element, error) {
	items, err := r.arg(c.args[0])
	if err != nil {
		return nil, err
	}
	base, ok, err := oneDecimal(items, c.args[0].at())
	if err != nil || !ok {
		return nil, err
	}
	return decimalFunction(r, in, c, func(d, x *apd.Decimal) (apd.Condition, error) {
		if x.Sign() <= 0 || base.Sign() <= 0 || base.NumDigits() > 100 {
			return apd.InvalidOperation, errUndefined
		}
		var a, b apd.Decimal
		if cond, err := rounded.Ln(&a, x); err != nil {
			return cond, err
		}
		if cond, err := rounded.Ln(&b, base); err != nil {
			return cond, err
		}
		if cond, err := rounded.Quo(d, &a, &b); err != nil {
			return cond, err
		}
		return rounded.WithPrecision(28).Round(d, d)
	})
}

// fnPower is exact for whole exponents of small numbers.
func fnPower(r *run, in []Element, c *call) ([]Element, error) {
	items, err := r.arg(c.args[0])
	if err != nil {
		return nil, err
	}
	exponent, ok, err := oneDecimal(items, c.args[0].at())
	if err != nil || !ok {
		return nil, err
	}
	v, err := numeric(in, c)
	if err != nil || v.kind == kindNone {
		return nil, err
	}
	if exponent.Cmp(apd.New(10_000, 0)) > 0 || exponent.Cmp(apd.New(-10_000, 0)) < 0 || exponent.NumDigits() > 100 {
		return nil, nil
	}
	if v.kind == kindInteger && scale(reduced(exponent)) == 0 && exponent.Sign() >= 0 {
		d := new(apd.Decimal)
		if _, err := exact.Pow(d, v.decimal(), exponent); err != nil {
			return nil, nil // overflow is empty, N1 5.7
		}
		if d, ok := truncated(d, 0); ok {
			return r.wholeNumber(d)
		}
		return nil, nil
	}
	return decimalFunction(r, in, c, func(d, x *apd.Decimal) (apd.Condition, error) {
		return rounded.Pow(d, x, exponent)
	})
}

// fnComparable tells whether two quantities have units that convert.
func fnComparable(r *run, in []Element, c *call) ([]Element, error) {
	items, err := r.arg(c.args[0])
	if err != nil {
		return nil, err
	}
	a, err := oneValue(in, c.at())
	if err != nil {
		return nil, err
	}
	b, err := oneValue(items, c.args[0].at())
	if err != nil || a.kind == kindNone || b.kind == kindNone {
		return nil, err
	}
	qa, okA := a.quantity()
	qb, okB := b.quantity()
	if !okA || !okB {
		return nil, faultf(c.at(), "comparable() compares quantities")
	}
	return r.boolean(qa.comparable(qb)), nil
}
