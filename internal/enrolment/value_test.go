package enrolment

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/govalues/decimal"
	"pgregory.net/rapid"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
)

func money(s string) Money   { return decimal.MustParse(s) }
func day(s string) date.Date { return date.Must(s) }

// nepal is the Nepal Health Insurance Board as of openimis-domain 10.
func nepal() *Plan {
	return &Plan{
		Code: "NHIB", Decimals: 2, InsuranceMonths: 12, MaxMembers: 10, Threshold: 5,
		LumpSum: money("3500"), PremiumAdult: money("700"), PremiumChild: money("700"),
	}
}

// bepha is a Cameroon diocesan mutual.
func bepha() *Plan {
	return &Plan{
		Code: "BEPHA", InsuranceMonths: 12, PremiumAdult: money("4000"), PremiumChild: money("4000"),
		RegistrationLumpSum: money("1000"), AssemblyLumpSum: money("1000"),
	}
}

// family makes adults, then children, in order of record; the first is the head.
func family(adults, children int) []Member {
	var out []Member
	for i := range adults + children {
		m := Member{ID: fmt.Sprintf("m%02d", i), Born: day("1980-05-05"), Relation: min(i, 1), Order: i}
		if i >= adults {
			m.Born = day("2015-05-05")
		}
		out = append(out, m)
	}
	return out
}

func other(id, born string, order int) Member {
	return Member{ID: id, Born: day(born), Relation: Others, Order: order}
}

// year2026 values members enrolled and starting on 1 January 2026.
func year2026(t *testing.T, plan *Plan, members []Member, stage claims.Stage) Breakdown {
	t.Helper()
	on := day("2026-01-01")
	b, err := Value(plan, members, stage, on, PeriodFor(plan, stage, on, date.None), date.None)
	if err != nil {
		t.Fatalf("Value: %v", err)
	}
	return b
}

func wantValue(t *testing.T, b Breakdown, want string) {
	t.Helper()
	if b.Value.Cmp(money(want)) != 0 {
		t.Errorf("value = %s, want %s; lines %v", b.Value, want, kinds(b))
	}
}

func kinds(b Breakdown) []string {
	var out []string
	for _, l := range b.Lines {
		out = append(out, fmt.Sprintf("%s %d x %s = %s", l.Kind, l.Quantity, l.Price, l.Amount))
	}
	return out
}

func TestV1LumpSum(t *testing.T) {
	wantValue(t, year2026(t, nepal(), family(2, 3), claims.New), "3500")
}

func TestV2Extras(t *testing.T) {
	b := year2026(t, nepal(), family(4, 3), claims.New)
	wantValue(t, b, "4900")
	want := []string{"lump-sum 1 x 3500 = 3500.00", "extra-child 2 x 700 = 1400.00"}
	if diff := cmp.Diff(want, kinds(b)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"m05", "m06"}, b.Lines[1].Members); diff != "" {
		t.Errorf("the newest children are the extras (-want +got):\n%s", diff)
	}
}

func TestV3MaxMembers(t *testing.T) {
	members := family(12, 0)
	members[0].Order, members[11].Order = 11, 0 // the head's record is the newest
	b := year2026(t, nepal(), members, claims.New)
	wantValue(t, b, "7000")
	if diff := cmp.Diff([]Excluded{{"m10", OverLimit}, {"m00", OverLimit}}, b.Excluded); diff != "" {
		t.Errorf("the newest records are cut (-want +got):\n%s", diff)
	}
	if len(b.Insured) != 10 || b.Insured[0] != "m11" {
		t.Errorf("insured = %v, want 10, the oldest record first", b.Insured)
	}
}

func TestV4Fees(t *testing.T) {
	wantValue(t, year2026(t, bepha(), family(2, 2), claims.New), "18000")
	wantValue(t, year2026(t, bepha(), family(2, 2), claims.Renewed), "17000")
}

func TestV5Others(t *testing.T) {
	plan := nepal()
	plan.MaxMembers = 6
	b := year2026(t, plan, append(family(2, 3), other("o", "1990-01-01", 9)), claims.New)
	wantValue(t, b, "4200")
}

