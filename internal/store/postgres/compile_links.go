package postgres

import (
	"fmt"
	"strings"

	"github.com/jamii-health/jamii/fhir/search"
)

// few is how many resources at the far end of a link are looked up first; with
// more of them each candidate at this end is followed instead.
const few = 2000

// far is the far end of a link: the rows of a type for which an expression is
// true, as a FROM and WHERE clause over the name c.
func (b *builder) far(x search.Expr, k *kind) (string, error) {
	outer := b.updated
	c, err := b.expr(x, k)
	b.updated = outer // the time of update of another resource needs no horizon
	return "FROM " + k.row + " c WHERE NOT c.deleted AND (" + c.sql + ")", err
}

// probe returns something of the rows at the far end, at most few+1 of them.
func (b *builder) probe(x search.Expr, k *kind, what string) ([]int64, error) {
	p := b.d.builder(b.ctx, b.q)
	p.depth, p.systems = b.depth, b.systems
	from, err := p.far(x, k)
	if err != nil {
		return nil, err
	}
	rows, err := p.query(fmt.Sprintf("SELECT %s FROM (SELECT c.ref %s LIMIT %d) c", what, from, few+1))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []int64
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

// chain is a semi-join: from few targets by the keys of references to them;
// else from each row by the references it has.
func (b *builder) chain(x search.Chain) (cond, error) {
	link := b.d.hash.Link(x.Param)
	var keys []int64
	var parts []string
	for _, typ := range x.Types {
		k, err := b.d.kind(b.ctx, typ)
		if err != nil {
			return cond{}, err
		}
		if k == nil {
			continue
		}
		refs, err := b.probe(x.X, k, "c.ref")
		if err != nil {
			return cond{}, err
		}
		if len(refs) <= few {
			for _, r := range refs {
				keys = append(keys, r^link)
			}
			continue
		}
		from, err := b.far(x.X, k)
		if err != nil {
			return cond{}, err
		}
		// The inner row is called c too: what is needed of the outer one is
		// handed in under another name.
		parts = append(parts, "EXISTS (SELECT FROM unnest(c.keys) AS l(key) WHERE EXISTS (SELECT "+from+
			" AND c.ref = l.key # "+b.arg(link)+"::int8))")
	}
	if len(parts) == 0 {
		return b.any(keys), nil
	}
	if len(keys) > 0 {
		parts = append(parts, b.any(keys).sql)
	}
	return cond{sql: strings.Join(parts, " OR ")}, nil
}

// has is a semi-join the other way: few sources give the hashes of what they
// point at; else each candidate is looked for among the sources' keys.
func (b *builder) has(x search.Has) (cond, error) {
	k, err := b.d.kind(b.ctx, x.Type)
	if err != nil || k == nil {
		return never, err
	}
	link := b.d.hash.Link(x.Param)
	sources, err := b.probe(x.X, k, "1::int8")
	if err != nil {
		return cond{}, err
	}
	if len(sources) == 0 {
		return never, nil
	}
	from, err := b.far(x.X, k)
	if err != nil {
		return cond{}, err
	}
	mask := b.arg(link) + "::int8"
	if len(sources) <= few {
		// Other keys of the sources become hashes of nothing.
		return cond{"c.ref IN (SELECT l.key # " + mask + " FROM (SELECT c.keys " + from + ") s, unnest(s.keys) AS l(key))", true}, nil
	}
	return cond{sql: "EXISTS (SELECT FROM (SELECT c.ref # " + mask + " AS key) l WHERE EXISTS (SELECT " + from +
		" AND c.keys @> ARRAY[l.key]))"}, nil
}
