package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/registry"
	"github.com/jamii-health/jamii/internal/store"
)

// enrol covers the demonstration's household: it is registered, enrolled and
// paid for at the first start, and again when its policy has ended. An earlier
// start that was cut short is finished.
func (d *demo) enrol(ctx context.Context) error {
	head := "Patient/" + demoHousehold.Name + "-head"
	known, err := d.registry.Store().ReadMany(ctx, []string{head})
	if err != nil {
		return err
	}
	if len(known) == 0 {
		if err := d.register(ctx); err != nil {
			return fmt.Errorf("household: %w", err)
		}
	}
	invoice, covered, err := d.standing(ctx, head)
	if err != nil || covered {
		return err
	}
	if invoice == "" {
		if invoice, err = d.request(ctx); err != nil {
			return fmt.Errorf("enrolment: %w", err)
		}
	}
	if err := d.pay(ctx, invoice); err != nil {
		return fmt.Errorf("contribution: %w", err)
	}
	return nil
}

// standing looks for a policy that covers today, or waits for its
// contribution.
func (d *demo) standing(ctx context.Context, head string) (invoice string, covered bool, err error) {
	_, rows, err := d.registry.Store().Facts(ctx, nil, store.Lookup{Table: store.Policies, Column: "holder", Values: []string{head}})
	if err != nil {
		return "", false, fmt.Errorf("policies: %w", err)
	}
	today := d.now().UTC().AddDate(0, 0, 1).Format("2006-01-02") // no zone is further on
	for _, row := range rows[0] {
		switch row.Int("status") {
		case int64(claims.Active):
			covered = covered || row.Text("expiry") >= today
		case int64(claims.Idle):
			invoice = row.Text("invoice")
		}
	}
	return invoice, covered, nil
}

// register stores the household, as a client would in one transaction.
func (d *demo) register(ctx context.Context) error {
	bundle, err := d.tree("household.json", demoHousehold)
	if err != nil {
		return err
	}
	var entries []registry.Entry
	for i, e := range bundle.Get("entry").Each() {
		typ, id, _ := strings.Cut(e.Path("request", "url").String(), "/")
		entries = append(entries, registry.Entry{
			Method: e.Path("request", "method").String(), Type: typ, ID: id, FullURL: e.Get("fullUrl").String(),
			Resource: e.Get("resource"), Path: fmt.Sprintf("Bundle.entry[%d]", i),
		})
	}
	_, err = d.registry.Transaction(ctx, d.call(), entries)
	return err
}

// request enrols and returns the invoice.
func (d *demo) request(ctx context.Context) (invoice string, err error) {
	n, err := d.tree("enrol.json", demoHousehold)
	if err != nil {
		return "", err
	}
	out, err := d.registry.Enrol(ctx, d.call(), n, nil)
	if err != nil {
		return "", err
	}
	for _, res := range out.More {
		if res.Type == "Invoice" {
			return res.Ref(), nil
		}
	}
	return "", fmt.Errorf("no invoice came with the answer")
}

func (d *demo) pay(ctx context.Context, invoice string) error {
	list, err := d.registry.Store().ReadMany(ctx, []string{invoice})
	if err != nil || len(list) != 1 {
		return fmt.Errorf("the invoice cannot be read: %w", err)
	}
	bill, err := list[0].Tree()
	if err != nil {
		return err
	}
	due := bill.Path("totalNet", "value")
	if !due.Is(fhir.KindNumber) {
		return fmt.Errorf("the invoice has no total")
	}
	b := demoHousehold
	b.Invoice, b.Amount = invoice, due.Text
	n, err := d.tree("pay.json", b)
	if err != nil {
		return err
	}
	_, err = d.registry.Pay(ctx, d.call(), n)
	return err
}

// firstClaim submits the claim that the page explains, once.
func (d *demo) firstClaim(ctx context.Context) error {
	if res, err := d.newest(ctx); err != nil || res != nil {
		return err
	}
	n, err := d.tree("claim.json", demoHousehold)
	if err != nil {
		return err
	}
	n.Get("identifier").At(0).Set("value", fhir.Str("demo-first"))
	_, err = d.registry.Submit(ctx, d.call(), n, nil)
	return err
}

// newest is the newest answer for the household, nil without one.
func (d *demo) newest(ctx context.Context) (*fhir.Resource, error) {
	page, err := d.registry.Store().Search(ctx, store.Query{
		Type: "ClaimResponse", Limit: 1, Sort: []store.Sort{{Param: "_lastUpdated", Kind: search.Date, Desc: true}},
		Expr: search.Is{Param: "patient", Kind: search.Reference, Code: "Patient/" + demoHousehold.Name + "-head"},
	})
	if err != nil || len(page.Resources) == 0 {
		return nil, err
	}
	return &page.Resources[0], nil
}

// answer is the claim's answer that the front page explains.
func (d *demo) answer(ctx context.Context) (fhir.Resource, error) {
	res, err := d.newest(ctx)
	if err != nil {
		return fhir.Resource{}, err
	}
	if res == nil {
		return fhir.Resource{}, &fhir.Error{Kind: fhir.NotFound, Issue: fhir.IssueNotFound, Text: "There is no claim to show."}
	}
	return *res, nil
}
