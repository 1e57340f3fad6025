package registry

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/store"
)

// Review settles a queued claim: with deliver an officer's verdicts on lines
// are applied, with bypass the rules' own answer stands. The decision is the
// next version of the same ClaimResponse (wire.md 5). ifMatch is the version
// of the Claim that the officer read.
func (r *Registry) Review(ctx context.Context, c Call, id string, params *fhir.Node, ifMatch int64) (fhir.Resource, error) {
	res, err := r.review(ctx, c, id, params, ifMatch)
	if err != nil {
		return res, r.audited(ctx, c, store.Audit{Interaction: "$review", Action: "U", Type: "Claim", Ref: "Claim/" + id}, err)
	}
	return res, nil
}

func (r *Registry) review(ctx context.Context, c Call, id string, params *fhir.Node, ifMatch int64) (fhir.Resource, error) {
	if ifMatch == 0 {
		return fhir.Resource{}, &fhir.Error{Kind: fhir.PreconditionFailed, Issue: fhir.IssueRequired, Text: "A review needs If-Match with the ETag of the Claim that was read, so that two officers do not decide it twice."}
	}
	for range maxTries {
		rec, err := r.record(ctx, c, id)
		if err != nil {
			return fhir.Resource{}, err
		}
		if rec.claim.Version != ifMatch {
			return fhir.Resource{}, errStale()
		}
		if claims.State(rec.fact.Int("state")) != claims.StateChecked {
			return fhir.Resource{}, &fhir.Error{Kind: fhir.Conflict, Issue: fhir.IssueBusinessRule, Text: "The claim does not wait for a review: it is decided or cancelled already. Read its ClaimResponse."}
		}
		u, err := r.reviewUnit(ctx, c, rec, params)
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

// reviewUnit decides the claim again with the officer's verdicts.
func (r *Registry) reviewUnit(ctx context.Context, c Call, rec *onRecord, params *fhir.Node) (store.Unit, error) {
	s, err := r.reopen(ctx, c, rec)
	if err != nil {
		return store.Unit{}, err
	}
	if s.justified, err = verdicts(&s.claim, params); err != nil {
		return store.Unit{}, err
	}
	s.claim.Reviewed = true
	facts, guards, err := s.facts(ctx, rec.claim.Ref())
	if err != nil {
		return store.Unit{}, err
	}
	d := s.set.engine.Decide(facts)
	u := store.Unit{Guards: merge(guards, rec.guards)}
	charge(u.Guards, d.Entries)
	task, err := rec.task.Tree()
	if err != nil {
		return u, err
	}
	task.Set("status", fhir.Str("completed"))
	task.Set("output", fhir.Arr(fhir.Obj(concept(systemTask, "answer").As("type"), ref(rec.answer.Ref()).As("valueReference"))))
	for _, a := range []*authored{
		{typ: "ClaimResponse", id: rec.answer.ID, node: s.answer(&d, rec.decided+1), old: rec.answer.Version},
		{typ: "Task", id: rec.task.ID, node: task, old: rec.task.Version},
	} {
		a.method, a.interaction = http.MethodPut, "$review"
		if err := r.author(c, &u, a, s.patient); err != nil {
			return u, err
		}
	}
	today := s.pack.today(r.now())
	back := claims.Reverse(net(rec.ledger))
	for i, e := range back {
		u.Facts = append(u.Facts, entryChange(e, rec.booked+i+1, today))
	}
	return u, s.record(&u, &facts, &d, rec.decided+1, rec.booked+len(back))
}

// merge joins guards by key.
func merge(a, b []store.Guard) []store.Guard {
	out := append([]store.Guard(nil), a...)
next:
	for _, g := range b {
		for i := range out {
			if out[i].Key == g.Key {
				out[i].Bump = out[i].Bump || g.Bump
				continue next
			}
		}
		out = append(out, g)
	}
	return out
}

// reopen makes a submission of a stored Claim, with the ids it has.
func (r *Registry) reopen(ctx context.Context, c Call, rec *onRecord) (*submission, error) {
	set, err := r.rules()
	if err != nil {
		return nil, err
	}
	node, err := rec.claim.Tree()
	if err != nil {
		return nil, err
	}
	s := &submission{r: r, c: c, set: set, node: node, bag: newBag(nil).of(node), claimID: rec.claim.ID, answerID: rec.answer.ID}
	if rec.task != nil {
		s.taskID = rec.task.ID
	}
	if err := s.parties(ctx); err != nil {
		return nil, err
	}
	if s.claim, err = readClaim(s.pack, node, s.pack.today(r.now())); err != nil {
		return nil, err
	}
	s.claim.ID = rec.fact.Text("identifier")
	s.note()
	return s, nil
}

// verdicts reads the Parameters of a review: decision, and line with sequence,
// quantity, unitPrice, reject and justification.
// It returns the justifications by line.
func verdicts(c *claims.Claim, params *fhir.Node) (map[int]string, error) {
	d := &reader{}
	why := map[int]string{}
	decision := ""
	for i, p := range params.Get("parameter").Each() {
		path := fmt.Sprintf("Parameters.parameter[%d]", i)
		switch p.Get("name").String() {
		case "decision":
			decision = p.Get("valueCode").String() + p.Get("valueString").String()
			if decision != "deliver" && decision != "bypass" {
				d.fault(fhir.IssueCodeInvalid, path+".value", "The decision is deliver or bypass.")
			}
		case "line":
			d.verdict(c, p, path, why)
		default:
			d.fault(fhir.IssueNotSupported, path+".name", "A review takes the parameters line and decision.")
		}
	}
	if decision == "" {
		d.fault(fhir.IssueRequired, "Parameters.parameter", "Say the decision: deliver or bypass.")
	}
	if decision == "bypass" {
		for i := range c.Lines {
			c.Lines[i].Review = nil
		}
		clear(why)
	}
	return why, fhir.NewError(fhir.Unprocessable, d.issues)
}

func (d *reader) verdict(c *claims.Claim, p *fhir.Node, path string, why map[int]string) {
	var v claims.Verdict
	justification := ""
	var line *claims.Line
	for _, part := range p.Get("part").Each() {
		switch name := part.Get("name").String(); name {
		case "sequence":
			seq := whole(part.Get("valuePositiveInt")) + whole(part.Get("valueInteger"))
			for i := range c.Lines {
				if c.Lines[i].Sequence == seq {
					line = &c.Lines[i]
				}
			}
		case "quantity":
			q := d.amount(first(part.Get("valueDecimal"), part.Path("valueQuantity", "value"), part.Get("valueInteger")), path+".quantity")
			v.Quantity = &q
		case "unitPrice":
			m := d.amount(first(part.Path("valueMoney", "value"), part.Get("valueDecimal")), path+".unitPrice")
			v.Price = &m
		case "reject":
			v.Reject = part.Get("valueBoolean").True()
		case "justification":
			justification = strings.TrimSpace(part.Get("valueString").String())
		default:
			d.fault(fhir.IssueNotSupported, path+".part", "A line takes sequence, quantity, unitPrice, reject and justification.")
		}
	}
	if line == nil {
		d.fault(fhir.IssueNotFound, path+".sequence", "The claim has no line with this sequence.")
		return
	}
	if v.Quantity != nil && (v.Quantity.IsNeg() || v.Quantity.Cmp(line.Quantity) > 0) {
		d.fault(fhir.IssueBusinessRule, path+".quantity", "A reviewer may lower a quantity, not raise it.")
	}
	if v.Price != nil && (v.Price.IsNeg() || (line.Asked != nil && v.Price.Cmp(*line.Asked) > 0)) {
		d.fault(fhir.IssueBusinessRule, path+".unitPrice", "A reviewer's price may not be above the price asked.")
	}
	if justification == "" && (v.Reject || v.Quantity != nil || v.Price != nil) {
		d.fault(fhir.IssueRequired, path+".justification", "A line that is changed or refused needs a justification, which the facility reads.")
	}
	why[line.Sequence] = justification
	line.Review = &v
}

func first(nodes ...*fhir.Node) *fhir.Node {
	for _, n := range nodes {
		if n != nil {
			return n
		}
	}
	return nil
}
