package search

import (
	"strings"

	"github.com/jamii-health/jamii/fhir"
)

// languages are parameters whose values have a language of their own, or that
// are short for another condition. No definition says how they are read.
var languages = map[string]bool{"_text": true, "_content": true, "_filter": true, "_list": true}

func (p *parser) language(typ, code, value string, hops int) (Expr, error) {
	switch code {
	case "_filter":
		return p.filter(typ, value, hops)
	case "_list":
		return p.list(value)
	}
	return p.text(code == "_content", value)
}

// list reads _list: what the List's entries point at. The lists that are
// computed for a patient ($current-problems) are not served.
//
// https://hl7.org/fhir/R4/search.html#list
func (p *parser) list(value string) (Expr, error) {
	alternatives, err := p.alternatives(value)
	if err != nil {
		return nil, err
	}
	var ids IDs
	for _, id := range alternatives {
		switch id = strings.TrimPrefix(id, "List/"); {
		case strings.HasPrefix(id, "$"):
			return nil, p.unsupported("names a functional list, of which this server has none. Give the id of a List")
		case !fhir.ValidID(id):
			return nil, p.bad("must be the logical id of a List")
		}
		ids = append(ids, id)
	}
	return Has{Type: "List", Param: "item", X: ids}, nil
}
