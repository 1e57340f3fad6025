package rules

import (
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/claims/claimtest"
	"github.com/jamii-health/jamii/internal/date"
)

// care sets what the facility gives, what the drug is for, and the last day.
func care(facility, drug claims.CareType, to string) func(*claims.Facts) {
	return func(f *claims.Facts) {
		f.Facility.CareType = facility
		claimtest.Article(f, claims.Item, claimtest.Drug).CareType = drug
		f.Claim.To = day(to)
	}
}

// strict also compares the line with the stay (LEGACY d).
func strict(change func(*claims.Facts)) func(*claims.Facts) {
	return func(f *claims.Facts) {
		change(f)
		f.Settings.LineCareType = true
	}
}

func mismatch(key string) claims.Finding {
	return no("care-type", claims.ReasonCareType, key, "code", claimtest.Drug)
}

var careTypeCases = table{
	{
		"one night at an out-patient facility (R04)", care(claims.OutPatient, claims.Both, "2025-06-11"),
		want{claims.ReasonNotInRegister, both(no("care-type", claims.ReasonCareType, "care-stay"))},
	},
	{
		"in-patient drug at an out-patient facility", care(claims.OutPatient, claims.InPatient, "2025-06-10"),
		want{0, first(mismatch("care-facility-out"))},
	},
	{
		"out-patient drug at an in-patient facility", care(claims.InPatient, claims.OutPatient, "2025-06-10"),
		want{0, first(mismatch("care-facility-in"))},
	},
	{
		"in-patient drug without a stay, compared", strict(care(claims.Both, claims.InPatient, "2025-06-10")),
		want{0, first(mismatch("care-needs-stay"))},
	},
	{
		"out-patient drug in a stay, compared", strict(care(claims.Both, claims.OutPatient, "2025-06-11")),
		want{0, first(mismatch("care-in-stay"))},
	},
	{"in-patient drug without a stay, not compared", care(claims.Both, claims.InPatient, "2025-06-10"), want{}},
	{"out-patient drug in a stay, not compared", care(claims.Both, claims.OutPatient, "2025-06-11"), want{}},
	{"in-patient drug in a stay, compared", strict(care(claims.Both, claims.InPatient, "2025-06-11")), want{}},
	{"both, in a stay, compared", strict(care(claims.InPatient, claims.Both, "2025-06-11")), want{}},
	{"a day visit at an out-patient facility", care(claims.OutPatient, claims.OutPatient, "2025-06-10"), want{}},
	{"only an end date is no stay", func(f *claims.Facts) {
		f.Facility.CareType, f.Claim.From, f.Claim.To = claims.OutPatient, date.None, day("2025-06-10")
	}, want{}},
}
