package fhirpath

import "github.com/cockroachdb/apd/v3"

// Boundaries are those of FHIRPath 3.0 drafts (5.7.12, 5.7.13): the least and
// the greatest value that a number or date of limited precision can stand for.

// Digits that a boundary may have, and has when none are asked for.
const (
	maxBoundaryDigits = 31
	decimalDigits     = 8
	dateDigits        = 8
	dateTimeDigits    = 17
	timeDigits        = 9
)

// boundary makes lowBoundary() and highBoundary().
func boundary(high bool) func(*run, []Element, *call) ([]Element, error) {
	return func(r *run, in []Element, c *call) ([]Element, error) {
		v, err := oneValue(in, c.at())
		if err != nil || v.kind == kindNone {
			return nil, err
		}
		digits := int64(-1)
		if len(c.args) > 0 {
			items, err := r.arg(c.args[0])
			if err != nil {
				return nil, err
			}
			given := false
			if digits, given, err = oneInteger(items, c.args[0].at()); err != nil {
				return nil, err
			}
			if given && (digits < 0 || digits > maxBoundaryDigits) {
				return nil, nil
			}
			if !given {
				digits = -1
			}
		}
		e, ok, known := v.boundary(int(digits), high)
		if !known {
			return nil, faultf(c.at(), "%s() works on numbers, quantities, dates and times", c.name)
		}
		if !ok {
			return nil, nil
		}
		return r.one(e), nil
	}
}

// boundary of a value; digits below 0 stand for the default of the type.
func (v value) boundary(digits int, high bool) (e Element, ok, known bool) {
	or := func(standard int) int {
		if digits < 0 {
			return standard
		}
		return digits
	}
	switch v.kind {
	case kindInteger, kindDecimal:
		d, ok := boundaryOf(v.decimal(), int32(or(decimalDigits)), high)
		return Decimal(d), ok, true
	case kindQuantity:
		d, ok := boundaryOf(v.q.Number, int32(or(decimalDigits)), high)
		v.q.Number = d
		return quantityElement(v.q), ok, true
	case kindDate:
		t, ok := v.t.boundary(or(dateDigits), high)
		return temporalElement(t), ok, true
	case kindDateTime:
		t, ok := v.t.boundary(or(dateTimeDigits), high)
		return temporalElement(t), ok, true
	case kindTime:
		t, ok := v.t.boundary(or(timeDigits), high)
		return temporalElement(t), ok, true
	}
	return e, false, false
}

// boundaryOf goes half a unit of the last digit up or down. Written with fewer
// digits than it needs, a bound away from zero is rounded and one towards zero
// is cut, as the examples of the standard have it.
func boundaryOf(d *apd.Decimal, digits int32, high bool) (*apd.Decimal, bool) {
	half := apd.New(5, -scale(d)-1)
	half.Negative = !high
	bound := new(apd.Decimal)
	if _, err := exact.Add(bound, d, half); err != nil {
		return nil, false
	}
	away := d.Negative != high // the bound is further from zero than d
	if d.IsZero() {
		away = true
	}
	if away {
		return roundTo(bound, digits)
	}
	return truncated(bound, digits)
}

// fnPrecision counts digits: after the point of a number, all of a date.
func fnPrecision(r *run, in []Element, c *call) ([]Element, error) {
	v, err := oneValue(in, c.at())
	if err != nil || v.kind == kindNone {
		return nil, err
	}
	n := 0
	switch {
	case v.kind.number():
		n = int(scale(v.decimal()))
	case v.kind == kindTime:
		n = v.t.digits() - 8
	case v.kind.temporal():
		n = v.t.digits()
	default:
		return nil, faultf(c.at(), "precision() works on numbers, dates and times")
	}
	return r.one(Integer(int64(n))), nil
}

// widths are the digits of a dateTime by precision: YYYY, YYYYMM ...
var widths = [...]int{0, 4, 6, 8, 10, 12, 14}

func (t Temporal) digits() int {
	if t.prec == precSecond && t.frac > 0 {
		return widths[precSecond] + int(max(t.frac, 3))
	}
	return widths[t.prec]
}

// boundary widens or cuts a date or time to a number of digits. R4's dateTime
// has no precision of an hour: one that ends with it means the full hour, to
// the minute.
func (t Temporal) boundary(digits int, high bool) (Temporal, bool) {
	if t.kind == kindTime {
		digits += widths[precDay]
	}
	prec, fraction := uint8(0), digits == widths[precSecond]+3
	for i, w := range widths {
		if w == digits && i > 0 {
			prec = uint8(i)
		}
	}
	if fraction {
		prec = precSecond
	}
	if prec == 0 || (t.kind == kindDate && prec > precDay) || (t.kind == kindTime && prec < precHour) {
		return t, false
	}
	if t.prec == precHour && t.kind == kindDateTime {
		t.prec = precMinute
	}
	t = t.fill(high)
	if !fraction {
		t.nano, t.frac = 0, 0
	}
	t.prec = prec
	if prec <= precDay {
		t.zoned, t.offset = false, 0
	} else if t.kind == kindDateTime && !t.zoned {
		t.zoned, t.offset = true, 14*60 // the earliest moment is furthest in the east
		if high {
			t.offset = -12 * 60
		}
	}
	return t, true
}

// fill gives every field that is not written its least or greatest value.
func (t Temporal) fill(high bool) Temporal {
	if high {
		if t.prec < precMonth {
			t.month = 12
		}
		if t.prec < precDay && t.kind != kindTime {
			t.day = uint8(daysIn(int(t.year), int(t.month)))
		}
		if t.prec < precHour {
			t.hour = 23
		}
		if t.prec < precMinute {
			t.minute = 59
		}
		if t.prec < precSecond {
			t.second = 59
		}
		if t.prec < precSecond || t.frac == 0 {
			t.nano = 999_000_000
		}
	}
	t.frac = max(t.frac, 3)
	return t
}
