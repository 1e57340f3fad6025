package rules

import "github.com/jamii-health/jamii/internal/claims"

// targetDate refuses a claim without a date of service, or one that was dated
// before the service began.
var targetDate = claims.Rule{
	ID:     "target-date",
	Cite:   "openIMIS 3.2 #1",
	Reason: claims.ReasonTargetDate,
	Scope:  claims.ScopeClaim,
	Check: func(v *claims.View) claims.Finding {
		c := &v.Facts.Claim
		switch {
		case v.Target.IsZero():
			return v.Refuse("no-date")
		case !c.Created.IsZero() && c.Created.Before(c.From):
			return v.Refuse("dated-before", "claimed", c.Created.String(), "from", c.From.String())
		}
		return claims.Pass
	},
}
