package search

import (
	"math"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// Ordered turns a decimal into an integer that keeps the order of decimals:
// the bits of the nearest float64, arranged so that they sort, plus nudge.
//
// Decimals that no float64 tells apart get the same integer, so a store finds
// a superset and Match decides. For that to hold also where a comparison is
// strict, the bounds of values are nudged outward by one and the bounds that
// are asked for as written at bounds.
func Ordered(decimal string, nudge int) int64 {
	f, _ := strconv.ParseFloat(decimal, 64) // out of range gives an infinity or zero, which sort rightly
	if f == 0 {
		return int64(nudge) // also for -0
	}
	b := int64(math.Float64bits(f))
	if b < 0 {
		b ^= math.MaxInt64
	}
	return b + int64(nudge)
}

// bounds are the Lo and Hi of a Between so that the comparison written down at
// Op, with the values of an Index, misses nothing.
func bounds(op Op, a asked) (lo, hi int64) {
	switch op {
	case Eq, Ne, Ap:
		return Ordered(a.lo.Text('f'), -1), Ordered(a.hi.Text('f'), 1)
	case Sa: // v.Lo is one below the value, so ask for more than two below
		return Ordered(a.point, -2), Ordered(a.point, -2)
	case Eb:
		return Ordered(a.point, 2), Ordered(a.point, 2)
	}
	return Ordered(a.point, 0), Ordered(a.point, 0)
}

// asked is a number of a query: the point, and the interval [lo, hi) that its
// precision or, for ap, its tolerance stands for.
type asked struct {
	point  string
	lo, hi *apd.Decimal
}

// exactly computes with decimals as long as any we accept.
var exactly = apd.BaseContext.WithPrecision(1200)

// numberAsked reads a number with the precision it was written with: 100 is
// [99.5, 100.5) and 100.00 is [99.995, 100.005). With an exponent and no
// decimals the standard's own example counts one digit more: 1e2 is [95, 105).
// For ap the interval is a tenth of the number to both sides.
//
// https://hl7.org/fhir/R4/search.html#number
func numberAsked(text string, op Op) (asked, bool) {
	d, ok := decimal(text)
	if !ok {
		return asked{}, false
	}
	margin := apd.New(5, d.Exponent-1)
	if strings.ContainsAny(text, "eE") && !strings.Contains(text, ".") {
		margin.Exponent--
	}
	if op == Ap {
		margin.Abs(d)
		margin.Exponent--
	}
	a := asked{point: text, lo: new(apd.Decimal), hi: new(apd.Decimal)}
	if _, err := exactly.Sub(a.lo, d, margin); err != nil {
		return asked{}, false
	}
	if _, err := exactly.Add(a.hi, d, margin); err != nil {
		return asked{}, false
	}
	return a, true
}

// decimal reads a FHIR decimal of a sane size.
//
// https://hl7.org/fhir/R4/datatypes.html#decimal
func decimal(text string) (*apd.Decimal, bool) {
	if len(text) > 400 || !decimalForm(text) {
		return nil, false
	}
	d, _, err := apd.NewFromString(text)
	if err != nil || d.Exponent > 400 || d.Exponent < -400 {
		return nil, false
	}
	return d, true
}

// decimalForm checks [+-]digits[.digits][e[+-]digits].
func decimalForm(s string) bool {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	digits := func() bool {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		s = s[n:]
		return n > 0
	}
	if !digits() {
		return false
	}
	if strings.HasPrefix(s, ".") {
		s = s[1:]
		if !digits() {
			return false
		}
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		if !digits() {
			return false
		}
	}
	return s == ""
}

// span is what a number of a resource stands for; nil is an open end. A plain
// number is a point: "the way search parameters operate in resources is not
// affected by the precision of the number in the resource".
//
// https://hl7.org/fhir/R4/search.html#number
type span struct{ lo, hi *apd.Decimal }

// between separates the ends in the Decimal of a Value that is no point.
const between = ".."

func spanOf(text string) (span, bool) {
	low, high, isSpan := strings.Cut(text, between)
	if !isSpan {
		d, ok := decimal(text)
		return span{d, d}, ok
	}
	var s span
	var ok bool
	if low != "" {
		if s.lo, ok = decimal(low); !ok {
			return s, false
		}
	}
	if high != "" {
		if s.hi, ok = decimal(high); !ok {
			return s, false
		}
	}
	return s, true
}

// holds says whether the prefix is true for the asked number and a value. For
// gt, lt, ge, le, sa and eb the number asked is a point.
//
// https://hl7.org/fhir/R4/search.html#prefix
func (a asked) holds(op Op, v span) bool {
	p, ok := decimal(a.point)
	if !ok {
		return false
	}
	above := v.hi == nil || v.hi.Cmp(p) > 0
	below := v.lo == nil || v.lo.Cmp(p) < 0
	same := v.lo != nil && v.hi != nil && v.lo.Cmp(p) == 0 && v.hi.Cmp(p) == 0
	switch op {
	case Eq:
		return a.contains(v)
	case Ne:
		return !a.contains(v)
	case Gt:
		return above
	case Lt:
		return below
	case Ge:
		return above || same
	case Le:
		return below || same
	case Sa:
		return v.lo != nil && v.lo.Cmp(p) > 0
	case Eb:
		return v.hi != nil && v.hi.Cmp(p) < 0
	case Ap:
		return (v.lo == nil || v.lo.Cmp(a.hi) <= 0) && (v.hi == nil || v.hi.Cmp(a.lo) >= 0)
	}
	return false
}

func (a asked) contains(v span) bool {
	return v.lo != nil && v.hi != nil && a.lo.Cmp(v.lo) <= 0 && v.hi.Cmp(a.hi) < 0
}
