package rules

import (
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/claims/claimtest"
)

// atMost allows a number of claims of a category, and says what was claimed.
func atMost(n int, category claims.Category, past ...claims.PastLine) func(*claims.Facts) {
	return func(f *claims.Facts) {
		f.Covers[0].Product.MaxNo = map[claims.Category]int{category: n}
		f.History = past
	}
}

// visit is a line of a claim for a consultation.
func visit(claim, day string) claims.PastLine {
	return claimtest.Past(claim, claims.Service, claimtest.Visit, day, "1")
}

func maximum(reason claims.Reason, category, limit, used string) claims.Finding {
	return no("category-maximum", reason, "category-maximum",
		"category", category, "limit", limit, "used", used, "from", "2025-01-10", "to", "2026-01-09")
}

// of makes the second line a service of a category.
func of(category claims.Category, to string) func(*claims.Facts) {
	return func(f *claims.Facts) {
		claimtest.Article(f, claims.Service, claimtest.Visit).Category = category
		if to != "" {
			f.Claim.To = day(to)
		}
		f.Covers[0].Product.MaxNo = map[claims.Category]int{
			claims.Surgery: 0, claims.Delivery: 0, claims.Antenatal: 0, claims.Hospitalisation: 0,
			claims.Consultation: 0, claims.VisitCategory: 0, claims.OtherCategory: 0,
		}
	}
}

// refused is every line refused for a category maximum: the claim's reason is
// 1 (R27).
func refused(reason claims.Reason, category, limit, used string) want {
	return want{claims.ReasonNotInRegister, both(maximum(reason, category, limit, used))}
}

// twoPolicies has the first used up, and the second cover what is said.
func twoPolicies(second func(*claims.Product)) func(*claims.Facts) {
	return func(f *claims.Facts) {
		atMost(0, claims.Consultation)(f)
		other := claimtest.Product("OTHER")
		second(other)
		f.Covers = append(f.Covers, claimtest.Cover("P-2", other))
	}
}

var (
	drugKey  = claims.ArticleKey{Kind: claims.Item, Code: claimtest.Drug}
	visitKey = claims.ArticleKey{Kind: claims.Service, Code: claimtest.Visit}
)

var categoryMaximumCases = table{
	{
		"two had, two allowed", atMost(2, claims.Consultation, visit("C-0", "2025-02-01"), visit("C-8", "2025-03-01")),
		refused(claims.ReasonMaxConsult, "C", "2", "2"),
	},
	{"0 allows none", atMost(0, claims.Consultation), refused(claims.ReasonMaxConsult, "C", "0", "0")},
	{"surgeries", of(claims.Surgery, ""), refused(claims.ReasonMaxSurgery, "S", "0", "0")},
	{"deliveries", of(claims.Delivery, ""), refused(claims.ReasonMaxDelivery, "D", "0", "0")},
	{"antenatal", of(claims.Antenatal, ""), refused(claims.ReasonMaxAntenatal, "A", "0", "0")},
	{"admissions", of(claims.Hospitalisation, ""), refused(claims.ReasonMaxHospital, "H", "0", "0")},
	{"a stay makes an admission", of(claims.Consultation, "2025-06-11"), refused(claims.ReasonMaxHospital, "H", "0", "0")},
	{"visits", of(claims.VisitCategory, ""), refused(claims.ReasonMaxVisits, "V", "0", "0")},
	{"lines refused before keep their reason (R26)", func(f *claims.Facts) {
		atMost(0, claims.Consultation)(f)
		f.Facility.ItemList = ""
	}, want{claims.ReasonNotInRegister, [][]claims.Finding{
		{unlisted(claimtest.Drug), maximum(claims.ReasonMaxConsult, "C", "0", "0")}, // the first stands, the second is for the trace
		{maximum(claims.ReasonMaxConsult, "C", "0", "0")},
	}}},
	{"no product is left of two (R06)", twoPolicies(func(p *claims.Product) {
		p.MaxNo = map[claims.Category]int{claims.Consultation: 0}
	}), want{claims.ReasonNotInRegister, both(maximum(claims.ReasonMaxConsult, "C", "0", "0"), maximum(claims.ReasonMaxConsult, "C", "0", "0"))}},
	{"the other product has the item only: nothing carries the visit", twoPolicies(func(p *claims.Product) {
		delete(p.Lines, visitKey)
	}), refused(claims.ReasonMaxConsult, "C", "0", "0")},
	{"the other product has the service only: the item falls with the first", twoPolicies(func(p *claims.Product) {
		delete(p.Lines, drugKey)
	}), want{0, first(maximum(claims.ReasonMaxConsult, "C", "0", "0"))}},
	{"the other product carries both (R06)", twoPolicies(func(*claims.Product) {}), want{}},
	{"one had, two allowed", atMost(2, claims.Consultation, visit("C-0", "2025-02-01")), want{}},
	{"two lines of one claim count once", atMost(2, claims.Consultation, visit("C-0", "2025-02-01"), visit("C-0", "2025-02-01")), want{}},
	{"the day before the cover", atMost(1, claims.Consultation, visit("C-0", "2025-01-09")), want{}},
	{"the day after the cover", atMost(1, claims.Consultation, visit("C-0", "2026-01-10")), want{}},
	{"a claim of another category", func(f *claims.Facts) {
		atMost(1, claims.Consultation, visit("C-0", "2025-02-01"))(f)
		f.History[0].Category = claims.Surgery
	}, want{}},
	{"a claim refused", func(f *claims.Facts) {
		atMost(1, claims.Consultation, visit("C-0", "2025-02-01"))(f)
		f.History[0].Status = claims.Rejected
	}, want{}},
	{"this claim, decided again", atMost(1, claims.Consultation, visit(claimtest.Claim, "2025-06-10")), want{}},
	{"other claims have no maximum", of(claims.OtherCategory, ""), want{}},
	{"items alone are not stopped (R07)", func(f *claims.Facts) {
		atMost(0, claims.VisitCategory)(f)
		f.Claim.Lines = f.Claim.Lines[:1]
	}, want{}},
	{"nor beside a service that is refused (R07)", func(f *claims.Facts) {
		atMost(0, claims.Consultation)(f)
		f.Facility.ServiceList = ""
	}, want{0, second(unlisted(claimtest.Visit))}},
}
