package sqlite

import (
	"context"
	"fmt"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// History returns versions, newest first: the order of version's own key.
func (s *database) History(ctx context.Context, h store.History) (page store.Page, err error) {
	after, err := parseToken(h.After, 1)
	if err != nil {
		return page, err
	}
	err = s.snapshot(ctx, func(q querier) error {
		t := &translator{s: s, ctx: ctx, q: q}
		where, err := t.historyWhere(h)
		if err != nil {
			return err
		}
		if after != nil {
			where = append(where, raw("v.updated < ?", after[0]))
		}
		from := historyFrom(h)
		c := join(where, " AND ", always)
		query := fmt.Sprintf("SELECT t.name, r.id, %s FROM %s CROSS JOIN name t ON t.id = v.type WHERE %s ORDER BY v.updated DESC LIMIT %d", versionColumns, from, c.sql, h.Limit+1)
		page.Resources, err = s.versions(ctx, q, query, c.args)
		return err
	})
	if err != nil {
		return store.Page{}, fmt.Errorf("reading history: %w", err)
	}
	if len(page.Resources) > h.Limit {
		page.Resources = page.Resources[:h.Limit]
		page.Next = hit{values: []any{page.Resources[h.Limit-1].Updated.UnixMicro()}}.token()
	}
	return page, nil
}

// historyFrom walks the versions of one resource, or the newest of a type, or
// the newest of all.
func historyFrom(h store.History) string {
	switch {
	case h.ID != "":
		return "resource r CROSS JOIN version v ON v.rid = r.rid"
	case h.Type != "":
		return "version v INDEXED BY version_type CROSS JOIN resource r ON r.rid = v.rid"
	}
	return "version v NOT INDEXED CROSS JOIN resource r ON r.rid = v.rid"
}

func (t *translator) historyWhere(h store.History) ([]clause, error) {
	types, err := t.historyTypes(h)
	if err != nil {
		return nil, err
	}
	var where []clause
	if h.Type != "" || h.Types != nil {
		ids := make([]int64, 0, len(types))
		for id := range types {
			ids = append(ids, id)
		}
		in := integers(ids)
		where = append(where, raw("v.type"+in.sql, in.args...))
	}
	if h.ID != "" {
		where = append(where, raw("r.ref = ? AND r.id = ?", t.s.hasher.Target(h.Type+"/"+h.ID), h.ID))
	}
	if !h.Since.IsZero() {
		where = append(where, raw("v.updated >= ?", h.Since.UnixMicro()))
	}
	if !h.At.IsZero() {
		at := h.At.UnixMicro()
		where = append(where, raw("v.updated <= ? AND NOT EXISTS (SELECT 1 FROM version n WHERE n.rid = v.rid AND n.ver = v.ver + 1 AND n.updated <= ?)", at, at))
	}
	if h.Expr == nil {
		return where, nil
	}
	c, err := t.currentIs(h.Expr, types)
	return append(where, c), err
}

// historyTypes returns the numbers of the types that are asked for and exist.
func (t *translator) historyTypes(h store.History) (map[int64]string, error) {
	if h.Type == "" && h.Types == nil {
		return t.s.names.types(t.ctx, t.q)
	}
	out := map[int64]string{}
	for _, typ := range append([]string{h.Type}, h.Types...) {
		if h.Type != "" && typ != h.Type || !fhir.ValidTypeName(typ) {
			continue
		}
		id, known, err := t.s.names.id(t.ctx, t.q, typ)
		if err != nil {
			return nil, err
		}
		if known {
			out[id] = typ
		}
	}
	return out, nil
}

// currentIs is true when the current version of r is alive and matches.
func (t *translator) currentIs(x search.Expr, types map[int64]string) (clause, error) {
	x, _ = store.Relax(x)
	var each []clause
	for id, typ := range types {
		c, err := t.where(x, typ, "r")
		if err != nil {
			return never, err
		}
		each = append(each, raw(fmt.Sprintf("(r.type = %d AND %s)", id, c.sql), c.args...))
	}
	any := join(each, " OR ", never)
	return raw("(r.deleted = 0 AND "+any.sql+")", any.args...), nil
}

func (s *database) versions(ctx context.Context, q querier, query string, args []any) ([]fhir.Resource, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []fhir.Resource
	for rows.Next() {
		var r fhir.Resource
		if err := scanVersion(rows, &r, &r.Type, &r.ID); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}
