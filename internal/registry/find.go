package registry

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// Found is one page of a search or history.
type Found struct {
	Total   *int64
	Entries []FoundEntry
	Links   []Link
}

// FoundEntry is a resource on a page.
type FoundEntry struct {
	Resource fhir.Resource
	Body     []byte // as it is shown; empty for a deleted version
	Mode     string // match, include or outcome; "" in a history
}

// Link of a page; Path is relative to the base.
type Link struct{ Relation, Path string }

// Search finds resources of a type.
//
// https://hl7.org/fhir/R4/http.html#search
func (r *Registry) Search(ctx context.Context, c Call, typ string, pairs []search.Pair) (Found, error) {
	found, err := r.find(ctx, c, typ, pairs)
	return found, r.audited(ctx, c, store.Audit{Interaction: "search-type", Action: "E", Type: typ, Query: rawQuery(pairs)}, err)
}

// rawQuery is the query as the audit keeps it, at most 4 kB.
func rawQuery(pairs []search.Pair) string {
	q := search.Encode(pairs)
	return q[:min(len(q), 4096)]
}

func (r *Registry) find(ctx context.Context, c Call, typ string, pairs []search.Pair) (Found, error) {
	if err := checkType(typ); err != nil {
		return Found{}, err
	}
	var cur cursor
	if len(pairs) > 0 && pairs[0].Name == CursorParam {
		var err error
		if cur, err = r.cursors.open(pairs[0].Value, c.Principal.Name); err != nil {
			return Found{}, err
		}
		if cur.Type != typ {
			return Found{}, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: CursorParam, Text: "The page link belongs to another search. Follow it as it was given."}
		}
		if pairs, err = search.Pairs(cur.Query); err != nil {
			return Found{}, err
		}
	}
	if typ == auditEvent {
		return r.findAudits(ctx, c, pairs, cur)
	}
	q, err := r.catalogue.Parse(typ, pairs, r.parseOptions(c))
	if err != nil {
		return Found{}, err
	}
	return r.run(ctx, c, q, cur)
}

const defaultCount = 20

// run answers a parsed search.
func (r *Registry) run(ctx context.Context, c Call, q *search.Query, cur cursor) (Found, error) {
	expr, err := r.filter(c, q.Type, q.Expr)
	if err != nil {
		return Found{}, err
	}
	var f Found
	applied := search.Encode(q.Applied)
	self := q.Type
	if applied != "" {
		self += "?" + applied
	}
	f.Links = []Link{{"self", self}}
	if f.Total, err = r.total(ctx, q, expr, cur); err != nil {
		return Found{}, err
	}
	count := defaultCount
	if q.Count != nil {
		count = min(*q.Count, r.options.MaxCount)
	}
	if count == 0 || q.Summary == "count" {
		return f, r.addIgnored(&f, q)
	}
	sq := store.Query{Type: q.Type, Expr: expr, Limit: count, After: cur.After}
	for _, s := range q.Sort {
		sq.Sort = append(sq.Sort, store.Sort{Param: s.Param, Kind: s.Kind, Desc: s.Desc})
	}
	matches, next, err := r.collect(ctx, sq)
	if err != nil {
		return Found{}, err
	}
	if next != nil {
		token, err := r.cursors.seal(cursor{Type: q.Type, Query: applied, After: next, Total: f.Total, Who: c.Principal.Name})
		if err != nil {
			return Found{}, err
		}
		f.Links = append(f.Links, Link{"next", q.Type + "?" + CursorParam + "=" + token})
	}
	included, err := r.include(ctx, c, q, matches)
	if err != nil {
		return Found{}, err
	}
	if err := r.show(c, &f, q, matches, "match"); err != nil {
		return Found{}, err
	}
	if err := r.show(c, &f, q, included, "include"); err != nil {
		return Found{}, err
	}
	return f, r.addIgnored(&f, q)
}

// show renders resources as the search asks to see them.
func (r *Registry) show(c Call, f *Found, q *search.Query, list []fhir.Resource, mode string) error {
	for i := range list {
		var body []byte
		var err error
		if mode == "match" {
			body, err = shape(list[i], q.Summary, q.Elements, c.Languages)
		} else {
			body, err = shape(list[i], "false", nil, c.Languages)
		}
		if err != nil {
			return err
		}
		f.Entries = append(f.Entries, FoundEntry{Resource: list[i], Body: body, Mode: mode})
	}
	return nil
}

// addIgnored names the parameters that a lenient search left out.
func (r *Registry) addIgnored(f *Found, q *search.Query) error {
	if len(q.Ignored) == 0 {
		return nil
	}
	issues := make([]fhir.Issue, len(q.Ignored))
	for i, name := range q.Ignored {
		issues[i] = fhir.Issue{Severity: fhir.SeverityWarning, Code: fhir.IssueNotSupported, Path: name, Text: "The parameter was ignored: this server does not know it, or not in this form."}
	}
	outcome := fhir.Outcome(issues...)
	f.Entries = append(f.Entries, FoundEntry{Body: outcome.JSON(), Mode: "outcome"})
	return nil
}

// exactUpTo is how far a search without _total counts.
const exactUpTo = 10_000

// total counts as _total asks; with none it counts exactly up to exactUpTo and
// leaves larger totals out. The total of the first page goes along in the
// cursor.
func (r *Registry) total(ctx context.Context, q *search.Query, expr search.Expr, cur cursor) (*int64, error) {
	if q.Total == "none" {
		return nil, nil
	}
	if cur.Total != nil {
		return cur.Total, nil
	}
	exact := q.Total == "accurate" || q.Summary == "count" || (q.Count != nil && *q.Count == 0)
	if cur.After != nil && !exact {
		return nil, nil
	}
	relaxed, sure := store.Relax(expr)
	if !sure {
		return r.countChecked(ctx, q.Type, expr, exact)
	}
	limit := int64(exactUpTo + 1)
	if exact {
		limit = 0
	}
	n, err := r.store.Count(ctx, q.Type, relaxed, limit)
	if err != nil || (limit > 0 && n >= limit) {
		return nil, err
	}
	return &n, nil
}