func TestV6EnrolmentDiscount(t *testing.T) {
	plan := nepal()
	plan.Cycles = yearly("07-01")
	plan.EnrolmentDiscount, plan.EnrolmentDiscountMonths = money("10"), 3
	for _, tt := range []struct{ enrolled, want string }{
		{"2026-04-02", "3500"},
		{"2026-04-01", "3150"}, // the limit itself is early enough
		{"2026-03-01", "3150"},
	} {
		period := PeriodFor(plan, claims.New, day(tt.enrolled), date.None)
		if period.Start != day("2026-07-01") {
			t.Fatalf("start = %s", period.Start)
		}
		b, err := Value(plan, family(2, 3), claims.New, day(tt.enrolled), period, date.None)
		if err != nil {
			t.Fatal(err)
		}
		wantValue(t, b, tt.want)
	}
}

func TestValueRefuses(t *testing.T) {
	huge := nepal()
	huge.PremiumAdult = money("9999999999999999999")
	if _, err := Value(huge, family(9, 0), claims.New, day("2026-01-01"), Period{Start: day("2026-01-01")}, date.None); err == nil {
		t.Error("an amount that does not fit was accepted")
	}
	broken := nepal()
	broken.Formula = func([]Member, claims.Stage) (Money, error) { return Money{}, errors.New("no income") }
	if _, err := Value(broken, family(1, 0), claims.New, day("2026-01-01"), Period{Start: day("2026-01-01")}, date.None); err == nil {
		t.Error("the formula's error was swallowed")
	}
	broken.Formula = func([]Member, claims.Stage) (Money, error) { return money("-1"), nil }
	if _, err := Value(broken, family(1, 0), claims.New, day("2026-01-01"), Period{Start: day("2026-01-01")}, date.None); err == nil {
		t.Error("a negative formula was accepted")
	}
}

func TestValueRules(t *testing.T) {
	with := func(p *Plan, change func(*Plan)) *Plan { change(p); return p }
	left := func(on string) []Member {
		f := family(2, 3)
		f[4].Left = day(on)
		return f
	}
	tests := []struct {
		name    string
		plan    *Plan
		members []Member
		want    string
	}{
		{"threshold unset: the lump sum includes all", with(nepal(), func(p *Plan) { p.Threshold = 0 }), family(9, 0), "3500"},
		{"six adults: one extra adult", nepal(), family(6, 0), "4200"},
		{"six adults and a child: both extra", nepal(), family(6, 1), "4900"},
		{"lump sum of 0: by head, extras once", with(nepal(), func(p *Plan) { p.LumpSum = Money{} }), family(4, 3), "4900"},
		{"others never inside the lump sum", nepal(), append(family(1, 0), other("o", "1990-01-01", 5)), "4200"},
		{"an other child pays the child's premium", with(nepal(), func(p *Plan) { p.PremiumChild = money("300") }), append(family(1, 0), other("o", "2020-01-01", 5)), "3800"},
		{"fees by head count others too", with(bepha(), func(p *Plan) {
			p.AssemblyLumpSum, p.AssemblyFee = Money{}, money("100")
			p.RegistrationLumpSum, p.RegistrationFee = Money{}, money("10")
		}), append(family(1, 0), other("o", "1990-01-01", 5)), "8220"},
		{"a lump sum wins over the fee", with(bepha(), func(p *Plan) { p.AssemblyFee = money("999") }), family(1, 0), "6000"},
		{"died on the start: not counted", bepha(), left("2026-01-01"), "18000"},
		{"dies the day after: counted", bepha(), left("2026-01-02"), "22000"},
		{"who left makes room", with(bepha(), func(p *Plan) { p.MaxMembers = 4 }), left("2025-06-01"), "18000"},
		{"a formula replaces everything", with(bepha(), func(p *Plan) {
			p.Formula = func(m []Member, _ claims.Stage) (Money, error) { return decimal.New(int64(len(m))*5, 0) }
		}), family(2, 3), "25"},
		{"half up at each product", with(bepha(), func(p *Plan) { p.PremiumAdult = money("0.5") }), family(1, 0), "2001"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { wantValue(t, year2026(t, tt.plan, tt.members, claims.New), tt.want) })
	}
}

