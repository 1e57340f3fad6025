package sqlite

import (
	"fmt"
	"slices"
	"strings"
)

// A shelf is an index table whose order is that of a sort key: dates, numbers,
// texts. Walking it answers the first page of millions as quickly as of tens.
type shelf struct {
	table, index string
	tp           int64
	value        string // what is sorted by, of the row o
	first        string // of several rows of a resource, p stands before o
}

// walk finds the hits of a page in the order of a shelf, then those that have
// no value, in the order of their rid.
func (t *translator) walk(c *candidates, key, rid sortKey, after []any, n int) ([]hit, error) {
	var out []hit
	if after == nil || after[0] != nil {
		found, err := t.walkValues(c, key, rid, after, n)
		if err != nil || len(found) == n {
			return found, err
		}
		out, after = found, nil
	}
	found, err := t.walkMissing(c, key, rid, after, n-len(out))
	return append(out, found...), err
}

func (t *translator) walkValues(c *candidates, key, rid sortKey, after []any, n int) ([]hit, error) {
	shelf := key.shelf
	keys := []sortKey{{sql: shelf.value, desc: key.desc}, {sql: "o.rid", desc: rid.desc}}
	rest := keyset(keys, after)
	query := fmt.Sprintf("SELECT r.id, r.rid, r.updated, %s FROM %s o INDEXED BY %s CROSS JOIN resource r ON r.rid = o.rid"+
		" WHERE o.tp = %d AND %s AND %s AND NOT EXISTS (SELECT 1 FROM %s p WHERE p.rid = o.rid AND p.tp = o.tp AND (%s)) ORDER BY %s LIMIT %d",
		expressions(keys), shelf.table, shelf.index, shelf.tp, c.where.sql, rest.sql, shelf.table, shelf.first, ordering(keys), n)
	return t.hits(query, slices.Concat(c.where.args, rest.args), 2)
}

func (t *translator) walkMissing(c *candidates, key, rid sortKey, after []any, n int) ([]hit, error) {
	from := c.from("resource_live")
	keys := []sortKey{{sql: "NULL"}, {sql: c.rid(), desc: rid.desc}}
	rest := always
	if after != nil {
		rest = beyond(keys[1], after[1])
	}
	query := fmt.Sprintf("SELECT r.id, r.rid, r.updated, %s FROM %s WHERE %s AND %s AND NOT EXISTS (SELECT 1 FROM %s o WHERE o.rid = r.rid AND o.tp = %d) ORDER BY %s LIMIT %d",
		expressions(keys), from.sql, c.where.sql, rest.sql, key.shelf.table, key.shelf.tp, ordering(keys[1:]), n)
	return t.hits(query, slices.Concat(from.args, c.where.args, rest.args), 2)
}

// rangeShelf sorts by the beginning of an interval.
func rangeShelf(tp int64, desc bool) *shelf {
	first := "p.lo < o.lo OR p.lo = o.lo AND p.hi < o.hi"
	if desc {
		first = strings.ReplaceAll(first, "<", ">")
	}
	return &shelf{"search_range", "search_range_lo", tp, "o.lo", first}
}

// wordShelf sorts by the head of a text; the rows of a resource are numbered in
// that order.
func wordShelf(tp int64, desc bool) *shelf {
	first := "p.n < o.n"
	if desc {
		first = "p.n > o.n"
	}
	return &shelf{"search_word", "search_word_head", tp, head("o"), first}
}

// headSize is how much of a text is in the index and sorted by.
const headSize = 200

// head is the indexed expression, which must be written as in the migration.
func head(alias string) string { return "substr(" + alias + ".norm, 1, 200)" }
