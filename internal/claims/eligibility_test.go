package claims_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/claims/claimtest"
	"github.com/jamii-health/jamii/internal/date"
)

var (
	drugKey      = claims.ArticleKey{Kind: claims.Item, Code: claimtest.Drug}
	visitKey     = claims.ArticleKey{Kind: claims.Service, Code: claimtest.Visit}
	operationKey = claims.ArticleKey{Kind: claims.Service, Code: claimtest.Operation}
)

// asked is what a check-in asks: a day, no lines.
func asked() claims.Facts {
	f := claimtest.Facts()
	f.Claim = claims.Claim{From: day("2025-06-10"), Created: day("2025-06-10")}
	return f
}

func TestNotEligible(t *testing.T) {
	tests := []struct {
		name   string
		change func(*claims.Facts)
		want   string
	}{
		{"no policy", func(f *claims.Facts) { f.Covers = nil }, "no-cover"},
		{"not paid", func(f *claims.Facts) { f.Covers[0].Status = claims.Idle }, "cover-not-paid"},
		{"ended", func(f *claims.Facts) { f.Claim.From = day("2026-01-10") }, "cover-ended"},
		{"record ended", func(f *claims.Facts) { f.Person.Valid = false }, "person-ended"},
		{"unknown insurer", func(f *claims.Facts) { f.Settings.NoInsurer = true }, "insurer-unknown"},
		{"no date at all", func(f *claims.Facts) { f.Claim.From, f.Claim.Created = date.None, date.None }, "no-date"},
	}
	for _, tt := range tests {
		f := asked()
		tt.change(&f)
		got := engine.Eligibility(f, []claims.ArticleKey{drugKey})
		if got.InForce || got.Covers != nil || got.Latest != -1 || len(got.Findings) == 0 || got.Findings[0].Message.Key != tt.want {
			t.Errorf("%s: %+v", tt.name, got)
		}
		if item := got.Items[0]; !item.Excluded || len(item.Findings) == 0 || item.Key != drugKey {
			t.Errorf("%s: item %+v", tt.name, item)
		}
	}
}

func TestEligibleOnADay(t *testing.T) {
	f := asked()
	f.Claim.From = day("2025-12-01") // later than the day it is asked
	if got := engine.Eligibility(f, nil); !got.InForce || got.Day != day("2025-12-01") {
		t.Errorf("asked for later: %+v", got)
	}
	f.Claim.From = date.None
	if got := engine.Eligibility(f, nil); !got.InForce || got.Day != day("2025-06-10") {
		t.Errorf("asked for no day: %+v", got)
	}
}

