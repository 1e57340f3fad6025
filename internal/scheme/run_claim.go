package scheme

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/govalues/decimal"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
)

var visits = map[string]claims.Visit{"": claims.Other, "other": claims.Other, "emergency": claims.Emergency, "referral": claims.Referral}

var stateNames = map[claims.State]string{
	claims.StateRejected: "rejected", claims.StateEntered: "entered", claims.StateChecked: "queued",
	claims.StateProcessed: "processed", claims.StateValuated: "valuated",
}

func (r *runner) claim(s *claimStep) {
	c := claims.Claim{
		ID: orElse(s.ID, "claim-"+strconv.Itoa(len(r.decided)+1)), Use: claims.Use(orElse(string(s.Use), string(claims.UseClaim))),
		From: s.From.Date, To: s.To.Date, Created: date.Max(s.Created.Date, date.Max(s.From.Date, s.To.Date)),
		Visit: visits[s.Visit], Diagnoses: s.Diagnoses,
	}
	for _, code := range s.Diagnoses {
		if !r.pack.HasDiagnosis(code) {
			r.fault("diagnoses", "codes of diagnoses.csv", code+" is not there")
			return
		}
	}
	for i, l := range s.Lines {
		line := claims.Line{Sequence: i + 1, Kind: claims.Service, Code: l.Service, Quantity: orOne(l.Quantity), Asked: l.Price.Money}
		if l.Item != "" {
			line.Kind, line.Code = claims.Item, l.Item
		}
		for _, text := range l.Contains {
			part, ok := parsePart(text)
			if !ok {
				r.fault("contains", "a code such as S101 or item:I203*2", text)
				return
			}
			line.Parts = append(line.Parts, part)
		}
		c.Lines = append(c.Lines, line)
	}
	d := decided{claim: c, person: s.Person, facility: s.Facility}
	if !r.decide(&d) {
		return
	}
	r.decided = append(r.decided, d)
	r.expectClaim(s.Expect, &d.decision)
	for i := range s.Lines {
		r.expectLine(i, &s.Lines[i], &d.decision.Lines[i])
	}
}

// review decides a claim again with an officer's verdicts.
func (r *runner) review(s *reviewStep) {
	d := r.find(s.Claim)
	if d == nil {
		return
	}
	d.claim.Reviewed = true
	for _, v := range s.Lines {
		if v.Line > len(d.claim.Lines) {
			r.fault("review", "a line of the claim", "line "+strconv.Itoa(v.Line))
			return
		}
		d.claim.Lines[v.Line-1].Review = &claims.Verdict{Reject: v.Reject, Quantity: v.Quantity.Money, Price: v.Price.Money}
	}
	if !r.decide(d) {
		return
	}
	r.expectClaim(s.Expect, &d.decision)
	for i := range s.Lines {
		v := &s.Lines[i]
		r.expectLine(v.Line-1, &caseLine{Paid: v.Paid, Reason: v.Reason}, &d.decision.Lines[v.Line-1])
	}
}

// decide lets the engine decide the claim on what the case knows.
func (r *runner) decide(d *decided) bool {
	i := slices.IndexFunc(r.members, func(m caseMember) bool { return m.ID == d.person })
	if i < 0 {
		r.fault("claim", "a member of the household", d.person)
		return false
	}
	facility, ok := r.pack.Facility(d.facility)
	if !ok {
		r.fault("claim", "a facility of facilities.csv", d.facility)
		return false
	}
	m := r.members[i]
	f := claims.Facts{
		Claim:    d.claim,
		Person:   claims.Person{ID: m.ID, Born: m.Born.Date, Sex: m.Sex, Valid: true, Died: m.Died.Date},
		Facility: facility,
		Settings: r.pack.Settings(),
	}
	service := d.claim.To
	if service.IsZero() {
		service = d.claim.From
	}
	var first date.Date
	for n, p := range r.policies {
		product, ok := r.pack.Product(p.Plan, p.Period.Start, service)
		if !ok {
			continue
		}
		covers := p.CoversOf(m.ID, r.number(n), product)
		if len(covers) > 0 {
			first = date.Min(first, p.Period.Start)
		}
		f.Covers = append(f.Covers, covers...)
	}
	f.Register = r.pack.Register(first)
	f.History, f.Ledger = r.past(d)
	d.decision = r.engine.Decide(f)
	return true
}

