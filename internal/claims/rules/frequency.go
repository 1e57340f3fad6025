package rules

import (
	"strconv"

	"github.com/jamii-health/jamii/internal/claims"
)

// frequency refuses an article used again too soon: another claim has it with
// a target date fewer than F days away, before or after. F days apart passes
// (V16: LEGACY, not PYTHON).
var frequency = claims.Rule{
	ID:     "frequency",
	Cite:   "openIMIS 3.2 #8, LEGACY (a); settled 2; V16",
	Reason: claims.ReasonFrequency,
	Scope:  claims.ScopeLine,
	Check: func(v *claims.View) claims.Finding {
		if v.Article == nil || v.Article.Frequency <= 0 {
			return claims.Pass
		}
		day, days, used := v.Nearest()
		if used && days < v.Article.Frequency {
			return v.Refuse("frequency", "code", v.Line.Code, "date", day.String(),
				"days", strconv.Itoa(v.Article.Frequency), "next", day.AddDays(v.Article.Frequency).String())
		}
		return claims.Pass
	},
}
