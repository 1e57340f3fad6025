package rules

import (
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
)

// uncovered refuses the claim with 21 and its lines with 7 (R27).
func uncovered(key string, pairs ...string) want {
	return want{claims.ReasonNoCover, both(no("cover-on-day", claims.ReasonNotValidPerson, key, pairs...))}
}

var coverOnDayCases = table{
	{"no policy", func(f *claims.Facts) { f.Covers = nil }, uncovered("no-cover", "date", "2025-06-10")},
	{
		"idle, though its dates fit", func(f *claims.Facts) { f.Covers[0].Status = claims.Idle },
		uncovered("cover-not-paid", "date", "2025-06-10"),
	},
	{
		"ready, though its dates fit", func(f *claims.Facts) { f.Covers[0].Status = claims.Ready },
		uncovered("cover-not-paid", "date", "2025-06-10"),
	},
	{
		"never effective", func(f *claims.Facts) { f.Covers[0].Effective = date.None },
		uncovered("cover-not-started", "date", "2025-06-10"),
	},
	{
		"member not covered yet", func(f *claims.Facts) { f.Covers[0].Member = claims.Span{} },
		uncovered("cover-not-started", "date", "2025-06-10"),
	},
	{
		"the day before it is effective", func(f *claims.Facts) { f.Covers[0].Effective = day("2025-06-11") },
		uncovered("cover-starts", "date", "2025-06-10", "from", "2025-06-11"),
	},
	{
		"the day before the member's", func(f *claims.Facts) { f.Covers[0].Member.From = day("2025-06-11") },
		uncovered("cover-starts", "date", "2025-06-10", "from", "2025-06-11"),
	},
	{
		"the day after its last", func(f *claims.Facts) { f.Covers[0].Expiry = day("2025-06-09") },
		uncovered("cover-ended", "date", "2025-06-10", "to", "2025-06-09"),
	},
	{
		"the day after the member's last", func(f *claims.Facts) { f.Covers[0].Member.To = day("2025-06-09") },
		uncovered("cover-ended", "date", "2025-06-10", "to", "2025-06-09"),
	},
	{
		"the stay ends after the cover: the end decides", func(f *claims.Facts) {
			f.Claim.To, f.Covers[0].Expiry = day("2025-06-13"), day("2025-06-12")
		},
		uncovered("cover-ended", "date", "2025-06-13", "to", "2025-06-12"),
	},
	{
		"the day it was suspended", func(f *claims.Facts) {
			f.Covers[0].Status, f.Covers[0].Gaps = claims.Suspended, []claims.Span{{From: day("2025-06-10")}}
		},
		uncovered("cover-suspended", "date", "2025-06-10"),
	},
	{
		"suspended, and nobody knows since when", func(f *claims.Facts) { f.Covers[0].Status = claims.Suspended },
		uncovered("cover-suspended", "date", "2025-06-10"),
	},
	{
		"the last suspended day, active again now", func(f *claims.Facts) {
			f.Covers[0].Gaps = []claims.Span{{From: day("2025-05-01"), To: day("2025-06-10")}}
		},
		uncovered("cover-suspended", "date", "2025-06-10"),
	},
	{
		"expired while suspended", func(f *claims.Facts) {
			f.Covers[0].Status, f.Covers[0].Gaps = claims.Expired, []claims.Span{{From: day("2025-05-01")}}
		},
		uncovered("cover-suspended", "date", "2025-06-10"),
	},
	{
		"suspended, with a later policy to come", func(f *claims.Facts) {
			next := f.Covers[0]
			next.Effective, next.Member.From = day("2026-01-10"), day("2026-01-10")
			next.Expiry, next.Member.To = day("2027-01-09"), day("2027-01-09")
			f.Covers[0].Gaps = []claims.Span{{From: day("2025-06-01")}}
			f.Covers = append(f.Covers, next)
		},
		uncovered("cover-suspended", "date", "2025-06-10"),
	},
	{
		"ended, with a later policy not paid", func(f *claims.Facts) {
			next := claims.Cover{Policy: "P-2", Status: claims.Idle, Product: f.Covers[0].Product}
			f.Covers[0].Expiry = day("2025-06-09")
			f.Covers = append(f.Covers, next)
		},
		uncovered("cover-not-paid", "date", "2025-06-10"),
	},
	{
		"a policy whose product nobody knows", func(f *claims.Facts) { f.Covers[0].Product = nil },
		uncovered("no-cover", "date", "2025-06-10"),
	},
	{"the day after the suspension", func(f *claims.Facts) {
		f.Covers[0].Gaps = []claims.Span{{From: day("2025-05-01"), To: day("2025-06-09")}}
	}, want{}},
	{"the day before the suspension", func(f *claims.Facts) {
		f.Covers[0].Status, f.Covers[0].Gaps = claims.Suspended, []claims.Span{{From: day("2025-06-11")}}
	}, want{}},
	{"expired since, inside its period", func(f *claims.Facts) { f.Covers[0].Status = claims.Expired }, want{}},
	{"first day", func(f *claims.Facts) {
		f.Covers[0].Effective, f.Covers[0].Member.From = day("2025-06-10"), day("2025-06-10")
	}, want{}},
	{"last day", func(f *claims.Facts) {
		f.Covers[0].Expiry, f.Covers[0].Member.To = day("2025-06-10"), day("2025-06-10")
	}, want{}},
	{"member without an end", func(f *claims.Facts) { f.Covers[0].Member.To = date.None }, want{}},
}
