package registry

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/fhir/terminology"
	"github.com/jamii-health/jamii/internal/store"
)

// vocabulary answers questions about terminology: from CodeSystem, ValueSet and
// ConceptMap resources that are stored, else from HL7's own of R4.
type vocabulary struct {
	ctx  context.Context
	r    *Registry
	core *terminology.CoreSource
}

// codeSystems keeps stored code systems ready to be asked. An entry is looked
// at again after a while, since other processes write too.
type codeSystems struct {
	mu   sync.Mutex
	core terminology.CoreSource
	read map[string]readSystem
}

type readSystem struct {
	ref     string
	version int64
	until   time.Time
	cs      *terminology.CodeSystem // nil: not stored
}

// fresh is how long a stored code system is used without looking again.
const fresh = 5 * time.Second

// Terminology answers questions about codes for the time of a request.
func (r *Registry) Terminology(ctx context.Context) *terminology.Service {
	return &terminology.Service{Source: &vocabulary{ctx: ctx, r: r, core: &r.systems.core}}
}

// CodeSystem implements terminology.Source.
func (v *vocabulary) CodeSystem(url, version string) (*terminology.CodeSystem, error) {
	cs, err := v.r.systems.stored(v, url, version)
	if err != nil || cs != nil {
		return cs, err
	}
	return v.core.CodeSystem(url, version)
}

// forget makes the next question look again: one was written here.
func (k *codeSystems) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for key, have := range k.read {
		have.until = time.Time{}
		k.read[key] = have
	}
}

func (k *codeSystems) stored(v *vocabulary, url, version string) (*terminology.CodeSystem, error) {
	key, now := url+"|"+version, v.r.now()
	k.mu.Lock()
	have, ok := k.read[key]
	k.mu.Unlock()
	if ok && now.Before(have.until) {
		return have.cs, nil
	}
	res, err := v.find("CodeSystem", url, version)
	if err != nil {
		return nil, err
	}
	next := readSystem{until: now.Add(fresh)}
	if res != nil {
		next.ref, next.version = res.Ref(), res.Version
		if ok && have.ref == next.ref && have.version == next.version {
			next.cs = have.cs
		} else {
			n, err := res.Tree()
			if err != nil {
				return nil, fmt.Errorf("stored CodeSystem: %w", err)
			}
			next.cs = terminology.ReadCodeSystem(n)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.read == nil || len(k.read) > 1000 {
		k.read = map[string]readSystem{}
	}
	k.read[key] = next
	return next.cs, nil
}

// Resource implements terminology.Source.
func (v *vocabulary) Resource(kind, url, version string) (*fhir.Node, error) {
	res, err := v.find(kind, url, version)
	if err != nil {
		return nil, err
	}
	if res != nil {
		return res.Tree()
	}
	return v.core.Resource(kind, url, version)
}

// find returns the stored resource with a canonical; of several the one stored
// last. A code system that has all its codes goes before the fragment that a
// scheme publishes of it.
func (v *vocabulary) find(kind, url, version string) (*fhir.Resource, error) {
	if url == "" {
		return nil, nil
	}
	expr := search.And{search.Is{Param: "url", Kind: search.URI, Code: url}}
	if version != "" {
		expr = append(expr, search.Is{Param: "version", Kind: search.Token, Code: version, AnySystem: true})
	}
	if kind == "CodeSystem" {
		complete := search.Is{Param: "content-mode", Kind: search.Token, Code: "complete", AnySystem: true}
		if res, err := v.last(kind, append(slices.Clone(expr), complete)); err != nil || res != nil {
			return res, err
		}
	}
	return v.last(kind, expr)
}

// last returns the resource that was stored last of those an expression finds.
func (v *vocabulary) last(kind string, expr search.Expr) (*fhir.Resource, error) {
	page, err := v.r.store.Search(v.ctx, store.Query{Type: kind, Expr: expr, Limit: 1, Sort: []store.Sort{{Param: "_lastUpdated", Desc: true}}})
	if err != nil {
		return nil, fmt.Errorf("search %s: %w", kind, err)
	}
	if len(page.Resources) == 0 {
		return nil, nil
	}
	return &page.Resources[0], nil
}

// Named returns a terminology resource by canonical, or by id on this server
// as far as the caller may read it.
func (r *Registry) Named(ctx context.Context, c Call, kind, id, url, version string) (*fhir.Node, error) {
	if id != "" {
		res, err := r.Read(ctx, c, kind, id)
		if err != nil {
			return nil, err
		}
		return res.Tree()
	}
	if url == "" {
		return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueRequired, Path: "url", Text: "Say which " + kind + " is meant: its url, or its id in the address."}
	}
	n, err := (&vocabulary{ctx: ctx, r: r, core: &r.systems.core}).Resource(kind, url, version)
	if err == nil && n == nil {
		err = &fhir.Error{Kind: fhir.NotFound, Issue: fhir.IssueNotFound, Path: "url", Text: "The " + kind + " is not known here. Check its url and version."}
	}
	return n, err
}
