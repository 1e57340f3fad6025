package store

import "github.com/jamii-health/jamii/fhir/search"

// Relax splits an expression into what a store answers: an expression without
// the nodes that only search.Match can decide, which holds for every resource
// the original holds for. exact is true when nothing was lost. A store calls
// it first and then translates And, Or, Not, Is, Word on strings and uris,
// Between, Missing, Chain, Has, IDs and Updated.
//
// Between on numbers and quantities stays as a superset: the bounds are
// rounded outwards and the unit is not compared.
func Relax(x search.Expr) (relaxed search.Expr, exact bool) {
	switch x := x.(type) {
	case search.And:
		return relaxAnd(x)
	case search.Or:
		return relaxOr(x)
	case search.Not:
		inner, ok := Relax(x.X)
		if !ok {
			return nil, false // the complement of a superset is no superset
		}
		return search.Not{X: inner}, true
	case search.Combo:
		return search.Not{X: search.Missing{Param: x.Param}}, false
	case search.Word:
		return relaxWord(x)
	case search.Other:
		return search.Not{X: search.Missing{Param: x.Param}}, false
	case search.Text:
		return nil, false
	case search.Between:
		if x.Kind == search.Date {
			return x, true
		}
		if x.Op == search.Ne {
			return search.Not{X: search.Missing{Param: x.Param}}, false
		}
		return x, false
	case search.Chain:
		inner, ok := Relax(x.X)
		return search.Chain{Param: x.Param, Types: x.Types, X: inner}, ok
	case search.Has:
		inner, ok := Relax(x.X)
		return search.Has{Type: x.Type, Param: x.Param, X: inner}, ok
	}
	return x, true
}

func relaxWord(x search.Word) (search.Expr, bool) {
	switch {
	case x.Kind != search.String && x.Kind != search.URI:
		return search.Not{X: search.Missing{Param: x.Param}}, false
	case x.Mode == search.Whole:
		x.Mode = search.Prefix
		return x, false
	case x.Mode == search.Suffix:
		x.Mode = search.Contains
		return x, false
	}
	return x, true
}

func relaxAnd(x search.And) (search.Expr, bool) {
	out, exact := make(search.And, 0, len(x)), true
	for _, p := range x {
		r, ok := Relax(p)
		exact = exact && ok
		if r != nil {
			out = append(out, r)
		}
	}
	switch len(out) {
	case 0:
		return nil, exact
	case 1:
		return out[0], exact
	}
	return out, exact
}

func relaxOr(x search.Or) (search.Expr, bool) {
	out, exact := make(search.Or, 0, len(x)), true
	for _, p := range x {
		r, ok := Relax(p)
		exact = exact && ok
		if r == nil { // one branch is true for all
			return nil, exact
		}
		out = append(out, r)
	}
	return out, exact
}
