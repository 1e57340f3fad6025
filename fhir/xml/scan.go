package xml

import (
	"strings"
)

// token is what the scanner has read.
type token uint8

const (
	tokenEOF token = iota
	tokenStart
	tokenEnd
	tokenText
)

// maxAttributes bounds the attributes of an element and the namespaces in
// scope, each of which is compared with the others. XHTML has about 20.
const maxAttributes = 128

// attribute is one attribute that is no namespace declaration.
type attribute struct {
	prefix, local string
	value         string // decoded
	pos           int    // of the value
}

// tag is a start tag. Its attributes are good until the next one is read.
type tag struct {
	prefix, local string
	space         string // the namespace, resolved
	attrs         []attribute
	ownSpace      bool // it declares the default namespace itself
	pos           int
}

// open is an element whose end tag has not been read.
type open struct {
	name   string // as written, with its prefix
	spaces int    // how many namespaces were bound outside it
}

// scanner reads XML 1.0 with namespaces, without DTD, entities of one's own or
// processing instructions: what is not read cannot be an attack.
//
// https://www.w3.org/TR/xml/ and https://www.w3.org/TR/xml-names/
type scanner struct {
	src      string
	pos      int
	tag      tag    // the start tag read last
	text     string // the text read last, raw
	cdata    bool   // it was a CDATA section
	stack    []open
	spaces   []binding
	closing  bool // the start tag read last was an empty-element tag; its end is next
	html     bool // HTML's named entities are known too
	entities bool // one of them was met
}

// next reads one token; comments are passed over.
func (s *scanner) next() (token, error) {
	if s.closing {
		s.closing = false
		s.pop()
		return tokenEnd, nil
	}
	for s.pos < len(s.src) {
		if s.src[s.pos] != '<' {
			return tokenText, s.readText()
		}
		rest := s.src[s.pos:]
		switch {
		case strings.HasPrefix(rest, "</"):
			return tokenEnd, s.readEnd()
		case strings.HasPrefix(rest, "<!--"):
			if err := s.skipComment(); err != nil {
				return tokenEOF, err
			}
			continue
		case strings.HasPrefix(rest, "<![CDATA["):
			return tokenText, s.readCDATA()
		case strings.HasPrefix(rest, "<!"):
			return tokenEOF, s.fault("The XML holds a document type declaration, which FHIR does not allow. Leave it out.")
		case strings.HasPrefix(rest, "<?"):
			return tokenEOF, s.fault("The XML holds a processing instruction, which is not accepted. Leave it out.")
		}
		return tokenStart, s.readStart()
	}
	if len(s.stack) > 0 {
		return tokenEOF, s.malformed("it ends before it is complete")
	}
	return tokenEOF, nil
}

func (s *scanner) pop() {
	top := s.stack[len(s.stack)-1]
	s.stack = s.stack[:len(s.stack)-1]
	s.spaces = s.spaces[:top.spaces]
}

func (s *scanner) readText() error {
	end := strings.IndexByte(s.src[s.pos:], '<')
	if end < 0 {
		end = len(s.src) - s.pos
	}
	s.text, s.cdata = s.src[s.pos:s.pos+end], false
	if strings.Contains(s.text, "]]>") {
		return s.malformed("text holds ]]>")
	}
	if err := s.checkReferences(s.text); err != nil {
		return err
	}
	s.pos += end
	return nil
}

func (s *scanner) readCDATA() error {
	const start = len("<![CDATA[")
	end := strings.Index(s.src[s.pos:], "]]>")
	if end < 0 || len(s.stack) == 0 {
		return s.malformed("a CDATA section is not closed, or stands outside the root element")
	}
	s.text, s.cdata = s.src[s.pos+start:s.pos+end], true
	s.pos += end + len("]]>")
	return nil
}

func (s *scanner) skipComment() error {
	const start = len("<!--")
	end := strings.Index(s.src[s.pos+start:], "--")
	if end < 0 || !strings.HasPrefix(s.src[s.pos+start+end:], "-->") {
		return s.malformed("a comment is not closed, or holds two hyphens")
	}
	s.pos += start + end + len("-->")
	return nil
}

