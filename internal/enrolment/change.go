package enrolment

import (
	"slices"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
)

// Activate makes a Ready policy active: its payment was matched
// electronically, or an officer approved. Cover begins on the later of the day
// and the start.
func (p Policy) Activate(on date.Date) (Policy, Effect, error) {
	if p.Status != claims.Ready {
		return p, Effect{}, refuse(fhir.Conflict, "activation", "Only a policy that is paid and ready can be activated.")
	}
	after, effect := p.add(Event{Kind: Approved, Date: on})
	if after.Effective.IsZero() {
		return p, Effect{}, refuse(fhir.Unprocessable, "activation", "The period of the policy is over. Enrol again.")
	}
	return after, effect, nil
}

// Suspend stops the cover from the day on. Its dates stay; the suspended days
// stay uncovered for ever, also after the expiry (also settled 13).
func (p Policy) Suspend(on date.Date) (Policy, Effect, error) {
	if p.gap() != nil {
		return p, Effect{}, refuse(fhir.Conflict, "suspension", "The policy is already suspended.")
	}
	after, effect := p.add(Event{Kind: Suspend, Date: on})
	return after, effect, nil
}

// Resume ends a suspension: the day is covered again, the days before it never.
func (p Policy) Resume(on date.Date) (Policy, Effect, error) {
	gap := p.gap()
	if gap == nil || p.Status == claims.Expired {
		return p, Effect{}, refuse(fhir.Conflict, "suspension", "The policy is not suspended.")
	}
	if on.Before(gap.From) {
		return p, Effect{}, refuse(fhir.Unprocessable, "suspension", "A suspension cannot end before it began.")
	}
	after, effect := p.add(Event{Kind: Resume, Date: on})
	return after, effect, nil
}

// Expire is the daily job for one policy: after its last day it is Expired,
// whatever it was before. ok is false when there is nothing to do. An expired
// policy still covers the days inside its period that it covered before.
func (p Policy) Expire(today date.Date) (after Policy, ok bool) {
	if p.Status == claims.Expired || !today.After(p.Period.Expiry) {
		return p, false
	}
	after, _ = p.add(Event{Kind: Expire, Date: today})
	return after, true
}

// Leave ends a member's cover: the person died or became inactive on the day,
// which is still covered. The value stays.
func (p Policy) Leave(member string, on date.Date) (Policy, error) {
	if !slices.ContainsFunc(p.Members, func(m Insured) bool { return m.ID == member && m.Left.IsZero() }) {
		return p, refuse(fhir.Conflict, "membership", "The person is not on this policy, or has left it already.")
	}
	after, _ := p.add(Event{Kind: Leaving, Date: on, Member: member})
	return after, nil
}

// Join adds a member who comes later, or comes back (openimis-domain 4.1 (3)
// LEGACY). The value is computed again for those in force on the day; when it
// rises above what is paid, the new member is covered only from the payment
// that completes it (R34). A household that is full is an error that names
// the limit, and nothing changes.
func (p Policy) Join(plan *Plan, member Member, on date.Date) (Policy, Effect, error) {
	switch {
	case on.After(p.Period.Expiry):
		return p, Effect{}, refuse(fhir.Unprocessable, "membership", "The policy has expired by that day. Renew it with the new member.")
	case p.InForce(member.ID, on):
		return p, Effect{}, refuse(fhir.Conflict, "membership", "The person is already on this policy.")
	case !member.Left.IsZero() && !member.Left.After(on):
		return p, Effect{}, refuse(fhir.Unprocessable, "membership", "A person who has died or is inactive cannot join.")
	}
	household := []Member{}
	for _, m := range p.Members {
		if m.Left.IsZero() || m.Left.After(on) {
			m.Left = date.None // counted: in force on the day
			household = append(household, m.Member)
		}
	}
	if plan.MaxMembers > 0 && len(household) >= plan.MaxMembers {
		return p, Effect{}, refuse(fhir.Unprocessable, "max-members", "The plan insures no more members in one household.")
	}
	value, err := Value(plan, append(household, member), p.Stage, p.Enrolled, p.Period, p.Follows)
	if err != nil {
		return p, Effect{}, err
	}
	row := Insured{Member: member, Joined: on, Expiry: date.Min(p.Period.Expiry, member.Left)}
	if value.Value.Cmp(p.Value) > 0 {
		row.Needs = value.Value
	}
	after, effect := p.add(Event{Kind: Joining, Date: on, Joined: []Insured{row}, Value: value.Value})
	if after.due() {
		effect.Notes = append(effect.Notes, NoteMemberDue)
	}
	return after, effect, nil
}

// Duplicate returns the index of a policy of the same household that already
// gives or promises cover by the same plan in the period: enrolling again is a
// duplicate. Policies that expired unpaid do not count.
func Duplicate(existing []Policy, plan string, period Period) (int, bool) {
	for i, p := range existing {
		dead := p.Status == claims.Expired && p.Effective.IsZero()
		if p.Plan == plan && !dead && !p.Period.Start.After(period.Expiry) && !p.Period.Expiry.Before(period.Start) {
			return i, true
		}
	}
	return 0, false
}

// renewalDays is how long before the expiry a renewal may be asked for when
// the plan says nothing: openIMIS prompts for it then.
const renewalDays = 14

// StageFor tells what enrolling a household on the day means, given its
// policies: new, a renewal of the policy that ends at oldExpiry, or, with
// duplicate not -1, a repetition of existing[duplicate]. succeeds are the codes
// of older plans that the plan replaces.
//
// While a policy is unpaid or suspended, or runs on for longer than the time
// in which renewals are taken, enrolling again is a duplicate.
func StageFor(plan *Plan, existing []Policy, on date.Date, succeeds ...string) (stage claims.Stage, oldExpiry date.Date, duplicate int) {
	last := -1
	for i, p := range existing {
		dead := p.Status == claims.Expired && p.Effective.IsZero() || p.Effective.IsZero() && p.Period.Expiry.Before(on)
		if !dead && (p.Plan == plan.Code || slices.Contains(succeeds, p.Plan)) &&
			(last < 0 || p.Period.Expiry.After(existing[last].Period.Expiry)) {
			last = i
		}
	}
	if last < 0 {
		return claims.New, date.None, -1
	}
	old := existing[last]
	ends := old.Period.Expiry
	opens := date.Min(ends.AddDays(1-renewalDays), ends.AddDays(1).AddMonths(-plan.RenewalDiscountMonths))
	if plan.RenewalDays > 0 {
		opens = ends.AddDays(1 - plan.RenewalDays)
	}
	running := old.Status == claims.Active || old.Status == claims.Expired || ends.Before(on)
	if on.Before(opens) || !running {
		return claims.New, date.None, last
	}
	return claims.Renewed, ends, -1
}
