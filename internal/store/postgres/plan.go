package postgres

import (
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir/search"
)

// way is how a page is found.
type way uint8

const (
	// byIndex lets the conditions lead: the GIN, words and spans (candidates).
	byIndex way = iota
	// byHot begins with the rows that have a hot reference, newest first.
	byHot
	// byWalk looks at the newest rows, at most walked of them. It says nothing
	// when it does not fill the page.
	byWalk
	// byWindow is byIndex among the newer rows, which say nothing either when
	// they do not fill the page.
	byWindow
)

// tuning bounds the ways; tests set it lower.
type tuning struct {
	walked int     // how many rows a walk looks at
	begun  float64 // how many rows may be collected and sorted without a thought
	cold   float64 // with more cold rows, hot references lead nowhere
}

var tuned = tuning{walked: 4000, begun: 5000, cold: 5000}

// start is a condition on a hot reference.
type start struct {
	column string
	refs   []int64 // hashes of targets, of which the column must be one
	keys   []int64 // the same as keys
	alias  bool    // the column holds other parameters too
}

// parts is a condition taken apart.
type parts struct {
	list  []search.Expr // all of them must be true
	start *start
	at    int    // which of list start is
	tests []test // what a sample can be asked
	first test   // start alone
	sure  bool   // tests say everything
	from  int64  // where a window begins
}

// flat lists what must all be true.
func flat(x search.Expr) []search.Expr {
	and, ok := x.(search.And)
	if !ok {
		if x == nil {
			return nil
		}
		return []search.Expr{x}
	}
	var out []search.Expr
	for _, p := range and {
		out = append(out, flat(p)...)
	}
	return out
}

// takeApart looks for what hot columns and samples know.
func (b *builder) takeApart(x search.Expr, k *kind) (*parts, error) {
	p := &parts{list: flat(x), sure: true}
	hot := k.filled.Load()
	for i, x := range p.list {
		if s := b.start(x, k); s != nil && hot && (p.start == nil || len(s.refs) < len(p.start.refs)) {
			p.start, p.at, p.first = s, i, hasOne(s.keys)
		}
		switch x := x.(type) {
		case search.Is:
			keys, err := b.keys(x, k)
			if err != nil {
				return nil, err
			}
			p.tests = append(p.tests, hasOne(keys))
			continue
		case search.Between:
			if hot && x.Kind == search.Date && x.Param == k.layout.day {
				p.tests = append(p.tests, meets(x))
				continue
			}
		case search.Updated:
			continue // a walk has its own bounds
		}
		p.sure = false
	}
	return p, nil
}

// start reads a condition on one hot reference, or alternatives of it.
func (b *builder) start(x search.Expr, k *kind) *start {
	list, ok := x.(search.Or)
	if !ok {
		list = search.Or{x}
	}
	var s *start
	for _, x := range list {
		is, ok := x.(search.Is)
		if !ok || is.Kind != search.Reference || is.Ident || is.Code == "" {
			return nil
		}
		column, params := "hot_who", k.layout.who
		if !slices.Contains(params, is.Param) {
			column, params = "hot_by", k.layout.by
		}
		if !slices.Contains(params, is.Param) || s != nil && s.column != column {
			return nil
		}
		if s == nil {
			s = &start{column: column, alias: len(params) > 1}
		}
		target := b.d.hash.Target(is.Code)
		s.refs, s.keys = append(s.refs, target), append(s.keys, target^b.d.hash.Link(is.Param))
	}
	return s
}

