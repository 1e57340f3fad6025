package claims_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/claims/claimtest"
	"github.com/jamii-health/jamii/internal/claims/rules"
)

// TestNoRules pays nothing that no product or register carries, even when the
// list of rules was forgotten.
func TestNoRules(t *testing.T) {
	for name, change := range map[string]func(*claims.Facts){
		"no cover":    func(f *claims.Facts) { f.Covers = nil },
		"no terms":    func(f *claims.Facts) { clear(product(f).Lines) },
		"no register": func(f *claims.Facts) { f.Register = nil },
		"no date":     func(f *claims.Facts) { f.Claim.From = f.Claim.To },
	} {
		f := claimtest.Facts()
		change(&f)
		got := claims.Engine{}.Decide(f)
		if got.State != claims.StateRejected || !got.Paid.IsZero() || got.Entries != nil {
			t.Errorf("%s: state %d, paid %v", name, got.State, got.Paid)
		}
	}
}

// TestManyLines decides a claim longer than the scan is for: earlier uses and
// earlier lines count as in a short one.
func TestManyLines(t *testing.T) {
	f := claimtest.Facts()
	for i := range 40 {
		l := f.Claim.Lines[0]
		l.Sequence = 3 + i
		if i%2 == 0 {
			l.Code = "IT404"
		}
		f.Claim.Lines = append(f.Claim.Lines, l)
	}
	drug(&f).MaxQtyAdult = p("10")
	f.History = []claims.PastLine{
		claimtest.Past("C-0", claims.Item, claimtest.Drug, "2025-02-01", "3"),
		claimtest.Past("C-0", claims.Item, claimtest.Bandage, "2025-02-01", "3"),
	}
	got := engine.Decide(f)
	want := map[string]int{"200.00": 4, "100.00": 1, "reason 16": 17, "reason 1": 20}
	counts := map[string]int{}
	for _, s := range brief(got) {
		counts[s]++
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for i, l := range got.Lines {
		if l.Sequence != f.Claim.Lines[i].Sequence {
			t.Errorf("line %d has sequence %d", i, l.Sequence)
		}
	}
}

// TestFactsStay is the promise that Decide changes nothing: the same facts,
// decided twice with an eligibility answer in between, read the same.
func TestFactsStay(t *testing.T) {
	f := five()
	before := fmt.Sprintf("%+v", f)
	engine.Decide(f)
	engine.Eligibility(f, []claims.ArticleKey{drugKey, visitKey})
	if after := fmt.Sprintf("%+v", f); after != before {
		t.Errorf("facts changed\n%s\n%s", before, after)
	}
}

func ExampleEngine_Decide() {
	f := claimtest.Facts() // two drugs of 100 and a consultation of 200
	claimtest.Share(&f, claims.Item, claimtest.Drug, "75")
	f.Covers[0].Product.Ceiling.Policy.All = p("300")
	got := claims.Engine{Rules: rules.All()}.Decide(f)
	for _, line := range got.Lines {
		fmt.Println(line.Paid)
		for _, note := range line.Notes {
			fmt.Println(" ", note.Text(claims.Texts()))
		}
	}
	fmt.Println("in all", got.Paid)
	// Output:
	// 150.00
	//   The scheme pays 75 percent; the person pays 50.00.
	// 150.00
	//   The household had 150.00 left of the ceiling: 50.00 is above it.
	// in all 300.00
}
