package rules

import "github.com/jamii-health/jamii/internal/claims"

// inRegister refuses an article that the register does not have on the target
// date. The last day of validity is still valid (R31).
var inRegister = claims.Rule{
	ID:     "in-register",
	Cite:   "openIMIS 3.2 #4, LEGACY (f); R31; settled 12",
	Reason: claims.ReasonNotInRegister,
	Scope:  claims.ScopeLine,
	Check: func(v *claims.View) claims.Finding {
		if v.Article == nil {
			return v.Refuse("not-in-register", "code", v.Line.Code, "date", v.Target.String())
		}
		return claims.Pass
	},
}
