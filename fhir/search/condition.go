package search

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// ParseCondition reads the query of a conditional reference, create, update or
// delete: search parameters only, at least one, and every one must be known.
// lock is the query in a form that is the same for all spellings of it, under
// which conditional writes are made one at a time. terms may be nil.
//
// https://hl7.org/fhir/R4/http.html#ccreate
func (c *Catalogue) ParseCondition(typ, query string, terms Terminology) (x Expr, lock string, err error) {
	if i := strings.IndexByte(query, '?'); i >= 0 && (i == 0 || query[:i] == typ) {
		query = query[i+1:]
	}
	pairs, err := Pairs(query)
	if err != nil {
		return nil, "", err
	}
	for _, pair := range pairs {
		base, _, _ := strings.Cut(pair.Name, ":")
		if _, ok := resultParams[base]; ok {
			return nil, "", &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueInvalid, Text: "A condition cannot hold " + shown(pair.Name) + ": use parameters that select resources."}
		}
	}
	q, err := c.Parse(typ, pairs, Options{Terminology: terms})
	if err != nil {
		return nil, "", err
	}
	if q.Expr == nil {
		return nil, "", &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueRequired, Text: "The condition is empty. Give at least one search parameter."}
	}
	return q.Expr, normalised(q.Applied), nil
}

// normalised sorts parameters and their alternatives.
func normalised(pairs []Pair) string {
	out := make([]Pair, len(pairs))
	for i, p := range pairs {
		values := split(p.Value, ',')
		sort.Strings(values)
		out[i] = Pair{p.Name, strings.Join(slices.Compact(values), ",")}
	}
	slices.SortFunc(out, func(a, b Pair) int {
		return strings.Compare(a.Name+"\x00"+a.Value, b.Name+"\x00"+b.Value)
	})
	return Encode(slices.Compact(out))
}

// condition reads one parameter that selects resources of a type.
func (p *parser) condition(typ, key, value string, hops int) (Expr, error) {
	if err := p.spend(1); err != nil {
		return nil, err
	}
	if hops > p.o.MaxHops {
		return nil, p.fault(fhir.IssueTooCostly, fmt.Sprintf("goes through more than %d references", p.o.MaxHops))
	}
	if rest, ok := strings.CutPrefix(key, "_has:"); ok {
		return p.has(typ, rest, value, hops)
	}
	head, rest, chained := strings.Cut(key, ".")
	code, modifier, modified := strings.Cut(head, ":")
	if modified && modifier == "" {
		return nil, p.unsupported("has an empty modifier")
	}
	switch code {
	case "_id", "_lastUpdated":
		if chained {
			return nil, p.unsupported("cannot be chained: " + code + " is no reference")
		}
		return p.own(code, modifier, value)
	}
	if languages[code] {
		if chained || modified {
			return nil, p.unsupported("takes neither modifiers nor chains")
		}
		return p.language(typ, code, value, hops)
	}
	param, err := p.param(typ, code)
	switch {
	case err != nil:
		return nil, err
	case chained:
		return p.chain(param, modifier, rest, value, hops)
	}
	return p.match(param, modifier, value)
}

// param finds a parameter of a type that can be searched by.
func (p *parser) param(typ, code string) (*parameter, error) {
	param := p.c.of(typ).byCode[code]
	switch {
	case param == nil && notServed[code] != "":
		return nil, &unknownParam{p.fault(fhir.IssueNotSupported, notServed[code])}
	case param == nil:
		return nil, p.unknown(typ)
	}
	return param, p.ready(typ, param)
}

// spend counts what a query makes us do, which grows with the product of types
// and values.
func (p *parser) spend(n int) error {
	if p.work += n; p.work > maxWork {
		return p.fault(fhir.IssueTooCostly, "can mean too many resource types. Name the type, as in subject:Patient.name or subject=Patient/1")
	}
	return nil
}

// notServed are parameters of the standard that we know and do not serve.
var notServed = map[string]string{
	"_query": "is not supported: no named queries are defined",
	"near":   "is not supported: positions are not indexed",
	"_has":   "needs the form _has:Type:reference:parameter",
	"_type":  "is for searches of the whole system only",
}

