package registry

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// History returns versions, newest first: of one resource, of a type (id ""),
// or of all (both "").
//
// https://hl7.org/fhir/R4/http.html#history
func (r *Registry) History(ctx context.Context, c Call, typ, id string, pairs []search.Pair) (Found, error) {
	found, err := r.history(ctx, c, typ, id, pairs)
	row := store.Audit{Interaction: "history-system", Action: "R", Type: typ, Query: rawQuery(pairs)}
	switch {
	case id != "":
		row.Interaction, row.Ref = "history-instance", refOf(typ, id)
		if len(found.Entries) > 0 {
			row.Patient = r.subject(found.Entries[0].Resource)
		}
	case typ != "":
		row.Interaction = "history-type"
	}
	return found, r.audited(ctx, c, row, err)
}

func (r *Registry) history(ctx context.Context, c Call, typ, id string, pairs []search.Pair) (Found, error) {
	h := store.History{Type: typ, ID: id, Limit: defaultCount}
	if typ != "" {
		if err := checkType(typ); err != nil {
			return Found{}, err
		}
	}
	if id != "" && !fhir.ValidID(id) {
		return Found{}, r.hide(c, typ, errUnknown(typ))
	}
	cur, pairs, err := r.resume(c, cursor{Kind: historyCursor, Type: typ, ID: id}, pairs)
	if err != nil {
		return Found{}, err
	}
	h.After = cur.After
	if err := r.historyParams(&h, pairs); err != nil {
		return Found{}, err
	}
	if typ == auditEvent && id != "" {
		if res, ok, err := r.trailEvent(ctx, c, id); ok || err != nil {
			return r.historyPage(ctx, c, h, pairs, store.Page{Resources: []fhir.Resource{res}}, err)
		}
	}
	if err := r.mayHistory(ctx, c, &h); err != nil {
		return Found{}, err
	}
	if h.Limit == 0 {
		return r.historyPage(ctx, c, h, pairs, store.Page{}, nil)
	}
	page, err := r.store.History(ctx, h)
	return r.historyPage(ctx, c, h, pairs, page, err)
}

func (r *Registry) historyPage(ctx context.Context, c Call, h store.History, pairs []search.Pair, page store.Page, err error) (Found, error) {
	if err != nil {
		return Found{}, r.hide(c, h.Type, err)
	}
	path := "_history"
	if h.Type != "" {
		path = h.Type + "/_history"
		if h.ID != "" {
			path = h.Type + "/" + h.ID + "/_history"
		}
	}
	query := search.Encode(pairs)
	self := path
	if query != "" {
		self += "?" + query
	}
	f := Found{Links: []Link{{"self", self}}}
	if page.Next != nil {
		if err := r.addNext(c, &f, path, cursor{Kind: historyCursor, Type: h.Type, ID: h.ID, Query: query, After: page.Next}); err != nil {
			return Found{}, err
		}
	}
	for _, res := range page.Resources {
		e := FoundEntry{Resource: res}
		if !res.Deleted {
			if c.Principal.Restricted() { // an older version may belong to another
				var fe *fhir.Error
				if err := r.mayRead(ctx, c, res); errors.As(err, &fe) && fe.Kind == fhir.NotFound {
					continue
				} else if err != nil {
					return Found{}, err
				}
			}
			e.Body = res.JSON()
		}
		f.Entries = append(f.Entries, e)
	}
	if page.Next == nil && len(h.After) == 0 && h.Limit > 0 {
		n := int64(len(f.Entries))
		f.Total = &n
	}
	return f, nil
}

// historyParams reads _since, _at, _count, _type and refuses the rest.
func (r *Registry) historyParams(h *store.History, pairs []search.Pair) error {
	bad := func(name, text string) error {
		return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: name, Text: text}
	}
	for _, p := range pairs {
		switch p.Name {
		case "_since":
			d, ok := fhir.ParseDateTime(p.Value, nil)
			if !ok {
				return bad(p.Name, "_since is an instant, such as 2026-01-31T08:00:00Z.")
			}
			h.Since = d.Low()
		case "_at":
			d, ok := fhir.ParseDateTime(p.Value, nil)
			if !ok {
				return bad(p.Name, "_at is a date or time, such as 2026-01-31.")
			}
			h.At = d.High().Add(-time.Microsecond)
		case "_count":
			n, err := strconv.Atoi(p.Value)
			if err != nil || n < 0 {
				return bad(p.Name, "_count is a whole number, 0 or more.")
			}
			h.Limit = min(n, r.options.MaxCount)
		case "_type":
			if h.Type != "" {
				return bad(p.Name, "_type is for the history of the whole server only.")
			}
			for _, t := range splitComma(p.Value) {
				if !definition.IsResource(t) {
					return bad(p.Name, "_type names no resource type of R4.")
				}
				h.Types = append(h.Types, t)
			}
		case "_format", "_pretty":
		default:
			return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueNotSupported, Path: p.Name, Text: "A history takes _since, _at, _count and _type only."}
		}
	}
	return nil
}
