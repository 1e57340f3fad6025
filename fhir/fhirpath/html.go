package fhirpath

import (
	"html"
	"strings"
)

// What narrative may hold: "a limited subset of XHTML: the basic formatting
// elements of chapters 7 to 11 (but section 4 of chapter 9) and 15 of HTML 4.0,
// a elements with a name or href, images and style attributes".
//
// https://hl7.org/fhir/R4/narrative.html#xhtml
var (
	narrativeElements   = set("a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img li ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var kbd dir menu address bdo map area ins del s strike u center font")
	narrativeAttributes = set("abbr accesskey align alt axis background bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset cite class clear color cols colspan compact coords dir face frame headers height href hreflang hspace id ismap lang longdesc name noshade nowrap rel rev rowspan rules scope shape size span src start style summary tabindex target title type usemap valign value vlink vspace width xml:lang xml:space xmlns")
	narrativeEntities   = set("amp lt gt quot apos")
)

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

const xhtmlNamespace = "http://www.w3.org/1999/xhtml"

// validNarrative reports whether s is well-formed XHTML in one div, with only
// the elements and attributes that narrative may have, no scripts, and some
// text or an image (invariants txt-1 and txt-2).
func validNarrative(s string) bool {
	p := xhtml{s: strings.TrimSpace(s)}
	return p.document()
}

// xhtml scans narrative. It knows the little of XML that narrative may use: no
// declarations, processing instructions or CDATA.
type xhtml struct {
	s       string
	open    []string
	content bool
}

func (p *xhtml) document() bool {
	if !strings.HasPrefix(p.s, "<div") {
		return false
	}
	for p.s != "" {
		var ok bool
		switch {
		case strings.HasPrefix(p.s, "<!--"):
			ok = p.comment()
		case strings.HasPrefix(p.s, "</"):
			ok = p.closing()
		case p.s[0] == '<':
			ok = p.opening()
		default:
			ok = p.characters()
		}
		if !ok {
			return false
		}
		if len(p.open) == 0 {
			return p.s == "" && p.content // nothing may follow the div
		}
	}
	return false
}

func (p *xhtml) comment() bool {
	end := strings.Index(p.s[4:], "-->")
	if end < 0 {
		return false
	}
	p.s = p.s[4+end+3:]
	return true
}

func (p *xhtml) closing() bool {
	end := strings.IndexByte(p.s, '>')
	if end < 0 || len(p.open) == 0 || strings.TrimRight(p.s[2:end], " \t\r\n") != p.open[len(p.open)-1] {
		return false
	}
	p.open = p.open[:len(p.open)-1]
	p.s = p.s[end+1:]
	return true
}

func (p *xhtml) characters() bool {
	end := strings.IndexByte(p.s, '<')
	if end < 0 {
		return false
	}
	text := p.s[:end]
	p.s = p.s[end:]
	if !validEntities(text) {
		return false
	}
	p.content = p.content || strings.TrimSpace(html.UnescapeString(text)) != ""
	return true
}

// validEntities wants every & to start a reference of XML, or a named one of
// HTML.
func validEntities(text string) bool {
	for {
		i := strings.IndexByte(text, '&')
		if i < 0 {
			return true
		}
		text = text[i+1:]
		end := strings.IndexByte(text, ';')
		if end < 1 {
			return false
		}
		name := text[:end]
		if name[0] != '#' && !narrativeEntities[name] && html.UnescapeString("&"+name+";") == "&"+name+";" {
			return false
		}
	}
}

func (p *xhtml) opening() bool {
	p.s = p.s[1:]
	name := p.name()
	if !narrativeElements[name] || len(p.open) > 200 {
		return false
	}
	first, namespace := len(p.open) == 0, ""
	for {
		spaced := p.space()
		switch {
		case strings.HasPrefix(p.s, "/>"):
			p.s = p.s[2:]
			p.content = p.content || name == "img"
			return !first
		case strings.HasPrefix(p.s, ">"):
			p.s = p.s[1:]
			p.open = append(p.open, name)
			p.content = p.content || name == "img"
			return !first || namespace == xhtmlNamespace
		}
		key, val, ok := p.attribute()
		if !ok || !spaced || !safeAttribute(name, key, val) {
			return false
		}
		if key == "xmlns" {
			namespace = val
		}
	}
}

func (p *xhtml) name() string {
	end := 0
	for end < len(p.s) && (isLetter(p.s[end]) || isDigit(p.s[end]) || p.s[end] == ':' || p.s[end] == '-') {
		end++
	}
	name := p.s[:end]
	p.s = p.s[end:]
	return name
}

func (p *xhtml) space() bool {
	before := len(p.s)
	p.s = strings.TrimLeft(p.s, " \t\r\n")
	return len(p.s) < before
}

func (p *xhtml) attribute() (key, val string, ok bool) {
	key = p.name()
	p.space()
	if key == "" || !strings.HasPrefix(p.s, "=") {
		return "", "", false
	}
	p.s = p.s[1:]
	p.space()
	if p.s == "" || (p.s[0] != '"' && p.s[0] != '\'') {
		return "", "", false
	}
	end := strings.IndexByte(p.s[1:], p.s[0])
	if end < 0 {
		return "", "", false
	}
	val = p.s[1 : 1+end]
	p.s = p.s[end+2:]
	return key, val, !strings.Contains(val, "<") && validEntities(val)
}

// safeAttribute refuses what is not listed, and addresses that run a script.
func safeAttribute(element, key, val string) bool {
	if !narrativeAttributes[key] {
		return false
	}
	switch key {
	case "href", "src", "background", "longdesc", "cite", "usemap":
		target := strings.ToLower(html.UnescapeString(val))
		target = strings.Map(func(r rune) rune {
			if r <= ' ' {
				return -1
			}
			return r
		}, target)
		if strings.HasPrefix(target, "javascript:") || strings.HasPrefix(target, "vbscript:") {
			return false
		}
		return !strings.HasPrefix(target, "data:") || (element == "img" && strings.HasPrefix(target, "data:image/"))
	case "xmlns":
		return val == xhtmlNamespace
	}
	return true
}
