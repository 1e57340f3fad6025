package fhirpath

import (
	"math/big"
	"sync"

	"github.com/cockroachdb/apd/v3"
)

// unit is what a unit means in base units: a value of n units is
// n * num + add of its dimension.
type unit struct {
	num *big.Rat
	add *big.Rat // of temperature scales; nil means 0
	dim string   // base units with their exponents, sorted: "g1m-3"; "" for pure numbers
}

func one() unit { return unit{num: big.NewRat(1, 1)} }

var (
	ucumMu    sync.RWMutex
	ucumCache = map[string]unit{} // of expressions seen; those that are no unit have num nil
)

// ucum reads a UCUM expression such as "mg/dL", "10*3/uL" or "kg.m2".
//
// https://ucum.org/ucum#section-Full-and-Limited-Conformance
func ucum(text string) (unit, bool) {
	ucumMu.RLock()
	u, ok := ucumCache[text]
	ucumMu.RUnlock()
	if ok {
		return u, u.num != nil
	}
	u = parseUnit(text)
	ucumMu.Lock()
	if len(ucumCache) < 5000 { // texts come from outside
		ucumCache[text] = u
	}
	ucumMu.Unlock()
	return u, u.num != nil
}

func ratio(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return new(big.Rat)
	}
	return r
}

// canonical is the quantity in base units.
func (q Quantity) canonical() (unit, bool) {
	u, ok := q.unit()
	if !ok || q.Number.Exponent > maxExponent || q.Number.Exponent < -maxExponent {
		return u, false
	}
	n, ok := new(big.Rat).SetString(q.Number.Text('f'))
	if !ok {
		return u, false
	}
	n.Mul(n, u.num)
	if u.add != nil {
		n.Add(n, u.add)
	}
	return unit{num: n, dim: u.dim}, true
}

// to converts into another unit.
func (q Quantity) to(text string, calendar bool) (Quantity, bool) {
	out := Quantity{Unit: text, calendar: calendar}
	from, ok := q.canonical()
	target, known := out.unit()
	if !ok || !known || from.dim != target.dim {
		return out, false
	}
	n := new(big.Rat).Set(from.num)
	if target.add != nil {
		n.Sub(n, target.add)
	}
	n.Quo(n, target.num)
	out.Number, ok = decimalOf(n)
	return out, ok
}

func decimalOf(n *big.Rat) (*apd.Decimal, bool) {
	num, _, err := apd.NewFromString(n.Num().String())
	if err != nil {
		return nil, false
	}
	den, _, err := apd.NewFromString(n.Denom().String())
	if err != nil {
		return nil, false
	}
	out := new(apd.Decimal)
	if _, err := rounded.Quo(out, num, den); err != nil {
		return nil, false
	}
	return reduced(out), true
}
