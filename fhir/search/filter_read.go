package search

import (
	"strings"

	"github.com/jamii-health/jamii/fhir"
)

// filter reads _filter.
func (p *parser) filter(typ, value string, hops int) (Expr, error) {
	n, ok := readFilter(value)
	if !ok {
		return nil, p.bad(`must be a filter, such as: name co "pet" and birthdate ge 2014-10-10`)
	}
	x, err := p.filterExpr(typ, n, hops)
	if u, ok := err.(*unknownParam); ok { //nolint:errorlint // made by filterExpr itself
		return nil, u.fault // to leave out half of a filter would find more than was asked for
	}
	return x, err
}

func (p *parser) filterExpr(typ string, n filterNode, hops int) (Expr, error) {
	if err := p.spend(1); err != nil {
		return nil, err
	}
	if t, ok := n.(filterTest); ok {
		return p.filterPath(typ, t, hops)
	}
	j := n.(filterJoin)
	list := make([]Expr, len(j.of))
	for i, o := range j.of {
		x, err := p.filterExpr(typ, o, hops)
		if err != nil {
			return nil, err
		}
		list[i] = x
	}
	switch j.word {
	case "not":
		return Not{X: list[0]}, nil
	case "and":
		return And(list), nil
	}
	return Or(list), nil
}

// filterPath goes along the references of a test.
func (p *parser) filterPath(typ string, t filterTest, hops int) (Expr, error) {
	head := t.path[0]
	if len(t.path) == 1 {
		return p.filterTest(typ, head.name, t.op, t.value, hops)
	}
	param, err := p.param(typ, head.name)
	if err != nil {
		return nil, err
	}
	rest := t
	rest.path = t.path[1:]
	return p.through(param, "", hops, func(typ string, hops int) (Expr, error) {
		x, err := p.filterPath(typ, rest, hops)
		if err != nil || head.within == nil {
			return x, err
		}
		within, err := p.filterExpr(typ, head.within, hops)
		return And{within, x}, err
	})
}

// filterTest reads one comparison.
func (p *parser) filterTest(typ, code, op, value string, hops int) (Expr, error) {
	if hops > p.o.MaxHops {
		return nil, p.fault(fhir.IssueTooCostly, "goes through too many references")
	}
	if p.values++; p.values > maxValues {
		return nil, p.fault(fhir.IssueTooCostly, "asks for too many values")
	}
	if code == "_id" || code == "_lastUpdated" {
		return p.filterOwn(code, op, value)
	}
	param, err := p.param(typ, code)
	if err != nil {
		return nil, err
	}
	switch op {
	case "pr":
		missing, err := p.boolean(value)
		if err != nil {
			return nil, err
		}
		if missing { // pr true: is there
			return Not{X: Missing{Param: param.code}}, nil
		}
		return Missing{Param: param.code}, nil
	case "ne":
		if param.kind == Date || param.kind == Number || param.kind == Quantity {
			break
		}
		x, err := p.filterValue(param, "eq", value)
		return Other{Param: param.code, X: x}, err
	case "ni":
		x, err := p.filterValue(param, "in", value)
		return Not{X: x}, err
	}
	return p.filterValue(param, op, value)
}

func (p *parser) filterOwn(code, op, value string) (Expr, error) {
	switch {
	case code == "_id" && (op == "eq" || op == "ne"):
		x, err := p.own(code, "", strings.ReplaceAll(value, ",", ""))
		if op == "ne" {
			x = Not{X: x}
		}
		return x, err
	case code == "_lastUpdated" && prefixes[op] != 0:
		return p.updated(op + value)
	}
	return nil, p.unsupported("has an operator that " + code + " does not take")
}

// filterWords are the operators on strings and uris.
var filterWords = map[string]Mode{"eq": Whole, "co": Contains, "sw": Prefix, "ew": Suffix}

// filterValue reads an operator that the kind of parameter takes.
func (p *parser) filterValue(param *parameter, op, value string) (Expr, error) {
	code := param.code
	switch param.kind {
	case String, URI:
		mode := filterWords[op]
		if mode == 0 {
			break
		}
		if param.kind == URI && mode == Whole {
			return Is{Param: code, Kind: URI, Code: value}, nil
		}
		if Norm(value) == "" {
			return nil, p.bad("has a value with nothing to look for")
		}
		return Word{Param: code, Kind: param.kind, Mode: mode, Text: value}, nil
	case Token:
		switch op {
		case "eq":
			return p.token(code, value)
		case "ss", "sb":
			return p.subsumed(code, op == "sb", value)
		case "in":
			return p.members(code, value)
		}
	case Reference:
		if op == "re" || op == "eq" {
			return p.reference(code, param.targets, value)
		}
	case Date:
		if op == "po" { // overlaps: as about, but for the tenth
			x, err := p.date(code, "eq"+value)
			if b, ok := x.(Between); ok {
				b.Op = Ap
				return b, err
			}
			return x, err
		}
		fallthrough
	case Number, Quantity:
		if prefixes[op] != 0 {
			return p.single(code, param, op+value)
		}
	}
	return nil, p.unsupported("has an operator that " + shown(code) + " does not take")
}
