package enrolment

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
)

// script is a policy and what happens to it, one step a string:
//
//	"open 2026-01-01", "pay 2026-01-02 2000 [ACTION] [photo] [matched]",
//	"back RECEIPT" (receipts are r1, r2 ... in order), "suspend D", "resume D",
//	"activate D", "expire D", "leave ID D", "join ID D"
func play(t *testing.T, plan *Plan, members []Member, steps ...string) (Policy, Effect, error) {
	t.Helper()
	var (
		p      Policy
		effect Effect
		err    error
		n      int
	)
	for _, step := range steps {
		f := strings.Fields(step)
		switch f[0] {
		case "open":
			p, _, err = Open(plan, claims.New, day(f[1]), date.None, members)
		case "pay":
			n++
			pay := Payment{Receipt: fmt.Sprint("r", n), Date: day(f[1]), Amount: money(f[2])}
			for _, word := range f[3:] {
				switch word {
				case "photo":
					pay.PhotoFee = true
				case "matched":
					pay.Matched = true
				default:
					pay.Action = Action(word)
				}
			}
			p, effect, err = p.Pay(pay)
		case "back":
			p, effect, err = p.TakeBack(f[1], day("2027-06-01"))
		case "suspend":
			p, effect, err = p.Suspend(day(f[1]))
		case "resume":
			p, effect, err = p.Resume(day(f[1]))
		case "activate":
			p, effect, err = p.Activate(day(f[1]))
		case "expire":
			p, _ = p.Expire(day(f[1]))
		case "leave":
			p, err = p.Leave(f[1], day(f[2]))
		case "join":
			p, effect, err = p.Join(plan, Member{ID: f[1], Born: day("2026-01-15"), Relation: 4, Order: 99}, day(f[2]))
		default:
			t.Fatalf("unknown step %q", step)
		}
		if err != nil {
			return p, effect, err
		}
	}
	return p, effect, nil
}

func nepalWith(change func(*Plan)) *Plan {
	p := nepal()
	change(p)
	return p
}

var (
	onPayment  = nepalWith(func(p *Plan) { p.Activation = OnPayment })
	onApproval = nepalWith(func(p *Plan) { p.Activation = OnApproval })
	july       = nepalWith(func(p *Plan) { p.Cycles = yearly("07-01") })
)

// same compares amounts and dates by value.
var same = cmp.Options{
	cmp.Comparer(Money.Equal),
	cmpopts.EquateComparable(date.Date{}),
	cmpopts.EquateEmpty(),
	cmpopts.IgnoreUnexported(Policy{}),
}

func TestV19PartPayments(t *testing.T) {
	p, _, err := play(t, nepal(), family(2, 3), "open 2026-01-01", "pay 2026-01-05 2000")
	if err != nil || p.Status != claims.Idle || !p.Effective.IsZero() {
		t.Fatalf("after 2000: %v %v %v, want Idle", p.Status, p.Effective, err)
	}
	p, effect, err := p.Pay(Payment{Receipt: "r2", Amount: money("1500"), Date: day("2026-02-10")})
	if err != nil {
		t.Fatal(err)
	}
	want := Effect{From: claims.Idle, To: claims.Active, Effective: day("2026-02-10"), Outstanding: money("0.00"), Notes: []Note{NoteLate}}
	if diff := cmp.Diff(want, effect, same); diff != "" {
		t.Errorf("effect (-want +got):\n%s", diff)
	}
	for _, m := range p.Members {
		if m.Effective != day("2026-02-10") || m.Expiry != day("2026-12-31") {
			t.Errorf("%s covered %s to %s", m.ID, m.Effective, m.Expiry)
		}
	}
}

