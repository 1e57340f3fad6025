package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/govalues/decimal"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
	"github.com/jamii-health/jamii/internal/enrolment"
	"github.com/jamii-health/jamii/internal/store"
)

// held is a policy as it is kept: enrolment's own value with the ids of what
// shows it, and the version of its guard.
type held struct {
	Number    string
	Household string // "Group/id", "" for a household of one that has no Group
	Holder    string // "Patient/id" of the head
	Scheme    string // name of the scheme
	Digest    string // of the pack it was made under
	Invoice   string // "Invoice/id", "" when nothing is due
	Seq       int64  // order of enrolment
	Guard     int64  // version of the guard when it was read; 0 for a new one
	policyData
}

// policyData is what the policy row keeps as JSON.
type policyData struct {
	Policy enrolment.Policy `json:"policy"`
	// Coverages are the Coverage resources by member.
	Coverages map[string]string `json:"coverages"`
	Request   string            `json:"request"` // "EnrollmentRequest/id"
	Response  string            `json:"response"`
	// Invoices bill the policy, the oldest first: a late member adds one.
	Invoices []billed `json:"invoices,omitempty"`
}

// Guard keys.
func personGuard(id string) string     { return "person/" + id }
func policyGuard(number string) string { return "policy/" + number }

// changes are the fact rows of a policy: itself and a row per member, for the
// look-up by person.
func (h *held) changes() ([]store.Change, error) {
	data, err := json.Marshal(h.policyData)
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	p := &h.Policy
	out := []store.Change{{Row: store.Policies.Make(map[string]any{
		"number": h.Number, "household": h.Household, "holder": h.Holder, "insurer": h.Scheme, "plan": p.Plan, "scheme": h.Digest,
		"stage": string(p.Stage), "value": p.Value.String(), "paid": p.Paid.String(),
		"enrolled": p.Enrolled.String(), "start": p.Period.Start.String(), "effective": p.Effective.String(), "expiry": p.Period.Expiry.String(),
		"invoice": h.Invoice, "status": int64(p.Status), "seq": h.Seq, "data": data,
	})}}
	done := map[string]bool{}
	for _, m := range slices.Backward(p.Members) { // of several spans of one person the last one is shown
		if done[m.ID] {
			continue
		}
		done[m.ID] = true
		out = append(out, store.Change{Row: store.Members.Make(map[string]any{
			"policy": h.Number, "person": m.ID, "joined": m.Joined.String(), "effective": m.Effective.String(),
			"expiry": m.Expiry.String(), "coverage": h.Coverages[m.ID],
		})})
	}
	return out, nil
}

func heldFrom(row store.Row) (*held, error) {
	h := &held{
		Number: row.Text("number"), Household: row.Text("household"), Holder: row.Text("holder"), Scheme: row.Text("insurer"),
		Digest: row.Text("scheme"), Invoice: row.Text("invoice"), Seq: row.Int("seq"),
	}
	if err := json.Unmarshal(row.Bytes("data"), &h.policyData); err != nil {
		return nil, fmt.Errorf("policy row: %w", err)
	}
	return h, nil
}

// byNumber reads policies with the versions of their guards, in order of
// enrolment, and whatever other look-ups the caller has by the same numbers.
func (r *Registry) byNumber(ctx context.Context, numbers []string, more ...store.Lookup) ([]*held, [][]store.Row, error) {
	guards := make([]string, len(numbers))
	for i, n := range numbers {
		guards[i] = policyGuard(n)
	}
	lookups := append([]store.Lookup{{Table: store.Policies, Column: "number", Values: numbers}}, more...)
	versions, rows, err := r.store.Facts(ctx, guards, lookups...)
	if err != nil {
		return nil, nil, fmt.Errorf("policies: %w", err)
	}
	out := make([]*held, 0, len(rows[0]))
	for _, row := range rows[0] {
		h, err := heldFrom(row)
		if err != nil {
			return nil, nil, err
		}
		h.Guard = versions[slices.Index(numbers, h.Number)]
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b *held) int { return int(a.Seq - b.Seq) })
	return out, rows[1:], nil
}

// standing is all that is known of a person's cover and past claims.
type standing struct {
	guard    int64 // version of the person's guard, 0: none yet
	policies []*held
	history  []claims.PastLine
	ledger   []claims.Entry
}

