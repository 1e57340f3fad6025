package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/store"
)

// onRecord is a submitted claim with all that hangs on it.
type onRecord struct {
	fact     store.Row
	claim    fhir.Resource
	answer   fhir.Resource
	task     *fhir.Resource // of a queued claim
	lines    []store.Row
	ledger   []claims.Entry
	booked   int // rows of the ledger
	decided  int // decisions so far
	guards   []store.Guard
	policies map[string]bool
}

// stateCancelled marks a claim that was withdrawn.
const stateCancelled = 0

// record loads a submitted claim. One that was only stored as plain data is an
// error: it was never decided.
func (r *Registry) record(ctx context.Context, c Call, id string) (*onRecord, error) {
	claim, err := r.read(ctx, c, "Claim", id)
	if err != nil {
		return nil, err
	}
	ref := claim.Ref()
	_, rows, err := r.store.Facts(ctx, nil,
		store.Lookup{Table: store.Claims, Column: "claim", Values: []string{ref}},
		store.Lookup{Table: store.Lines, Column: "claim", Values: []string{ref}},
		store.Lookup{Table: store.Ledger, Column: "claim", Values: []string{ref}},
		store.Lookup{Table: store.Decisions, Column: "claim", Values: []string{ref}})
	if err != nil {
		return nil, fmt.Errorf("claim facts: %w", err)
	}
	if len(rows[0]) == 0 {
		return nil, &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueBusinessRule, Text: "This Claim was stored but never submitted, so there is no decision. Send it to Claim/$submit."}
	}
	rec := &onRecord{fact: rows[0][0], claim: claim, lines: rows[1], booked: len(rows[2]), decided: len(rows[3]), policies: map[string]bool{}}
	for _, row := range rows[2] {
		e, err := entryFrom(row)
		if err != nil {
			return nil, err
		}
		rec.ledger = append(rec.ledger, e)
		rec.policies[e.Policy] = true
	}
	if err := r.attached(ctx, rec); err != nil {
		return nil, err
	}
	return rec, r.guardRecord(ctx, rec)
}

// attached reads the answer and the task.
func (r *Registry) attached(ctx context.Context, rec *onRecord) error {
	refs := []string{rec.fact.Text("response")}
	if t := rec.fact.Text("task"); t != "" {
		refs = append(refs, t)
	}
	list, err := r.store.ReadMany(ctx, refs)
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].Ref() == refs[0] {
			rec.answer = list[i]
		} else {
			rec.task = &list[i]
		}
	}
	if rec.answer.Version == 0 {
		return fmt.Errorf("claim without an answer")
	}
	return nil
}

// guardRecord reads the guards of the person and of every policy charged.
func (r *Registry) guardRecord(ctx context.Context, rec *onRecord) error {
	keys := []string{personGuard(rec.fact.Text("person"))}
	for p := range rec.policies {
		keys = append(keys, policyGuard(p))
	}
	versions, _, err := r.store.Facts(ctx, keys)
	if err != nil {
		return err
	}
	for i, k := range keys {
		rec.guards = append(rec.guards, store.Guard{Key: k, Expect: versions[i], Bump: true})
	}
	return nil
}

// Cancel withdraws a submitted Claim: its ledger rows are taken back, its
// lines count no more, and its identifier is free again. Cancelling twice
// gives the same answer.
//
// https://profiles.ihe.net/ITI/FAIS/ ITI-127
func (r *Registry) Cancel(ctx context.Context, c Call, id string, params *fhir.Node) (fhir.Resource, error) {
	res, err := r.cancel(ctx, c, id, params)
	if err != nil {
		return res, r.audited(ctx, c, store.Audit{Interaction: "$cancel", Action: "U", Type: "Claim", Ref: "Claim/" + id}, err)
	}
	return res, nil
}

func (r *Registry) cancel(ctx context.Context, c Call, id string, params *fhir.Node) (fhir.Resource, error) {
	for range maxTries {
		rec, err := r.record(ctx, c, id)
		if err != nil {
			return fhir.Resource{}, err
		}
		if rec.fact.Int("state") == stateCancelled {
			return rec.answer, nil
		}
		if err := r.mayActFor(c, "Claim", rec.fact.Text("provider"), "Claim.provider"); err != nil {
			return fhir.Resource{}, err
		}
		u, err := r.cancelUnit(c, rec, params)
		if err != nil {
			return fhir.Resource{}, err
		}
		written, err := r.store.Commit(ctx, u)
		if stale(err) {
			continue
		}
		if err != nil {
			return fhir.Resource{}, err
		}
		return answered(u, written)
	}
	return fhir.Resource{}, errBusy()
}

