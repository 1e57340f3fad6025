package rules

import "github.com/jamii-health/jamii/internal/claims"

// validPerson refuses a claim for a person whose record ended, or for a
// service that began after the death on record. A stay may end after it.
var validPerson = claims.Rule{
	ID:     "valid-person",
	Cite:   "openIMIS 3.2 #2",
	Reason: claims.ReasonNotValidPerson,
	Scope:  claims.ScopeClaim,
	Check: func(v *claims.View) claims.Finding {
		p, began := &v.Facts.Person, v.Facts.Claim.From
		if began.IsZero() {
			began = v.Target
		}
		switch {
		case !p.Valid:
			return v.Refuse("person-ended")
		case !p.Died.IsZero() && began.After(p.Died):
			return v.Refuse("person-died")
		}
		return claims.Pass
	},
}
