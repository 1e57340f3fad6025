package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
)

// builder turns expressions into SQL over a current row called c. Values are
// always arguments.
type builder struct {
	ctx     context.Context
	d       *database
	q       queryer // where it looks before it decides
	args    []any
	systems map[int64][]string
	depth   int
	cached  bool // the plan does not depend on values
	perRow  bool // rows come in order: what is looked up for each must not be joined
	updated bool // the condition speaks of the time of update of the resource itself
}

func (d *database) builder(ctx context.Context, q queryer) *builder {
	return &builder{ctx: ctx, d: d, q: q, systems: map[int64][]string{}}
}

// arg adds an argument and returns its place.
func (b *builder) arg(v any) string {
	b.args = append(b.args, v)
	return fmt.Sprintf("$%d", len(b.args))
}

// query runs a statement planned with its values: a generic plan cannot know
// how common a key is. The shape decides what is cached. A statement whose
// shape leaves one plan is planned once.
func (b *builder) query(sql string) (pgx.Rows, error) {
	mode := pgx.QueryExecModeCacheDescribe
	if b.cached {
		mode = pgx.QueryExecModeCacheStatement
	}
	return b.q.Query(b.ctx, sql, append([]any{mode}, b.args...)...)
}

// cond is a condition in SQL. A narrow one can be answered from an index and
// is worth beginning with.
type cond struct {
	sql    string
	narrow bool
}

var (
	always = cond{sql: "true"}
	never  = cond{sql: "false", narrow: true}
)

// maxDepth bounds how deep conditions nest.
const maxDepth = 40

// expr translates a relaxed expression on resources of type k.
func (b *builder) expr(x search.Expr, k *kind) (cond, error) {
	b.depth++
	defer func() { b.depth-- }()
	if b.depth > maxDepth {
		return cond{}, &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueTooCostly, Text: "The conditions of this search nest too deep. Ask in several searches."}
	}
	switch x := x.(type) {
	case nil:
		return always, nil
	case search.And:
		return b.and(x, k)
	case search.Or:
		return b.or(x, k)
	case search.Not:
		inner, err := b.expr(x.X, k)
		return cond{sql: "NOT (" + inner.sql + ")"}, err
	case search.Is:
		keys, err := b.keys(x, k)
		return b.any(keys), err
	case search.Missing:
		return cond{sql: "NOT c.keys @> " + b.arg([]int64{b.d.hash.Present(x.Param)}) + "::int8[]"}, nil
	case search.IDs:
		return b.ids(x, k), nil
	case search.Updated:
		return b.time(x), nil
	case search.Word:
		return b.word(x, k), nil
	case search.Between:
		return b.between(x, k), nil
	case search.Chain:
		return b.chain(x)
	case search.Has:
		return b.has(x)
	}
	return cond{}, fmt.Errorf("a search holds a %T, which the store does not know", x)
}

// keys returns the keys of which a row must have one.
func (b *builder) keys(x search.Is, k *kind) ([]int64, error) {
	if !x.AnySystem || x.Kind != search.Token || x.AnyCode || x.OfType != "" {
		return b.d.hash.Alternatives(x, nil), nil
	}
	systems, err := b.knownSystems(b.d.param(k.name, x.Param))
	return b.d.hash.Alternatives(x, systems), err
}

const systemsSQL = `SELECT system FROM token_system WHERE param = $1`

// knownSystems are the systems that any resource committed so far has under a
// parameter. They are asked for each search: another server may have met a new
// one.
func (b *builder) knownSystems(param int64) ([]string, error) {
	if list, ok := b.systems[param]; ok {
		return list, nil
	}
	rows, err := b.q.Query(b.ctx, systemsSQL, param)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		var s []byte
		err := row.Scan(&s)
		return string(s), err
	})
	b.systems[param] = list
	return list, err
}

