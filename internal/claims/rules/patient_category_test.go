package rules

import (
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/claims/claimtest"
)

// mask sets whom both lines are for, and who comes.
func mask(patients int, sex claims.Sex, born string) func(*claims.Facts) {
	return func(f *claims.Facts) {
		claimtest.Article(f, claims.Item, claimtest.Drug).Patients = patients
		claimtest.Article(f, claims.Service, claimtest.Visit).Patients = patients
		f.Person.Sex, f.Person.Born = sex, day(born)
	}
}

func notFor(key string) want {
	return want{claims.ReasonNotInRegister, [][]claims.Finding{
		{no("patient-category", claims.ReasonPatient, key, "code", claimtest.Drug)},
		{no("patient-category", claims.ReasonPatient, key, "code", claimtest.Visit)},
	}}
}

var patientCategoryCases = table{
	{"for men, a woman", mask(male|adult|minor, "F", "1990-01-01"), notFor("patient-sex")},
	{"for women, a man", mask(female|adult|minor, "M", "1990-01-01"), notFor("patient-sex")},
	{"for women, other sex counts as male", mask(female|adult|minor, "O", "1990-01-01"), notFor("patient-sex")},
	{"for women, unknown sex counts as male", mask(female|adult|minor, "", "1990-01-01"), notFor("patient-sex")},
	{"for adults, the day before majority", mask(male|female|adult, "F", "2007-06-11"), notFor("patient-age")},
	{"for minors, the day of majority", mask(male|female|minor, "F", "2007-06-10"), notFor("patient-age")},
	{"for minors, majority at 15", func(f *claims.Facts) {
		mask(male|female|minor, "F", "2010-06-10")(f)
		f.Settings.AgeOfMajority = 15
	}, notFor("patient-age")},
	{"an age without a sex is for nobody", mask(adult, "F", "1990-01-01"), notFor("patient-sex")},
	{"for adults, the day of majority", mask(male|female|adult, "F", "2007-06-10"), want{}},
	{"for minors, the day before majority", mask(male|female|minor, "F", "2007-06-11"), want{}},
	{"for everyone", mask(15, "O", "2020-01-01"), want{}},
	{"no restriction", mask(0, "M", "2020-01-01"), want{}},
	{"for girls, a girl", mask(female|minor, "F", "2020-01-01"), want{}},
}
