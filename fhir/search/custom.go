package search

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// Building names a custom parameter of a type by which not all that is stored
// is indexed yet.
type Building struct{ Type, Code string }

// Adopt makes custom parameters take effect, in place of those that were
// adopted before. It returns those it left out, because Check refuses them or
// because one before them in the list has the same code.
//
// https://hl7.org/fhir/R4/searchparameter.html
func (c *Catalogue) Adopt(custom []*definition.SearchParam) (left []*definition.SearchParam) {
	old := c.now.Load()
	e := newEdition(old.number+1, c.fixed, nil)
	for _, p := range custom {
		if err := e.admit(p); err != nil {
			left = append(left, p)
			continue
		}
		e = newEdition(old.number+1, c.fixed, append(e.custom, p))
	}
	if !slices.EqualFunc(old.custom, e.custom, same) {
		c.now.Store(e)
	}
	return left
}

func same(a, b *definition.SearchParam) bool {
	return a.Code == b.Code && a.URL == b.URL && a.Type == b.Type && a.Expression == b.Expression &&
		slices.Equal(a.Base, b.Base) && slices.Equal(a.Targets, b.Targets) && slices.Equal(a.Components, b.Components)
}

// SetBuilding says by which custom parameters not all is indexed yet, and how
// much is, in percent. A search with one of them is refused until then.
func (c *Catalogue) SetBuilding(list map[Building]int) { c.building.Store(&list) }

// Building reports whether there is such a parameter.
func (c *Catalogue) Building() bool { return len(*c.building.Load()) > 0 }

// Edition grows with every change of the parameters.
func (c *Catalogue) Edition() uint64 { return c.now.Load().number }

// Check tells why a parameter cannot be added: its code is taken by another
// one of the same type, its expression does not compile. A parameter with the
// same url as one that was adopted takes its place.
func (c *Catalogue) Check(p *definition.SearchParam) error {
	now := c.now.Load()
	others := slices.DeleteFunc(slices.Clone(now.custom), func(o *definition.SearchParam) bool { return o.URL == p.URL })
	return newEdition(now.number, c.fixed, others).admit(p)
}

// Known reports whether a parameter with this url is one of R4, or was given to
// NewCatalogue: a SearchParameter resource with that url changes nothing.
func (c *Catalogue) Known(url string) bool {
	if _, ok := definition.SearchParamByURL(url); ok {
		return true
	}
	return slices.ContainsFunc(c.fixed, func(p *definition.SearchParam) bool { return p.URL == url })
}

// codeShape is what a code must look like to stand in a query.
var codeShape = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,63}$`)

func (e *edition) admit(p *definition.SearchParam) error {
	refuse := func(element, text string) error {
		return &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueBusinessRule, Path: "SearchParameter." + element, Text: text}
	}
	_, result := resultParams[p.Code]
	switch {
	case !codeShape.MatchString(p.Code):
		return refuse("code", "The code of a search parameter is a letter followed by letters, digits, - and _, at most 64.")
	case result || notServed[p.Code] != "" || languages[p.Code] || p.Code == "_id" || p.Code == "_lastUpdated":
		return refuse("code", "The code is one of the standard's own parameters. Choose another.")
	case kinds[p.Type] == 0:
		return refuse("type", "A parameter of this type cannot be searched here.")
	case p.Expression == "":
		return refuse("expression", "A search parameter needs an expression to take effect. Give one, or the status draft.")
	case len(p.Base) == 0:
		return refuse("base", "A search parameter needs a resource type in base.")
	}
	for _, typ := range Bases(p) {
		for _, other := range e.definitions(typ) {
			if other.Code == p.Code {
				return refuse("code", fmt.Sprintf("%s has a search parameter with this code already. Choose another.", typ))
			}
		}
	}
	if err := e.check(p); err != nil {
		return &fhir.Error{
			Kind: fhir.Unprocessable, Issue: fhir.IssueBusinessRule, Path: "SearchParameter.expression", Cause: err,
			Text: "The search parameter cannot be used: its base, expression or components do not fit together, or are not FHIRPath.",
		}
	}
	return nil
}

// Bases are the resource types that a parameter is for.
func Bases(p *definition.SearchParam) []string {
	var out []string
	for _, base := range p.Base {
		if definition.IsResource(base) {
			out = append(out, base)
			continue
		}
		for _, typ := range definition.Resources() {
			if derives(typ, base) {
				out = append(out, typ)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func derives(typ, base string) bool {
	for t, ok := definition.Lookup(typ); ok; t, ok = definition.Lookup(t.Base) {
		if t.Name == base || t.Base == base {
			return true
		}
	}
	return false
}

// ready refuses a parameter by which not all is indexed yet.
func (p *parser) ready(typ string, param *parameter) error {
	if !param.custom {
		return nil
	}
	percent, building := 100, false
	for b, n := range *p.c.building.Load() {
		if b.Code == param.code && (b.Type == typ || typ == everyType) {
			percent, building = min(percent, n), true
		}
	}
	if !building {
		return nil
	}
	return &fhir.Error{
		Kind: fhir.Unprocessable, Issue: fhir.IssueIncomplete,
		Text: fmt.Sprintf("The search parameter %s is new: what is stored is being indexed by it, %d %% is done. Try again in a moment.", shown(p.name), percent),
	}
}
