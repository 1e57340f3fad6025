package rules

import "github.com/jamii-health/jamii/internal/claims"

// waitingPeriod refuses an article before the member's cover matures: for a
// new policy, or a member who joined after it started (R14). Months are
// clamped to the end of the month (R03).
var waitingPeriod = claims.Rule{
	ID:     "waiting-period",
	Cite:   "openIMIS 3.2 #10; R03, R14; V17",
	Reason: claims.ReasonWaiting,
	Scope:  claims.ScopeCover,
	Check: func(v *claims.View) claims.Finding {
		matures := v.Cover.Matures(v.Terms, v.Adult)
		if v.Target.Before(matures) {
			return v.Refuse("waiting-period", "code", v.Line.Code, "date", matures.String())
		}
		return claims.Pass
	},
}
