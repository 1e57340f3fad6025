// Package enrolment computes what a household owes for cover and when the
// cover stands: period, value, activation, late members, suspension, renewal
// and member numbers. It is pure: no clock, no database, no FHIR tree.
//
// The reference is openimis-domain section 4 as settled by claim-readings
// R14, R16, R21 to R25, R32, R34 and "also settled" 13 to 17.
package enrolment

import (
	"errors"
	"fmt"

	"github.com/govalues/decimal"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
)

// Money is an amount in the plan's currency.
type Money = decimal.Decimal

// Activation says what turns a paid policy into an active one
// (openimis-domain 4.4).
type Activation int

// The activation options. The zero value is OnContribution.
const (
	OnContribution Activation = 1 // active as soon as the value is paid
	OnPayment      Activation = 2 // ready when paid; active when an electronic payment is matched
	OnApproval     Activation = 3 // ready when paid; active when an officer says so
)

// Plan holds the parameters of an insurance product that enrolment needs.
// Months and counts of 0, and amounts of 0, are "not set".
type Plan struct {
	Code          string
	Decimals      int // of the currency
	AgeOfMajority int // years; 0 is 18
	Activation    Activation

	// InsuranceMonths is the length of the cover; AdministrationMonths the
	// delay between enrolment and the start of a new policy.
	InsuranceMonths, AdministrationMonths int
	// Cycles gives the fixed starts of cover that fall in a Gregorian year, in
	// any order. Nil: cover starts on any day. A scheme with another calendar
	// converts before.
	Cycles func(year int) []date.Date
	// Grace periods in months (openimis-domain 4.2).
	GraceEnrolment, GraceRenewal, GracePayment int
	// RenewalDays is how many days before the expiry a renewal may be asked
	// for; 0 is 14, or as early as the renewal discount begins.
	RenewalDays int

	// MaxMembers cuts the insured, oldest record first; 0 is no limit (R22).
	MaxMembers int
	// Threshold is how many members the lump sum includes (R16).
	Threshold int

	LumpSum, PremiumAdult, PremiumChild  Money
	RegistrationLumpSum, RegistrationFee Money
	AssemblyLumpSum, AssemblyFee         Money
	// Recurrence is the months after the old expiry from which a renewal pays
	// the registration again; 0 is never.
	Recurrence int

	// Discounts in percent of the whole value for enrolling so many months
	// early. The enrolment discount needs cycles.
	EnrolmentDiscount, RenewalDiscount             Money
	EnrolmentDiscountMonths, RenewalDiscountMonths int

	// Formula, when set, replaces the whole value (openimis-domain 4.3 rule 8).
	Formula func(counted []Member, stage claims.Stage) (Money, error)
}

// Check reports every parameter that makes no sense, joined.
func (p *Plan) Check() error {
	var errs []error
	no := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	no(p.Code == "", "plan: code is missing")
	no(p.InsuranceMonths <= 0, "insurance_period: must be 1 month or more")
	no(p.Decimals < 0 || p.Decimals > decimal.MaxScale, "decimals: must be 0 to %d", decimal.MaxScale)
	no(p.Activation < 0 || p.Activation > OnApproval, "activation: must be 1, 2 or 3")
	for _, n := range []struct {
		name  string
		value int
	}{
		{"administration_period", p.AdministrationMonths},
		{"grace_enrolment", p.GraceEnrolment},
		{"grace_renewal", p.GraceRenewal},
		{"grace_payment", p.GracePayment},
		{"max_members", p.MaxMembers},
		{"threshold", p.Threshold},
		{"recurrence", p.Recurrence},
		{"renewal_days", p.RenewalDays},
		{"enrolment_discount_period", p.EnrolmentDiscountMonths},
		{"renewal_discount_period", p.RenewalDiscountMonths},
		{"age_of_majority", p.AgeOfMajority},
	} {
		no(n.value < 0, "%s: must not be negative", n.name)
	}
	for _, m := range []struct {
		name  string
		value Money
	}{
		{"lump_sum", p.LumpSum},
		{"premium_adult", p.PremiumAdult},
		{"premium_child", p.PremiumChild},
		{"registration_lump_sum", p.RegistrationLumpSum},
		{"registration_fee", p.RegistrationFee},
		{"general_assembly_lump_sum", p.AssemblyLumpSum},
		{"general_assembly_fee", p.AssemblyFee},
		{"enrolment_discount_perc", p.EnrolmentDiscount},
		{"renewal_discount_perc", p.RenewalDiscount},
	} {
		no(m.value.IsNeg(), "%s: must not be negative", m.name)
	}
	no(p.EnrolmentDiscount.Cmp(decimal.Hundred) > 0, "enrolment_discount_perc: must not be above 100")
	no(p.RenewalDiscount.Cmp(decimal.Hundred) > 0, "renewal_discount_perc: must not be above 100")
	return errors.Join(errs...)
}

// majority is the age from which a member is an adult.
func (p *Plan) majority() int {
	if p.AgeOfMajority == 0 {
		return 18
	}
	return p.AgeOfMajority
}
