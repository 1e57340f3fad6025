package fhirpath

import (
	"strconv"
	"strings"
	"unicode/utf16"
)

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
