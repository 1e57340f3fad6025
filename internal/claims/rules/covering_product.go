package rules

import "github.com/jamii-health/jamii/internal/claims"

// coveringProduct refuses an article that no product in force on the day has.
var coveringProduct = claims.Rule{
	ID:     "covering-product",
	Cite:   "openIMIS 3.2 #9, 3.3",
	Reason: claims.ReasonNoProduct,
	Scope:  claims.ScopeLine,
	Check: func(v *claims.View) claims.Finding {
		if !v.Covered() {
			return v.Refuse("not-covered", "code", v.Line.Code)
		}
		return claims.Pass
	},
}