// past is what earlier claims leave behind: the person's lines and everybody's
// ledger. Predeterminations, refused and cancelled claims leave nothing; a
// pre-authorisation reserves where the scheme says so.
func (r *runner) past(now *decided) (history []claims.PastLine, ledger []claims.Entry) {
	for i := range r.decided {
		d := &r.decided[i]
		if d.claim.ID == now.claim.ID || d.cancelled || d.decision.State == claims.StateRejected {
			continue
		}
		if d.claim.Use == claims.UsePredetermination || d.claim.Use == claims.UsePreauthorization && !r.pack.PreauthHolds {
			continue
		}
		ledger = append(ledger, d.decision.Entries...)
		if d.person != now.person || d.claim.Use != claims.UseClaim {
			continue
		}
		for n, l := range d.decision.Lines {
			history = append(history, claims.PastLine{
				Claim: d.claim.ID, Kind: l.Kind, Code: d.claim.Lines[n].Code, Target: d.decision.Target, Quantity: l.Quantity,
				Status: l.Status, Category: d.decision.Category, Policy: l.Policy, Product: l.Product,
			})
		}
	}
	return history, ledger
}

func (r *runner) expectClaim(e claimExpects, d *claims.Decision) {
	trace := r.trace(d)
	r.same("state", e.State, stateNames[d.State], trace...)
	if e.Reason != nil {
		r.same("reason", strconv.Itoa(*e.Reason), strconv.Itoa(int(d.Reason)), trace...)
	}
	r.same("category", e.Category, string(d.Category))
	r.sameMoney("asked", e.Asked, d.Asked, trace...)
	r.sameMoney("paid", e.Paid, d.Paid, trace...)
	r.sameWords("review", e.Review, keys(d.Review))
	r.sameWords("notes", e.Notes, keys(d.Notes))
}

func keys(list []claims.Message) []string {
	var out []string
	for _, m := range list {
		out = append(out, m.Key)
	}
	return out
}

func (r *runner) expectLine(i int, e *caseLine, l *claims.LineDecision) {
	name := "line " + strconv.Itoa(i+1) + ": "
	trace := r.traceLine(l)
	r.sameMoney(name+"paid", e.Paid, l.Paid, trace...)
	if e.Reason != nil {
		got := claims.Accepted
		if len(l.Findings) > 0 && l.Status == claims.Rejected {
			got = l.Findings[0].Reason
		}
		r.same(name+"reason", strconv.Itoa(*e.Reason), strconv.Itoa(int(got)), trace...)
	}
	r.sameMoney(name+"counted", e.Counted, l.Quantity, trace...)
	r.sameMoney(name+"unit", e.Unit, l.Price, trace...)
	r.same(name+"policy", e.Policy, l.Policy, trace...)
	r.same(name+"limit", e.Limit, string(l.Limit), trace...)
	for _, kind := range sortedKeys(e.Steps) {
		got := decimal.Zero
		for _, s := range l.Steps {
			if string(s.Kind) == kind {
				got = s.Amount
			}
		}
		r.sameMoney(name+kind, e.Steps[kind], got, trace...)
	}
	if e.Says != nil {
		said := keys(l.Notes)
		for _, f := range l.Findings {
			said = append(said, f.Message.Key)
		}
		r.sameWords(name+"says", e.Says, said, trace...)
	}
}

func (r *runner) trace(d *claims.Decision) []string {
	var out []string
	for i := range d.Lines {
		out = append(out, r.traceLine(&d.Lines[i])...)
	}
	return out
}

// traceLine tells how the line came to its amount.
func (r *runner) traceLine(l *claims.LineDecision) []string {
	out := []string{fmt.Sprintf("line %d: policy %s, quantity %s at %s", l.Sequence, orElse(l.Policy, "none"), l.Quantity, l.Price)}
	for _, s := range l.Steps {
		out = append(out, fmt.Sprintf("  %s %s", s.Kind, s.Amount))
	}
	for _, f := range l.Findings {
		out = append(out, fmt.Sprintf("  %s (reason %d): %s", f.Rule, f.Reason, r.pack.Text("en", f.Message)))
	}
	for _, m := range l.Notes {
		out = append(out, "  "+r.pack.Text("en", m))
	}
	return out
}
