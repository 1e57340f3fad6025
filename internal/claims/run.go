package claims

import (
	"slices"

	"github.com/jamii-health/jamii/internal/date"
)

// run is the working state of one decision.
type run struct {
	engine *Engine
	facts  *Facts
	calc
	view  View
	visit Visit
	// skipFacility leaves out the rules about the facility.
	skipFacility bool
	// blank leaves amounts out of a claim whose amounts do not fit.
	blank bool

	lines    []work // as Claim.Lines
	order    []int  // items, then services, then what is neither; each in the claim's order
	uses     []use
	usesRead bool
	inForce  []*Cover
	// taken says which covers in force a visit rule took out, once it counts.
	taken []Finding

	options []option // of the line at hand, earliest cover first
}

// work is the state of a line.
type work struct {
	key      int // index of the first line with the same article
	article  *Article
	price    *Price
	findings []Finding
	at       int // of the cover in inForce; -1 while none is assigned
	terms    *Terms
	limit    Limitation
	value    *Money
	quantity Money   // that counts
	cut      Message // why it is less than what was asked
}

func (w *work) passes() bool { return w.at >= 0 && len(w.findings) == 0 }

// use is one use of an article of the claim in another claim.
type use struct {
	key      int
	day      date.Date
	quantity Money
}

// option is a cover in force whose product has the line at hand.
type option struct {
	at    int // in inForce
	terms *Terms
	since date.Date // policy effective date + waiting, for the order
	fault bool
	cut   Finding
}

func newRun(e *Engine, f *Facts) *run {
	c := &f.Claim
	r := &run{engine: e, facts: f, calc: calc{decimals: f.Settings.Decimals}, visit: c.Visit}
	if r.visit != Emergency && r.visit != Referral {
		r.visit = Other
	}
	v := &r.view
	v.Facts, v.run = f, r
	if v.Target = c.To; v.Target.IsZero() {
		v.Target = c.From
	}
	v.Stay = !c.From.IsZero() && c.To.After(c.From)
	v.Adult = adult(f, v.Target)
	for i := range f.Covers {
		if f.Covers[i].Product != nil && f.Covers[i].CoversOn(v.Target) {
			r.inForce = append(r.inForce, &f.Covers[i])
		}
	}
	r.readLines()
	v.Category = r.category()
	return r
}

// adult at the target date: age of majority 18 when the scheme says nothing,
// and who has no birth date on record counts as one.
func adult(f *Facts, on date.Date) bool {
	majority := f.Settings.AgeOfMajority
	if majority == 0 {
		majority = 18
	}
	return f.Person.Born.IsZero() || on.IsZero() || f.Person.Born.YearsTo(on) >= majority
}

// readLines looks up each line.
func (r *run) readLines() {
	lines := r.facts.Claim.Lines
	r.lines = make([]work, len(lines))
	r.order = make([]int, 0, len(lines))
	for _, kind := range [...]Kind{Item, Service, ""} {
		for i := range lines {
			if k := lines[i].Kind; k == kind || (kind == "" && k != Item && k != Service) {
				r.order = append(r.order, i)
			}
		}
	}
	find := r.finder()
	for i := range lines {
		l, w := &lines[i], &r.lines[i]
		w.at, w.key = -1, find(l.Kind, l.Code)
		r.lookUp(l, w)
	}
}

// readUses collects what other claims used of the claim's articles, when the
// first rule asks: history is read once, whatever the number of lines.
func (r *run) readUses() []use {
	if r.usesRead {
		return r.uses
	}
	r.usesRead = true
	find := r.finder()
	for i := range r.facts.History {
		p := &r.facts.History[i]
		if p.Status != Passed || p.Claim == r.facts.Claim.ID {
			continue
		}
		if key := find(p.Kind, p.Code); key >= 0 {
			if r.uses == nil {
				r.uses = make([]use, 0, min(len(r.facts.History)-i, 64))
			}
			r.uses = append(r.uses, use{key, p.Target, p.Quantity})
		}
	}
	return r.uses
}

// finder gives the first line with an article, or -1: by scanning while the
// claim is short, as nearly all are, else through a map.
func (r *run) finder() func(Kind, string) int {
	lines := r.facts.Claim.Lines
	if len(lines) <= 16 {
		return func(kind Kind, code string) int {
			for i := range lines {
				if lines[i].Code == code && lines[i].Kind == kind {
					return i
				}
			}
			return -1
		}
	}
	first := make(map[ArticleKey]int, len(lines))
	for i := range lines {
		key := ArticleKey{lines[i].Kind, lines[i].Code}
		if _, ok := first[key]; !ok {
			first[key] = i
		}
	}
	return func(kind Kind, code string) int {
		if i, ok := first[ArticleKey{kind, code}]; ok {
			return i
		}
		return -1
	}
}

func (r *run) lookUp(l *Line, w *work) {
	if r.facts.Register == nil || r.view.Target.IsZero() || (l.Kind != Item && l.Kind != Service) {
		return
	}
	list := r.facts.Facility.ServiceList
	if l.Kind == Item {
		list = r.facts.Facility.ItemList
	}
	w.article, _ = r.facts.Register.Article(l.Kind, l.Code, r.view.Target)
	if list != "" {
		w.price, _ = r.facts.Register.Price(list, l.Kind, l.Code, r.view.Target)
	}
}

// sane is the second lock behind the door: quantities above zero, no negative
// price.
func (r *run) sane() bool {
	for i := range r.facts.Claim.Lines {
		l := &r.facts.Claim.Lines[i]
		if !l.Quantity.IsPos() || (l.Asked != nil && l.Asked.IsNeg()) {
			return false
		}
	}
	return r.decimals >= 0 && r.decimals <= 19
}

// ask puts the view to a rule, when it is in force on the day.
func (r *run) ask(rule *Rule) Finding {
	if r.view.Target.Before(rule.From) || (rule.AtFacility && r.skipFacility) {
		return Pass
	}
	r.view.rule = rule
	return rule.Check(&r.view)
}

func (r *run) checkClaim() []Finding {
	var out []Finding
	for i := range r.engine.Rules {
		rule := &r.engine.Rules[i]
		if rule.Scope != ScopeClaim {
			continue
		}
		if f := r.ask(rule); !f.OK() {
			out = append(out, f)
		}
	}
	return out
}

// stamped gives the claim's findings as they stand on its lines.
func (r *run) stamped(findings []Finding) []Finding {
	out := slices.Clone(findings)
	for i := range out {
		for n := range r.engine.Rules {
			if rule := &r.engine.Rules[n]; rule.ID == out[i].Rule && rule.Stamp != Accepted {
				out[i].Reason = rule.Stamp
			}
		}
	}
	return out
}

func (r *run) refuseAll(findings []Finding) {
	for i := range r.lines {
		r.lines[i].findings = slices.Clone(findings)
		r.lines[i].at = -1
	}
}
