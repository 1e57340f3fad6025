package registry

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/validate"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/enrolment"
)

// Extensions of a PaymentNotice (wire.md 3.4).
const (
	extensionPayType   = fhir.Base + "/StructureDefinition/payment-type"
	extensionPayAction = fhir.Base + "/StructureDefinition/payment-action"
	extensionPayNote   = fhir.Base + "/StructureDefinition/payment-note" // written by the engine
)

// readPayment reads a PaymentNotice for an invoice of the engine.
func (r *Registry) readPayment(ctx context.Context, c Call, set *ruleset, n *fhir.Node) (*paying, error) {
	if err := fhir.NewError(fhir.Unprocessable, validate.Resource(n, validate.Options{})); err != nil {
		return nil, err
	}
	p := &paying{r: r, c: c, set: set, node: n.Clone()}
	d := &reader{}
	refuseModifiers(d, n)
	switch n.Get("status").String() {
	case "active":
	case "entered-in-error":
		p.back = true
	default:
		d.fault(fhir.IssueBusinessRule, "PaymentNotice.status", "A notice with status active books a payment, one with entered-in-error takes it back.")
	}
	if err := fhir.NewError(fhir.Unprocessable, d.issues); err != nil {
		return nil, err
	}
	b := (&bag{}).of(n)
	if err := p.bill(ctx, b); err != nil {
		return nil, err
	}
	if err := p.recipient(ctx, b); err != nil {
		return nil, err
	}
	d.pack = p.pack
	p.read(d, n)
	if err := fhir.NewError(fhir.Unprocessable, d.issues); err != nil {
		return nil, err
	}
	return p, p.may(ctx)
}

// bill finds the invoice and the policy that it bills.
func (p *paying) bill(ctx context.Context, b *bag) error {
	const path = "PaymentNotice.request"
	ref := p.node.Get("request")
	if ref == nil {
		return &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueRequired, Path: path, Text: "Say what is paid: request refers to the Invoice."}
	}
	res, err := p.r.locate(ctx, p.c, b, ref, path, "Invoice")
	if err != nil {
		return err
	}
	unknown := &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueNotFound, Path: path, Text: "The Invoice that is referred to is no invoice for a contribution here. Give the one that the enrolment answered with."}
	if !res.Managed || p.r.mayRead(ctx, p.c, res) != nil {
		return unknown
	}
	tree, err := res.Tree()
	if err != nil {
		return fmt.Errorf("stored %s: %w", res.Type, err)
	}
	p.invoice, p.policy = res.Ref(), policyOf(tree)
	list, _, err := p.r.byNumber(ctx, []string{p.policy})
	if err != nil {
		return err
	}
	if len(list) != 1 {
		return unknown
	}
	pin(ref, p.invoice)
	return p.of(list[0])
}

// of takes scheme and plan from the policy.
func (p *paying) of(h *held) error {
	p.policy, p.plan = h.Number, payPlan(h.Scheme, h.Policy.Plan)
	if p.pack = p.set.byName(h.Scheme); p.pack == nil {
		return &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueNotSupported, Path: "PaymentNotice.request", Text: "The scheme of the policy is not loaded on this server. Start it with --scheme DIR."}
	}
	return nil
}

func (p *paying) recipient(ctx context.Context, b *bag) error {
	const path = "PaymentNotice.recipient"
	ref := p.node.Get("recipient")
	res, err := p.r.locate(ctx, p.c, b, ref, path, organizationTypes...)
	if err != nil {
		return err
	}
	if res.Ref() != p.pack.insurer {
		return &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueBusinessRule, Path: path, Rule: "payment-recipient", Text: "The payment is for another organization than the insurer of the invoice."}
	}
	pin(ref, res.Ref())
	return nil
}

// may asks whether the caller may send the notice, and tags it as its own.
// Suspending a policy, or enforcing cover that is not paid, is the insurer's
// word and no facility's.
func (p *paying) may(ctx context.Context) error {
	right := access.Create
	if p.back {
		right = access.Update
	}
	resolve := func(ref string) *fhir.Node { return p.r.stored(ctx, ref) }
	if err := p.c.Principal.Writable(paymentNotice, right, p.node, resolve); err != nil {
		return err
	}
	if a := p.payment.Action; p.c.Principal.Restricted() && (a == enrolment.ActionEnforce || a == enrolment.ActionSuspend) {
		return &fhir.Error{Kind: fhir.Forbidden, Issue: fhir.IssueForbidden, Path: extensionPath(p.node, extensionPayAction), Rule: "payment-action", Text: "A facility's client may not enforce or suspend a cover. Ask the insurer."}
	}
	p.c.Principal.Stamp(paymentNotice, p.node)
	return nil
}

