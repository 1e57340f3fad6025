package registry

import (
	"context"
	"net/http"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/store"
)

// Change makes the new content of a resource from the old, which it must not
// alter. It is called again when others were faster. The same node, or nil,
// means that nothing changes: then no version is made.
type Change func(old *fhir.Node) (*fhir.Node, error)

// Patch changes Type/id. ifMatch 0 accepts any version: the change is then
// made to whatever is there when it is written, so that parallel patches all
// count.
//
// https://hl7.org/fhir/R4/http.html#patch
func (r *Registry) Patch(ctx context.Context, c Call, typ, id string, change Change, ifMatch int64) (Result, error) {
	return r.one(ctx, c, &intent{method: http.MethodPatch, typ: typ, id: id, change: change, ifMatch: ifMatch})
}

// PatchWhere changes the one resource that the query finds.
func (r *Registry) PatchWhere(ctx context.Context, c Call, typ, query string, change Change, ifMatch int64) (Result, error) {
	return r.one(ctx, c, &intent{method: http.MethodPatch, typ: typ, condition: query, change: change, ifMatch: ifMatch})
}

// change applies a patch to what was found, and checks the result as any
// content that a client sends. Who patches must be allowed to read: what a
// test in a patch says of the content is as good as reading it.
func (r *Registry) change(ctx context.Context, c Call, in *intent) error {
	old, err := r.changeable(ctx, c, in)
	if err != nil {
		return at(err, in.path)
	}
	n, err := in.change(old)
	if err != nil {
		return at(err, in.path)
	}
	if n == nil || n == old {
		in.node, in.exists = old, true
		return nil
	}
	switch {
	case !n.Is(fhir.KindObject):
		return at(&fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueStructure, Text: "The patch leaves no resource."}, in.path)
	case n.ResourceType() != in.typ:
		return at(&fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueBusinessRule, Path: in.element("resourceType"), Text: "A patch cannot change the type of a resource."}, in.path)
	case n.Get("id").String() != in.id:
		return at(&fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueBusinessRule, Path: in.element("id"), Text: "A patch cannot change the id of a resource."}, in.path)
	}
	in.node = n
	return r.admit(ctx, c, in)
}

// mayEver refuses a write that the caller may make to no resource of the type,
// before it is told anything of what is there.
func (r *Registry) mayEver(c Call, in *intent) error {
	if in.trusted {
		return nil
	}
	err := c.Principal.Writable(in.typ, access.Update, nil, nil)
	if err != nil && in.method == http.MethodPut { // it may be a create
		err = c.Principal.Writable(in.typ, access.Create, nil, nil)
	}
	return err
}

// changeable reads what a patch is for.
func (r *Registry) changeable(ctx context.Context, c Call, in *intent) (*fhir.Node, error) {
	if in.old.Version == 0 {
		return nil, r.hide(c, in.typ, errUnknown(in.typ))
	}
	if in.old.Deleted {
		_, err := r.readDeleted(ctx, c, in.old)
		return nil, err
	}
	if err := r.mayRead(ctx, c, in.old); err != nil && !in.trusted {
		return nil, err
	}
	return in.old.Tree()
}

// written lets go of what is kept ready to be asked and may have changed.
func (r *Registry) written(u *store.Unit) {
	params := false
	for i := range u.Writes {
		switch u.Writes[i].Type {
		case "CodeSystem":
			r.systems.forget()
		case structureDefinition:
			r.profiles.forget()
		case searchParameter:
			params = true
		}
	}
	if params {
		r.followSearchParams()
	}
}