func TestAgeIsThatOfTheStart(t *testing.T) {
	plan := &Plan{Code: "P", InsuranceMonths: 12, PremiumAdult: money("10"), PremiumChild: money("1")}
	for _, tt := range []struct{ born, start, want string }{
		{"2008-01-02", "2026-01-01", "1"},
		{"2008-01-01", "2026-01-01", "10"}, // 18 on the day
		{"2008-02-29", "2026-02-28", "1"},  // R21
		{"2008-02-29", "2026-03-01", "10"},
		{"2026-05-01", "2026-01-01", "1"}, // not born yet
	} {
		m := []Member{{ID: "a", Born: day(tt.born)}}
		b, err := Value(plan, m, claims.New, day(tt.start), Period{Start: day(tt.start)}, date.None)
		if err != nil {
			t.Fatal(err)
		}
		wantValue(t, b, tt.want)
	}
	plan.AgeOfMajority = 21
	b := year2026(t, plan, []Member{{ID: "a", Born: day("2006-01-01")}}, claims.New)
	wantValue(t, b, "1")
}

func TestRegistrationAtRenewal(t *testing.T) {
	old := day("2025-12-31")
	for _, tt := range []struct {
		name       string
		recurrence int
		enrolled   string
		want       string
	}{
		{"recurrence unset: never again", 0, "2030-01-01", "5000"},
		{"the day before", 6, "2026-06-29", "5000"},
		{"from the day, clamped", 6, "2026-06-30", "6000"}, // R24, R03
	} {
		t.Run(tt.name, func(t *testing.T) {
			plan := bepha()
			plan.Recurrence = tt.recurrence
			period := PeriodFor(plan, claims.Renewed, day(tt.enrolled), old)
			b, err := Value(plan, family(1, 0), claims.Renewed, day(tt.enrolled), period, old)
			if err != nil {
				t.Fatal(err)
			}
			wantValue(t, b, tt.want)
		})
	}
}

func TestRenewalDiscount(t *testing.T) {
	plan := bepha()
	plan.RenewalDiscount, plan.RenewalDiscountMonths = money("12.5"), 2
	old := day("2026-04-30")
	for _, tt := range []struct{ enrolled, want string }{
		{"2026-03-02", "5000"},
		{"2026-03-01", "4375"}, // fees are discounted too
	} {
		b, err := Value(plan, family(1, 0), claims.Renewed, day(tt.enrolled), PeriodFor(plan, claims.Renewed, day(tt.enrolled), old), old)
		if err != nil {
			t.Fatal(err)
		}
		wantValue(t, b, tt.want)
	}
	// Without an old expiry there is nothing to be early for.
	wantValue(t, year2026(t, plan, family(1, 0), claims.Renewed), "5000")
}

func TestRoundHalfUp(t *testing.T) {
	for _, tt := range []struct {
		in       string
		decimals int
		want     string
	}{
		{"0.5", 0, "1"},
		{"1.5", 0, "2"},
		{"2.5", 0, "3"}, // to even would give 2
		{"0.49", 0, "0"},
		{"2.345", 2, "2.35"},
		{"2.3449", 2, "2.34"},
		{"2", 2, "2.00"},
	} {
		got, err := round(money(tt.in), tt.decimals)
		if err != nil || got.String() != tt.want {
			t.Errorf("round(%s, %d) = %s, %v; want %s", tt.in, tt.decimals, got, err, tt.want)
		}
	}
}

