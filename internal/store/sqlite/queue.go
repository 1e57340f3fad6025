package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/store"
)

const messageColumns = "id, target, kind, ref, body, created, state, attempts, next_at, status, answer, error"

func insertMessages(tx *tx, list []store.Message) error {
	for i := range list {
		m := &list[i]
		state := m.State
		if state == "" {
			state = store.MessageWaiting
		}
		var body any
		if m.Body != nil {
			body = m.Body
		}
		err := tx.exec("INSERT INTO message ("+messageColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			m.ID, m.Target, m.Kind, m.Ref, body, m.Created.UnixMicro(), string(state), int64(m.Attempts), m.NextAt.UnixMicro(), int64(m.Status), m.Answer, m.Error)
		if err != nil {
			return fmt.Errorf("writing message: %w", err)
		}
	}
	return nil
}

func scanMessages(rows *sql.Rows, err error) ([]store.Message, error) {
	if err != nil {
		return nil, fmt.Errorf("reading messages: %w", err)
	}
	defer rows.Close()
	var out []store.Message
	for rows.Next() {
		var m store.Message
		var created, nextAt int64
		if err := rows.Scan(&m.ID, &m.Target, &m.Kind, &m.Ref, &m.Body, &created, &m.State, &m.Attempts, &nextAt, &m.Status, &m.Answer, &m.Error); err != nil {
			return nil, fmt.Errorf("reading messages: %w", err)
		}
		m.Created, m.NextAt = time.UnixMicro(created).UTC(), time.UnixMicro(nextAt).UTC()
		out = append(out, m)
	}
	return out, rows.Err()
}

const dueSQL = `
UPDATE message SET next_at = ?
WHERE n IN (SELECT n FROM message WHERE state = 'waiting' AND next_at <= ? ORDER BY next_at, n LIMIT ?)
RETURNING ` + messageColumns

// Due takes messages whose time has come.
func (s *database) Due(ctx context.Context, now time.Time, n int, lease time.Duration) (list []store.Message, err error) {
	// Nothing is due most of the time: a look costs no fsync.
	var any bool
	err = s.reads.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM message WHERE state = 'waiting' AND next_at <= ?)", now.UnixMicro()).Scan(&any)
	if err != nil {
		return nil, fmt.Errorf("reading messages: %w", err)
	}
	if !any {
		return nil, nil
	}
	err = s.writer.do(ctx, func(tx *tx) error {
		list, err = scanMessages(tx.query(dueSQL, now.Add(lease).UnixMicro(), now.UnixMicro(), int64(n)))
		return err
	})
	return list, err
}

// A message that was cancelled while it was being sent is not sent again.
const settleSQL = `
UPDATE message
SET    state = CASE WHEN state = 'cancelled' AND ?1 <> 'done' THEN state ELSE ?1 END,
       attempts = attempts + 1, next_at = ?2, status = ?3, answer = ?4, error = ?5
WHERE  id = ?6`

// Settle records the outcome of an attempt.
func (s *database) Settle(ctx context.Context, id string, a store.Attempt) error {
	var n int64
	err := s.writer.do(ctx, func(tx *tx) (err error) {
		n, err = tx.changed(settleSQL, string(a.State), a.NextAt.UnixMicro(), int64(a.Status), a.Answer, a.Error, id)
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("settling message: %w", err)
	case n == 0:
		return errNoMessage
	}
	return nil
}

var errNoMessage = &fhir.Error{Kind: fhir.NotFound, Issue: fhir.IssueNotFound, Text: "no such message"}

// messageWhere returns the condition of a filter.
func messageWhere(f store.MessageFilter) (where string, args []any) {
	parts := []string{"1"}
	for _, c := range []struct{ column, value string }{
		{"id", f.ID},
		{"target", f.Target},
		{"state", string(f.State)},
		{"error", f.Error},
	} {
		if c.value != "" {
			parts, args = append(parts, c.column+" = ?"), append(args, c.value)
		}
	}
	return strings.Join(parts, " AND "), args
}

func limitOf(n int) int64 {
	if n <= 0 {
		return -1
	}
	return int64(n)
}

// Messages lists messages, newest first.
func (s *database) Messages(ctx context.Context, f store.MessageFilter) ([]store.Message, error) {
	where, args := messageWhere(f)
	return scanMessages(s.reads.QueryContext(ctx, "SELECT "+messageColumns+" FROM message WHERE "+where+" ORDER BY created DESC, n DESC LIMIT ?",
		append(args, limitOf(f.Limit))...))
}

// Rerun makes messages due. One that arrived is sent again only when it is
// named.
func (s *database) Rerun(ctx context.Context, f store.MessageFilter, now time.Time) (int, error) {
	allowed := "state <> 'done'"
	if f.ID != "" || f.State == store.MessageDone {
		allowed = "1"
	}
	return s.changeMessages(ctx, f, "state = 'waiting', next_at = ?", allowed, now.UnixMicro())
}

// Cancel stops messages that are not done.
func (s *database) Cancel(ctx context.Context, f store.MessageFilter) (int, error) {
	return s.changeMessages(ctx, f, "state = 'cancelled'", "state IN ('waiting', 'failed')")
}

func (s *database) changeMessages(ctx context.Context, f store.MessageFilter, set, allowed string, args ...any) (int, error) {
	where, more := messageWhere(f)
	query := "UPDATE message SET " + set + " WHERE n IN (SELECT n FROM message WHERE " + where + " AND " + allowed + " ORDER BY created DESC, n DESC LIMIT ?)"
	args = append(append(args, more...), limitOf(f.Limit))
	var n int64
	err := s.writer.do(ctx, func(tx *tx) (err error) {
		n, err = tx.changed(query, args...)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("changing messages: %w", err)
	}
	return int(n), nil
}
