package claims

import (
	"github.com/jamii-health/jamii/internal/date"
)

// View is what a rule sees. Fields outside the rule's scope are nil. A rule
// only reads it, and keeps nothing of it.
type View struct {
	Facts    *Facts
	Target   date.Date // end of the visit, else its start; zero when neither is known
	Stay     bool      // one night or more (R04)
	Adult    bool
	Category Category

	// Line, in line and cover scopes.
	Line    *Line
	Article *Article // nil: not in the register on the day
	Price   *Price   // nil: not in the facility's list on the day

	// Cover and what its product says of the line, in cover scopes; Terms is
	// nil in ScopeVisit.
	Cover *Cover
	Terms *Terms

	rule *Rule
	run  *run
	at   int // index of Line
}

// Refuse is the finding that the rule refuses, said by a key of Texts and its
// arguments in pairs.
func (v *View) Refuse(key string, pairs ...string) Finding {
	return Finding{Rule: v.rule.ID, Reason: v.rule.Reason, Message: message(key, pairs...)}
}

// Cut is the finding that the line passes for no more than a quantity.
func (v *View) Cut(to Money, key string, pairs ...string) Finding {
	return Finding{Rule: v.rule.ID, Message: message(key, pairs...), Quantity: &to}
}

// InForce reports whether any cover insures the person on the target date.
func (v *View) InForce() bool { return len(v.run.inForce) > 0 }

// Covered reports whether the product of any cover in force has the line.
func (v *View) Covered() bool { return len(v.run.options) > 0 }

// Nearest is the other use of the line's article closest to the target date.
// Only passed lines of other claims count (settled 2).
func (v *View) Nearest() (day date.Date, days int, ok bool) {
	key := v.run.lines[v.at].key
	for _, u := range v.run.readUses() {
		if u.key != key {
			continue
		}
		if n := abs(u.day.Sub(v.Target)); !ok || n < days || (n == days && u.day.Before(day)) {
			day, days, ok = u.day, n, true
		}
	}
	return day, days, ok
}

// Used is how much of the line's article the person used in the cover's
// window, under any policy (R09), and in earlier lines of this claim (R08).
func (v *View) Used() Money {
	r, key, window := v.run, v.run.lines[v.at].key, v.Cover.Window()
	var sum Money
	for _, u := range r.readUses() {
		if u.key == key && u.day.Within(window.From, window.To) {
			sum = r.plus(sum, u.quantity)
		}
	}
	for _, i := range r.order {
		if i == v.at {
			break
		}
		if r.lines[i].key == key && r.lines[i].passes() {
			sum = r.plus(sum, r.lines[i].quantity)
		}
	}
	return sum
}

// Left is the limit less what was used, and never below zero.
func (v *View) Left(limit, used Money) Money {
	left := v.run.minus(limit, used)
	if left.IsNeg() {
		return Money{}
	}
	return left
}

// Claims counts the person's other claims of the claim's category in the
// cover's window, those with a passed line (settled 2 and 3).
func (v *View) Claims() int { return v.run.claimsOf(v.Category, v.Cover.Window()) }

func (r *run) claimsOf(category Category, window Span) int {
	var few [16]string
	seen := few[:0]
next:
	for i := range r.facts.History {
		p := &r.facts.History[i]
		if p.Category != category || p.Status != Passed || p.Claim == r.facts.Claim.ID || !p.Target.Within(window.From, window.To) {
			continue
		}
		for n := len(seen) - 1; n >= 0; n-- { // lines of a claim mostly stand together
			if seen[n] == p.Claim {
				continue next
			}
		}
		seen = append(seen, p.Claim)
	}
	return len(seen)
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

func message(key string, pairs ...string) Message {
	m := Message{Key: key}
	if len(pairs) > 0 {
		m.Args = make(map[string]string, len(pairs)/2)
		for i := 0; i+1 < len(pairs); i += 2 {
			m.Args[pairs[i]] = pairs[i+1]
		}
	}
	return m
}
