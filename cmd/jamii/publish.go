package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/registry"
	"github.com/jamii-health/jamii/internal/scheme"
	"github.com/jamii-health/jamii/internal/store"
	"github.com/jamii-health/jamii/profiles"
)

// publishedScheme begins the rows of the sets that schemes published.
const publishedScheme = "published/scheme "

// publish stores our profiles and the resources of the schemes, and decides by
// the schemes from then on. A set that is already there, byte for byte, is not
// looked at again: that makes the second start quick.
func publish(ctx context.Context, r *registry.Registry, packs []*scheme.Pack) error {
	if err := publishSet(ctx, r, "profiles", profiles.Resources()); err != nil {
		return err
	}
	sets := make([][]*fhir.Node, len(packs))
	for i, p := range packs {
		sets[i] = p.Resources()
		if err := publishSet(ctx, r, "scheme "+p.Name, sets[i]); err != nil {
			return err
		}
	}
	r.SetSchemes(packs, sets)
	return nil
}

func publishSet(ctx context.Context, r *registry.Registry, name string, list []*fhir.Node) error {
	h := sha256.New()
	for _, n := range list {
		h.Write(n.JSON())
	}
	sum, key := h.Sum(nil), "published/"+name
	_, rows, err := r.Store().Facts(ctx, nil, store.Lookup{Table: store.Schemes, Column: "digest", Values: []string{key}})
	if err != nil {
		return fmt.Errorf("what is published of %s: %w", name, err)
	}
	if len(rows[0]) == 1 && bytes.Equal(rows[0][0].Bytes("pack"), sum) {
		return nil
	}
	if _, err := r.PublishResources(ctx, list); err != nil {
		return fmt.Errorf("publish %s: %w", name, err)
	}
	row := store.Schemes.Make(map[string]any{"digest": key, "name": name, "published": time.Now().UTC().Format(time.RFC3339), "pack": sum})
	if _, err := r.Store().Commit(ctx, store.Unit{Facts: []store.Change{{Row: row}}}); err != nil {
		return fmt.Errorf("publish %s: %w", name, err)
	}
	return nil
}
