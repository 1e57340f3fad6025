package rules

import (
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
)

var targetDateCases = table{
	{
		"no date at all", func(f *claims.Facts) { f.Claim.From = date.None },
		want{claims.ReasonTargetDate, both(no("target-date", claims.ReasonTargetDate, "no-date"))},
	},
	{
		"dated the day before the visit", func(f *claims.Facts) { f.Claim.Created = day("2025-06-09") },
		want{claims.ReasonTargetDate, both(no("target-date", claims.ReasonTargetDate, "dated-before", "claimed", "2025-06-09", "from", "2025-06-10"))},
	},
	{"dated the day of the visit", func(f *claims.Facts) { f.Claim.Created = day("2025-06-10") }, want{}},
	{"dated during the stay", func(f *claims.Facts) { f.Claim.To = day("2025-06-15") }, want{}},
	{"only an end date", func(f *claims.Facts) { f.Claim.From, f.Claim.To = date.None, day("2025-06-10") }, want{}},
}
