package rules

import (
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/claims/claimtest"
)

var inRegisterCases = table{
	{
		"neither item nor service", func(f *claims.Facts) { f.Claim.Lines[0].Kind, f.Claim.Lines[0].Code = "", "X" },
		want{0, first(unregistered("X"), uncoveredLine("X"))},
	},
	{
		"code of the other kind", func(f *claims.Facts) { f.Claim.Lines[0].Code = claimtest.Visit },
		want{0, first(unregistered(claimtest.Visit), uncoveredLine(claimtest.Visit))},
	},
	{
		"the day after its last", func(f *claims.Facts) { claimtest.Article(f, claims.Item, claimtest.Drug).To = day("2025-06-09") },
		want{0, first(unregistered(claimtest.Drug))},
	},
	{
		"the day before its first", func(f *claims.Facts) { claimtest.Article(f, claims.Item, claimtest.Drug).From = day("2025-06-11") },
		want{0, first(unregistered(claimtest.Drug))},
	},
	{
		"every line: the claim is refused with 1", func(f *claims.Facts) { f.Register = &claims.Register{} },
		want{claims.ReasonNotInRegister, [][]claims.Finding{{unregistered(claimtest.Drug)}, {unregistered(claimtest.Visit)}}},
	},
	{
		"no register", func(f *claims.Facts) { f.Register = nil },
		want{claims.ReasonNotInRegister, [][]claims.Finding{{unregistered(claimtest.Drug)}, {unregistered(claimtest.Visit)}}},
	},
	{"its last day (R31)", func(f *claims.Facts) { claimtest.Article(f, claims.Item, claimtest.Drug).To = day("2025-06-10") }, want{}},
	{"its first day", func(f *claims.Facts) { claimtest.Article(f, claims.Item, claimtest.Drug).From = day("2025-06-10") }, want{}},
	{"a later version begins", func(f *claims.Facts) {
		key := claims.ArticleKey{Kind: claims.Item, Code: claimtest.Drug}
		later := f.Register.Articles[key][0]
		f.Register.Articles[key][0].To, later.From = day("2025-06-09"), day("2025-06-10")
		f.Register.Articles[key] = append(f.Register.Articles[key], later)
	}, want{}},
}

func unregistered(code string) claims.Finding {
	return no("in-register", claims.ReasonNotInRegister, "not-in-register", "code", code, "date", "2025-06-10")
}
