package fhirpath

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokEOF       tokenKind = iota
	tokIdent               // name, keyword or word operator
	tokDelimited           // `name`
	tokString              // 'text'
	tokNumber              // 1, 1.50
	tokTemporal            // @2015-02-04T14:34:28Z, @T12:00
	tokVariable            // %name
	tokDollar              // $this, $index, $total
	tokSymbol              // operator or bracket
)

type token struct {
	kind tokenKind
	text string // decoded: without quotes, % or $
	off  int
	time Temporal // of tokTemporal
}

func (t token) is(symbol string) bool {
	return t.kind == tokSymbol && t.text == symbol
}

// words says how the token is called in an error.
func (t token) words() string {
	switch t.kind {
	case tokEOF:
		return "end of expression"
	case tokString:
		return "a string"
	case tokTemporal:
		return "a date or time"
	default:
		return strconv.Quote(t.text)
	}
}

// lexer splits an expression into tokens (FHIRPath grammar, N1 appendix A).
type lexer struct {
	src string
	pos int
}

func (l *lexer) peekByte(n int) byte {
	if l.pos+n < len(l.src) {
		return l.src[l.pos+n]
	}
	return 0
}

// skip passes over white space and comments.
func (l *lexer) skip() error {
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			l.pos++
		case c == '/' && l.peekByte(1) == '/':
			if i := strings.IndexByte(l.src[l.pos:], '\n'); i >= 0 {
				l.pos += i
			} else {
				l.pos = len(l.src)
			}
		case c == '/' && l.peekByte(1) == '*':
			i := strings.Index(l.src[l.pos+2:], "*/")
			if i < 0 {
				return faultf(l.pos, "the comment is not closed; end it with */")
			}
			l.pos += i + 4
		default:
			return nil
		}
	}
	return nil
}

func (l *lexer) next() (token, error) {
	if err := l.skip(); err != nil {
		return token{}, err
	}
	t := token{off: l.pos}
	if l.pos >= len(l.src) {
		return t, nil
	}
	c := l.src[l.pos]
	switch {
	case isLetter(c):
		t.kind, t.text = tokIdent, l.word()
		return t, nil
	case isDigit(c):
		t.kind, t.text = tokNumber, l.number()
		return t, nil
	case c == '\'':
		t.kind = tokString
		return l.quoted(t, '\'')
	case c == '`' || c == '"': // "..." delimited names before FHIRPath 1.0 is still met in old expressions
		t.kind = tokDelimited
		return l.quoted(t, c)
	case c == '@':
		return l.temporal()
	case c == '%':
		return l.variable()
	case c == '$':
		l.pos++
		t.kind, t.text = tokDollar, l.word()
		if t.text != "this" && t.text != "index" && t.text != "total" {
			return t, faultf(t.off, "after $ only this, index and total are known")
		}
		return t, nil
	}
	return l.symbol(t)
}

func (l *lexer) symbol(t token) (token, error) {
	t.kind = tokSymbol
	if l.pos+1 < len(l.src) {
		switch two := l.src[l.pos : l.pos+2]; two {
		case "<=", ">=", "!=", "!~":
			t.text = two
			l.pos += 2
			return t, nil
		}
	}
	one := l.src[l.pos : l.pos+1]
	if !strings.Contains("+-*/&|=~<>()[]{}.,", one) {
		r, _ := utf8.DecodeRuneInString(l.src[l.pos:])
		return t, faultf(l.pos, "%q is not part of FHIRPath", r)
	}
	t.text = one
	l.pos++
	return t, nil
}

func (l *lexer) word() string {
	start := l.pos
	for l.pos < len(l.src) && (isLetter(l.src[l.pos]) || isDigit(l.src[l.pos])) {
		l.pos++
	}
	return l.src[start:l.pos]
}

func (l *lexer) digits() int {
	start := l.pos
	for l.pos < len(l.src) && isDigit(l.src[l.pos]) {
		l.pos++
	}
	return l.pos - start
}

func (l *lexer) number() string {
	start := l.pos
	l.digits()
	if l.peekByte(0) == '.' && isDigit(l.peekByte(1)) {
		l.pos++
		l.digits()
	}
	return l.src[start:l.pos]
}

// variable reads %name, %`name` and %'name'.
func (l *lexer) variable() (token, error) {
	t := token{kind: tokVariable, off: l.pos}
	l.pos++
	switch c := l.peekByte(0); {
	case c == '`' || c == '\'' || c == '"':
		return l.quoted(t, c)
	case isLetter(c):
		t.text = l.word()
		return t, nil
	}
	return t, faultf(t.off, "a name must follow %%")
}

func isLetter(c byte) bool {
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
