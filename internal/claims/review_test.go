package claims_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/claims/claimtest"
)

// TestState is where a claim goes, and why a person must see it.
func TestState(t *testing.T) {
	review := func(change func(*claims.ReviewPolicy)) func(*claims.Facts) {
		return func(f *claims.Facts) { change(&f.Settings.Review) }
	}
	tests := []struct {
		name    string
		change  func(*claims.Facts)
		want    claims.State
		entries int
		why     []string
	}{
		{"no line passes", func(f *claims.Facts) { f.Facility.ItemList, f.Facility.ServiceList = "", "" }, claims.StateRejected, 0, nil},
		{"no line passes, a review was due", func(f *claims.Facts) {
			f.Covers, f.Settings.Review.Percent = nil, 100
		}, claims.StateRejected, 0, nil},
		{"no lines", func(f *claims.Facts) { f.Claim.Lines = nil }, claims.StateRejected, 0, nil},
		{"at the amount", review(func(r *claims.ReviewPolicy) { r.Above = d("400") }), claims.StateChecked, 1, []string{"review-above"}},
		{"below the amount", review(func(r *claims.ReviewPolicy) { r.Above = d("400.01") }), claims.StateValuated, 1, nil},
		{"refused lines do not count for the amount", func(f *claims.Facts) {
			f.Settings.Review.Above, f.Facility.ItemList = d("400"), ""
		}, claims.StateValuated, 1, nil},
		{"a service to look at", review(func(r *claims.ReviewPolicy) { r.Services = []string{"X", claimtest.Visit} }), claims.StateChecked, 1, []string{"review-service"}},
		{"a service to look at, refused", func(f *claims.Facts) {
			f.Settings.Review.Services, f.Facility.ServiceList = []string{claimtest.Visit}, ""
		}, claims.StateValuated, 1, nil},
		{"every claim", review(func(r *claims.ReviewPolicy) { r.Percent = 100 }), claims.StateChecked, 1, []string{"review-sample"}},
		{"a ceiling cut", func(f *claims.Facts) {
			f.Settings.Review.OverCeiling, product(f).Ceiling.Policy.All = true, p("10")
		}, claims.StateChecked, 1, []string{"review-ceiling"}},
		{"a category ceiling cut", func(f *claims.Facts) {
			f.Settings.Review.OverCeiling, product(f).MaxAmount = true, map[claims.Category]claims.Money{"C": d("10")}
		}, claims.StateChecked, 1, []string{"review-ceiling"}},
		{"no ceiling cut", review(func(r *claims.ReviewPolicy) { r.OverCeiling = true }), claims.StateValuated, 1, nil},
		{"several reasons", review(func(r *claims.ReviewPolicy) { r.Percent, r.Above = 100, d("1") }), claims.StateChecked, 1, []string{"review-above", "review-sample"}},
		{"seen by a person", func(f *claims.Facts) { f.Settings.Review.Percent, f.Claim.Reviewed = 100, true }, claims.StateValuated, 1, nil},
		{"a line seen by a person", func(f *claims.Facts) {
			f.Settings.Review.Percent, f.Claim.Lines[1].Review = 100, &claims.Verdict{}
		}, claims.StateValuated, 1, nil},
		{"relative price, queued", func(f *claims.Facts) {
			drug(f).Origin, f.Settings.Review.Percent = claims.RelativePrice, 100
		}, claims.StateChecked, 1, []string{"review-sample"}},
		{"relative price", func(f *claims.Facts) { drug(f).Origin = claims.RelativePrice }, claims.StateProcessed, 1, nil},
		{"relative price on a refused line", func(f *claims.Facts) {
			drug(f).Origin, f.Facility.ItemList = claims.RelativePrice, ""
		}, claims.StateValuated, 1, nil},
		{"predetermination takes nothing and is never queued", func(f *claims.Facts) {
			f.Claim.Use, f.Settings.Review.Percent, f.Settings.PreauthHolds = claims.UsePredetermination, 100, true
		}, claims.StateValuated, 0, nil},
		{"preauthorization", func(f *claims.Facts) { f.Claim.Use = claims.UsePreauthorization }, claims.StateValuated, 0, nil},
		{"preauthorization that holds", func(f *claims.Facts) {
			f.Claim.Use, f.Settings.PreauthHolds = claims.UsePreauthorization, true
		}, claims.StateValuated, 1, nil},
		{"preauthorization to look at", func(f *claims.Facts) {
			f.Claim.Use, f.Settings.Review.Preauth = claims.UsePreauthorization, true
		}, claims.StateChecked, 0, []string{"review-preauth"}},
		{"claim where only preauthorizations are looked at", review(func(r *claims.ReviewPolicy) { r.Preauth = true }), claims.StateValuated, 1, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := claimtest.Facts()
			tt.change(&f)
			got := engine.Decide(f)
			var why []string
			for _, m := range got.Review {
				why = append(why, m.Key)
			}
			if got.State != tt.want || len(got.Entries) != tt.entries {
				t.Errorf("state %d with %d rows, want %d with %d", got.State, len(got.Entries), tt.want, tt.entries)
			}
			if diff := cmp.Diff(tt.why, why); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if (got.State == claims.StateRejected) != (got.Reason != claims.Accepted) {
				t.Errorf("state %d with reason %d", got.State, got.Reason)
			}
		})
	}
}