func TestCoverLeft(t *testing.T) {
	f := asked()
	pr := product(&f)
	pr.MaxNo = map[claims.Category]int{claims.Consultation: 3, claims.Surgery: 1}
	pr.MaxAmount = map[claims.Category]claims.Money{claims.Consultation: d("500"), claims.VisitCategory: d("5")}
	pr.Deductible.Insuree = claims.ByStay{In: p("100"), Out: p("40")}
	pr.Ceiling.Policy.All, pr.Threshold, pr.ExtraMember.All = p("1000"), 1, p("200")
	f.Covers[0].Members = append(f.Covers[0].Members, f.Covers[0].Member)
	f.Covers[0].Member.To = day("2025-09-30")
	f.History = []claims.PastLine{
		claimtest.Past("C-0", claims.Service, claimtest.Visit, "2025-02-01", "1"),
		claimtest.Past("C-2", claims.Service, claimtest.Operation, "2025-03-01", "1"),
		claimtest.Past("C-3", claims.Service, claimtest.Operation, "2025-04-01", "1"),
	}
	f.History[1].Category, f.History[2].Category = claims.Surgery, claims.Surgery
	f.Ledger = []claims.Entry{took(claimtest.Me, false, "30", "350"), took("wife", true, "0", "500")}
	got := engine.Eligibility(f, nil)
	number := func(n int) *int { return &n }
	want := []claims.CoverLeft{{
		Policy: claimtest.Policy, Product: "PLAN", Period: claims.Span{From: day("2025-01-10"), To: day("2025-09-30")},
		Categories: []claims.CategoryLeft{
			{Category: "C", Max: number(3), Used: 1, Left: number(2), Amount: p("500.00")},
			{Category: "S", Max: number(1), Used: 2, Left: number(0)}, // never below none
			{Category: "D"},
			{Category: "A"},
			{Category: "H"},
			{Category: "V"},
		},
		Deductibles: []claims.LimitLeft{
			{Reach: claims.PerInsuree, Stay: claims.OutOfBed, Amount: d("40.00"), Used: d("30.00"), Left: d("10.00")},
			{Reach: claims.PerInsuree, Stay: claims.InHospital, Amount: d("100.00"), Used: d("0.00"), Left: d("100.00")},
		},
		Ceilings: []claims.LimitLeft{
			{Reach: claims.PerPolicy, Amount: d("1200.00"), Used: d("850.00"), Left: d("350.00")},
		},
	}}
	if diff := cmp.Diff(want, got.Covers, sameDay); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}

	pr.ByFacility = true // the facility is a hospital: in-patient limits, whatever the stay
	got = engine.Eligibility(f, nil)
	if diff := cmp.Diff(want[0].Deductibles[1:], got.Covers[0].Deductibles); diff != "" {
		t.Errorf("by facility (-want +got)\n%s", diff)
	}
}

