package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// bag holds the resources that came along with a request: entries of its
// Bundle by fullUrl and contained ones. They serve to resolve references and
// never change the registry (wire.md 5).
type bag struct {
	byURL map[string]*fhir.Node
	owner *fhir.Node // whose contained resources "#id" means
}

func newBag(bundle *fhir.Node) *bag {
	b := &bag{byURL: map[string]*fhir.Node{}}
	for _, e := range bundle.Get("entry").Each() {
		res := e.Get("resource")
		if res == nil {
			continue
		}
		if url := e.Get("fullUrl").String(); url != "" {
			b.byURL[url] = res
		}
		if id := res.Get("id").String(); id != "" {
			b.byURL[res.ResourceType()+"/"+id] = res
		}
	}
	return b
}

// of returns the bag as seen from a resource, with its contained resources.
func (b *bag) of(owner *fhir.Node) *bag { return &bag{byURL: b.byURL, owner: owner} }

// find returns the resource of the bag that a reference means, or nil.
func (b *bag) find(reference string) *fhir.Node {
	if id, ok := strings.CutPrefix(reference, "#"); ok {
		for _, c := range b.owner.Get("contained").Each() {
			if c.Get("id").String() == id {
				return c
			}
		}
		return nil
	}
	return b.byURL[reference]
}

// locate finds the resource on this server that a Reference means: by its
// literal reference, by the identifiers of the resource that came along, or by
// the logical identifier. A reference that money depends on must be found:
// otherwise the error is Unprocessable not-found.
func (r *Registry) locate(ctx context.Context, c Call, b *bag, ref *fhir.Node, path string, types ...string) (fhir.Resource, error) {
	text := ref.Get("reference").String()
	if rest, ok := strings.CutPrefix(text, c.Base+"/"); ok {
		text = rest
	}
	if types[0] == "Organization" {
		if org, ok := r.scheme.Load().organization(text, ref.Get("identifier")); ok {
			return org, nil // only who it is counts: there is no body to read
		}
	}
	if came := b.find(text); came != nil && text != "" {
		if res, err := r.byIdentifiers(ctx, came, types); err != nil || res.Version > 0 {
			return res, err
		}
	}
	parsed, ok := fhir.ParseReference(text)
	if ok && parsed.Base == "" && parsed.Local() != "" && contains(types, parsed.Type) {
		list, err := r.store.ReadMany(ctx, []string{parsed.Local()})
		if err != nil {
			return fhir.Resource{}, fmt.Errorf("read %s: %w", parsed.Type, err)
		}
		if len(list) == 1 {
			return list[0], nil
		}
	}
	if id := ref.Get("identifier"); id != nil {
		if res, err := r.byIdentifier(ctx, id, types); err != nil || res.Version > 0 {
			return res, err
		}
	}
	return fhir.Resource{}, &fhir.Error{
		Kind: fhir.Unprocessable, Issue: fhir.IssueNotFound, Path: path,
		Text: "The " + strings.Join(types, " or ") + " that is referred to is not known here. Give its id on this server or an identifier with system and value.",
	}
}

// byIdentifiers finds the stored resource that shares an identifier with n.
func (r *Registry) byIdentifiers(ctx context.Context, n *fhir.Node, types []string) (fhir.Resource, error) {
	if !contains(types, n.ResourceType()) {
		return fhir.Resource{}, nil
	}
	for _, id := range n.Get("identifier").Each() {
		if res, err := r.byIdentifier(ctx, id, []string{n.ResourceType()}); err != nil || res.Version > 0 {
			return res, err
		}
	}
	return fhir.Resource{}, nil
}

