package search

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/jamii-health/jamii/fhir/definition"
)

// parameter is a search parameter compiled for one resource type.
type parameter struct {
	code       string
	kind       Kind
	custom     bool // added while the server runs
	programs   []program
	targets    []string // of references: types it can point at, sorted
	components []component
}

// component is a part of a composite parameter; its programs run from an
// element of the composite's own type.
type component struct {
	kind     Kind
	targets  []string
	programs map[string][]program // by type of that element; "" for any
}

// kinds are the types of parameter that can be searched.
//
// https://hl7.org/fhir/R4/valueset-search-param-type.html
var kinds = map[string]Kind{
	"token": Token, "reference": Reference, "string": String, "uri": URI, "date": Date,
	"number": Number, "quantity": Quantity, "composite": Composite,
}

func (e *edition) compile(def *definition.SearchParam, typ string) (*parameter, error) {
	kind := kinds[def.Type]
	if kind == 0 || def.Expression == "" {
		return nil, fmt.Errorf("search parameter %s: needs an expression and a type that can be searched", def.Code)
	}
	programs, err := compileAll(def.Expression, typ, typ)
	if err != nil {
		return nil, fmt.Errorf("search parameter %s of %s: %w", def.Code, typ, err)
	}
	p := &parameter{code: def.Code, kind: kind, programs: programs}
	switch kind {
	case Reference:
		p.targets = targets(def, programs)
	case Composite:
		for i, part := range def.Components {
			comp, err := e.component(part, typ, programs)
			if err != nil {
				return nil, fmt.Errorf("search parameter %s of %s, component %s: %w", def.Code, typ, strconv.Itoa(i+1), err)
			}
			p.components = append(p.components, comp)
		}
		if len(p.components) < 2 {
			return nil, fmt.Errorf("search parameter %s: a composite needs two components", def.Code)
		}
	}
	return p, nil
}

// component compiles a part of a composite for each type its base can have.
func (e *edition) component(part definition.Component, typ string, base []program) (component, error) {
	def, ok := e.byURL(part.Definition)
	if !ok {
		return component{}, fmt.Errorf("the parameter %s is not known", part.Definition)
	}
	comp := component{kind: kinds[def.Type], programs: map[string][]program{}}
	if comp.kind == 0 || comp.kind == Composite {
		return comp, fmt.Errorf("a component cannot be of type %s", def.Type)
	}
	for _, b := range base {
		results := b.results()
		if results == nil {
			results = []result{{}} // found by fhirpath: of any type
		}
		for _, r := range results {
			programs, err := compileAll(part.Expression, typ, r.typ)
			if err != nil {
				return comp, err
			}
			comp.programs[r.typ] = programs
			if comp.kind == Reference {
				comp.targets = merge(comp.targets, targets(def, programs))
			}
		}
	}
	return comp, nil
}

func (e *edition) byURL(url string) (*definition.SearchParam, bool) {
	for _, list := range e.extra {
		for _, p := range list {
			if p.URL == url {
				return p, true
			}
		}
	}
	return definition.SearchParamByURL(url)
}

// compileAll compiles the arms of an expression that apply to a resource type.
func compileAll(expression, resource, focus string) ([]program, error) {
	var out []program
	for _, arm := range arms(expression, resource) {
		if w, ok := compilePath(arm, resource, focus); ok {
			out = append(out, w)
			continue
		}
		e, err := compileExpression(arm)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// targets are the types that the definition and the elements found both allow.
func targets(def *definition.SearchParam, programs []program) []string {
	var out []string
	for _, p := range programs {
		results := p.results()
		if results == nil {
			results = []result{{}}
		}
		for _, r := range results {
			out = merge(out, r.allowed(def.Targets))
		}
	}
	return out
}

func (r result) allowed(targets []string) []string {
	own := r.targets
	if len(own) == 0 || slices.Contains(own, everyType) {
		own = targets
	} else if len(targets) > 0 {
		own = slices.DeleteFunc(slices.Clone(own), func(t string) bool { return !slices.Contains(targets, t) })
	}
	if len(own) == 0 {
		own = targets // the definition speaks of types that the element does not: believe it
	}
	if len(own) == 0 || slices.Contains(own, everyType) {
		return definition.Resources()
	}
	return own
}

func merge(a, b []string) []string {
	out := append(slices.Clone(a), b...)
	slices.Sort(out)
	return slices.Compact(out)
}
