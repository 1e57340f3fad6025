package rules

import "github.com/jamii-health/jamii/internal/claims"

// The bits of Article.Patients.
const (
	male = 1 << iota
	female
	adult
	minor
)

// patientCategory refuses an article that is not for a person of this sex and
// age. A mask of 0 is for everyone; who is neither M nor F counts as male. It
// stands twice in the list, for items and for services, because their order
// differs.
func patientCategory(scope claims.Scope) claims.Rule {
	return claims.Rule{
		ID:     "patient-category",
		Cite:   "openIMIS 3.2 #7; settled 1",
		Reason: claims.ReasonPatient,
		Scope:  scope,
		Check: func(v *claims.View) claims.Finding {
			if v.Article == nil || v.Article.Patients == 0 {
				return claims.Pass
			}
			sex, age := male, minor
			if v.Facts.Person.Sex == "F" {
				sex = female
			}
			if v.Adult {
				age = adult
			}
			switch mask := v.Article.Patients; {
			case mask&sex == 0:
				return v.Refuse("patient-sex", "code", v.Line.Code)
			case mask&age == 0:
				return v.Refuse("patient-age", "code", v.Line.Code)
			}
			return claims.Pass
		},
	}
}
