package registry

import (
	"context"
	"errors"
	"net/http"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/store"
)

// Create stores a new resource; the id in the body is replaced. ifNoneExist is
// the query of a conditional create, "" for none.
//
// https://hl7.org/fhir/R4/http.html#create
func (r *Registry) Create(ctx context.Context, c Call, typ string, n *fhir.Node, ifNoneExist string) (Result, error) {
	if res, asked, err := r.posted(ctx, c, typ, n); asked {
		return res, err
	}
	return r.one(ctx, c, &intent{method: http.MethodPost, typ: typ, node: n, condition: ifNoneExist})
}

// Update stores a new version of Type/id, or creates it under that id. ifMatch
// 0 accepts any version.
//
// https://hl7.org/fhir/R4/http.html#update
func (r *Registry) Update(ctx context.Context, c Call, typ, id string, n *fhir.Node, ifMatch int64) (Result, error) {
	if body := n.Get("id").String(); body != id {
		text := "The id in the body is not the id in the address."
		if body == "" {
			text = "The body has no id. An update carries the id that is in the address."
		}
		err := &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueInvalid, Path: fhir.JoinPath(typ, "id"), Text: text}
		return Result{}, r.audited(ctx, c, store.Audit{Interaction: "update", Action: "U", Type: typ}, err)
	}
	if res, asked, err := r.put(ctx, c, typ, id, n); asked {
		return res, err
	}
	return r.one(ctx, c, &intent{method: http.MethodPut, typ: typ, id: id, node: n, ifMatch: ifMatch})
}

// UpdateWhere stores a new version of the one resource that the query finds,
// or creates one when it finds none.
//
// https://hl7.org/fhir/R4/http.html#cond-update
func (r *Registry) UpdateWhere(ctx context.Context, c Call, typ, query string, n *fhir.Node, ifMatch int64) (Result, error) {
	return r.one(ctx, c, &intent{method: http.MethodPut, typ: typ, node: n, condition: query, ifMatch: ifMatch})
}

// Delete marks Type/id as deleted. Deleting what is not there succeeds.
//
// https://hl7.org/fhir/R4/http.html#delete
func (r *Registry) Delete(ctx context.Context, c Call, typ, id string, ifMatch int64) (Result, error) {
	return r.one(ctx, c, &intent{method: http.MethodDelete, typ: typ, id: id, ifMatch: ifMatch})
}

// DeleteWhere deletes the one resource that the query finds.
//
// https://hl7.org/fhir/R4/http.html#cdelete
func (r *Registry) DeleteWhere(ctx context.Context, c Call, typ, query string) (Result, error) {
	return r.one(ctx, c, &intent{method: http.MethodDelete, typ: typ, condition: query})
}

// one applies a single intent. What succeeds is audited in its Unit, what
// fails is audited here.
func (r *Registry) one(ctx context.Context, c Call, in *intent) (Result, error) {
	return r.oneAs(ctx, c, in, "")
}

// oneAs is one under the name of an operation.
func (r *Registry) oneAs(ctx context.Context, c Call, in *intent, interaction string) (Result, error) {
	results, err := r.apply(ctx, c, []*intent{in}, interaction, nil)
	if err == nil {
		return results[0], nil
	}
	row := store.Audit{Interaction: interactionOf(in, interaction), Action: actionOf(in), Type: in.typ}
	if in.id != "" && in.method != http.MethodPost && fhir.ValidID(in.id) {
		row.Ref = in.typ + "/" + in.id
	}
	var d *store.Dropped
	if errors.As(err, &d) {
		err = &fhir.Error{Kind: fhir.Conflict, Issue: fhir.IssueConflict, Text: "Another request wrote the same thing at the same moment. Read it again and retry.", Cause: d}
	}
	return Result{}, r.audited(ctx, c, row, err)
}
