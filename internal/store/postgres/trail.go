package postgres

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/jamii-health/jamii/internal/store"
)

const (
	insertAuditSQL = `
INSERT INTO audit (stamp, at, id, interaction, action, outcome, type, ref, patient, agent, person, network, request, query)
SELECT ` + stampedSQL + `, d.at, d.id, d.interaction, d.action, d.outcome, d.type, d.ref, d.patient, d.agent, d.person, d.network, d.request, d.query
FROM unnest($1::int8[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[])
  WITH ORDINALITY AS d(at, id, interaction, action, outcome, type, ref, patient, agent, person, network, request, query, n) ORDER BY d.n`

	auditColumns = `seq, at, id, interaction, action, outcome, type, ref, patient, agent, person, network, request, query`
)

func queueAudit(b *pgx.Batch, jobs []*job) {
	var at []int64
	var ids []*string
	var cols [11][]string
	for _, j := range jobs {
		for i := range j.unit.Audit {
			a := &j.unit.Audit[i]
			at = append(at, micros(a.At))
			if a.ID == "" {
				ids = append(ids, nil)
			} else {
				ids = append(ids, &a.ID)
			}
			for n, s := range [...]string{a.Interaction, a.Action, a.Outcome, a.Type, a.Ref, a.Patient, a.Agent, a.User, a.Network, a.Request, a.Query} {
				cols[n] = append(cols[n], clean(s))
			}
		}
	}
	if len(at) > 0 {
		b.Queue(insertAuditSQL, at, ids, cols[0], cols[1], cols[2], cols[3], cols[4], cols[5], cols[6], cols[7], cols[8], cols[9], cols[10])
	}
}

// Record writes rows as a Unit of their own, which may share a transaction.
func (d *database) Record(ctx context.Context, rows []store.Audit) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := d.Commit(ctx, store.Unit{Audit: rows})
	return err
}

// madeID is the id of a row that was written without one.
const madeID = "audit-"

func scanAudit(rows pgx.Rows) ([]store.Audit, error) {
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (a store.Audit, err error) {
		var at int64
		var id *string
		err = row.Scan(&a.Seq, &at, &id, &a.Interaction, &a.Action, &a.Outcome, &a.Type, &a.Ref, &a.Patient, &a.Agent, &a.User, &a.Network, &a.Request, &a.Query)
		if at != 0 {
			a.At = moment(at)
		}
		if id != nil {
			a.ID = *id
		} else {
			a.ID = madeID + strconv.FormatInt(a.Seq, 10)
		}
		return a, err
	})
}

// Audits searches the trail.
func (d *database) Audits(ctx context.Context, f store.AuditFilter) ([]store.Audit, error) {
	c := &conditions{}
	if f.ID != "" {
		if seq, err := strconv.ParseInt(strings.TrimPrefix(f.ID, madeID), 10, 64); err == nil && strings.HasPrefix(f.ID, madeID) {
			c.add(true, "seq = $%d AND id IS NULL", seq)
		} else {
			c.add(true, "id = $%d", f.ID)
		}
	}
	c.add(!f.From.IsZero(), "at >= $%d", micros(f.From))
	c.add(!f.To.IsZero(), "at < $%d", micros(f.To))
	c.add(f.Action != "", "action = $%d", f.Action)
	c.add(f.Interaction != "", "interaction = $%d", f.Interaction)
	c.add(f.Outcome != "", "outcome = $%d", f.Outcome)
	c.add(f.Type != "", "type = $%d", f.Type)
	c.add(f.Ref != "", "ref <> '' AND (ref = $%d OR ref >= $%d || '/_history/' AND ref < $%d || '/_history0')", f.Ref)
	c.add(f.Patient != "", "patient <> '' AND patient = $%d", f.Patient)
	c.add(f.Agent != "", "agent = $%d", f.Agent)
	c.add(f.BeforeSeq > 0, "seq < $%d", f.BeforeSeq)
	sql := "SELECT " + auditColumns + " FROM audit" + c.sql() + " ORDER BY seq DESC" + c.limited(f.Limit)
	for i, a := range c.args {
		if s, ok := a.(string); ok {
			c.args[i] = clean(s)
		}
	}
	// Planned with its values: how rare an agent or a patient is decides.
	rows, err := d.read.Query(ctx, sql, append([]any{pgx.QueryExecModeCacheDescribe}, c.args...)...)
	if err != nil {
		return nil, failed("searching the audit trail", err)
	}
	list, err := scanAudit(rows)
	if err != nil {
		return nil, failed("searching the audit trail", err)
	}
	return list, nil
}
