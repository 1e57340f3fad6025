package sqlite

import (
	"fmt"
	"strings"

	"github.com/jamii-health/jamii/fhir/search"
)

// A source is SQL that yields the rids of resources among which are all that
// an expression is true for.
type source struct {
	clause
	rows int  // how many there are, counted up to one more than few
	key  bool // yields the rids of one key, in order: it can be walked
}

// fewRows is the number of candidates up to which they are looked at one by
// one; with more, the order of the answer is walked.
const fewRows = 1000

// plan finds the source with the fewest rows, nil when there is none. Every
// condition of the expression is checked on what it yields, so a plan is a
// matter of speed only.
func (t *translator) plan(x search.Expr, typ string) (*source, error) {
	switch x := x.(type) {
	case search.And:
		return t.planAnd(x, typ)
	case search.Or:
		return t.planOr(merge(x), typ)
	case search.IDs:
		in := integers(t.refs(typ, x))
		return &source{clause: raw("SELECT rid FROM resource WHERE ref"+in.sql, in.args...), rows: min(len(x), t.s.few+1)}, nil
	case search.Updated:
		return t.planUpdated(x, typ)
	case search.Chain:
		return t.planChain(x, typ)
	case search.Has:
		return t.planHas(x)
	case search.Is, search.Word, search.Between, anyOf:
		m, err := t.match(x, typ)
		if err != nil || m.table != "" && m.find.sql == "" {
			return nil, err
		}
		if m.table == "" {
			return &source{clause: raw("SELECT rid FROM resource WHERE 0")}, nil
		}
		src := &source{clause: raw("SELECT @.rid FROM "+m.table+" @ WHERE "+m.find.sql, m.find.args...), key: m.keys == 1}
		src.sql = strings.ReplaceAll(src.sql, "@", t.alias("x"))
		return src, t.count(src)
	}
	return nil, nil //nolint:nilnil // no source
}

// count counts the rows of a source, up to one more than few.
func (t *translator) count(src *source) error {
	query := fmt.Sprintf("SELECT COUNT(*) FROM (SELECT 1 FROM (%s) LIMIT %d)", src.sql, t.s.few+1)
	if err := t.q.QueryRowContext(t.ctx, query, src.args...).Scan(&src.rows); err != nil {
		return fmt.Errorf("planning: %w", err)
	}
	return nil
}

func (t *translator) planAnd(list []search.Expr, typ string) (best *source, err error) {
	for _, x := range list {
		src, err := t.plan(x, typ)
		if err != nil {
			return nil, err
		}
		if src == nil {
			continue
		}
		if best == nil || src.rows < best.rows || src.rows == best.rows && src.key && !best.key {
			best = src
		}
		if best.rows < 20 {
			break // good enough, and counting costs too
		}
	}
	return best, nil
}

// maxUnion bounds the parts of a union.
const maxUnion = 50

func (t *translator) planOr(list []search.Expr, typ string) (*source, error) {
	if len(list) > maxUnion {
		return nil, nil //nolint:nilnil // no source
	}
	all := &source{}
	var parts []string
	for _, x := range list {
		src, err := t.plan(x, typ)
		if err != nil || src == nil || src.rows > t.s.few {
			return nil, err
		}
		parts = append(parts, src.sql)
		all.args = append(all.args, src.args...)
		all.rows = min(all.rows+src.rows, t.s.few+1)
	}
	if all.sql = strings.Join(parts, " UNION ALL "); len(parts) == 0 {
		all.sql = "SELECT rid FROM resource WHERE 0"
	}
	return all, nil
}

func (t *translator) planUpdated(x search.Updated, typ string) (*source, error) {
	if x.Op == search.Ne || x.Op == search.Lt || x.Op == search.Le || x.Op == search.Eb {
		return nil, nil //nolint:nilnil // nearly all: no source
	}
	id, known, err := t.s.names.id(t.ctx, t.q, typ)
	if err != nil || !known {
		return nil, err
	}
	src := &source{clause: raw(fmt.Sprintf("SELECT rid FROM resource INDEXED BY resource_updated WHERE type = %d AND deleted = 0 AND %s", id, updatedCondition(x, "updated")))}
	return src, t.count(src)
}

// planChain goes from the few targets that fit to what points at them.
func (t *translator) planChain(x search.Chain, typ string) (*source, error) {
	tp, known, err := t.tp(typ, x.Param)
	if err != nil || !known {
		return nil, err
	}
	var parts search.Or
	var from []string
	src := &source{}
	for _, target := range x.Types {
		inner, err := t.plan(x.X, target)
		if err != nil || inner == nil || inner.rows > t.s.few {
			return nil, err
		}
		parts = append(parts, x.X)
		link, row := t.alias("l"), t.alias("r")
		from = append(from, fmt.Sprintf("SELECT %[1]s.rid FROM (%[3]s) c CROSS JOIN resource %[2]s ON %[2]s.rid = c.rid CROSS JOIN search_link %[1]s ON %[1]s.tp = %[4]d AND %[1]s.target = %[2]s.ref",
			link, row, inner.sql, tp))
		src.args = append(src.args, inner.args...)
	}
	if len(parts) == 0 || len(parts) > maxUnion {
		return nil, nil //nolint:nilnil // no source
	}
	src.sql = strings.Join(from, " UNION ALL ")
	return src, t.count(src)
}

// planHas goes from the few resources that fit to what they point at.
func (t *translator) planHas(x search.Has) (*source, error) {
	tp, known, err := t.tp(x.Type, x.Param)
	if err != nil || !known {
		return nil, err
	}
	inner, err := t.plan(x.X, x.Type)
	if err != nil || inner == nil || inner.rows > t.s.few {
		return nil, err
	}
	link, row := t.alias("l"), t.alias("r")
	src := &source{clause: raw(fmt.Sprintf("SELECT %[2]s.rid FROM (%[3]s) c CROSS JOIN search_link %[1]s ON %[1]s.rid = c.rid AND %[1]s.tp = %[4]d CROSS JOIN resource %[2]s ON %[2]s.ref = %[1]s.target",
		link, row, inner.sql, tp), inner.args...)}
	return src, t.count(src)
}
