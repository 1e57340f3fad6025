package registry

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

const (
	everythingCursor = "everything"
	group            = "Group"
	// maxMembers bounds a Group whose members' data is asked for at once.
	maxMembers = 200
)

// wanted is what $everything is asked for.
type wanted struct {
	compartment
	groupID    string
	types      []string // none: all
	since      time.Time
	start, end string // of care, as dates; "" is open
	count      int
}

// Everything answers $everything on a Patient or a Group: the resource, what
// is in the compartment of the patient or of the members, and what that refers
// to, such as practitioners and organizations, each once over all pages.
//
// https://hl7.org/fhir/R4/patient-operation-everything.html
func (r *Registry) Everything(ctx context.Context, c Call, typ, id string, pairs []search.Pair) (Found, error) {
	found, err := r.everything(ctx, c, typ, id, pairs)
	row := store.Audit{Interaction: "$everything", Action: "E", Type: typ, Ref: refOf(typ, id), Query: rawQuery(pairs)}
	return found, r.audited(ctx, c, row, err)
}

func (r *Registry) everything(ctx context.Context, c Call, typ, id string, pairs []search.Pair) (Found, error) {
	cur, pairs, err := r.resume(c, cursor{Kind: everythingCursor, Type: typ, ID: id}, pairs)
	if err != nil {
		return Found{}, err
	}
	w, err := r.wanted(pairs)
	if err != nil {
		return Found{}, err
	}
	res, err := r.read(ctx, c, typ, id)
	if err != nil {
		return Found{}, err
	}
	w.owner, w.ids = patient, []string{id}
	if typ == group {
		w.groupID = id
		if w.ids, err = members(res); err != nil {
			return Found{}, err
		}
	}
	path, query := typ+"/"+id+"/$everything", search.Encode(pairs)
	f := Found{Links: []Link{{"self", path}}}
	if query != "" {
		f.Links[0].Path += "?" + query
	}
	if w.count == 0 {
		return f, nil
	}
	next, more, err := r.fill(ctx, c, &f, w, cur)
	if err != nil {
		return Found{}, err
	}
	if more {
		next.Kind, next.Type, next.ID, next.Query = everythingCursor, typ, id, query
		err = r.addNext(c, &f, path, next)
	} else if !cur.Sealed {
		n := int64(0)
		for i := range f.Entries {
			if f.Entries[i].Mode == "match" {
				n++
			}
		}
		f.Total = &n
	}
	return f, err
}

// wanted reads the parameters.
func (r *Registry) wanted(pairs []search.Pair) (w wanted, err error) {
	w.count = r.options.MaxCount
	h := store.History{Limit: w.count}
	var rest []search.Pair
	for _, p := range pairs {
		if p.Name != "start" && p.Name != "end" {
			rest = append(rest, p)
			continue
		}
		if _, ok := fhir.ParseDateTime(p.Value, nil); !ok || strings.Contains(p.Value, "T") {
			return w, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: p.Name, Text: p.Name + " is a date, such as 2026-01-31."}
		}
		if p.Name == "start" {
			w.start = p.Value
		} else {
			w.end = p.Value
		}
	}
	for _, p := range rest {
		switch p.Name {
		case "_since", "_type", "_count", "_format", "_pretty":
		default:
			return w, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueNotSupported, Path: p.Name, Text: "$everything takes start, end, _since, _type and _count only."}
		}
	}
	if err := r.historyParams(&h, rest); err != nil {
		return w, err
	}
	w.types, w.since, w.count = h.Types, h.Since, h.Limit
	return w, nil
}

// members are the ids of the patients in a Group.
func members(res fhir.Resource) (ids []string, err error) {
	n, err := res.Tree()
	if err != nil {
		return nil, err
	}
	for _, m := range n.Get("member").Each() {
		ref, ok := fhir.ParseReference(m.Path("entity", "reference").String())
		if ok && ref.Base == "" && ref.Type == patient && ref.ID != "" && !m.Get("inactive").True() && !contains(ids, ref.ID) {
			ids = append(ids, ref.ID)
		}
	}
	if len(ids) > maxMembers {
		return nil, &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueTooCostly, Text: "The group has more than 200 members. Ask for the members one by one with Patient/id/$everything."}
	}
	return ids, nil
}

// asks reports whether resources of a type are wanted.
func (w *wanted) asks(typ string) bool { return len(w.types) == 0 || contains(w.types, typ) }

// sources are the lists that hold what is wanted, or with all what is about
// the patients whether it is wanted or not. Types that the caller may not
// search are left out.
func (w *wanted) sources(r *Registry, c Call, all bool) (out []source) {
	types := append([]string{patient, group}, slices.DeleteFunc(definition.Resources(), func(t string) bool { return t == patient || t == group })...)
	for _, typ := range types {
		codes, ok := w.params(typ)
		if !ok || !all && !w.asks(typ) {
			continue
		}
		var any search.Or
		switch typ {
		case patient: // itself: one who is linked to is another
			any = search.Or{search.IDs(w.ids)}
			codes = nil
		case group:
			if w.groupID != "" {
				any = search.Or{search.IDs{w.groupID}}
			}
		}
		for _, id := range w.ids {
			for _, code := range codes {
				any = append(any, search.Is{Param: code, Kind: search.Reference, Code: patient + "/" + id})
			}
		}
		expr := search.Expr(any)
		if !all {
			expr = w.narrow(r, typ, expr)
		}
		expr, err := r.filter(c, typ, expr)
		if err == nil {
			out = append(out, source{typ: typ, expr: expr})
		}
	}
	return out
}

