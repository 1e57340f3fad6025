package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir"
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

// Search finds resources of a type, or with typ "" of the whole system.
//
// https://hl7.org/fhir/R4/search.html
func (r *Registry) Search(ctx context.Context, c Call, typ string, pairs []search.Pair) (Found, error) {
	found, err := r.find(ctx, c, typ, pairs)
	row := store.Audit{Interaction: "search-type", Action: "E", Type: typ, Query: rawQuery(pairs)}
	if typ == "" {
		row.Interaction = "search-system"
	}
	return found, r.audited(ctx, c, row, err)
}

// rawQuery is the query as the audit keeps it, at most 4 kB.
func rawQuery(pairs []search.Pair) string {
	q := search.Encode(pairs)
	return q[:min(len(q), 4096)]
}

func (r *Registry) find(ctx context.Context, c Call, typ string, pairs []search.Pair) (Found, error) {
	if typ != "" {
		if err := checkType(typ); err != nil {
			return Found{}, err
		}
	}
	cur, pairs, err := r.resume(c, cursor{Kind: searchCursor, Type: typ}, pairs)
	if err != nil {
		return Found{}, err
	}
	o := r.parseOptions(ctx, c)
	o.Lenient = o.Lenient && !cur.Sealed // a page link holds what was applied
	q, err := r.catalogue.Parse(typ, r.local(c, typ, pairs), o)
	if err != nil {
		return Found{}, err
	}
	for _, inc := range q.RevInclude {
		if inc.Source == "*" {
			return Found{}, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueNotSupported, Path: "_revinclude", Text: "_revinclude names a type: Type:parameter or Type:*."}
		}
	}
	return r.run(ctx, c, q, cur)
}

// local turns absolute references to this server, by the address the caller
// knows it under, into the relative ones that are stored.
func (r *Registry) local(c Call, typ string, pairs []search.Pair) []search.Pair {
	base := c.Base + "/"
	out := slices.Clone(pairs)
	for i, p := range out {
		if c.Base == "" || !strings.Contains(p.Value, base) {
			continue
		}
		code, _, _ := strings.Cut(p.Name, ":")
		if code == "_filter" {
			out[i].Value = strings.ReplaceAll(p.Value, " re "+base, " re ")
			continue
		}
		if param, ok := r.catalogue.Param(typ, code); !ok || param.Type != "reference" {
			continue
		}
		values := strings.Split(p.Value, ",")
		for k, v := range values {
			values[k] = strings.TrimPrefix(v, base)
		}
		out[i].Value = strings.Join(values, ",")
	}
	return out
}

const defaultCount = 20

// run answers a parsed search.
func (r *Registry) run(ctx context.Context, c Call, q *search.Query, cur cursor) (Found, error) {
	list, err := r.sources(c, q)
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
	if f.Total, err = r.total(ctx, list, q, cur); err != nil {
		return Found{}, err
	}
	if counts(q) {
		f.addIgnored(q)
		return f, nil
	}
	count := min(defaultCount, r.options.MaxCount)
	if q.Count != nil {
		count = *q.Count
	}
	matches, next, more, err := r.gather(ctx, list, q, cur, count)
	if err != nil {
		return Found{}, err
	}
	if more {
		next.Kind, next.Type, next.Query, next.Total = searchCursor, q.Type, applied, f.Total
		if err := r.addNext(c, &f, q.Type, next); err != nil {
			return Found{}, err
		}
	}
	included, cut, err := r.include(ctx, c, q, matches)
	if err != nil {
		return Found{}, err
	}
	if err := r.show(c, &f, q, matches, "match"); err != nil {
		return Found{}, err
	}
	if err := r.show(c, &f, q, included, "include"); err != nil {
		return Found{}, err
	}
	if cut {
		f.addOutcome(fhir.Issue{Severity: fhir.SeverityWarning, Code: fhir.IssueTooCostly, Text: "More is included than fits on one page, and the rest is left out. Ask for fewer matches at once with _count."})
	}
	f.addIgnored(q)
	return f, nil
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
		if body, err = withoutAttachments(body); err != nil {
			return err
		}
		f.Entries = append(f.Entries, FoundEntry{Resource: list[i], Body: body, Mode: mode})
	}
	return nil
}

// addIgnored names the parameters that a lenient search left out.
func (f *Found) addIgnored(q *search.Query) {
	if len(q.Ignored) == 0 {
		return
	}
	issues := make([]fhir.Issue, len(q.Ignored))
	for i, name := range q.Ignored {
		issues[i] = fhir.Issue{Severity: fhir.SeverityWarning, Code: fhir.IssueNotSupported, Text: "The parameter " + name + " was ignored: this server does not know it."}
	}
	f.addOutcome(issues...)
}

// addOutcome tells the reader of a page about the page.
func (f *Found) addOutcome(issues ...fhir.Issue) {
	outcome := fhir.Outcome(issues...)
	f.Entries = append(f.Entries, FoundEntry{Body: outcome.JSON(), Mode: "outcome"})
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
			return nil, nil, errTooCostly()
		}
		q.After = page.Next
	}
}

func errTooCostly() error {
	return &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueTooCostly, Text: "The search would have to look at too many resources. Add a more selective parameter, such as a patient, an identifier or a date."}
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
	ok := search.Match(x, index, search.Context{
		ID: res.ID, Updated: res.Updated, Chain: m.chain, Has: m.has,
		Text: func(whole bool) string { return search.TextOf(tree, whole) },
	})
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
