package sqlite

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jamii-health/jamii/fhir/search"
)

// clause is a piece of SQL with its arguments.
type clause struct {
	sql  string
	args []any
}

func raw(sql string, args ...any) clause { return clause{sql, args} }

// Two conditions that need no table.
var (
	always = raw("1")
	never  = raw("0")
)

// join puts clauses together as a balanced tree, since SQLite bounds the depth
// of an expression. none is what an empty list means, and what adds nothing;
// its opposite decides alone. SQLite must not find constants at the top: it
// would drop the terms that a named index needs.
func join(list []clause, op string, none clause) clause {
	kept := make([]clause, 0, len(list))
	for _, c := range list {
		switch c.sql {
		case none.sql:
		case never.sql, always.sql:
			return c
		default:
			kept = append(kept, c)
		}
	}
	return tree(kept, op, none)
}

func tree(list []clause, op string, none clause) clause {
	switch len(list) {
	case 0:
		return none
	case 1:
		return list[0]
	}
	a, b := tree(list[:len(list)/2], op, none), tree(list[len(list)/2:], op, none)
	return raw("("+a.sql+op+b.sql+")", slices.Concat(a.args, b.args)...)
}

func negate(c clause) clause {
	switch c.sql {
	case always.sql:
		return never
	case never.sql:
		return always
	}
	return raw("NOT ("+c.sql+")", c.args...)
}

// translator turns expressions into SQL.
type translator struct {
	s       *database
	ctx     context.Context
	q       querier
	aliases int
}

func (t *translator) alias(letter string) string {
	t.aliases++
	return letter + strconv.Itoa(t.aliases)
}

// tp is the number of a type's parameter; ok is false when nothing was ever
// written for it.
func (t *translator) tp(typ, param string) (int64, bool, error) {
	return t.s.names.id(t.ctx, t.q, paramName(typ, param))
}

// integers writes "IN (...)" for numbers; many go into one argument.
func integers(list []int64) clause {
	if len(list) > 100 {
		return raw(" IN (SELECT value FROM json_each(?))", jsonList(list))
	}
	text := make([]string, len(list))
	for i, n := range list {
		text[i] = integer(n)
	}
	return raw(" IN (" + strings.Join(text, ", ") + ")")
}

// integer writes a number. The smallest one cannot be written as minus its
// opposite, which is no int64.
func integer(n int64) string {
	if n == math.MinInt64 {
		return "(-9223372036854775807 - 1)"
	}
	return strconv.FormatInt(n, 10)
}

// where writes an expression as a condition on the row of table resource
// called row, which is of type typ. Every condition is looked up by the rid of
// the row, so it is right whatever finds the row.
func (t *translator) where(x search.Expr, typ, row string) (clause, error) {
	switch x := x.(type) {
	case nil:
		return always, nil
	case search.And:
		list, err := t.each(x, typ, row)
		return join(list, " AND ", always), err
	case search.Or:
		list, err := t.each(merge(x), typ, row)
		return join(list, " OR ", never), err
	case search.Not:
		inner, err := t.where(x.X, typ, row)
		return negate(inner), err
	case search.Missing:
		inner, err := t.present(x.Param, typ, row)
		return negate(inner), err
	case search.Chain:
		return t.chain(x, typ, row)
	case search.Has:
		return t.has(x, row)
	case search.IDs:
		in := integers(t.refs(typ, x))
		return raw(row+".ref"+in.sql, in.args...), nil
	case search.Updated:
		return raw("(" + updatedCondition(x, row+".updated") + ")"), nil
	}
	m, err := t.match(x, typ)
	if err != nil {
		return never, err
	}
	return t.exists(m, row), nil
}

// exists looks for an index row of a resource.
func (t *translator) exists(m match, row string) clause {
	if m.table == "" {
		return never
	}
	a := t.alias("x")
	return raw("EXISTS (SELECT 1 FROM "+m.table+" "+a+" WHERE "+a+".rid = "+row+".rid AND ("+strings.ReplaceAll(m.sql, "@", a)+"))", m.args...)
}

