// Package claimtest holds facts for tests of the engine: a claim that passes
// in full, to be spoilt in one way at a time.
package claimtest

import (
	"github.com/govalues/decimal"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
)

// Names in the facts.
const (
	Me        = "me"
	Policy    = "P-1"
	Claim     = "C-1"
	Drug      = "IT001"
	Bandage   = "IT002"
	Visit     = "SV001" // a consultation
	Operation = "SV002" // surgery
)

// D is a decimal.
func D(s string) claims.Money { return decimal.MustParse(s) }

// P is a decimal that may be missing.
func P(s string) *claims.Money {
	d := D(s)
	return &d
}

// Day is a date.
func Day(s string) date.Date { return date.Must(s) }

// Facts are a claim of one visit at a hospital on 2025-06-10: two drugs of 100
// and a consultation of 200, under one policy of 2025 that pays 100 percent.
func Facts() claims.Facts {
	product := Product("PLAN")
	cover := Cover(Policy, product)
	return claims.Facts{
		Claim: claims.Claim{
			ID: Claim, Use: claims.UseClaim, From: Day("2025-06-10"), Created: Day("2025-06-11"), Visit: claims.Other,
			Diagnoses: []string{"J00"},
			Lines: []claims.Line{
				{Sequence: 1, Kind: claims.Item, Code: Drug, Quantity: D("2"), Asked: P("100")},
				{Sequence: 2, Kind: claims.Service, Code: Visit, Quantity: D("1"), Asked: P("200")},
			},
		},
		Person: claims.Person{ID: Me, Born: Day("1990-01-01"), Sex: "F", Valid: true},
		Facility: claims.Facility{
			Code: "HF1", Level: "H", CareType: claims.Both, ItemList: "items", ServiceList: "services",
		},
		Covers:   []claims.Cover{cover},
		Register: Register(),
		Settings: claims.Settings{Currency: "NPR", Decimals: 2},
	}
}

// Product is a product that covers every article of the register in full.
func Product(code string) *claims.Product {
	lines := make(map[claims.ArticleKey]*claims.Terms)
	for key := range Register().Articles {
		lines[key] = &claims.Terms{Origin: claims.PriceList}
	}
	return &claims.Product{Code: code, Lines: lines}
}

// Cover is an active policy of 2025 with the person alone in it; renewed, so
// that nothing waits.
func Cover(policy string, p *claims.Product) claims.Cover {
	year := claims.Span{From: Day("2025-01-10"), To: Day("2026-01-09")}
	return claims.Cover{
		Policy: policy, Product: p, Stage: claims.Renewed, Status: claims.Active,
		Enrolled: year.From, Start: year.From, Effective: year.From, Expiry: year.To,
		Member: year, Members: []claims.Span{year},
	}
}

// Register has two items at 100 and 10, a consultation at 200 and an operation
// at 50000, valid from 2024 and in the lists of the facility.
func Register() *claims.Register {
	r := &claims.Register{Articles: map[claims.ArticleKey][]claims.Article{}, Prices: map[claims.PriceKey][]claims.Price{}}
	add := func(list string, a claims.Article) {
		a.From, a.CareType = Day("2024-01-01"), claims.Both
		r.Articles[claims.ArticleKey{Kind: a.Kind, Code: a.Code}] = []claims.Article{a}
		r.Prices[claims.PriceKey{List: list, Kind: a.Kind, Code: a.Code}] = []claims.Price{{From: a.From}}
	}
	add("items", claims.Article{Kind: claims.Item, Code: Drug, Name: "drug", Price: D("100")})
	add("items", claims.Article{Kind: claims.Item, Code: Bandage, Name: "bandage", Price: D("10")})
	add("services", claims.Article{Kind: claims.Service, Code: Visit, Name: "visit", Price: D("200"), Category: claims.Consultation})
	add("services", claims.Article{Kind: claims.Service, Code: Operation, Name: "operation", Price: D("50000"), Category: claims.Surgery})
	return r
}

// Terms are what the first cover's product says of an article.
func Terms(f *claims.Facts, kind claims.Kind, code string) *claims.Terms {
	return f.Covers[0].Product.Lines[claims.ArticleKey{Kind: kind, Code: code}]
}

// Article is the register's first version of an article.
func Article(f *claims.Facts, kind claims.Kind, code string) *claims.Article {
	return &f.Register.Articles[claims.ArticleKey{Kind: kind, Code: code}][0]
}

// Only leaves one line in the claim.
func Only(f *claims.Facts, kind claims.Kind, code, quantity string, asked *claims.Money) {
	f.Claim.Lines = []claims.Line{{Sequence: 1, Kind: kind, Code: code, Quantity: D(quantity), Asked: asked}}
}

// Share sets the percentage the first cover's product pays of an article.
func Share(f *claims.Facts, kind claims.Kind, code, percent string) {
	limit(Terms(f, kind, code), claims.CoInsurance, percent)
}

// FixedAt sets the most it pays per unit.
func FixedAt(f *claims.Facts, kind claims.Kind, code, amount string) {
	limit(Terms(f, kind, code), claims.Fixed, amount)
}

func limit(t *claims.Terms, kind claims.Limitation, value string) {
	t.Limitation = map[claims.Visit]claims.Limitation{claims.Other: kind, claims.Emergency: kind, claims.Referral: kind}
	t.LimitAdult = map[claims.Visit]*claims.Money{claims.Other: P(value), claims.Emergency: P(value), claims.Referral: P(value)}
	t.LimitChild = t.LimitAdult
}

// Past is a passed line of another claim of the person.
func Past(claim string, kind claims.Kind, code, day, quantity string) claims.PastLine {
	return claims.PastLine{
		Claim: claim, Kind: kind, Code: code, Target: Day(day), Quantity: D(quantity),
		Status: claims.Passed, Category: claims.Consultation, Policy: Policy, Product: "PLAN",
	}
}