// standingOf loads what a decision about a person depends on. without leaves
// out the rows of one claim, the one that is decided.
func (r *Registry) standingOf(ctx context.Context, person, without string) (*standing, error) {
	versions, rows, err := r.store.Facts(ctx, []string{personGuard(person)},
		store.Lookup{Table: store.Members, Column: "person", Values: []string{person}},
		store.Lookup{Table: store.Lines, Column: "person", Values: []string{person}})
	if err != nil {
		return nil, fmt.Errorf("person's facts: %w", err)
	}
	s := &standing{guard: versions[0]}
	for _, row := range rows[1] {
		if row.Text("claim") == without {
			continue
		}
		line, err := pastLine(row)
		if err != nil {
			return nil, err
		}
		s.history = append(s.history, line)
	}
	var numbers []string
	for _, row := range rows[0] {
		numbers = append(numbers, row.Text("policy"))
	}
	if len(numbers) == 0 {
		return s, nil
	}
	policies, more, err := r.byNumber(ctx, numbers, store.Lookup{Table: store.Ledger, Column: "policy", Values: numbers})
	if err != nil {
		return nil, err
	}
	s.policies = policies
	for _, row := range more[0] {
		if row.Text("claim") == without {
			continue
		}
		e, err := entryFrom(row)
		if err != nil {
			return nil, err
		}
		s.ledger = append(s.ledger, e)
	}
	return s, nil
}

// covers are the person's covers under a scheme, for claims of the service
// day.
func (s *standing) covers(p *pack, person string, service date.Date) []claims.Cover {
	var out []claims.Cover
	for _, h := range s.policies {
		if h.Scheme != p.Name {
			continue
		}
		product, ok := p.Product(h.Policy.Plan, h.Policy.Period.Start, service)
		if ok {
			out = append(out, h.Policy.CoversOf(person, h.Number, product)...)
		}
	}
	return out
}

func pastLine(row store.Row) (claims.PastLine, error) {
	quantity, err := amountOf(row.Text("quantity"))
	if err != nil {
		return claims.PastLine{}, err
	}
	target, err := dayOf(row.Text("target"))
	return claims.PastLine{
		Claim: row.Text("claim"), Kind: claims.Kind(row.Text("kind")), Code: row.Text("code"), Target: target, Quantity: quantity,
		Status: claims.LineStatus(row.Int("status")), Category: claims.Category(row.Text("category")),
		Policy: row.Text("policy"), Product: row.Text("product"),
	}, err
}

func entryFrom(row store.Row) (claims.Entry, error) {
	e := claims.Entry{
		Claim: row.Text("claim"), Policy: row.Text("policy"), Person: row.Text("person"),
		Hospital: row.Int("hospital") == 1, Category: claims.Category(row.Text("category")),
	}
	var err error
	for _, f := range []struct {
		to   *claims.Money
		from string
	}{{&e.Deducted, "deducted"}, {&e.Counted, "counted"}, {&e.Paid, "paid"}} {
		if *f.to, err = amountOf(row.Text(f.from)); err != nil {
			return e, err
		}
	}
	return e, nil
}

func entryChange(e claims.Entry, n int, booked date.Date) store.Change {
	hospital := int64(0)
	if e.Hospital {
		hospital = 1
	}
	return store.Change{Row: store.Ledger.Make(map[string]any{
		"claim": e.Claim, "n": fmt.Sprintf("%04d", n), "policy": e.Policy, "person": e.Person,
		"deducted": e.Deducted.String(), "counted": e.Counted.String(), "paid": e.Paid.String(),
		"category": string(e.Category), "booked": booked.String(), "hospital": hospital,
	})}
}

func amountOf(s string) (claims.Money, error) {
	if s == "" {
		return claims.Money{}, nil
	}
	d, err := decimal.Parse(s)
	if err != nil {
		return d, fmt.Errorf("stored amount: %w", err)
	}
	return d, nil
}

func dayOf(s string) (date.Date, error) {
	if s == "" {
		return date.None, nil
	}
	return date.Parse(s)
}

// sequenceKey makes line numbers sort as numbers.
func sequenceKey(n int) string { return fmt.Sprintf("%05d", n) }

func itoa(n int) string { return strconv.Itoa(n) }
