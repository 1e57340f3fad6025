package postgres

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// candidates writes the rows for which an expression is true, as a SELECT.
//
// OFFSET 0 is a fence: what narrow conditions find is collected first and then
// sorted; without it PostgreSQL walks a sort index on the belief that the
// conditions are independent, and may walk the whole table. Conditions that
// find most rows have no fence, so that the newest are found by walking.
//
// When only the time of update selects or sorts, versions lead: they are in
// that order, and current rows have no index on it.
func (b *builder) candidates(x search.Expr, k *kind, byTime bool) (string, error) {
	c, err := b.expr(x, k)
	if err != nil {
		return "", err
	}
	where := " WHERE NOT c.deleted AND (" + c.sql + ")"
	if b.updated || byTime {
		bound, err := b.d.horizon(b.ctx)
		if err != nil {
			return "", err
		}
		where += " AND c.updated < " + b.arg(bound)
		if lo, hi := times(x); !c.narrow && (byTime || lo > math.MinInt64) {
			return b.versionsFirst(k, where, byTime, lo, min(hi, bound)), nil
		}
	}
	sql := "SELECT c.rid, c.part, c.ver, c.fid, c.updated, c.keys FROM " + k.row + " c" + where
	if c.narrow {
		sql += " OFFSET 0"
	}
	return sql, nil
}

// versionsFirst writes candidates that are found through the versions of a
// time. To walk them in order each row is looked up behind a fence: of a plain
// join PostgreSQL believes that almost nothing is left, and reads all of it
// first. Without that order a plain join may be the better one.
func (b *builder) versionsFirst(k *kind, where string, walk bool, lo, hi int64) string {
	const same = "c.rid = u.rid AND c.part = u.part AND c.ver = u.ver"
	during := " u.updated >= " + b.arg(lo) + " AND u.updated < " + b.arg(hi)
	head := "SELECT u.rid, u.part, c.ver, c.fid, u.updated, c.keys FROM " + k.version + " u"
	if walk {
		return head + ", LATERAL (SELECT c.ver, c.fid, c.keys FROM " + k.row + " c" + where + " AND " + same + " OFFSET 0) c WHERE" + during
	}
	return head + " JOIN " + k.row + " c ON " + same + where + " AND" + during
}

// times bounds the time of update that an expression allows, as [lo, hi).
func times(x search.Expr) (lo, hi int64) {
	lo, hi = math.MinInt64, math.MaxInt64
	switch x := x.(type) {
	case search.And:
		for _, p := range x {
			l, h := times(p)
			lo, hi = max(lo, l), min(hi, h)
		}
	case search.Updated:
		from, to := x.Lo.UnixMicro(), x.Hi.UnixMicro()
		switch x.Op {
		case search.Eq, search.Ap:
			return from, to
		case search.Gt, search.Sa:
			return to, hi
		case search.Ge:
			return min(from, to), hi
		case search.Lt, search.Eb:
			return lo, from
		case search.Le:
			return lo, max(from, to)
		}
	}
	return lo, hi
}

// Search answers one page.
func (d *database) Search(ctx context.Context, q store.Query) (store.Page, error) {
	k, err := d.kind(ctx, q.Type)
	if err != nil || k == nil {
		return store.Page{}, err
	}
	after, err := readCursor(q.After, len(q.Sort))
	if err != nil {
		return store.Page{}, err
	}
	relaxed, _ := store.Relax(q.Expr)
	b := d.builder(ctx, d.read)
	p, err := b.takeApart(relaxed, k)
	if err != nil {
		return store.Page{}, failed("preparing a search", err)
	}
	order, err := b.order(q.Sort, k)
	if err != nil {
		return store.Page{}, err
	}
	limit := max(q.Limit, 1)
	ways, err := b.ways(p, k, order, after, limit+1)
	if err != nil {
		return store.Page{}, failed("preparing a search", err)
	}
	for i, w := range ways {
		page, err := b.again().take(w, relaxed, p, k, q.Sort, after, limit)
		if err != nil || page.Next != nil || i == len(ways)-1 {
			return page, err
		}
	}
	return store.Page{}, nil
}

// again is a builder for another statement of the same search.
func (b *builder) again() *builder {
	fresh := b.d.builder(b.ctx, b.q)
	fresh.systems = b.systems
	return fresh
}

// take reads a page by one way.
func (b *builder) take(w way, x search.Expr, p *parts, k *kind, by []store.Sort, after *cursor, limit int) (store.Page, error) {
	order, err := b.order(by, k)
	if err != nil {
		return store.Page{}, err
	}
	base, err := b.base(w, x, p, k, order, after)
	if err != nil {
		return store.Page{}, failed("preparing a search", err)
	}
	b.cached = w == byHot || w == byWalk
	rows, err := b.query(b.page(base, k, order, after, limit+1))
	if err != nil {
		return store.Page{}, failed("searching", err)
	}
	page, err := b.d.readPage(k, rows, order, limit)
	if err != nil {
		return store.Page{}, failed("searching", err)
	}
	return page, nil
}

