package search

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// Parse reads the parameters of a search of a type, or of the whole system
// when typ is "". Everything wrong with them is one *fhir.Error with an issue
// for each parameter at fault, which names it and never holds its value.
//
// https://hl7.org/fhir/R4/search.html
func (c *Catalogue) Parse(typ string, pairs []Pair, o Options) (*Query, error) {
	if typ != "" && !definition.IsResource(typ) {
		return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueNotSupported, Text: "The type to search is not a resource type of FHIR R4."}
	}
	p := &parser{c: c, o: o, q: &Query{Type: typ}}
	if p.o.MaxCount <= 0 {
		p.o.MaxCount = 1000
	}
	if p.o.MaxHops <= 0 {
		p.o.MaxHops = 4
	}
	p.types(pairs)
	for _, pair := range pairs {
		if slices.Contains(o.Pass, pair.Name) || slices.Contains(p.q.Applied, pair) {
			continue
		}
		p.pair(pair)
	}
	p.finish()
	kind := fhir.Invalid
	if len(p.issues) == p.later {
		kind = fhir.Unprocessable
	}
	if err := fhir.NewError(kind, p.issues); err != nil {
		return nil, err
	}
	return p.q, nil
}

// parser reads one query.
type parser struct {
	c      *Catalogue
	o      Options
	q      *Query
	issues []fhir.Issue
	given  map[string]bool // result parameters seen

	scopes []scope
	name   string // of the parameter being read, as sent
	values int
	work   int
	coded  int // codes that terminology listed
	later  int // issues with what was understood: it cannot be answered now, or costs too much
}

// scope collects the conditions for one type; a search of one type has one.
type scope struct {
	typ   string
	terms And
}

// types settles which types are searched, since what other parameters mean
// depends on it.
func (p *parser) types(pairs []Pair) {
	if p.q.Type != "" {
		p.scopes = []scope{{typ: p.q.Type}}
		return
	}
	for _, pair := range pairs {
		if pair.Name != "_type" {
			continue
		}
		for _, t := range split(pair.Value, ',') {
			if !definition.IsResource(t) {
				p.name = pair.Name
				p.refuse(p.bad("must list resource types of FHIR R4"))
				continue
			}
			if !slices.Contains(p.q.Types, t) {
				p.q.Types = append(p.q.Types, t)
				p.scopes = append(p.scopes, scope{typ: t})
			}
		}
	}
	if len(p.scopes) == 0 {
		p.scopes = []scope{{typ: everyType}}
	}
}

func (p *parser) pair(pair Pair) {
	p.name = pair.Name
	if !utf8.ValidString(pair.Name) || !utf8.ValidString(pair.Value) || strings.IndexByte(pair.Name, 0) >= 0 || strings.IndexByte(pair.Value, 0) >= 0 {
		p.refuse(p.bad("holds characters that are not allowed"))
		return
	}
	base, _, _ := strings.Cut(pair.Name, ":")
	if read, ok := resultParams[base]; ok {
		applied, err := read(p, pair)
		p.done(Pair{pair.Name, applied}, err)
		return
	}
	terms := make([]Expr, len(p.scopes))
	for i, s := range p.scopes {
		x, err := p.condition(s.typ, pair.Name, pair.Value, 0)
		if err != nil {
			p.done(pair, err)
			return
		}
		terms[i] = x
	}
	for i, x := range terms {
		if x != nil {
			p.scopes[i].terms = append(p.scopes[i].terms, x)
		}
	}
	p.done(pair, nil)
}

func (p *parser) done(pair Pair, err error) {
	var unknown *unknownParam
	switch {
	case err == nil:
		p.q.Applied = append(p.q.Applied, pair)
	case p.o.Lenient && errors.As(err, &unknown):
		p.q.Ignored = append(p.q.Ignored, shown(pair.Name))
	default:
		p.refuse(err)
	}
}

// finish puts the conditions of each type together.
func (p *parser) finish() {
	p.q.Expr = p.scopes[0].expr()
	for _, s := range p.scopes[1:] {
		if reflect.DeepEqual(s.expr(), p.q.Expr) {
			continue
		}
		p.q.byType = map[string]Expr{}
		for _, s := range p.scopes {
			p.q.byType[s.typ] = s.expr()
		}
		return
	}
}

func (s scope) expr() Expr {
	switch len(s.terms) {
	case 0:
		return nil
	case 1:
		return s.terms[0]
	}
	return s.terms
}

// unknownParam is the fault that lenient handling forgives.
type unknownParam struct{ fault *fhir.Error }

func (u *unknownParam) Error() string { return u.fault.Text }

func (u *unknownParam) Unwrap() error { return u.fault }

func (p *parser) refuse(err error) {
	var e *fhir.Error
	if errors.As(err, &e) {
		p.issues = append(p.issues, e.All()...)
		if e.Kind == fhir.Unprocessable {
			p.later++
		}
		return
	}
	p.issues = append(p.issues, fhir.Issue{Severity: fhir.SeverityError, Code: fhir.IssueInvalid, Text: "The search parameter " + shown(p.name) + " cannot be read."})
}

func (p *parser) fault(code fhir.IssueType, text string) *fhir.Error {
	return &fhir.Error{Kind: fhir.Invalid, Issue: code, Text: "The search parameter " + shown(p.name) + " " + text + "."}
}

// bad is a value that cannot be read.
func (p *parser) bad(text string) error { return p.fault(fhir.IssueValue, text) }

// unsupported is a modifier or parameter that exists but is not served.
func (p *parser) unsupported(text string) error { return p.fault(fhir.IssueNotSupported, text) }

func (p *parser) unknown(typ string) error {
	text := "is not known for " + typ + ". See /metadata for the parameters that can be searched"
	if typ == everyType {
		text = "is not known for all resource types. Name the type to search, or see /metadata for the parameters of every type"
	}
	return &unknownParam{p.fault(fhir.IssueNotSupported, text)}
}

// shown is a parameter's name as it may be repeated in an answer: names that
// are not of that shape could be anything.
func shown(name string) string {
	if name == "" || len(name) > 200 {
		return "(unnamed)"
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_-.:$*", c) >= 0) {
			return "(not a name)"
		}
	}
	return "'" + name + "'"
}
