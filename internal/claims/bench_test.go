package claims_test

import (
	"fmt"
	"testing"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/claims/claimtest"
)

// five is a claim of five lines that pass, under a household ceiling, for a
// person with 40 earlier lines and a ledger of 20 rows.
func five() claims.Facts {
	f := claimtest.Facts()
	pr := product(&f)
	pr.Ceiling.Policy.All, pr.Threshold, pr.ExtraMember.All = p("100000"), 5, p("20000")
	pr.MaxNo = map[claims.Category]int{claims.Surgery: 50}
	line := func(kind claims.Kind, code, price string) {
		n := len(f.Claim.Lines) + 1
		f.Claim.Lines = append(f.Claim.Lines, claims.Line{Sequence: n, Kind: kind, Code: code, Quantity: d("1"), Asked: p(price)})
	}
	line(claims.Item, claimtest.Bandage, "10")
	line(claims.Service, claimtest.Operation, "50000")
	line(claims.Item, claimtest.Bandage, "10")
	drug(&f).MaxQtyAdult, drug(&f).WaitingAdult = p("500"), 1
	f.Covers[0].Stage = claims.New
	claimtest.Article(&f, claims.Service, claimtest.Visit).Frequency = 3
	for i := range 40 {
		f.History = append(f.History, claimtest.Past(fmt.Sprint("C-", 100+i/4), claims.Item, claimtest.Drug, "2025-03-01", "1"))
	}
	for i := range 20 {
		f.Ledger = append(f.Ledger, claims.Entry{Claim: fmt.Sprint("C-", 100+i), Policy: claimtest.Policy, Person: claimtest.Me, Counted: d("10.00"), Paid: d("10.00")})
	}
	return f
}

func BenchmarkDecide(b *testing.B) {
	f := five()
	dec := engine.Decide(f)
	if dec.State != claims.StateValuated || dec.Paid.String() != "50420.00" {
		b.Fatalf("not the claim that passes: state %d, paid %v, %v", dec.State, dec.Paid, brief(dec))
	}
	b.ReportAllocs()
	for b.Loop() {
		dec = engine.Decide(f)
	}
}

// BenchmarkEncode is the record of the same decision.
func BenchmarkEncode(b *testing.B) {
	dec := engine.Decide(five())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := claims.Encode(dec); err != nil {
			b.Fatal(err)
		}
	}
}
