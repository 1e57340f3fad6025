package registry

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/store"
)

// This file is the one place where a use case asks what its caller may see and
// change (design 9). Read, vread, history, search, chains, _has, includes,
// bundles, conditions and operations all come through here.

func (r *Registry) parseOptions(ctx context.Context, c Call) search.Options {
	return search.Options{Terminology: codeLists{ctx, r, c}, Lenient: c.Lenient, Now: r.now(), MaxCount: r.options.MaxCount, Pass: []string{CursorParam}}
}

// filter adds to a search what the caller may see, also of what it follows,
// and the compartment that is searched.
func (r *Registry) filter(c Call, typ string, asked search.Expr) (search.Expr, error) {
	if c.within != nil {
		in, err := c.within.expr(typ)
		if err != nil {
			return nil, err
		}
		if asked == nil {
			asked = in
		} else {
			asked = search.And{in, asked}
		}
	}
	return c.Principal.Restrict(typ, access.Search, asked)
}

// mayRead refuses a resource that the caller may not see, as if it were not
// there: its existence is nobody's business.
func (r *Registry) mayRead(ctx context.Context, c Call, res fhir.Resource) error {
	filter, err := c.Principal.Readable(res.Type, access.Read, search.IDs{res.ID})
	if err != nil || filter == nil {
		return err
	}
	ok := false
	if !res.Deleted { // what never had content belongs to nobody
		if ok, err = r.matches(ctx, filter, res); err != nil {
			return err
		}
	}
	if !ok {
		return errUnknown(res.Type)
	}
	return nil
}

// hide answers a caller who may not even ask for the type with that, before it
// learns whether something is there, and in the same words where there is
// nothing as where it may not look.
func (r *Registry) hide(c Call, typ string, err error) error {
	if typ == "" {
		return err
	}
	if _, denied := c.Principal.Readable(typ, access.Read, search.IDs{""}); denied != nil {
		return denied
	}
	var fe *fhir.Error
	if errors.As(err, &fe) && fe.Kind == fhir.NotFound {
		return errUnknown(typ)
	}
	return err
}

// visible keeps what the caller may see of resources brought along.
func (r *Registry) visible(ctx context.Context, c Call, list []fhir.Resource) ([]fhir.Resource, error) {
	kept := list[:0]
	for i := range list {
		filter, err := c.Principal.Readable(list[i].Type, access.Search, nil)
		if err != nil {
			continue // a type the caller may not see
		}
		if filter != nil {
			ok, err := r.matches(ctx, filter, list[i])
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
		}
		kept = append(kept, list[i])
	}
	return kept, nil
}

// mayHistory limits a history to what the caller may see.
func (r *Registry) mayHistory(ctx context.Context, c Call, h *store.History) error {
	if h.Type == "" {
		if c.Principal.Restricted() {
			return &fhir.Error{Kind: fhir.Forbidden, Issue: fhir.IssueForbidden, Text: "A facility's client may not read the history of the whole server. Ask for a type."}
		}
		for _, typ := range definition.Resources() {
			if len(h.Types) > 0 && !contains(h.Types, typ) {
				continue
			}
			if _, err := c.Principal.Readable(typ, access.Search, nil); err != nil {
				return err
			}
		}
		return nil
	}
	if h.ID == "" {
		filter, err := c.Principal.Readable(h.Type, access.Search, nil)
		h.Expr = filter
		return err
	}
	res, err := r.store.Read(ctx, h.Type, h.ID)
	if err != nil {
		return r.hide(c, h.Type, err)
	}
	return r.mayReadLast(ctx, c, res)
}

// mayReadLast is mayRead for what may have been deleted: the last living
// version decides.
func (r *Registry) mayReadLast(ctx context.Context, c Call, res fhir.Resource) error {
	for v := res.Version - 1; res.Deleted && v > 0; v-- {
		var err error
		if res, err = r.store.ReadVersion(ctx, res.Type, res.ID, v); err != nil {
			return err
		}
	}
	return r.mayRead(ctx, c, res)
}

// mayFollow refuses to write over, or to delete, what the caller cannot see,
// and what belongs to the engine. Who is bound to facilities gets the same
// answer for what is not there, so that it does not tell the two apart.
func (r *Registry) mayFollow(ctx context.Context, c Call, in *intent) error {
	if in.trusted {
		return nil
	}
	if in.old.Version == 0 {
		if c.Principal.Restricted() && (in.method == http.MethodDelete || in.ifMatch != 0) {
			return r.hide(c, in.typ, errUnknown(in.typ))
		}
		return nil
	}
	if c.Principal.Restricted() {
		if err := r.mayReadLast(ctx, c, in.old); err != nil {
			return err
		}
		if err := r.mayChange(ctx, c, in.old); err != nil {
			return err
		}
	}
	if in.old.Managed {
		return errManaged(in.typ)
	}
	return nil
}