// any asks for one of the keys.
func (b *builder) any(keys []int64) cond {
	switch len(keys) {
	case 0:
		return never
	case 1:
		return cond{"c.keys @> " + b.arg(keys) + "::int8[]", true}
	}
	return cond{"c.keys && " + b.arg(keys) + "::int8[]", true}
}

// and joins conditions; the keys that all must be there go into one look at
// the index.
func (b *builder) and(list search.And, k *kind) (cond, error) {
	var parts []string
	var all []int64
	out := cond{}
	for _, x := range list {
		if is, ok := x.(search.Is); ok {
			keys, err := b.keys(is, k)
			if err != nil {
				return cond{}, err
			}
			if len(keys) == 1 {
				all = append(all, keys[0])
				continue
			}
		}
		p, err := b.expr(x, k)
		if err != nil {
			return cond{}, err
		}
		parts = append(parts, "("+p.sql+")")
		out.narrow = out.narrow || p.narrow
	}
	if len(all) > 0 {
		// First: it costs the least where rows are looked at one by one.
		parts = append([]string{"c.keys @> " + b.arg(all) + "::int8[]"}, parts...)
		out.narrow = true
	}
	if len(parts) == 0 {
		return always, nil
	}
	out.sql = strings.Join(parts, " AND ")
	return out, nil
}

// or joins alternatives. Lists of keys, ids and whole words become one array
// each, so that thousands of them are one condition.
func (b *builder) or(list search.Or, k *kind) (cond, error) {
	var keys []int64
	var ids search.IDs
	var parts []string
	var params []int64
	words := map[int64][]string{}
	out := cond{narrow: true}
	for _, x := range list {
		switch x := x.(type) {
		case search.Is:
			some, err := b.keys(x, k)
			if err != nil {
				return cond{}, err
			}
			keys = append(keys, some...)
			continue
		case search.IDs:
			ids = append(ids, x...)
			continue
		case search.Word:
			if x.Mode == search.Exact {
				param := b.d.param(k.name, x.Param)
				if words[param] == nil {
					params = append(params, param)
				}
				words[param] = append(words[param], clean(x.Text))
				continue
			}
		}
		p, err := b.expr(x, k)
		if err != nil {
			return cond{}, err
		}
		parts = append(parts, "("+p.sql+")")
		out.narrow = out.narrow && p.narrow
	}
	for _, param := range params {
		parts = append(parts, b.wholeWords(param, words[param]))
	}
	if len(ids) > 0 {
		parts = append(parts, b.ids(ids, k).sql)
	}
	if len(keys) > 0 {
		parts = append(parts, b.any(keys).sql)
	}
	if len(parts) == 0 {
		return never, nil
	}
	// An OR over several indexes is not answered from one.
	out.narrow = out.narrow && len(parts) == 1
	out.sql = strings.Join(parts, " OR ")
	return out, nil
}

func (b *builder) ids(list search.IDs, k *kind) cond {
	refs := make([]int64, len(list))
	for i, id := range list {
		refs[i] = b.d.target(k.name, id)
	}
	return cond{"c.ref = ANY(" + b.arg(refs) + "::int8[])", true}
}

// time compares meta.lastUpdated, an instant, with [Lo, Hi).
func (b *builder) time(x search.Updated) cond {
	b.updated = true
	lo, hi := x.Lo.UnixMicro(), x.Hi.UnixMicro()
	switch x.Op {
	case search.Ne:
		return cond{sql: "(c.updated < " + b.arg(lo) + " OR c.updated >= " + b.arg(hi) + ")"}
	case search.Gt, search.Sa:
		return cond{sql: "c.updated >= " + b.arg(hi)}
	case search.Lt, search.Eb:
		return cond{sql: "c.updated < " + b.arg(lo)}
	case search.Ge:
		return cond{sql: "c.updated >= " + b.arg(min(lo, hi))}
	case search.Le:
		return cond{sql: "c.updated < " + b.arg(max(lo, hi))}
	}
	return cond{sql: "(c.updated >= " + b.arg(lo) + " AND c.updated < " + b.arg(hi) + ")"}
}