// countChecked counts an expression that only Match can decide.
func (r *Registry) countChecked(ctx context.Context, typ string, expr search.Expr, exact bool) (*int64, error) {
	n := int64(0)
	q := store.Query{Type: typ, Expr: expr, Limit: 1000}
	for {
		list, next, err := r.collect(ctx, q)
		if err != nil {
			return nil, err
		}
		n += int64(len(list))
		if next == nil {
			return &n, nil
		}
		if n > exactUpTo && !exact {
			return nil, nil
		}
		q.After = next
	}
}

// collect fills a page: what the store cannot decide is re-checked on each
// candidate until the page is full, or too many were looked at.
func (r *Registry) collect(ctx context.Context, q store.Query) (list []fhir.Resource, next []byte, err error) {
	expr := q.Expr
	relaxed, exact := store.Relax(expr)
	q.Expr = relaxed
	if exact {
		page, err := r.store.Search(ctx, q)
		return page.Resources, page.Next, err
	}
	want, looked := q.Limit, 0
	for {
		q.Limit = want - len(list)
		page, err := r.store.Search(ctx, q)
		if err != nil {
			return nil, nil, err
		}
		for i := range page.Resources {
			ok, err := r.matches(ctx, expr, page.Resources[i])
			if err != nil {
				return nil, nil, err
			}
			if ok {
				list = append(list, page.Resources[i])
			}
		}
		looked += len(page.Resources)
		if page.Next == nil || len(list) == want {
			return list, page.Next, nil
		}
		if looked > r.options.Slow {
			return nil, nil, &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueTooCostly, Text: "The search would have to look at too many resources. Add a more selective parameter, such as a patient, an identifier or a date."}
		}
		q.After = page.Next
	}
}

// matches decides an expression on one resource.
func (r *Registry) matches(ctx context.Context, x search.Expr, res fhir.Resource) (bool, error) {
	tree, err := res.Tree()
	if err != nil {
		return false, fmt.Errorf("stored %s: %w", res.Type, err)
	}
	index, err := r.catalogue.Index(tree)
	if err != nil {
		return false, fmt.Errorf("index %s: %w", res.Type, err)
	}
	m := &matcher{ctx: ctx, r: r, ref: res.Ref()}
	ok := search.Match(x, index, search.Context{ID: res.ID, Updated: res.Updated, Chain: m.chain, Has: m.has})
	return ok, m.err
}

// matcher follows references for search.Match.
type matcher struct {
	ctx context.Context
	r   *Registry
	ref string // the resource that is asked about
	err error
}

func (m *matcher) chain(refs []string, x search.Expr) bool {
	if m.err != nil {
		return false
	}
	list, err := m.r.store.ReadMany(m.ctx, refs)
	if err != nil {
		m.err = err
		return false
	}
	for i := range list {
		ok, err := m.r.matches(m.ctx, x, list[i])
		if m.err = err; ok || err != nil {
			return ok
		}
	}
	return false
}

func (m *matcher) has(h search.Has) bool {
	if m.err != nil {
		return false
	}
	at := search.Expr(search.Is{Param: h.Param, Kind: search.Reference, Code: m.ref})
	if h.X != nil {
		at = search.And{at, h.X}
	}
	list, _, err := m.r.collect(m.ctx, store.Query{Type: h.Type, Expr: at, Limit: 1})
	m.err = err
	return len(list) > 0
}

// SearchSystem finds resources of several types, named by _type.
//
// https://hl7.org/fhir/R4/http.html#search
func (r *Registry) SearchSystem(ctx context.Context, c Call, pairs []search.Pair) (Found, error) {
	found, err := r.findSystem(ctx, c, pairs)
	return found, r.audited(ctx, c, store.Audit{Interaction: "search-system", Action: "E", Query: rawQuery(pairs)}, err)
}

func (r *Registry) findSystem(ctx context.Context, c Call, pairs []search.Pair) (Found, error) {
	var types []string
	rest := make([]search.Pair, 0, len(pairs))
	for _, p := range pairs {
		if p.Name == "_type" {
			types = append(types, strings.Split(p.Value, ",")...)
			continue
		}
		rest = append(rest, p)
	}
	if len(types) == 0 {
		return Found{}, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueRequired, Path: "_type", Text: "A search over the whole server names its types: _type=Patient,Coverage."}
	}
	var all Found
	total := int64(0)
	all.Links = []Link{{"self", "?_type=" + url.QueryEscape(strings.Join(types, ",")) + amp(search.Encode(rest))}}
	for _, typ := range types {
		if !definition.IsResource(typ) {
			return Found{}, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: "_type", Text: "_type names no resource type of R4."}
		}
		f, err := r.find(ctx, c, typ, rest)
		if err != nil {
			return Found{}, err
		}
		all.Entries = append(all.Entries, f.Entries...)
		if f.Total != nil {
			total += *f.Total
		}
		for _, l := range f.Links { // each type goes on by itself
			if l.Relation == "next" && len(types) == 1 {
				all.Links = append(all.Links, l)
			}
		}
	}
	all.Total = &total
	return all, nil
}

func amp(query string) string {
	if query == "" {
		return ""
	}
	return "&" + query
}
