package rules

import "github.com/jamii-health/jamii/internal/claims"

// inPriceList refuses an article that the facility's price list does not have
// on the target date. A facility without a list has nothing in it.
var inPriceList = claims.Rule{
	ID:         "in-price-list",
	Cite:       "openIMIS 3.2 #5, LEGACY (f); R31",
	Reason:     claims.ReasonNotInPriceList,
	Scope:      claims.ScopeLine,
	AtFacility: true,
	Check: func(v *claims.View) claims.Finding {
		if v.Article != nil && v.Price == nil {
			return v.Refuse("not-in-price-list", "code", v.Line.Code, "date", v.Target.String())
		}
		return claims.Pass
	},
}
