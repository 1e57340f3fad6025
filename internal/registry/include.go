package registry

import (
	"context"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// Bounds of what one page may bring along.
const (
	maxIncluded = 1000
	maxRounds   = 8 // of :iterate
)

// include gathers what _include and _revinclude ask for beside the matches.
// What the caller may not see is left out, as if it were not there.
//
// https://hl7.org/fhir/R4/search.html#revinclude
//
// cut is true when there is more than a page may bring along.
func (r *Registry) include(ctx context.Context, c Call, q *search.Query, matches []fhir.Resource) (out []fhir.Resource, cut bool, err error) {
	if len(q.Include)+len(q.RevInclude) == 0 {
		return nil, false, nil
	}
	seen := map[string]bool{}
	for i := range matches {
		seen[matches[i].Ref()] = true
	}
	from := matches
	for round := 0; len(from) > 0 && !cut; round++ {
		if round == maxRounds {
			return out, true, nil
		}
		var fresh []fhir.Resource
		add := func(list []fhir.Resource, err error) error {
			cut = cut || len(list) > maxIncluded
			for i := range list {
				switch {
				case seen[list[i].Ref()]:
				case len(out)+len(fresh) == maxIncluded:
					cut = true
				default:
					seen[list[i].Ref()] = true
					fresh = append(fresh, list[i])
				}
			}
			return err
		}
		for _, inc := range q.Include {
			if round > 0 && !inc.Iterate {
				continue
			}
			if err := add(r.forward(ctx, c, inc, from)); err != nil {
				return nil, false, err
			}
		}
		for _, inc := range q.RevInclude {
			if round > 0 && !inc.Iterate {
				continue
			}
			if err := add(r.backward(ctx, c, inc, from)); err != nil {
				return nil, false, err
			}
		}
		out = append(out, fresh...)
		from = fresh
	}
	return out, cut, nil
}

// forward reads what the resources point at.
func (r *Registry) forward(ctx context.Context, c Call, inc search.Include, from []fhir.Resource) ([]fhir.Resource, error) {
	var refs []string
	named := canonicals{}
	for i := range from {
		if inc.Source != "*" && from[i].Type != inc.Source {
			continue
		}
		tree, err := from[i].Tree()
		if err != nil {
			return nil, err
		}
		index, err := r.catalogue.Index(tree)
		if err != nil {
			return nil, err
		}
		for k := range index {
			v := &index[k]
			if v.Kind != search.Reference || (inc.Param != "*" && v.Param != inc.Param) {
				continue
			}
			ref, ok := fhir.ParseReference(v.Code)
			if strings.Contains(v.Code, "://") {
				named.add(v.Code, r.canonicalTypes(from[i].Type, v.Param, inc.Target, ref.Type))
			}
			if ok && ref.Base == "" && ref.Local() != "" && (inc.Target == "" || ref.Type == inc.Target) && !contains(refs, ref.Local()) {
				refs = append(refs, ref.Local())
			}
		}
	}
	var list []fhir.Resource
	if len(refs) > 0 {
		var err error
		if list, err = r.store.ReadMany(ctx, refs); err != nil {
			return nil, err
		}
	}
	more, err := r.byCanonical(ctx, named)
	if err != nil {
		return nil, err
	}
	return r.visible(ctx, c, append(list, more...))
}

// backward finds what points at the resources.
func (r *Registry) backward(ctx context.Context, c Call, inc search.Include, to []fhir.Resource) ([]fhir.Resource, error) {
	params := []string{inc.Param}
	if inc.Param == "*" {
		params = params[:0]
		for _, p := range r.catalogue.Params(inc.Source) {
			if p.Type == "reference" {
				params = append(params, p.Code)
			}
		}
	}
	var any search.Or
	for i := range to {
		if inc.Target != "" && to[i].Type != inc.Target {
			continue
		}
		for _, p := range params {
			any = append(any, search.Is{Param: p, Kind: search.Reference, Code: to[i].Ref()})
		}
	}
	if len(any) == 0 {
		return nil, nil
	}
	expr, err := r.filter(c, inc.Source, any)
	if err != nil {
		return nil, nil //nolint:nilerr // what the caller may not search brings nothing along
	}
	list, _, err := r.collect(ctx, store.Query{Type: inc.Source, Expr: expr, Limit: maxIncluded + 1})
	return list, err
}