// read takes the payment itself.
func (p *paying) read(d *reader, n *fhir.Node) {
	pay := &p.payment
	p.receipt(d, n)
	d.money(n.Get("amount"), "PaymentNotice.amount")
	pay.Amount = d.amount(n.Path("amount", "value"), "PaymentNotice.amount.value")
	if pay.Amount.Trim(0).Scale() > p.pack.Settings().Decimals {
		d.fault(fhir.IssueValue, "PaymentNotice.amount.value", fmt.Sprintf("The amount has more than the %d decimals of the currency.", p.pack.Settings().Decimals))
	}
	if pay.Date = d.day(n.Get("paymentDate"), "PaymentNotice.paymentDate"); pay.Date.IsZero() {
		pay.Date = d.day(n.Get("created"), "PaymentNotice.created")
	}
	if pay.Date.After(p.pack.today(p.r.now())) {
		d.fault(fhir.IssueBusinessRule, "PaymentNotice.paymentDate", "The payment is dated in the future. Send it when it is paid.")
	}
	if e := extension(n, extensionPayType); e != nil {
		pay.Type = enrolment.PayType(codeOf(e))
		switch pay.Type {
		case enrolment.Bank, enrolment.Cash, enrolment.Mobile, enrolment.Funding:
		default:
			d.fault(fhir.IssueCodeInvalid, extensionPath(n, extensionPayType), "The payment-type is B (bank), C (cash), M (mobile) or F (funding).")
		}
	}
	if e := extension(n, extensionPayAction); e != nil {
		pay.Action = enrolment.Action(strings.ToUpper(codeOf(e)))
		switch pay.Action {
		case enrolment.ActionSuspend, enrolment.ActionEnforce, enrolment.ActionWait:
		default:
			d.fault(fhir.IssueCodeInvalid, extensionPath(n, extensionPayAction), "The payment-action is suspend, enforce or wait.")
		}
	}
	for _, c := range n.Path("paymentStatus", "coding").Each() {
		// cleared: the payee has the money, so it is matched (openimis-domain 4.4)
		pay.Matched = pay.Matched || c.Get("code").String() == "cleared" && !p.c.Principal.Restricted()
	}
	p.content = sha256.Sum256([]byte(strings.Join([]string{
		p.policy, pay.Receipt, claims.Number(pay.Amount), pay.Date.String(), string(pay.Type), string(pay.Action),
	}, "\n")))
}

// receipt takes the receipt number. One of another system than the scheme's is
// another number, even when it looks the same.
func (p *paying) receipt(d *reader, n *fhir.Node) {
	id, path := receiptOf(n)
	if p.payment.Receipt = id.Get("value").String(); p.payment.Receipt == "" {
		d.fault(fhir.IssueRequired, "PaymentNotice.payment", "The payment needs a receipt number: as identifier of the reference, or of a contained PaymentReconciliation.")
		return
	}
	ours, system := p.pack.System(systemReceipt), id.Get("system").String()
	if system != "" && ours != "" && system != ours {
		d.fault(fhir.IssueValue, path+".system", "The receipt number is of another system than the scheme's receipts. Send the scheme's system "+ours+", or none.")
	}
}

// receiptOf is the identifier with the receipt number, and where it stands: of
// the contained reconciliation, or of the logical reference.
func receiptOf(n *fhir.Node) (id *fhir.Node, path string) {
	payment := n.Get("payment")
	if ref, ok := strings.CutPrefix(payment.Get("reference").String(), "#"); ok {
		for i, c := range n.Get("contained").Each() {
			if c.Get("id").String() != ref {
				continue
			}
			path := fmt.Sprintf("PaymentNotice.contained[%d].", i)
			if id := c.Get("paymentIdentifier"); id.Get("value").String() != "" {
				return id, path + "paymentIdentifier"
			}
			for k, id := range c.Get("identifier").Each() {
				if id.Get("value").String() != "" {
					return id, fmt.Sprintf("%sidentifier[%d]", path, k)
				}
			}
		}
	}
	return payment.Get("identifier"), "PaymentNotice.payment.identifier"
}

// extensionPath is where an extension of a PaymentNotice stands.
func extensionPath(n *fhir.Node, url string) string {
	for i, e := range n.Get("extension").Each() {
		if e.Get("url").String() == url {
			return fmt.Sprintf("%s.extension[%d]", paymentNotice, i)
		}
	}
	return paymentNotice + ".extension"
}
