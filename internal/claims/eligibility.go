package claims

import (
	"github.com/jamii-health/jamii/internal/date"
)

// Eligibility answers what the person is covered for on a day (openimis-domain
// 3.6).
type Eligibility struct {
	Engine  string
	Day     date.Date
	InForce bool
	// Findings say why nothing is in force.
	Findings []Finding
	// Covers are those in force, in order of enrolment; Latest is the one that
	// ends last, which stands for all where one must (settled 18), -1 if none.
	Covers     []CoverLeft
	Latest     int
	Items      []ItemLeft // as asked
	Considered []string
}

// CoverLeft is what a cover still gives the person.
type CoverLeft struct {
	Policy      string
	Product     string
	Period      Span // the person's benefit period
	Categories  []CategoryLeft
	Deductibles []LimitLeft
	Ceilings    []LimitLeft
}

// CategoryLeft is what a category of claim still allows. A nil Max, Left or
// Amount is unlimited. Amount is per claim, so always whole (R28).
type CategoryLeft struct {
	Category Category
	Max      *int
	Used     int
	Left     *int
	Amount   *Money
}

// LimitLeft is what is left of a deductible or general ceiling.
type LimitLeft struct {
	Reach  Reach
	Stay   Stay
	Amount Money
	Used   Money
	Left   Money
}

// ItemLeft is what is covered of an article on the day.
type ItemLeft struct {
	Key      ArticleKey
	Excluded bool
	Findings []Finding // why it is excluded, the first stands
	Notes    []Message
	// Policy and Product would be charged; empty when excluded.
	Policy, Product string
	Earliest        date.Date // zero when no product has it
	// Allowed, Used and Left are quantities in the cover's window, of the cover
	// that leaves most; nil is unlimited.
	Allowed, Used, Left *Money
	// Limit and Value are the percentage the scheme pays, or the most it pays
	// per unit.
	Limit Limitation
	Value *Money
	Price *Money // of the facility's list; nil when unknown
}

// Eligibility answers for the day of Facts.Claim (its target date, else the
// date it was made) and the articles asked about. Without a facility the rules
// about facilities are left out. It reads Facts as Decide does and takes
// nothing.
func (e Engine) Eligibility(f Facts, items []ArticleKey) Eligibility {
	c := &f.Claim
	if c.From.IsZero() && c.To.IsZero() {
		c.From = c.Created
	}
	c.Created, c.Lines = date.None, nil // asking about a later day is no fault
	r := newRun(&e, &f)
	out := Eligibility{Engine: Version, Day: r.view.Target, Latest: -1, Considered: considered(f.Covers)}
	out.Findings = r.checkClaim()
	out.InForce = len(out.Findings) == 0
	if out.InForce {
		for at, cover := range r.inForce {
			out.Covers = append(out.Covers, r.coverLeft(cover))
			if out.Latest < 0 || cover.Window().To.After(r.inForce[out.Latest].Window().To) {
				out.Latest = at
			}
		}
	}
	for _, key := range items {
		item := ItemLeft{Key: key, Excluded: true, Findings: r.stamped(out.Findings)}
		if out.InForce {
			item = e.itemLeft(f, key)
		}
		out.Items = append(out.Items, item)
	}
	return out
}

func (r *run) coverLeft(c *Cover) CoverLeft {
	out := CoverLeft{Policy: c.Policy, Product: c.Product.Code, Period: c.Window()}
	for _, category := range [...]Category{Consultation, Surgery, Delivery, Antenatal, Hospitalisation, VisitCategory} {
		left := CategoryLeft{Category: category, Used: r.claimsOf(category, out.Period)}
		if most, ok := c.Product.MaxNo[category]; ok {
			rest := max(0, most-left.Used)
			left.Max, left.Left = &most, &rest
		}
		if most, ok := c.Product.MaxAmount[category]; ok && category != VisitCategory {
			most = r.amount(most)
			left.Amount = &most
		}
		out.Categories = append(out.Categories, left)
	}
	stays := []bool{false, true}
	if c.Product.ByFacility && r.facts.Facility.Level != "" {
		stays = []bool{r.hospital(c.Product)}
	}
	for _, hospital := range stays {
		deductible, ceiling := c.Product.Deductible.pick(hospital), c.Product.Ceiling.pick(hospital)
		deducted, counted := r.spent(c.Policy, deductible, ceiling)
		if deductible.amount != nil {
			out.Deductibles = r.addLimit(out.Deductibles, deductible, r.amount(*deductible.amount), deducted)
		}
		if ceiling.amount != nil {
			out.Ceilings = r.addLimit(out.Ceilings, ceiling, r.ceilingAmount(ceiling, c), counted)
		}
	}
	return out
}

// addLimit adds what is left of a limit, once when it is for all care.
func (r *run) addLimit(to []LimitLeft, l limit, amount, used Money) []LimitLeft {
	if l.stay == AnyCare && len(to) > 0 {
		return to
	}
	return append(to, LimitLeft{Reach: l.reach, Stay: l.stay, Amount: amount, Used: r.sub(used, Money{}), Left: r.left(amount, used)})
}

// itemLeft weighs one article as a claim of its own.
func (e Engine) itemLeft(f Facts, key ArticleKey) ItemLeft {
	f.Claim.Lines = []Line{{Sequence: 1, Kind: key.Kind, Code: key.Code, Quantity: one}}
	r := newRun(&e, &f)
	r.skipFacility = f.Facility.Code == ""
	r.checkLines()
	w := &r.lines[0]
	out := ItemLeft{Key: key, Findings: w.findings, Excluded: !w.passes()}
	if w.article != nil && w.price != nil {
		price := r.amount(listPrice(w))
		out.Price = &price
	}
	if w.passes() {
		cover := r.inForce[w.at]
		out.Policy, out.Product, out.Limit, out.Value = cover.Policy, cover.Product.Code, w.limit, w.value
		if most, ok := cover.Product.MaxAmount[r.view.Category]; ok && r.view.Category != VisitCategory && most.IsZero() {
			out.Excluded = true
			out.Notes = append(out.Notes, message("category-nothing", "category", string(r.view.Category)))
		}
	}
	r.spans(&out)
	return out
}

// spans sets the earliest day and the quantities over the covers that have the
// article: the earliest of the days, the largest of what is left (settled 18).
func (r *run) spans(out *ItemLeft) {
	v, unlimited := &r.view, false
	v.at = 0
	for n := range r.options {
		o := &r.options[n]
		v.Cover, v.Terms = r.inForce[o.at], o.terms
		if day := v.Cover.Matures(o.terms, v.Adult); n == 0 || day.Before(out.Earliest) {
			out.Earliest = day
		}
		used, limit := v.Used(), o.terms.MaxQty(v.Adult)
		switch {
		case unlimited:
		case limit == nil:
			unlimited = true
			out.Allowed, out.Used, out.Left = nil, &used, nil
		default:
			if left := v.Left(*limit, used); out.Left == nil || left.Cmp(*out.Left) > 0 {
				out.Allowed, out.Used, out.Left = limit, &used, &left
			}
		}
	}
}
