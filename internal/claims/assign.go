package claims

// checkLines finds the reasons against each line and the cover of those that
// have none, in PYTHON's order (settled 1).
func (r *run) checkLines() {
	for _, i := range r.order {
		r.checkLine(i)
	}
	if !r.serviceStands() { // a claim of items alone is not stopped (R07)
		return
	}
	worst := r.takeCoversOut()
	if worst == nil {
		return
	}
	for _, i := range r.order {
		r.checkLine(i)
	}
	if r.serviceStands() {
		return
	}
	// No product is left for the visit: every line that stands is refused
	// (R06), the others keep their reason (R26).
	for i := range r.lines {
		if w := &r.lines[i]; w.passes() {
			w.findings, w.at = append(w.findings, *worst), -1
		}
	}
}

func (r *run) serviceStands() bool {
	for i := range r.lines {
		if r.lines[i].passes() && r.facts.Claim.Lines[i].Kind == Service {
			return true
		}
	}
	return false
}

// takeCoversOut asks the visit rules about each cover in force, and returns
// the finding on the first one they take out.
func (r *run) takeCoversOut() *Finding {
	var first *Finding
	v := &r.view
	v.Line, v.Article, v.Price, v.Terms = nil, nil, nil, nil
	for at, cover := range r.inForce {
		v.Cover = cover
		f := r.askAll(ScopeVisit)
		if f.OK() {
			continue
		}
		if r.taken == nil {
			r.taken = make([]Finding, len(r.inForce))
		}
		r.taken[at] = f
		if first == nil {
			first = &r.taken[at]
		}
	}
	return first
}

// askAll returns the first finding of the scope's rules.
func (r *run) askAll(scope Scope) Finding {
	for i := range r.engine.Rules {
		if rule := &r.engine.Rules[i]; rule.Scope == scope {
			if f := r.ask(rule); !f.OK() {
				return f
			}
		}
	}
	return Pass
}

func (r *run) checkLine(i int) {
	v, w := &r.view, &r.lines[i]
	w.findings, w.at, w.cut = nil, -1, Message{}
	v.at, v.Line, v.Article, v.Price, v.Cover, v.Terms = i, &r.facts.Claim.Lines[i], w.article, w.price, nil, nil
	r.findOptions(v.Line)
	own := ScopeItem
	if v.Line.Kind == Service {
		own = ScopeService
	}
	for n := range r.engine.Rules {
		rule := &r.engine.Rules[n]
		if rule.Scope != ScopeLine && rule.Scope != own {
			continue
		}
		if f := r.ask(rule); !f.OK() {
			w.findings = append(w.findings, f)
		}
	}
	faults, left := r.checkOptions()
	switch {
	case left == 0 && len(faults) > 0: // R15: the earliest cover's comes first
		w.findings = append(w.findings, faults...)
	case len(w.findings) > 0: // the rules spoke
	case w.article == nil || left == 0: // whatever the rules: no article or product, no payment
		w.findings = []Finding{{Rule: "assignment", Reason: ReasonNoProduct, Message: message("no-product", "code", v.Line.Code)}}
	default:
		r.assign(w, v.Line)
	}
}

// findOptions collects the covers whose product has the line, the earliest
// first: policy effective date + waiting, then order of enrolment (settled 7).
func (r *run) findOptions(l *Line) {
	r.options = r.options[:0]
	key := ArticleKey{l.Kind, l.Code}
	for at, cover := range r.inForce {
		terms := cover.Product.Lines[key]
		if terms == nil {
			continue
		}
		o := option{at: at, terms: terms}
		if len(r.inForce) > 1 {
			o.since = cover.Effective.AddMonths(terms.waiting(r.view.Adult))
		}
		r.options = append(r.options, o)
		for n := len(r.options) - 1; n > 0 && o.since.Before(r.options[n-1].since); n-- {
			r.options[n], r.options[n-1] = r.options[n-1], r.options[n]
		}
	}
}

// checkOptions asks the cover rules about each option, marks those with a
// fault and counts the rest (R05).
func (r *run) checkOptions() (faults []Finding, left int) {
	v := &r.view
	for n := range r.options {
		o := &r.options[n]
		v.Cover, v.Terms = r.inForce[o.at], o.terms
		for i := range r.engine.Rules {
			rule := &r.engine.Rules[i]
			if rule.Scope != ScopeCover {
				continue
			}
			f := r.ask(rule)
			if !f.OK() {
				o.fault = true
				faults = append(faults, f)
			} else if f.Quantity != nil {
				o.cut = f
			}
		}
		if r.taken != nil && !r.taken[o.at].OK() {
			o.fault = true
			faults = append(faults, r.taken[o.at])
		}
		if !o.fault {
			left++
		}
	}
	return faults, left
}

// assign picks the product that leaves the person to pay least
// (openimis-domain 3.3) among the options without a fault.
func (r *run) assign(w *work, l *Line) {
	best := r.choose(r.comparePrice(w, l))
	w.at, w.terms, w.quantity = best.at, best.terms, l.Quantity
	w.limit, w.value = best.terms.limit(r.visit, r.view.Adult)
	if best.cut.Quantity != nil {
		w.quantity, w.cut = *best.cut.Quantity, best.cut.Message
	}
}

// comparePrice is the price asked, or the list's when none was.
func (r *run) comparePrice(w *work, l *Line) Money {
	if l.Asked != nil {
		return *l.Asked
	}
	return listPrice(w)
}

// choose weighs the co-insurance with the highest percentage against the fixed
// limit with the highest amount; the earliest cover wins a tie.
func (r *run) choose(price Money) *option {
	var share, fixed *option
	var pct, most *Money
	for n := range r.options {
		o := &r.options[n]
		if o.fault {
			continue
		}
		switch kind, value := o.terms.limit(r.visit, r.view.Adult); {
		case kind != Fixed:
			if share == nil || value.Cmp(*pct) > 0 {
				share, pct = o, value
			}
		case fixed == nil, set(most) && (!set(value) || value.Cmp(*most) > 0):
			fixed, most = o, value
		}
	}
	switch {
	case fixed == nil:
		return share
	case share == nil:
		return fixed
	case !set(most) || most.Cmp(price) > 0:
		return fixed
	}
	// Out of pocket with each, times a hundred so that nothing is rounded.
	ownFixed := r.times(r.minus(price, *most), hundred)
	ownShare := r.times(r.minus(hundred, *pct), price)
	if pct.Cmp(hundred) < 0 && ownShare.Cmp(ownFixed) > 0 {
		return fixed
	}
	return share
}

func (c *calc) times(a, b Money) Money {
	d, err := a.Mul(b)
	c.bad = c.bad || err != nil
	return d
}

// applyVerdicts lets a reviewer refuse lines and lower quantities, after
// validation and assignment (settled 11). Prices follow in the valuation.
func (r *run) applyVerdicts() {
	for i := range r.lines {
		w, verdict := &r.lines[i], r.facts.Claim.Lines[i].Review
		if verdict == nil || !w.passes() {
			continue
		}
		if verdict.Reject {
			w.findings = append(w.findings, Finding{Rule: "review", Reason: ReasonOfficer, Message: Message{Key: "review-refused"}})
			w.at = -1
		}
	}
}