func TestPayments(t *testing.T) {
	tests := []struct {
		name      string
		plan      *Plan
		steps     string // after opening on 2026-01-01, separated by ";"
		status    claims.Status
		effective string
		rest      string
		notes     []Note // of the last step
	}{
		{"nothing paid", nepal(), "", claims.Idle, "", "3500", nil},
		{"part", nepal(), "pay 2026-01-01 2000", claims.Idle, "", "1500", []Note{NoteUnchanged}},
		{"part, wait", nepal(), "pay 2026-01-01 2000 WAIT", claims.Idle, "", "1500", []Note{NoteUnchanged}},
		{"exact", nepal(), "pay 2026-01-01 3500", claims.Active, "2026-01-01", "0", nil},
		{"exact, wait is not asked", nepal(), "pay 2026-01-01 3500 WAIT", claims.Active, "2026-01-01", "0", nil},
		{"before the start: effective at the start", july, "pay 2026-02-01 3500", claims.Active, "2026-07-01", "0", nil},
		{"over, before the start: the start too", july, "pay 2026-02-01 3600", claims.Active, "2026-07-01", "0", []Note{NoteOverPaid}},
		{"enforced, before the start: the start too", july, "pay 2026-02-01 1 ENFORCE", claims.Active, "2026-07-01", "3499", []Note{NoteEnforced}},
		{"over", nepal(), "pay 2026-01-09 4000", claims.Active, "2026-01-09", "0", []Note{NoteOverPaid, NoteLate}},
		{"over by several", nepal(), "pay 2026-01-01 3000;pay 2026-01-09 1000", claims.Active, "2026-01-09", "0", []Note{NoteOverPaid, NoteLate}},
		{"enforced part", nepal(), "pay 2026-01-01 100 ENFORCE", claims.Active, "2026-01-01", "3400", []Note{NoteEnforced}},
		{"enforced without money", nepal(), "pay 2026-01-01 0 ENFORCE", claims.Active, "2026-01-01", "3500", []Note{NoteEnforced}},
		{"suspended", nepal(), "pay 2026-01-01 3500 SUSPEND", claims.Suspended, "", "0", nil},
		{"a photo fee never counts", nepal(), "pay 2026-01-01 3500 photo", claims.Idle, "", "3500", []Note{NotePhotoFee, NoteUnchanged}},
		{"nor enforces", nepal(), "pay 2026-01-01 10 photo ENFORCE", claims.Idle, "", "3500", []Note{NotePhotoFee, NoteUnchanged}},
		{"after activation nothing changes", nepal(), "pay 2026-01-01 3500;pay 2026-03-01 100", claims.Active, "2026-01-01", "0", []Note{NoteOverPaid, NoteUnchanged}},
		{"after activation it can suspend", nepal(), "pay 2026-01-01 3500;pay 2026-03-01 0 SUSPEND", claims.Suspended, "2026-01-01", "0", nil},
		{"booked in another order: the day the sum was reached", nepal(), "pay 2026-01-20 2000;pay 2026-01-05 1500", claims.Active, "2026-01-20", "0", []Note{NoteLate}},
		{"on the last day", nepal(), "pay 2026-12-31 3500", claims.Active, "2026-12-31", "0", []Note{NoteLate}},
		{"after the last day", nepal(), "pay 2027-01-01 3500", claims.Idle, "", "0", []Note{NoteExpired, NoteUnchanged}},
		{"option 2: ready", onPayment, "pay 2026-01-01 3500", claims.Ready, "", "0", []Note{NoteAwaits}},
		{"option 2: matched at once", onPayment, "pay 2026-01-02 3500 matched", claims.Active, "2026-01-02", "0", []Note{NoteLate}},
		{"option 2: matched later", onPayment, "pay 2026-01-01 3500;activate 2026-01-04", claims.Active, "2026-01-04", "0", nil},
		{"option 2: part, matched", onPayment, "pay 2026-01-01 100 matched", claims.Idle, "", "3400", []Note{NoteUnchanged}},
		{"option 2: suspended, then matched", onPayment, "suspend 2026-01-02;pay 2026-01-05 3500 matched", claims.Active, "2026-01-05", "0", []Note{NoteLate}},
		{"option 3: ready", onApproval, "pay 2026-01-01 3500 matched", claims.Ready, "", "0", []Note{NoteAwaits}},
		{"option 3: approved", onApproval, "pay 2026-01-01 3500;activate 2026-01-09", claims.Active, "2026-01-09", "0", nil},
		{"option 3: resumed is ready again", onApproval, "pay 2026-01-01 3500;suspend 2026-01-02;resume 2026-01-05", claims.Ready, "", "0", nil},
		{"taken back: as before", nepal(), "pay 2026-01-01 2000;pay 2026-01-02 1500;back r2", claims.Idle, "", "1500", nil},
		{"the first taken back", nepal(), "pay 2026-01-01 2000;pay 2026-01-02 1500;back r1", claims.Idle, "", "2000", nil},
		{"taken back, still enough", nepal(), "pay 2026-01-01 2000;pay 2026-01-02 1500;pay 2026-01-03 2000;back r1", claims.Active, "2026-01-03", "0", nil},
		{"taken back after approval: not active without money", onApproval, "pay 2026-01-01 3500;activate 2026-01-09;back r1", claims.Idle, "", "3500", nil},
		{"enforcement taken back", nepal(), "pay 2026-01-01 100 ENFORCE;back r1", claims.Idle, "", "3500", nil},
		{"a suspension by payment taken back", nepal(), "pay 2026-01-01 3500;pay 2026-03-01 0 SUSPEND;back r2", claims.Active, "2026-01-01", "0", nil},
		{"taken back and paid again", nepal(), "pay 2026-01-01 3500;back r1;pay 2026-02-01 3500", claims.Active, "2026-02-01", "0", []Note{NoteLate}},
		{"suspended unpaid, resumed", nepal(), "suspend 2026-01-05;resume 2026-01-07", claims.Idle, "", "3500", nil},
		{"suspended unpaid, then paid", nepal(), "suspend 2026-01-05;pay 2026-01-07 3500", claims.Active, "2026-01-07", "0", []Note{NoteLate}},
		{"a payment older than the suspension does not end it", nepal(), "suspend 2026-01-05;pay 2026-01-04 3500", claims.Suspended, "", "0", []Note{NoteLate, NoteUnchanged}},
		{"idle becomes expired", nepal(), "expire 2027-01-01", claims.Expired, "", "3500", nil},
		{"not on the last day", nepal(), "expire 2026-12-31", claims.Idle, "", "3500", nil},
		{"active becomes expired", nepal(), "pay 2026-01-01 3500;expire 2027-01-01", claims.Expired, "2026-01-01", "0", nil},
		{"expired, paid late with an early date", nepal(), "expire 2027-01-01;pay 2026-06-01 3500", claims.Expired, "2026-06-01", "0", []Note{NoteLate}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			steps := []string{"open 2026-01-01"}
			if tt.steps != "" {
				steps = append(steps, strings.Split(tt.steps, ";")...)
			}
			p, effect, err := play(t, tt.plan, family(2, 3), steps...)
			if err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprintf("%d %s %s %v", p.Status, p.Effective, p.Outstanding().Trim(0), effect.Notes)
			want := fmt.Sprintf("%d %s %s %v", tt.status, tt.effective, tt.rest, tt.notes)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("status, effective, outstanding, notes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		name  string
		steps string
		kind  fhir.ErrorKind
		rule  string
	}{
		{"unknown action", "pay 2026-01-01 10 GIVE", fhir.Unprocessable, "payment-action"},
		{"amount of 0", "pay 2026-01-01 0", fhir.Unprocessable, "payment-amount"},
		{"negative amount", "pay 2026-01-01 -5 ENFORCE", fhir.Unprocessable, "payment-amount"},
		{"too large together", "pay 2026-01-01 9999999999999999999;pay 2026-01-01 9999999999999999999", fhir.Unprocessable, "payment-amount"},
		{"no such receipt", "back r9", fhir.NotFound, "payment-receipt"},
		{"taken back twice", "pay 2026-01-01 10;back r1;back r1", fhir.Conflict, "payment-taken-back"},
		{"activate what is not paid", "activate 2026-01-01", fhir.Conflict, "activation"},
		{"suspend twice", "suspend 2026-01-01;suspend 2026-01-02", fhir.Conflict, "suspension"},
		{"resume what runs", "resume 2026-01-02", fhir.Conflict, "suspension"},
		{"resume before the suspension", "suspend 2026-02-01;resume 2026-01-31", fhir.Unprocessable, "suspension"},
		{"resume when expired", "suspend 2026-02-01;expire 2027-01-01;resume 2027-01-02", fhir.Conflict, "suspension"},
		{"leave twice", "leave m01 2026-02-01;leave m01 2026-02-02", fhir.Conflict, "membership"},
		{"a stranger leaves", "leave zz 2026-02-01", fhir.Conflict, "membership"},
		{"join twice", "join kid 2026-02-01;join kid 2026-02-02", fhir.Conflict, "membership"},
		{"join after the end", "join kid 2027-01-01", fhir.Unprocessable, "membership"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := play(t, nepal(), family(2, 3), append([]string{"open 2026-01-01"}, strings.Split(tt.steps, ";")...)...)
			wantError(t, err, tt.kind, tt.rule)
		})
	}
	p, _, _ := play(t, nepal(), family(1, 0), "open 2026-01-01", "pay 2026-01-01 5")
	for rule, pay := range map[string]Payment{
		"payment-receipt": {Amount: money("1"), Date: day("2026-01-01")},
		"payment-date":    {Amount: money("1"), Receipt: "x"},
	} {
		_, _, err := p.Pay(pay)
		wantError(t, err, fhir.Unprocessable, rule)
	}
	_, _, err := p.Pay(Payment{Amount: money("1"), Receipt: "r1", Date: day("2026-01-01")})
	wantError(t, err, fhir.Conflict, "payment-receipt")

	_, _, err = play(t, onApproval, family(1, 0), "open 2026-01-01", "pay 2026-01-01 3500", "activate 2027-01-01")
	wantError(t, err, fhir.Unprocessable, "activation")
	gone := family(1, 0)
	gone[0].Left = day("2025-01-01")
	_, _, err = Open(nepal(), claims.New, day("2026-01-01"), date.None, gone)
	wantError(t, err, fhir.Unprocessable, "enrolment-members")
	_, _, err = p.Join(nepal(), gone[0], day("2026-02-01"))
	wantError(t, err, fhir.Conflict, "membership")
	gone[0].ID = "ghost"
	_, _, err = p.Join(nepal(), gone[0], day("2026-02-01"))
	wantError(t, err, fhir.Unprocessable, "membership")
}

func wantError(t *testing.T, err error, kind fhir.ErrorKind, rule string) {
	t.Helper()
	var fe *fhir.Error
	if !errors.As(err, &fe) || fe.Kind != kind || fe.Rule != rule {
		t.Errorf("error = %#v, want kind %d of rule %s", err, kind, rule)
	}
}

// covered lists a member's covered days as runs.
func covered(p Policy, member string) string {
	var runs []string
	var from date.Date
	for d := day("2025-12-01"); d.Before(day("2027-03-01")); d = d.AddDays(1) {
		switch on := p.Covers(member, d); {
		case on && from.IsZero():
			from = d
		case !on && !from.IsZero():
			runs = append(runs, from.String()[2:]+".."+d.AddDays(-1).String()[2:])
			from = date.None
		}
	}
	return strings.Join(runs, " ")
}

func TestCovered(t *testing.T) {
	tests := []struct {
		name   string
		plan   *Plan
		steps  string
		member string
		want   string
	}{
		{"unpaid", nepal(), "", "m00", ""},
		{"paid", nepal(), "pay 2026-01-05 3500", "m04", "26-01-05..26-12-31"},
		{"a stranger", nepal(), "pay 2026-01-05 3500", "zz", ""},
		{"ready is not covered", onApproval, "pay 2026-01-05 3500", "m00", ""},
		{"suspended: nothing from then on", nepal(), "pay 2026-01-05 3500;suspend 2026-03-01", "m00", "26-01-05..26-02-28"},
		{"and never again by expiring", nepal(), "pay 2026-01-05 3500;suspend 2026-03-01;expire 2027-01-01", "m00", "26-01-05..26-02-28"},
		{"nor by paying when expired", nepal(), "pay 2026-01-05 3500;suspend 2026-03-01;expire 2027-01-01;pay 2027-01-02 9", "m00", "26-01-05..26-02-28"},
		{"resumed: the gap stays", nepal(), "pay 2026-01-05 3500;suspend 2026-03-01;resume 2026-03-10;expire 2027-01-01", "m00", "26-01-05..26-02-28 26-03-10..26-12-31"},
		{"resumed the same day", nepal(), "pay 2026-01-05 3500;suspend 2026-03-01;resume 2026-03-01", "m00", "26-01-05..26-12-31"},
		{"resumed by a payment", nepal(), "pay 2026-01-05 3500;suspend 2026-03-01;pay 2026-03-10 1", "m00", "26-01-05..26-02-28 26-03-10..26-12-31"},
		{"two gaps", nepal(), "pay 2026-01-05 3500;suspend 2026-02-01;resume 2026-02-03;suspend 2026-03-01;resume 2026-03-02", "m00", "26-01-05..26-01-31 26-02-03..26-02-28 26-03-02..26-12-31"},
		{"died: that day is covered", nepal(), "pay 2026-01-05 3500;leave m01 2026-06-30", "m01", "26-01-05..26-06-30"},
		{"the others go on", nepal(), "pay 2026-01-05 3500;leave m01 2026-06-30", "m02", "26-01-05..26-12-31"},
		{"died before the cover", nepal(), "leave m01 2026-01-03;pay 2026-01-05 3500", "m01", ""},
		{"late, nothing more to pay", nepalWith(func(p *Plan) { p.Threshold = 9 }), "pay 2026-01-05 3500;join kid 2026-05-01", "kid", "26-05-01..26-12-31"},
		{"late, before the policy is effective", nepalWith(func(p *Plan) { p.Threshold = 9 }), "join kid 2026-01-02;pay 2026-01-05 3500", "kid", "26-01-05..26-12-31"},
		{"late, not paid", nepal(), "pay 2026-01-05 3500;join kid 2026-05-01", "kid", ""},
		{"the household stays covered", nepal(), "pay 2026-01-05 3500;join kid 2026-05-01", "m00", "26-01-05..26-12-31"},
		{"late, part paid", nepal(), "pay 2026-01-05 3500;join kid 2026-05-01;pay 2026-05-03 600", "kid", ""},
		{"late, paid", nepal(), "pay 2026-01-05 3500;join kid 2026-05-01;pay 2026-05-03 600;pay 2026-05-20 100", "kid", "26-05-20..26-12-31"},
		{"late, paid before", nepal(), "pay 2026-01-05 4200;join kid 2026-05-01", "kid", "26-05-01..26-12-31"},
		{"late, that payment taken back", nepal(), "pay 2026-01-05 3500;pay 2026-02-01 700;join kid 2026-05-01;back r2", "kid", ""},
		{"late, enforced", nepal(), "pay 2026-01-05 3500;join kid 2026-05-01;pay 2026-05-09 1 ENFORCE", "kid", "26-05-09..26-12-31"},
		{"late while idle: the whole new value", nepal(), "join kid 2026-01-03;pay 2026-01-05 3500", "m00", ""},
		{"late while idle, paid", nepal(), "join kid 2026-01-03;pay 2026-01-05 4200", "kid", "26-01-05..26-12-31"},
		{"two late, the first is paid", nepal(), "pay 2026-01-05 3500;join kid 2026-05-01;join twin 2026-05-01;pay 2026-05-09 700", "kid", "26-05-09..26-12-31"},
		{"two late, the second is not", nepal(), "pay 2026-01-05 3500;join kid 2026-05-01;join twin 2026-05-01;pay 2026-05-09 700", "twin", ""},
		{"came back: two spans", nepal(), "pay 2026-01-05 3500;leave m04 2026-06-30;join m04 2026-08-01", "m04", "26-01-05..26-06-30 26-08-01..26-12-31"},
		{"a place that fell free costs nothing", nepal(), "pay 2026-01-05 3500;leave m04 2026-06-30;join kid 2026-08-01", "kid", "26-08-01..26-12-31"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			steps := []string{"open 2026-01-01"}
			if tt.steps != "" {
				steps = append(steps, strings.Split(tt.steps, ";")...)
			}
			p, _, err := play(t, tt.plan, family(2, 3), steps...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, covered(p, tt.member)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestJoinAtTheLimit(t *testing.T) {
	plan := nepalWith(func(p *Plan) { p.MaxMembers = 5 })
	p, _, err := play(t, plan, family(2, 3), "open 2026-01-01", "pay 2026-01-01 3500", "join kid 2026-02-01")
	wantError(t, err, fhir.Unprocessable, "max-members")
	if len(p.Members) != 5 {
		t.Errorf("%d members, want the 5 as before", len(p.Members))
	}
	if _, _, err = play(t, plan, family(2, 3), "open 2026-01-01", "leave m01 2026-01-31", "join kid 2026-02-01"); err != nil {
		t.Errorf("a place was free: %v", err)
	}
	_, effect, err := play(t, nepal(), family(2, 3), "open 2026-01-01", "pay 2026-01-01 3500", "join kid 2026-02-01")
	if err != nil || !effect.Has(NoteMemberDue) || effect.Outstanding.Cmp(money("700")) != 0 {
		t.Errorf("effect %+v, %v; want 700 due for the member", effect, err)
	}
}

func TestValueZeroIsActiveAtOnce(t *testing.T) {
	p, _, err := Open(&Plan{Code: "FREE", InsuranceMonths: 12}, claims.New, day("2026-01-10"), date.None, family(1, 1))
	if err != nil || p.Status != claims.Active || covered(p, "m01") != "26-01-10..27-01-09" {
		t.Errorf("%v %s %v", p.Status, covered(p, "m01"), err)
	}
}

func TestCoversOf(t *testing.T) {
	p, _, err := play(t, nepal(), family(1, 1), "open 2026-01-01", "pay 2026-01-05 3500", "leave m01 2026-06-30", "suspend 2026-09-01", "join m01 2026-08-01")
	if err != nil {
		t.Fatal(err)
	}
	product := &claims.Product{Code: "NHIB"}
	base := claims.Cover{
		Policy: "P-1", Product: product, Stage: claims.New, Status: claims.Suspended,
		Enrolled: day("2026-01-01"), Start: day("2026-01-01"), Effective: day("2026-01-05"), Expiry: day("2026-12-31"),
		Gaps: []claims.Span{{From: day("2026-09-01")}},
		Members: []claims.Span{
			{From: day("2026-01-05"), To: day("2026-12-31")},
			{From: day("2026-01-05"), To: day("2026-06-30")},
			{From: day("2026-08-01"), To: day("2026-12-31")},
		},
	}
	first, second := base, base
	first.Member, second.Member = base.Members[1], base.Members[2]
	if diff := cmp.Diff([]claims.Cover{first, second}, p.CoversOf("m01", "P-1", product), same); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := p.CoversOf("zz", "P-1", product); got != nil {
		t.Errorf("a stranger has %v", got)
	}
}

func TestDuplicateAndStage(t *testing.T) {
	opened := func(steps ...string) Policy {
		p, _, err := play(t, nepal(), family(1, 0), append([]string{"open 2026-01-01"}, steps...)...)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	idle, active := opened(), opened("pay 2026-01-01 3500")
	expired := opened("pay 2026-01-01 3500", "expire 2027-01-01")
	unpaid := opened("expire 2027-01-01")
	suspended := opened("pay 2026-01-01 3500", "suspend 2026-02-01")
	early := nepalWith(func(p *Plan) { p.RenewalDiscountMonths = 3 })
	tests := []struct {
		name      string
		plan      *Plan
		existing  []Policy
		on        string
		stage     claims.Stage
		old       string
		duplicate int
	}{
		{"none", nepal(), nil, "2026-06-01", claims.New, "", -1},
		{"unpaid one", nepal(), []Policy{idle}, "2026-06-01", claims.New, "", 0},
		{"unpaid one that is over", nepal(), []Policy{idle}, "2027-06-01", claims.New, "", -1},
		{"long before the expiry", nepal(), []Policy{active}, "2026-12-17", claims.New, "", 0},
		{"two weeks before", nepal(), []Policy{active}, "2026-12-18", claims.Renewed, "2026-12-31", -1},
		{"as early as the discount", early, []Policy{active}, "2026-10-01", claims.Renewed, "2026-12-31", -1},
		{"as the plan says", nepalWith(func(p *Plan) { p.RenewalDays = 1 }), []Policy{active}, "2026-12-30", claims.New, "", 0},
		{"suspended", nepal(), []Policy{suspended}, "2026-12-30", claims.New, "", 0},
		{"after a suspended one ended", nepal(), []Policy{suspended}, "2027-01-01", claims.Renewed, "2026-12-31", -1},
		{"expired", nepal(), []Policy{unpaid, expired}, "2027-06-01", claims.Renewed, "2026-12-31", -1},
		{"expired unpaid", nepal(), []Policy{unpaid}, "2027-06-01", claims.New, "", -1},
		{"another plan's", bepha(), []Policy{active}, "2026-06-01", claims.New, "", -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stage, old, dup := StageFor(tt.plan, tt.existing, day(tt.on))
			got := fmt.Sprintf("%s %s %d", stage, old, dup)
			if diff := cmp.Diff(fmt.Sprintf("%s %s %d", tt.stage, tt.old, tt.duplicate), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if stage, _, _ := StageFor(bepha(), []Policy{expired}, day("2027-02-01"), "NHIB"); stage != claims.Renewed {
		t.Error("a plan that succeeds another does not renew it")
	}
	for _, tt := range []struct {
		policy     Policy
		start, end string
		plan       string
		want       bool
	}{
		{active, "2026-12-31", "2027-12-30", "NHIB", true},
		{active, "2027-01-01", "2027-12-31", "NHIB", false},
		{active, "2025-01-01", "2026-01-01", "NHIB", true},
		{active, "2026-12-31", "2027-12-30", "OTHER", false},
		{unpaid, "2026-06-01", "2027-05-31", "NHIB", false},
		{idle, "2026-06-01", "2027-05-31", "NHIB", true},
	} {
		if _, got := Duplicate([]Policy{tt.policy}, tt.plan, Period{Start: day(tt.start), Expiry: day(tt.end)}); got != tt.want {
			t.Errorf("Duplicate(%s..%s, %s) = %v", tt.start, tt.end, tt.plan, got)
		}
	}
}

func TestPolicySurvivesJSON(t *testing.T) {
	p, _, err := play(t, nepal(), family(2, 3), "open 2026-01-01", "pay 2026-01-05 3500", "suspend 2026-03-01", "join kid 2026-05-01", "pay 2026-05-02 700.50")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back Policy
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, back, same); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	one, _, _ := p.TakeBack("r1", day("2026-06-01"))
	two, _, _ := back.TakeBack("r1", day("2026-06-01"))
	if diff := cmp.Diff(one, two, same); diff != "" {
		t.Errorf("taking back after reading (-want +got):\n%s", diff)
	}
}
