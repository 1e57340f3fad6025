package enrolment

import (
	"slices"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
)

// PayType is how a contribution was paid.
type PayType string

// The payment types of openIMIS.
const (
	Bank    PayType = "B"
	Cash    PayType = "C"
	Mobile  PayType = "M"
	Funding PayType = "F"
)

// Action tells what to do with a payment that is not the exact rest.
type Action string

// The actions; "" waits.
const (
	ActionSuspend Action = "SUSPEND"
	ActionEnforce Action = "ENFORCE"
	ActionWait    Action = "WAIT"
)

// Payment is one contribution paid.
type Payment struct {
	Receipt  string    `json:"receipt"` // unique within a plan; that is the caller's to check
	Amount   Money     `json:"amount"`
	Date     date.Date `json:"date"`
	Type     PayType   `json:"type,omitempty"`
	Action   Action    `json:"action,omitempty"`
	PhotoFee bool      `json:"photoFee,omitempty"` // never counts
	Matched  bool      `json:"matched,omitempty"`  // an electronic payment, matched to the policy
}

// Pay books a payment (openimis-domain 4.4). Part payments add up; cover
// begins on the later of the payment that completes the value and the start.
// Payments after activation change nothing but a suspension and late members.
func (p Policy) Pay(pay Payment) (Policy, Effect, error) {
	if err := p.acceptable(pay); err != nil {
		return p, Effect{}, err
	}
	after, effect := p.add(Event{Kind: Paying, Date: pay.Date, Payment: &pay})
	effect.note(p, after, pay)
	return after, effect, nil
}

// acceptable refuses what cannot be booked.
func (p Policy) acceptable(pay Payment) error {
	switch pay.Action {
	case "", ActionSuspend, ActionEnforce, ActionWait:
	default:
		return refuse(fhir.Unprocessable, "payment-action", "The payment action must be SUSPEND, ENFORCE or WAIT.")
	}
	bare := pay.Action == ActionSuspend || pay.Action == ActionEnforce // may come without money
	switch {
	case pay.Amount.IsNeg() || pay.Amount.IsZero() && !bare:
		return refuse(fhir.Unprocessable, "payment-amount", "The amount must be more than 0.")
	case pay.Receipt == "":
		return refuse(fhir.Unprocessable, "payment-receipt", "The payment needs a receipt number.")
	case pay.Date.IsZero():
		return refuse(fhir.Unprocessable, "payment-date", "The payment needs a date.")
	}
	if _, err := p.Paid.Add(pay.Amount); err != nil {
		return refuse(fhir.Unprocessable, "payment-amount", "The amount is too large to be booked. Check it.")
	}
	if slices.ContainsFunc(p.Events, func(e Event) bool { return e.Kind == Paying && e.Payment.Receipt == pay.Receipt }) {
		return refuse(fhir.Conflict, "payment-receipt", "This receipt number is already booked on the policy. Use another one.")
	}
	return nil
}

// note says in words what the payment did.
func (e *Effect) note(before, after Policy, pay Payment) {
	add := func(when bool, n Note) {
		if when {
			e.Notes = append(e.Notes, n)
		}
	}
	full := after.Paid.Cmp(after.Value) >= 0
	add(pay.PhotoFee, NotePhotoFee)
	add(!pay.PhotoFee && after.Paid.Cmp(after.Value) > 0, NoteOverPaid)
	add(pay.Action == ActionEnforce && !pay.PhotoFee && !full && after.Status == claims.Active, NoteEnforced)
	add(after.Status == claims.Ready, NoteAwaits)
	late := pay.Date.After(before.Period.LastPayment)
	add(late && before.Effective.IsZero() && !pay.Date.After(before.Period.Expiry), NoteLate)
	add(before.Effective.IsZero() && pay.Date.After(before.Period.Expiry), NoteExpired)
	add(after.due(), NoteMemberDue)
	add(before.Status == after.Status && before.Effective == after.Effective && !membersChanged(before, after), NoteUnchanged)
}

// due reports whether a late member still waits for money on an active policy.
func (p Policy) due() bool {
	return !p.Effective.IsZero() && slices.ContainsFunc(p.Members, func(m Insured) bool {
		return !m.Needs.IsZero() && m.Since.IsZero()
	})
}

func membersChanged(a, b Policy) bool {
	return !slices.EqualFunc(a.Members, b.Members, func(x, y Insured) bool { return x.Effective == y.Effective })
}

// TakeBack undoes a payment: the policy is again what it would be without it.
// Whether a claim has used the cover is the caller's to ask first. on is the
// day of taking back, for the record.
func (p Policy) TakeBack(receipt string, on date.Date) (Policy, Effect, error) {
	events := slices.Clone(p.Events)
	for i, e := range events {
		if e.Kind != Paying || e.Payment.Receipt != receipt {
			continue
		}
		if e.Void {
			return p, Effect{}, refuse(fhir.Conflict, "payment-taken-back", "This payment was already taken back.")
		}
		events[i].Void = true
		events = append(events, Event{Kind: TakenBack, Date: on, Member: receipt})
		return p.fold(events), p.effect(events), nil
	}
	return p, Effect{}, &fhir.Error{
		Kind: fhir.NotFound, Issue: fhir.IssueNotFound, Rule: "payment-receipt",
		Text: "No payment with this receipt number is booked on the policy.",
	}
}
