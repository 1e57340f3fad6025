package enrolment

import (
	"slices"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
)

// Period is when a policy runs, and by when it should be paid.
type Period struct {
	Start, Expiry date.Date // both days are covered
	// LastPayment is the last day to pay without being late. A later payment
	// still counts: only its Effect says that it was late.
	LastPayment date.Date
}

// PeriodFor computes the period of a policy (openimis-domain 4.2). oldExpiry
// is the expiry of the policy that a renewal follows, zero for a new one.
//
// A renewal starts no earlier than the day after the old expiry, with cycles
// too (claim-readings R23).
func PeriodFor(plan *Plan, stage claims.Stage, enrolled, oldExpiry date.Date) Period {
	reference, grace := enrolled, plan.GraceRenewal
	if stage == claims.New {
		reference, grace = enrolled.AddMonths(plan.AdministrationMonths), plan.GraceEnrolment
	}
	start := reference
	if plan.Cycles != nil {
		start = firstCycle(plan.Cycles, reference.AddMonths(-grace), reference)
	}
	if stage == claims.Renewed && !oldExpiry.IsZero() {
		start = date.Max(start, oldExpiry.AddDays(1))
	}
	return Period{
		Start:       start,
		Expiry:      start.AddMonths(plan.InsuranceMonths).AddDays(-1),
		LastPayment: lastPayment(plan, stage, enrolled, start, oldExpiry, grace),
	}
}

// firstCycle returns the first cycle date on or after ref, looking into the
// next year when this one has none left; fallback when the plan lists none.
func firstCycle(cycles func(int) []date.Date, ref, fallback date.Date) date.Date {
	year := ref.Time().Year()
	for y := year; y <= year+1; y++ {
		days := slices.Clone(cycles(y))
		slices.SortFunc(days, date.Date.Compare)
		for _, day := range days {
			if !day.Before(ref) {
				return day
			}
		}
	}
	return fallback
}

// lastPayment is the last day to pay. For a new policy it is never before the
// enrolment, so that a plan without grace can be paid on the spot.
func lastPayment(plan *Plan, stage claims.Stage, enrolled, start, oldExpiry date.Date, grace int) date.Date {
	var last date.Date
	switch {
	case plan.Cycles != nil:
		last = start.AddMonths(grace).AddDays(-1)
	case stage == claims.Renewed && !oldExpiry.IsZero():
		last = oldExpiry.AddDays(1).AddMonths(plan.GracePayment).AddDays(-1)
	default:
		last = enrolled.AddMonths(plan.GracePayment).AddDays(-1)
	}
	if stage == claims.New {
		last = date.Max(last, enrolled)
	}
	return last
}
