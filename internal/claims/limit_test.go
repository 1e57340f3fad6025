package claims_test

import (
	"testing"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/claims/claimtest"
	"github.com/jamii-health/jamii/internal/date"
)

// TestHouseholdCeiling is openimis-domain 3.5 step 4 for a policy ceiling of
// 100 that grows by 20 per member above 5, and no further than 150.
func TestHouseholdCeiling(t *testing.T) {
	full := claims.Span{From: day("2025-01-10"), To: day("2026-01-09")}
	members := func(n int, more ...claims.Span) []claims.Span {
		for range n {
			more = append(more, full)
		}
		return more
	}
	set := func(f *claims.Facts) {
		pr := product(f)
		pr.Ceiling.Policy.All, pr.Threshold, pr.ExtraMember.All, pr.MaxPolicy.All = p("100"), 5, p("20"), p("150")
	}
	tests := []struct {
		name   string
		change func(*claims.Facts)
		want   string
	}{
		{"at the threshold", func(f *claims.Facts) { f.Covers[0].Members = members(5) }, "100.00"},
		{"one above", func(f *claims.Facts) { f.Covers[0].Members = members(6) }, "120.00"},
		{"capped", func(f *claims.Facts) { f.Covers[0].Members = members(9) }, "150.00"},
		{"no cap set", func(f *claims.Facts) {
			f.Covers[0].Members = members(9)
			product(f).MaxPolicy.All = nil
		}, "180.00"},
		{"a cap below the base works above the threshold only (settled 5)", func(f *claims.Facts) {
			f.Covers[0].Members = members(5)
			product(f).MaxPolicy.All = p("50")
		}, "100.00"},
		{"a cap below the base", func(f *claims.Facts) {
			f.Covers[0].Members = members(6)
			product(f).MaxPolicy.All = p("50")
		}, "50.00"},
		{"threshold 0: no extra members (R16)", func(f *claims.Facts) {
			f.Covers[0].Members = members(9)
			product(f).Threshold = 0
		}, "100.00"},
		{"extra member not set", func(f *claims.Facts) {
			f.Covers[0].Members = members(9)
			product(f).ExtraMember.All = nil
		}, "100.00"},
		{"only members in force on the day count", func(f *claims.Facts) {
			f.Covers[0].Members = members(
				5,
				claims.Span{From: day("2025-06-11"), To: full.To},   // joins tomorrow
				claims.Span{From: full.From, To: day("2025-06-09")}, // left yesterday
				claims.Span{}, // not covered yet
				claims.Span{From: day("2025-06-10"), To: day("2025-06-10")}, // this day only
			)
		}, "120.00"},
		{"a member without an end", func(f *claims.Facts) {
			f.Covers[0].Members = members(5, claims.Span{From: full.From, To: date.None})
		}, "120.00"},
		{"a ceiling per person does not grow", func(f *claims.Facts) {
			f.Covers[0].Members = members(9)
			product(f).Ceiling.Policy.All, product(f).Ceiling.Insuree.All = nil, p("100")
		}, "100.00"},
		{"out-patient pair", func(f *claims.Facts) {
			f.Covers[0].Members = members(6)
			product(f).Ceiling.Policy = claims.ByStay{In: p("10"), Out: p("70")}
			product(f).ExtraMember = claims.ByStay{In: p("1"), Out: p("7"), All: p("20")}
		}, "77.00"},
	}
	for _, tt := range tests {
		f := claimtest.Facts()
		set(&f)
		tt.change(&f)
		claimtest.Only(&f, claims.Item, claimtest.Drug, "10", p("100"))
		if got := engine.Decide(f).Paid.String(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
