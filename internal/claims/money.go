package claims

import (
	"math"
	"math/bits"

	"github.com/govalues/decimal"
)

// calc does the sums of one decision in the currency's decimals. An amount
// that does not fit sets bad, and the claim is refused at the end: no step has
// to check, and none can panic.
type calc struct {
	decimals int
	bad      bool
}

var (
	one     = decimal.MustNew(1, 0)
	hundred = decimal.MustNew(100, 0)
)

var pow10 = [20]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// mul is a x b, rounded half up to the currency's decimals (R02). The product
// is exact before the one rounding; decimal.Mul would round half to even.
func (c *calc) mul(a, b Money) Money {
	return c.round(a, b, a.Scale()+b.Scale())
}

// percent is p percent of a, rounded as mul.
func (c *calc) percent(a, p Money) Money {
	return c.round(a, p, a.Scale()+p.Scale()+2)
}

// amount is a in the currency's decimals.
func (c *calc) amount(a Money) Money {
	if a.Scale() == c.decimals && !a.IsNeg() {
		return a
	}
	return c.round(a, one, a.Scale())
}

// round gives coef(a) x coef(b) / 10^scale.
func (c *calc) round(a, b Money, scale int) Money {
	if a.IsNeg() || b.IsNeg() {
		c.bad = true
		return Money{}
	}
	hi, lo := bits.Mul64(a.Coef(), b.Coef())
	drop := scale - c.decimals
	if drop > 19 { // rounding up at the half looks at one digit, so cutting below it first changes nothing
		hi, lo, _ = div(hi, lo, pow10[min(drop-19, 19)])
		drop = max(19, drop-19)
	}
	switch {
	case drop > 19 || drop < -19:
		c.bad = true
		return Money{}
	case drop > 0:
		var rest uint64
		hi, lo, rest = div(hi, lo, pow10[drop])
		if rest >= pow10[drop]/2 {
			lo++
		}
	case drop < 0:
		var over uint64
		over, lo = bits.Mul64(lo, pow10[-drop])
		hi |= over
	}
	if hi != 0 || lo > math.MaxInt64 {
		c.bad = true
		return Money{}
	}
	d, err := decimal.New(int64(lo), c.decimals)
	c.bad = c.bad || err != nil
	return d
}

// div divides 128 bits by 64.
func div(hi, lo, by uint64) (qhi, qlo, rest uint64) {
	qhi, rest = hi/by, hi%by
	qlo, rest = bits.Div64(rest, lo, by)
	return qhi, qlo, rest
}

// add sums amounts.
func (c *calc) add(a, b Money) Money {
	d, err := a.AddExact(b, c.decimals)
	c.bad = c.bad || err != nil
	return d
}

// sub takes b from a; the result may be negative.
func (c *calc) sub(a, b Money) Money {
	d, err := a.SubExact(b, c.decimals)
	c.bad = c.bad || err != nil
	return d
}

// plus and minus are for quantities, which have decimals of their own.
func (c *calc) plus(a, b Money) Money {
	d, err := a.Add(b)
	c.bad = c.bad || err != nil
	return d
}

func (c *calc) minus(a, b Money) Money {
	d, err := a.Sub(b)
	c.bad = c.bad || err != nil
	return d
}

// left is a limit less what is used of it, and never below zero.
func (c *calc) left(limit, used Money) Money {
	if rest := c.sub(limit, used); rest.IsPos() {
		return c.amount(rest)
	}
	return c.amount(Money{})
}

// set reports whether a limit is set: 0 means not (settled 4).
func set(m *Money) bool { return m != nil && m.IsPos() }

// Number writes a quantity or a percentage without trailing zeros.
func Number(m Money) string { return m.Trim(0).String() }
