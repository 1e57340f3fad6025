// Package rules is the list of claim rules, one file each with its cases
// beside it. Numbers like 3.2 #8 are of the openIMIS domain reference, R08 and
// "settled 2" of the claim readings.
package rules

import "github.com/jamii-health/jamii/internal/claims"

// All is the list in force, in the order of the reasons (settled 1): items are
// checked for the patient before the frequency, services the other way round.
func All() []claims.Rule {
	return []claims.Rule{
		targetDate,
		validPerson,
		insurerKnown,
		coverOnDay,

		inRegister,
		inPriceList,
		careType,
		patientCategory(claims.ScopeItem),
		frequency,
		patientCategory(claims.ScopeService),
		coveringProduct,
		waitingPeriod,
		quantityLimit,
		categoryMaximum,
	}
}
