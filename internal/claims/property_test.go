package claims_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/govalues/decimal"
	"pgregory.net/rapid"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/claims/claimtest"
)

// wild draws facts: any products, covers, history, ledger and lines, with
// amounts a scheme could have.
func wild(t *rapid.T) claims.Facts {
	f := claimtest.Facts()
	amount := func(name string, most int64) *claims.Money {
		if rapid.IntRange(0, 2).Draw(t, name+" set") == 0 {
			return nil
		}
		m := decimal.MustNew(rapid.Int64Range(0, most*100).Draw(t, name), 2)
		return &m
	}
	byStay := func(name string) claims.ByStay {
		if rapid.IntRange(0, 3).Draw(t, name+" set") > 0 {
			return claims.ByStay{}
		}
		return claims.ByStay{All: amount(name, 500), In: amount(name+" in", 500), Out: amount(name+" out", 500)}
	}
	limits := func(name string) claims.Limits {
		return claims.Limits{Treatment: byStay(name + " t"), Insuree: byStay(name + " i"), Policy: byStay(name + " p")}
	}
	f.Covers = nil
	for i := range rapid.IntRange(1, 3).Draw(t, "covers") {
		pr := claimtest.Product(fmt.Sprint("PLAN", i))
		for _, key := range keys {
			terms := pr.Lines[key]
			terms.Origin = rapid.SampledFrom([]claims.Origin{"P", "O", "R"}).Draw(t, "origin")
			kind := rapid.SampledFrom([]claims.Limitation{"C", "F"}).Draw(t, "limitation")
			terms.Limitation = map[claims.Visit]claims.Limitation{claims.Other: kind}
			terms.LimitAdult = map[claims.Visit]*claims.Money{claims.Other: amount("limit", 150)}
			terms.WaitingAdult = rapid.IntRange(0, 6).Draw(t, "waiting")
			terms.ExclusionAdult = rapid.SampledFrom([]string{"", "", "H", "N", "B"}).Draw(t, "exclusion")
			terms.MaxQtyAdult = amount("max quantity", 20)
		}
		pr.Deductible, pr.Ceiling = limits("deductible"), limits("ceiling")
		pr.Threshold, pr.ExtraMember, pr.MaxPolicy = rapid.IntRange(0, 2).Draw(t, "threshold"), byStay("extra"), byStay("most")
		if most := amount("category amount", 300); most != nil {
			pr.MaxAmount = map[claims.Category]claims.Money{claims.Consultation: *most, claims.Surgery: *most}
			pr.MaxNo = map[claims.Category]int{claims.Consultation: rapid.IntRange(0, 3).Draw(t, "max no")}
		}
		c := claimtest.Cover(fmt.Sprint("P-", i), pr)
		c.Stage = rapid.SampledFrom([]claims.Stage{"N", "R"}).Draw(t, "stage")
		c.Members = append(c.Members, c.Member, c.Member)
		f.Covers = append(f.Covers, c)
	}
	f.Claim.Lines = nil
	for i := range rapid.IntRange(1, 6).Draw(t, "lines") {
		key := rapid.SampledFrom(keys).Draw(t, "article")
		f.Claim.Lines = append(f.Claim.Lines, claims.Line{
			Sequence: i + 1, Kind: key.Kind, Code: key.Code,
			Quantity: decimal.MustNew(rapid.Int64Range(1, 3000).Draw(t, "quantity"), 3), Asked: amount("asked", 200),
		})
	}
	if rapid.Bool().Draw(t, "stay") {
		stay(&f)
	}
	for i := range rapid.IntRange(0, 5).Draw(t, "history") {
		key := rapid.SampledFrom(keys).Draw(t, "used")
		f.History = append(f.History, claimtest.Past(fmt.Sprint("H-", i), key.Kind, key.Code, "2025-05-30", "2"))
		row := took(rapid.SampledFrom([]string{claimtest.Me, "wife"}).Draw(t, "who"), rapid.Bool().Draw(t, "hospital"), "10", "25")
		row.Policy = "P-0"
		f.Ledger = append(f.Ledger, row)
	}
	return f
}

