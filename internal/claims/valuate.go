package claims

import "github.com/govalues/decimal"

// account is what one policy still has for the claim.
type account struct {
	open     bool
	hospital bool
	// deductible and ceiling are the limits, and what is left of them.
	deductible, ceiling limit
	toDeduct, room      Money
	// category is what is left of the ceiling per claim; limited when there is
	// one.
	category Money
	limited  bool

	deducted, counted, paid Money
}

func whole(n int) Money { return decimal.MustNew(int64(n), 0) }

// account finds the policy's account, opening it at first use.
func (r *run) account(accounts []account, at int) *account {
	cover := r.inForce[at]
	for i := range accounts { // a person who left and came back has two covers of one policy
		if accounts[i].open && r.inForce[i].Policy == cover.Policy {
			return &accounts[i]
		}
	}
	if !accounts[at].open {
		r.openAccount(&accounts[at], cover)
	}
	return &accounts[at]
}

// openAccount reads a policy's limits and what other claims took of them
// (openimis-domain 3.5 steps 1 to 4).
func (r *run) openAccount(a *account, c *Cover) {
	p := c.Product
	zero := r.amount(Money{})
	a.open, a.hospital = true, r.hospital(p)
	a.deducted, a.counted, a.paid = zero, zero, zero
	a.deductible, a.ceiling = p.Deductible.pick(a.hospital), p.Ceiling.pick(a.hospital)
	deducted, counted := r.spent(c.Policy, a.deductible, a.ceiling)
	a.toDeduct, a.room = zero, zero
	if a.deductible.amount != nil {
		a.toDeduct = r.left(r.amount(*a.deductible.amount), deducted)
	}
	if a.ceiling.amount != nil {
		a.room = r.left(r.ceilingAmount(a.ceiling, c), counted)
	}
	a.category, a.limited = zero, false
	switch r.view.Category {
	case Surgery, Delivery, Antenatal, Hospitalisation, Consultation:
		if most, ok := p.MaxAmount[r.view.Category]; ok { // 0 pays nothing (R12)
			a.category, a.limited = r.amount(most), true
		}
	}
}

// value fills the decision's lines, sums and ledger rows (openimis-domain 3.5
// steps 5 and 6): items first, then services.
func (r *run) value(d *Decision) {
	lines := r.facts.Claim.Lines
	d.Lines = make([]LineDecision, len(lines))
	d.Asked, d.Paid = r.amount(Money{}), r.amount(Money{})
	accounts := make([]account, len(r.inForce))
	steps := make([]Step, 0, len(lines)*5)
	for _, i := range r.order {
		w, l, out := &r.lines[i], &lines[i], &d.Lines[i]
		from := len(steps)
		steps = r.submitted(w, l, out, steps)
		d.Asked = r.add(d.Asked, steps[from].Amount)
		if w.passes() {
			a := r.account(accounts, w.at)
			steps = r.valueLine(w, l, out, a, steps)
			d.Paid = r.add(d.Paid, out.Paid)
		}
		steps = append(steps, Step{StepBenefit, out.Paid})
		out.Steps = steps[from:len(steps):len(steps)]
	}
	r.book(d, accounts)
}

// submitted starts a line's decision with what was asked.
func (r *run) submitted(w *work, l *Line, out *LineDecision, steps []Step) []Step {
	zero := r.amount(Money{})
	*out = LineDecision{
		Sequence: l.Sequence, Kind: l.Kind, Status: Rejected, Findings: w.findings, Quantity: zero, Price: zero, Paid: zero,
	}
	asked := zero
	if !r.blank {
		asked = r.mul(l.Quantity, r.comparePrice(w, l))
	}
	return append(steps, Step{StepSubmitted, asked})
}

