package claims

import "github.com/jamii-health/jamii/internal/date"

// CoversOn reports whether the cover insures the person on the day: an active
// policy in force, the member's own span open, and no suspension. An expired
// policy still covers the days of its period; a suspended one covers those
// before its suspension (openimis-domain 3.2 check 3; claim-readings settled
// 13).
func (c *Cover) CoversOn(day date.Date) bool {
	switch c.Status {
	case Active, Expired:
	case Suspended:
		if !c.suspensionKnown() {
			return false
		}
	default:
		return false
	}
	if day.IsZero() || c.Effective.IsZero() || c.Member.From.IsZero() {
		return false
	}
	return day.Within(c.Effective, c.Expiry) && day.Within(c.Member.From, c.Member.To) && !c.suspendedOn(day)
}

func (c *Cover) suspensionKnown() bool {
	for _, gap := range c.Gaps {
		if gap.To.IsZero() {
			return true
		}
	}
	return false
}

func (c *Cover) suspendedOn(day date.Date) bool {
	for _, gap := range c.Gaps {
		if day.Within(gap.From, gap.To) {
			return true
		}
	}
	return false
}

// Window is the span in which uses and claims of the person count (settled 3).
func (c *Cover) Window() Span {
	return Span{From: c.Member.From, To: date.Min(c.Expiry, c.Member.To)}
}

// Waits reports whether waiting periods apply: to a new policy, or to a member
// who joined after it started (openimis-domain 3.2 check 10, R14).
func (c *Cover) Waits() bool {
	return c.Stage == New || c.Member.From.After(c.Effective)
}

// Matures is the first day the member may use an article with these terms:
// the member's effective date, and the waiting time when it applies. Months
// are clamped (R03).
func (c *Cover) Matures(t *Terms, adult bool) date.Date {
	months := t.waiting(adult)
	if months <= 0 || !c.Waits() {
		return c.Member.From
	}
	return c.Member.From.AddMonths(months)
}

// members counts who is in force on the day.
func (c *Cover) members(day date.Date) int {
	n := 0
	for _, m := range c.Members {
		if !m.From.IsZero() && day.Within(m.From, m.To) {
			n++
		}
	}
	return n
}

// waiting is the months to wait for the article.
func (t *Terms) waiting(adult bool) int {
	if adult {
		return t.WaitingAdult
	}
	return t.WaitingChild
}

// MaxQty is the most a person may use of the article in the cover's window,
// nil when unlimited.
func (t *Terms) MaxQty(adult bool) *Money {
	if adult {
		return t.MaxQtyAdult
	}
	return t.MaxQtyChild
}

// limit is the limitation for the visit: 100 percent when a co-insurance is
// not set, nil when a fixed amount is not (settled 6).
func (t *Terms) limit(visit Visit, adult bool) (Limitation, *Money) {
	kind := t.Limitation[visit]
	value := t.LimitChild[visit]
	if adult {
		value = t.LimitAdult[visit]
	}
	if kind != Fixed {
		if value == nil || value.Cmp(hundred) > 0 {
			value = &hundred
		}
		return CoInsurance, value
	}
	return Fixed, value
}

// exclusion reports whether the article does not count against the ceiling
// (openimis-domain 3.5 step g).
func (t *Terms) exclusion(adult, hospital bool) bool {
	mark := t.ExclusionChild
	if adult {
		mark = t.ExclusionAdult
	}
	return mark == "B" || (mark == "H" && hospital) || (mark == "N" && !hospital)
}

// category of the claim: the first of S, D, A, H, C, O, V among its services,
// refused ones too (R33); a stay adds H (openimis-domain 3.4, R11).
func (r *run) category() Category {
	var has [7]bool
	order := [7]Category{Surgery, Delivery, Antenatal, Hospitalisation, Consultation, OtherCategory, VisitCategory}
	has[3] = r.view.Stay
	for i := range r.lines {
		a := r.lines[i].article
		if a == nil || a.Kind != Service {
			continue
		}
		for n, c := range order {
			has[n] = has[n] || a.Category == c
		}
	}
	for n, c := range order {
		if has[n] {
			return c
		}
	}
	return VisitCategory
}
