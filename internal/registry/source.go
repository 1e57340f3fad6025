package registry

import (
	"context"
	"errors"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// A source is one list of resources that a search reads to its end before it
// goes on to the next: a type, or the audit trail.
type source struct {
	typ   string
	expr  search.Expr // what is asked, and may be seen
	trail bool
}

// sources of a search, in order. A search of the whole system without _type
// covers the types that the caller may search.
func (r *Registry) sources(c Call, q *search.Query) ([]source, error) {
	types := q.Types
	if q.Type != "" {
		types = []string{q.Type}
	}
	every := len(types) == 0
	if every {
		types = definition.Resources()
	}
	if len(types) > 1 && len(q.Sort) > 0 {
		return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueNotSupported, Path: "_sort", Text: "A search over several types cannot be sorted. Search each type by itself."}
	}
	var out []source
	var denied error
	for _, typ := range types {
		expr, err := r.filter(c, typ, q.For(typ))
		switch {
		case err != nil && !every:
			return nil, err
		case err != nil:
			denied = err
			continue
		}
		if typ == auditEvent {
			if !newestFirst(q.Sort) {
				return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueNotSupported, Path: "_sort", Text: auditEvent + "s are listed newest first. Leave _sort out."}
			}
			out = append(out, source{typ: typ, expr: expr, trail: true})
		}
		out = append(out, source{typ: typ, expr: expr})
	}
	if len(out) == 0 {
		return nil, denied
	}
	return out, nil
}

// collectFrom reads one page of a source.
func (r *Registry) collectFrom(ctx context.Context, s source, q *search.Query, limit int, after []byte) ([]fhir.Resource, []byte, error) {
	sq := store.Query{Type: s.typ, Expr: s.expr, Limit: limit, After: after}
	for _, k := range q.Sort {
		sq.Sort = append(sq.Sort, store.Sort{Param: k.Param, Kind: k.Kind, Desc: k.Desc})
	}
	if s.trail {
		return r.collectTrail(ctx, sq)
	}
	return r.collect(ctx, sq)
}

// gather fills a page from the sources, from where cur stands on, and says
// where the next page begins; more is false on the last page.
func (r *Registry) gather(ctx context.Context, list []source, q *search.Query, cur cursor, count int) (found []fhir.Resource, next cursor, more bool, err error) {
	next = cursor{At: cur.At, After: cur.After}
	for next.At < len(list) {
		want := max(count-len(found), 1) // when the page is full: look whether there is more
		got, after, err := r.collectFrom(ctx, list[next.At], q, want, next.After)
		if err != nil {
			return nil, next, false, err
		}
		if len(found) == count && len(got) > 0 {
			return found, next, true, nil
		}
		found = append(found, got...)
		if after != nil {
			next.After = after
			return found, next, true, nil
		}
		next.At, next.After = next.At+1, nil
	}
	return found, next, false, nil
}

// exactUpTo is how far a search without _total counts.
const exactUpTo = 10_000

// total counts as _total asks; with none it counts exactly up to exactUpTo and
// leaves larger totals out. The total of the first page goes along in the
// cursor.
func (r *Registry) total(ctx context.Context, list []source, q *search.Query, cur cursor) (*int64, error) {
	exact := q.Total == "accurate" || counts(q)
	switch {
	case q.Total == "none" && !counts(q):
		return nil, nil
	case cur.Total != nil:
		return cur.Total, nil
	case cur.Sealed && !exact:
		return nil, nil
	}
	var sum int64
	for _, s := range list {
		n, ok, err := r.count(ctx, s, exact, exactUpTo-sum)
		if err != nil || !ok {
			return nil, err
		}
		sum += n
	}
	return &sum, nil
}

// counts reports whether a search asks for the number only.
//
// https://hl7.org/fhir/R4/search.html#count
func counts(q *search.Query) bool {
	return q.Summary == "count" || q.Count != nil && *q.Count == 0
}

// count counts a source, exactly or up to most; ok is false when there is more.
func (r *Registry) count(ctx context.Context, s source, exact bool, most int64) (n int64, ok bool, err error) {
	relaxed, sure := store.Relax(s.expr)
	if !sure || s.trail {
		return r.countChecked(ctx, s, exact, most)
	}
	limit := most + 1
	if exact {
		limit = 0
	}
	n, err = r.store.Count(ctx, s.typ, relaxed, limit)
	return n, exact || n <= most, err
}

// countChecked counts what has to be looked at one by one.
func (r *Registry) countChecked(ctx context.Context, s source, exact bool, most int64) (n int64, ok bool, err error) {
	if !exact {
		most = min(most, checkedUpTo)
	}
	var after []byte
	for {
		list, next, err := r.collectFrom(ctx, s, &search.Query{}, checkedUpTo, after)
		var fe *fhir.Error
		if errors.As(err, &fe) && fe.Issue == fhir.IssueTooCostly && !exact {
			return 0, false, nil
		}
		if err != nil {
			return 0, false, err
		}
		n += int64(len(list))
		if next == nil {
			return n, true, nil
		}
		if n >= most && !exact {
			return 0, false, nil
		}
		after = next
	}
}

// checkedUpTo is how many resources are read at once, and at most for a total
// that nobody asked for.
const checkedUpTo = 200

func splitComma(s string) []string { return strings.Split(s, ",") }