// TestLatest is the cover that ends last (settled 18).
func TestLatest(t *testing.T) {
	f := asked()
	f.Covers = append(f.Covers, claimtest.Cover("P-2", claimtest.Product("B")), claimtest.Cover("P-3", claimtest.Product("C")))
	f.Covers[1].Expiry, f.Covers[1].Member.To = day("2026-03-01"), day("2026-03-01")
	f.Covers[2].Expiry = day("2026-06-01") // but the person leaves before
	got := engine.Eligibility(f, nil)
	if len(got.Covers) != 3 || got.Covers[got.Latest].Policy != "P-2" {
		t.Errorf("latest %d of %+v", got.Latest, got.Covers)
	}
	if diff := cmp.Diff([]string{"P-1", "P-2", "P-3"}, got.Considered); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestItemLeft(t *testing.T) {
	tests := []struct {
		name   string
		key    claims.ArticleKey
		change func(*claims.Facts)
		want   claims.ItemLeft
		why    []string // keys of findings and notes
	}{
		{
			"not in the product", drugKey, func(f *claims.Facts) { delete(product(f).Lines, drugKey) },
			claims.ItemLeft{Excluded: true, Price: p("100.00")},
			[]string{"not-covered"},
		},
		{
			"not in the facility's list", drugKey, func(f *claims.Facts) { f.Facility.ItemList = "" },
			claims.ItemLeft{Excluded: true, Earliest: day("2025-01-10"), Used: p("0")},
			[]string{"not-in-price-list"},
		},
		{"waiting", drugKey, func(f *claims.Facts) {
			f.Covers[0].Stage, drug(f).WaitingAdult = claims.New, 6
		}, claims.ItemLeft{Excluded: true, Earliest: day("2025-07-10"), Used: p("0"), Price: p("100.00")}, []string{"waiting-period"}},
		{"used up", drugKey, func(f *claims.Facts) {
			drug(f).MaxQtyAdult = p("5")
			f.History = []claims.PastLine{claimtest.Past("C-0", claims.Item, claimtest.Drug, "2025-02-01", "6")}
		}, claims.ItemLeft{Excluded: true, Earliest: day("2025-01-10"), Allowed: p("5"), Used: p("6"), Left: p("0"), Price: p("100.00")}, []string{"quantity-used-up"}},
		{
			"visits used up", visitKey, func(f *claims.Facts) { product(f).MaxNo = map[claims.Category]int{claims.Consultation: 0} },
			claims.ItemLeft{Excluded: true, Earliest: day("2025-01-10"), Used: p("0"), Price: p("200.00")},
			[]string{"category-maximum"},
		},
		{"category pays nothing", operationKey, func(f *claims.Facts) {
			product(f).MaxAmount = map[claims.Category]claims.Money{claims.Surgery: d("0")}
		}, claims.ItemLeft{
			Excluded: true, Policy: "P-1", Product: "PLAN", Earliest: day("2025-01-10"),
			Used: p("0"), Limit: "C", Value: p("100"), Price: p("50000.00"),
		}, []string{"category-nothing"}},
		{
			"renewed: no waiting (settled 18)", drugKey, func(f *claims.Facts) { drug(f).WaitingAdult = 6 },
			claims.ItemLeft{Policy: "P-1", Product: "PLAN", Earliest: day("2025-01-10"), Used: p("0"), Limit: "C", Value: p("100"), Price: p("100.00")},
			nil,
		},
		{"no facility: what it lists and gives is not asked", drugKey, func(f *claims.Facts) {
			f.Facility = claims.Facility{}
			claimtest.FixedAt(f, claims.Item, claimtest.Drug, "60")
		}, claims.ItemLeft{Policy: "P-1", Product: "PLAN", Earliest: day("2025-01-10"), Used: p("0"), Limit: "F", Value: p("60")}, nil},
		{"part of it left", drugKey, func(f *claims.Facts) {
			drug(f).MaxQtyAdult = p("5")
			f.History = []claims.PastLine{claimtest.Past("C-0", claims.Item, claimtest.Drug, "2025-02-01", "3")}
		}, claims.ItemLeft{
			Policy: "P-1", Product: "PLAN", Earliest: day("2025-01-10"),
			Allowed: p("5"), Used: p("3"), Left: p("2"), Limit: "C", Value: p("100"), Price: p("100.00"),
		}, nil},
		{"two covers: the earliest day and the largest quantity", drugKey, func(f *claims.Facts) {
			f.Covers = append(f.Covers, claimtest.Cover("P-2", claimtest.Product("B")))
			f.Covers[0].Stage, drug(f).WaitingAdult, drug(f).MaxQtyAdult = claims.New, 12, p("9")
			f.Covers[1].Product.Lines[drugKey].MaxQtyAdult = p("4")
		}, claims.ItemLeft{
			Policy: "P-2", Product: "B", Earliest: day("2025-01-10"),
			Allowed: p("9"), Used: p("0"), Left: p("9"), Limit: "C", Value: p("100"), Price: p("100.00"),
		}, nil},
		{"two covers, one without a limit", drugKey, func(f *claims.Facts) {
			f.Covers = append(f.Covers, claimtest.Cover("P-2", claimtest.Product("B")), claimtest.Cover("P-3", claimtest.Product("C")))
			drug(f).MaxQtyAdult, f.Covers[2].Product.Lines[drugKey].MaxQtyAdult = p("9"), p("8")
		}, claims.ItemLeft{Policy: "P-1", Product: "PLAN", Earliest: day("2025-01-10"), Used: p("0"), Limit: "C", Value: p("100"), Price: p("100.00")}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := asked()
			tt.change(&f)
			got := engine.Eligibility(f, []claims.ArticleKey{tt.key}).Items[0]
			var why []string
			for _, finding := range got.Findings {
				why = append(why, finding.Message.Key)
			}
			for _, note := range got.Notes {
				why = append(why, note.Key)
			}
			tt.want.Key, got.Findings, got.Notes = tt.key, nil, nil
			if diff := cmp.Diff(tt.want, got, sameDay); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(tt.why, why); diff != "" {
				t.Errorf("why (-want +got)\n%s", diff)
			}
		})
	}
}
