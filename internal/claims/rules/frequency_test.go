package rules

import (
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/claims/claimtest"
)

// every30 allows the drug once in 30 days, and has the person use it before.
func every30(past ...claims.PastLine) func(*claims.Facts) {
	return func(f *claims.Facts) {
		claimtest.Article(f, claims.Item, claimtest.Drug).Frequency = 30
		f.History = past
	}
}

func tooSoon(used, next string) want {
	return want{0, first(no("frequency", claims.ReasonFrequency, "frequency", "code", claimtest.Drug, "date", used, "days", "30", "next", next))}
}

func drugOn(day string) claims.PastLine {
	return claimtest.Past("C-0", claims.Item, claimtest.Drug, day, "1")
}

var frequencyCases = table{
	{"29 days before", every30(drugOn("2025-05-12")), tooSoon("2025-05-12", "2025-06-11")},
	{"29 days after", every30(drugOn("2025-07-09")), tooSoon("2025-07-09", "2025-08-08")},
	{"the same day, another claim", every30(drugOn("2025-06-10")), tooSoon("2025-06-10", "2025-07-10")},
	{"the nearest of several", every30(drugOn("2025-01-01"), drugOn("2025-06-08"), drugOn("2025-06-01")), tooSoon("2025-06-08", "2025-07-08")},
	{"as near before as after", every30(drugOn("2025-06-12"), drugOn("2025-06-08")), tooSoon("2025-06-08", "2025-07-08")},
	{"a service too", func(f *claims.Facts) {
		claimtest.Article(f, claims.Service, claimtest.Visit).Frequency = 30
		f.History = []claims.PastLine{claimtest.Past("C-0", claims.Service, claimtest.Visit, "2025-06-01", "1")}
	}, want{0, second(no("frequency", claims.ReasonFrequency, "frequency", "code", claimtest.Visit, "date", "2025-06-01", "days", "30", "next", "2025-07-01"))}},
	{"30 days before", every30(drugOn("2025-05-11")), want{}},
	{"30 days after", every30(drugOn("2025-07-10")), want{}},
	{"refused then", func(f *claims.Facts) {
		every30(drugOn("2025-06-01"))(f)
		f.History[0].Status = claims.Rejected
	}, want{}},
	{"a line of this claim, decided again", every30(claimtest.Past(claimtest.Claim, claims.Item, claimtest.Drug, "2025-06-10", "1")), want{}},
	{"another drug", every30(claimtest.Past("C-0", claims.Item, claimtest.Bandage, "2025-06-01", "1")), want{}},
	{"a service with the same code", every30(claimtest.Past("C-0", claims.Service, claimtest.Drug, "2025-06-01", "1")), want{}},
	{"twice in one claim", func(f *claims.Facts) {
		every30()(f)
		f.Claim.Lines[1] = f.Claim.Lines[0]
	}, want{}},
	{"any frequency", func(f *claims.Facts) { f.History = []claims.PastLine{drugOn("2025-06-10")} }, want{}},
}
