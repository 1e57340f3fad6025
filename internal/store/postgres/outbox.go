package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/store"
)

const (
	insertMessagesSQL = `
INSERT INTO message (id, target, kind, ref, body, created, state, attempts, next_at, status, answer, error)
SELECT d.id, d.target, d.kind, d.ref, d.body, d.created, d.state, d.attempts, d.next_at, 0, '', ''
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::int8[], $7::text[], $8::int4[], $9::int8[])
  WITH ORDINALITY AS d(id, target, kind, ref, body, created, state, attempts, next_at, n) ORDER BY d.n`

	messageColumns = `id, target, kind, ref, body, created, state, attempts, next_at, status, answer, error`

	dueSQL = `
UPDATE message SET next_at = $2 WHERE id IN (
  SELECT id FROM message WHERE state = 'waiting' AND next_at <= $1
  ORDER BY next_at, seq LIMIT $3 FOR UPDATE SKIP LOCKED)
RETURNING ` + messageColumns

	// A message cancelled while it was being sent is not sent again; when it
	// arrived, it arrived.
	settleSQL = `
UPDATE message SET state = CASE WHEN state = 'cancelled' AND $2 = 'waiting' THEN state ELSE $2 END,
  next_at = CASE WHEN $2 = 'waiting' THEN $3 ELSE next_at END, attempts = attempts + 1, status = $4, answer = $5, error = $6
WHERE id = $1`
)

// micros is a moment as the tables keep it; the zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func queueMessages(b *pgx.Batch, jobs []*job) {
	var ids, targets, kinds, refs, states []string
	var bodies [][]byte
	var created, next []int64
	var tries []int32
	for _, j := range jobs {
		for _, m := range j.unit.Messages {
			if m.ID == "" {
				m.ID = uuid.NewString()
			}
			if m.State == "" {
				m.State = store.MessageWaiting
			}
			ids, targets, kinds, refs = append(ids, m.ID), append(targets, m.Target), append(kinds, m.Kind), append(refs, m.Ref)
			bodies, states, tries = append(bodies, m.Body), append(states, string(m.State)), append(tries, int32(m.Attempts))
			created, next = append(created, micros(m.Created)), append(next, micros(m.NextAt))
		}
	}
	if len(ids) > 0 {
		b.Queue(insertMessagesSQL, ids, targets, kinds, refs, bodies, created, states, tries, next)
	}
}

func scanMessages(rows pgx.Rows) ([]store.Message, error) {
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (m store.Message, err error) {
		var created, next int64
		err = row.Scan(&m.ID, &m.Target, &m.Kind, &m.Ref, &m.Body, &created, &m.State, &m.Attempts, &next, &m.Status, &m.Answer, &m.Error)
		if created != 0 {
			m.Created = moment(created)
		}
		if next != 0 {
			m.NextAt = moment(next)
		}
		return m, err
	})
}

// Due hides what it takes by moving its time; SKIP LOCKED keeps two servers
// from waiting for each other.
func (d *database) Due(ctx context.Context, now time.Time, n int, lease time.Duration) ([]store.Message, error) {
	rows, err := d.write.Query(ctx, dueSQL, micros(now), micros(now.Add(lease)), n)
	if err != nil {
		return nil, failed("taking due messages", err)
	}
	list, err := scanMessages(rows)
	if err != nil {
		return nil, failed("taking due messages", err)
	}
	return list, nil
}

// Settle records an attempt.
func (d *database) Settle(ctx context.Context, id string, a store.Attempt) error {
	tag, err := d.write.Exec(ctx, settleSQL, id, string(a.State), micros(a.NextAt), a.Status, clean(a.Answer), clean(a.Error))
	if err != nil {
		return failed("settling a message", err)
	}
	if tag.RowsAffected() == 0 {
		return &fhir.Error{Kind: fhir.NotFound, Issue: fhir.IssueNotFound, Text: "There is no such message."}
	}
	return nil
}

// conditions collects the parts of a WHERE whose values are given.
type conditions struct {
	where []string
	args  []any
}

// add takes a condition with one %d for the number of its argument.
func (c *conditions) add(given bool, sql string, arg any) {
	if !given {
		return
	}
	c.args = append(c.args, arg)
	c.where = append(c.where, strings.ReplaceAll(sql, "%d", fmt.Sprint(len(c.args))))
}

func (c *conditions) sql() string {
	if len(c.where) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.where, " AND ")
}

func filter(f store.MessageFilter) *conditions {
	c := &conditions{}
	c.add(f.ID != "", "id = $%d", f.ID)
	c.add(f.Target != "", "target = $%d", f.Target)
	c.add(f.State != "", "state = $%d", string(f.State))
	c.add(f.Error != "", "error = $%d", f.Error)
	return c
}

// limited adds a LIMIT; 0 is none.
func (c *conditions) limited(n int) string {
	if n <= 0 {
		return ""
	}
	c.args = append(c.args, n)
	return fmt.Sprintf(" LIMIT $%d", len(c.args))
}

// Messages lists by age, newest first.
func (d *database) Messages(ctx context.Context, f store.MessageFilter) ([]store.Message, error) {
	c := filter(f)
	sql := "SELECT " + messageColumns + " FROM message" + c.sql() + " ORDER BY seq DESC" + c.limited(f.Limit)
	rows, err := d.read.Query(ctx, sql, c.args...)
	if err != nil {
		return nil, failed("listing messages", err)
	}
	list, err := scanMessages(rows)
	if err != nil {
		return nil, failed("listing messages", err)
	}
	return list, nil
}

// Rerun makes messages due, whatever became of them.
func (d *database) Rerun(ctx context.Context, f store.MessageFilter, now time.Time) (int, error) {
	return d.change(ctx, "running messages again", "state = 'waiting', next_at = $%d", micros(now), f, filter(f))
}

// Cancel stops messages that are not done.
func (d *database) Cancel(ctx context.Context, f store.MessageFilter) (int, error) {
	c := filter(f)
	c.where = append(c.where, "state IN ('waiting', 'failed')")
	return d.change(ctx, "cancelling messages", "state = $%d", string(store.MessageCancelled), f, c)
}

// change sets something on the messages of a filter, the newest first when
// there is a limit.
func (d *database) change(ctx context.Context, doing, set string, value any, f store.MessageFilter, c *conditions) (int, error) {
	which := "SELECT id FROM message" + c.sql() + " ORDER BY seq DESC" + c.limited(f.Limit)
	c.args = append(c.args, value)
	sql := "UPDATE message SET " + fmt.Sprintf(set, len(c.args)) + " WHERE id IN (" + which + ")"
	tag, err := d.write.Exec(ctx, sql, c.args...)
	if err != nil {
		return 0, failed(doing, err)
	}
	return int(tag.RowsAffected()), nil
}