// careDates are the parameters that say when care was given, best first.
var careDates = []string{"date", "authoredon", "authored", "onset-date", "effective-time", "created", "period", "issued"}

// narrow adds the dates. What has no date of care is always in.
func (w *wanted) narrow(r *Registry, typ string, x search.Expr) search.Expr {
	list := search.And{x}
	if !w.since.IsZero() {
		list = append(list, search.Updated{Op: search.Ge, Lo: w.since, Hi: w.since.Add(time.Microsecond)})
	}
	for _, code := range careDates {
		p, ok := r.catalogue.Param(typ, code)
		if !ok || p.Type != "date" || w.start+w.end == "" {
			continue
		}
		var query []search.Pair
		for _, b := range [][2]string{{"ge", w.start}, {"le", w.end}} {
			if b[1] != "" {
				query = append(query, search.Pair{Name: code, Value: b[0] + b[1]})
			}
		}
		if within, _, err := r.catalogue.ParseCondition(typ, search.Encode(query), nil); err == nil {
			list = append(list, search.Or{search.Missing{Param: code}, within})
		}
		break
	}
	if len(list) == 1 {
		return x
	}
	return list
}

// fill puts one page together: first what is about the patients, list by list,
// then what that refers to, by name.
func (r *Registry) fill(ctx context.Context, c Call, f *Found, w wanted, cur cursor) (next cursor, more bool, err error) {
	list := w.sources(r, c, false)
	var found []fhir.Resource
	if cur.At <= len(list) {
		if found, next, more, err = r.gather(ctx, list, &search.Query{}, cur, w.count); err != nil || more {
			return next, more, r.showAll(c, f, found, "match", err)
		}
		if err := r.showAll(c, f, found, "match", nil); err != nil {
			return next, false, err
		}
		cur.After = nil
	}
	refs, cut, err := r.referred(ctx, c, &w)
	if err != nil {
		return next, false, err
	}
	if cut {
		f.addOutcome(fhir.Issue{Severity: fhir.SeverityWarning, Code: fhir.IssueTooCostly, Text: "There is too much to gather what it refers to, and that is left out."})
	}
	refs = slices.DeleteFunc(refs, func(res fhir.Resource) bool { return res.Ref() <= string(cur.After) })
	next = cursor{At: len(list) + 1, After: cur.After}
	if room := w.count - len(found); len(refs) > room {
		refs, more = refs[:room], true
		if room > 0 {
			next.After = []byte(refs[room-1].Ref())
		}
	}
	return next, more, r.showAll(c, f, refs, "include", nil)
}

func (r *Registry) showAll(c Call, f *Found, list []fhir.Resource, mode string, err error) error {
	if err != nil {
		return err
	}
	return r.show(c, f, &search.Query{}, list, mode)
}

// maxSteps is how far references are followed from what is about a patient: to
// a role, and from there to the organization and the practitioner.
const maxSteps = 2

// referred reads what the resources about the patients refer to and that is
// about no patient itself, sorted by name; cut is true when there is too much
// to look through.
func (r *Registry) referred(ctx context.Context, c Call, w *wanted) (out []fhir.Resource, cut bool, err error) {
	if len(w.types) > 0 && !slices.ContainsFunc(w.types, notPersonal) {
		return nil, false, nil
	}
	seen := map[string]bool{}
	refs, looked := []string(nil), 0
	for _, s := range w.sources(r, c, true) {
		var after []byte
		for {
			list, next, err := r.collectFrom(ctx, s, &search.Query{}, checkedUpTo, after)
			if err != nil {
				return nil, false, err
			}
			if looked += len(list); looked > r.options.Slow {
				return nil, true, nil
			}
			if refs, err = pointed(refs, seen, list); err != nil {
				return nil, false, err
			}
			if after = next; after == nil {
				break
			}
		}
	}
	for step := 0; step < maxSteps && len(refs) > 0; step++ {
		list, err := r.store.ReadMany(ctx, refs)
		if err == nil {
			list, err = r.visible(ctx, c, list)
		}
		if err != nil {
			return nil, false, err
		}
		out = append(out, list...)
		if refs, err = pointed(nil, seen, list); err != nil {
			return nil, false, err
		}
	}
	out = slices.DeleteFunc(out, func(res fhir.Resource) bool { return !w.asks(res.Type) || res.Updated.Before(w.since) })
	slices.SortFunc(out, func(a, b fhir.Resource) int { return strings.Compare(a.Ref(), b.Ref()) })
	return out, false, nil
}

// notPersonal reports whether resources of a type are about no patient.
func notPersonal(typ string) bool {
	return typ != patient && typ != group && definition.IsResource(typ) && len(definition.Compartment(typ)) == 0
}

// pointed adds to refs what resources point at that is about no patient.
func pointed(refs []string, seen map[string]bool, list []fhir.Resource) ([]string, error) {
	for i := range list {
		n, err := list[i].Tree()
		if err != nil {
			return nil, err
		}
		n.Walk(func(m *fhir.Node) bool {
			if m.Name != "reference" || m.Kind != fhir.KindString {
				return true
			}
			ref, ok := fhir.ParseReference(m.Text)
			if ok && ref.Base == "" && ref.ID != "" && notPersonal(ref.Type) && !seen[ref.Local()] {
				seen[ref.Local()] = true
				refs = append(refs, ref.Local())
			}
			return true
		})
	}
	return refs, nil
}
