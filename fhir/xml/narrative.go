package xml

import (
	"strings"

	"github.com/jamii-health/jamii/fhir"
)

// narrative reads the div whose start tag was read last. Its text is kept as
// it stands in the document where that stands on its own; otherwise, as when a
// prefix was declared further out, it is written anew.
//
// https://hl7.org/fhir/R4/narrative.html#xhtml
func (p *parser) narrative() (fhir.Node, error) {
	start := p.tag.pos
	whole, err := p.walkXHTML(nil)
	if err != nil {
		return fhir.Node{}, err
	}
	text := p.src[start:p.pos]
	if !whole {
		var b strings.Builder
		p.pos = start
		if _, err := p.next(); err != nil {
			return fhir.Node{}, err
		}
		if _, err := p.walkXHTML(&b); err != nil {
			return fhir.Node{}, err
		}
		text = b.String()
	} else if strings.IndexByte(text, '\r') >= 0 {
		text = lines.Replace(text)
	}
	return fhir.Node{Kind: fhir.KindString, Text: text, Offset: start}, nil
}

// walkXHTML reads a div up to its end tag, checks that all of it is XHTML, and
// writes it anew, without prefixes, when b is given. It reports whether the
// text stands on its own.
func (s *scanner) walkXHTML(b *strings.Builder) (whole bool, err error) {
	if s.tag.local != "div" || s.tag.space != xhtmlSpace {
		return false, s.fault("The narrative is not a div in the namespace " + xhtmlSpace + ".")
	}
	whole = s.tag.ownSpace
	var names []string // of the open elements
	for {
		if s.tag.space != xhtmlSpace {
			return false, s.fault("The narrative holds an element that is not XHTML.")
		}
		whole = s.plain() && whole
		names = append(names, s.tag.local)
		s.writeTag(b, len(names) == 1)
		if names, err = s.walkContent(b, names); err != nil || len(names) == 0 {
			return whole, err
		}
	}
}

// walkContent reads on to the next start tag, or to the end of the div.
func (s *scanner) walkContent(b *strings.Builder, names []string) ([]string, error) {
	for len(names) > 0 {
		tok, err := s.next()
		if err != nil || tok == tokenStart {
			return names, err
		}
		switch {
		case tok == tokenEnd:
			if b != nil {
				b.WriteString("</" + names[len(names)-1] + ">")
			}
			names = names[:len(names)-1]
		case b != nil && s.cdata:
			writeEscaped(b, s.text)
		case b != nil:
			writeEscaped(b, lines.Replace(s.decode(s.text)))
		}
	}
	return names, nil
}

// plain reports whether the tag needs no prefix.
func (s *scanner) plain() bool {
	if s.tag.prefix != "" {
		return false
	}
	for _, a := range s.tag.attrs {
		if a.prefix != "" && a.prefix != "xml" {
			return false
		}
	}
	return true
}

// writeTag writes the start tag read last. Attributes of foreign namespaces
// are left out: XHTML gives them no meaning.
func (s *scanner) writeTag(b *strings.Builder, root bool) {
	if b == nil {
		return
	}
	b.WriteString("<" + s.tag.local)
	if root {
		b.WriteString(` xmlns="` + xhtmlSpace + `"`)
	}
	for _, a := range s.tag.attrs {
		name := a.local
		if a.prefix != "" {
			switch space, _ := s.lookup(a.prefix); space {
			case xmlSpace:
				name = "xml:" + name
			case xhtmlSpace:
			default:
				continue
			}
		}
		b.WriteString(" " + name + `="`)
		writeEscaped(b, a.value)
		b.WriteByte('"')
	}
	b.WriteByte('>')
}

func writeEscaped(b *strings.Builder, s string) { b.WriteString(escaper.Replace(s)) }

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\r", "&#13;", "\t", "&#9;")

// embed returns a narrative from JSON as it may stand in an XML document: it
// must be one well-formed div, so that no text can break out of it. HTML's
// named entities, which XML does not know, become characters.
func embed(text string) (string, error) {
	text = strings.Trim(text, space)
	s := scanner{src: text, html: true, spaces: []binding{{"", xhtmlSpace}}}
	if !allAllowed(text) {
		return "", s.fault("the narrative holds a character that XML does not allow")
	}
	notDiv := s.fault("the narrative is not one well-formed div")
	if tok, err := s.next(); err != nil || tok != tokenStart {
		return "", notDiv
	}
	start := s.tag.pos
	whole, err := s.walkXHTML(nil)
	end := s.pos
	if err != nil {
		return "", notDiv
	}
	if tok, err := s.next(); err != nil || tok != tokenEOF {
		return "", notDiv
	}
	if whole && !s.entities {
		return text[start:end], nil
	}
	s.pos = start
	var b strings.Builder
	if _, err := s.next(); err != nil {
		return "", notDiv
	}
	if _, err := s.walkXHTML(&b); err != nil {
		return "", notDiv
	}
	return b.String(), nil
}