// page writes the statement of one page: candidates, what they are sorted by,
// where the page before ended, and last the bodies of those that are shown.
func (b *builder) page(base string, k *kind, o order, after *cursor, limit int) string {
	var s strings.Builder
	if o.costly() {
		base = "SELECT * FROM (" + base + ") c LIMIT " + fmt.Sprint(b.d.sortable+1)
	}
	s.WriteString("SELECT " + columns + o.names())
	if o.costly() {
		s.WriteString(", c.n")
	}
	s.WriteString(" FROM (SELECT * FROM (SELECT c.rid, c.part, c.ver, c.fid" + o.columns())
	if o.costly() {
		s.WriteString(", count(*) OVER () AS n")
	}
	s.WriteString(" FROM (" + base + ") c) c")
	if after != nil {
		s.WriteString(" WHERE " + b.after(o, after))
	}
	s.WriteString(o.by() + " LIMIT " + b.arg(limit) + ") c JOIN " + k.version +
		" v ON v.rid = c.rid AND v.part = c.part AND v.ver = c.ver" + o.by())
	return s.String()
}

// readPage reads rows, of which one more than limit says that there is a next
// page.
func (d *database) readPage(k *kind, rows pgx.Rows, o order, limit int) (store.Page, error) {
	defer rows.Close()
	var page store.Page
	var last cursor
	for rows.Next() {
		var r record
		at := cursor{Keys: make([]sortValue, len(o.keys))}
		fields := r.fields()
		for i := range o.keys {
			fields = append(fields, o.keys[i].into(&at.Keys[i]))
		}
		var n int64
		if o.costly() {
			fields = append(fields, &n)
		}
		if err := rows.Scan(fields...); err != nil {
			return store.Page{}, err
		}
		if n > d.sortable {
			return store.Page{}, &fhir.Error{
				Kind: fhir.Unprocessable, Issue: fhir.IssueTooCostly,
				Text: fmt.Sprintf("This search finds more than %d resources, too many to sort by this parameter. Add a condition, or sort by _lastUpdated.", d.sortable),
			}
		}
		if len(page.Resources) == limit {
			page.Next = last.write()
			break
		}
		res, err := d.resource(k.name, &r)
		if err != nil {
			return store.Page{}, err
		}
		page.Resources = append(page.Resources, res)
		at.RID, at.Part = r.place.RID, r.place.Part
		last = at
	}
	rows.Close()
	return page, rows.Err()
}

// countable writes the rows that are counted.
func (b *builder) countable(x search.Expr, k *kind) (string, error) {
	p, err := b.takeApart(x, k)
	if err != nil {
		return "", err
	}
	s, err := b.d.known(b.ctx, k)
	if err != nil {
		return "", err
	}
	switch {
	case s.cold > b.d.tuning.cold:
	case p.start != nil && (!p.sure || s.count(p.first) <= b.d.tuning.begun):
		return b.base(byHot, x, p, k, order{keys: []sortKey{{}}}, nil)
	default:
		other := b.again()
		sql, err := other.counted(p, k)
		if sql != "" || err != nil {
			*b = *other
			return sql, err
		}
	}
	return b.candidates(x, k, false)
}

// Count counts what Search would find.
func (d *database) Count(ctx context.Context, typ string, x search.Expr, limit int64) (int64, error) {
	k, err := d.kind(ctx, typ)
	if err != nil || k == nil {
		return 0, err
	}
	relaxed, _ := store.Relax(x)
	b := d.builder(ctx, d.read)
	base, err := b.countable(relaxed, k)
	if err != nil {
		return 0, failed("preparing a count", err)
	}
	if limit > 0 {
		base = "SELECT FROM (" + base + ") c LIMIT " + b.arg(limit)
	}
	rows, err := b.query("SELECT count(*) FROM (" + base + ") c")
	if err != nil {
		return 0, failed("counting", err)
	}
	n, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[int64])
	if err != nil {
		return 0, failed("counting", err)
	}
	return n, nil
}

// find returns the ids of up to n resources for which an expression is true,
// as they are now: a condition looks at everything that is committed.
func (d *database) find(ctx context.Context, q queryer, typ string, x search.Expr, n int) ([]string, error) {
	k, err := d.kind(ctx, typ)
	if err != nil || k == nil {
		return nil, err
	}
	relaxed, _ := store.Relax(x)
	b := d.builder(ctx, q)
	c, err := b.expr(relaxed, k)
	if err != nil {
		return nil, err
	}
	rows, err := b.query("SELECT c.fid, c.rid, c.part FROM " + k.row + " c WHERE NOT c.deleted AND (" + c.sql + ") LIMIT " + b.arg(n))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		var r record
		err := row.Scan(&r.fid, &r.place.RID, &r.place.Part)
		return r.id(), err
	})
}
