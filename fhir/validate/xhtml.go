package validate

import (
	"html"
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir"
)

// The XHTML that a narrative may hold: basic formatting of HTML 4.0 chapters
// 7 to 11 (but section 4 of 9) and 15, links, images and style. No script, no
// form, no frame, no event attribute.
//
// https://hl7.org/fhir/R4/narrative.html#rules
var (
	xhtmlElements = words(`a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img
		li ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var u s strike center font del ins kbd bdo address`)
	xhtmlAttributes = words(`abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset cite class
		color cols colspan compact coords dir face frame headers height href hreflang hspace id lang longdesc name nowrap rel rev rowspan rules scope
		shape size span src start style summary tabindex title type usemap valign value vspace width xml:lang xml:space xmlns target`)
)

func words(list string) map[string]bool {
	out := map[string]bool{}
	for _, word := range strings.Fields(list) {
		out[word] = true
	}
	return out
}

// xhtml checks a narrative: txt-1 that it is well formed and harmless, txt-2
// that it says something.
func (w *walker) xhtml(n *fhir.Node) {
	s := scanner{rest: n.Text}
	if what := s.document(); what != "" {
		w.report(issue{n: n, code: fhir.IssueInvariant, rule: "txt-1", text: "Rule txt-1 is not met: " + what + "."})
		return
	}
	if !s.content {
		w.report(issue{n: n, code: fhir.IssueInvariant, rule: "txt-2", text: "Rule txt-2 is not met: the narrative is empty; add text or an image, or remove it."})
	}
}

// scanner reads XHTML. Its methods return what is wrong, or "".
type scanner struct {
	rest    string
	open    []string // the elements around the text at hand
	content bool     // text or an image was met
}

func (s *scanner) document() string {
	if s.rest = strings.TrimSpace(s.rest); !strings.HasPrefix(s.rest, "<div") {
		return "the narrative must begin with a div element"
	}
	for s.rest != "" {
		if what := s.next(); what != "" {
			return what
		}
		if len(s.open) == 0 && strings.TrimSpace(s.rest) != "" {
			return "nothing may follow the outer div element"
		}
	}
	if len(s.open) > 0 {
		return "an element is not closed"
	}
	return ""
}

// next reads a tag, a comment or text.
func (s *scanner) next() string {
	switch {
	case strings.HasPrefix(s.rest, "<!--"):
		end := strings.Index(s.rest[4:], "-->")
		if end < 0 {
			return "a comment is not closed"
		}
		s.rest = s.rest[4+end+3:]
		return ""
	case strings.HasPrefix(s.rest, "</"):
		return s.endTag()
	case s.rest[0] == '<':
		return s.startTag()
	}
	end := strings.IndexByte(s.rest, '<')
	if end < 0 {
		end = len(s.rest)
	}
	text := s.rest[:end]
	s.rest = s.rest[end:]
	if strings.TrimSpace(text) != "" {
		s.content = true
	}
	return entities(text)
}

// entities checks that each & begins an entity: in JSON a narrative has no DTD
// but may use the names of HTML.
func entities(text string) string {
	for {
		i := strings.IndexByte(text, '&')
		if i < 0 {
			return ""
		}
		text = text[i+1:]
		end := strings.IndexByte(text, ';')
		if end < 1 || end > 32 || strings.ContainsAny(text[:end], " \t\r\n&<>\"'") {
			return "an & must be written &amp;"
		}
		// What has no meaning is left as it is, or becomes the mark of an error.
		if entity := "&" + text[:end+1]; text[:end] != "amp" && (html.UnescapeString(entity) == entity || html.UnescapeString(entity) == "\ufffd") {
			return "an entity is used that HTML does not have"
		}
	}
}

func (s *scanner) endTag() string {
	end := strings.IndexByte(s.rest, '>')
	if end < 0 {
		return "a tag is not closed"
	}
	name := strings.TrimRight(s.rest[2:end], " \t\r\n")
	s.rest = s.rest[end+1:]
	if len(s.open) == 0 || s.open[len(s.open)-1] != name {
		return "elements are not closed in the order they were opened"
	}
	s.open = s.open[:len(s.open)-1]
	return ""
}

