package registry

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/enrolment"
	"github.com/jamii-health/jamii/internal/store"
)

const paymentNotice = "PaymentNotice"

// States of a payment row.
const (
	paymentBooked    = "booked"
	paymentTakenBack = "taken-back"
)

// payPlan names a plan among all schemes: a receipt is unique within it.
func payPlan(scheme, plan string) string { return scheme + "/" + plan }

func receiptSpace(plan string) string { return "receipt/" + plan }

// Pays reports whether a posted resource pays an invoice of the engine, and so
// is a request that Pay answers rather than plain data.
func (r *Registry) Pays(ctx context.Context, c Call, typ string, n *fhir.Node) (bool, error) {
	if typ != paymentNotice || n.ResourceType() != typ || n.Get("request") == nil {
		return false, nil
	}
	res, err := r.locate(ctx, c, (&bag{}).of(n), n.Get("request"), "PaymentNotice.request", "Invoice")
	var fe *fhir.Error
	if errors.As(err, &fe) && fe.Kind == fhir.Unprocessable {
		return false, nil // plain data about something else
	}
	return err == nil && res.Managed, err
}

// Pay books a contribution that a PaymentNotice tells of, or takes it back
// when the notice is entered in error. What it did to the cover is told in the
// Result's warnings.
//
// wire.md 3.4, openimis-domain 4.4
func (r *Registry) Pay(ctx context.Context, c Call, n *fhir.Node) (Result, error) {
	res, err := r.pay(ctx, c, n)
	return res, r.auditPay(ctx, c, res, err)
}

// auditPay records what no Unit recorded: failures and repeats.
func (r *Registry) auditPay(ctx context.Context, c Call, res Result, err error) error {
	if err == nil && (res.Created || res.Resource.Method == http.MethodPut && len(res.Warnings) > 0) {
		return nil
	}
	row := store.Audit{Interaction: "create", Action: "C", Type: paymentNotice}
	if err == nil {
		row.Action, row.Ref = "R", res.Resource.Ref()
	}
	return r.audited(ctx, c, row, err)
}

func (r *Registry) pay(ctx context.Context, c Call, n *fhir.Node) (Result, error) {
	set, err := r.rules()
	if err != nil {
		return Result{}, err
	}
	p, err := r.readPayment(ctx, c, set, n)
	if err != nil {
		return Result{}, err
	}
	if p.back {
		return p.takeBack(ctx)
	}
	return persist(ctx, func() (Result, error) { return p.try(ctx) })
}

// paying is a payment on its way into a policy.
type paying struct {
	r    *Registry
	c    Call
	set  *ruleset
	pack *pack
	node *fhir.Node // a copy of the notice, to be stored

	invoice string // "Invoice/id"
	policy  string // number
	plan    string // as payPlan gives it
	payment enrolment.Payment
	content [32]byte
	back    bool // entered in error: take it back
}

func (p *paying) unique() store.Unique {
	return store.Unique{Space: receiptSpace(p.plan), Digest: sha256.Sum256([]byte(p.payment.Receipt)), Content: p.content}
}

// try books the payment once, or answers with what was booked under the same
// receipt before.
func (p *paying) try(ctx context.Context) (Result, error) {
	u := &store.Unit{}
	list, _, err := p.r.byNumber(ctx, []string{p.policy})
	if err != nil {
		return Result{}, err
	}
	// asked after the policy was read: a receipt that is booked on it is held
	key := p.unique()
	held, ok, err := p.r.store.Unique(ctx, key.Space, key.Digest)
	if err != nil {
		return Result{}, fmt.Errorf("receipt: %w", err)
	}
	if ok {
		return p.again(ctx, held)
	}
	if len(list) != 1 {
		return Result{}, fmt.Errorf("pay: the invoice's policy is not kept")
	}
	h := list[0]
	after, effect, err := h.Policy.Pay(p.payment)
	if err != nil {
		return Result{}, at(err, payPath(err))
	}
	h.Policy = after
	place := p.r.store.NewPlace(store.PartOf(refID(h.Holder)))
	id := place.ID()
	key.Target = paymentNotice + "/" + id
	u.Unique = append(u.Unique, key)
	u.Facts = append(u.Facts, p.row(key.Target, paymentBooked))
	node := p.node.Clone()
	node.Set("id", fhir.Str(id))
	for _, text := range worries(effect) {
		addExtension(node, extensionPayNote, fhir.Str(text).As("valueString"))
	}
	doc := &authored{typ: paymentNotice, id: id, node: node, place: place, method: http.MethodPost, interaction: "create"}
	if err := p.r.author(p.c, u, doc, h.Holder); err != nil {
		return Result{}, err
	}
	return p.commit(ctx, u, h, effect)
}

// payElements are the elements that enrolment's rules for payments are about.
var payElements = map[string]string{
	"payment-amount": ".amount.value", "payment-receipt": ".payment", "payment-date": ".paymentDate", "payment-action": ".extension",
}