// mayWrite checks the new content, and tags what a facility makes with its
// owner. What it replaces was checked by mayFollow.
func (r *Registry) mayWrite(ctx context.Context, c Call, in *intent) error {
	if in.trusted {
		return nil
	}
	right := access.Create
	if in.old.Version > 0 && !in.old.Deleted {
		right = access.Update
	}
	if right == access.Update && isPerson(in.typ) {
		return r.mayRewrite(c, in)
	}
	resolve := func(ref string) *fhir.Node { return r.stored(ctx, ref) }
	if err := c.Principal.Writable(in.typ, right, in.node, resolve); err != nil {
		return err
	}
	c.Principal.Stamp(in.typ, in.node)
	return nil
}

// mayAsk checks the right to a write that turned out to have nothing to do.
func (r *Registry) mayAsk(c Call, in *intent) error {
	if in.trusted {
		return nil
	}
	right := access.Create
	switch in.method {
	case http.MethodDelete:
		right = access.Delete
	case http.MethodPatch:
		right = access.Update
	}
	return c.Principal.Writable(in.typ, right, nil, nil)
}

// stored reads what a reference points at; nil when it is not here.
func (r *Registry) stored(ctx context.Context, ref string) *fhir.Node {
	parsed, ok := fhir.ParseReference(ref)
	if !ok || parsed.Base != "" || parsed.Local() == "" {
		return nil
	}
	list, err := r.store.ReadMany(ctx, []string{parsed.Local()})
	if err != nil || len(list) != 1 {
		return nil
	}
	tree, err := list[0].Tree()
	if err != nil {
		return nil
	}
	return tree
}

// operationFor names what to call instead of a plain write, by type.
var operationFor = map[string]string{
	"Claim":                       "Claim/{id}/$cancel withdraws it, Claim/{id}/$reprocess decides it again",
	"ClaimResponse":               "Claim/{id}/$review decides it, Claim/{id}/$cancel withdraws it",
	"Task":                        "Claim/{id}/$review completes it",
	"CoverageEligibilityRequest":  "CoverageEligibilityRequest/$submit asks again",
	"CoverageEligibilityResponse": "CoverageEligibilityRequest/$submit asks again",
	"EnrollmentRequest":           "EnrollmentRequest/$submit enrols",
	"EnrollmentResponse":          "EnrollmentRequest/$submit enrols",
	"Coverage":                    "EnrollmentRequest/$submit enrols, a PaymentNotice pays, suspends or takes a payment back",
	"Invoice":                     "a PaymentNotice for it pays, or takes a payment back",
	"PaymentNotice":               "send it again with status entered-in-error to take the payment back",
}

// errManaged refuses a plain write of what the engine made or decided on
// (wire.md 1).
func errManaged(typ string) error {
	text := "This resource belongs to the engine and cannot be changed or deleted like plain data."
	if op, ok := operationFor[typ]; ok {
		text += " Use: " + op + "."
	} else {
		text += " It is published from a scheme pack: change the pack and load it."
	}
	return &fhir.Error{Kind: fhir.Conflict, Issue: fhir.IssueBusinessRule, Text: text}
}

// mayActFor refuses a request in the name of another facility.
func (r *Registry) mayActFor(c Call, typ, facility, path string) error {
	if !c.Principal.Restricted() {
		return nil
	}
	for _, f := range c.Principal.Facilities {
		if f.Ref == facility {
			return nil
		}
	}
	return &fhir.Error{Kind: fhir.Forbidden, Issue: fhir.IssueForbidden, Path: path, Text: "This client may send " + typ + " only for its own facility."}
}

// Allow says whether the caller may call an operation.
func (r *Registry) Allow(c Call, typ, operation string) error {
	return c.Principal.Operation(typ, operation)
}

// authored is a resource that a use case writes.
type authored struct {
	typ, id     string
	node        *fhir.Node
	old         int64 // version it follows, 0: new
	method      string
	interaction string
	place       store.Place
}

// author adds an engine's resource to a Unit: the row is marked as managed, so
// no plain write touches it.
func (r *Registry) author(c Call, u *store.Unit, a *authored, subject string) error {
	index, err := r.catalogue.Index(a.node)
	if err != nil {
		return err
	}
	place := a.place
	if p, ok := store.PlaceOf(a.id); ok && place == (store.Place{}) {
		place = p
	}
	u.Writes = append(u.Writes, store.Write{
		Type: a.typ, ID: a.id, Place: place, Expect: a.old, Method: a.method, Managed: true, Index: index, Body: fhir.Record(a.node),
	})
	action := "C"
	if a.old > 0 {
		action = "U"
	}
	row := store.Audit{Interaction: a.interaction, Action: action, Type: a.typ, Ref: a.typ + "/" + a.id, Patient: subject, Outcome: "0"}
	r.stamp(&row, c)
	u.Audit = append(u.Audit, row)
	u.Messages = append(u.Messages, r.messages(a.typ, a.id, a.old+1)...)
	return nil
}

// changed turns the refusal of an engine's resource that others changed
// meanwhile into a retry.
func stale(err error) bool {
	var d *store.Dropped
	return errors.As(err, &d) && d.Why != store.Duplicate
}

// methodOf is how a use case's write shows in the history.
func methodOf(old int64) string {
	if old == 0 {
		return http.MethodPost
	}
	return http.MethodPut
}

// refID is the id in "Type/id".
func refID(ref string) string {
	_, id, _ := strings.Cut(ref, "/")
	return id
}
