package registry

import (
	"context"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/validate"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/store"
)

// Reprocess decides a submitted Claim again: as it stands, or as corrected by
// the Claim that is sent. What the first decision took from the ledger is
// taken back in the same commit, and the answer is the next version of the same
// ClaimResponse.
//
// https://profiles.ihe.net/ITI/FAIS/ ITI-128
func (r *Registry) Reprocess(ctx context.Context, c Call, id string, n, bundle *fhir.Node) (fhir.Resource, error) {
	res, err := r.reprocess(ctx, c, id, n, bundle)
	if err != nil {
		return res, r.audited(ctx, c, store.Audit{Interaction: "$reprocess", Action: "U", Type: "Claim", Ref: "Claim/" + id}, err)
	}
	return res, nil
}

func (r *Registry) reprocess(ctx context.Context, c Call, id string, n, bundle *fhir.Node) (fhir.Resource, error) {
	if n != nil {
		if err := correction(n, id); err != nil {
			return fhir.Resource{}, err
		}
	}
	for try := range maxTries {
		rec, err := r.record(ctx, c, id)
		if err != nil {
			return fhir.Resource{}, err
		}
		if try == 1 {
			defer r.line.enter(rec.fact.Text("person"))()
		}
		if rec.fact.Int("state") == stateCancelled {
			return fhir.Resource{}, &fhir.Error{Kind: fhir.Conflict, Issue: fhir.IssueBusinessRule, Text: "The claim was cancelled. Its identifier is free: send a new Claim to $submit."}
		}
		if err := r.mayActFor(c, "Claim", rec.fact.Text("provider"), "Claim.provider"); err != nil {
			return fhir.Resource{}, err
		}
		u, err := r.reprocessUnit(ctx, c, rec, n, bundle)
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

// correction checks a corrected Claim before anything is looked up.
func correction(n *fhir.Node, id string) error {
	if n.ResourceType() != "Claim" {
		return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueStructure, Text: "$reprocess takes the corrected Claim, or no body."}
	}
	if n.Get("id").String() != id {
		return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueInvalid, Path: "Claim.id", Text: "The corrected Claim carries the id that is in the address."}
	}
	return fhir.NewError(fhir.Unprocessable, validate.Resource(n, validate.Options{ErrorsOnly: true}))
}

// reprocessUnit makes everything that the new decision writes.
func (r *Registry) reprocessUnit(ctx context.Context, c Call, rec *onRecord, n, bundle *fhir.Node) (store.Unit, error) {
	s, err := r.reopen(ctx, c, rec)
	if err != nil {
		return store.Unit{}, err
	}
	if n != nil {
		if err := s.correct(ctx, n, newBag(bundle)); err != nil {
			return store.Unit{}, err
		}
	}
	if s.person.ID != rec.fact.Text("person") || s.provider != rec.fact.Text("provider") {
		return store.Unit{}, &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueBusinessRule, Path: "Claim.patient", Text: "A correction keeps the patient and the facility. For another person or facility call $cancel and submit a new Claim."}
	}
	facts, guards, err := s.facts(ctx, rec.claim.Ref())
	if err != nil {
		return store.Unit{}, err
	}
	d := s.set.engine.Decide(facts)
	if err := priced(&s.claim, &d); err != nil {
		return store.Unit{}, err
	}
	decimals := s.pack.Settings().Decimals
	before, err := amountOf(rec.fact.Text("paid"))
	if err != nil {
		return store.Unit{}, err
	}
	d.Notes = append(append([]claims.Message(nil), s.notes...), d.Notes...)
	d.Notes = append(d.Notes, claims.Reprocessed(before.Rescale(decimals).String(), d.Paid.Rescale(decimals).String()))
	u := store.Unit{Guards: merge(guards, rec.guards)}
	charge(u.Guards, d.Entries)
	if err := s.rewrite(c, &u, rec, &d, n != nil); err != nil {
		return u, err
	}
	for _, row := range rec.lines {
		u.Facts = append(u.Facts, store.Change{Row: row, Delete: true})
	}
	back := claims.Reverse(net(rec.ledger))
	today := s.pack.today(r.now())
	for i, e := range back {
		u.Facts = append(u.Facts, entryChange(e, rec.booked+i+1, today))
	}
	if old := rec.fact.Text("identifier"); old != "" {
		u.Release = append(u.Release, store.Unique{Space: uniqueSpace(s.provider), Digest: digestOf(old)})
	}
	if s.identify(); s.unique != nil {
		mine := *s.unique
		mine.Target = rec.answer.Ref()
		u.Unique = append(u.Unique, mine)
	}
	return u, s.record(&u, &facts, &d, rec.decided+1, rec.booked+len(back))
}

// correct takes the corrected Claim in the place of the stored one.
func (s *submission) correct(ctx context.Context, n *fhir.Node, b *bag) error {
	s.node, s.bag, s.notes = n.Clone(), b.of(n), nil
	if err := s.parties(ctx); err != nil {
		return err
	}
	var err error
	if s.claim, err = readClaim(s.pack, n, s.pack.today(s.r.now())); err != nil {
		return err
	}
	s.note()
	s.c.Principal.Stamp("Claim", s.node)
	return nil
}

// rewrite adds the next versions of the Claim, its answer and its task.
func (s *submission) rewrite(c Call, u *store.Unit, rec *onRecord, d *claims.Decision, corrected bool) error {
	var docs []*authored
	if corrected {
		claim := s.node.Clone()
		claim.Set("id", fhir.Str(rec.claim.ID))
		docs = append(docs, &authored{typ: "Claim", id: rec.claim.ID, node: claim, old: rec.claim.Version})
	}
	queued := d.State == claims.StateChecked
	open := false
	if rec.task != nil {
		task, err := rec.task.Tree()
		if err != nil {
			return err
		}
		open = task.Get("status").String() == "requested"
		if open && !queued {
			task.Set("status", fhir.Str("cancelled"))
			docs = append(docs, &authored{typ: "Task", id: rec.task.ID, node: task, old: rec.task.Version})
		}
	}
	if queued && !open {
		s.taskID = s.r.store.NewPlace(store.PartOf(s.person.ID)).ID()
		docs = append(docs, &authored{typ: "Task", id: s.taskID, node: s.task(d)})
	}
	docs = append(docs, &authored{typ: "ClaimResponse", id: rec.answer.ID, node: s.answer(d, rec.decided+1), old: rec.answer.Version})
	for _, a := range docs {
		a.method, a.interaction = methodOf(a.old), "$reprocess"
		if err := s.r.author(c, u, a, s.patient); err != nil {
			return err
		}
	}
	return nil
}
