package rules

import "github.com/jamii-health/jamii/internal/claims"

// insurerKnown refuses a claim to an insurer we do not know: no cover can be
// with it.
var insurerKnown = claims.Rule{
	ID:     "insurer-known",
	Cite:   "openIMIS 3.2 #3; FAIS: a claim to an unknown insurer is denied",
	Reason: claims.ReasonNoCover,
	Scope:  claims.ScopeClaim,
	Check: func(v *claims.View) claims.Finding {
		if v.Facts.Settings.NoInsurer {
			return v.Refuse("insurer-unknown")
		}
		return claims.Pass
	},
}