// ways lists the ways to a page of n, of which the first that answers or
// fills the page is taken. Only the last always answers.
func (b *builder) ways(p *parts, k *kind, o order, after *cursor, n int) ([]way, error) {
	if p.start == nil && len(p.tests) == 0 {
		return []way{byIndex}, nil
	}
	s, err := b.d.known(b.ctx, k)
	if err != nil {
		return nil, err
	}
	if s.cold > b.d.tuning.cold {
		p.start = nil // most rows would be looked at twice
	}
	newest := len(o.keys) == 0
	if after != nil && newest {
		s = s.behind(after)
	}
	last := byIndex
	if p.start != nil {
		last = byHot
	}
	if o.costly() || s.total < b.d.tuning.begun {
		return []way{last}, nil
	}
	found := s.matches(p.tests...)
	both := max(s.each()*float64(len(found)), 0.5)
	cost := both + s.total/100 // of the GIN
	if p.start != nil {
		first := s.count(p.first)
		hot := first
		if newest && len(p.start.refs) == 1 {
			hot = min(first, first*float64(n)/both)
		}
		if first <= b.d.tuning.begun || !p.sure || hot <= cost {
			cost = hot
		} else {
			last = byIndex
		}
	}
	if !p.sure || !newest && !o.byTime() {
		return []way{last}, nil
	}
	walk := s.total * float64(n) / both
	if newest && len(found) > 0 {
		walk = max(walk, s.each()*float64(found[0]))
	}
	switch {
	case walk <= float64(b.d.tuning.walked)/2 && walk < cost:
		return []way{byWalk, last}, nil
	case newest && last == byIndex && cost > b.d.tuning.begun:
		// Enough are expected among the rows from this one on.
		if i := 3 + int(3*float64(n)/s.each()); i < len(found) {
			p.from = s.rows[found[i]].rid
			return []way{byWindow, last}, nil
		}
	}
	return []way{last}, nil
}

// base writes the candidates of a way.
func (b *builder) base(w way, x search.Expr, p *parts, k *kind, o order, after *cursor) (string, error) {
	switch w {
	case byIndex:
		return b.candidates(x, k, o.byTime())
	case byWindow:
		base, err := b.candidates(x, k, false)
		return strings.Replace(base, " WHERE ", " WHERE c.rid >= "+b.arg(p.from)+b.behindPlace(o, after)+" AND ", 1), err
	}
	b.perRow = true
	var from string
	rest := p.list
	switch {
	case w == byHot:
		from = b.hotRows(p.start, k, o, after)
		rest = slices.Delete(slices.Clone(rest), p.at, p.at+1)
	case len(o.keys) == 0:
		from = "SELECT " + hotRow + " FROM " + k.row + " c WHERE true" + b.behindPlace(o, after) + " ORDER BY c.rid DESC, c.part DESC LIMIT " + b.arg(b.d.tuning.walked)
	}
	where := []string{"NOT c.deleted"}
	if w == byHot {
		where = append(where, b.startCond(p.start))
	}
	for _, x := range rest {
		c, err := b.mixed(x, k)
		if err != nil {
			return "", err
		}
		where = append(where, "("+c+")")
	}
	lo, hi := times(x)
	if b.updated || o.byTime() {
		bound, err := b.d.horizon(b.ctx)
		if err != nil {
			return "", err
		}
		where = append(where, "c.updated < "+b.arg(bound))
		hi = min(hi, bound)
	}
	if from == "" {
		from = b.walkVersions(k, o, after, lo, hi)
	}
	return "SELECT c.rid, c.part, c.ver, c.fid, c.updated, c.keys FROM (" + from + ") c WHERE " + strings.Join(where, " AND "), nil
}

// hotRow are the columns that conditions and sorting need.
const hotRow = "c.rid, c.part, c.ver, c.fid, c.updated, c.keys, c.deleted, c.ref, c.hot_who, c.hot_by, c.hot_state, c.hot_day, c.hot_end, c.cold"

// hotRows writes the rows that have a hot reference and the cold ones. OFFSET
// 0 keeps other conditions from choosing another index; where the order is
// that of the index it is kept, so that a page stops when it is full.
func (b *builder) hotRows(s *start, k *kind, o order, after *cursor) string {
	tail := b.behindPlace(o, after)
	match := ""
	if len(s.refs) == 1 {
		match = " = " + b.arg(s.refs[0]) + "::int8"
	} else {
		match = " = ANY(" + b.arg(s.refs) + "::int8[])" // an argument that is not used has no type
	}
	if len(o.keys) == 0 && len(s.refs) == 1 {
		tail += " ORDER BY c.rid DESC, c.part DESC"
	}
	from := "(SELECT " + hotRow + " FROM " + k.row + " c WHERE c."
	return from + s.column + match + tail + " OFFSET 0) UNION ALL " + from + "cold AND c." + s.column + " IS NULL" + tail + " OFFSET 0)"
}

// startCond is the condition on the rows of hotRows: a row that has it in the
// column alone needs no look at its keys.
func (b *builder) startCond(s *start) string {
	keys := b.any(s.keys).sql
	if s.alias {
		return keys
	}
	return "(c." + s.column + " IS NOT NULL OR " + keys + ")"
}

