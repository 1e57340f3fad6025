package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/validate"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/scheme"
	"github.com/jamii-health/jamii/internal/store"
)

// publishBatch is how many resources of a scheme go into one commit.
const publishBatch = 500

// Published counts what a publication changed.
type Published struct{ Created, Changed, Unchanged int }

// Publish stores the resources of schemes (wire.md 6) and decides by them from
// then on. What is already there with the same content is left alone, so
// publishing again makes no versions.
func (r *Registry) Publish(ctx context.Context, packs []*scheme.Pack) (Published, error) {
	var total Published
	sets := make([][]*fhir.Node, len(packs))
	for i, p := range packs {
		sets[i] = p.Resources()
		n, err := r.PublishResources(ctx, sets[i])
		if err != nil {
			return total, fmt.Errorf("publish %s: %w", p.Name, err)
		}
		total.Created += n.Created
		total.Changed += n.Changed
		total.Unchanged += n.Unchanged
	}
	r.SetSchemes(packs, sets)
	return total, nil
}

// PublishResources stores resources with the ids they carry, as the engine's
// own: no plain write changes them.
func (r *Registry) PublishResources(ctx context.Context, list []*fhir.Node) (total Published, err error) {
	for start := 0; start < len(list); start += publishBatch {
		batch := list[start:min(start+publishBatch, len(list))]
		for try := 0; ; try++ {
			n, err := r.publishBatch(ctx, batch)
			var d *store.Dropped
			if errors.As(err, &d) && try < maxTries {
				continue // another process publishes the same
			}
			if err != nil {
				return total, err
			}
			total.Created += n.Created
			total.Changed += n.Changed
			total.Unchanged += n.Unchanged
			break
		}
	}
	return total, nil
}

func (r *Registry) publishBatch(ctx context.Context, batch []*fhir.Node) (Published, error) {
	var n Published
	refs := make([]string, len(batch))
	for i, node := range batch {
		refs[i] = node.ResourceType() + "/" + node.Get("id").String()
	}
	stored, err := r.store.ReadMany(ctx, refs)
	if err != nil {
		return n, err
	}
	old := make(map[string]fhir.Resource, len(stored))
	for _, res := range stored {
		old[res.Ref()] = res
	}
	var u store.Unit
	call := Call{Principal: access.Internal("scheme")}
	for i, node := range batch {
		if err := fhir.NewError(fhir.Unprocessable, validate.Resource(node, validate.Options{ErrorsOnly: true})); err != nil {
			return n, fmt.Errorf("%s: %w", refs[i], err)
		}
		have, exists := old[refs[i]]
		if exists && bytes.Equal(have.Body, fhir.Record(node.Clone())) {
			n.Unchanged++
			continue
		}
		a := &authored{typ: node.ResourceType(), id: node.Get("id").String(), node: node.Clone(), old: have.Version, method: http.MethodPut, interaction: "update"}
		if exists {
			n.Changed++
		} else {
			n.Created++
			if a.old, err = r.deletedVersion(ctx, a.typ, a.id); err != nil {
				return n, err
			}
			a.place = r.store.NewPlace(store.HashPart(a.id))
		}
		if err := r.author(call, &u, a, ""); err != nil {
			return n, err
		}
	}
	if len(u.Writes) == 0 {
		return n, nil
	}
	if _, err := r.store.Commit(ctx, u); err != nil {
		return n, err
	}
	return n, nil
}

// deletedVersion is the version of a deletion that a new one must follow, 0
// when the id was never used.
func (r *Registry) deletedVersion(ctx context.Context, typ, id string) (int64, error) {
	res, err := r.store.Read(ctx, typ, id)
	var fe *fhir.Error
	if errors.As(err, &fe) && fe.Kind == fhir.NotFound {
		return 0, nil
	}
	return res.Version, err
}
