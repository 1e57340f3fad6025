package rules

import (
	"github.com/jamii-health/jamii/internal/claims"
)

// coverOnDay refuses a claim when no cover insures the person on the target
// date. The claim's reason is 21, its lines get 7 (R27).
var coverOnDay = claims.Rule{
	ID:     "cover-on-day",
	Cite:   "openIMIS 3.2 #3; R27; settled 13",
	Reason: claims.ReasonNoCover,
	Stamp:  claims.ReasonNotValidPerson,
	Scope:  claims.ScopeClaim,
	Check: func(v *claims.View) claims.Finding {
		if v.InForce() || v.Target.IsZero() {
			return claims.Pass
		}
		covers := v.Facts.Covers
		if len(covers) == 0 {
			return v.Refuse("no-cover", "date", v.Target.String())
		}
		for i := range covers {
			if c := &covers[i]; !c.Effective.IsZero() && v.Target.Within(c.Window().From, c.Window().To) {
				return whyNot(v, c)
			}
		}
		return whyNot(v, &covers[len(covers)-1])
	},
}

// whyNot says what is wrong with a cover: the one whose days fit, else the
// latest, which is the one the person most likely means.
func whyNot(v *claims.View, c *claims.Cover) claims.Finding {
	day := v.Target.String()
	switch {
	case c.Status == claims.Idle || c.Status == claims.Ready:
		return v.Refuse("cover-not-paid", "date", day)
	case c.Effective.IsZero() || c.Member.From.IsZero():
		return v.Refuse("cover-not-started", "date", day)
	case v.Target.Before(c.Effective):
		return v.Refuse("cover-starts", "date", day, "from", c.Effective.String())
	case v.Target.Before(c.Member.From):
		return v.Refuse("cover-starts", "date", day, "from", c.Member.From.String())
	case !v.Target.Within(c.Window().From, c.Window().To):
		return v.Refuse("cover-ended", "date", day, "to", c.Window().To.String())
	case c.Status == claims.Suspended || len(c.Gaps) > 0:
		return v.Refuse("cover-suspended", "date", day)
	}
	return v.Refuse("no-cover", "date", day)
}
