package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jamii-health/jamii/internal/store"
)

const auditColumns = "seq, id, at, interaction, action, outcome, type, ref, patient, agent, user, network, request, query"

// nameAudits returns the rows with an id each, made outside the transaction.
func (s *database) nameAudits(rows []store.Audit) []store.Audit {
	rows = slices.Clone(rows)
	for i := range rows {
		if rows[i].ID == "" {
			rows[i].ID = s.NewPlace(0).ID()
		}
	}
	return rows
}

// insertAudit appends rows. The writer is alone, so the numbers stand in the
// order of the commits.
func insertAudit(tx *tx, rows []store.Audit) error {
	values := make([]any, 0, 13*len(rows))
	for i := range rows {
		a := &rows[i]
		values = append(values, a.ID, a.At.UnixMicro(), a.Interaction, a.Action, a.Outcome, a.Type, a.Ref, a.Patient, a.Agent, a.User, a.Network, a.Request, a.Query)
	}
	err := tx.insert("INSERT INTO audit (id, at, interaction, action, outcome, type, ref, patient, agent, user, network, request, query)", 13, values)
	if err != nil {
		return fmt.Errorf("writing audit rows: %w", err)
	}
	return nil
}

// Record writes audit rows outside any Unit.
func (s *database) Record(ctx context.Context, rows []store.Audit) error {
	if len(rows) == 0 {
		return nil
	}
	rows = s.nameAudits(rows)
	return s.writer.do(ctx, func(tx *tx) error { return insertAudit(tx, rows) })
}

// Audits searches the trail.
func (s *database) Audits(ctx context.Context, f store.AuditFilter) ([]store.Audit, error) {
	parts, args := []string{"1"}, []any{}
	add := func(part string, value ...any) { parts, args = append(parts, part), append(args, value...) }
	for _, c := range []struct{ column, value string }{
		{"id", f.ID},
		{"action", f.Action},
		{"interaction", f.Interaction},
		{"outcome", f.Outcome},
		{"type", f.Type},
		{"patient", f.Patient},
		{"agent", f.Agent},
	} {
		if c.value != "" {
			add(c.column+" = ?", c.value)
		}
	}
	if f.Ref != "" { // 0 is the character after /
		add("(ref = ? OR ref > ? AND ref < ?)", f.Ref, f.Ref+"/_history/", f.Ref+"/_history0")
	}
	if f.Patient != "" {
		add("patient <> ''") // names the partial index
	}
	if !f.From.IsZero() {
		add("at >= ?", f.From.UnixMicro())
	}
	if !f.To.IsZero() {
		add("at < ?", f.To.UnixMicro())
	}
	if f.BeforeSeq > 0 {
		add("seq < ?", f.BeforeSeq)
	}
	return scanAudits(s.reads.QueryContext(ctx, "SELECT "+auditColumns+" FROM audit WHERE "+strings.Join(parts, " AND ")+" ORDER BY seq DESC LIMIT ?",
		append(args, limitOf(f.Limit))...))
}

func scanAudits(rows *sql.Rows, err error) ([]store.Audit, error) {
	if err != nil {
		return nil, fmt.Errorf("reading audit rows: %w", err)
	}
	defer rows.Close()
	var out []store.Audit
	for rows.Next() {
		var a store.Audit
		var at int64
		if err := rows.Scan(&a.Seq, &a.ID, &at, &a.Interaction, &a.Action, &a.Outcome, &a.Type, &a.Ref, &a.Patient, &a.Agent, &a.User, &a.Network, &a.Request, &a.Query); err != nil {
			return nil, fmt.Errorf("reading audit rows: %w", err)
		}
		a.At = time.UnixMicro(at).UTC()
		out = append(out, a)
	}
	return out, rows.Err()
}
