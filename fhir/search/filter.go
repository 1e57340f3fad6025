package search

import (
	"encoding/json"
	"strings"

	"github.com/jamii-health/jamii/fhir"
)

// filterReader reads the value of _filter from left to right.
//
//	filter    = paramExp / logExp / ("not") "(" filter ")"
//	logExp    = filter ("and" / "or" filter)+
//	paramExp  = paramPath SP compareOp SP compValue
//	paramPath = paramName (("[" filter "]") "." paramPath)
//
// and and or have no precedence over each other: they are taken from left to
// right. A filter in brackets is on what the reference before it points at.
//
// https://hl7.org/fhir/R4/search_filter.html
type filterReader struct {
	text  string
	at    int
	depth int
	bad   bool
}

// filterTest is paramExp; filterJoin is logExp and not.
type (
	filterNode interface{}
	filterTest struct {
		path  []filterStep
		op    string
		value string
	}
	filterStep struct {
		name   string
		within filterNode // what stands in brackets, nil for none
	}
	filterJoin struct {
		word string // and, or, not
		of   []filterNode
	}
)

// maxFilter bounds the brackets within brackets.
const maxFilter = 20

// readFilter reads a whole filter; ok is false when it is none.
func readFilter(text string) (n filterNode, ok bool) {
	r := filterReader{text: text}
	n = r.filter()
	r.space()
	return n, !r.bad && r.at == len(text)
}

func (r *filterReader) fail() filterNode {
	r.bad = true
	return nil
}

func (r *filterReader) space() bool {
	start := r.at
	for r.at < len(r.text) && strings.IndexByte(" \t\r\n", r.text[r.at]) >= 0 {
		r.at++
	}
	return r.at > start
}

func (r *filterReader) take(c byte) bool {
	if r.at < len(r.text) && r.text[r.at] == c {
		r.at++
		return true
	}
	return false
}

// word takes letters, digits, _ and -.
func (r *filterReader) word() string {
	start := r.at
	for r.at < len(r.text) {
		c := r.text[r.at]
		if c != '_' && c != '-' && !(c|0x20 >= 'a' && c|0x20 <= 'z') && !(c >= '0' && c <= '9') {
			break
		}
		r.at++
	}
	return r.text[start:r.at]
}

func (r *filterReader) filter() filterNode {
	if r.depth++; r.depth > maxFilter {
		return r.fail()
	}
	defer func() { r.depth-- }()
	left := r.operand()
	for !r.bad {
		before := r.at
		r.space()
		word := r.word()
		if word != "and" && word != "or" {
			r.at = before
			return left
		}
		left = filterJoin{word, []filterNode{left, r.operand()}}
	}
	return nil
}

func (r *filterReader) operand() filterNode {
	r.space()
	if r.take('(') {
		return r.closed(')')
	}
	before := r.at
	if r.word() == "not" {
		if r.space(); r.take('(') {
			return filterJoin{"not", []filterNode{r.closed(')')}}
		}
	}
	r.at = before
	return r.test()
}

// closed reads a filter up to the bracket that closes it.
func (r *filterReader) closed(bracket byte) filterNode {
	n := r.filter()
	if r.space(); !r.take(bracket) {
		return r.fail()
	}
	return n
}

func (r *filterReader) test() filterNode {
	var t filterTest
	for {
		step := filterStep{name: r.word()}
		if step.name == "" || len(t.path) > maxFilter {
			return r.fail()
		}
		bracket := r.take('[')
		if bracket {
			step.within = r.closed(']')
		}
		t.path = append(t.path, step)
		if !r.take('.') {
			if bracket {
				return r.fail()
			}
			break
		}
	}
	if !r.space() {
		return r.fail()
	}
	t.op = r.word()
	if !r.space() {
		return r.fail()
	}
	if t.value = r.value(); t.value == "" {
		return r.fail()
	}
	return t
}

// value reads a JSON string, or a token: what has no white space, ) and ].
func (r *filterReader) value() string {
	rest := r.text[r.at:]
	if !strings.HasPrefix(rest, `"`) {
		end := strings.IndexAny(rest, " \t\r\n)]")
		if end < 0 {
			end = len(rest)
		}
		r.at += end
		return rest[:end]
	}
	for end := 1; end < len(rest); end++ {
		switch rest[end] {
		case '\\':
			end++
		case '"':
			var s string
			if json.Unmarshal([]byte(rest[:end+1]), &s) != nil {
				return ""
			}
			r.at += end + 1
			return s
		}
	}
	return ""
}

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
