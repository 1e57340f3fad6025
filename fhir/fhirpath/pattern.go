package fhirpath

import (
	"errors"
	"regexp"
	"regexp/syntax"
)

// pattern is a compiled regular expression with what it costs to match.
type pattern struct {
	*regexp.Regexp
	size int // of its program
}

// Limits of a pattern: its program, and its text when it is made while
// evaluating.
const (
	maxProgram = 20_000
	maxPattern = 1000
)

var errPattern = errors.New("the regular expression is not valid, too large, or uses what is not supported here (look-around, back-references)")

// compilePattern compiles a regular expression; the point matches line ends
// too (N1 5.6.9).
func compilePattern(text string, full bool) (*pattern, error) {
	if full {
		text = `^(?:` + text + `)$`
	}
	text = `(?s)` + text
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, errPattern
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil || len(program.Inst) > maxProgram {
		return nil, errPattern
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, errPattern
	}
	return &pattern{re, len(program.Inst)}, nil
}

// pattern is the compiled first argument of matches() and its like; text is
// what it evaluated to. Matching it against s is paid for.
func (r *run) pattern(c *call, text, s string) (*pattern, error) {
	re := c.re
	if re == nil {
		if len(text) > maxPattern {
			return nil, faultf(c.args[0].at(), "the regular expression is longer than %d characters", maxPattern)
		}
		var err error
		if re, err = compilePattern(text, c.name == "matchesFull"); err != nil {
			return nil, faultf(c.args[0].at(), "%s", err)
		}
		if err := r.spend(c.at(), 100+re.size); err != nil {
			return nil, err
		}
	}
	return re, r.spend(c.at(), len(s)*re.size/128)
}

// groups finds $1 in a substitution: Go would read $1a as the group "1a".
var groups = regexp.MustCompile(`\$([0-9]+)`)
