package search

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jamii-health/jamii/fhir/definition"
)

// Catalogue knows the search parameters of every resource type: those of R4
// and the ones added to it. It turns resources into their Index and queries
// into expressions. It may be used by any number of goroutines once Base and
// Zone are set.
//
// https://hl7.org/fhir/R4/searchparameter-registry.html
type Catalogue struct {
	// Base is the server's own base URL, without a slash at its end: absolute
	// references to it are indexed and searched as relative ones.
	Base string
	// Zone is where dates and times without an offset are; nil means UTC.
	Zone *time.Location

	fixed    []*definition.SearchParam // given to NewCatalogue
	now      atomic.Pointer[edition]
	building atomic.Pointer[map[Building]int]
}

// edition is what a Catalogue knows at one time.
type edition struct {
	number uint64
	custom []*definition.SearchParam
	extra  map[string][]*definition.SearchParam // by base type: fixed, then custom
	types  sync.Map                             // type -> *typeParams
}

// NewCatalogue makes a catalogue of R4's parameters and extra ones, which take
// the place of an R4 parameter with the same code and base. An extra parameter
// that cannot be used is an error.
func NewCatalogue(extra []*definition.SearchParam) (*Catalogue, error) {
	c := &Catalogue{fixed: extra}
	e := newEdition(1, extra, nil)
	for _, p := range extra {
		if err := e.check(p); err != nil {
			return nil, err
		}
	}
	c.now.Store(e)
	c.building.Store(&map[Building]int{})
	return c, nil
}

func newEdition(number uint64, fixed, custom []*definition.SearchParam) *edition {
	e := &edition{number: number, custom: custom, extra: map[string][]*definition.SearchParam{}}
	for _, p := range slices.Concat(fixed, custom) {
		for _, base := range p.Base {
			e.extra[base] = append(e.extra[base], p)
		}
	}
	return e
}

// check tells why a parameter cannot be used.
func (e *edition) check(p *definition.SearchParam) error {
	for _, base := range p.Base {
		if !definition.IsResource(base) && base != everyType && base != "DomainResource" {
			return fmt.Errorf("search parameter %s: %q is not a resource type of R4", p.Code, base)
		}
		if _, err := e.compile(p, base); err != nil {
			return err
		}
	}
	return nil
}

// Params returns the parameters that can be used on a type, sorted by code,
// _id and _lastUpdated included. "Resource" asks for those of all types.
func (c *Catalogue) Params(typ string) []*definition.SearchParam {
	return slices.Clone(c.of(typ).served)
}

// Param returns a parameter of a type by its code; ok is false when there is
// none or it cannot be used.
func (c *Catalogue) Param(typ, code string) (p *definition.SearchParam, ok bool) {
	for _, p := range c.of(typ).served {
		if p.Code == code {
			return p, true
		}
	}
	return nil, false
}

// Targets returns the types that a reference parameter can point at, sorted.
// It is nil for any other parameter.
func (c *Catalogue) Targets(typ, code string) []string {
	if p := c.of(typ).byCode[code]; p != nil && p.kind == Reference {
		return slices.Clone(p.targets)
	}
	return nil
}

// typeParams are the parameters of a type. Those whose values are the store's
// own (_id, _lastUpdated) are only in served.
type typeParams struct {
	once   sync.Once
	served []*definition.SearchParam
	all    []*parameter
	byCode map[string]*parameter
}

func (c *Catalogue) of(typ string) *typeParams { return c.now.Load().of(typ) }

func (e *edition) of(typ string) *typeParams {
	v, ok := e.types.Load(typ)
	if !ok {
		if !definition.IsResource(typ) && typ != everyType {
			return &typeParams{}
		}
		v, _ = e.types.LoadOrStore(typ, &typeParams{})
	}
	t := v.(*typeParams)
	t.once.Do(func() { e.load(t, typ) })
	return t
}

// everyType is the type whose parameters all resources have.
const everyType = "Resource"

func (e *edition) load(t *typeParams, typ string) {
	t.byCode = map[string]*parameter{}
	for _, def := range e.definitions(typ) {
		if def.Code == "_id" || def.Code == "_lastUpdated" {
			t.served = append(t.served, def)
			continue
		}
		if def.Expression == "" || kinds[def.Type] == 0 {
			continue // _text, _content, _query and near: refused by name in a query
		}
		p, err := e.compile(def, typ)
		if err != nil {
			panic(err.Error()) // R4's are part of the program, the others were tried before
		}
		p.custom = slices.Contains(e.custom, def)
		t.served = append(t.served, def)
		t.all = append(t.all, p)
		t.byCode[p.code] = p
	}
}

// definitions are the parameters of a type, the extra ones first in line for
// their code, sorted by code.
func (e *edition) definitions(typ string) []*definition.SearchParam {
	bases := []string{typ}
	for t, ok := definition.Lookup(typ); ok && t.Base != ""; t, ok = definition.Lookup(t.Base) {
		bases = append(bases, t.Base)
	}
	var out []*definition.SearchParam
	seen := map[string]bool{}
	add := func(p *definition.SearchParam) {
		if !seen[p.Code] {
			seen[p.Code] = true
			out = append(out, p)
		}
	}
	for _, base := range bases {
		for _, p := range e.extra[base] {
			add(p)
		}
	}
	for _, p := range definition.SearchParams(typ) {
		add(p)
	}
	slices.SortFunc(out, func(a, b *definition.SearchParam) int { return strings.Compare(a.Code, b.Code) })
	return out
}
