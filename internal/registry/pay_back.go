package registry

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
	"github.com/jamii-health/jamii/internal/enrolment"
	"github.com/jamii-health/jamii/internal/store"
)

// PayBack takes the payment of PaymentNotice/id back: a PUT with status
// entered-in-error. Any other change of a booked notice is refused.
func (r *Registry) PayBack(ctx context.Context, c Call, id string, n *fhir.Node) (Result, error) {
	res, err := r.payBack(ctx, c, id, n)
	return res, r.auditPay(ctx, c, res, err)
}

func (r *Registry) payBack(ctx context.Context, c Call, id string, n *fhir.Node) (Result, error) {
	set, err := r.rules()
	if err != nil {
		return Result{}, err
	}
	res, err := r.read(ctx, c, paymentNotice, id)
	switch {
	case err != nil:
		return Result{}, err
	case !res.Managed || n.Get("status").String() != "entered-in-error":
		return Result{}, errManaged(paymentNotice)
	}
	if err := c.Principal.Writable(paymentNotice, access.Update, n, func(ref string) *fhir.Node { return r.stored(ctx, ref) }); err != nil {
		return Result{}, err
	}
	p := &paying{r: r, c: c, set: set, back: true}
	_, rows, err := r.store.Facts(ctx, nil, store.Lookup{Table: store.Payments, Column: "notice", Values: []string{res.Ref()}})
	if err != nil {
		return Result{}, fmt.Errorf("payment: %w", err)
	}
	if len(rows[0]) != 1 {
		return Result{}, errNoReceipt()
	}
	p.policy, p.payment.Receipt, p.plan = rows[0][0].Text("policy"), rows[0][0].Text("receipt"), rows[0][0].Text("plan")
	return p.takeBack(ctx)
}

// Managed reports whether the engine keeps Type/id, so that a plain write of it
// is refused and a use case may stand for it.
func (r *Registry) Managed(ctx context.Context, typ, id string) (bool, error) {
	if !fhir.ValidID(id) {
		return false, nil
	}
	list, err := r.store.ReadMany(ctx, []string{typ + "/" + id})
	if err != nil {
		return false, fmt.Errorf("read %s: %w", typ, err)
	}
	return len(list) == 1 && list[0].Managed, nil
}

func errNoReceipt() error {
	return &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueNotFound, Path: "PaymentNotice.payment", Rule: "payment-receipt", Text: "No payment with this receipt number is booked for the invoice. Check the number."}
}

// takeBack undoes the payment with p's receipt.
func (p *paying) takeBack(ctx context.Context) (Result, error) {
	key := p.unique()
	held, ok, err := p.r.store.Unique(ctx, key.Space, key.Digest)
	if err != nil {
		return Result{}, fmt.Errorf("receipt: %w", err)
	}
	if !ok {
		return Result{}, errNoReceipt()
	}
	return persist(ctx, func() (Result, error) { return p.tryBack(ctx, held.Target) })
}

func (p *paying) tryBack(ctx context.Context, notice string) (Result, error) {
	list, err := p.r.store.ReadMany(ctx, []string{notice})
	if err != nil {
		return Result{}, fmt.Errorf("payment: %w", err)
	}
	if len(list) != 1 {
		return Result{}, errRetry
	}
	if err := p.r.mayRead(ctx, p.c, list[0]); err != nil {
		return Result{}, err
	}
	tree, err := list[0].Tree()
	if err != nil {
		return Result{}, fmt.Errorf("stored %s: %w", list[0].Type, err)
	}
	if tree.Get("status").String() == "entered-in-error" {
		return Result{Resource: list[0]}, nil // taken back before: a repeat
	}
	h, row, uses, err := p.standing(ctx, notice)
	if err != nil {
		return Result{}, err
	}
	after, effect, err := h.Policy.TakeBack(p.payment.Receipt, p.pack.today(p.r.now()))
	if err != nil {
		return Result{}, at(err, "PaymentNotice.payment")
	}
	for _, use := range uses {
		if h.Policy.Covers(use.person, use.day) && !after.Covers(use.person, use.day) {
			return Result{}, p.used(ctx, h, notice)
		}
	}
	h.Policy = after
	tree.Set("status", fhir.Str("entered-in-error"))
	u := &store.Unit{Facts: []store.Change{row}}
	doc := &authored{typ: paymentNotice, id: list[0].ID, node: tree, old: list[0].Version, method: http.MethodPut, interaction: "update"}
	if err := p.r.author(p.c, u, doc, h.Holder); err != nil {
		return Result{}, err
	}
	return p.commit(ctx, u, h, effect)
}