// byIdentifier finds the one stored resource with an identifier; Version 0
// when there is none. Several are an error: money must not go astray.
func (r *Registry) byIdentifier(ctx context.Context, id *fhir.Node, types []string) (fhir.Resource, error) {
	system, value := id.Get("system").String(), id.Get("value").String()
	if value == "" {
		return fhir.Resource{}, nil
	}
	for _, typ := range types {
		page, err := r.store.Search(ctx, store.Query{Type: typ, Limit: 2, Expr: search.Is{Param: "identifier", Kind: search.Token, System: system, Code: value, AnySystem: system == ""}})
		if err != nil {
			return fhir.Resource{}, fmt.Errorf("search %s: %w", typ, err)
		}
		if len(page.Resources) > 1 {
			return fhir.Resource{}, &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueMultiple, Text: "An identifier belongs to several " + typ + " resources. Refer to the one that is meant by its id."}
		}
		if len(page.Resources) == 1 {
			return page.Resources[0], nil
		}
	}
	return fhir.Resource{}, nil
}

// organizationTypes and the like are what references of the engine's resources
// may point at.
var (
	patientTypes      = []string{"Patient"}
	organizationTypes = []string{"Organization"}
	providerTypes     = []string{"Organization", "PractitionerRole", "Practitioner"}
)

// facilityOf returns the Organization that a provider stands for: itself, the
// role's organization, the resource's own facility, or the caller's only one
// (wire.md 2). facility is the resource's facility element, may be nil.
func (r *Registry) facilityOf(ctx context.Context, c Call, b *bag, provider, facility *fhir.Node, path string) (fhir.Resource, error) {
	res, err := r.locate(ctx, c, b, provider, path, providerTypes...)
	if err != nil || res.Type == "Organization" {
		return res, err
	}
	orgs, err := r.worksAt(ctx, c, b, res, path)
	if err != nil {
		return fhir.Resource{}, err
	}
	if len(orgs) == 1 {
		return orgs[0], nil
	}
	if facility != nil {
		return r.managing(ctx, c, b, facility, path)
	}
	if own := c.Principal.Facilities; len(own) == 1 && len(orgs) == 0 {
		list, err := r.store.ReadMany(ctx, []string{own[0].Ref})
		if err != nil {
			return fhir.Resource{}, fmt.Errorf("read facility: %w", err)
		}
		if len(list) == 1 {
			return list[0], nil
		}
	}
	return fhir.Resource{}, &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueRequired, Path: path, Text: "The facility cannot be told from the provider. Name the Organization as provider, or send the facility."}
}

// worksAt lists the Organizations that a PractitionerRole, or the roles of a
// Practitioner, name.
func (r *Registry) worksAt(ctx context.Context, c Call, b *bag, res fhir.Resource, path string) ([]fhir.Resource, error) {
	roles := []fhir.Resource{res}
	if res.Type == "Practitioner" {
		page, err := r.store.Search(ctx, store.Query{Type: "PractitionerRole", Limit: 50, Expr: search.Is{Param: "practitioner", Kind: search.Reference, Code: res.Ref()}})
		if err != nil {
			return nil, fmt.Errorf("search PractitionerRole: %w", err)
		}
		roles = page.Resources
	}
	var out []fhir.Resource
	for _, role := range roles {
		tree, err := role.Tree()
		if err != nil {
			return nil, fmt.Errorf("stored PractitionerRole: %w", err)
		}
		ref := tree.Get("organization")
		if ref == nil || (tree.Get("active").Is(fhir.KindBool) && !tree.Get("active").True()) {
			continue
		}
		org, err := r.locate(ctx, c, b, ref, path, organizationTypes...)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(out, func(o fhir.Resource) bool { return o.Ref() == org.Ref() }) {
			out = append(out, org)
		}
	}
	return out, nil
}

// managing returns the Organization that runs a Location.
func (r *Registry) managing(ctx context.Context, c Call, b *bag, facility *fhir.Node, path string) (fhir.Resource, error) {
	loc, err := r.locate(ctx, c, b, facility, path, "Location")
	if err != nil {
		return loc, err
	}
	tree, err := loc.Tree()
	if err != nil {
		return loc, fmt.Errorf("stored %s: %w", loc.Type, err)
	}
	return r.locate(ctx, c, b, tree.Get("managingOrganization"), path, organizationTypes...)
}
