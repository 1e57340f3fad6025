package main

import (
	"bytes"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/store"
)

// The ledger is held against the lines, claim by claim.
func TestVerifyLedger(t *testing.T) {
	claim := func(name string, state claims.State) store.Change {
		return store.Change{Row: store.Claims.Make(map[string]any{"claim": name, "state": int64(state)})}
	}
	line := func(name, sequence, paid string, status claims.LineStatus) store.Change {
		return store.Change{Row: store.Lines.Make(map[string]any{"claim": name, "sequence": sequence, "paid": paid, "status": int64(status)})}
	}
	booked := func(name, n, paid string) store.Change {
		return store.Change{Row: store.Ledger.Make(map[string]any{"claim": name, "n": n, "paid": paid, "policy": "P"})}
	}
	tests := []struct {
		name  string
		facts []store.Change
		wrong string
	}{
		{"booked less", []store.Change{claim("Claim/1", claims.StateValuated), line("Claim/1", "1", "10.00", claims.Passed), booked("Claim/1", "1", "9.99")}, "Claim/1: booked 9.99, its lines say 10.00"},
		{"not booked", []store.Change{claim("Claim/1", claims.StateValuated), line("Claim/1", "1", "10.00", claims.Passed)}, "Claim/1: booked 0"},
		{"booked for a rejected claim", []store.Change{claim("Claim/1", claims.StateRejected), line("Claim/1", "1", "10.00", claims.Passed), booked("Claim/1", "1", "10")}, "its lines say 0"},
		{"booked for a cancelled claim", []store.Change{claim("Claim/1", 0), booked("Claim/1", "1", "10")}, "its lines say 0"},
		{"booked for no claim", []store.Change{booked("Claim/9", "1", "1")}, "Claim/9: booked, but there is no such claim"},
		{"taken back", []store.Change{claim("Claim/1", 0), booked("Claim/1", "1", "10"), booked("Claim/1", "2", "-10.00")}, ""},
		{"two lines and a refused one", []store.Change{
			claim("Claim/1", claims.StateValuated), line("Claim/1", "1", "10.00", claims.Passed), line("Claim/1", "2", "0.50", claims.Passed),
			line("Claim/1", "3", "0", claims.Rejected), booked("Claim/1", "1", "10.5"),
		}, ""},
		{"nothing", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			db := newDatabase(t)
			defer db.Close()
			if len(tt.facts) > 0 {
				if _, err := db.Commit(t.Context(), store.Unit{Facts: tt.facts}); err != nil {
					t.Fatal(err)
				}
			}
			var out bytes.Buffer
			err := verify(t.Context(), db, &out)
			if (tt.wrong != "") != errors.Is(err, errReported) || !strings.Contains(out.String(), tt.wrong) {
				t.Errorf("%v: %s", err, out.String())
			}
			if !strings.Contains(out.String(), "every seal holds") {
				t.Errorf("the seals are not spoken of: %s", out.String())
			}
		})
	}
}

// A trail that somebody changed is told once, and by its block.
func TestVerifyTampered(t *testing.T) {
	h := newHouse(t)
	h.want(0, "migrate")
	h.want(0, "client", "add", "one", "--scope", "system/*.rs", "--any-facility")
	h.serve().stop() // seals
	if out, _ := h.want(0, "verify"); !strings.Contains(out, " rows, every seal holds") {
		t.Fatal(out)
	}
	db, err := sql.Open("sqlite", filepath.Join(h.dir, "data/jamii.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "UPDATE audit SET agent = 'nobody'"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	out, _ := h.want(1, "verify")
	if !strings.Contains(out, "audit trail: block 1") || strings.Count(out, "audit trail") != 1 {
		t.Error(out)
	}
}
