package search

import (
	"html"
	"strings"
	"unicode"

	"github.com/jamii-health/jamii/fhir"
)

// Words is what _text and _content ask for: words and phrases joined by AND, OR
// and NOT, with brackets. Words that stand side by side must all be there.
//
// https://hl7.org/fhir/R4/search.html#text
type Words struct {
	Join   Join
	Phrase string // normalised words with a space before each; one after unless the last is only the beginning of a word
	Of     []Words
}

// Join says how Words are put together.
type Join uint8

// The ways to join.
const (
	JoinNone Join = iota // a Phrase
	JoinAnd
	JoinOr
	JoinNot // of one
)

// in reports whether a text as TextOf gives it is as asked.
func (w Words) in(text string) bool {
	switch w.Join {
	case JoinNone:
		return strings.Contains(text, w.Phrase)
	case JoinNot:
		return !w.Of[0].in(text)
	case JoinAnd:
		for _, o := range w.Of {
			if !o.in(text) {
				return false
			}
		}
		return true
	}
	for _, o := range w.Of {
		if o.in(text) {
			return true
		}
	}
	return false
}

// The limits of a text search.
const (
	maxWords = 50
	maxDepth = 20
)

// text reads the value of _text or _content. A comma is OR, as in every
// parameter.
func (p *parser) text(whole bool, value string) (Expr, error) {
	alternatives, err := p.alternatives(value)
	if err != nil {
		return nil, err
	}
	return p.or(alternatives, func(s string) (Expr, error) {
		r := wordReader{rest: unescape(s)}
		w, ok := r.or(0)
		if r.skip(); !ok || r.rest != "" || r.words > maxWords {
			return nil, p.bad(`must be words to look for, such as: (bone OR liver) AND "yellow fever" NOT child`)
		}
		return Text{Whole: whole, Asked: w}, nil
	})
}

// wordReader reads a text query from left to right.
type wordReader struct {
	rest  string
	words int
}

func (r *wordReader) skip() { r.rest = strings.TrimLeftFunc(r.rest, unicode.IsSpace) }

// keyword takes AND, OR or NOT, which may be written small.
func (r *wordReader) keyword(word string) bool {
	r.skip()
	n := len(word)
	if len(r.rest) < n || !strings.EqualFold(r.rest[:n], word) {
		return false
	}
	if after := r.rest[n:]; after != "" && after[0] != '(' && after[0] != '"' && !unicode.IsSpace(rune(after[0])) {
		return false
	}
	r.rest = r.rest[n:]
	return true
}

func (r *wordReader) or(depth int) (Words, bool) {
	return r.list(depth, JoinOr, func() bool { return r.keyword("or") }, r.and)
}

func (r *wordReader) and(depth int) (Words, bool) {
	more := func() bool {
		if r.keyword("and") {
			return true
		}
		if r.skip(); r.rest == "" || r.rest[0] == ')' {
			return false
		}
		ahead := *r
		return !ahead.keyword("or")
	}
	return r.list(depth, JoinAnd, more, r.one)
}

// list reads items for as long as more says.
func (r *wordReader) list(depth int, join Join, more func() bool, item func(int) (Words, bool)) (Words, bool) {
	out := Words{Join: join}
	for {
		w, ok := item(depth)
		if !ok {
			return Words{}, false
		}
		out.Of = append(out.Of, w)
		if !more() {
			break
		}
	}
	if len(out.Of) == 1 {
		return out.Of[0], true
	}
	return out, true
}

// one reads NOT x, ( x ), "a phrase" or a word.
func (r *wordReader) one(depth int) (Words, bool) {
	if depth > maxDepth {
		return Words{}, false
	}
	if r.keyword("not") {
		w, ok := r.one(depth + 1)
		return Words{Join: JoinNot, Of: []Words{w}}, ok
	}
	if r.skip(); r.rest == "" || r.keyword("and") || r.keyword("or") {
		return Words{}, false
	}
	switch r.rest[0] {
	case '(':
		r.rest = r.rest[1:]
		w, ok := r.or(depth + 1)
		if r.skip(); !ok || !strings.HasPrefix(r.rest, ")") {
			return Words{}, false
		}
		r.rest = r.rest[1:]
		return w, true
	case '"':
		phrase, after, closed := strings.Cut(r.rest[1:], `"`)
		r.rest = after
		w, ok := r.phrase(phrase)
		return w, ok && closed
	}
	end := strings.IndexFunc(r.rest, func(c rune) bool { return unicode.IsSpace(c) || c == '(' || c == ')' || c == '"' })
	if end < 0 {
		end = len(r.rest)
	}
	word := r.rest[:end]
	r.rest = r.rest[end:]
	return r.phrase(word)
}

// phrase makes words of a text; a * at the end stands for any ending.
func (r *wordReader) phrase(text string) (Words, bool) {
	r.words++
	begun := strings.HasSuffix(text, "*")
	var b strings.Builder
	addWords(&b, text)
	if b.Len() == 0 {
		return Words{}, false
	}
	phrase := b.String()
	if !begun {
		phrase += " "
	}
	return Words{Phrase: phrase}, true
}

// TextOf gives the words of a resource's narrative, or with whole those of all
// its content: normalised, a space before each and at the end.
func TextOf(n *fhir.Node, whole bool) string {
	var b strings.Builder
	if whole {
		addContent(&b, n)
	} else {
		addWords(&b, plainText(n.Path("text", "div").String()))
	}
	b.WriteByte(' ')
	return b.String()
}

func addContent(b *strings.Builder, n *fhir.Node) {
	switch n.Kind {
	case fhir.KindString:
		if n.Name == "div" {
			addWords(b, plainText(n.Text))
			return
		}
		addWords(b, n.Text)
	case fhir.KindNumber:
		addWords(b, n.Text)
	default:
		for i := range n.Nodes {
			addContent(b, &n.Nodes[i])
		}
	}
}

// addWords adds the words of a text: runs of letters, digits and marks.
func addWords(b *strings.Builder, text string) {
	inWord := false
	for _, c := range Norm(text) {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.IsMark(c) {
			inWord = false
			continue
		}
		if !inWord {
			b.WriteByte(' ')
			inWord = true
		}
		b.WriteRune(c)
	}
}

// plainText takes the tags from XHTML.
func plainText(xhtml string) string {
	var b strings.Builder
	for xhtml != "" {
		text, tag, found := strings.Cut(xhtml, "<")
		b.WriteString(text)
		b.WriteByte(' ')
		if !found {
			break
		}
		end := ">"
		if strings.HasPrefix(tag, "!--") {
			end = "-->"
		}
		_, xhtml, _ = strings.Cut(tag, end)
	}
	return html.UnescapeString(b.String())
}
