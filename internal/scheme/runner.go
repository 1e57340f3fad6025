package scheme

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/govalues/decimal"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/claims/rules"
	"github.com/jamii-health/jamii/internal/date"
	"github.com/jamii-health/jamii/internal/enrolment"
)

// Result is the outcome of a worked case.
type Result struct {
	Case
	Faults []Fault // none: the case passed
}

// Fault is one expectation that did not hold, or a step that could not be
// done.
type Fault struct {
	Line      int    // of the step in the file
	What      string // "line 2: paid"
	Want, Got string
	Trace     []string // how the line came to its amount
}

// RunCases runs worked cases against the pack, each from an empty register of
// households: it enrols and pays by the pure functions of enrolment, and
// decides claims by the engine with history and ledger in memory.
func RunCases(p *Pack, cases []Case) []Result {
	out := make([]Result, 0, len(cases))
	for _, c := range cases {
		r := runner{pack: p, engine: claims.Engine{Rules: rules.All()}, members: c.Members}
		for i := range c.Steps {
			r.step(&c.Steps[i])
		}
		out = append(out, Result{Case: c, Faults: r.faults})
	}
	return out
}

// runner is the state of one case.
type runner struct {
	pack     *Pack
	engine   claims.Engine
	members  []caseMember
	policies []enrolment.Policy
	decided  []decided
	faults   []Fault
	line     int // of the step
}

// decided is a claim and what was decided on it.
type decided struct {
	claim     claims.Claim
	person    string
	facility  string
	decision  claims.Decision
	cancelled bool
}

func (r *runner) step(s *caseStep) {
	r.line = s.line
	switch {
	case s.Enrol != nil:
		r.enrol(s.Enrol)
	case s.Pay != nil:
		r.pay(s.Pay)
	case s.Join != nil:
		r.join(s.Join)
	case s.Leave != nil:
		r.change(s.Leave.Policy, paidExpect{}, func(p enrolment.Policy) (enrolment.Policy, enrolment.Effect, error) {
			after, err := p.Leave(s.Leave.Member, s.Leave.On.Date)
			return after, enrolment.Effect{}, err
		})
	case s.Suspend != nil:
		r.change(s.Suspend.Policy, s.Suspend.Expect, func(p enrolment.Policy) (enrolment.Policy, enrolment.Effect, error) {
			return p.Suspend(s.Suspend.On.Date)
		})
	case s.Resume != nil:
		r.change(s.Resume.Policy, s.Resume.Expect, func(p enrolment.Policy) (enrolment.Policy, enrolment.Effect, error) {
			return p.Resume(s.Resume.On.Date)
		})
	case s.Cover != nil:
		r.cover(s.Cover)
	case s.Claim != nil:
		r.claim(s.Claim)
	case s.Cancel != nil:
		if d := r.find(s.Cancel.Claim); d != nil {
			d.cancelled = true
		}
	case s.Review != nil:
		r.review(s.Review)
	}
}

func (r *runner) fault(what, want, got string, trace ...string) {
	r.faults = append(r.faults, Fault{Line: r.line, What: what, Want: want, Got: got, Trace: trace})
}

// same reports a difference; an empty want expects nothing.
func (r *runner) same(what, want, got string, trace ...string) {
	if want != "" && want != got {
		r.fault(what, want, got, trace...)
	}
}

func (r *runner) sameMoney(what string, want amount, got Money, trace ...string) {
	if want.Money != nil && want.Cmp(got) != 0 {
		r.fault(what, want.String(), got.String(), trace...)
	}
}

func (r *runner) sameDay(what string, want day, got date.Date) {
	if !want.IsZero() {
		r.same(what, want.String(), got.String())
	}
}

// sameWords compares lists as sets of words; nil expects nothing.
func (r *runner) sameWords(what string, want, got []string, trace ...string) {
	if want == nil {
		return
	}
	a, b := slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got))
	if !slices.Equal(a, b) {
		r.fault(what, "["+strings.Join(a, ", ")+"]", "["+strings.Join(b, ", ")+"]", trace...)
	}
}

var statusNames = map[claims.Status]string{
	claims.Idle: "idle", claims.Active: "active", claims.Suspended: "suspended", claims.Expired: "expired", claims.Ready: "ready",
}

func member(m caseMember, order int) enrolment.Member {
	return enrolment.Member{ID: m.ID, Born: m.Born.Date, Sex: m.Sex, Relation: m.Relation, Order: order, Left: m.Died.Date}
}

func (r *runner) enrol(s *enrolStep) {
	plan, ok := r.pack.Enrolment(s.Plan, s.On.Date)
	if !ok {
		r.fault("enrol", "a plan that is sold on the day", s.Plan+" is not: "+orElse(oneOf(r.pack.PlansOn(s.On.Date)), "none")+" is")
		return
	}
	var household []enrolment.Member
	for i, m := range r.members {
		household = append(household, member(m, i))
	}
	var succeeds []string
	for _, other := range r.pack.Plans {
		if other.Successor == s.Plan {
			succeeds = append(succeeds, other.Code)
		}
	}
	stage, oldExpiry, duplicate := enrolment.StageFor(plan, r.policies, s.On.Date, succeeds...)
	if duplicate >= 0 {
		r.fault("enrol", "no policy that already gives this cover", r.number(duplicate))
		return
	}
	policy, bill, err := enrolment.Open(plan, stage, s.On.Date, oldExpiry, household)
	if err != nil {
		r.fault("enrol", "a policy", err.Error())
		return
	}
	r.policies = append(r.policies, policy)
	r.expectEnrolment(s, policy, bill)
}

