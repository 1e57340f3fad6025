package enrolment

import (
	"fmt"

	"github.com/govalues/decimal"
)

// half up, to the currency's decimals (claim-readings R02). The library's own
// Round goes to even. Amounts here are never negative.
func round(m Money, decimals int) (Money, error) {
	cut := m.Trunc(decimals)
	rest, err := m.Sub(cut)
	if err != nil {
		return Money{}, fmt.Errorf("rounding: %w", err)
	}
	unit, err := decimal.New(1, decimals)
	if err != nil {
		return Money{}, fmt.Errorf("rounding: %w", err)
	}
	twice, err := rest.Add(rest)
	if err != nil {
		return Money{}, fmt.Errorf("rounding: %w", err)
	}
	if twice.Cmp(unit) < 0 {
		return cut.Pad(decimals), nil
	}
	up, err := cut.Add(unit)
	if err != nil {
		return Money{}, fmt.Errorf("rounding: %w", err)
	}
	return up.Pad(decimals), nil
}

// times is n x price, rounded.
func times(price Money, n, decimals int) (Money, error) {
	count, err := decimal.New(int64(n), 0)
	if err != nil {
		return Money{}, fmt.Errorf("multiplying: %w", err)
	}
	product, err := price.Mul(count)
	if err != nil {
		return Money{}, fmt.Errorf("multiplying: %w", err)
	}
	return round(product, decimals)
}

// percent is pct % of amount, rounded.
func percent(amount, pct Money, decimals int) (Money, error) {
	product, err := amount.Mul(pct)
	if err != nil {
		return Money{}, fmt.Errorf("taking a percentage: %w", err)
	}
	part, err := product.Quo(decimal.Hundred)
	if err != nil {
		return Money{}, fmt.Errorf("taking a percentage: %w", err)
	}
	return round(part, decimals)
}
