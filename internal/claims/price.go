package claims

// listPrice is the price list's own price, else the register's. A list price
// of 0 is free of charge (R30).
func listPrice(w *work) Money {
	switch {
	case w.price != nil && w.price.Overrule != nil:
		return *w.price.Overrule
	case w.article != nil:
		return w.article.Price
	}
	return Money{}
}

// unitPrice is the price a line is valued at, and the sentences why it is not
// the one asked (openimis-domain 3.5 step b).
func (r *run) unitPrice(w *work, l *Line, d *LineDecision) Money {
	unit := r.ownPrice(w, l, d)
	switch w.article.Package {
	case "F": // R17: never above the register price of the day
		if unit.Cmp(w.article.Price) > 0 {
			unit = w.article.Price
			d.note("package-capped", "price", r.text(unit))
		}
	case "P":
		if !holds(l.Parts, w.article.Parts) {
			unit = Money{} // settled 10
			d.note("package-mismatch", "code", l.Code)
		}
	}
	if l.Review != nil && l.Review.Price != nil {
		unit = r.reviewedPrice(w, l, unit, d)
	}
	return unit
}

// ownPrice is the provider's own price for origin O; else the list price, or
// the price asked when that is lower (R01).
func (r *run) ownPrice(w *work, l *Line, d *LineDecision) Money {
	if w.terms.Origin == ProviderPrice {
		if l.Asked == nil {
			d.note("no-price", "code", l.Code)
			return Money{}
		}
		return *l.Asked
	}
	list := listPrice(w)
	if l.Asked == nil {
		return list
	}
	switch cmp := l.Asked.Cmp(list); {
	case cmp > 0:
		d.note("list-price", "asked", r.text(*l.Asked), "price", r.text(list))
	case cmp < 0 && r.facts.Settings.PriceCap == "list":
		d.note("list-price-above", "asked", r.text(*l.Asked), "price", r.text(list))
	case cmp < 0:
		return *l.Asked
	}
	return list
}

// reviewedPrice is the reviewer's price, which replaces any other but may not
// exceed what was asked (R01).
func (r *run) reviewedPrice(w *work, l *Line, unit Money, d *LineDecision) Money {
	price, asked := *l.Review.Price, r.comparePrice(w, l)
	if price.IsNeg() {
		price = Money{}
	}
	if price.Cmp(asked) > 0 {
		price = asked
	}
	if price.Cmp(unit) != 0 {
		d.note("review-price", "price", r.text(price), "before", r.text(unit))
	}
	return price
}

// holds reports whether every part of the package is there in the exact
// quantity, once, whatever the line's quantity (R18).
func holds(got, want []Part) bool {
next:
	for _, need := range want {
		var sum Money
		found := false
		for _, part := range got {
			if part.Kind != need.Kind || part.Code != need.Code {
				continue
			}
			total, err := sum.Add(part.Quantity)
			if err != nil {
				return false
			}
			sum, found = total, true
		}
		if found && sum.Cmp(need.Quantity) == 0 {
			continue next
		}
		return false
	}
	return true
}

// text writes an amount with the currency's decimals; an amount that has more
// keeps them.
func (r *run) text(m Money) string { return m.Pad(r.decimals).String() }

func (d *LineDecision) note(key string, pairs ...string) {
	d.Notes = append(d.Notes, message(key, pairs...))
}
