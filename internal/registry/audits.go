package registry

import (
	"bytes"
	"context"
	"strconv"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/audit"
	"github.com/jamii-health/jamii/internal/store"
)

// The audit trail is kept as compact rows and shown as AuditEvents (design 9).
const (
	auditEvent  = "AuditEvent"
	auditSource = "jamii"
)

// trailEvent reads an AuditEvent that is a row of the trail; ok is false when
// there is no such row.
func (r *Registry) trailEvent(ctx context.Context, c Call, id string) (res fhir.Resource, ok bool, err error) {
	if err := r.hide(c, auditEvent, nil); err != nil {
		return fhir.Resource{}, false, err
	}
	rows, err := r.store.Audits(ctx, store.AuditFilter{ID: id, Limit: 1})
	if err != nil || len(rows) == 0 {
		return fhir.Resource{}, false, err
	}
	return eventResource(rows[0]), true, nil
}

func eventResource(a store.Audit) fhir.Resource {
	n := audit.Event(a, auditSource)
	return fhir.Resource{Type: auditEvent, ID: a.ID, Version: 1, Updated: a.At, Method: "POST", Managed: true, Body: fhir.Record(n)}
}

// collectTrail fills a page with the rows of the trail for which the
// expression is true, newest first. The store narrows, and each row is decided
// as the AuditEvent it is shown as.
//
// https://profiles.ihe.net/ITI/BALP/
func (r *Registry) collectTrail(ctx context.Context, q store.Query) (list []fhir.Resource, next []byte, err error) {
	f := store.AuditFilter{Limit: q.Limit + 1}
	narrow(&f, q.Expr)
	if f.BeforeSeq, err = seqOf(q.After); err != nil {
		return nil, nil, err
	}
	for looked := 0; looked <= r.options.Slow; looked += f.Limit {
		rows, err := r.store.Audits(ctx, f)
		if err != nil {
			return nil, nil, err
		}
		for i := range rows {
			res := eventResource(rows[i])
			ok, err := r.matches(ctx, q.Expr, res)
			if err != nil {
				return nil, nil, err
			}
			if !ok {
				continue
			}
			if len(list) == q.Limit {
				return list, strconv.AppendInt(nil, f.BeforeSeq, 10), nil
			}
			list = append(list, res)
			f.BeforeSeq = rows[i].Seq
		}
		if len(rows) < f.Limit {
			return list, nil, nil
		}
		f.BeforeSeq = rows[len(rows)-1].Seq
		f.Limit = 500
	}
	return nil, nil, errTooCostly()
}

func seqOf(after []byte) (int64, error) {
	if len(after) == 0 {
		return 0, nil
	}
	seq, err := strconv.ParseInt(string(after), 10, 64)
	if err != nil {
		return 0, errCursor()
	}
	return seq, nil
}

// narrow takes from an expression what the store can filter the trail by. What
// it leaves out is decided on each row.
func narrow(f *store.AuditFilter, x search.Expr) {
	switch x := x.(type) {
	case search.And:
		for _, p := range x {
			narrow(f, p)
		}
	case search.IDs:
		if len(x) == 1 {
			f.ID = x[0]
		}
	case search.Is:
		narrowIs(f, x)
	case search.Between:
		if x.Param == "date" {
			narrowTime(f, x.Op, time.UnixMicro(x.Lo), time.UnixMicro(x.Hi).Add(time.Microsecond))
		}
	case search.Updated:
		narrowTime(f, x.Op, x.Lo, x.Hi)
	}
}

func narrowIs(f *store.AuditFilter, x search.Is) {
	switch {
	case x.Param == "action" && !x.AnyCode:
		f.Action = x.Code
	case x.Param == "outcome" && !x.AnyCode:
		f.Outcome = x.Code
	case x.Kind != search.Reference || x.Ident || (x.Param != "entity" && x.Param != "patient"):
	default:
		if ref, ok := fhir.ParseReference(x.Code); ok && ref.Type == patient && ref.Base == "" {
			f.Patient = ref.Local() // every row that names a patient has it there
		} else if ok && ref.Base == "" && ref.Local() != "" {
			f.Ref = ref.Local()
		}
	}
}

// narrowTime bounds the rows by [lo, hi) under an operator.
func narrowTime(f *store.AuditFilter, op search.Op, lo, hi time.Time) {
	from := op == search.Eq || op == search.Ge || op == search.Gt || op == search.Sa
	to := op == search.Eq || op == search.Le || op == search.Lt || op == search.Eb
	if from && lo.After(f.From) {
		f.From = lo
	}
	if to && (f.To.IsZero() || hi.Before(f.To)) {
		f.To = hi
	}
}

// newestFirst reports whether a sort is the order of the trail.
func newestFirst(keys []search.SortKey) bool {
	return len(keys) == 0 || len(keys) == 1 && keys[0].Desc && (keys[0].Param == "date" || keys[0].Param == "_lastUpdated")
}

// subject names the patient in whose compartment a resource is that is shown,
// for its audit row. Where the text names a single patient it is that one;
// only else the index is made.
func (r *Registry) subject(res fhir.Resource) string {
	if res.Type == patient { // stamp knows
		return ""
	}
	if res.Type == "" || len(definition.Compartment(res.Type)) == 0 {
		return ""
	}
	mark := []byte(`"` + patient + "/")
	first, rest := "", res.Body
	for {
		i := bytes.Index(rest, mark)
		if i < 0 {
			return first
		}
		rest = rest[i+1:]
		end := bytes.IndexByte(rest, '"')
		ref, ok := fhir.ParseReference(string(rest[:max(end, 0)]))
		if !ok || ref.Base != "" {
			continue
		}
		if first != "" && ref.Local() != first {
			break
		}
		first = ref.Local()
	}
	tree, err := res.Tree()
	if err != nil {
		return ""
	}
	index, err := r.catalogue.Index(tree)
	if err != nil {
		return ""
	}
	return patientOf(res.Type, res.ID, index)
}
