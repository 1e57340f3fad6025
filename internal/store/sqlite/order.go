package sqlite

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// A hit is a resource of a page, with the values it was sorted by: int64,
// string or nil.
type hit struct {
	id           string
	rid, updated int64
	values       []any
}

// sortKey is one key of an order, in SQL.
type sortKey struct {
	sql      string
	desc     bool
	nullable bool
	computed bool   // not a column of resource
	shelf    *shelf // where its order can be walked, if it can
}

// sortKeys translates the order. The last key is always the rid, in the
// direction of the first, so that an index gives both.
func (t *translator) sortKeys(c *candidates, typ string, sort []store.Sort) ([]sortKey, error) {
	if len(sort) == 0 {
		return []sortKey{{sql: c.rid(), desc: true}}, nil
	}
	var keys []sortKey
	for _, by := range sort {
		k, err := t.sortKey(typ, by)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return append(keys, sortKey{sql: "r.rid", desc: keys[0].desc}), nil
}

func (t *translator) sortKey(typ string, by store.Sort) (sortKey, error) {
	switch by.Param {
	case "_id":
		return sortKey{sql: "r.id", desc: by.Desc}, nil
	case "_lastUpdated":
		return sortKey{sql: "r.updated", desc: by.Desc}, nil
	}
	k := sortKey{sql: "NULL", desc: by.Desc, nullable: true, computed: true}
	tp, known, err := t.tp(typ, by.Param)
	if err != nil || !known {
		return k, err
	}
	pick, largest := "MIN", 0
	if by.Desc {
		pick, largest = "MAX", 1
	}
	switch by.Kind {
	case search.Date, search.Number, search.Quantity:
		k.sql = fmt.Sprintf("(SELECT %s(lo) FROM search_range o WHERE o.rid = r.rid AND o.tp = %d)", pick, tp)
		k.shelf = rangeShelf(tp, by.Desc)
	case search.String, search.URI:
		k.sql = fmt.Sprintf("(SELECT %s(%s) FROM search_word o WHERE o.rid = r.rid AND o.tp = %d)", pick, head("o"), tp)
		k.shelf = wordShelf(tp, by.Desc)
	default:
		k.sql = fmt.Sprintf("(SELECT jamii_code(codes, %d, %d) FROM search_entry o WHERE o.rid = r.rid)", tp, largest)
	}
	return k, nil
}

// page finds the hits of one page and one more.
func (t *translator) page(c *candidates, q store.Query) ([]hit, error) {
	keys, err := t.sortKeys(c, q.Type, q.Sort)
	if err != nil {
		return nil, err
	}
	after, err := parseToken(q.After, len(keys))
	if err != nil {
		return nil, err
	}
	if len(keys) == 2 && keys[0].shelf != nil && !c.few() {
		return t.walk(c, keys[0], keys[1], after, q.Limit+1)
	}
	from := c.from(orderIndex(keys))
	args := slices.Concat(from.args, c.where.args)
	var query string
	if slices.ContainsFunc(keys, func(k sortKey) bool { return k.computed }) {
		if err := t.affordable(c); err != nil {
			return nil, err
		}
		columns, outer := make([]string, len(keys)), make([]sortKey, len(keys))
		for i, k := range keys {
			columns[i] = fmt.Sprintf("%s AS k%d", k.sql, i)
			outer[i] = k
			outer[i].sql = fmt.Sprintf("k%d", i)
		}
		rest := keyset(outer, after)
		query = fmt.Sprintf("WITH m AS MATERIALIZED (SELECT r.id AS id, r.rid AS rid, r.updated AS updated, %s FROM %s WHERE %s) SELECT id, rid, updated, %s FROM m WHERE %s ORDER BY %s LIMIT %d",
			strings.Join(columns, ", "), from.sql, c.where.sql, expressions(outer), rest.sql, ordering(outer), q.Limit+1)
		args = append(args, rest.args...)
	} else {
		rest := keyset(keys, after)
		query = fmt.Sprintf("SELECT r.id, r.rid, r.updated, %s FROM %s WHERE %s AND %s ORDER BY %s LIMIT %d",
			expressions(keys), from.sql, c.where.sql, rest.sql, ordering(keys), q.Limit+1)
		args = append(args, rest.args...)
	}
	return t.hits(query, args, len(keys))
}

// affordable refuses to sort too many.
func (t *translator) affordable(c *candidates) error {
	if c.few() {
		return nil
	}
	n, err := t.countUpTo(c, t.s.sortable+1)
	if err != nil || n <= t.s.sortable {
		return err
	}
	return &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueTooCostly, Text: fmt.Sprintf(
		"more than %d resources would have to be sorted; narrow the search, or sort by _lastUpdated", t.s.sortable)}
}

