package search

import (
	"slices"
	"strconv"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// resultParams are the parameters that shape the answer. Each reader returns
// the value that was applied.
//
// https://hl7.org/fhir/R4/search.html#return
var resultParams = map[string]func(*parser, Pair) (string, error){
	"_sort":          (*parser).sort,
	"_count":         (*parser).count,
	"_include":       func(p *parser, pair Pair) (string, error) { return p.include(pair, &p.q.Include, false) },
	"_revinclude":    func(p *parser, pair Pair) (string, error) { return p.include(pair, &p.q.RevInclude, true) },
	"_total":         oneOf(func(q *Query) *string { return &q.Total }, "none", "estimate", "accurate"),
	"_summary":       oneOf(func(q *Query) *string { return &q.Summary }, "true", "text", "data", "count", "false"),
	"_elements":      (*parser).elements,
	"_format":        passed(func(q *Query) *string { return &q.Format }),
	"_pretty":        passed(func(q *Query) *string { return &q.Pretty }),
	"_type":          (*parser).typeList,
	"_contained":     (*parser).contained,
	"_containedType": (*parser).contained,
	"_score":         (*parser).score,
}

// once refuses modifiers and a second value for what can have only one.
func (p *parser) once(pair Pair) error {
	base, _, modified := strings.Cut(pair.Name, ":")
	if modified {
		return p.unsupported("does not take modifiers")
	}
	if p.given[base] {
		return p.bad("is given twice with different values")
	}
	if p.given == nil {
		p.given = map[string]bool{}
	}
	p.given[base] = true
	return nil
}

func oneOf(field func(*Query) *string, words ...string) func(*parser, Pair) (string, error) {
	return func(p *parser, pair Pair) (string, error) {
		if err := p.once(pair); err != nil {
			return "", err
		}
		if !slices.Contains(words, pair.Value) {
			return "", p.bad("must be one of " + strings.Join(words, ", "))
		}
		*field(p.q) = pair.Value
		return pair.Value, nil
	}
}

// passed keeps a value for the edge, which knows what it may be.
func passed(field func(*Query) *string) func(*parser, Pair) (string, error) {
	return func(p *parser, pair Pair) (string, error) {
		if err := p.once(pair); err != nil {
			return "", err
		}
		*field(p.q) = pair.Value
		return pair.Value, nil
	}
}

func (p *parser) count(pair Pair) (string, error) {
	if err := p.once(pair); err != nil {
		return "", err
	}
	digits := strings.Trim(pair.Value, "0123456789") == "" && pair.Value != ""
	n, err := strconv.Atoi(pair.Value)
	if !digits {
		return "", p.bad("must be a whole number, 0 or more")
	}
	if err != nil || n > p.o.MaxCount {
		n = p.o.MaxCount
	}
	p.q.Count = &n
	return strconv.Itoa(n), nil
}

func (p *parser) sort(pair Pair) (string, error) {
	if err := p.once(pair); err != nil {
		return "", err
	}
	var keys []SortKey
	for _, key := range strings.Split(pair.Value, ",") {
		code, desc := strings.CutPrefix(key, "-")
		k := SortKey{Param: code, Desc: desc}
		switch code {
		case "_id":
			k.Kind = Token
		case "_lastUpdated":
			k.Kind = Date
		case "":
			return "", p.bad("has an empty key")
		default:
			kind, err := p.sortKind(code)
			if err != nil {
				return "", err
			}
			k.Kind = kind
		}
		if keys = append(keys, k); len(keys) > maxKeys {
			return "", p.bad("has more than " + strconv.Itoa(maxKeys) + " keys")
		}
	}
	p.q.Sort = keys
	return pair.Value, nil
}

// sortKind is the kind of a key, which must be one for all types searched.
func (p *parser) sortKind(code string) (Kind, error) {
	var kind Kind
	for _, s := range p.scopes {
		param := p.c.of(s.typ).byCode[code]
		switch {
		case param == nil:
			return 0, &unknownParam{p.fault(fhir.IssueNotSupported, "names a key that is not a search parameter of "+s.typ+". See /metadata")}
		case param.kind == Composite:
			return 0, p.unsupported("cannot sort by a composite parameter")
		case p.ready(s.typ, param) != nil:
			return 0, p.ready(s.typ, param)
		case kind != 0 && kind != param.kind:
			return 0, p.unsupported("names a key that is not of the same kind for all types")
		}
		kind = param.kind
	}
	return kind, nil
}

// elements checks _elements against the definition of the type.
func (p *parser) elements(pair Pair) (string, error) {
	if strings.Contains(pair.Name, ":") {
		return "", p.unsupported("does not take modifiers")
	}
	for _, name := range strings.Split(pair.Value, ",") {
		if typ, rest, dotted := strings.Cut(name, "."); dotted && typ == p.q.Type {
			name = rest
		}
		known := false
		for _, s := range p.scopes {
			known = known || hasElement(s.typ, name)
		}
		if !known && p.scopes[0].typ != everyType || identifier(name) != name || name == "" {
			return "", p.bad("must list names of top-level elements, such as identifier,status")
		}
		if !slices.Contains(p.q.Elements, name) {
			p.q.Elements = append(p.q.Elements, name)
		}
	}
	return pair.Value, nil
}

func hasElement(typ, name string) bool {
	t, ok := definition.Lookup(typ)
	return ok && slices.ContainsFunc(t.Elements, func(e definition.Element) bool { return e.Name == name })
}

// typeList: the types were read before all else.
func (p *parser) typeList(pair Pair) (string, error) {
	switch {
	case strings.Contains(pair.Name, ":"):
		return "", p.unsupported("does not take modifiers")
	case p.q.Type != "":
		return "", &unknownParam{p.fault(fhir.IssueNotSupported, notServed["_type"])}
	}
	return pair.Value, nil
}

// contained: we never return contained resources by themselves, which is what
// false asks for.
func (p *parser) contained(pair Pair) (string, error) {
	if pair.Name == "_contained" && pair.Value == "false" {
		return pair.Value, nil
	}
	return "", &unknownParam{p.fault(fhir.IssueNotSupported, "is not supported: contained resources are not searched by themselves")}
}

func (p *parser) score(Pair) (string, error) {
	return "", &unknownParam{p.fault(fhir.IssueNotSupported, "is not supported: matches are not scored")}
}

// include reads Source:param[:Target], Source:* and *.
//
// https://hl7.org/fhir/R4/search.html#include
func (p *parser) include(pair Pair, list *[]Include, reverse bool) (string, error) {
	_, modifier, modified := strings.Cut(pair.Name, ":")
	if modified && modifier != "iterate" {
		return "", p.unsupported("takes no modifier but :iterate")
	}
	parts := strings.Split(pair.Value, ":")
	in := Include{Source: parts[0], Param: "*", Iterate: modified}
	if len(parts) > 1 {
		in.Param = parts[1]
	}
	if len(parts) > 2 {
		in.Target = parts[2]
	}
	if len(parts) > 3 || len(parts) == 1 && pair.Value != "*" {
		return "", p.bad("must have the form Type:parameter, Type:parameter:Target, Type:* or *")
	}
	if err := p.checkInclude(in, reverse); err != nil {
		return "", err
	}
	if !slices.Contains(*list, in) {
		*list = append(*list, in)
	}
	return pair.Value, nil
}

// checkInclude refuses what could never include anything on any page. A source
// that is not on this page is no mistake: it adds nothing.
func (p *parser) checkInclude(in Include, reverse bool) error {
	if in.Target != "" && !definition.IsResource(in.Target) {
		return p.bad("names a target that is not a resource type of FHIR R4")
	}
	if in.Source == "*" {
		if in.Param != "*" {
			return p.bad("must name the type that has the reference")
		}
		return nil
	}
	if !definition.IsResource(in.Source) {
		return p.bad("names a type that is not a resource type of FHIR R4")
	}
	if in.Param == "*" {
		return nil
	}
	param := p.c.of(in.Source).byCode[in.Param]
	switch {
	case param == nil || param.kind != Reference:
		return p.bad("names a parameter that is not a reference of " + in.Source)
	case in.Target != "" && !slices.Contains(param.targets, in.Target):
		return p.bad("names a target that the reference cannot point at")
	case reverse:
		return p.ready(in.Source, param)
	}
	return nil
}
