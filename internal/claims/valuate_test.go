package claims_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/claims/claimtest"
)

// product is the first cover's.
func product(f *claims.Facts) *claims.Product { return f.Covers[0].Product }

// drug is the terms of the item of the first line.
func drug(f *claims.Facts) *claims.Terms { return claimtest.Terms(f, claims.Item, claimtest.Drug) }

func stay(f *claims.Facts) { f.Claim.To = day("2025-06-12") }

// took is a ledger row of another claim.
func took(person string, hospital bool, deducted, counted string) claims.Entry {
	return claims.Entry{
		Claim: "C-0", Policy: claimtest.Policy, Person: person, Hospital: hospital,
		Deducted: d(deducted), Counted: d(counted), Paid: d(counted),
	}
}

// TestValuation is openimis-domain 3.5 on a drug of 2 x 100 and a visit of
// 200: what each line is paid, and the sentences why it is not all.
func TestValuation(t *testing.T) {
	tests := []struct {
		name   string
		change func(*claims.Facts)
		want   []string
		notes  []string // of the first line, then of the second
	}{
		{"nothing set", func(*claims.Facts) {}, []string{"200.00", "200.00"}, nil},

		// Deductibles.
		{"deductible of a treatment, over two lines", func(f *claims.Facts) {
			product(f).Deductible.Treatment.All = p("250")
			f.Ledger = []claims.Entry{took(claimtest.Me, false, "250", "0")} // earlier treatments do not count
		}, []string{"0.00", "150.00"}, []string{
			"The person pays the first 250.00 of a treatment: 200.00 of it here, 50.00 left.",
			"The person pays the first 250.00 of a treatment: 50.00 of it here, 0.00 left.",
		}},
		{"deductible of the person, partly paid before", func(f *claims.Facts) {
			product(f).Deductible.Insuree.All = p("250")
			f.Ledger = []claims.Entry{took(claimtest.Me, false, "100", "0"), took("wife", false, "100", "0")}
		}, []string{"50.00", "200.00"}, []string{"The person pays the first 250.00 under the policy: 150.00 of it here, 0.00 left."}},
		{"deductible of the household, partly paid before", func(f *claims.Facts) {
			product(f).Deductible.Policy.All = p("250")
			f.Ledger = []claims.Entry{took(claimtest.Me, false, "100", "0"), took("wife", false, "100", "0")}
		}, []string{"150.00", "200.00"}, []string{"The household pays the first 250.00 under the policy: 50.00 of it here, 0.00 left."}},
		{"deductible paid more than once over", func(f *claims.Facts) {
			product(f).Deductible.Policy.All = p("250")
			f.Ledger = []claims.Entry{took("wife", false, "900", "0")}
		}, []string{"200.00", "200.00"}, nil},
		{"deductible under another policy", func(f *claims.Facts) {
			product(f).Deductible.Insuree.All = p("50")
			f.Ledger = []claims.Entry{took(claimtest.Me, false, "50", "0")}
			f.Ledger[0].Policy = "P-9"
		}, []string{"150.00", "200.00"}, []string{"The person pays the first 50.00 under the policy: 50.00 of it here, 0.00 left."}},
		{"this claim's own rows do not count", func(f *claims.Facts) {
			product(f).Deductible.Insuree.All = p("50")
			f.Ledger = []claims.Entry{took(claimtest.Me, false, "50", "0")}
			f.Ledger[0].Claim = claimtest.Claim
		}, []string{"150.00", "200.00"}, []string{"The person pays the first 50.00 under the policy: 50.00 of it here, 0.00 left."}},
		{"a cancelled claim gives the deductible back", func(f *claims.Facts) {
			product(f).Deductible.Insuree.All = p("50")
			rows := []claims.Entry{took(claimtest.Me, false, "50", "20")}
			f.Ledger = append(rows, claims.Reverse(rows)...)
		}, []string{"150.00", "200.00"}, []string{"The person pays the first 50.00 under the policy: 50.00 of it here, 0.00 left."}},
		{"of several scopes the first", func(f *claims.Facts) {
			product(f).Deductible = claims.Limits{Treatment: claims.ByStay{All: p("0")}, Insuree: claims.ByStay{All: p("50")}, Policy: claims.ByStay{All: p("70")}}
		}, []string{"150.00", "200.00"}, []string{"The person pays the first 50.00 under the policy: 50.00 of it here, 0.00 left."}},
		{"for all care, before the pair", func(f *claims.Facts) {
			product(f).Deductible = claims.Limits{Treatment: claims.ByStay{In: p("60"), Out: p("70")}, Policy: claims.ByStay{All: p("50")}}
		}, []string{"150.00", "200.00"}, []string{"The household pays the first 50.00 under the policy: 50.00 of it here, 0.00 left."}},
		{
			"out-patient alone is set, and applies", func(f *claims.Facts) { product(f).Deductible.Insuree.Out = p("70") },
			[]string{"130.00", "200.00"},
			[]string{"The person pays the first 70.00 under the policy: 70.00 of it here, 0.00 left."},
		},
		{"out-patient alone is set, in a stay", func(f *claims.Facts) {
			product(f).Deductible.Insuree.Out = p("70")
			stay(f)
		}, []string{"200.00", "200.00"}, nil},
		{"in-patient: only in-patient care counts", func(f *claims.Facts) {
			product(f).Deductible.Insuree.In = p("70")
			f.Ledger = []claims.Entry{took(claimtest.Me, false, "60", "0"), took(claimtest.Me, true, "30", "0")}
			stay(f)
		}, []string{"160.00", "200.00"}, []string{"The person pays the first 70.00 under the policy: 40.00 of it here, 0.00 left."}},
		{"by level of the facility, no stay needed (R29)", func(f *claims.Facts) {
			product(f).Deductible.Insuree = claims.ByStay{In: p("70"), Out: p("30")}
			product(f).ByFacility = true
		}, []string{"130.00", "200.00"}, []string{"The person pays the first 70.00 under the policy: 70.00 of it here, 0.00 left."}},
		{"by level, a health centre", func(f *claims.Facts) {
			product(f).Deductible.Insuree = claims.ByStay{In: p("70"), Out: p("30")}
			product(f).ByFacility, f.Facility.Level = true, "C"
			stay(f)
		}, []string{"170.00", "200.00"}, []string{"The person pays the first 30.00 under the policy: 30.00 of it here, 0.00 left."}},

		// Limits of a line.
		{
			"co-insurance", func(f *claims.Facts) { claimtest.Share(f, claims.Item, claimtest.Drug, "80") },
			[]string{"160.00", "200.00"},
			[]string{"The scheme pays 80 percent; the person pays 40.00."},
		},
		{
			"co-insurance of 0", func(f *claims.Facts) { claimtest.Share(f, claims.Item, claimtest.Drug, "0") },
			[]string{"0.00", "200.00"},
			[]string{"The scheme pays 0 percent; the person pays 200.00."},
		},
		{
			"co-insurance above 100 pays all", func(f *claims.Facts) { claimtest.Share(f, claims.Item, claimtest.Drug, "120") },
			[]string{"200.00", "200.00"},
			nil,
		},
		{"rounded half up (R02)", func(f *claims.Facts) {
			f.Claim.Lines[0].Quantity, f.Claim.Lines[0].Asked = d("1"), p("0.05")
			claimtest.Share(f, claims.Item, claimtest.Drug, "50")
		}, []string{"0.03", "200.00"}, []string{"The scheme pays 50 percent; the person pays 0.02."}},
		{"a currency without decimals", func(f *claims.Facts) {
			f.Settings.Decimals = 0
			f.Claim.Lines[0].Quantity = d("0.333")
			claimtest.Share(f, claims.Item, claimtest.Drug, "50")
		}, []string{"17", "200"}, []string{"The scheme pays 50 percent; the person pays 16."}},
		{
			"fixed limit", func(f *claims.Facts) { claimtest.FixedAt(f, claims.Item, claimtest.Drug, "60") },
			[]string{"120.00", "200.00"},
			[]string{"The scheme pays 60.00 each at most: 80.00 is not covered."},
		},
		{
			"fixed limit above the price", func(f *claims.Facts) { claimtest.FixedAt(f, claims.Item, claimtest.Drug, "101") },
			[]string{"200.00", "200.00"},
			nil,
		},
		{
			"fixed limit of 0 is none (settled 6)", func(f *claims.Facts) { claimtest.FixedAt(f, claims.Item, claimtest.Drug, "0") },
			[]string{"200.00", "200.00"},
			nil,
		},
		{"fixed limit before the deductible", func(f *claims.Facts) {
			claimtest.FixedAt(f, claims.Item, claimtest.Drug, "60")
			product(f).Deductible.Treatment.All = p("20")
		}, []string{"100.00", "200.00"}, []string{
			"The scheme pays 60.00 each at most: 80.00 is not covered.",
			"The person pays the first 20.00 of a treatment: 20.00 of it here, 0.00 left.",
		}},
		{"limits of an emergency, and of minors", func(f *claims.Facts) {
			f.Claim.Visit, f.Person.Born = claims.Emergency, day("2020-01-01")
			drug(f).LimitAdult = map[claims.Visit]*claims.Money{claims.Emergency: p("10"), claims.Other: p("20")}
			drug(f).LimitChild = map[claims.Visit]*claims.Money{claims.Emergency: p("50"), claims.Other: p("30")}
		}, []string{"100.00", "200.00"}, []string{"The scheme pays 50 percent; the person pays 100.00."}},
		{"a visit without a limit of its own: 100 percent", func(f *claims.Facts) {
			f.Claim.Visit = claims.Referral
			drug(f).LimitAdult = map[claims.Visit]*claims.Money{claims.Other: p("20")}
		}, []string{"200.00", "200.00"}, nil},
		{"a missing visit type is Other", func(f *claims.Facts) {
			f.Claim.Visit = ""
			drug(f).LimitAdult = map[claims.Visit]*claims.Money{claims.Other: p("25")}
		}, []string{"50.00", "200.00"}, []string{"The scheme pays 25 percent; the person pays 150.00."}},

		// Category ceilings.
		{"category ceiling of 0 pays nothing (R12)", func(f *claims.Facts) {
			product(f).MaxAmount = map[claims.Category]claims.Money{claims.Consultation: d("0")}
		}, []string{"0.00", "0.00"}, []string{
			"A claim for consultation had 0.00 left of its ceiling: 200.00 is above it.",
			"A claim for consultation had 0.00 left of its ceiling: 200.00 is above it.",
		}},
		{"category ceiling is used up before the general one (R13)", func(f *claims.Facts) {
			product(f).MaxAmount = map[claims.Category]claims.Money{claims.Consultation: d("250")}
			product(f).Ceiling.Treatment.All = p("100")
		}, []string{"100.00", "0.00"}, []string{
			"The treatment had 100.00 left of its ceiling: 100.00 is above it.",
			"A claim for consultation had 50.00 left of its ceiling: 150.00 is above it.",
			"The treatment had 0.00 left of its ceiling: 50.00 is above it.",
		}},
		{"category ceiling of other categories", func(f *claims.Facts) {
			product(f).MaxAmount = map[claims.Category]claims.Money{claims.Surgery: d("0"), claims.VisitCategory: d("0")}
		}, []string{"200.00", "200.00"}, nil},
		{"visits have no category ceiling", func(f *claims.Facts) {
			claimtest.Article(f, claims.Service, claimtest.Visit).Category = claims.VisitCategory
			product(f).MaxAmount = map[claims.Category]claims.Money{claims.VisitCategory: d("0")}
		}, []string{"200.00", "200.00"}, nil},

		// General ceilings.
		{"ceiling of the person", func(f *claims.Facts) {
			product(f).Ceiling.Insuree.All = p("500")
			f.Ledger = []claims.Entry{took(claimtest.Me, false, "0", "250"), took("wife", false, "0", "250")}
		}, []string{"200.00", "50.00"}, []string{"The person had 50.00 left of the ceiling: 150.00 is above it."}},
		{"ceiling overdrawn before", func(f *claims.Facts) {
			product(f).Ceiling.Policy.All = p("500")
			f.Ledger = []claims.Entry{took("wife", false, "0", "700")}
		}, []string{"0.00", "0.00"}, []string{
			"The household had 0.00 left of the ceiling: 200.00 is above it.",
			"The household had 0.00 left of the ceiling: 200.00 is above it.",
		}},
		{"in-patient ceiling in a stay", func(f *claims.Facts) {
			product(f).Ceiling.Policy = claims.ByStay{In: p("300"), Out: p("10")}
			f.Ledger = []claims.Entry{took("wife", true, "0", "50"), took("wife", false, "0", "70")}
			stay(f)
		}, []string{"200.00", "50.00"}, []string{"The household had 50.00 left of the ceiling: 150.00 is above it."}},
		{"excluded for everyone", func(f *claims.Facts) {
			product(f).Ceiling.Policy.All = p("50")
			drug(f).ExclusionAdult = "B"
		}, []string{"200.00", "50.00"}, []string{"The household had 50.00 left of the ceiling: 150.00 is above it."}},
		{"excluded in hospital, out of it", func(f *claims.Facts) {
			product(f).Ceiling.Policy.All = p("50")
			drug(f).ExclusionAdult = "H"
		}, []string{"50.00", "0.00"}, []string{
			"The household had 50.00 left of the ceiling: 150.00 is above it.",
			"The household had 0.00 left of the ceiling: 200.00 is above it.",
		}},
		{"excluded out of hospital", func(f *claims.Facts) {
			product(f).Ceiling.Policy.All = p("50")
			drug(f).ExclusionAdult, drug(f).ExclusionChild = "N", "H"
		}, []string{"200.00", "50.00"}, []string{"The household had 50.00 left of the ceiling: 150.00 is above it."}},
		{"excluded for minors, an adult", func(f *claims.Facts) {
			product(f).Ceiling.Policy.All = p("50")
			drug(f).ExclusionChild = "B"
		}, []string{"50.00", "0.00"}, []string{
			"The household had 50.00 left of the ceiling: 150.00 is above it.",
			"The household had 0.00 left of the ceiling: 200.00 is above it.",
		}},
		{"excluded lines still count for the category", func(f *claims.Facts) {
			product(f).MaxAmount = map[claims.Category]claims.Money{claims.Consultation: d("250")}
			drug(f).ExclusionAdult = "B"
		}, []string{"200.00", "50.00"}, []string{"A claim for consultation had 50.00 left of its ceiling: 150.00 is above it."}},

		// Order.
		{"items before services, whatever the claim's order", func(f *claims.Facts) {
			f.Claim.Lines[0], f.Claim.Lines[1] = f.Claim.Lines[1], f.Claim.Lines[0]
			product(f).Ceiling.Policy.All = p("250")
		}, []string{"50.00", "200.00"}, []string{"The household had 50.00 left of the ceiling: 150.00 is above it."}},
		{
			"a relative price counts its value and waits", func(f *claims.Facts) { drug(f).Origin = claims.RelativePrice },
			[]string{"200.00", "200.00"},
			[]string{"The price is relative: the line counts 200.00, and what is paid follows from the period's total."},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := claimtest.Facts()
			tt.change(&f)
			dec := engine.Decide(f)
			if diff := cmp.Diff(tt.want, brief(dec)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			var notes []string
			for _, l := range dec.Lines {
				for _, n := range l.Notes {
					notes = append(notes, n.Text(claims.Texts()))
				}
			}
			if diff := cmp.Diff(tt.notes, notes); diff != "" {
				t.Errorf("notes (-want +got)\n%s", diff)
			}
		})
	}
}