func (r *runner) expectEnrolment(s *enrolStep, policy enrolment.Policy, bill enrolment.Breakdown) {
	var lines []string
	for _, l := range bill.Lines {
		lines = append(lines, fmt.Sprintf("%s: %d x %s = %s", l.Kind, l.Quantity, l.Price, l.Amount))
	}
	e := &s.Expect
	r.sameMoney("value", e.Value, bill.Value, lines...)
	r.sameDay("start", e.Start, policy.Period.Start)
	r.sameDay("expiry", e.Expiry, policy.Period.Expiry)
	r.sameDay("last_payment", e.LastPayment, policy.Period.LastPayment)
	r.same("status", e.Status, statusNames[policy.Status])
	r.same("stage", e.Stage, string(policy.Stage))
	if e.Insured != nil {
		r.same("insured", strconv.Itoa(*e.Insured), strconv.Itoa(len(bill.Insured)))
	}
	var excluded []string
	for _, x := range bill.Excluded {
		excluded = append(excluded, x.ID)
	}
	r.sameWords("excluded", e.Excluded, excluded)
	if e.Bill != nil {
		want, got := map[string]string{}, map[string]string{}
		for kind, a := range e.Bill {
			want[kind] = a.or0().Pad(r.pack.decimals()).String()
		}
		for _, l := range bill.Lines {
			got[string(l.Kind)] = l.Amount.Pad(r.pack.decimals()).String()
		}
		r.same("bill", fmt.Sprint(want), fmt.Sprint(got), lines...)
	}
}

// number names a policy: P1, P2 in order of enrolment.
func (r *runner) number(i int) string { return "P" + strconv.Itoa(i+1) }

// change does something to a policy, the last one unless it is named.
func (r *runner) change(name string, expect paidExpect, do func(enrolment.Policy) (enrolment.Policy, enrolment.Effect, error)) {
	i := len(r.policies) - 1
	if name != "" {
		i = -1
		for n := range r.policies {
			if r.number(n) == name {
				i = n
			}
		}
	}
	if i < 0 {
		r.fault("policy", orElse(name, "a policy"), "there is none: enrol first")
		return
	}
	after, effect, err := do(r.policies[i])
	if err != nil || expect.Refused {
		got := "done"
		if err != nil {
			got = "refused: " + err.Error()
		}
		if (err != nil) != expect.Refused {
			r.fault("step", map[bool]string{true: "refused", false: "done"}[expect.Refused], got)
		}
		return
	}
	r.policies[i] = after
	r.same("status", expect.Status, statusNames[after.Status])
	if expect.Effective != "" {
		r.same("effective", expect.Effective, orElse(after.Effective.String(), "none"))
	}
	r.sameMoney("outstanding", expect.Outstanding, after.Outstanding())
	r.sameMoney("value", expect.Value, after.Value)
	var notes []string
	for _, n := range effect.Notes {
		notes = append(notes, string(n))
	}
	r.sameWords("notes", expect.Notes, notes)
}

func (r *runner) pay(s *payStep) {
	r.change(s.Policy, s.Expect, func(p enrolment.Policy) (enrolment.Policy, enrolment.Effect, error) {
		return p.Pay(enrolment.Payment{
			Receipt: "R" + strconv.Itoa(r.line), Amount: s.Amount.or0(), Date: s.On.Date,
			Type: enrolment.PayType(orElse(s.Type, "C")), Action: enrolment.Action(s.Action), Matched: s.Matched,
		})
	})
}

func (r *runner) join(s *joinStep) {
	plan := r.planOf(s.Policy)
	if plan == nil {
		r.fault("policy", orElse(s.Policy, "a policy"), "there is none: enrol first")
		return
	}
	r.members = append(r.members, s.Member)
	r.change(s.Policy, s.Expect, func(p enrolment.Policy) (enrolment.Policy, enrolment.Effect, error) {
		return p.Join(plan, member(s.Member, len(r.members)-1), s.On.Date)
	})
}

// planOf is the plan version of a policy, the last one unless it is named.
func (r *runner) planOf(name string) *enrolment.Plan {
	var plan *enrolment.Plan
	for i, p := range r.policies {
		if name == "" || name == r.number(i) {
			plan, _ = r.pack.Enrolment(p.Plan, p.Enrolled) // it was enrolled under it
		}
	}
	return plan
}

func (r *runner) cover(s *coverStep) {
	got := false
	for i := range r.policies {
		got = got || r.policies[i].Covers(s.Person, s.On.Date)
	}
	r.same("covered", strconv.FormatBool(s.Expect), strconv.FormatBool(got))
}

func (r *runner) find(id string) *decided {
	for i := range r.decided {
		if r.decided[i].claim.ID == id {
			return &r.decided[i]
		}
	}
	r.fault("claim", id, "there is no such claim before this step: give the earlier claim this id")
	return nil
}

func orOne(a amount) Money {
	if a.Money == nil {
		return decimal.One
	}
	return *a.Money
}