// valueLine takes the money steps of a passed line.
func (r *run) valueLine(w *work, l *Line, out *LineDecision, a *account, steps []Step) []Step {
	cover := r.inForce[w.at]
	out.Status, out.Policy, out.Product = Passed, cover.Policy, cover.Product.Code
	out.Origin, out.Limit, out.LimitVal = w.terms.Origin, w.limit, w.value
	unit := r.unitPrice(w, l, out)
	quantity := r.quantity(w, l, out)
	out.Price, out.Quantity = unit.Pad(r.decimals), quantity
	steps = append(steps, Step{StepListPrice, r.mul(l.Quantity, unit)})
	take := func(kind StepKind, amount Money) {
		if amount.IsPos() {
			steps = append(steps, Step{kind, amount})
		}
	}

	left := r.mul(quantity, unit)
	if w.limit == Fixed && set(w.value) {
		if most := r.mul(quantity, *w.value); most.Cmp(left) < 0 {
			cut := r.sub(left, most)
			take(StepFixedLimit, cut)
			out.note("fixed-limit", "limit", r.text(*w.value), "amount", r.text(cut))
			left = most
		}
	}
	steps = append(steps, Step{StepEligible, left})
	deducted := r.deduct(a, left, out)
	take(StepDeductible, deducted)
	left = r.sub(left, deducted)
	if w.limit == CoInsurance && w.value.Cmp(hundred) < 0 {
		pays := r.percent(left, *w.value)
		own := r.sub(left, pays)
		take(StepCopay, own)
		if own.IsPos() {
			out.note("copay", "percent", Number(*w.value), "amount", r.text(own))
		}
		left = pays
	}
	over := r.overCategory(a, left, out)
	take(StepCategoryCeiling, over)
	left = r.sub(left, over)
	over = r.overCeiling(a, w, left, out)
	take(StepGeneralCeiling, over)
	out.Paid = r.sub(left, over)
	a.paid = r.add(a.paid, out.Paid)
	if w.terms.Origin == RelativePrice {
		out.Awaits = true
		out.note("awaits-batch", "amount", r.text(out.Paid))
	}
	return steps
}

// quantity is what was asked, cut down by a limit, and by a reviewer but never
// up (settled 11).
func (r *run) quantity(w *work, l *Line, out *LineDecision) Money {
	q := w.quantity
	if w.cut.Key != "" {
		out.Notes = append(out.Notes, w.cut)
	}
	if l.Review != nil && l.Review.Quantity != nil && l.Review.Quantity.Cmp(q) < 0 {
		before := q
		if q = *l.Review.Quantity; q.IsNeg() {
			q = Money{}
		}
		out.note("review-quantity", "quantity", Number(q), "before", Number(before))
	}
	return q
}

// deduct takes the deductible that is left, before the co-insurance (3.5 step
// d).
func (r *run) deduct(a *account, amount Money, out *LineDecision) Money {
	if !a.toDeduct.IsPos() || !amount.IsPos() {
		return r.amount(Money{})
	}
	deducted := amount.Min(a.toDeduct)
	a.toDeduct = r.sub(a.toDeduct, deducted)
	a.deducted = r.add(a.deducted, deducted)
	out.note("deductible-"+string(a.deductible.reach), "amount", r.text(deducted), "limit", r.text(*a.deductible.amount), "left", r.text(a.toDeduct))
	return deducted
}

// overCategory is what exceeds the ceiling per claim and policy of the claim's
// category; used up by what is left after it (3.5 step f, R13).
func (r *run) overCategory(a *account, amount Money, out *LineDecision) Money {
	if !a.limited {
		return r.amount(Money{})
	}
	fits := amount.Min(a.category)
	over := r.sub(amount, fits)
	if over.IsPos() {
		out.note("category-ceiling", "category", string(r.view.Category), "left", r.text(a.category), "amount", r.text(over))
	}
	a.category = r.sub(a.category, fits)
	return over
}

// overCeiling is what exceeds the general ceiling. Lines the product excludes
// from it are paid in full and do not use it (3.5 steps g and h, settled 9).
func (r *run) overCeiling(a *account, w *work, amount Money, out *LineDecision) Money {
	zero := r.amount(Money{})
	if w.terms.exclusion(r.view.Adult, a.hospital) {
		return zero
	}
	if a.ceiling.amount == nil {
		a.counted = r.add(a.counted, amount)
		return zero
	}
	fits := amount.Min(a.room)
	over := r.sub(amount, fits)
	if over.IsPos() {
		out.note("ceiling-"+string(a.ceiling.reach), "left", r.text(a.room), "amount", r.text(over))
	}
	a.room = r.sub(a.room, fits)
	a.counted = r.add(a.counted, fits)
	return over
}
