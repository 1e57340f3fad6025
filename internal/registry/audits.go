package registry

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/audit"
	"github.com/jamii-health/jamii/internal/store"
)

// The audit trail is kept as compact rows and shown as AuditEvents (design 9).
const (
	auditEvent  = "AuditEvent"
	auditSource = "jamii"
)

func splitComma(s string) []string { return strings.Split(s, ",") }

// readAudit reads an AuditEvent: a row of the trail, or one that a client
// stored.
func (r *Registry) readAudit(ctx context.Context, c Call, id string) (fhir.Resource, error) {
	if _, err := r.filter(c, auditEvent, nil); err != nil {
		return fhir.Resource{}, err
	}
	rows, err := r.store.Audits(ctx, store.AuditFilter{ID: id, Limit: 1})
	if err != nil {
		return fhir.Resource{}, err
	}
	if len(rows) == 1 {
		return eventResource(rows[0]), nil
	}
	res, err := r.store.Read(ctx, auditEvent, id)
	if err != nil {
		return fhir.Resource{}, err
	}
	if res.Deleted {
		return r.readDeleted(ctx, c, res)
	}
	return res, r.mayRead(ctx, c, res)
}

func eventResource(a store.Audit) fhir.Resource {
	n := audit.Event(a, auditSource)
	return fhir.Resource{Type: auditEvent, ID: a.ID, Version: 1, Updated: a.At, Managed: true, Body: fhir.Record(n)}
}

// findAudits searches the trail by the parameters that ITI-81 asks for.
// AuditEvents that clients stored follow after the trail's.
//
// https://profiles.ihe.net/ITI/BALP/
func (r *Registry) findAudits(ctx context.Context, c Call, pairs []search.Pair, cur cursor) (Found, error) {
	if _, err := r.filter(c, auditEvent, nil); err != nil {
		return Found{}, err
	}
	f, count, ok, err := auditFilter(pairs, c.Lenient)
	if err != nil {
		return Found{}, err
	}
	if !ok { // parameters of stored events only
		q, err := r.catalogue.Parse(auditEvent, pairs, r.parseOptions(c))
		if err != nil {
			return Found{}, err
		}
		return r.run(ctx, c, q, cur)
	}
	if len(cur.After) > 0 {
		if f.BeforeSeq, err = strconv.ParseInt(string(cur.After), 10, 64); err != nil {
			return Found{}, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: CursorParam, Text: "The page link cannot be read. Start the search again."}
		}
	}
	f.Limit = min(count, r.options.MaxCount) + 1
	rows, err := r.store.Audits(ctx, f)
	if err != nil {
		return Found{}, err
	}
	query := search.Encode(pairs)
	out := Found{Links: []Link{{"self", auditEvent + "?" + query}}}
	if len(rows) == f.Limit {
		rows = rows[:len(rows)-1]
		if len(rows) > 0 {
			token, err := r.cursors.seal(cursor{Type: auditEvent, Query: query, After: strconv.AppendInt(nil, rows[len(rows)-1].Seq, 10), Who: c.Principal.Name})
			if err != nil {
				return Found{}, err
			}
			out.Links = append(out.Links, Link{"next", auditEvent + "?" + CursorParam + "=" + token})
		}
	}
	for _, row := range rows {
		res := eventResource(row)
		out.Entries = append(out.Entries, FoundEntry{Resource: res, Body: res.JSON(), Mode: "match"})
	}
	return out, nil
}

var errNotTrail = errors.New("not a parameter of the trail")

// auditFilter reads the parameters that the trail can answer; ok is false when
// one of them is another parameter of AuditEvent.
func auditFilter(pairs []search.Pair, lenient bool) (f store.AuditFilter, count int, ok bool, err error) {
	count = defaultCount
	for _, p := range pairs {
		if count, err = auditParam(&f, p, count); errors.Is(err, errNotTrail) {
			return f, count, false, nil
		} else if err != nil && !lenient {
			return f, count, false, err
		}
	}
	return f, count, true, nil
}

func auditParam(f *store.AuditFilter, p search.Pair, count int) (int, error) {
	_, code, _ := strings.Cut(p.Value, "|")
	if !strings.Contains(p.Value, "|") {
		code = p.Value
	}
	switch p.Name {
	case "_id":
		f.ID = p.Value
	case "action":
		f.Action = code
	case "outcome":
		f.Outcome = code
	case "subtype":
		f.Interaction = code
	case "agent-name":
		f.Agent = p.Value
	case "patient":
		f.Patient = reference(p.Value)
	case "entity":
		f.Ref = p.Value
	case "date", "_lastUpdated":
		return count, auditDate(f, p)
	case "_count":
		n, err := strconv.Atoi(p.Value)
		if err != nil || n < 0 {
			return count, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: p.Name, Text: "_count is a whole number, 0 or more."}
		}
		return n, nil
	case "_sort":
		if p.Value != "-date" && p.Value != "-_lastUpdated" {
			return count, errNotTrail
		}
	case "_format", "_pretty", "_total", "type":
	default:
		return count, errNotTrail
	}
	return count, nil
}

func reference(v string) string {
	if strings.Contains(v, "/") {
		return v
	}
	return patient + "/" + v
}

func auditDate(f *store.AuditFilter, p search.Pair) error {
	op, text := "eq", p.Value
	if len(text) > 2 && text[0] >= 'a' && text[0] <= 'z' {
		op, text = text[:2], text[2:]
	}
	d, ok := fhir.ParseDateTime(text, nil)
	if !ok {
		return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: p.Name, Text: "The date is not one, such as ge2026-01-31."}
	}
	from, to := time.Time{}, time.Time{}
	switch op {
	case "eq":
		from, to = d.Low(), d.High()
	case "ge":
		from = d.Low()
	case "gt", "sa":
		from = d.High()
	case "le":
		to = d.High()
	case "lt", "eb":
		to = d.Low()
	default:
		return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueNotSupported, Path: p.Name, Text: "The date takes the prefixes eq, ge, gt, le, lt, sa and eb."}
	}
	if !from.IsZero() && from.After(f.From) {
		f.From = from
	}
	if !to.IsZero() && (f.To.IsZero() || to.Before(f.To)) {
		f.To = to
	}
	return nil
}
