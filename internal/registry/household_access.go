package registry

import (
	"context"
	"fmt"
	"net/http"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/access"
)

// isPerson reports whether a type holds persons or households.
func isPerson(typ string) bool { return typ == patient || typ == groupType }

// mayChange refuses to let a facility's client rewrite a person or household
// that it knows only by an identifier. Of what was deleted the last living
// version decides.
func (r *Registry) mayChange(ctx context.Context, c Call, res fhir.Resource) error {
	filter := c.Principal.Changeable(res.Type)
	if filter == nil {
		return nil
	}
	for v := res.Version - 1; res.Deleted && v > 0; v-- {
		var err error
		if res, err = r.store.ReadVersion(ctx, res.Type, res.ID, v); err != nil {
			return fmt.Errorf("read %s: %w", res.Type, err)
		}
	}
	if !res.Deleted {
		if ok, err := r.matches(ctx, filter, res); err != nil || ok {
			return err
		}
	}
	text := "This client may change a person only if its facility registered the person, or has sent a claim for the person. Ask the facility that registered the person, or the insurer."
	if res.Type == groupType {
		text = "This client may change a household only if its facility registered it. Ask the facility that did, or the insurer."
	}
	return &fhir.Error{Kind: fhir.Forbidden, Issue: fhir.IssueForbidden, Rule: "registered-by", Text: text}
}

// mayRewrite checks the new content of a person or household. Whose it is does
// not change with it: the owner tags of the old content stay, whether they were
// sent along or not. Only who is bound to no facility can take them away, by
// $meta-delete or a PATCH.
func (r *Registry) mayRewrite(c Call, in *intent) error {
	if in.method == http.MethodPatch && !c.Principal.Restricted() {
		return c.Principal.Writable(in.typ, access.Update, in.node, nil)
	}
	old, err := in.old.Tree()
	if err != nil {
		return fmt.Errorf("stored %s: %w", in.typ, err)
	}
	access.DropOwner(in.node, old)
	if err := c.Principal.Writable(in.typ, access.Update, in.node, nil); err != nil {
		return err
	}
	access.CopyOwner(in.node, old)
	return nil
}
