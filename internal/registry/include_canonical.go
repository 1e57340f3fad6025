package registry

import (
	"context"
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// canonicals are the types and urls that canonical references name. A
// reference with a version is indexed with and without it: it means the
// version.
//
// https://hl7.org/fhir/R4/references.html#canonical
type canonicals map[string][]string // type -> urls, "url|version" or "url"

func (k canonicals) add(canonical string, types []string) {
	url, _, versioned := strings.Cut(canonical, "|")
	for _, typ := range types {
		list := k[typ]
		switch {
		case slices.Contains(list, canonical):
			continue
		case versioned:
			list = slices.DeleteFunc(list, func(s string) bool { return s == url })
		case slices.ContainsFunc(list, func(s string) bool { return strings.HasPrefix(s, canonical+"|") }):
			continue
		}
		if len(list) < maxCanonicals {
			k[typ] = append(list, canonical)
		}
	}
}

// maxCanonicals bounds the urls of one type that a page looks for.
const maxCanonicals = 200

// canonicalTypes are the types with a url that a reference parameter can point
// at, narrowed by what the include asks for and what the reference itself
// says.
func (r *Registry) canonicalTypes(source, param, target, told string) []string {
	var out []string
	for _, typ := range r.catalogue.Targets(source, param) {
		if target != "" && typ != target || told != "" && typ != told {
			continue
		}
		if p, ok := r.catalogue.Param(typ, "url"); ok && p.Type == "uri" {
			out = append(out, typ)
		}
	}
	return out
}

// byCanonical reads what canonicals name.
func (r *Registry) byCanonical(ctx context.Context, named canonicals) ([]fhir.Resource, error) {
	var out []fhir.Resource
	for typ, urls := range named {
		var any search.Or
		for _, canonical := range urls {
			url, version, versioned := strings.Cut(canonical, "|")
			x := search.Expr(search.Is{Param: "url", Kind: search.URI, Code: url})
			if versioned {
				x = search.And{x, search.Is{Param: "version", Kind: search.Token, AnySystem: true, Code: version}}
			}
			any = append(any, x)
		}
		list, _, err := r.collect(ctx, store.Query{Type: typ, Expr: any, Limit: maxIncluded + 1})
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}