func (s *scanner) readEnd() error {
	end := strings.IndexByte(s.src[s.pos:], '>')
	if end < 0 {
		return s.malformed("an end tag is not closed")
	}
	name := strings.TrimRight(s.src[s.pos+2:s.pos+end], space)
	if len(s.stack) == 0 || s.stack[len(s.stack)-1].name != name {
		return s.malformed("an end tag does not match its start tag")
	}
	s.pos += end + 1
	s.pop()
	return nil
}

// readStart reads a start tag with its attributes and binds its namespaces.
func (s *scanner) readStart() error {
	s.tag = tag{pos: s.pos, attrs: s.tag.attrs[:0]}
	s.pos++
	name, prefix, local, err := s.readName()
	if err != nil {
		return err
	}
	s.tag.prefix, s.tag.local = prefix, local
	s.stack = append(s.stack, open{name, len(s.spaces)})
	for {
		spaced := s.skipSpace()
		if s.pos >= len(s.src) {
			return s.malformed("a tag is not closed")
		}
		switch c := s.src[s.pos]; {
		case c == '>':
			s.pos++
			return s.resolve()
		case c == '/' && strings.HasPrefix(s.src[s.pos:], "/>"):
			s.pos += 2
			s.closing = true
			return s.resolve()
		case !spaced:
			return s.malformed("there is no space before an attribute")
		}
		if err := s.readAttribute(); err != nil {
			return err
		}
	}
}

func (s *scanner) readAttribute() error {
	_, prefix, local, err := s.readName()
	if err != nil {
		return err
	}
	s.skipSpace()
	if s.pos >= len(s.src) || s.src[s.pos] != '=' {
		return s.malformed("an attribute has no value")
	}
	s.pos++
	s.skipSpace()
	if s.pos >= len(s.src) || (s.src[s.pos] != '"' && s.src[s.pos] != '\'') {
		return s.malformed("an attribute's value is not quoted")
	}
	start := s.pos + 1
	end := strings.IndexByte(s.src[start:], s.src[s.pos])
	if end < 0 {
		return s.malformed("an attribute's value is not closed")
	}
	value, err := s.attributeValue(s.src[start : start+end])
	if err != nil {
		return err
	}
	s.pos = start + end + 1
	if prefix == "xmlns" || (prefix == "" && local == "xmlns") {
		return s.bind(prefix, local, value)
	}
	if len(s.tag.attrs) == maxAttributes {
		return s.fault("An element has too many attributes.")
	}
	for _, a := range s.tag.attrs {
		if a.prefix == prefix && a.local == local {
			return s.malformed("an element has the same attribute twice")
		}
	}
	s.tag.attrs = append(s.tag.attrs, attribute{prefix, local, value, start})
	return nil
}

// readName reads a qualified name. Of the characters beyond ASCII it takes all
// for letters: no name of FHIR or XHTML holds one.
func (s *scanner) readName() (name, prefix, local string, err error) {
	start, colon := s.pos, -1
	for s.pos < len(s.src) && nameByte[s.src[s.pos]] {
		if s.src[s.pos] == ':' {
			if colon >= 0 {
				return "", "", "", s.malformed("a name holds two colons")
			}
			colon = s.pos - start
		}
		s.pos++
	}
	name = s.src[start:s.pos]
	local = name
	if colon >= 0 {
		prefix, local = name[:colon], name[colon+1:]
	}
	if local == "" || (colon >= 0 && prefix == "") || !startsName(local) || !startsName(name) {
		return "", "", "", s.malformed("a name is missing or wrong")
	}
	return name, prefix, local, nil
}

func startsName(s string) bool {
	c := s[0]
	return c != '-' && c != '.' && c != ':' && (c < '0' || c > '9')
}

// nameByte are the bytes of a name: letters, digits, and . - _ :
var nameByte = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= 0x80 || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_' || c == ':'
	}
	return t
}()

const space = " \t\r\n"

func (s *scanner) skipSpace() bool {
	start := s.pos
	for s.pos < len(s.src) && strings.IndexByte(space, s.src[s.pos]) >= 0 {
		s.pos++
	}
	return s.pos > start
}
