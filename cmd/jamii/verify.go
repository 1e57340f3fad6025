package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/govalues/decimal"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/store"
)

// verifyCommand checks that nobody changed the audit trail, and that the
// ledger adds up. It works beside a running server.
type verifyCommand struct{ databaseFlag }

// Run prints what was checked and what is wrong.
func (v verifyCommand) Run(ctx context.Context, s streams) error {
	db, err := v.open(ctx, newLog(s.err, slog.LevelWarn))
	if err != nil {
		return err
	}
	return errors.Join(verify(ctx, db, s.out), db.Close())
}

func verify(ctx context.Context, db store.Store, w io.Writer) error {
	wrong := false
	rows, err := db.VerifySeals(ctx)
	if err != nil {
		wrong = true
		fmt.Fprintf(w, "audit trail: %s\n", strings.TrimPrefix(err.Error(), "audit trail: "))
	} else {
		fmt.Fprintf(w, "audit trail: %d rows, every seal holds\n", rows)
	}
	differences, checked, err := ledger(ctx, db)
	if err != nil {
		return err
	}
	for _, d := range differences {
		wrong = true
		fmt.Fprintf(w, "ledger: %s\n", d)
	}
	if len(differences) == 0 {
		fmt.Fprintf(w, "ledger: %d claims, every sum is that of the lines\n", checked)
	}
	if wrong {
		return errReported
	}
	return nil
}

// ledger compares, for each claim, what the ledger says was paid with the sum
// of its paid lines. A claim that is rejected or cancelled has taken nothing.
func ledger(ctx context.Context, db store.Reader) (differences []string, checked int, err error) {
	_, rows, err := db.Facts(ctx, nil, store.Lookup{Table: store.Claims}, store.Lookup{Table: store.Lines}, store.Lookup{Table: store.Ledger})
	if err != nil {
		return nil, 0, fmt.Errorf("reading the ledger: %w", err)
	}
	lines, err := sums(rows[1], func(r store.Row) bool { return r.Int("status") == int64(claims.Passed) })
	if err != nil {
		return nil, 0, err
	}
	booked, err := sums(rows[2], func(store.Row) bool { return true })
	if err != nil {
		return nil, 0, err
	}
	for _, r := range rows[0] {
		claim, want := r.Text("claim"), decimal.Decimal{}
		if state := claims.State(r.Int("state")); state != claims.StateRejected && state != 0 {
			want = lines[claim]
		}
		if got := booked[claim]; got.Cmp(want) != 0 {
			differences = append(differences, fmt.Sprintf("%s: booked %s, its lines say %s", claim, got, want))
		}
		delete(booked, claim)
	}
	for claim := range booked {
		differences = append(differences, claim+": booked, but there is no such claim")
	}
	return differences, len(rows[0]), nil
}

// sums adds up the column paid by claim.
func sums(rows []store.Row, counts func(store.Row) bool) (map[string]decimal.Decimal, error) {
	out := map[string]decimal.Decimal{}
	for _, r := range rows {
		if !counts(r) {
			continue
		}
		text := r.Text("paid")
		if text == "" {
			text = "0"
		}
		m, err := decimal.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("an amount of %s: %w", r.Table.Name, err)
		}
		if out[r.Text("claim")], err = out[r.Text("claim")].Add(m); err != nil {
			return nil, fmt.Errorf("adding up %s: %w", r.Table.Name, err)
		}
	}
	return out, nil
}
