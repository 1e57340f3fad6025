package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/fhir/validate"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/claims/claimtest"
	"github.com/jamii-health/jamii/internal/claims/rules"
)

// alone measures what needs no database: the engine, and what is done with a
// Claim before it is stored, on one core.
func alone(ctx context.Context, o options) ([]figure, error) {
	f := pastClaims()
	engine := claims.Engine{Rules: rules.All()}
	if d := engine.Decide(f); d.State != claims.StateValuated {
		return nil, fmt.Errorf("the engine's claim does not pass: state %d", d.State)
	}
	decide, err := repeat(ctx, o.measure/4, func(int) error { engine.Decide(f); return nil })
	if err != nil {
		return nil, err
	}
	catalogue, err := search.NewCatalogue(nil)
	if err != nil {
		return nil, err
	}
	blanks, err := claimBlanks(min(o.distinct, 200))
	if err != nil {
		return nil, err
	}
	bodies, sum := make([][]byte, len(blanks)), 0
	for i, b := range blanks {
		bodies[i] = b.fill(nil, int64(i), "0000000000000000")
		sum += len(bodies[i])
	}
	var parsing, validating, indexing time.Duration
	whole, err := repeat(ctx, o.measure/2, func(i int) error {
		at := time.Now()
		n, err := fhir.Parse(bodies[i%len(bodies)])
		if err != nil {
			return err
		}
		parsed := time.Now()
		if issues := validate.Resource(n, validate.Options{ErrorsOnly: true}); len(issues) > 0 {
			return fmt.Errorf("a Claim is not valid: %s", issues[0].Text)
		}
		validated := time.Now()
		_, err = catalogue.Index(n)
		parsing, validating, indexing = parsing+parsed.Sub(at), validating+validated.Sub(parsed), indexing+time.Since(validated)
		return err
	})
	if err != nil {
		return nil, err
	}
	share := func(d time.Duration) string {
		return fmt.Sprintf("%.0f %%", 100*float64(d)/float64(parsing+validating+indexing))
	}
	return []figure{
		{"decide one claim in memory", short(decide), "under 10 µs", fmt.Sprintf("%d lines, %d past lines, %d ledger rows", len(f.Claim.Lines), len(f.History), len(f.Ledger))},
		{"parse, validate and index a 6 kB Claim", short(whole), "under 250 µs", fmt.Sprintf("%s B; parse %s, validate %s, index %s", thousands(int64(sum/len(bodies))), share(parsing), share(validating), share(indexing))},
	}, nil
}

// repeat calls work for a while on one core and returns the mean time of a
// call, without a first tenth to warm up.
func repeat(ctx context.Context, d time.Duration, work func(n int) error) (time.Duration, error) {
	n, counted := 0, 0
	begin := time.Now()
	warm := begin.Add(d / 10)
	for now := begin; now.Before(begin.Add(d)); now = time.Now() {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if counted == 0 && now.After(warm) {
			begin, counted, warm = now, n, now
		}
		for range 10 {
			if err := work(n); err != nil {
				return 0, err
			}
			n++
		}
	}
	return time.Since(begin) / time.Duration(max(1, n-counted)), nil
}

// pastClaims are the facts of a claim for a person with 40 past lines and a
// ledger of 20 rows.
func pastClaims() claims.Facts {
	f := claimtest.Facts()
	f.Claim.Lines = append(f.Claim.Lines,
		claims.Line{Sequence: 3, Kind: claims.Item, Code: claimtest.Bandage, Quantity: claimtest.D("1"), Asked: claimtest.P("10")},
		claims.Line{Sequence: 4, Kind: claims.Item, Code: claimtest.Bandage, Quantity: claimtest.D("2"), Asked: claimtest.P("10")},
		claims.Line{Sequence: 5, Kind: claims.Service, Code: claimtest.Operation, Quantity: claimtest.D("1"), Asked: claimtest.P("50000")})
	product := f.Covers[0].Product
	product.Ceiling.Policy.All = claimtest.P("100000")
	for i := range 40 {
		f.History = append(f.History, claimtest.Past(fmt.Sprint("C-", 100+i/4), claims.Item, claimtest.Drug, "2025-03-01", "1"))
	}
	for i := range 20 {
		f.Ledger = append(f.Ledger, claims.Entry{Claim: fmt.Sprint("C-", 100+i), Policy: claimtest.Policy, Person: claimtest.Me, Counted: claimtest.D("10.00"), Paid: claimtest.D("10.00")})
	}
	return f
}