// TestSample takes about as many claims as asked, the same ones each time.
func TestSample(t *testing.T) {
	chosen := func(percent int) (n int) {
		f := claimtest.Facts()
		f.Settings.Review.Percent = percent
		for i := range 2000 {
			f.Claim.ID = fmt.Sprintf("urn:claims|2025-%05d", i)
			if engine.Decide(f).State == claims.StateChecked {
				n++
			}
		}
		return n
	}
	if n := chosen(0); n != 0 {
		t.Errorf("0 percent chose %d", n)
	}
	five := chosen(5)
	if five < 70 || five > 130 {
		t.Errorf("5 percent of 2000 chose %d", five)
	}
	if again := chosen(5); again != five {
		t.Errorf("chose %d, then %d", five, again)
	}
	// The choice is a promise across versions: these two may not change.
	f := claimtest.Facts()
	f.Settings.Review.Percent = 50
	var got []bool
	for _, id := range []string{"C-1", "C-2", "C-3", "C-4"} {
		f.Claim.ID = id
		got = append(got, engine.Decide(f).State == claims.StateChecked)
	}
	if diff := cmp.Diff([]bool{false, true, false, true}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestVerdicts is what a reviewer may do to a drug of 2 x 100 (settled 11).
func TestVerdicts(t *testing.T) {
	tests := []struct {
		name    string
		verdict claims.Verdict
		change  func(*claims.Facts)
		want    []string
		note    string
	}{
		{"refused", claims.Verdict{Reject: true}, nil, []string{"reason -1", "200.00"}, ""},
		{"refused already: the first reason stands", claims.Verdict{Reject: true}, func(f *claims.Facts) { f.Facility.ItemList = "" }, []string{"reason 2", "200.00"}, ""},
		{"cannot pass a refused line", claims.Verdict{Quantity: p("2"), Price: p("100")}, func(f *claims.Facts) { f.Facility.ItemList = "" }, []string{"reason 2", "200.00"}, ""},
		{"quantity up", claims.Verdict{Quantity: p("3")}, nil, []string{"200.00", "200.00"}, ""},
		{"quantity up, after a cut", claims.Verdict{Quantity: p("2")}, func(f *claims.Facts) { drug(f).MaxQtyAdult = p("1") }, []string{"100.00", "200.00"}, "quantity-cut"},
		{"negative quantity", claims.Verdict{Quantity: p("-1")}, nil, []string{"0.00", "200.00"}, "review-quantity"},
		{"quantity down", claims.Verdict{Quantity: p("0.5")}, nil, []string{"50.00", "200.00"}, "review-quantity"},
		{"price down", claims.Verdict{Price: p("30")}, nil, []string{"60.00", "200.00"}, "review-price"},
		{"price up", claims.Verdict{Price: p("300")}, nil, []string{"200.00", "200.00"}, ""},
		{"approved as it is", claims.Verdict{Quantity: p("2"), Price: p("100")}, nil, []string{"200.00", "200.00"}, ""},
		{"refused: the ceiling is left to the next line", claims.Verdict{Reject: true}, func(f *claims.Facts) { product(f).Ceiling.Policy.All = p("250") }, []string{"reason -1", "200.00"}, ""},
	}
	for _, tt := range tests {
		f := claimtest.Facts()
		f.Claim.Lines[0].Review = &tt.verdict
		if tt.change != nil {
			tt.change(&f)
		}
		got := engine.Decide(f)
		if diff := cmp.Diff(tt.want, brief(got)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
		note := ""
		if len(got.Lines[0].Notes) > 0 {
			note = got.Lines[0].Notes[0].Key
		}
		if note != tt.note {
			t.Errorf("%s: note %q, want %q", tt.name, note, tt.note)
		}
	}
	f := claimtest.Facts()
	for i := range f.Claim.Lines {
		f.Claim.Lines[i].Review = &claims.Verdict{Reject: true}
	}
	if got := engine.Decide(f); got.State != claims.StateRejected || got.Reason != claims.ReasonNotInRegister || got.Entries != nil {
		t.Errorf("all refused by the reviewer: state %d, reason %d, %d rows", got.State, got.Reason, len(got.Entries))
	}
}
