package rules

import (
	"strconv"

	"github.com/jamii-health/jamii/internal/claims"
)

// maximumReason is the reason of each category of claim. Other claims (O) have
// no maximum.
var maximumReason = map[claims.Category]claims.Reason{
	claims.Consultation:    claims.ReasonMaxConsult,
	claims.Surgery:         claims.ReasonMaxSurgery,
	claims.Delivery:        claims.ReasonMaxDelivery,
	claims.Antenatal:       claims.ReasonMaxAntenatal,
	claims.Hospitalisation: claims.ReasonMaxHospital,
	claims.VisitCategory:   claims.ReasonMaxVisits,
}

// categoryMaximum takes a product out when the person already had as many
// claims of this category in the cover's window as it allows; 0 allows none
// (LEGACY c). With no product left for a service, every line is refused.
var categoryMaximum = claims.Rule{
	ID:     "category-maximum",
	Cite:   "openIMIS 3.2 #13, LEGACY (c); R06, R07, R26, R27; settled 2, 3",
	Reason: claims.ReasonMaxVisits, // the reason of the category replaces it
	Scope:  claims.ScopeVisit,
	Check: func(v *claims.View) claims.Finding {
		reason, ok := maximumReason[v.Category]
		if !ok {
			return claims.Pass
		}
		most, ok := v.Cover.Product.MaxNo[v.Category]
		if !ok {
			return claims.Pass
		}
		had := v.Claims()
		if had < most {
			return claims.Pass
		}
		window := v.Cover.Window()
		f := v.Refuse("category-maximum", "category", string(v.Category), "limit", strconv.Itoa(most),
			"used", strconv.Itoa(had), "from", window.From.String(), "to", window.To.String())
		f.Reason = reason
		return f
	},
}