// own reads the parameters whose values are the store's own.
func (p *parser) own(code, modifier, value string) (Expr, error) {
	switch modifier {
	case "":
	case "missing": // every stored resource has both
		missing, err := p.boolean(value)
		if err != nil || !missing {
			return nil, err
		}
		return Or{}, nil
	default:
		return nil, p.unsupported("does not take the modifier :" + modifier)
	}
	alternatives, err := p.alternatives(value)
	if err != nil {
		return nil, err
	}
	if code == "_id" {
		ids := make(IDs, 0, len(alternatives))
		for _, id := range alternatives {
			if !fhir.ValidID(id) {
				return nil, p.bad("must list logical ids: letters, digits, '-' and '.', at most 64")
			}
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
		return ids, nil
	}
	return p.or(alternatives, p.updated)
}

// alternatives cuts a value at its commas.
func (p *parser) alternatives(value string) ([]string, error) {
	out := split(value, ',')
	if p.values += len(out); p.values > maxValues {
		return nil, p.fault(fhir.IssueTooCostly, fmt.Sprintf("makes the query ask for more than %d values. Ask in several searches", maxValues))
	}
	for _, v := range out {
		if strings.TrimSpace(v) == "" {
			return nil, p.bad("has an empty value. Leave the parameter out, or use :missing")
		}
	}
	return out, nil
}

// or reads each alternative.
func (p *parser) or(alternatives []string, read func(string) (Expr, error)) (Expr, error) {
	var out Or
	if err := p.spend(len(alternatives)); err != nil {
		return nil, err
	}
	for _, a := range alternatives {
		x, err := read(a)
		if err != nil {
			return nil, err
		}
		if several, ok := x.(Or); ok {
			out = append(out, several...)
		} else {
			out = append(out, x)
		}
	}
	if len(out) == 1 {
		return out[0], nil
	}
	return out, nil
}

func (p *parser) boolean(value string) (bool, error) {
	switch value {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, p.bad("must be true or false")
}

// chain reads parameter.rest: what the reference points at must match rest.
// Where the types pointed at differ in what rest means to them, each has its
// own Chain.
//
// https://hl7.org/fhir/R4/search.html#chaining
func (p *parser) chain(param *parameter, restrict, rest, value string, hops int) (Expr, error) {
	return p.through(param, restrict, hops, func(typ string, hops int) (Expr, error) {
		return p.condition(typ, rest, value, hops)
	})
}

// through makes the Chain of a reference whose targets must be as read says.
func (p *parser) through(param *parameter, restrict string, hops int, read func(typ string, hops int) (Expr, error)) (Expr, error) {
	if param.kind != Reference {
		return nil, p.unsupported("cannot be chained: " + param.code + " is no reference")
	}
	types := param.targets
	if restrict != "" {
		if !definition.IsResource(restrict) {
			return nil, p.unsupported("names a type to chain through that is not a resource type of FHIR R4")
		}
		if !slices.Contains(types, restrict) {
			return nil, p.unsupported("names a type to chain through that " + param.code + " cannot point at")
		}
		types = []string{restrict}
	}
	var out Or
	at := map[string]int{} // by what is asked of the type
	var unknown error
	counted := p.values
	for _, typ := range types {
		p.values = counted // the same values, seen from another type
		x, err := read(typ, hops+1)
		var u *unknownParam
		if errors.As(err, &u) {
			unknown = err
			continue
		}
		if err != nil {
			return nil, err
		}
		text := fmt.Sprintf("%#v", x)
		if i, ok := at[text]; ok {
			c := out[i].(Chain)
			c.Types = append(c.Types, typ)
			out[i] = c
			continue
		}
		at[text] = len(out)
		out = append(out, Chain{Param: param.code, Types: []string{typ}, X: x})
	}
	switch len(out) {
	case 0:
		if len(types) > 1 {
			unknown = &unknownParam{p.fault(fhir.IssueNotSupported, "is not known for any type that "+param.code+" can point at")}
		}
		return nil, unknown
	case 1:
		return out[0], nil
	}
	return out, nil
}

// has reads _has:Type:reference:rest.
//
// https://hl7.org/fhir/R4/search.html#has
func (p *parser) has(typ, key, value string, hops int) (Expr, error) {
	parts := strings.SplitN(key, ":", 3)
	if len(parts) < 3 || parts[2] == "" {
		return nil, p.bad("must have the form _has:Type:reference:parameter")
	}
	source, code := parts[0], parts[1]
	if !definition.IsResource(source) {
		return nil, p.bad("names a type that is not a resource type of FHIR R4")
	}
	ref, err := p.param(source, code)
	if err != nil {
		return nil, err
	}
	if ref.kind != Reference || typ != everyType && !slices.Contains(ref.targets, typ) {
		return nil, p.bad("names a parameter that is no reference to " + typ)
	}
	x, err := p.condition(source, parts[2], value, hops+1)
	if err != nil {
		return nil, err
	}
	return Has{Type: source, Param: code, X: x}, nil
}
