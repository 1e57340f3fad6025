package fhirpath

import (
	"strconv"
	"strings"
	"unicode/utf16"
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

// quoted reads up to the closing quote and decodes the escapes.
func (l *lexer) quoted(t token, quote byte) (token, error) {
	l.pos++
	rest := l.src[l.pos:]
	end := strings.IndexByte(rest, quote)
	if end >= 0 && strings.IndexByte(rest[:end], '\\') < 0 {
		t.text = rest[:end]
		l.pos += end + 1
		return t, nil
	}
	var b strings.Builder
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		l.pos++
		switch c {
		case quote:
			t.text = b.String()
			return t, nil
		case '\\':
			if err := l.escape(&b); err != nil {
				return t, err
			}
		default:
			b.WriteByte(c)
		}
	}
	return t, faultf(t.off, "the quote is not closed; end it with %c", quote)
}

var escapes = map[byte]byte{
	'\'': '\'', '"': '"', '`': '`', '\\': '\\', '/': '/', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

func (l *lexer) escape(b *strings.Builder) error {
	c := l.peekByte(0)
	if c == 'u' {
		r, ok := l.hex()
		if !ok {
			return faultf(l.pos-1, `four hexadecimal digits must follow \u`)
		}
		if utf16.IsSurrogate(r) && l.peekByte(0) == '\\' && l.peekByte(1) == 'u' {
			l.pos++
			low, ok := l.hex()
			if !ok {
				return faultf(l.pos-1, `four hexadecimal digits must follow \u`)
			}
			r = utf16.DecodeRune(r, low)
		}
		b.WriteRune(r)
		return nil
	}
	decoded, ok := escapes[c]
	if !ok {
		return faultf(l.pos-1, `unknown escape in a string; write \\ for a backslash`)
	}
	l.pos++
	b.WriteByte(decoded)
	return nil
}

// hex reads uXXXX at the position.
func (l *lexer) hex() (rune, bool) {
	if l.pos+5 > len(l.src) {
		return 0, false
	}
	n, err := strconv.ParseUint(l.src[l.pos+1:l.pos+5], 16, 16)
	if err != nil {
		return 0, false
	}
	l.pos += 5
	return rune(n), true
}

// temporal reads a date, date and time, or time literal.
func (l *lexer) temporal() (token, error) {
	t := token{kind: tokTemporal, off: l.pos}
	l.pos++
	start, kind := l.pos, kindDate
	switch {
	case l.peekByte(0) == 'T':
		kind = kindTime
		l.pos++
		start = l.pos
		l.clock()
	default:
		for n := 0; l.digits() > 0 && n < 2 && l.peekByte(0) == '-' && isDigit(l.peekByte(1)) && isDigit(l.peekByte(2)); n++ {
			l.pos++
		}
		if l.peekByte(0) == 'T' {
			kind = kindDateTime
			l.pos++
			l.clock()
			l.zone()
		}
	}
	t.text = strings.TrimSuffix(l.src[start:l.pos], "T")
	var ok bool
	if t.time, ok = parseTemporal(t.text, kind); !ok {
		return t, faultf(t.off, "this is not a valid date or time; write @YYYY-MM-DD, @YYYY-MM-DDThh:mm:ss+zz:zz or @Thh:mm:ss")
	}
	return t, nil
}

// clock passes over hh:mm:ss.fff, as much of it as is there.
func (l *lexer) clock() {
	for n := 0; l.digits() > 0 && n < 2 && l.peekByte(0) == ':' && isDigit(l.peekByte(1)); n++ {
		l.pos++
	}
	if l.src[l.pos-1] != 'T' && l.peekByte(0) == '.' && isDigit(l.peekByte(1)) {
		l.pos++
		l.digits()
	}
}

// zone passes over Z or +hh:mm.
func (l *lexer) zone() {
	switch c := l.peekByte(0); {
	case c == 'Z':
		l.pos++
	case (c == '+' || c == '-') && isDigit(l.peekByte(1)) && isDigit(l.peekByte(2)) && l.peekByte(3) == ':':
		l.pos += 4
		l.digits()
	}
}

func isLetter(c byte) bool {
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
