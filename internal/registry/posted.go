package registry

import (
	"context"
	"errors"
	"net/http"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/access"
)

// posted answers a plain POST that asks the engine for something, and tells
// whether it was one: a PaymentNotice for an invoice of the engine, and a Claim
// of a facility's client where the configuration has those decided (wire.md 1
// and 3.4).
func (r *Registry) posted(ctx context.Context, c Call, typ string, n *fhir.Node) (res Result, asked bool, err error) {
	if typ == "Claim" && r.options.DecidePosted && c.Principal.Restricted() && n.ResourceType() == typ {
		res, err = r.submitPosted(ctx, c, n)
		return res, true, err
	}
	pays, err := r.Pays(ctx, c, typ, n)
	if err != nil || !pays {
		return Result{}, err != nil, err
	}
	res, err = r.Pay(ctx, c, n)
	return res, true, err
}

// submitPosted decides a Claim and answers with the Claim itself; its
// ClaimResponse is found by search.
func (r *Registry) submitPosted(ctx context.Context, c Call, n *fhir.Node) (Result, error) {
	out, err := r.Submit(ctx, c, n, nil)
	if err != nil {
		return Result{}, err
	}
	claim, err := r.Asked(ctx, c, out)
	return Result{Resource: claim, Created: !out.Repeated}, err
}

// put answers a plain PUT that asks the engine for something: a booked
// PaymentNotice that was entered in error is taken back.
func (r *Registry) put(ctx context.Context, c Call, typ, id string, n *fhir.Node) (res Result, asked bool, err error) {
	if typ != paymentNotice || n.ResourceType() != typ {
		return Result{}, false, nil
	}
	managed, err := r.Managed(ctx, typ, id)
	if err != nil || !managed {
		return Result{}, err != nil, err
	}
	res, err = r.PayBack(ctx, c, id, n)
	return res, true, err
}

// mustBePosted refuses a PaymentNotice that would be stored as plain data
// although it pays, or means to pay, an invoice: a payment that is answered
// with success and never booked is money lost. The program's own loads may
// bring notices for invoices that are not here.
func (r *Registry) mustBePosted(ctx context.Context, c Call, intents []*intent) error {
	made := map[string]bool{}
	for _, in := range intents {
		if in.typ == invoiceType && in.method != http.MethodDelete {
			made[in.typ+"/"+in.id] = true
		}
	}
	for _, in := range intents {
		if in.typ != paymentNotice || in.node == nil || in.write < 0 || in.trusted || made[in.node.Path("request", "reference").String()] {
			continue
		}
		if err := r.plainNotice(ctx, c, in); err != nil {
			return err
		}
	}
	return nil
}

const invoiceType = "Invoice"

// plainNotice says whether a PaymentNotice may be stored without being booked.
func (r *Registry) plainNotice(ctx context.Context, c Call, in *intent) error {
	ref, own := in.node.Get("request"), c.Principal.Kind == access.System
	if ref == nil && c.Principal.Restricted() {
		return &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueRequired, Path: in.below("request"), Rule: "payment-request", Text: "Say what is paid: request refers to the Invoice."}
	}
	if ref == nil || !meansInvoice(in.node, ref, c.Principal.Restricted()) {
		return nil
	}
	unknown := &fhir.Error{
		Kind: fhir.Unprocessable, Issue: fhir.IssueNotFound, Path: in.below("request"), Rule: "payment-request",
		Text: "The Invoice that is referred to is not known here, so the payment cannot be booked. Give the Invoice that the enrolment answered with.",
	}
	res, err := r.locate(ctx, c, (&bag{}).of(in.node), ref, "", invoiceType)
	var fe *fhir.Error
	switch {
	case errors.As(err, &fe) && fe.Kind == fhir.Unprocessable && own:
		return nil
	case errors.As(err, &fe) && fe.Issue == fhir.IssueNotFound:
		return unknown
	case errors.As(err, &fe):
		return at(err, in.below("request"))
	case err != nil:
		return err
	case r.mayRead(ctx, c, res) != nil:
		return unknown
	case res.Managed:
		return &fhir.Error{
			Kind: fhir.Unprocessable, Issue: fhir.IssueBusinessRule, Path: in.below("request"), Rule: "payment-posted",
			Text: "A payment of this Invoice is booked only by POST PaymentNotice, by itself or as an entry of a batch. In a transaction, or by PUT or PATCH, it would be stored and not booked: nothing was stored.",
		}
	}
	return nil
}

// meansInvoice reports whether a reference can mean an Invoice. strict counts
// also what has no form in which it could be found.
func meansInvoice(owner, ref *fhir.Node, strict bool) bool {
	typ := ref.Get("type").String()
	text := ref.Get("reference").String()
	parsed, ok := fhir.ParseReference(text)
	switch {
	case text == "" && ref.Get("identifier") == nil, text != "" && !ok:
		return typ == invoiceType || strict
	case parsed.Fragment != "":
		for _, n := range owner.Get("contained").Each() {
			if n.Get("id").String() == parsed.Fragment {
				return n.ResourceType() == invoiceType
			}
		}
		return strict
	case parsed.Type != "":
		return parsed.Type == invoiceType
	}
	return typ == "" || typ == invoiceType
}
