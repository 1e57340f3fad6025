package rules

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/claims/claimtest"
)

// upTo limits the drug, of which the claim has 2, and says what was used.
func upTo(limit string, past ...claims.PastLine) func(*claims.Facts) {
	return func(f *claims.Facts) {
		claimtest.Terms(f, claims.Item, claimtest.Drug).MaxQtyAdult = p(limit)
		f.History = past
	}
}

func usedUp(limit, used string) claims.Finding {
	return no("quantity-limit", claims.ReasonMaxQuantity, "quantity-used-up",
		"code", claimtest.Drug, "limit", limit, "used", used, "from", "2025-01-10", "to", "2026-01-09")
}

func drugs(claim, day, quantity string) claims.PastLine {
	return claimtest.Past(claim, claims.Item, claimtest.Drug, day, quantity)
}

var quantityLimitCases = table{
	{"0 allows nothing (R10)", upTo("0"), want{0, first(usedUp("0", "0"))}},
	{"used up", upTo("10", drugs("C-0", "2025-02-01", "10")), want{0, first(usedUp("10", "10"))}},
	{"used beyond", upTo("10", drugs("C-0", "2025-02-01", "7"), drugs("C-2", "2025-03-01", "7")), want{0, first(usedUp("10", "14"))}},
	{"used up under another policy (R09)", func(f *claims.Facts) {
		upTo("10", drugs("C-0", "2025-02-01", "10"))(f)
		f.History[0].Policy = "P-9"
	}, want{0, first(usedUp("10", "10"))}},
	{"used up on the first day", upTo("10", drugs("C-0", "2025-01-10", "10")), want{0, first(usedUp("10", "10"))}},
	{"used up on the last day", upTo("10", drugs("C-0", "2026-01-09", "10")), want{0, first(usedUp("10", "10"))}},
	{"used up by an earlier line (R08)", func(f *claims.Facts) {
		upTo("2")(f)
		f.Claim.Lines[1] = f.Claim.Lines[0]
	}, want{0, second(usedUp("2", "2"))}},
	{"limit of minors", func(f *claims.Facts) {
		claimtest.Terms(f, claims.Item, claimtest.Drug).MaxQtyChild = p("0")
		f.Person.Born = day("2020-01-01")
	}, want{0, first(usedUp("0", "0"))}},
	{"limit of minors, an adult", func(f *claims.Facts) {
		claimtest.Terms(f, claims.Item, claimtest.Drug).MaxQtyChild = p("0")
	}, want{}},
	{"exactly what is left", upTo("10", drugs("C-0", "2025-02-01", "8")), want{}},
	{"used before the cover", upTo("10", drugs("C-0", "2025-01-09", "10")), want{}},
	{"used after the cover", upTo("10", drugs("C-0", "2026-01-10", "10")), want{}},
	{"used after the member left", func(f *claims.Facts) {
		upTo("10", drugs("C-0", "2025-07-01", "10"))(f)
		f.Covers[0].Member.To = day("2025-06-30")
	}, want{}},
	{"refused then", func(f *claims.Facts) {
		upTo("10", drugs("C-0", "2025-02-01", "10"))(f)
		f.History[0].Status = claims.Rejected
	}, want{}},
	{"an earlier line that is refused does not count", func(f *claims.Facts) {
		upTo("2")(f)
		f.Claim.Lines = []claims.Line{f.Claim.Lines[0], f.Claim.Lines[1], f.Claim.Lines[0]}
		f.Claim.Lines[0].Code, f.Facility.ItemList = "X", "items"
		f.Claim.Lines[0].Kind = claims.Item
	}, want{0, [][]claims.Finding{{unregistered("X"), uncoveredLine("X")}, nil, nil}}},
}

// TestQuantityCut is the half of the rule that pays part of a line (V18).
func TestQuantityCut(t *testing.T) {
	tests := []struct {
		name   string
		change func(*claims.Facts)
		want   []string // counted, by line
		note   string
	}{
		{"one is left", upTo("10", drugs("C-0", "2025-02-01", "9")), []string{"1", "1"}, "Counted 1 only: 9 of 10 were used before, from 2025-01-10 to 2026-01-09."},
		{"half is left", upTo("0.5"), []string{"0.5", "1"}, "Counted 0.5 only: 0 of 0.5 were used before, from 2025-01-10 to 2026-01-09."},
		{"what an earlier line left", func(f *claims.Facts) {
			upTo("5")(f)
			f.Claim.Lines = append(f.Claim.Lines[:1], f.Claim.Lines[0], f.Claim.Lines[0])
		}, []string{"2", "2", "1"}, ""},
		{"enough", upTo("10", drugs("C-0", "2025-02-01", "8")), []string{"2", "1"}, ""},
	}
	for _, tt := range tests {
		f := claimtest.Facts()
		tt.change(&f)
		dec := claims.Engine{Rules: All()}.Decide(f)
		var got []string
		for _, l := range dec.Lines {
			got = append(got, l.Quantity.String())
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
		note := ""
		if len(dec.Lines[0].Notes) > 0 {
			note = dec.Lines[0].Notes[0].Text(nil)
		}
		if note != tt.note {
			t.Errorf("%s: note %q, want %q", tt.name, note, tt.note)
		}
	}
}
