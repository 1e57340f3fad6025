package postgres

import (
	"fmt"
	"strings"

	"github.com/jamii-health/jamii/fhir/search"
)

// last is above every character of a text: the end of a range of prefixes.
const last = "\U0010ffff"

// raw and whole are a word as it was written, and folded but not cut.
const (
	rawSQL   = `coalesce(w.raw, w.whole, w.norm)`
	wholeSQL = `coalesce(w.whole, w.norm)`
)

func (b *builder) wordExists(param int64, what string) cond {
	return cond{"EXISTS (SELECT FROM word w WHERE w.rid = c.rid AND w.part = c.part AND w.param = " + b.arg(param) + " AND " + what + b.fence() + ")", true}
}

// fence keeps PostgreSQL from turning a look at one row into a join, which
// would read everything before the first row.
func (b *builder) fence() string {
	if b.perRow {
		return " OFFSET 0"
	}
	return ""
}

// wholeWords asks for one of the texts as they are written.
func (b *builder) wholeWords(param int64, texts []string) string {
	heads := make([]string, len(texts))
	for i, t := range texts {
		heads[i] = head(search.Norm(t))
	}
	return b.wordExists(param, "w.norm = ANY("+b.arg(heads)+"::text[]) AND "+rawSQL+" = ANY("+b.arg(texts)+"::text[])").sql
}

// prefix bounds the folded text.
func (b *builder) prefix(norm string) string {
	h := head(norm)
	return "w.norm >= " + b.arg(h) + "::text AND w.norm < " + b.arg(h+last) + "::text"
}

// word translates by mode, as search.Match reads it.
func (b *builder) word(x search.Word, k *kind) cond {
	param, text := b.d.param(k.name, x.Param), clean(x.Text)
	norm := search.Norm(text)
	var what string
	switch x.Mode {
	case search.Exact:
		return cond{b.wholeWords(param, []string{text}), true}
	case search.Contains:
		what = "strpos(" + wholeSQL + ", " + b.arg(norm) + "::text) > 0"
	default: // Prefix and Below
		what = b.prefix(norm)
		if len(norm) > maxWord {
			what += " AND starts_with(" + wholeSQL + ", " + b.arg(norm) + "::text)"
		}
		if x.Mode == search.Below {
			what += " AND starts_with(" + rawSQL + ", " + b.arg(text) + "::text)"
		}
	}
	if norm == "" {
		what += " AND " + rawSQL + " <> ''" // no text begins with nothing
	}
	return b.wordExists(param, what)
}

// between translates as written down at search.Op: v are the ends of a value,
// a what is asked.
func (b *builder) between(x search.Between, k *kind) cond {
	lo, hi := b.arg(x.Lo)+"::int8", b.arg(x.Hi)+"::int8"
	// Both bounds are arguments even where one is not needed: PostgreSQL wants
	// every argument used.
	parts := []string{
		"EXISTS (SELECT FROM span s WHERE s.rid = c.rid AND s.part = c.part AND s.param = ", b.arg(b.d.param(k.name, x.Param)),
		" AND ", overlap(x.Op, lo, hi), " AND ", lo, " IS NOT NULL AND ", hi, " IS NOT NULL", b.fence(), ")",
	}
	return cond{strings.Join(parts, ""), true}
}

// overlap compares a span s with what is asked.
func overlap(op search.Op, lo, hi string) string {
	within := fmt.Sprintf("s.lo >= %s AND s.hi <= %s AND s.lo <= %s", lo, hi, hi)
	return map[search.Op]string{
		search.Eq: within,
		search.Ne: "NOT (s.lo >= " + lo + " AND s.hi <= " + hi + ")",
		search.Gt: "s.hi > " + hi,
		search.Lt: "s.lo < " + lo,
		search.Ge: "(s.hi > " + hi + " OR " + within + ")",
		search.Le: "(s.lo < " + lo + " OR " + within + ")",
		search.Sa: "s.lo > " + hi,
		search.Eb: "s.hi < " + lo + " AND s.lo < " + lo,
		search.Ap: "s.lo <= " + hi + " AND s.hi >= " + lo,
	}[op]
}
