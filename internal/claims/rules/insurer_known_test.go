package rules

import "github.com/jamii-health/jamii/internal/claims"

var insurerKnownCases = table{
	{
		"unknown insurer, and so no cover either", func(f *claims.Facts) { f.Settings.NoInsurer, f.Covers = true, nil },
		want{claims.ReasonNoCover, both(
			no("insurer-known", claims.ReasonNoCover, "insurer-unknown"),
			no("cover-on-day", claims.ReasonNotValidPerson, "no-cover", "date", "2025-06-10"),
		)},
	},
	{"known insurer", func(*claims.Facts) {}, want{}},
}