var keys = []claims.ArticleKey{
	{Kind: claims.Item, Code: claimtest.Drug},
	{Kind: claims.Item, Code: claimtest.Bandage},
	{Kind: claims.Service, Code: claimtest.Visit},
	{Kind: claims.Service, Code: claimtest.Operation},
}

func sum(t *rapid.T, to *claims.Money, m claims.Money) {
	s, err := to.Add(m)
	if err != nil {
		t.Fatal(err)
	}
	*to = s
}

// amountOf is a step's amount, 0 when it was not taken.
func amountOf(l claims.LineDecision, kind claims.StepKind) claims.Money {
	for _, s := range l.Steps {
		if s.Kind == kind {
			return s.Amount
		}
	}
	return claims.Money{}
}

func TestMoneyAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := wild(t)
		got := engine.Decide(f)
		var asked, paid, booked claims.Money
		for i, l := range got.Lines {
			submitted := amountOf(l, claims.StepSubmitted)
			if l.Paid.Cmp(submitted) > 0 || l.Paid.IsNeg() {
				t.Errorf("line %d pays %v of %v asked", i, l.Paid, submitted)
			}
			if l.Status == claims.Rejected && (l.Paid.IsPos() || len(l.Findings) == 0) {
				t.Errorf("line %d is refused, pays %v, for %v", i, l.Paid, l.Findings)
			}
			if l.Quantity.Cmp(f.Claim.Lines[i].Quantity) > 0 {
				t.Errorf("line %d counts %v of %v", i, l.Quantity, f.Claim.Lines[i].Quantity)
			}
			if l.Status == claims.Passed {
				left := amountOf(l, claims.StepEligible)
				for _, kind := range []claims.StepKind{claims.StepDeductible, claims.StepCopay, claims.StepCategoryCeiling, claims.StepGeneralCeiling} {
					sum(t, &left, amountOf(l, kind).Neg())
				}
				if left.Cmp(l.Paid) != 0 || amountOf(l, claims.StepBenefit).Cmp(l.Paid) != 0 {
					t.Errorf("line %d: its steps leave %v, paid %v", i, left, l.Paid)
				}
			}
			sum(t, &asked, submitted)
			sum(t, &paid, l.Paid)
		}
		for _, e := range got.Entries {
			sum(t, &booked, e.Paid)
			if e.Counted.Cmp(e.Paid) > 0 {
				t.Errorf("%s counts %v of %v paid", e.Policy, e.Counted, e.Paid)
			}
		}
		if paid.Cmp(got.Paid) != 0 || booked.Cmp(got.Paid) != 0 || asked.Cmp(got.Asked) != 0 {
			t.Errorf("asked %v of %v; paid %v, lines %v, ledger %v", got.Asked, asked, got.Paid, paid, booked)
		}
		for _, e := range claims.Reverse(got.Entries) {
			sum(t, &booked, e.Paid)
		}
		if !booked.IsZero() {
			t.Errorf("reversed, %v is left", booked)
		}
	})
}

// TestCeilingHolds decides claims one after the other, each with the ledger of
// the ones before: no household passes its ceiling, no person pays more than
// the deductible.
func TestCeilingHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := wild(t)
		f.Covers, f.Ledger = f.Covers[:1], nil
		pr := f.Covers[0].Product
		pr.Ceiling, pr.Deductible = claims.Limits{Policy: claims.ByStay{All: p("300")}}, claims.Limits{Insuree: claims.ByStay{All: p("120")}}
		pr.Threshold, pr.MaxNo = 0, nil
		var counted, deducted claims.Money
		for i := range 6 {
			f.Claim.ID = fmt.Sprint("N-", i)
			got := engine.Decide(f)
			f.Ledger = append(f.Ledger, got.Entries...)
			for _, e := range got.Entries {
				sum(t, &counted, e.Counted)
				sum(t, &deducted, e.Deducted)
			}
		}
		if counted.Cmp(d("300")) > 0 || deducted.Cmp(d("120")) > 0 {
			t.Errorf("counted %v of 300, deducted %v of 120", counted, deducted)
		}
	})
}

func TestSameFactsSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := wild(t)
		first, err := claims.Encode(engine.Decide(f))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			again, err := claims.Encode(engine.Decide(f))
			if err != nil || !bytes.Equal(first, again) {
				t.Fatalf("%v\n%s\n%s", err, first, again)
			}
		}
	})
}

// TestHugeAmounts gives the engine what the door would refuse: it refuses too,
// and never panics.
func TestHugeAmounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := wild(t)
		f.Settings.Decimals = rapid.SampledFrom([]int{-1, 0, 2, 6, 19, 40}).Draw(t, "decimals")
		huge := func(name string) claims.Money {
			m, err := decimal.Parse(rapid.SampledFrom([]string{
				"9999999999999999999", "-9999999999999999999", "0.0000000000000000001", "0", "-1", "9223372036854775807", "99999999999999999.99", "3",
			}).Draw(t, name))
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		for i := range f.Claim.Lines {
			asked := huge("asked")
			f.Claim.Lines[i].Quantity, f.Claim.Lines[i].Asked = huge("quantity"), &asked
			if rapid.Bool().Draw(t, "reviewed") {
				q, price := huge("approved"), huge("price")
				f.Claim.Lines[i].Review = &claims.Verdict{Quantity: &q, Price: &price}
			}
		}
		for i := range f.Ledger {
			f.Ledger[i].Counted, f.Ledger[i].Deducted = huge("counted"), huge("deducted")
		}
		for i := range f.History {
			f.History[i].Quantity = huge("used")
		}
		for _, terms := range f.Covers[0].Product.Lines {
			limit := huge("limit")
			terms.LimitAdult = map[claims.Visit]*claims.Money{claims.Other: &limit}
		}
		got := engine.Decide(f)
		for i, l := range got.Lines {
			if l.Paid.IsNeg() || (l.Status == claims.Rejected && l.Paid.IsPos()) {
				t.Errorf("line %d pays %v", i, l.Paid)
			}
		}
		if _, err := claims.Encode(got); err != nil {
			t.Error(err)
		}
		engine.Eligibility(f, keys)
	})
}

// TestAmountsThatDoNotFit refuses the claim as a whole, with reason 20.
func TestAmountsThatDoNotFit(t *testing.T) {
	for name, change := range map[string]func(*claims.Facts){
		"quantity of 0":     func(f *claims.Facts) { f.Claim.Lines[0].Quantity = d("0") },
		"negative quantity": func(f *claims.Facts) { f.Claim.Lines[0].Quantity = d("-1") },
		"negative price":    func(f *claims.Facts) { f.Claim.Lines[0].Asked = p("-0.01") },
		"product":           func(f *claims.Facts) { f.Claim.Lines[0].Quantity = d("9999999999999999999") },
		"sum": func(f *claims.Facts) {
			for i := range f.Claim.Lines {
				f.Claim.Lines[i].Quantity, f.Claim.Lines[i].Asked = d("1"), p("92233720368547758")
			}
		},
		"ledger": func(f *claims.Facts) {
			product(f).Ceiling.Policy.All = p("100")
			f.Ledger = []claims.Entry{took("a", false, "0", "99999999999999999.99"), took("b", false, "0", "99999999999999999.99")}
		},
		"negative list price": func(f *claims.Facts) {
			claimtest.Article(f, claims.Item, claimtest.Drug).Price = d("-5")
		},
		"decimals": func(f *claims.Facts) { f.Settings.Decimals = 20 },
	} {
		f := claimtest.Facts()
		change(&f)
		got := engine.Decide(f)
		if got.State != claims.StateRejected || got.Reason != claims.ReasonInvalidClaim || got.Entries != nil || !got.Paid.IsZero() || !got.Asked.IsZero() {
			t.Errorf("%s: state %d, reason %d, asked %v, paid %v, rows %v", name, got.State, got.Reason, got.Asked, got.Paid, got.Entries)
		}
		for _, l := range got.Lines {
			if l.Status != claims.Rejected || l.Findings[0].Rule != "amounts" {
				t.Errorf("%s: line %+v", name, l)
			}
		}
	}
}
