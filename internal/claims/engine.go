package claims

import (
	"github.com/jamii-health/jamii/internal/date"
)

// Version names the engine in decisions, so that a replay knows what decided.
// It changes whenever the same facts could give another decision.
const Version = "1"

// Engine decides claims by a list of rules. The order of the list is the order
// of the reasons. An Engine is read-only and safe for parallel use.
type Engine struct {
	Rules []Rule
}

// Scope says what a rule is asked about.
type Scope int

// The scopes.
const (
	ScopeClaim   Scope = iota + 1 // once; a finding refuses every line
	ScopeLine                     // each line, item or service
	ScopeItem                     // each item
	ScopeService                  // each service
	ScopeCover                    // each line with each cover whose product has it; a finding takes that cover out (R05)
	ScopeVisit                    // each cover, once a service line stands; a finding takes that cover out for the whole claim (R06, R07)
)

// Rule is one check, as a value.
type Rule struct {
	ID     string // "waiting-period"
	Cite   string // where it is written
	Reason Reason
	// Stamp is the reason that lines get from a claim rule; 0 is Reason.
	Stamp Reason
	// From is the first target date the rule is for; zero is any.
	From  date.Date
	Scope Scope
	// AtFacility rules are left out of an eligibility answer that names no
	// facility.
	AtFacility bool
	// Check looks at the view and returns Pass, or what Refuse or Cut of the
	// view made.
	Check func(*View) Finding
}

// Pass is the finding of a rule that has nothing to say.
var Pass = Finding{}

// Decide decides the claim. It has no effect and never fails: what cannot be
// decided is refused with a reason. The same facts give the same decision, and
// the facts are not changed.
func (e Engine) Decide(f Facts) Decision {
	r := newRun(&e, &f)
	d := Decision{Engine: Version, Category: r.view.Category, Target: r.view.Target, Considered: considered(f.Covers)}
	if !r.sane() {
		r.refuseAmounts(&d)
	} else if findings := r.checkClaim(); len(findings) > 0 {
		d.Reason = findings[0].Reason
		r.refuseAll(r.stamped(findings))
	} else {
		r.checkLines()
		r.applyVerdicts()
	}
	r.value(&d)
	if r.bad { // an amount does not fit: refuse rather than guess
		r.refuseAmounts(&d)
		r.value(&d)
	}
	r.conclude(&d)
	return d
}

// tooLarge is the finding about amounts that are negative or do not fit in 19
// digits; the door refuses these, so it is a second lock.
var tooLarge = Finding{Rule: "amounts", Reason: ReasonInvalidClaim, Message: Message{Key: "amounts"}}

// refuseAmounts refuses the whole claim and leaves no amount in it.
func (r *run) refuseAmounts(d *Decision) {
	r.bad, r.blank = false, true
	r.decimals = max(0, min(r.decimals, 19))
	r.refuseAll([]Finding{tooLarge})
	d.Reason, d.Entries, d.Notes = ReasonInvalidClaim, nil, nil
}

// considered lists the policies once each, in the order given.
func considered(covers []Cover) []string {
	out := make([]string, 0, len(covers))
next:
	for i := range covers {
		for _, seen := range out {
			if seen == covers[i].Policy {
				continue next
			}
		}
		out = append(out, covers[i].Policy)
	}
	return out
}

// conclude sets the state: the claim is refused when no line passed (3.2 check
// 14), else queued, or processed when a price is relative, or valuated.
func (r *run) conclude(d *Decision) {
	passed, awaits := false, false
	for i := range d.Lines {
		passed = passed || d.Lines[i].Status == Passed
		awaits = awaits || d.Lines[i].Awaits
	}
	switch {
	case !passed:
		d.State = StateRejected
		if d.Reason == Accepted {
			d.Reason = ReasonNotInRegister // R27
		}
		return
	case awaits:
		d.State = StateProcessed
	default:
		d.State = StateValuated
	}
	if d.Review = r.review(d); len(d.Review) > 0 {
		d.State = StateChecked
	}
	if r.facts.Claim.Use == UsePredetermination {
		d.Notes = append(d.Notes, Message{Key: "predetermination"})
	}
}