// answered is the ClaimResponse that a Unit wrote.
func answered(u store.Unit, written []store.Written) (fhir.Resource, error) {
	for i, w := range u.Writes {
		if w.Type == "ClaimResponse" {
			return fhir.Resource{Type: w.Type, ID: w.ID, Version: written[i].Version, Updated: written[i].Updated, Method: w.Method, Managed: true, Body: w.Body}, nil
		}
	}
	return fhir.Resource{}, errors.New("no answer was written")
}

func (r *Registry) cancelUnit(c Call, rec *onRecord, params *fhir.Node) (store.Unit, error) {
	u := store.Unit{Guards: rec.guards}
	subject := "Patient/" + rec.fact.Text("person")
	claim, err := rec.claim.Tree()
	if err != nil {
		return u, err
	}
	answer, err := rec.answer.Tree()
	if err != nil {
		return u, err
	}
	for _, p := range params.Get("parameter").Each() {
		if why := p.Get("valueCodeableConcept"); p.Get("name").String() == "reason" && why != nil {
			claim.Set("extension", fhir.Arr(append(extensions(claim), fhir.Obj(
				fhir.Str("https://profiles.ihe.net/ITI/FAIS/StructureDefinition/request-statusReason").As("url"), why.Clone().As("valueCodeableConcept")))...))
		}
	}
	claim.Set("status", fhir.Str("cancelled"))
	answer.Set("status", fhir.Str("cancelled"))
	answer.Set("outcome", fhir.Str("complete"))
	answer.Set("disposition", fhir.Str("Cancelled"))
	docs := []*authored{
		{typ: "Claim", id: rec.claim.ID, node: claim, old: rec.claim.Version},
		{typ: "ClaimResponse", id: rec.answer.ID, node: answer, old: rec.answer.Version},
	}
	if rec.task != nil {
		task, err := rec.task.Tree()
		if err != nil {
			return u, err
		}
		if s := task.Get("status").String(); s != "completed" {
			task.Set("status", fhir.Str("cancelled"))
			docs = append(docs, &authored{typ: "Task", id: rec.task.ID, node: task, old: rec.task.Version})
		}
	}
	for _, d := range docs {
		d.method, d.interaction = http.MethodPut, "$cancel"
		if err := r.author(c, &u, d, subject); err != nil {
			return u, err
		}
	}
	return u, r.takeBack(&u, rec)
}

func extensions(n *fhir.Node) []fhir.Node {
	if e := n.Get("extension"); e != nil {
		return e.Nodes
	}
	return nil
}

// takeBack reverses the ledger of a claim, removes its lines from the counts,
// marks it and frees its identifier.
func (r *Registry) takeBack(u *store.Unit, rec *onRecord) error {
	today := r.now()
	set, err := r.rules()
	if err != nil {
		return err
	}
	p := set.byName(rec.fact.Text("insurer"))
	if p == nil {
		p = set.packs[0]
	}
	for i, e := range claims.Reverse(net(rec.ledger)) {
		u.Facts = append(u.Facts, entryChange(e, rec.booked+i+1, p.today(today)))
	}
	for _, row := range rec.lines {
		u.Facts = append(u.Facts, store.Change{Row: row, Delete: true})
	}
	u.Facts = append(u.Facts, store.Change{Row: with(rec.fact, map[string]any{"state": int64(stateCancelled), "paid": "0"})})
	if id := rec.fact.Text("identifier"); id != "" {
		u.Release = append(u.Release, store.Unique{Space: uniqueSpace(rec.fact.Text("provider")), Digest: digestOf(id)})
	}
	return nil
}

// net adds up the rows of a ledger by policy, so that what was taken back
// already is not taken back again.
func net(entries []claims.Entry) []claims.Entry {
	var out []claims.Entry
	for _, e := range entries {
		found := false
		for i := range out {
			o := &out[i]
			if o.Policy != e.Policy || o.Hospital != e.Hospital || o.Category != e.Category {
				continue
			}
			found = true
			o.Deducted, o.Counted, o.Paid = plus(o.Deducted, e.Deducted), plus(o.Counted, e.Counted), plus(o.Paid, e.Paid)
		}
		if !found {
			out = append(out, e)
		}
	}
	kept := out[:0]
	for _, e := range out {
		if !e.Deducted.IsZero() || !e.Counted.IsZero() || !e.Paid.IsZero() {
			kept = append(kept, e)
		}
	}
	return kept
}

// plus adds amounts that were stored, so are known to fit.
func plus(a, b claims.Money) claims.Money { return must(a.Add(b)) }

// with returns a copy of a row with some columns changed.
func with(row store.Row, values map[string]any) store.Row {
	all := make(map[string]any, len(row.Table.Columns))
	for i, col := range row.Table.Columns {
		all[col.Name] = row.Values[i]
	}
	for k, v := range values {
		all[k] = v
	}
	return row.Table.Make(all)
}
