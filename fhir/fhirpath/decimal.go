package fhirpath

import (
	"math"

	"github.com/cockroachdb/apd/v3"
)

// Limits of a decimal: far above what FHIR or FHIRPath ask for (18 and 28
// digits), and low enough that no sum can grow out of bounds.
const (
	maxDigits   = 200
	maxExponent = 500
)

var (
	// exact is for sums and products: what has up to maxDigits digits is not
	// rounded.
	exact = apd.Context{Precision: maxDigits, MaxExponent: 10_000, MinExponent: -10_000, Traps: apd.InvalidOperation | apd.DivisionByZero | apd.Overflow | apd.DivisionUndefined, Rounding: apd.RoundHalfUp}
	// rounded is for quotients, roots and logarithms.
	rounded = apd.Context{Precision: 34, MaxExponent: 10_000, MinExponent: -10_000, Traps: exact.Traps, Rounding: apd.RoundHalfUp}
)

// parseDecimal reads a JSON or FHIRPath number.
func parseDecimal(s string) (*apd.Decimal, bool) {
	if len(s) > maxDigits {
		return nil, false
	}
	d, _, err := apd.NewFromString(s)
	if err != nil || d.Form != apd.Finite || !inRange(d) {
		return nil, false
	}
	return d, true
}

func inRange(d *apd.Decimal) bool {
	return d.Form == apd.Finite && d.Exponent <= maxExponent && d.Exponent >= -maxExponent && d.NumDigits() <= maxDigits
}

func decimalText(d *apd.Decimal) string { return d.Text('f') }

// scale is the number of digits after the point.
func scale(d *apd.Decimal) int32 { return max(0, -d.Exponent) }

// fitsInteger reports whether i is an Integer of FHIRPath (N1 2.1.3).
func fitsInteger(i int64) bool { return i >= math.MinInt32 && i <= math.MaxInt32 }

// roundTo rounds half away from zero to a number of digits after the point.
func roundTo(d *apd.Decimal, digits int32) (*apd.Decimal, bool) {
	out := new(apd.Decimal)
	if _, err := exact.Quantize(out, d, -digits); err != nil {
		return nil, false
	}
	return out, true
}

// truncated cuts to a number of digits after the point.
func truncated(d *apd.Decimal, digits int32) (*apd.Decimal, bool) {
	down := exact
	down.Rounding = apd.RoundDown
	out := new(apd.Decimal)
	if _, err := down.Quantize(out, d, -digits); err != nil {
		return nil, false
	}
	return out, true
}

// equivalentDecimals compares at the precision of the less precise (N1 6.1.2).
func equivalentDecimals(a, b *apd.Decimal) bool {
	if a.Cmp(b) == 0 {
		return true
	}
	digits := min(scale(reduced(a)), scale(reduced(b)))
	x, okX := roundTo(a, digits)
	y, okY := roundTo(b, digits)
	return okX && okY && x.Cmp(y) == 0
}

// reduced is the decimal without trailing zeros.
func reduced(d *apd.Decimal) *apd.Decimal {
	out, _ := new(apd.Decimal).Reduce(d)
	return out
}
