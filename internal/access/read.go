package access

import (
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir/search"
)

// Readable says which resources of a type the principal may see: nil is all,
// else what matches the expression; or an error, *fhir.Error Forbidden.
//
// asked is the question itself, because a person is seen by whoever knows a
// full identifier or the id: search.IDs for a read, the search's own
// expression for a search, nil for all. A resource that the expression hides
// should be answered as not known.
func (p Principal) Readable(typ string, right Right, asked search.Expr) (search.Expr, error) {
	if err := p.allow(typ, right); err != nil {
		return nil, err
	}
	if !p.Restricted() {
		return nil, nil
	}
	if own, ok := rules.Own[typ]; ok {
		return rules.expr(own, p.Facilities), nil
	}
	if who, ok := rules.Persons[typ]; ok && len(p.Facilities) > 0 {
		if exact(asked, who.Exact) {
			return nil, nil
		}
		if len(who.Else) == 0 {
			return nil, forbidden("A facility's client finds a " + typ + " only by id or by one full value of: " + strings.Join(who.Exact, ", ") + ".")
		}
		return rules.expr(who.Else, p.Facilities), nil
	}
	if slices.Contains(rules.Shared, typ) {
		n, ok := rules.Narrowed[typ]
		if !ok || right != Search || len(p.Facilities) == 0 || mentions(asked, n.Unless) {
			return nil, nil
		}
		return rules.expr(n.Show, p.Facilities), nil
	}
	return nil, forbidden("A facility's client may not " + verbs[right] + " " + typ + ".")
}

// Restrict adds to a search on a type what the principal may see, also of the
// resources that it follows by chains and _has, so that no condition tells of
// what is hidden. The error is *fhir.Error Forbidden.
func (p Principal) Restrict(typ string, right Right, asked search.Expr) (search.Expr, error) {
	filter, err := p.Readable(typ, right, asked)
	if err != nil {
		return nil, err
	}
	inner, err := p.within(asked)
	if err != nil {
		return nil, err
	}
	return both(inner, filter), nil
}

// within restricts what an expression follows.
func (p Principal) within(x search.Expr) (search.Expr, error) {
	switch x := x.(type) {
	case search.And:
		list, err := p.each(x)
		return search.And(list), err
	case search.Or:
		list, err := p.each(x)
		return search.Or(list), err
	case search.Not:
		inner, err := p.within(x.X)
		return search.Not{X: inner}, err
	case search.Combo:
		list, err := p.each(x.Parts)
		x.Parts = list
		return x, err
	case search.Has:
		inner, err := p.Restrict(x.Type, Search, x.X)
		x.X = inner
		return x, err
	case search.Chain:
		return p.chain(x)
	}
	return x, nil
}

func (p Principal) each(list []search.Expr) ([]search.Expr, error) {
	out := make([]search.Expr, len(list))
	for i, x := range list {
		inner, err := p.within(x)
		if err != nil {
			return nil, err
		}
		out[i] = inner
	}
	return out, nil
}

// chain restricts each type the reference may point at by its own filter;
// types that the principal may not search are not followed. When none is left
// the search is refused.
func (p Principal) chain(x search.Chain) (search.Expr, error) {
	var (
		out   search.Or
		plain []string // types without a filter stay together
		whole search.Expr
		last  error
	)
	for _, typ := range x.Types {
		inner, err := p.Restrict(typ, Search, x.X)
		if err != nil {
			last = err
			continue
		}
		if filter, err := p.Readable(typ, Search, x.X); err == nil && filter == nil {
			plain, whole = append(plain, typ), inner
			continue
		}
		out = append(out, search.Chain{Param: x.Param, Types: []string{typ}, X: inner})
	}
	if len(plain) > 0 {
		out = append(out, search.Chain{Param: x.Param, Types: plain, X: whole})
	}
	switch {
	case len(out) == 0 && last != nil:
		return nil, last
	case len(out) == 1:
		return out[0], nil
	}
	return out, nil
}

func both(a, b search.Expr) search.Expr {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return search.And{a, b}
}

// maxExact bounds how many persons one question may name.
const maxExact = 50

// exact reports whether an expression can only be true for resources of which
// the asker gave the id or a full value of one of the parameters.
func exact(x search.Expr, params []string) bool {
	switch x := x.(type) {
	case search.IDs:
		return len(x) > 0 && len(x) <= maxExact
	case search.Is:
		if !slices.Contains(params, x.Param) || x.AnyCode || x.Code == "" {
			return false
		}
		return x.Kind == search.Token || x.Kind == search.Reference
	case search.And:
		return slices.ContainsFunc(x, func(y search.Expr) bool { return exact(y, params) })
	case search.Or:
		return len(x) > 0 && len(x) <= maxExact &&
			!slices.ContainsFunc(x, func(y search.Expr) bool { return !exact(y, params) })
	}
	return false
}

// mentions reports whether an expression has a condition on one of the
// parameters.
func mentions(x search.Expr, params []string) bool {
	any := func(list []search.Expr) bool {
		return slices.ContainsFunc(list, func(y search.Expr) bool { return mentions(y, params) })
	}
	switch x := x.(type) {
	case search.IDs:
		return slices.Contains(params, "_id")
	case search.Is:
		return slices.Contains(params, x.Param)
	case search.Combo:
		return slices.Contains(params, x.Param)
	case search.Word:
		return slices.Contains(params, x.Param)
	case search.And:
		return any(x)
	case search.Or:
		return any(x)
	}
	return false
}