// payPath is the element that an error of enrolment is about.
func payPath(err error) string {
	var fe *fhir.Error
	if errors.As(err, &fe) {
		return paymentNotice + payElements[fe.Rule]
	}
	return paymentNotice
}

// commit writes the policy beside what the Unit has, and answers with the
// notice, the Unit's first write.
func (p *paying) commit(ctx context.Context, u *store.Unit, h *held, effect enrolment.Effect) (Result, error) {
	b := &booking{r: p.r, c: p.c, pack: p.pack, h: h, interaction: "update"}
	if err := b.add(ctx, u); err != nil {
		return Result{}, err
	}
	done, err := p.r.store.Commit(ctx, *u)
	if err != nil {
		return Result{}, err
	}
	first := written(u, done)[0]
	return Result{Resource: first, Created: first.Version == 1, Warnings: p.told(h, effect)}, nil
}

// again answers a receipt that is booked: with the same notice when it says
// the same, else with a conflict.
func (p *paying) again(ctx context.Context, held store.Unique) (Result, error) {
	list, err := p.r.store.ReadMany(ctx, []string{held.Target})
	if err != nil {
		return Result{}, fmt.Errorf("first notice: %w", err)
	}
	if len(list) != 1 {
		return Result{}, errRetry
	}
	text := ""
	if held.Content != p.content || p.r.mayRead(ctx, p.c, list[0]) != nil {
		text = "A payment with this receipt number and other content is booked. Use another receipt number, or take the first one back with status entered-in-error."
	} else if list[0].Version > 1 {
		text = "The payment with this receipt number was taken back. Use another receipt number to pay again."
	}
	if text != "" {
		return Result{}, &fhir.Error{Kind: fhir.Conflict, Issue: fhir.IssueDuplicate, Path: "PaymentNotice.payment", Rule: "payment-receipt", Text: text}
	}
	return Result{Resource: list[0]}, nil
}

// row is the payment as a fact.
func (p *paying) row(notice, state string) store.Change {
	pay := &p.payment
	return store.Change{Row: store.Payments.Make(map[string]any{
		"plan": p.plan, "receipt": pay.Receipt, "policy": p.policy, "amount": pay.Amount.String(), "paid_on": pay.Date.String(),
		"kind": string(pay.Type), "action": string(pay.Action), "state": state, "notice": notice,
	})}
}

// noteTexts are the words for what a payment did.
var noteTexts = map[enrolment.Note]string{
	enrolment.NoteUnchanged: "The payment is booked. It does not change the cover yet.",
	enrolment.NotePhotoFee:  "The payment is booked. Photo fees do not count for the contribution.",
	enrolment.NoteOverPaid:  "More is paid than the contribution. Check the amount; a wrong payment is taken back with status entered-in-error.",
	enrolment.NoteLate:      "The payment came after the last day to pay. The cover begins with it all the same.",
	enrolment.NoteExpired:   "The policy has expired: the payment covers nothing. Enrol again.",
	enrolment.NoteEnforced:  "The cover is active although less than the contribution is paid.",
	enrolment.NoteAwaits:    "The contribution is paid. The cover begins when the payment is matched or approved.",
	enrolment.NoteMemberDue: "A late member is covered only when the rest of the contribution is paid.",
}

// worrying notes are warnings: somebody should look at the payment. They stand
// in the notice itself too, because its sender rarely asks for an
// OperationOutcome.
func worrying(n enrolment.Note) bool {
	return n == enrolment.NoteOverPaid || n == enrolment.NoteExpired
}

func worries(effect enrolment.Effect) (out []string) {
	for _, n := range effect.Notes {
		if worrying(n) {
			out = append(out, noteTexts[n])
		}
	}
	return out
}

// told says what a change of the policy did.
func (p *paying) told(h *held, effect enrolment.Effect) []fhir.Issue {
	var out []fhir.Issue
	tell := func(text string) {
		out = append(out, fhir.Issue{Severity: fhir.SeverityInformation, Code: fhir.IssueInfo, Text: text})
	}
	if effect.From != effect.To && effect.To == claims.Active {
		tell("The cover is active from " + effect.Effective.String() + " to " + h.Policy.Period.Expiry.String() + ".")
	} else {
		tell("The policy is " + policyStatus[effect.To] + ".")
	}
	if effect.Outstanding.IsPos() {
		tell("Still to be paid: " + effect.Outstanding.Rescale(p.pack.Settings().Decimals).String() + " " + p.pack.Currency + ".")
	}
	for _, n := range effect.Notes {
		tell(noteTexts[n])
		if worrying(n) {
			out[len(out)-1].Severity, out[len(out)-1].Code = fhir.SeverityWarning, fhir.IssueBusinessRule
		}
	}
	return out
}
