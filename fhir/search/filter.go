package search

import (
	"encoding/json"
	"strings"
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
