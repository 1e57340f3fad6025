package rules

import "github.com/jamii-health/jamii/internal/claims"

// careType refuses what does not go together: a stay at an out-patient
// facility (R04: one night or more), and an article for the other kind of
// care than the facility gives. Comparing the article with the stay is the
// scheme's choice.
var careType = claims.Rule{
	ID:         "care-type",
	Cite:       "openIMIS 3.2 #6, LEGACY (d); R04",
	Reason:     claims.ReasonCareType,
	Scope:      claims.ScopeLine,
	AtFacility: true,
	Check: func(v *claims.View) claims.Finding {
		if v.Article == nil {
			return claims.Pass
		}
		gives, is := v.Facts.Facility.CareType, v.Article.CareType
		switch {
		case gives == claims.OutPatient && v.Stay:
			return v.Refuse("care-stay")
		case gives == claims.OutPatient && is == claims.InPatient:
			return v.Refuse("care-facility-out", "code", v.Line.Code)
		case gives == claims.InPatient && is == claims.OutPatient:
			return v.Refuse("care-facility-in", "code", v.Line.Code)
		case !v.Facts.Settings.LineCareType:
			return claims.Pass
		case is == claims.InPatient && !v.Stay:
			return v.Refuse("care-needs-stay", "code", v.Line.Code)
		case is == claims.OutPatient && v.Stay:
			return v.Refuse("care-in-stay", "code", v.Line.Code)
		}
		return claims.Pass
	},
}
