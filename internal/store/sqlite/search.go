package sqlite

import (
	"context"
	"fmt"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// maxSorted bounds the candidates that are sorted by values that no index
// holds in order.
const maxSorted = 20_000

// candidates is the FROM and WHERE of a search on the row r of table resource.
type candidates struct {
	typ   int64
	src   *source
	where clause
	limit int // up to which they are few
}

// candidates translates an expression. ok is false when nothing can be found:
// no resource of the type was ever written, or the expression is never true.
func (t *translator) candidates(typ string, x search.Expr) (c candidates, ok bool, err error) {
	if c.typ, ok, err = t.s.names.id(t.ctx, t.q, typ); err != nil || !ok {
		return c, false, err
	}
	c.limit = t.s.few
	x, _ = store.Relax(x)
	if c.src, err = t.plan(x, typ); err != nil {
		return c, false, err
	}
	if c.where, err = t.where(x, typ, "r"); err != nil || c.where.sql == never.sql {
		return c, false, err
	}
	c.where = raw(fmt.Sprintf("r.type = %d AND r.deleted = 0 AND %s", c.typ, c.where.sql), c.where.args...)
	return c, true, nil
}

// few tells whether the candidates are few enough to look at all of them.
func (c *candidates) few() bool { return c.src != nil && c.src.rows <= c.limit }

// from names the tables to walk. index is the index of resource that gives the
// order of the answer, when all resources of the type are walked.
func (c *candidates) from(index string) clause {
	switch {
	case c.few():
		return raw("(SELECT DISTINCT rid FROM ("+c.src.sql+")) c CROSS JOIN resource r ON r.rid = c.rid", c.src.args...)
	case c.src != nil && c.src.key && index == "resource_live":
		return raw("("+c.src.sql+") c CROSS JOIN resource r ON r.rid = c.rid", c.src.args...)
	}
	return raw("resource r INDEXED BY " + index)
}

// rid is the column that gives the order of rids.
func (c *candidates) rid() string {
	if c.src != nil && c.src.key && !c.few() {
		return "c.rid"
	}
	return "r.rid"
}

// bounded is snapshot for what a client can make run away.
func (s *database) bounded(ctx context.Context, read func(context.Context, querier) error) error {
	limited, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	err := s.snapshot(limited, func(db querier) error { return read(limited, db) })
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return &fhir.Error{
			Kind: fhir.Unprocessable, Issue: fhir.IssueTooCostly, Cause: err,
			Text: "This search takes too long. Add a condition that fewer resources meet, such as a patient, an identifier or a shorter time.",
		}
	}
	return err
}

// Search returns one page.
func (s *database) Search(ctx context.Context, q store.Query) (page store.Page, err error) {
	err = s.bounded(ctx, func(ctx context.Context, db querier) error {
		t := &translator{s: s, ctx: ctx, q: db}
		c, ok, err := t.candidates(q.Type, q.Expr)
		if err != nil || !ok {
			return err
		}
		found, err := t.page(&c, q)
		if err != nil {
			return err
		}
		if len(found) > q.Limit {
			found = found[:q.Limit]
			page.Next = found[q.Limit-1].token()
		}
		page.Resources, err = s.load(ctx, db, q.Type, found)
		return err
	})
	if err != nil {
		return store.Page{}, fmt.Errorf("searching: %w", err)
	}
	return page, nil
}

// Count counts what Search would find.
func (s *database) Count(ctx context.Context, typ string, x search.Expr, limit int64) (n int64, err error) {
	if limit <= 0 {
		limit = -1
	}
	err = s.bounded(ctx, func(ctx context.Context, db querier) error {
		t := &translator{s: s, ctx: ctx, q: db}
		c, ok, err := t.candidates(typ, x)
		if err != nil || !ok {
			return err
		}
		n, err = t.countUpTo(&c, limit)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("counting: %w", err)
	}
	return n, nil
}

func (t *translator) countUpTo(c *candidates, limit int64) (n int64, err error) {
	from := c.from("resource_live")
	query := fmt.Sprintf("SELECT COUNT(*) FROM (SELECT 1 FROM %s WHERE %s LIMIT %d)", from.sql, c.where.sql, limit)
	err = t.q.QueryRowContext(t.ctx, query, append(append([]any{}, from.args...), c.where.args...)...).Scan(&n)
	return n, err
}

// firstIDs returns up to n ids for which an expression is true.
func (s *database) firstIDs(ctx context.Context, q querier, typ string, x search.Expr, n int) ([]string, error) {
	t := &translator{s: s, ctx: ctx, q: q}
	c, ok, err := t.candidates(typ, x)
	if err != nil || !ok {
		return nil, err
	}
	from := c.from("resource_live")
	rows, err := q.QueryContext(ctx, fmt.Sprintf("SELECT r.id FROM %s WHERE %s LIMIT %d", from.sql, c.where.sql, n), append(append([]any{}, from.args...), c.where.args...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

// load reads the bodies of what was found, in its order.
func (s *database) load(ctx context.Context, q querier, typ string, found []hit) ([]fhir.Resource, error) {
	if len(found) == 0 {
		return nil, nil
	}
	at := make(map[int64]int, len(found))
	moments := make([]string, len(found))
	for i, h := range found {
		at[h.updated], moments[i] = i, integer(h.updated)
	}
	rows, err := q.QueryContext(ctx, "SELECT v.updated, "+versionColumns+" FROM version v WHERE v.updated IN ("+strings.Join(moments, ",")+")")
	if err != nil {
		return nil, fmt.Errorf("reading resources: %w", err)
	}
	defer rows.Close()
	out := make([]fhir.Resource, len(found))
	for rows.Next() {
		var updated int64
		var r fhir.Resource
		if err := scanVersion(rows, &r, &updated); err != nil {
			return nil, fmt.Errorf("reading resources: %w", err)
		}
		i := at[updated]
		r.Type, r.ID = typ, found[i].id
		out[i] = r
	}
	return out, rows.Err()
}
