package definition

import (
	"slices"
	"strings"
	"sync"

	"github.com/jamii-health/jamii/fhir/definition/internal/table"
)

type paramIndex struct {
	byType       map[string][]*SearchParam // by concrete resource type, and Resource and DomainResource
	byURL        map[string]*SearchParam
	compartments map[string][]string
}

var params = sync.OnceValue(func() paramIndex {
	r := reader(paramSection)
	index := paramIndex{byType: map[string][]*SearchParam{}, byURL: map[string]*SearchParam{}, compartments: map[string][]string{}}
	own := map[string][]*SearchParam{}
	for range r.Uint() {
		p := decodeParam(r)
		index.byURL[p.URL] = p
		for _, base := range p.Base {
			own[base] = append(own[base], p)
		}
	}
	for range r.Uint() {
		name := r.String()
		index.compartments[name] = r.List()
	}
	for _, name := range append(resources(), "Resource", "DomainResource") {
		index.byType[name] = inherit(own, name)
	}
	return index
})

// inherit puts the parameters of a type and of the types it specialises
// together; the nearest wins where two have one code.
func inherit(own map[string][]*SearchParam, name string) []*SearchParam {
	var out []*SearchParam
	seen := map[string]bool{}
	for name != "" {
		for _, p := range own[name] {
			if !seen[p.Code] {
				seen[p.Code] = true
				out = append(out, p)
			}
		}
		name = types().bases[name]
	}
	slices.SortFunc(out, func(a, b *SearchParam) int { return strings.Compare(a.Code, b.Code) })
	return out
}

func decodeParam(r *table.Reader) *SearchParam {
	p := &SearchParam{Code: r.String(), URL: r.String(), Type: r.String(), Base: r.List(), Expression: r.String(), Targets: r.List()}
	n := r.Uint()
	for range n {
		p.Components = append(p.Components, Component{Definition: r.String(), Expression: r.String()})
	}
	return p
}

func searchParams(resource string) []*SearchParam { return params().byType[resource] }

func searchParamByURL(url string) (*SearchParam, bool) {
	p, ok := params().byURL[url]
	return p, ok
}

func compartment(resource string) []string { return params().compartments[resource] }
