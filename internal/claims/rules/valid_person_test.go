package rules

import (
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
)

var validPersonCases = table{
	{
		"record ended", func(f *claims.Facts) { f.Person.Valid = false },
		want{claims.ReasonNotValidPerson, both(no("valid-person", claims.ReasonNotValidPerson, "person-ended"))},
	},
	{
		"died the day before", func(f *claims.Facts) { f.Person.Died = day("2025-06-09") },
		want{claims.ReasonNotValidPerson, both(no("valid-person", claims.ReasonNotValidPerson, "person-died"))},
	},
	{
		"died the day before, only the end is known", func(f *claims.Facts) {
			f.Person.Died, f.Claim.From, f.Claim.To = day("2025-06-09"), date.None, day("2025-06-10")
		},
		want{claims.ReasonNotValidPerson, both(no("valid-person", claims.ReasonNotValidPerson, "person-died"))},
	},
	{"died that day", func(f *claims.Facts) { f.Person.Died = day("2025-06-10") }, want{}},
	{"died during the stay", func(f *claims.Facts) { f.Claim.To, f.Person.Died = day("2025-06-12"), day("2025-06-11") }, want{}},
}
