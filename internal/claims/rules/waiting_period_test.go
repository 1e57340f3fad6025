package rules

import (
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/claims/claimtest"
)

// waits makes the drug wait three months for adults and six for minors, on a
// policy of a stage, on a day.
func waits(stage claims.Stage, on string) func(*claims.Facts) {
	return func(f *claims.Facts) {
		terms := claimtest.Terms(f, claims.Item, claimtest.Drug)
		terms.WaitingAdult, terms.WaitingChild = 3, 6
		f.Covers[0].Stage, f.Claim.From = stage, day(on)
	}
}

func immature(from string) want {
	return want{0, first(no("waiting-period", claims.ReasonWaiting, "waiting-period", "code", claimtest.Drug, "date", from))}
}

var waitingPeriodCases = table{
	{"the day before", waits(claims.New, "2025-04-09"), immature("2025-04-10")},
	{"a minor waits longer", func(f *claims.Facts) {
		waits(claims.New, "2025-06-10")(f)
		f.Person.Born = day("2020-01-01")
	}, immature("2025-07-10")},
	{"renewed, but joined a day late (R14)", func(f *claims.Facts) {
		waits(claims.Renewed, "2025-04-10")(f)
		f.Covers[0].Member.From = day("2025-01-11")
	}, immature("2025-04-11")},
	{"from 30 November to the last of February (R03)", func(f *claims.Facts) {
		waits(claims.New, "2025-02-27")(f)
		f.Covers[0].Effective, f.Covers[0].Member.From = day("2024-11-30"), day("2024-11-30")
	}, immature("2025-02-28")},
	{"no product left: the earliest cover's reason (R15)", func(f *claims.Facts) {
		waits(claims.New, "2025-04-09")(f)
		f.Covers = append(f.Covers, claimtest.Cover("P-2", claimtest.Product("OTHER")))
		f.Covers[1].Product.Lines[claims.ArticleKey{Kind: claims.Item, Code: claimtest.Drug}].MaxQtyAdult = p("0")
		f.Covers[0], f.Covers[1] = f.Covers[1], f.Covers[0]
	}, want{0, first(
		no("quantity-limit", claims.ReasonMaxQuantity, "quantity-used-up",
			"code", claimtest.Drug, "limit", "0", "used", "0", "from", "2025-01-10", "to", "2026-01-09"),
		no("waiting-period", claims.ReasonWaiting, "waiting-period", "code", claimtest.Drug, "date", "2025-04-10"),
	)}},
	{"from 30 November, the last of February", func(f *claims.Facts) {
		waits(claims.New, "2025-02-28")(f)
		f.Covers[0].Effective, f.Covers[0].Member.From = day("2024-11-30"), day("2024-11-30")
	}, want{}},
	{"the day itself", waits(claims.New, "2025-04-10"), want{}},
	{"renewed, there from the start", waits(claims.Renewed, "2025-01-10"), want{}},
	{"a second product without a wait (R05)", func(f *claims.Facts) {
		waits(claims.New, "2025-01-10")(f)
		f.Covers = append(f.Covers, claimtest.Cover("P-2", claimtest.Product("OTHER")))
	}, want{}},
	{"the end of the stay decides", func(f *claims.Facts) {
		waits(claims.New, "2025-04-08")(f)
		f.Claim.To = day("2025-04-10")
	}, want{}},
}
