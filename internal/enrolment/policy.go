package enrolment

import (
	"slices"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
)

// Policy is a household's policy. It is a value: every method returns a
// changed copy and leaves the receiver as it was. Its state is what its Events
// say, folded in order of booking, so that a payment can be taken back as if it
// had never been made. It is kept as JSON; its fields are for reading.
type Policy struct {
	Plan       string       `json:"plan"`
	Activation Activation   `json:"activation"`
	Stage      claims.Stage `json:"stage"`
	Enrolled   date.Date    `json:"enrolled"`
	Period     Period       `json:"period"`
	// Follows is the expiry of the policy this one renews; none for a new one.
	Follows date.Date `json:"follows,omitzero"`
	Events  []Event   `json:"events"`

	// What follows is folded from the events.
	Status    claims.Status `json:"status"`
	Value     Money         `json:"value"`
	Paid      Money         `json:"paid"`               // what counts: no photo fees, nothing taken back
	Effective date.Date     `json:"effective,omitzero"` // none while not active
	// Gaps are the suspended spans; a zero To is still suspended (also settled 13).
	Gaps    []claims.Span `json:"gaps,omitempty"`
	Members []Insured     `json:"members"` // every person ever insured, oldest row first
	settled bool          // the value was once paid or enforced
}

// Insured is a span of one member on a policy. Who left and came back has two.
type Insured struct {
	Member
	Joined    date.Date `json:"joined"`
	Effective date.Date `json:"effective,omitzero"` // first covered day; none: not covered yet
	Expiry    date.Date `json:"expiry"`             // last covered day
	// Needs is the value that must be paid before a late member is covered
	// (R34); 0 when joining cost nothing more.
	Needs Money     `json:"needs,omitzero"`
	Since date.Date `json:"since,omitzero"` // the payment that completed Needs
}

// EventKind names what happened to a policy.
type EventKind string

// The kinds of event.
const (
	Opened    EventKind = "open"
	Paying    EventKind = "pay"
	Approved  EventKind = "activate" // matched electronically, or by an officer
	Suspend   EventKind = "suspend"
	Resume    EventKind = "resume"
	Expire    EventKind = "expire"
	Joining   EventKind = "join"
	Leaving   EventKind = "leave"
	TakenBack EventKind = "take-back"
)

// Event is one thing that happened to a policy, in order of booking.
type Event struct {
	Kind    EventKind `json:"kind"`
	Date    date.Date `json:"date"`
	Payment *Payment  `json:"payment,omitempty"`
	Void    bool      `json:"void,omitempty"`   // Paying: taken back later
	Member  string    `json:"member,omitempty"` // Leaving: who; TakenBack: the receipt
	// Joined and Value are the outcome of Opened and Joining: the new rows, and
	// what the policy costs from then on.
	Joined []Insured `json:"joined,omitempty"`
	Value  Money     `json:"value,omitzero"`
}

// Note is a remark on what a payment or a change did, for the answer's text.
type Note string

// The notes.
const (
	NoteUnchanged Note = "unchanged"  // booked, and nothing else happened
	NotePhotoFee  Note = "photo-fee"  // booked, does not count
	NoteOverPaid  Note = "over-paid"  // more than the value was paid
	NoteLate      Note = "late"       // paid after the last payment date
	NoteExpired   Note = "expired"    // too late for any cover
	NoteEnforced  Note = "enforced"   // active although less than the value was paid
	NoteAwaits    Note = "awaits"     // paid; becomes active when matched or approved
	NoteMemberDue Note = "member-due" // a late member is covered only when the rest is paid
)

// Effect is what an event did.
type Effect struct {
	From, To    claims.Status
	Effective   date.Date // of the policy, afterwards
	Outstanding Money     // left to pay
	Notes       []Note
}

// Has reports whether the effect carries the note.
func (e Effect) Has(n Note) bool { return slices.Contains(e.Notes, n) }

// Open makes the policy of a household, Idle until paid. A value of 0 makes it
// active at once (also settled 14). oldExpiry is the expiry of the policy that
// a renewal follows.
func Open(plan *Plan, stage claims.Stage, enrolled, oldExpiry date.Date, members []Member) (Policy, Breakdown, error) {
	period := PeriodFor(plan, stage, enrolled, oldExpiry)
	value, err := Value(plan, members, stage, enrolled, period, oldExpiry)
	if err != nil {
		return Policy{}, Breakdown{}, err
	}
	if len(value.Insured) == 0 {
		return Policy{}, value, refuse(fhir.Unprocessable, "enrolment-members",
			"The household has no member who can be insured. Register a living, active member first.")
	}
	rows := make([]Insured, 0, len(value.Insured))
	for _, m := range byRecord(members) {
		if slices.Contains(value.Insured, m.ID) {
			rows = append(rows, Insured{Member: m, Joined: enrolled, Expiry: date.Min(period.Expiry, m.Left)})
		}
	}
	p := Policy{
		Plan: plan.Code, Activation: plan.Activation, Stage: stage,
		Enrolled: enrolled, Period: period, Follows: oldExpiry,
	}
	p, _ = p.add(Event{Kind: Opened, Date: enrolled, Joined: rows, Value: value.Value})
	return p, value, nil
}

// Covers reports whether the member is covered on the day.
func (p Policy) Covers(member string, on date.Date) bool {
	if p.Effective.IsZero() || !on.Within(p.Effective, p.Period.Expiry) {
		return false
	}
	for _, g := range p.Gaps {
		if on.Within(g.From, g.To) {
			return false
		}
	}
	for _, m := range p.Members {
		if m.ID == member && !m.Effective.IsZero() && on.Within(m.Effective, m.Expiry) {
			return true
		}
	}
	return false
}

// InForce reports whether the member stands on the policy on the day, covered
// or not yet.
func (p Policy) InForce(member string, on date.Date) bool {
	return slices.ContainsFunc(p.Members, func(m Insured) bool {
		return m.ID == member && (m.Left.IsZero() || m.Left.After(on))
	})
}

// CoversOf gives the engine's view of the member's spans on the policy, one
// for each time the person stood on it. number is the policy's.
func (p Policy) CoversOf(member, number string, product *claims.Product) []claims.Cover {
	spans := make([]claims.Span, 0, len(p.Members))
	for _, m := range p.Members {
		if !m.Effective.IsZero() && !m.Expiry.Before(m.Effective) {
			spans = append(spans, claims.Span{From: m.Effective, To: m.Expiry})
		}
	}
	var out []claims.Cover
	for _, m := range p.Members {
		if m.ID != member {
			continue
		}
		out = append(out, claims.Cover{
			Policy: number, Product: product, Stage: p.Stage, Status: p.Status,
			Enrolled: p.Enrolled, Start: p.Period.Start, Effective: p.Effective, Expiry: p.Period.Expiry,
			Gaps: p.Gaps, Member: claims.Span{From: m.Effective, To: m.Expiry}, Members: spans,
		})
	}
	return out
}

// Outstanding is what is left to pay, 0 when all is paid.
func (p Policy) Outstanding() Money {
	rest, err := p.Value.Sub(p.Paid)
	if err != nil || rest.IsNeg() {
		return p.Value.Zero()
	}
	return rest
}

func refuse(kind fhir.ErrorKind, rule, text string) error {
	issue := fhir.IssueBusinessRule
	if kind == fhir.Conflict {
		issue = fhir.IssueConflict
	}
	return &fhir.Error{Kind: kind, Issue: issue, Rule: rule, Text: text}
}