func TestPlanCheck(t *testing.T) {
	if err := nepal().Check(); err != nil {
		t.Errorf("nepal: %v", err)
	}
	for name, change := range map[string]func(*Plan){
		"code":                    func(p *Plan) { p.Code = "" },
		"insurance_period":        func(p *Plan) { p.InsuranceMonths = 0 },
		"decimals":                func(p *Plan) { p.Decimals = 20 },
		"activation":              func(p *Plan) { p.Activation = 4 },
		"threshold":               func(p *Plan) { p.Threshold = -1 },
		"lump_sum":                func(p *Plan) { p.LumpSum = money("-1") },
		"renewal_discount_perc":   func(p *Plan) { p.RenewalDiscount = money("100.1") },
		"enrolment_discount_perc": func(p *Plan) { p.EnrolmentDiscount = money("-1") },
		"general_assembly_fee":    func(p *Plan) { p.AssemblyFee = money("-0.01") },
		"administration_period":   func(p *Plan) { p.AdministrationMonths = -1 },
	} {
		p := nepal()
		change(p)
		if err := p.Check(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// yearly gives the same cycles, "MM-DD", every year.
func yearly(starts ...string) func(int) []date.Date {
	return func(year int) []date.Date {
		var out []date.Date
		for _, s := range starts {
			out = append(out, day(fmt.Sprintf("%04d-%s", year, s)))
		}
		return out
	}
}

// A value is never negative; it is the sum of its lines; and every member is
// insured or excluded, and charged exactly once when insured.
func TestValueProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Custom(func(t *rapid.T) Money {
			return decimal.MustNew(rapid.Int64Range(0, 1_000_000).Draw(t, "amount"), rapid.IntRange(0, 3).Draw(t, "scale"))
		})
		months := rapid.IntRange(0, 14)
		plan := &Plan{
			Code: "P", Decimals: rapid.IntRange(0, 2).Draw(t, "decimals"), InsuranceMonths: 12,
			MaxMembers: rapid.IntRange(0, 8).Draw(t, "max"), Threshold: rapid.IntRange(0, 8).Draw(t, "threshold"),
			LumpSum: amount.Draw(t, "lump"), PremiumAdult: amount.Draw(t, "adult"), PremiumChild: amount.Draw(t, "child"),
			RegistrationFee: amount.Draw(t, "registration"), AssemblyFee: amount.Draw(t, "assembly"),
			EnrolmentDiscount: decimal.MustNew(rapid.Int64Range(0, 100).Draw(t, "discount"), 0),
			RenewalDiscount:   decimal.MustNew(rapid.Int64Range(0, 1000).Draw(t, "discount"), 1),
			Cycles:            yearly("01-01", "07-01"), EnrolmentDiscountMonths: months.Draw(t, "early"), Recurrence: months.Draw(t, "recurrence"),
		}
		var members []Member
		for i := range rapid.IntRange(1, 12).Draw(t, "n") {
			m := Member{ID: fmt.Sprint("m", i), Relation: rapid.IntRange(0, 8).Draw(t, "relation"), Order: rapid.IntRange(0, 3).Draw(t, "order")}
			m.Born = date.New(rapid.IntRange(1950, 2025).Draw(t, "born"), time.March, 1)
			if rapid.IntRange(0, 9).Draw(t, "left") == 0 {
				m.Left = day("2020-01-01")
			}
			members = append(members, m)
		}
		stage := rapid.SampledFrom([]claims.Stage{claims.New, claims.Renewed}).Draw(t, "stage")
		enrolled := day("2026-01-01").AddDays(rapid.IntRange(0, 400).Draw(t, "day"))
		old := day("2026-02-28")
		b, err := Value(plan, members, stage, enrolled, PeriodFor(plan, stage, enrolled, old), old)
		if err != nil {
			t.Fatal(err)
		}
		if b.Value.IsNeg() {
			t.Fatalf("negative value %s", b.Value)
		}
		var sum Money
		charged := map[string]int{}
		for _, l := range b.Lines {
			if sum, err = sum.Add(l.Amount); err != nil {
				t.Fatal(err)
			}
			for _, id := range l.Members {
				charged[id]++
			}
		}
		if sum.Cmp(b.Value) != 0 {
			t.Fatalf("lines sum to %s, value %s", sum, b.Value)
		}
		if len(b.Insured)+len(b.Excluded) != len(members) || len(charged) != len(b.Insured) {
			t.Fatalf("%d members: %d insured, %d excluded, %d charged", len(members), len(b.Insured), len(b.Excluded), len(charged))
		}
		for _, id := range b.Insured {
			if charged[id] != 1 {
				t.Fatalf("%s charged %d times", id, charged[id])
			}
		}
	})
}
