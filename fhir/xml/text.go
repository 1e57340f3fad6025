package xml

import (
	stdxml "encoding/xml"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// attributeValue decodes what stands between the quotes: references are
// replaced, and a line break or tab that is written as such is a space.
//
// https://www.w3.org/TR/xml/#AVNormalize
func (s *scanner) attributeValue(raw string) (string, error) {
	if strings.IndexByte(raw, '<') >= 0 {
		return "", s.malformed("an attribute's value holds <")
	}
	if !strings.ContainsAny(raw, "&\t\r\n") {
		return raw, nil
	}
	if err := s.checkReferences(raw); err != nil {
		return "", err
	}
	if strings.ContainsAny(raw, "\t\r\n") {
		raw = spaces.Replace(raw)
	}
	return s.decode(raw), nil
}

var (
	spaces = strings.NewReplacer("\r\n", " ", "\r", " ", "\n", " ", "\t", " ")
	lines  = strings.NewReplacer("\r\n", "\n", "\r", "\n") // https://www.w3.org/TR/xml/#sec-line-ends
)

// checkReferences reports a reference that cannot be decoded.
func (s *scanner) checkReferences(raw string) error {
	for {
		i := strings.IndexByte(raw, '&')
		if i < 0 {
			return nil
		}
		raw = raw[i+1:]
		end := strings.IndexByte(raw, ';')
		if end < 0 {
			return s.malformed("an & does not begin a reference; write &amp;")
		}
		if _, ok := s.reference(raw[:end]); !ok {
			return s.malformed("a reference is not one of &amp; &lt; &gt; &quot; &apos; or a character's number")
		}
		raw = raw[end+1:]
	}
}

// decode replaces the references, which have been checked.
func (s *scanner) decode(raw string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(raw, '&')
		if i < 0 {
			break
		}
		b.WriteString(raw[:i])
		raw = raw[i+1:]
		end := strings.IndexByte(raw, ';')
		text, _ := s.reference(raw[:end])
		b.WriteString(text)
		raw = raw[end+1:]
	}
	b.WriteString(raw)
	return b.String()
}

// reference is the text that &name; stands for.
func (s *scanner) reference(name string) (string, bool) {
	switch name {
	case "amp":
		return "&", true
	case "lt":
		return "<", true
	case "gt":
		return ">", true
	case "quot":
		return `"`, true
	case "apos":
		return "'", true
	}
	if number, ok := strings.CutPrefix(name, "#"); ok {
		return character(number)
	}
	text, ok := stdxml.HTMLEntity[name]
	if !ok || !s.html {
		return "", false
	}
	s.entities = true
	return text, true
}

func character(number string) (string, bool) {
	base := 10
	if hex, ok := strings.CutPrefix(number, "x"); ok {
		number, base = hex, 16
	}
	if number == "" || number[0] == '+' || number[0] == '-' {
		return "", false
	}
	n, err := strconv.ParseUint(number, base, 32)
	if err != nil || n > utf8.MaxRune || !allowed(rune(n)) {
		return "", false
	}
	return string(rune(n)), true
}

// allowed reports whether XML 1.0 can hold the character at all, written as
// such or as a reference.
//
// https://www.w3.org/TR/xml/#charsets
func allowed(r rune) bool {
	switch {
	case r < 0x20:
		return r == '\t' || r == '\n' || r == '\r'
	case r >= 0xD800 && r <= 0xDFFF, r == 0xFFFE, r == 0xFFFF:
		return false
	}
	return r <= utf8.MaxRune
}

// allAllowed reports whether every character of s is allowed; s is good UTF-8.
func allAllowed(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < 0x20 && c != '\t' && c != '\n' && c != '\r':
			return false
		case c == 0xEF && i+2 < len(s) && s[i+1] == 0xBF && s[i+2] >= 0xBE: // U+FFFE, U+FFFF
			return false
		}
	}
	return true
}

var declaration = regexp.MustCompile(`^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.0"|'1\.0')` +
	`(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"([A-Za-z0-9._-]+)"|'([A-Za-z0-9._-]+)'))?` +
	`(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>`)

// prolog checks the encoding of the document and passes over the byte order
// mark and the XML declaration.
//
// https://hl7.org/fhir/R4/xml.html: FHIR elements are always UTF-8.
func (s *scanner) prolog() error {
	const notUTF8 = "The XML is not in UTF-8. Send it in UTF-8."
	if !utf8.ValidString(s.src) {
		return s.fault(notUTF8)
	}
	if !allAllowed(s.src) {
		return s.malformed("it holds a character that XML does not allow")
	}
	if strings.HasPrefix(s.src, "\uFEFF") {
		s.pos = len("\uFEFF")
	}
	rest := s.src[s.pos:]
	if !strings.HasPrefix(rest, "<?xml") || (len(rest) > 5 && strings.IndexByte(space, rest[5]) < 0) {
		return nil
	}
	m := declaration.FindStringSubmatch(rest)
	if m == nil {
		return s.malformed("its XML declaration is wrong or is not of XML 1.0")
	}
	if encoding := m[1] + m[2]; encoding != "" && !strings.EqualFold(encoding, "UTF-8") && !strings.EqualFold(encoding, "US-ASCII") {
		return s.fault(notUTF8)
	}
	s.pos += len(m[0])
	return nil
}
