package claims_test

import (
	"testing"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/claims/claimtest"
)

// kit makes the consultation a package of two drugs and one bandage.
func kit(f *claims.Facts, packageType string, parts ...claims.Part) {
	a := claimtest.Article(f, claims.Service, claimtest.Visit)
	a.Package = packageType
	a.Parts = []claims.Part{{Kind: claims.Item, Code: claimtest.Drug, Quantity: d("2")}, {Kind: claims.Item, Code: claimtest.Bandage, Quantity: d("1")}}
	f.Claim.Lines[0].Parts = parts
}

func part(code, quantity string) claims.Part {
	return claims.Part{Kind: claims.Item, Code: code, Quantity: d(quantity)}
}

func overrule(f *claims.Facts, price string) {
	f.Register.Prices[claims.PriceKey{List: "services", Kind: claims.Service, Code: claimtest.Visit}][0].Overrule = p(price)
}

// TestUnitPrice is openimis-domain 3.5 step b for a consultation of 200 in the
// register; 150 is asked.
func TestUnitPrice(t *testing.T) {
	terms := func(f *claims.Facts) *claims.Terms { return claimtest.Terms(f, claims.Service, claimtest.Visit) }
	ask := func(f *claims.Facts, price *claims.Money) { f.Claim.Lines[0].Asked = price }
	review := func(f *claims.Facts, price string) { f.Claim.Lines[0].Review = &claims.Verdict{Price: p(price)} }
	tests := []struct {
		name   string
		change func(*claims.Facts)
		want   string
		note   string
	}{
		{"own price, none given", func(f *claims.Facts) {
			terms(f).Origin = claims.ProviderPrice
			ask(f, nil)
		}, "0.00", "No price was given for SV001, and the scheme has none of its own: nothing is paid."},
		{"package P, a part missing", func(f *claims.Facts) { kit(f, "P", part(claimtest.Drug, "2")) }, "0.00", mismatch},
		{"package P, a part too many", func(f *claims.Facts) { kit(f, "P", part(claimtest.Drug, "3"), part(claimtest.Bandage, "1")) }, "0.00", mismatch},
		{"package P, a part of the other kind", func(f *claims.Facts) {
			kit(f, "P", part(claimtest.Drug, "2"), claims.Part{Kind: claims.Service, Code: claimtest.Bandage, Quantity: d("1")})
		}, "0.00", mismatch},
		{"package P, no parts", func(f *claims.Facts) { kit(f, "P") }, "0.00", mismatch},
		{"package P, parts too large to add", func(f *claims.Facts) {
			kit(f, "P", part(claimtest.Drug, "9999999999999999999"), part(claimtest.Drug, "9999999999999999999"), part(claimtest.Bandage, "1"))
		}, "0.00", mismatch},
		{"package F, own price above the register's (R17)", func(f *claims.Facts) {
			kit(f, "F")
			terms(f).Origin = claims.ProviderPrice
			ask(f, p("300"))
		}, "200.00", "The price of the package is 200.00 at most."},
		{"package F, list price above the register's (R17)", func(f *claims.Facts) {
			kit(f, "F")
			overrule(f, "250")
			ask(f, nil)
		}, "200.00", "The price of the package is 200.00 at most."},
		{"more asked than the list price (R01)", func(f *claims.Facts) { ask(f, p("210")) }, "200.00", "The list price 200.00 is used; 210.00 was asked."},
		{"the list overrules the register", func(f *claims.Facts) { overrule(f, "140") }, "140.00", "The list price 140.00 is used; 150.00 was asked."},
		{"free of charge (R30)", func(f *claims.Facts) { overrule(f, "0") }, "0.00", "The list price 0.00 is used; 150.00 was asked."},
		{"list price above what was asked, as the scheme says (R01)", func(f *claims.Facts) { f.Settings.PriceCap = "list" }, "200.00", "The list price 200.00 is used, as the scheme pays list prices; 150.00 was asked."},
		{"a reviewer lowers the price", func(f *claims.Facts) { review(f, "90.5") }, "90.50", "A reviewer set the price to 90.50; it was 150.00."},
		{"a reviewer may not go above what was asked", func(f *claims.Facts) { review(f, "500") }, "150.00", ""},
		{"a reviewer may go above the list, up to what was asked", func(f *claims.Facts) {
			overrule(f, "100")
			review(f, "500")
		}, "150.00", "The list price 100.00 is used; 150.00 was asked."},
		{"a reviewer's negative price is none", func(f *claims.Facts) { review(f, "-1") }, "0.00", "A reviewer set the price to 0.00; it was 150.00."},
		{"less asked than the list price (R01)", func(*claims.Facts) {}, "150.00", ""},
		{"nothing asked: the list price", func(f *claims.Facts) { ask(f, nil) }, "200.00", ""},
		{"own price", func(f *claims.Facts) {
			terms(f).Origin = claims.ProviderPrice
			ask(f, p("300"))
		}, "300.00", ""},
		{"relative price is priced by the list", func(f *claims.Facts) { terms(f).Origin = claims.RelativePrice }, "150.00", awaits},
		{"package P, all parts", func(f *claims.Facts) { kit(f, "P", part(claimtest.Bandage, "1"), part(claimtest.Drug, "2.0")) }, "150.00", ""},
		{"package P, a part in two lots and one not asked for", func(f *claims.Facts) {
			kit(f, "P", part(claimtest.Drug, "1"), part("IT999", "1"), part(claimtest.Drug, "1"), part(claimtest.Bandage, "1"))
		}, "150.00", ""},
		{"package P twice: parts as in the package, once (R18)", func(f *claims.Facts) {
			kit(f, "P", part(claimtest.Drug, "2"), part(claimtest.Bandage, "1"))
			f.Claim.Lines[0].Quantity = d("2")
		}, "300.00", ""},
		{"package F below the register price", func(f *claims.Facts) { kit(f, "F") }, "150.00", ""},
		{"simple service with parts", func(f *claims.Facts) { kit(f, "S") }, "150.00", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := claimtest.Facts()
			claimtest.Only(&f, claims.Service, claimtest.Visit, "1", p("150"))
			tt.change(&f)
			line := engine.Decide(f).Lines[0]
			if line.Status != claims.Passed || line.Paid.String() != tt.want {
				t.Errorf("status %d, paid %v, want %s", line.Status, line.Paid, tt.want)
			}
			note := ""
			if len(line.Notes) > 0 {
				note = line.Notes[0].Text(nil)
			}
			if note != tt.note {
				t.Errorf("note %q, want %q", note, tt.note)
			}
		})
	}
}

const (
	mismatch = "The parts given do not match the package SV001: nothing is paid for it. List every part in its quantity."
	awaits   = "The price is relative: the line counts 150.00, and what is paid follows from the period's total."
)
