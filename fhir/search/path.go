package search

import (
	"strings"

	"github.com/jamii-health/jamii/fhir/definition"
)

// Nearly every expression of a search parameter is a plain path: names, a
// choice of type, a simple where. Those are compiled to a walk over the tree
// (walk.go), which gives what FHIRPath gives and costs a tenth; a test compares
// the two over every parameter of R4. Everything else goes to fhirpath.

// path is a plain path, taken apart.
type path struct {
	fromResource bool // starts at %resource
	steps        []step
}

// step is one name of a path with what follows it.
type step struct {
	name    string
	as      string // only this type: as(T), ofType(T), (... as T)
	first   bool   // [0]
	filters []filter
}

// filter is a where(): member = 'literal', or resolve() is T.
type filter struct {
	member, literal string
	resolves        string
}

// arms splits an expression at its unions and keeps the arms that can say
// something about a type.
func arms(expression, typ string) []string {
	var out []string
	depth, start, quoted := 0, 0, false
	add := func(arm string) {
		if arm = strings.TrimSpace(arm); arm != "" && applies(arm, typ) {
			out = append(out, arm)
		}
	}
	for i := 0; i < len(expression); i++ {
		switch c := expression[i]; {
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			depth--
		case c == '|' && depth == 0:
			add(expression[start:i])
			start = i + 1
		}
	}
	add(expression[start:])
	return out
}

// applies reports whether an arm speaks of the type: HL7 begins each with the
// name of a resource type.
func applies(arm, typ string) bool {
	name := identifier(strings.TrimLeft(arm, "( "))
	return name == typ || !definition.IsResource(name)
}

func identifier(s string) string {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || i > 0 && c >= '0' && c <= '9') {
			return s[:i]
		}
	}
	return s
}

// parsePath takes an arm apart; ok is false when it is more than a plain path.
func parsePath(arm string) (p path, ok bool) {
	r := pathReader{rest: arm}
	p, ok = r.path()
	r.space()
	return p, ok && r.rest == ""
}

type pathReader struct{ rest string }

func (r *pathReader) space() { r.rest = strings.TrimLeft(r.rest, " \t\r\n") }

// eat takes the token when it comes next.
func (r *pathReader) eat(token string) bool {
	r.space()
	rest, found := strings.CutPrefix(r.rest, token)
	if found {
		r.rest = rest
	}
	return found
}

// word takes an identifier; "" when none comes next.
func (r *pathReader) word() string {
	r.space()
	w := identifier(r.rest)
	r.rest = r.rest[len(w):]
	return w
}

func (r *pathReader) literal() (string, bool) {
	if !r.eat("'") {
		return "", false
	}
	text, rest, found := strings.Cut(r.rest, "'")
	r.rest = rest
	return text, found && !strings.Contains(text, `\`)
}

func (r *pathReader) path() (p path, ok bool) {
	switch {
	case r.eat("%resource"):
		p.fromResource = true
	case r.eat("("):
		if p, ok = r.path(); !ok || !r.eat(")") {
			return p, false
		}
	default:
		name := r.word()
		if name == "" {
			return p, false
		}
		p.steps = append(p.steps, step{name: name})
	}
	for {
		switch {
		case r.eat("."):
			if !r.member(&p) {
				return p, false
			}
		case r.eat("[0]"):
			if !p.change(func(s *step) { s.first = true }) {
				return p, false
			}
		case r.eat("as "):
			typ := r.word()
			if !p.change(func(s *step) { s.as = typ }) || typ == "" {
				return p, false
			}
		default:
			return p, true
		}
	}
}

// change edits the last step, if there is one.
func (p *path) change(edit func(*step)) bool {
	if len(p.steps) == 0 {
		return false
	}
	edit(&p.steps[len(p.steps)-1])
	return true
}

// member reads what follows a dot: a name or one of the functions we know.
func (r *pathReader) member(p *path) bool {
	name := r.word()
	if name == "" {
		return false
	}
	if !r.eat("(") {
		p.steps = append(p.steps, step{name: name})
		return true
	}
	ok := false
	switch name {
	case "as", "ofType":
		typ := r.word()
		ok = typ != "" && p.change(func(s *step) { s.as = typ })
	case "where":
		var f filter
		if f, ok = r.filter(); ok {
			ok = p.change(func(s *step) { s.filters = append(s.filters, f) })
		}
	}
	return ok && r.eat(")")
}

func (r *pathReader) filter() (f filter, ok bool) {
	name := r.word()
	if name == "resolve" {
		if !r.eat("(") || !r.eat(")") || !r.eat("is ") {
			return f, false
		}
		f.resolves = r.word()
		return f, f.resolves != ""
	}
	if name == "" || !r.eat("=") {
		return f, false
	}
	f.member = name
	f.literal, ok = r.literal()
	return f, ok
}
