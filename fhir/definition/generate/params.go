package main

import (
	"cmp"
	"slices"

	"github.com/jamii-health/jamii/fhir/definition/internal/table"
)

// paramSection writes the search parameters, then the Patient compartment.
func paramSection(strings *table.Strings, src *source) *table.Section {
	slices.SortFunc(src.params, func(a, b param) int { return cmp.Compare(a.URL, b.URL) })
	out := strings.Section()
	out.Uint(len(src.params))
	for _, p := range src.params {
		out.String(p.Code)
		out.String(p.URL)
		out.String(p.Type)
		out.List(p.Base)
		out.String(p.Expression)
		out.List(p.Target)
		out.Uint(len(p.Component))
		for _, c := range p.Component {
			out.String(c.Definition)
			out.String(c.Expression)
		}
	}
	var members []member
	for _, m := range src.compartment {
		if len(m.Param) > 0 {
			members = append(members, m)
		}
	}
	out.Uint(len(members))
	for _, m := range members {
		out.String(m.Code)
		out.List(m.Param)
	}
	return out
}
