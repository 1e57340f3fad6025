package definition

import (
	"sync"

	"github.com/jamii-health/jamii/fhir/definition/internal/table"
)

// The flags of an element in the table.
const (
	flagChoice = 1 << iota
	flagSummary
	flagModifier
	flagBinding
)

type typeIndex struct {
	resources []string          // concrete ones, sorted
	bases     map[string]string // of resources, so that search need not decode a type
	types     map[string]*lazy[Type]
}

var types = sync.OnceValue(func() typeIndex {
	r := reader(typeSection)
	index := typeIndex{resources: r.List(), bases: map[string]string{"DomainResource": "Resource"}}
	for _, name := range index.resources {
		index.bases[name] = r.String()
	}
	index.types = parts[Type](r)
	return index
})

func lookup(name string) (*Type, bool) {
	l, ok := types().types[name]
	if !ok {
		return nil, false
	}
	return l.get(decodeType), true
}

// resources hands out a copy: it is the one list a caller may want to sort.
func resources() []string { return append([]string(nil), types().resources...) }

// child says which element a JSON name means, and which of its types.
type child struct {
	element int32
	typ     int32
}

func (t *Type) element(jsonName string) (*Element, string, bool) {
	c, ok := t.byName[jsonName]
	if !ok {
		return nil, "", false
	}
	e := &t.Elements[c.element]
	return e, e.Types[c.typ].Code, true
}

func decodeType(r *table.Reader) *Type {
	t := &Type{Name: r.String(), Kind: Kind(r.Uint()), Base: r.String(), Abstract: r.Uint() == 1, Regex: r.String()}
	path := r.String() + "."
	t.Invariants = decodeInvariants(r)
	t.Elements = make([]Element, r.Uint())
	t.byName = make(map[string]child, len(t.Elements))
	for i := range t.Elements {
		e := &t.Elements[i]
		decodeElement(r, e, path)
		for j := range e.Types {
			name := e.Name
			if e.Choice {
				name += upperFirst(e.Types[j].Code)
			}
			t.byName[name] = child{int32(i), int32(j)}
		}
	}
	return t
}

func decodeElement(r *table.Reader, e *Element, path string) {
	e.Name = r.String()
	e.Path = path + e.Name
	flags := r.Uint()
	e.Choice, e.Summary, e.Modifier = flags&flagChoice != 0, flags&flagSummary != 0, flags&flagModifier != 0
	if e.Choice {
		e.Path += "[x]"
	}
	e.Min, e.Max = r.Uint(), r.Uint()-1 // * is written as 0
	e.Types = make([]TypeRef, r.Uint())
	for i := range e.Types {
		e.Types[i] = TypeRef{Code: r.String(), Profile: r.String(), Targets: r.List()}
	}
	if flags&flagBinding != 0 {
		e.Binding = &Binding{Strength: r.String(), ValueSet: r.String()}
	}
	e.Invariants = decodeInvariants(r)
}

func decodeInvariants(r *table.Reader) []Invariant {
	n := r.Uint()
	if n == 0 {
		return nil
	}
	out := make([]Invariant, n)
	for i := range out {
		out[i] = Invariant{Key: r.String(), Severity: r.String(), Human: r.String(), Expression: r.String()}
	}
	return out
}

// upperFirst makes "Quantity" of quantity, as the names of choices are made.
func upperFirst(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
