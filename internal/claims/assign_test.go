package claims_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/claims/claimtest"
)

// TestAssignment is openimis-domain 3.3: which of several policies is charged
// for a drug of 100.
func TestAssignment(t *testing.T) {
	// offer adds a policy that pays a share, or a fixed amount.
	offer := func(f *claims.Facts, policy string, kind claims.Limitation, value string) *claims.Cover {
		f.Covers = append(f.Covers, claimtest.Cover(policy, claimtest.Product("OF-"+policy)))
		last := len(f.Covers) - 1
		one := claims.Facts{Covers: f.Covers[last:]}
		if kind == claims.Fixed {
			claimtest.FixedAt(&one, claims.Item, claimtest.Drug, value)
		} else {
			claimtest.Share(&one, claims.Item, claimtest.Drug, value)
		}
		return &f.Covers[last]
	}
	tests := []struct {
		name string
		with func(*claims.Facts)
		want string // policy
	}{
		{"the highest share", func(f *claims.Facts) {
			offer(f, "A", claims.CoInsurance, "50")
			offer(f, "B", claims.CoInsurance, "80")
			offer(f, "C", claims.CoInsurance, "70")
		}, "B"},
		{"equal shares: the first enrolled", func(f *claims.Facts) {
			offer(f, "A", claims.CoInsurance, "80")
			offer(f, "B", claims.CoInsurance, "80")
		}, "A"},
		{"equal shares: the earliest cover (settled 7)", func(f *claims.Facts) {
			offer(f, "A", claims.CoInsurance, "80").Effective = day("2025-03-01")
			offer(f, "B", claims.CoInsurance, "80").Effective = day("2025-02-01")
		}, "B"},
		{"equal shares: waiting makes a cover later", func(f *claims.Facts) {
			a := offer(f, "A", claims.CoInsurance, "80")
			a.Product.Lines[claims.ArticleKey{Kind: claims.Item, Code: claimtest.Drug}].WaitingAdult = 2
			offer(f, "B", claims.CoInsurance, "80").Effective = day("2025-02-01")
		}, "B"},
		{"the highest fixed amount", func(f *claims.Facts) {
			offer(f, "A", claims.Fixed, "50")
			offer(f, "B", claims.Fixed, "80")
			offer(f, "C", claims.Fixed, "70")
		}, "B"},
		{"a fixed amount of 0 is the highest (DO LEGACY)", func(f *claims.Facts) {
			offer(f, "A", claims.Fixed, "50")
			offer(f, "B", claims.Fixed, "0")
			offer(f, "C", claims.Fixed, "70")
		}, "B"},
		{"fixed 0 before a share of 100", func(f *claims.Facts) {
			offer(f, "A", claims.CoInsurance, "100")
			offer(f, "B", claims.Fixed, "0")
		}, "B"},
		{"fixed above the price before a share of 100", func(f *claims.Facts) {
			offer(f, "A", claims.CoInsurance, "100")
			offer(f, "B", claims.Fixed, "100.01")
		}, "B"},
		{"fixed at the price: a share of 100 is as good", func(f *claims.Facts) {
			offer(f, "A", claims.Fixed, "100")
			offer(f, "B", claims.CoInsurance, "100")
		}, "B"},
		{"fixed at the price, a share of 99", func(f *claims.Facts) {
			offer(f, "A", claims.CoInsurance, "99")
			offer(f, "B", claims.Fixed, "100")
		}, "B"},
		{"the same out of pocket: the share", func(f *claims.Facts) {
			offer(f, "A", claims.Fixed, "75")
			offer(f, "B", claims.CoInsurance, "75")
		}, "B"},
		{"no price asked: the list's decides", func(f *claims.Facts) {
			f.Claim.Lines[0].Asked = nil
			offer(f, "A", claims.Fixed, "60")
			offer(f, "B", claims.CoInsurance, "50")
		}, "A"},
		{"a product with a fault is not chosen (R05)", func(f *claims.Facts) {
			a := offer(f, "A", claims.CoInsurance, "100")
			a.Stage = claims.New
			a.Product.Lines[claims.ArticleKey{Kind: claims.Item, Code: claimtest.Drug}].WaitingAdult = 12
			offer(f, "B", claims.CoInsurance, "10")
		}, "B"},
		{"a used-up product is not chosen (R06)", func(f *claims.Facts) {
			f.Claim.Lines = append(f.Claim.Lines, claims.Line{Sequence: 2, Kind: claims.Service, Code: claimtest.Visit, Quantity: d("1")})
			offer(f, "A", claims.CoInsurance, "100").Product.MaxNo = map[claims.Category]int{claims.Consultation: 0}
			offer(f, "B", claims.CoInsurance, "10")
		}, "B"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := claimtest.Facts()
			f.Covers = nil
			claimtest.Only(&f, claims.Item, claimtest.Drug, "1", p("100"))
			tt.with(&f)
			got := engine.Decide(f).Lines[0]
			if got.Policy != tt.want || got.Product != "OF-"+tt.want {
				t.Errorf("policy %q of product %q, want %q", got.Policy, got.Product, tt.want)
			}
		})
	}
}