// use is a day on which a claim used the cover of a person.
type use struct {
	person string
	day    date.Date
}

// standing reads the policy, the payment's row as it will be, and what claims
// used of the policy. Claims raise the policy's guard, so the answer holds
// until the commit.
func (p *paying) standing(ctx context.Context, notice string) (*held, store.Change, []use, error) {
	none := store.Change{}
	list, more, err := p.r.byNumber(ctx, []string{p.policy},
		store.Lookup{Table: store.Payments, Column: "notice", Values: []string{notice}})
	if err != nil {
		return nil, none, nil, err
	}
	if len(list) != 1 || len(more[0]) != 1 || more[0][0].Text("policy") != p.policy {
		return nil, none, nil, errNoReceipt()
	}
	h := list[0]
	if err := p.of(h); err != nil {
		return nil, none, nil, err
	}
	row := more[0][0]
	if p.payment.Amount, err = amountOf(row.Text("amount")); err != nil {
		return nil, none, nil, err
	}
	if p.payment.Date, err = dayOf(row.Text("paid_on")); err != nil {
		return nil, none, nil, err
	}
	p.payment.Type, p.payment.Action = enrolment.PayType(row.Text("kind")), enrolment.Action(row.Text("action"))
	uses, err := p.uses(ctx, h)
	return h, p.row(notice, paymentTakenBack), uses, err
}

// uses are the days on which passed lines of claims used the policy.
func (p *paying) uses(ctx context.Context, h *held) ([]use, error) {
	ids, _ := insured(&h.Policy)
	_, rows, err := p.r.store.Facts(ctx, nil, store.Lookup{Table: store.Lines, Column: "person", Values: ids})
	if err != nil {
		return nil, fmt.Errorf("claims under the policy: %w", err)
	}
	var out []use
	for _, row := range rows[0] {
		if row.Text("policy") != h.Number || row.Int("status") != int64(claims.Passed) {
			continue
		}
		day, err := dayOf(row.Text("target"))
		if err != nil {
			return nil, err
		}
		out = append(out, use{row.Text("person"), day})
	}
	return out, nil
}

// used refuses to take back a payment whose cover a claim has used, and asks
// an officer, once, to look at it.
func (p *paying) used(ctx context.Context, h *held, notice string) error {
	refused := &fhir.Error{
		Kind: fhir.Conflict, Issue: fhir.IssueBusinessRule, Path: "PaymentNotice.payment", Rule: "payment-used",
		Text: "A claim has used the cover that this payment gave. Cancel the claim first; an officer was asked to look at it (Task).",
	}
	key := store.Unique{Space: "take-back", Digest: sha256.Sum256([]byte(notice))}
	_, asked, err := p.r.store.Unique(ctx, key.Space, key.Digest)
	if err != nil {
		return fmt.Errorf("task: %w", err)
	}
	if asked {
		return refused
	}
	place := p.r.store.NewPlace(store.PartOf(refID(h.Holder)))
	n := fhir.Obj(
		fhir.Str("Task").As("resourceType"), fhir.Str(place.ID()).As("id"),
		fhir.Str("requested").As("status"), fhir.Str("order").As("intent"), concept(systemTask, "take-back").As("code"),
		ref(notice).As("focus"), ref(h.Holder).As("for"), fhir.Str(fhir.Instant(p.r.now())).As("authoredOn"),
		ref(p.pack.insurer).As("owner"), fhir.Obj(fhir.Str("A payment is to be taken back, and a claim has used its cover.").As("text")).As("reasonCode"))
	key.Target = "Task/" + place.ID()
	u := &store.Unit{Unique: []store.Unique{key}}
	doc := &authored{typ: "Task", id: place.ID(), node: &n, place: place, method: http.MethodPost, interaction: "create"}
	if err := p.r.author(p.c, u, doc, h.Holder); err != nil {
		return err
	}
	_, err = p.r.store.Commit(ctx, *u)
	var d *store.Dropped
	if err != nil && (!errors.As(err, &d) || d.Why != store.Duplicate) {
		return fmt.Errorf("task: %w", err)
	}
	return refused
}
