package claims_test

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/claims/claimtest"
	"github.com/jamii-health/jamii/internal/claims/rules"
)

var (
	d   = claimtest.D
	p   = claimtest.P
	day = claimtest.Day
)

var engine = claims.Engine{Rules: rules.All()}

// brief says of each line what was paid, or "reason n".
func brief(dec claims.Decision) []string {
	var out []string
	for _, l := range dec.Lines {
		if l.Status == claims.Passed {
			out = append(out, l.Paid.String())
		} else {
			out = append(out, "reason "+strconv.Itoa(int(l.Findings[0].Reason)))
		}
	}
	return out
}

// step is the amount of a line's step, "" when it was not taken.
func step(l claims.LineDecision, kind claims.StepKind) string {
	for _, s := range l.Steps {
		if s.Kind == kind {
			return s.Amount.String()
		}
	}
	return ""
}

// TestVectors are the worked vectors of openimis-domain 10.1 that concern
// claims, under their numbers.
func TestVectors(t *testing.T) {
	household := func(f *claims.Facts, members int) {
		pr := f.Covers[0].Product
		pr.Ceiling.Policy.All, pr.Threshold = p("100000"), 5
		pr.ExtraMember.All, pr.MaxPolicy.All = p("20000"), p("200000")
		f.Covers[0].Members = nil
		for range members {
			f.Covers[0].Members = append(f.Covers[0].Members, f.Covers[0].Member)
		}
		claimtest.Only(f, claims.Service, claimtest.Operation, "10", p("50000"))
	}
	second := func(f *claims.Facts) { // another policy and product, enrolled later
		f.Covers = append(f.Covers, claimtest.Cover("P-2", claimtest.Product("OTHER")))
		claimtest.Only(f, claims.Item, claimtest.Drug, "1", p("100"))
		claimtest.Share(f, claims.Item, claimtest.Drug, "75")
	}
	other := func(f *claims.Facts) *claims.Facts { // the second cover as the first
		return &claims.Facts{Covers: f.Covers[1:]}
	}
	tests := []struct {
		name   string
		change func(*claims.Facts)
		want   []string
	}{
		{"V1 five members: ceiling 100,000", func(f *claims.Facts) { household(f, 5) }, []string{"100000.00"}},
		{"V2 seven members: ceiling 140,000", func(f *claims.Facts) { household(f, 7) }, []string{"140000.00"}},
		{"V3 ten members: ceiling 200,000", func(f *claims.Facts) { household(f, 10) }, []string{"200000.00"}},
		{"V3 twelve members: the cap of 200,000", func(f *claims.Facts) { household(f, 12) }, []string{"200000.00"}},
		{"V7 co-insurance", func(f *claims.Facts) {
			claimtest.Only(f, claims.Item, claimtest.Drug, "2", p("100"))
			claimtest.Share(f, claims.Item, claimtest.Drug, "75")
		}, []string{"150.00"}},
		{"V8 deductible before co-insurance", func(f *claims.Facts) {
			claimtest.Only(f, claims.Item, claimtest.Drug, "2", p("100"))
			claimtest.Share(f, claims.Item, claimtest.Drug, "75")
			f.Covers[0].Product.Deductible.Insuree.All = p("50")
		}, []string{"112.50"}},
		{"V9 fixed limit on the provider's price", func(f *claims.Facts) {
			claimtest.Only(f, claims.Item, claimtest.Drug, "3", p("100"))
			claimtest.FixedAt(f, claims.Item, claimtest.Drug, "60")
			claimtest.Terms(f, claims.Item, claimtest.Drug).Origin = claims.ProviderPrice
		}, []string{"180.00"}},
		{"V10 policy ceiling nearly used", func(f *claims.Facts) {
			f.Covers[0].Product.Ceiling.Policy.All = p("1000")
			f.Ledger = []claims.Entry{{Claim: "C-0", Policy: claimtest.Policy, Person: "wife", Counted: d("950"), Paid: d("950")}}
			claimtest.Only(f, claims.Item, claimtest.Bandage, "4", p("10"))
			f.Claim.Lines = append(f.Claim.Lines, f.Claim.Lines[0])
		}, []string{"40.00", "10.00"}},
		{"V11 category ceiling of a claim", func(f *claims.Facts) {
			claimtest.Only(f, claims.Service, claimtest.Operation, "1", p("50000"))
			f.Claim.Lines = append(f.Claim.Lines, claims.Line{Sequence: 2, Kind: claims.Service, Code: claimtest.Visit, Quantity: d("200"), Asked: p("200")})
			claimtest.Share(f, claims.Service, claimtest.Operation, "75")
			claimtest.Share(f, claims.Service, claimtest.Visit, "75")
			f.Covers[0].Product.MaxAmount = map[claims.Category]claims.Money{claims.Surgery: d("70000")}
		}, []string{"37500.00", "30000.00"}},
		{"V12 fixed 80 leaves less to pay than 75 percent", func(f *claims.Facts) {
			second(f)
			claimtest.FixedAt(other(f), claims.Item, claimtest.Drug, "80")
		}, []string{"80.00"}},
		{"V13 75 percent leaves less to pay than fixed 60", func(f *claims.Facts) {
			second(f)
			claimtest.FixedAt(other(f), claims.Item, claimtest.Drug, "60")
		}, []string{"75.00"}},
		{"V16 used 29 days before", func(f *claims.Facts) {
			claimtest.Article(f, claims.Item, claimtest.Drug).Frequency = 30
			f.History = []claims.PastLine{claimtest.Past("C-0", claims.Item, claimtest.Drug, "2025-05-12", "1")}
		}, []string{"reason 5", "200.00"}},
		{"V16 used 30 days before", func(f *claims.Facts) {
			claimtest.Article(f, claims.Item, claimtest.Drug).Frequency = 30
			f.History = []claims.PastLine{claimtest.Past("C-0", claims.Item, claimtest.Drug, "2025-05-11", "1")}
		}, []string{"200.00", "200.00"}},
		{"V17 the day before the wait is over", func(f *claims.Facts) {
			f.Covers[0].Stage, f.Claim.From = claims.New, day("2025-04-09")
			claimtest.Terms(f, claims.Item, claimtest.Drug).WaitingAdult = 3
		}, []string{"reason 17", "200.00"}},
		{"V17 the day the wait is over", func(f *claims.Facts) {
			f.Covers[0].Stage, f.Claim.From = claims.New, day("2025-04-10")
			claimtest.Terms(f, claims.Item, claimtest.Drug).WaitingAdult = 3
		}, []string{"200.00", "200.00"}},
		{"V18 a quantity above the limit is cut", func(f *claims.Facts) {
			claimtest.Only(f, claims.Item, claimtest.Drug, "5", p("100"))
			claimtest.Terms(f, claims.Item, claimtest.Drug).MaxQtyAdult = p("10")
			f.History = []claims.PastLine{claimtest.Past("C-0", claims.Item, claimtest.Drug, "2025-02-01", "8")}
		}, []string{"200.00"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := claimtest.Facts()
			tt.change(&f)
			if diff := cmp.Diff(tt.want, brief(engine.Decide(f))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestVectorSteps is what the vectors say of a step.
func TestVectorSteps(t *testing.T) {
	f := claimtest.Facts() // V8
	claimtest.Only(&f, claims.Item, claimtest.Drug, "2", p("100"))
	claimtest.Share(&f, claims.Item, claimtest.Drug, "75")
	f.Covers[0].Product.Deductible.Insuree.All = p("50")
	line := engine.Decide(f).Lines[0]
	if got := step(line, claims.StepDeductible) + " " + step(line, claims.StepCopay); got != "50.00 37.50" {
		t.Errorf("V8: deductible and co-payment %s", got)
	}

	f = claimtest.Facts() // V10
	f.Covers[0].Product.Ceiling.Policy.All = p("1000")
	f.Ledger = []claims.Entry{{Claim: "C-0", Policy: claimtest.Policy, Counted: d("950"), Paid: d("950")}}
	claimtest.Only(&f, claims.Item, claimtest.Bandage, "4", p("10"))
	f.Claim.Lines = append(f.Claim.Lines, f.Claim.Lines[0])
	dec := engine.Decide(f)
	if got := step(dec.Lines[0], claims.StepGeneralCeiling) + "/" + step(dec.Lines[1], claims.StepGeneralCeiling); got != "/30.00" {
		t.Errorf("V10: above the ceiling %s", got)
	}
}