// orderIndex names the index of resource whose order is that of the answer.
func orderIndex(keys []sortKey) string {
	if keys[0].sql == "r.updated" {
		return "resource_updated"
	}
	return "resource_live"
}

func expressions(keys []sortKey) string {
	list := make([]string, len(keys))
	for i, k := range keys {
		list[i] = k.sql
	}
	return strings.Join(list, ", ")
}

// ordering puts what has no value last, both ways.
func ordering(keys []sortKey) string {
	list := make([]string, 0, len(keys))
	for _, k := range keys {
		switch {
		case k.sql == "r.updated": // unique, so nothing needs to follow
			if k.desc {
				return strings.Join(append(list, k.sql+" DESC"), ", ")
			}
			return strings.Join(append(list, k.sql), ", ")
		case k.desc:
			list = append(list, k.sql+" DESC") // SQLite sorts NULL as the smallest
		case k.nullable:
			list = append(list, k.sql+" ASC NULLS LAST")
		default:
			list = append(list, k.sql)
		}
	}
	return strings.Join(list, ", ")
}

// keyset is true for what comes after the values of the last hit.
func keyset(keys []sortKey, after []any) clause {
	if after == nil {
		return always
	}
	k, v := keys[0], after[0]
	if len(keys) == 1 {
		return beyond(k, v)
	}
	rest := keyset(keys[1:], after[1:])
	if v == nil {
		return raw("("+k.sql+" IS NULL AND "+rest.sql+")", rest.args...)
	}
	next := beyond(k, v)
	out := raw("("+next.sql+" OR "+k.sql+" = ? AND "+rest.sql+")", slices.Concat(next.args, []any{v}, rest.args)...)
	if !k.nullable { // said again in the form that an index understands
		op := " >= ?"
		if k.desc {
			op = " <= ?"
		}
		out = raw("("+k.sql+op+" AND "+out.sql+")", slices.Concat([]any{v}, out.args)...)
	}
	return out
}

func beyond(k sortKey, v any) clause {
	op := " > ?"
	if k.desc {
		op = " < ?"
	}
	if k.nullable {
		return raw("("+k.sql+op+" OR "+k.sql+" IS NULL)", v)
	}
	return raw(k.sql+op, v)
}

func (t *translator) hits(query string, args []any, keys int) ([]hit, error) {
	rows, err := t.q.QueryContext(t.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []hit
	for rows.Next() {
		h := hit{values: make([]any, keys)}
		targets := []any{&h.id, &h.rid, &h.updated}
		for i := range h.values {
			targets = append(targets, &h.values[i])
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, rows.Err()
}

// token writes the values of a hit, from which the next page goes on.
func (h hit) token() []byte {
	out := []byte{}
	for _, v := range h.values {
		switch v := v.(type) {
		case nil:
			out = append(out, 0)
		case int64:
			out = binary.AppendVarint(append(out, 1), v)
		case string:
			out = appendText(append(out, 2), v)
		}
	}
	return out
}

var errToken = &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Text: "the page link is damaged or belongs to another search; search again"}

// parseToken reads a token of n values; none was given: nil.
func parseToken(token []byte, n int) ([]any, error) {
	if token == nil {
		return nil, nil
	}
	r := reader{rest: token}
	out := make([]any, n)
	for i := range out {
		switch kind := r.byte(); {
		case r.bad || kind > 2 || kind == 0 && i == n-1:
			return nil, errToken
		case kind == 1:
			out[i] = r.varint()
		case kind == 2:
			out[i] = r.text()
		}
	}
	if r.bad || len(r.rest) > 0 {
		return nil, errToken
	}
	return out, nil
}