// TestTwoPolicies charges each line to its own policy, with its own limits and
// its own ledger row.
func TestTwoPolicies(t *testing.T) {
	f := claimtest.Facts()
	f.Covers = append(f.Covers, claimtest.Cover("P-2", claimtest.Product("OTHER")))
	delete(f.Covers[0].Product.Lines, claims.ArticleKey{Kind: claims.Item, Code: claimtest.Drug})
	delete(f.Covers[1].Product.Lines, claims.ArticleKey{Kind: claims.Service, Code: claimtest.Visit})
	f.Covers[0].Product.Ceiling.Treatment.All = p("150")
	f.Covers[1].Product.Deductible.Treatment.All = p("30")
	got := engine.Decide(f)
	want := []claims.Entry{
		{Claim: "C-1", Policy: "P-1", Person: "me", Deducted: d("0.00"), Counted: d("150.00"), Paid: d("150.00"), Category: "C"},
		{Claim: "C-1", Policy: "P-2", Person: "me", Deducted: d("30.00"), Counted: d("170.00"), Paid: d("170.00"), Category: "C"},
	}
	if diff := cmp.Diff(want, got.Entries); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"P-1", "P-2"}, got.Considered); diff != "" {
		t.Errorf("considered (-want +got)\n%s", diff)
	}
}

// TestPolicyTwice is a person with two overlapping spans on one policy: it has
// one set of limits and one row.
func TestPolicyTwice(t *testing.T) {
	f := claimtest.Facts()
	f.Covers = append(f.Covers, f.Covers[0])
	again := claimtest.Product("PLAN")
	delete(f.Covers[0].Product.Lines, claims.ArticleKey{Kind: claims.Item, Code: claimtest.Drug})
	f.Covers[1].Product = again
	f.Covers[0].Product.Ceiling.Policy.All, again.Ceiling.Policy.All = p("250"), p("250")
	delete(again.Lines, claims.ArticleKey{Kind: claims.Service, Code: claimtest.Visit})
	got := engine.Decide(f)
	if len(got.Entries) != 1 || len(got.Considered) != 1 || got.Paid.String() != "250.00" {
		t.Errorf("%d rows, considered %v, paid %v", len(got.Entries), got.Considered, got.Paid)
	}
}

// TestCategory is openimis-domain 3.4.
func TestCategory(t *testing.T) {
	services := func(cc ...claims.Category) func(*claims.Facts) {
		return func(f *claims.Facts) {
			f.Claim.Lines = nil
			for i, c := range cc {
				code := string(rune('a' + i))
				f.Register.Articles[claims.ArticleKey{Kind: claims.Service, Code: code}] = []claims.Article{{Kind: claims.Service, Code: code, Category: c}}
				f.Claim.Lines = append(f.Claim.Lines, claims.Line{Kind: claims.Service, Code: code, Quantity: d("1")})
			}
		}
	}
	withStay := func(change func(*claims.Facts)) func(*claims.Facts) {
		return func(f *claims.Facts) { change(f); stay(f) }
	}
	tests := []struct {
		name   string
		change func(*claims.Facts)
		want   claims.Category
	}{
		{"items only", func(f *claims.Facts) { f.Claim.Lines = f.Claim.Lines[:1] }, "V"},
		{"items only, with a stay (R11)", withStay(func(f *claims.Facts) { f.Claim.Lines = f.Claim.Lines[:1] }), "H"},
		{"no lines", func(f *claims.Facts) { f.Claim.Lines = nil }, "V"},
		{"surgery first", services("V", "O", "C", "H", "A", "D", "S"), "S"},
		{"delivery before antenatal", services("A", "D"), "D"},
		{"antenatal before admission", withStay(services("A")), "A"},
		{"a stay before a consultation", withStay(services("C")), "H"},
		{"consultation before other", services("O", "C"), "C"},
		{"other before visit", services("V", "O"), "O"},
		{"no category given", services(""), "V"},
		{"an item's category does not count", func(f *claims.Facts) {
			f.Claim.Lines = f.Claim.Lines[:1]
			claimtest.Article(f, claims.Item, claimtest.Drug).Category = claims.Surgery
		}, "V"},
		{"refused services count (R33)", services("C", "S"), "S"}, // none is in the price list
		{"only an end date is no stay", func(f *claims.Facts) {
			f.Claim.From, f.Claim.To = f.Claim.To, f.Claim.From
		}, "C"},
	}
	for _, tt := range tests {
		f := claimtest.Facts()
		tt.change(&f)
		if got := engine.Decide(f).Category; got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
