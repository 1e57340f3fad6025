package enrolment

import "github.com/jamii-health/jamii/internal/date"

// bill adds up lines and keeps the first error.
type bill struct {
	plan  *Plan
	lines []Line
	sum   Money
	err   error
}

// contribution charges every counted member once: inside the lump sum, as an
// extra above the threshold, by head where there is no lump sum, or as one of
// the "others" (openimis-domain 4.3 rules 1 to 3).
func (b *bill) contribution(counted []Member, start date.Date) {
	var adults, children, otherAdults, otherChildren []Member
	for _, m := range counted {
		adult := m.Born.YearsTo(start) >= b.plan.majority()
		switch {
		case m.Relation == Others && adult:
			otherAdults = append(otherAdults, m)
		case m.Relation == Others:
			otherChildren = append(otherChildren, m)
		case adult:
			adults = append(adults, m)
		default:
			children = append(children, m)
		}
	}
	p := b.plan
	if p.LumpSum.IsPos() {
		inAdults, inChildren := len(adults), len(children)
		if t := p.Threshold; t > 0 { // R16: unset means no extras
			inAdults = min(inAdults, t)
			inChildren = min(inChildren, t-inAdults)
		}
		within := append(append([]Member(nil), adults[:inAdults]...), children[:inChildren]...)
		b.add(LineLumpSum, p.LumpSum, within, 1)
		b.perHead(LineExtraAdult, p.PremiumAdult, adults[inAdults:])
		b.perHead(LineExtraChild, p.PremiumChild, children[inChildren:])
	} else {
		b.perHead(LineAdult, p.PremiumAdult, adults)
		b.perHead(LineChild, p.PremiumChild, children)
	}
	b.perHead(LineOtherAdult, p.PremiumAdult, otherAdults)
	b.perHead(LineOtherChild, p.PremiumChild, otherChildren)
}

// fee charges a lump sum, or a fee for each counted member where the lump sum
// is not set (also settled 17).
func (b *bill) fee(kind Kind, lump, fee Money, counted []Member) {
	switch {
	case lump.IsPos():
		b.add(kind, lump, nil, 1)
	case fee.IsPos():
		b.add(kind, fee, nil, len(counted))
	}
}

func (b *bill) perHead(kind Kind, price Money, members []Member) {
	if len(members) > 0 {
		b.add(kind, price, members, len(members))
	}
}

func (b *bill) add(kind Kind, price Money, members []Member, n int) {
	if b.err != nil || n == 0 {
		return
	}
	line := Line{Kind: kind, Quantity: n, Price: price}
	for _, m := range members {
		line.Members = append(line.Members, m.ID)
	}
	if line.Amount, b.err = times(price, n, b.plan.Decimals); b.err != nil {
		return
	}
	b.lines = append(b.lines, line)
	b.sum, b.err = b.sum.Add(line.Amount)
}

// discount takes a percentage off the whole value, fees included (also
// settled 15).
func (b *bill) discount(pct Money) {
	if b.err != nil || !pct.IsPos() || b.sum.IsZero() {
		return
	}
	off, err := percent(b.sum, pct, b.plan.Decimals)
	if err != nil {
		b.err = err
		return
	}
	b.lines = append(b.lines, Line{Kind: LineDiscount, Quantity: 1, Price: pct, Amount: off.Neg()})
	b.sum, b.err = b.sum.Sub(off)
}
