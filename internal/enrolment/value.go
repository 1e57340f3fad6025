package enrolment

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
)

// Relation codes of openIMIS that matter here; 0 is the head.
const (
	Head   = 0
	Others = 7 // counted outside the family: never inside the lump sum
)

// Member is a person of a household.
type Member struct {
	ID       string     `json:"id"`
	Born     date.Date  `json:"born"`
	Sex      claims.Sex `json:"sex,omitempty"`
	Relation int        `json:"relation"` // Head, or relation code 1 to 8
	// Order is the place of the record among the household's: the oldest
	// record has the lowest. Equal ones: the head first, then by id.
	Order int `json:"order"`
	// Left is the day on which the person died or became inactive; none while
	// active. That day is still covered.
	Left date.Date `json:"left,omitzero"`
}

// Kind says what a line of the value is for.
type Kind string

// The lines of a value, in this order.
const (
	LineLumpSum      Kind = "lump-sum"
	LineExtraAdult   Kind = "extra-adult"
	LineExtraChild   Kind = "extra-child"
	LineAdult        Kind = "adult"
	LineChild        Kind = "child"
	LineOtherAdult   Kind = "other-adult"
	LineOtherChild   Kind = "other-child"
	LineFormula      Kind = "formula"
	LineAssembly     Kind = "assembly"
	LineRegistration Kind = "registration"
	LineDiscount     Kind = "discount"
)

// Line is one line of the value, as the invoice shows it.
type Line struct {
	Kind     Kind
	Quantity int
	Price    Money // of one; a discount's is its percentage
	Amount   Money // negative for a discount
	// Members are the ids the line charges for: contribution lines name every
	// counted member exactly once.
	Members []string
}

// Exclusion says why a member is not insured.
type Exclusion string

// The reasons not to insure a member.
const (
	OverLimit Exclusion = "over-limit" // beyond max_members (R22, R32)
	HasLeft   Exclusion = "has-left"   // died or inactive on or before the start (also settled 16)
)

// Excluded is a member who is not insured.
type Excluded struct {
	ID  string
	Why Exclusion
}

// Breakdown is the value of a policy and how it came about.
type Breakdown struct {
	Lines    []Line
	Value    Money
	Insured  []string // oldest record first
	Excluded []Excluded
}

// Value computes what a policy costs (openimis-domain 4.3). Ages are those on
// the first day of the period. The error is an amount too large to hold, or
// the plan's formula's.
func Value(plan *Plan, members []Member, stage claims.Stage, enrolled date.Date, period Period, oldExpiry date.Date) (Breakdown, error) {
	counted, excluded := choose(plan, members, period.Start)
	out := Breakdown{Excluded: excluded}
	for _, m := range counted {
		out.Insured = append(out.Insured, m.ID)
	}
	b := bill{plan: plan}
	if plan.Formula != nil {
		amount, err := plan.Formula(counted, stage)
		if err != nil {
			return Breakdown{}, fmt.Errorf("value of plan %s: %w", plan.Code, err)
		}
		if amount.IsNeg() {
			return Breakdown{}, fmt.Errorf("value of plan %s: the formula gives a negative amount", plan.Code)
		}
		b.add(LineFormula, amount, counted, 1)
	} else {
		b.contribution(counted, period.Start)
		b.fee(LineAssembly, plan.AssemblyLumpSum, plan.AssemblyFee, counted)
		if registers(plan, stage, enrolled, oldExpiry) {
			b.fee(LineRegistration, plan.RegistrationLumpSum, plan.RegistrationFee, counted)
		}
		b.discount(discountFor(plan, stage, enrolled, period.Start, oldExpiry))
	}
	if b.err != nil {
		return Breakdown{}, fmt.Errorf("value of plan %s: %w", plan.Code, b.err)
	}
	out.Lines, out.Value = b.lines, b.sum.Pad(plan.Decimals)
	return out, nil
}

// choose puts the members in order of record and cuts them at the limit; who
// left on or before the day is not counted.
func choose(plan *Plan, members []Member, on date.Date) (counted []Member, excluded []Excluded) {
	for _, m := range byRecord(members) {
		switch {
		case !m.Left.IsZero() && !m.Left.After(on):
			excluded = append(excluded, Excluded{m.ID, HasLeft})
		case plan.MaxMembers > 0 && len(counted) >= plan.MaxMembers:
			excluded = append(excluded, Excluded{m.ID, OverLimit})
		default:
			counted = append(counted, m)
		}
	}
	return counted, excluded
}

func byRecord(members []Member) []Member {
	sorted := slices.Clone(members)
	slices.SortStableFunc(sorted, func(a, b Member) int {
		return cmp.Or(
			cmp.Compare(a.Order, b.Order),
			cmp.Compare(min(a.Relation, 1), min(b.Relation, 1)), // the head first
			cmp.Compare(a.ID, b.ID),
		)
	})
	return sorted
}

// registers reports whether the registration is due: for new policies, and for
// renewals from `recurrence` months after the old expiry, by the enrolment
// date (claim-readings R24, also settled 15).
func registers(plan *Plan, stage claims.Stage, enrolled, oldExpiry date.Date) bool {
	if stage == claims.New {
		return true
	}
	return plan.Recurrence > 0 && !oldExpiry.IsZero() && !enrolled.Before(oldExpiry.AddMonths(plan.Recurrence))
}

// discountFor returns the percentage earned by enrolling early
// (openimis-domain 4.3 rule 7).
func discountFor(plan *Plan, stage claims.Stage, enrolled, start, oldExpiry date.Date) Money {
	if stage == claims.New {
		if plan.Cycles != nil && !enrolled.After(start.AddMonths(-plan.EnrolmentDiscountMonths)) {
			return plan.EnrolmentDiscount
		}
		return Money{}
	}
	if !oldExpiry.IsZero() && !enrolled.After(oldExpiry.AddDays(1).AddMonths(-plan.RenewalDiscountMonths)) {
		return plan.RenewalDiscount
	}
	return Money{}
}