// behindPlace bounds a walk by places to what stands behind a cursor.
func (b *builder) behindPlace(o order, after *cursor) string {
	if after == nil || len(o.keys) > 0 {
		return ""
	}
	return " AND (c.rid, c.part) < (" + b.arg(after.RID) + "::int8, " + b.arg(after.Part) + "::int2)"
}

// walkVersions looks at rows in the order of their updates, from lo to hi.
func (b *builder) walkVersions(k *kind, o order, after *cursor, lo, hi int64) string {
	if after != nil && after.Keys[0].Number != nil {
		if at := *after.Keys[0].Number; o.desc {
			hi = min(hi, at+1)
		} else {
			lo = max(lo, at)
		}
	}
	dir := direction(o.desc)
	return "SELECT " + strings.NewReplacer("c.rid", "u.rid", "c.part", "u.part", "c.updated", "u.updated").Replace(hotRow) + " FROM (SELECT u.rid, u.part, u.ver, u.updated FROM " + k.version +
		" u WHERE u.updated >= " + b.arg(lo) + " AND u.updated < " + b.arg(hi) + " ORDER BY u.updated" + dir + ", u.rid" + dir + ", u.part" + dir + " LIMIT " + b.arg(b.d.tuning.walked) +
		") u, LATERAL (SELECT * FROM " + k.row + " c WHERE c.rid = u.rid AND c.part = u.part AND c.ver = u.ver OFFSET 0) c"
}

// mixed translates one condition with its hot column, where it has one.
func (b *builder) mixed(x search.Expr, k *kind) (string, error) {
	c, err := b.expr(x, k)
	if err != nil || !k.filled.Load() {
		return c.sql, err
	}
	switch x := x.(type) {
	case search.Is:
		if x.Param == k.layout.state && x.Kind == search.Token && x.AnySystem && !x.AnyCode && x.OfType == "" {
			return "c.hot_state = " + b.arg(b.d.hash.Target(x.Code)) + "::int8 OR c.cold AND c.hot_state IS NULL AND " + c.sql, nil
		}
	case search.Between:
		if x.Kind == search.Date && x.Param == k.layout.day {
			return b.hotDay(x) + " OR c.cold AND c.hot_day IS NULL AND " + c.sql, nil
		}
	}
	return c.sql, nil
}

// hotDay compares the hot day.
func (b *builder) hotDay(x search.Between) string {
	lo, hi := b.arg(x.Lo)+"::int8", b.arg(x.Hi)+"::int8"
	what := strings.NewReplacer("s.lo", "c.hot_day", "s.hi", "c.hot_end").Replace(overlap(x.Op, lo, hi))
	return "(" + what + " AND " + lo + " IS NOT NULL AND " + hi + " IS NOT NULL)"
}

// counted writes what is counted from hot columns alone, or "" when there is
// more to know. A row that has a hot value is not deleted, so the index on
// states answers without the rows.
func (b *builder) counted(p *parts, k *kind) (string, error) {
	if !k.filled.Load() || len(p.list) == 0 {
		return "", nil
	}
	var here, missing, keys []string
	for _, x := range p.list {
		var column, native string
		switch x := x.(type) {
		case search.Is:
			if x.Param != k.layout.state || x.Kind != search.Token || !x.AnySystem || x.AnyCode || x.OfType != "" {
				return "", nil
			}
			column, native = "c.hot_state", "c.hot_state = "+b.arg(b.d.hash.Target(x.Code))+"::int8"
		case search.Between:
			if x.Kind != search.Date || x.Param != k.layout.day {
				return "", nil
			}
			column, native = "c.hot_day", b.hotDay(x)
		default:
			return "", nil
		}
		c, err := b.expr(x, k)
		if err != nil {
			return "", err
		}
		here, missing, keys = append(here, native), append(missing, column+" IS NULL"), append(keys, "("+c.sql+")")
	}
	if !strings.Contains(strings.Join(here, " "), "hot_state") {
		return "", nil // no index begins with the day
	}
	return "SELECT 1 FROM " + k.row + " c WHERE " + strings.Join(here, " AND ") +
		" UNION ALL SELECT 1 FROM (SELECT " + hotRow + " FROM " + k.row + " c WHERE c.cold AND NOT c.deleted OFFSET 0) c WHERE (" +
		strings.Join(missing, " OR ") + ") AND " + strings.Join(keys, " AND "), nil
}
