package rules

import (
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/claims/claimtest"
)

func unlisted(code string) claims.Finding {
	return no("in-price-list", claims.ReasonNotInPriceList, "not-in-price-list", "code", code, "date", "2025-06-10")
}

func priceOf(f *claims.Facts) *claims.Price {
	return &f.Register.Prices[claims.PriceKey{List: "items", Kind: claims.Item, Code: claimtest.Drug}][0]
}

var inPriceListCases = table{
	{
		"facility without a list of items", func(f *claims.Facts) { f.Facility.ItemList = "" },
		want{0, first(unlisted(claimtest.Drug))},
	},
	{
		"facility without a list of services", func(f *claims.Facts) { f.Facility.ServiceList = "" },
		want{0, second(unlisted(claimtest.Visit))},
	},
	{
		"in another list", func(f *claims.Facts) { f.Facility.ItemList = "services" },
		want{0, first(unlisted(claimtest.Drug))},
	},
	{
		"the day after its last", func(f *claims.Facts) { priceOf(f).To = day("2025-06-09") },
		want{0, first(unlisted(claimtest.Drug))},
	},
	{
		"the day before its first", func(f *claims.Facts) { priceOf(f).From = day("2025-06-11") },
		want{0, first(unlisted(claimtest.Drug))},
	},
	{"its last day (R31)", func(f *claims.Facts) { priceOf(f).To = day("2025-06-10") }, want{}},
	{"its first day", func(f *claims.Facts) { priceOf(f).From = day("2025-06-10") }, want{}},
	{"listed free of charge (R30)", func(f *claims.Facts) { priceOf(f).Overrule = p("0") }, want{}},
}