func (t *translator) present(param, typ, row string) (clause, error) {
	m, err := t.matchKeys([]int64{t.s.hasher.Present(param)}, typ)
	if err != nil {
		return never, err
	}
	return t.exists(m, row), nil
}

func (t *translator) each(list []search.Expr, typ, row string) ([]clause, error) {
	out := make([]clause, len(list))
	for i, x := range list {
		c, err := t.where(x, typ, row)
		if err != nil {
			return nil, err
		}
		out[i] = c
	}
	return out, nil
}

// chain looks whether a target of the reference fits.
func (t *translator) chain(x search.Chain, typ, row string) (clause, error) {
	tp, ok, err := t.tp(typ, x.Param)
	if err != nil || !ok {
		return never, err
	}
	link, target := t.alias("l"), t.alias("r")
	var fits []clause
	for _, typ := range x.Types {
		id, ok, err := t.s.names.id(t.ctx, t.q, typ)
		if err != nil {
			return never, err
		}
		if !ok {
			continue
		}
		inner, err := t.where(x.X, typ, target)
		if err != nil {
			return never, err
		}
		fits = append(fits, raw("("+target+".type = "+integer(id)+" AND "+inner.sql+")", inner.args...))
	}
	fit := join(fits, " OR ", never)
	return raw(fmt.Sprintf("EXISTS (SELECT 1 FROM search_link %[1]s CROSS JOIN resource %[2]s ON %[2]s.ref = %[1]s.target"+
		" WHERE %[1]s.rid = %[3]s.rid AND %[1]s.tp = %[4]d AND %[2]s.deleted = 0 AND %[5]s)", link, target, row, tp, fit.sql), fit.args...), nil
}

// has looks whether a resource that points here fits.
func (t *translator) has(x search.Has, row string) (clause, error) {
	tp, ok, err := t.tp(x.Type, x.Param)
	if err != nil || !ok {
		return never, err
	}
	link, source := t.alias("l"), t.alias("r")
	inner, err := t.where(x.X, x.Type, source)
	if err != nil {
		return never, err
	}
	return raw(fmt.Sprintf("EXISTS (SELECT 1 FROM search_link %[1]s CROSS JOIN resource %[2]s ON %[2]s.rid = %[1]s.rid"+
		" WHERE %[1]s.tp = %[4]d AND %[1]s.target = %[3]s.ref AND %[2]s.deleted = 0 AND %[5]s)", link, source, row, tp, inner.sql), inner.args...), nil
}

func (t *translator) refs(typ string, ids []string) []int64 {
	out := make([]int64, len(ids))
	for i, id := range ids {
		out[i] = t.s.hasher.Target(typ + "/" + id)
	}
	return out
}

// updatedCondition compares a point with [Lo, Hi) in microseconds.
func updatedCondition(x search.Updated, column string) string {
	lo := x.Lo.UnixMicro()
	hi := x.Hi.Add(-time.Nanosecond).UnixMicro()
	return compare(x.Op, lo, hi, column, column)
}

// compare writes the table at search.Op for a value in the columns lo and hi.
func compare(op search.Op, aLo, aHi int64, lo, hi string) string {
	from, to := integer(aLo), integer(aHi)
	within := lo + " >= " + from + " AND " + hi + " <= " + to
	switch op {
	case search.Eq:
		return within + " AND " + lo + " <= " + to
	case search.Ne:
		return "NOT (" + within + ")"
	case search.Gt:
		return hi + " > " + to
	case search.Lt:
		return lo + " < " + from
	case search.Ge:
		return "(" + hi + " > " + to + " OR " + within + ")"
	case search.Le:
		return "(" + lo + " < " + from + " OR " + within + ")"
	case search.Sa:
		return lo + " > " + to
	case search.Eb:
		return hi + " < " + from
	}
	return lo + " <= " + to + " AND " + hi + " >= " + from
}
