package search

import (
	"slices"
	"strconv"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// match reads the value of a parameter under a modifier.
//
// https://hl7.org/fhir/R4/search.html#modifiers
func (p *parser) match(param *parameter, modifier, value string) (Expr, error) {
	if modifier == "missing" {
		missing, err := p.boolean(value)
		if err != nil {
			return nil, err
		}
		if missing {
			return Missing{Param: param.code}, nil
		}
		return Not{X: Missing{Param: param.code}}, nil
	}
	read, err := p.reader(param, modifier)
	if err != nil {
		return nil, err
	}
	alternatives, err := p.alternatives(value)
	if err != nil {
		return nil, err
	}
	x, err := p.or(alternatives, read)
	if err == nil && param.kind == Token && (modifier == "not" || modifier == "not-in") {
		return Not{X: x}, nil
	}
	return x, err
}

// reader picks what reads one alternative. A modifier that we do not know, or
// that the kind of parameter does not take, is refused: the standard forbids
// to ignore it.
func (p *parser) reader(param *parameter, modifier string) (func(string) (Expr, error), error) {
	code := param.code
	plain := modifier == ""
	switch param.kind {
	case Token:
		switch modifier {
		case "", "not":
			return func(s string) (Expr, error) { return p.token(code, s) }, nil
		case "text":
			return func(s string) (Expr, error) { return p.word(code, Token, Contains, s) }, nil
		case "of-type":
			return func(s string) (Expr, error) { return p.ofType(code, s) }, nil
		case "below", "above":
			return func(s string) (Expr, error) { return p.subsumed(code, modifier == "above", s) }, nil
		case "in", "not-in":
			return func(s string) (Expr, error) { return p.members(code, s) }, nil
		}
	case Reference:
		switch {
		case plain:
			return func(s string) (Expr, error) { return p.reference(code, param.targets, s) }, nil
		case modifier == "identifier":
			return func(s string) (Expr, error) { return p.referenceIdentifier(code, s) }, nil
		case modifier == "text":
			return func(s string) (Expr, error) { return p.word(code, Reference, Contains, s) }, nil
		case slices.Contains(param.targets, modifier):
			return func(s string) (Expr, error) { return p.referenceTo(code, modifier, s) }, nil
		}
	case String:
		if mode := map[string]Mode{"": Prefix, "exact": Exact, "contains": Contains}[modifier]; mode != 0 {
			return func(s string) (Expr, error) { return p.word(code, String, mode, s) }, nil
		}
	case URI:
		switch modifier {
		case "", "above", "below", "contains":
			return func(s string) (Expr, error) { return p.uri(code, modifier, s) }, nil
		}
	case Date, Number, Quantity, Composite:
		if plain {
			return func(s string) (Expr, error) { return p.single(code, param, s) }, nil
		}
	}
	return nil, p.refusedModifier(modifier)
}

func (p *parser) refusedModifier(modifier string) error {
	for _, known := range []string{"exact", "contains", "text", "not", "in", "not-in", "above", "below", "of-type", "identifier", "type"} {
		if modifier == known {
			return p.unsupported("does not take the modifier :" + modifier)
		}
	}
	if definition.IsResource(modifier) {
		return p.unsupported("names a type that it cannot point at")
	}
	return p.unsupported("has a modifier that is not known")
}

// single reads an alternative of a kind that takes no modifiers.
func (p *parser) single(code string, param *parameter, s string) (Expr, error) {
	switch param.kind {
	case Date:
		return p.date(code, s)
	case Number:
		return p.number(code, s)
	case Quantity:
		return p.quantity(code, s)
	}
	return p.composite(param, s)
}

// composite reads a$b.
//
// https://hl7.org/fhir/R4/search.html#combining
func (p *parser) composite(param *parameter, s string) (Expr, error) {
	parts := split(s, '$')
	if len(parts) != len(param.components) {
		return nil, p.bad("must have " + strconv.Itoa(len(param.components)) + " parts with $ between them")
	}
	out := Combo{Param: param.code}
	for i, part := range parts {
		comp := &param.components[i]
		read, err := p.reader(&parameter{code: strconv.Itoa(i + 1), kind: comp.kind, targets: comp.targets}, "")
		if err != nil {
			return nil, err
		}
		if part == "" {
			return nil, p.bad("has an empty part")
		}
		x, err := read(part)
		if err != nil {
			return nil, err
		}
		out.Parts = append(out.Parts, x)
	}
	return out, nil
}

// token reads code, system|code, |code and system|.
//
// https://hl7.org/fhir/R4/search.html#token
func (p *parser) token(code, s string) (Expr, error) {
	parts := split(s, '|')
	switch {
	case len(parts) == 1:
		return Is{Param: code, Kind: Token, AnySystem: true, Code: unescape(parts[0])}, nil
	case len(parts) > 2 || parts[0] == "" && parts[1] == "":
		return nil, p.bad(`must have the form code, system|code, |code or system|. A | within a code is written \|`)
	case parts[1] == "":
		return Is{Param: code, Kind: Token, System: unescape(parts[0]), AnyCode: true}, nil
	}
	return Is{Param: code, Kind: Token, System: unescape(parts[0]), Code: unescape(parts[1])}, nil
}

// ofType reads system|code|value.
func (p *parser) ofType(code, s string) (Expr, error) {
	parts := split(s, '|')
	if len(parts) != 3 || parts[1] == "" || parts[2] == "" {
		return nil, p.bad("with :of-type must have the form system|code|value")
	}
	return Is{Param: code, Kind: Token, AnySystem: true, OfType: unescape(parts[0]) + "|" + unescape(parts[1]), Code: unescape(parts[2])}, nil
}

// reference reads id, Type/id and a URL. An id alone can be of any type that
// the parameter points at.
//
// https://hl7.org/fhir/R4/search.html#reference
func (p *parser) reference(code string, targets []string, s string) (Expr, error) {
	s = unescape(s)
	if fhir.ValidID(s) {
		if err := p.spend(len(targets)); err != nil {
			return nil, err
		}
		out := make(Or, 0, len(targets))
		for _, t := range targets {
			out = append(out, Is{Param: code, Kind: Reference, Code: t + "/" + s})
		}
		return out, nil
	}
	ref, ok := fhir.ParseReference(s)
	relative := ok && ref.Base == "" && ref.URN == "" && ref.Fragment == ""
	switch {
	case relative && ref.Condition != "" || !ok && !strings.Contains(s, ":"):
		return nil, p.bad("must be an id, Type/id or a URL")
	case relative && !definition.IsResource(ref.Type):
		return nil, p.bad("names a type that is not a resource type of FHIR R4")
	}
	return Is{Param: code, Kind: Reference, Code: p.c.local(s)}, nil
}

// referenceTo reads an id, or Type/id of the one type that the modifier names.
func (p *parser) referenceTo(code, typ, s string) (Expr, error) {
	s = unescape(s)
	if fhir.ValidID(s) {
		return Is{Param: code, Kind: Reference, Code: typ + "/" + s}, nil
	}
	local := p.c.local(s)
	ref, ok := fhir.ParseReference(local)
	if !ok || ref.Type != typ || ref.ID == "" {
		return nil, p.bad("must be an id, or a reference to " + typ)
	}
	return Is{Param: code, Kind: Reference, Code: local}, nil
}

// referenceIdentifier reads an identifier as a token, but for "system|".
func (p *parser) referenceIdentifier(code, s string) (Expr, error) {
	x, err := p.token(code, s)
	if err != nil {
		return nil, err
	}
	is := x.(Is)
	if is.AnyCode {
		return nil, p.bad("with :identifier needs the value of the identifier, as in system|value")
	}
	is.Kind, is.Ident = Reference, true
	return is, nil
}

// word reads a string, or the text of a token or reference.
//
// https://hl7.org/fhir/R4/search.html#string
func (p *parser) word(code string, kind Kind, mode Mode, s string) (Expr, error) {
	s = unescape(s)
	if mode != Exact && Norm(s) == "" {
		return nil, p.bad("has a value with nothing to look for")
	}
	return Word{Param: code, Kind: kind, Mode: mode, Text: s}, nil
}

// uri reads a uri. :below is the uri itself and all that begins with it and a
// slash; :above is the uri and all of its parents, which are listed here.
//
// https://hl7.org/fhir/R4/search.html#uri
func (p *parser) uri(code, modifier, s string) (Expr, error) {
	s = unescape(s)
	exact := func(uri string) Expr { return Is{Param: code, Kind: URI, Code: uri} }
	switch modifier {
	case "contains":
		return p.word(code, URI, Contains, s)
	case "":
		return exact(s), nil
	}
	if !strings.Contains(s, "://") {
		return nil, p.bad("with :" + modifier + " must be a URL: other uris have no hierarchy")
	}
	if modifier == "below" {
		trunk := strings.TrimRight(s, "/")
		return Or{exact(trunk), Word{Param: code, Kind: URI, Mode: Below, Text: trunk + "/"}}, nil
	}
	out := Or{exact(s)}
	for root := strings.Index(s, "://") + 3; ; {
		i := strings.LastIndexByte(s, '/')
		if i < root || len(out) > 64 {
			return out, nil
		}
		if i < len(s)-1 {
			out = append(out, exact(s[:i+1])) // .../ValueSet/ as well as .../ValueSet
		}
		s = s[:i]
		out = append(out, exact(s))
	}
}
