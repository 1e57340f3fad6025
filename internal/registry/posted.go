package registry

import (
	"context"

	"github.com/jamii-health/jamii/fhir"
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