func (s *scanner) startTag() string {
	name := s.name(1)
	if !xhtmlElements[name] {
		return "an element is used that a narrative may not hold"
	}
	s.rest = s.rest[1+len(name):]
	if name == "img" {
		s.content = true
	}
	root := len(s.open) == 0
	namespace := ""
	var seen [8]string
	names := seen[:0]
	for {
		before := len(s.rest)
		s.rest = strings.TrimLeft(s.rest, " \t\r\n")
		switch {
		case s.rest == "":
			return "a tag is not closed"
		case strings.HasPrefix(s.rest, "/>") || s.rest[0] == '>':
			if root && namespace != xhtmlNamespace {
				return "the outer div needs xmlns=\"http://www.w3.org/1999/xhtml\""
			}
			if s.rest[0] == '>' {
				s.open = append(s.open, name)
				s.rest = s.rest[1:]
			} else {
				s.rest = s.rest[2:]
			}
			return ""
		case before == len(s.rest):
			return "a tag is not well formed"
		}
		attr, value, what := s.attribute()
		if what != "" {
			return what
		}
		if slices.Contains(names, attr) {
			return "a tag has an attribute twice"
		}
		names = append(names, attr)
		if attr == "xmlns" {
			namespace = value
		}
	}
}

// attribute reads name="value".
func (s *scanner) attribute() (name, value, what string) {
	name = s.name(0)
	if !xhtmlAttributes[name] {
		return "", "", "an attribute is used that a narrative may not hold"
	}
	rest, ok := strings.CutPrefix(strings.TrimLeft(s.rest[len(name):], " \t\r\n"), "=")
	rest = strings.TrimLeft(rest, " \t\r\n")
	if !ok || rest == "" || (rest[0] != '"' && rest[0] != '\'') {
		return "", "", "an attribute has no quoted value"
	}
	end := strings.IndexByte(rest[1:], rest[0])
	if end < 0 {
		return "", "", "an attribute's value is not closed"
	}
	value = rest[1 : end+1]
	s.rest = rest[end+2:]
	switch {
	case strings.Contains(value, "<"):
		return "", "", "an attribute's value holds a <"
	case links[name] && active(value, name == "src"):
		return "", "", "a link may not hold a script"
	case name == "style" && activeStyle(value):
		return "", "", "a style may not run or import anything"
	case name == "xmlns" && value != xhtmlNamespace:
		return "", "", "an element is of another namespace than XHTML"
	}
	return name, value, entities(value)
}

const xhtmlNamespace = "http://www.w3.org/1999/xhtml"

// links are the attributes that hold an address.
var links = words("href src longdesc cite usemap")

// active reports whether a link would run code when followed. Data is for
// pictures alone, and not those that can hold scripts.
func active(link string, picture bool) bool {
	plain := squeezed(link)
	if data, ok := strings.CutPrefix(plain, "data:"); ok {
		return !picture || !strings.HasPrefix(data, "image/") || strings.HasPrefix(data, "image/svg")
	}
	return strings.HasPrefix(plain, "javascript:") || strings.HasPrefix(plain, "vbscript:")
}

// activeStyle reports whether CSS would run something, or load a style sheet. A
// backslash or a comment would hide it.
func activeStyle(style string) bool {
	plain := squeezed(style)
	for _, bad := range []string{"expression(", "javascript:", "vbscript:", "@import", "behavior:", "-moz-binding", "\\", "/*"} {
		if strings.Contains(plain, bad) {
			return true
		}
	}
	return false
}

// squeezed is what a browser makes of an attribute: entities read, white space
// and case ignored.
func squeezed(value string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f || r == 0xfeff {
			return -1
		}
		return r
	}, html.UnescapeString(value)))
}

// name reads the name that begins at from.
func (s *scanner) name(from int) string {
	end := from
	for end < len(s.rest) {
		c := s.rest[end]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == ':' || c == '-' || c == '_') {
			break
		}
		end++
	}
	return s.rest[from:end]
}
