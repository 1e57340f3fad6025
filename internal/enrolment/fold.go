package enrolment

import (
	"slices"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
)

// add books an event and returns the policy after it, with what it did.
func (p Policy) add(e Event) (Policy, Effect) {
	events := append(slices.Clone(p.Events), e)
	return p.fold(events), p.effect(events)
}

// effect compares the state before with the state after the events.
func (p Policy) effect(events []Event) Effect {
	after := p.fold(events)
	return Effect{From: p.Status, To: after.Status, Effective: after.Effective, Outstanding: after.Outstanding()}
}

// fold computes the state from nothing but the events.
func (p Policy) fold(events []Event) Policy {
	p.Events = events
	p.Status, p.Effective, p.Gaps, p.Members, p.settled = claims.Idle, date.None, nil, nil, false
	p.Value, p.Paid = Money{}, Money{}
	for i := range events {
		p.apply(events, i)
		p.refresh()
	}
	return p
}

func (p *Policy) apply(events []Event, i int) {
	e := events[i]
	switch e.Kind {
	case Opened:
		p.Value, p.Members = e.Value, slices.Clone(e.Joined)
		if p.Value.IsZero() {
			p.settled = true
			p.activate(e.Date)
		}
	case Paying:
		if !e.Void {
			p.pay(events[:i+1], *e.Payment)
		}
	case Approved:
		if p.Status == claims.Ready { // not when its payment was taken back since
			p.activate(e.Date)
		}
	case Suspend:
		p.suspend(e.Date)
	case Resume:
		p.resume(e.Date)
	case Expire:
		p.Status = claims.Expired
	case Joining:
		p.Value = p.Value.Max(e.Value)
		p.Members = append(p.Members, e.Joined...)
		p.complete(events[:i+1], e.Date, false)
	case Leaving:
		p.leave(e.Member, e.Date)
	case TakenBack: // the payment itself is void; this is for the record
	}
}

// pay counts a payment (openimis-domain 4.4).
func (p *Policy) pay(events []Event, pay Payment) {
	if pay.PhotoFee {
		return
	}
	if sum, err := p.Paid.Add(pay.Amount); err == nil { // Pay refused what does not fit
		p.Paid = sum
	}
	if pay.Action == ActionSuspend {
		p.suspend(pay.Date)
		return
	}
	enforced := pay.Action == ActionEnforce
	p.complete(events, pay.Date, enforced)
	full := p.Paid.Cmp(p.Value) >= 0
	if !full && !enforced {
		return
	}
	day := pay.Date
	if full && !enforced {
		day = completed(events, p.Value, pay.Date)
	}
	p.settle(day, pay)
}

// settle does what being paid means under the plan's activation option. Cover
// begins on the later of the payment and the start, everywhere. A payment also
// ends a suspension, from its own date on, unless it is older than that.
func (p *Policy) settle(day date.Date, pay Payment) {
	p.settled = true
	if p.Status == claims.Suspended {
		from := date.Max(day, pay.Date)
		if g := p.gap(); g == nil || from.Before(g.From) {
			return
		}
		p.resume(from)
	}
	if p.Activation <= OnContribution || p.Activation == OnPayment && pay.Matched {
		p.activate(day)
	} else if p.Status == claims.Idle {
		p.Status = claims.Ready
	}
}

// activate begins the cover on the day, or on the start when that is later.
// After the expiry there is nothing left to cover.
func (p *Policy) activate(day date.Date) {
	if p.Effective.IsZero() {
		first := date.Max(day, p.Period.Start)
		if first.After(p.Period.Expiry) {
			return
		}
		p.Effective = first
	}
	if p.Status != claims.Expired { // its days inside the period are covered all the same
		p.Status = claims.Active
	}
}

// suspend opens a gap; of an expired policy too, for the days still inside its
// period that a back-dated suspension takes away.
func (p *Policy) suspend(day date.Date) {
	if p.gap() == nil {
		p.Gaps = append(p.Gaps, claims.Span{From: day})
	}
	if p.Status != claims.Expired {
		p.Status = claims.Suspended
	}
}

// resume closes the gap the day before, and activates what was paid. A gap that
// opened on the day itself is gone.
func (p *Policy) resume(day date.Date) {
	if p.gap() == nil {
		return
	}
	if last := len(p.Gaps) - 1; day.After(p.Gaps[last].From) {
		p.Gaps[last].To = day.AddDays(-1)
	} else {
		p.Gaps = p.Gaps[:last]
	}
	if p.Status == claims.Expired {
		return
	}
	p.Status = claims.Idle
	switch {
	case !p.settled:
	case p.Effective.IsZero() && p.Activation > OnContribution:
		p.Status = claims.Ready
	default:
		p.activate(day)
	}
}

// gap returns the open gap.
func (p *Policy) gap() *claims.Span {
	if n := len(p.Gaps); n > 0 && p.Gaps[n-1].To.IsZero() {
		return &p.Gaps[n-1]
	}
	return nil
}

// complete gives late members their day once the value that they raised is
// paid, or an officer enforces (R34).
func (p *Policy) complete(events []Event, day date.Date, enforced bool) {
	for i := range p.Members {
		m := &p.Members[i]
		switch {
		case m.Needs.IsZero() || !m.Since.IsZero():
		case p.Paid.Cmp(m.Needs) >= 0:
			m.Since = completed(events, m.Needs, day)
		case enforced:
			m.Since = day
		}
	}
}

// leave ends the member's row: the day itself is still covered.
func (p *Policy) leave(member string, day date.Date) {
	for i := range p.Members {
		if m := &p.Members[i]; m.ID == member && m.Left.IsZero() {
			m.Left = day
			m.Expiry = date.Min(m.Expiry, day)
		}
	}
}

// refresh sets the members' first covered days: the latest of joining, the
// policy's effective date, and the payment that was needed. Who stood on the
// policy from the beginning takes its effective date.
func (p *Policy) refresh() {
	for i := range p.Members {
		m := &p.Members[i]
		m.Effective = date.None
		if p.Effective.IsZero() || !m.Needs.IsZero() && m.Since.IsZero() {
			continue
		}
		m.Effective = date.Max(p.Effective, m.Since)
		if m.Joined.After(p.Enrolled) {
			m.Effective = date.Max(m.Effective, m.Joined)
		}
		if m.Effective.After(m.Expiry) {
			m.Effective = date.None
		}
	}
}

// completed is the day on which the payments that count first reached the
// value, by their own dates; fallback when they do not.
func completed(events []Event, value Money, fallback date.Date) date.Date {
	var paid []*Payment
	for _, e := range events {
		if e.Kind == Paying && !e.Void && !e.Payment.PhotoFee {
			paid = append(paid, e.Payment)
		}
	}
	slices.SortStableFunc(paid, func(a, b *Payment) int { return a.Date.Compare(b.Date) })
	var sum Money
	for _, pay := range paid {
		next, err := sum.Add(pay.Amount)
		if err != nil {
			return fallback
		}
		if sum = next; sum.Cmp(value) >= 0 {
			return pay.Date
		}
	}
	return fallback
}