// TestSteps shows every money step of one line.
func TestSteps(t *testing.T) {
	f := claimtest.Facts()
	claimtest.Only(&f, claims.Item, claimtest.Drug, "10", p("120"))
	claimtest.Share(&f, claims.Item, claimtest.Drug, "75")
	drug(&f).MaxQtyAdult = p("8")
	product(&f).Deductible.Treatment.All = p("100")
	product(&f).Ceiling.Policy.All = p("450")
	got := engine.Decide(f)
	want := []claims.Step{
		{Kind: claims.StepSubmitted, Amount: d("1200.00")},
		{Kind: claims.StepListPrice, Amount: d("1000.00")},
		{Kind: claims.StepEligible, Amount: d("800.00")},
		{Kind: claims.StepDeductible, Amount: d("100.00")},
		{Kind: claims.StepCopay, Amount: d("175.00")},
		{Kind: claims.StepGeneralCeiling, Amount: d("75.00")},
		{Kind: claims.StepBenefit, Amount: d("450.00")},
	}
	if diff := cmp.Diff(want, got.Lines[0].Steps); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	entry := []claims.Entry{{
		Claim: claimtest.Claim, Policy: claimtest.Policy, Person: claimtest.Me,
		Deducted: d("100.00"), Counted: d("450.00"), Paid: d("450.00"), Category: claims.VisitCategory,
	}}
	if diff := cmp.Diff(entry, got.Entries); diff != "" {
		t.Errorf("entries (-want +got)\n%s", diff)
	}
	if got.Asked.String() != "1200.00" || got.Paid.String() != "450.00" {
		t.Errorf("asked %v, paid %v", got.Asked, got.Paid)
	}
}
