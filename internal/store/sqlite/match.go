package sqlite

import (
	"slices"

	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// match is a condition on the rows of one index table; @ stands for the
// table's alias. No table: nothing can fit.
type match struct {
	table string
	clause
	// find is a weaker condition that the table's index by value answers; ""
	// when none does.
	find clause
	keys int // number of keys, when the table is search_key
}

// match translates the conditions that one index row answers.
func (t *translator) match(x search.Expr, typ string) (match, error) {
	switch x := x.(type) {
	case anyOf:
		return t.matchAny(x, typ)
	case search.Is:
		return t.matchIs(x, typ)
	case search.Word:
		return t.matchWord(x, typ)
	case search.Between:
		return t.matchBetween(x, typ)
	}
	return match{}, nil
}

func (t *translator) matchIs(x search.Is, typ string) (match, error) {
	tp, known, err := t.tp(typ, x.Param)
	if err != nil || !known {
		return match{}, err
	}
	if x.Kind == search.Reference && !x.Ident {
		c := raw("@.tp = " + integer(tp) + " AND @.target = " + integer(t.s.hasher.Target(x.Code)))
		return match{table: "search_link", clause: c, find: c}, nil
	}
	keys, err := t.keysOf(x, tp)
	if err != nil {
		return match{}, err
	}
	return t.matchKeys(keys, typ)
}

// keysOf returns the keys that answer a condition on a token or a uri.
func (t *translator) keysOf(x search.Is, tp int64) ([]int64, error) {
	var list []string
	if x.AnySystem && x.Kind == search.Token {
		var err error
		if list, err = systemsOf(t.ctx, t.q, tp); err != nil {
			return nil, err
		}
	}
	return t.s.hasher.Alternatives(x, list), nil
}

func (t *translator) matchKeys(keys []int64, typ string) (match, error) {
	id, known, err := t.s.names.id(t.ctx, t.q, typ)
	if err != nil || !known {
		return match{}, err
	}
	list := make([]int64, len(keys))
	for i, k := range keys {
		list[i] = mix(k, id)
	}
	in := integers(list)
	c := raw("@.key"+in.sql, in.args...)
	return match{table: "search_key", clause: c, find: c, keys: len(keys)}, nil
}

func (t *translator) matchWord(x search.Word, typ string) (match, error) {
	tp, known, err := t.tp(typ, x.Param)
	if err != nil || !known {
		return match{}, err
	}
	prefix := "@.tp = " + integer(tp) + " AND "
	c, from := wordCondition(x)
	m := match{table: "search_word", clause: raw(prefix+c.sql, c.args...)}
	if from == "" {
		return m, nil
	}
	from = cut(from)
	if x.Mode == search.Exact {
		m.find = raw(prefix+head("@")+" = ? AND "+c.sql, append([]any{from}, c.args...)...)
	} else {
		m.find = raw(prefix+head("@")+" >= ? AND "+head("@")+" < ? AND "+c.sql, append([]any{from, after(from)}, c.args...)...)
	}
	return m, nil
}

// cut returns as much of a text as is indexed.
func cut(s string) string {
	n := 0
	for i := range s {
		if n++; n > headSize {
			return s[:i]
		}
	}
	return s
}

// wordCondition writes a Word as a condition on norm and text, and returns
// what norm begins with, "" when that is not known. An empty text fits nothing
// but itself, as in search.Match.
func wordCondition(x search.Word) (c clause, begins string) {
	asked := store.Norm(x.Text)
	switch x.Mode {
	case search.Exact:
		return raw("@.norm = ? AND @.text = ?", asked, x.Text), asked
	case search.Contains:
		return raw("@.text <> '' AND instr(@.norm, ?) > 0", asked), ""
	case search.Below:
		if asked != "" {
			return raw("@.norm >= ? AND @.norm < ? AND substr(@.text, 1, length(?)) = ?", asked, after(asked), x.Text, x.Text), asked
		}
	}
	if asked == "" {
		return raw("@.text <> ''"), ""
	}
	return raw("@.norm >= ? AND @.norm < ?", asked, after(asked)), asked
}

// after returns the smallest text that is greater than all texts with a
// prefix. The last byte of UTF-8 is never 0xff.
func after(prefix string) string {
	b := []byte(prefix)
	b[len(b)-1]++
	return string(b)
}

func (t *translator) matchBetween(x search.Between, typ string) (match, error) {
	tp, known, err := t.tp(typ, x.Param)
	if err != nil || !known {
		return match{}, err
	}
	prefix := "@.tp = " + integer(tp) + " AND "
	m := match{table: "search_range", clause: raw(prefix + compare(x.Op, x.Lo, x.Hi, "@.lo", "@.hi"))}
	from, to := integer(x.Lo), integer(x.Hi)
	switch x.Op {
	case search.Eq:
		m.find = raw(prefix + "@.lo >= " + from + " AND @.lo <= " + to)
	case search.Gt:
		m.find = raw(prefix + "@.hi > " + to)
	case search.Ge: // what lies within also ends at or after its beginning
		m.find = raw(prefix + "@.hi >= " + from)
	case search.Lt:
		m.find = raw(prefix + "@.lo < " + from)
	case search.Le:
		m.find = raw(prefix + "@.lo <= " + to)
	case search.Sa:
		m.find = raw(prefix + "@.lo > " + to)
	case search.Eb:
		m.find = raw(prefix + "@.hi < " + from)
	case search.Ap:
		m.find = raw(prefix + "@.hi >= " + from)
	}
	return m, nil
}

// anyOf is a part of an Or: conditions that one index row answers, all on the
// same table.
type anyOf struct {
	search.Or
}

// merge gathers the alternatives of an Or that one look at a table answers, so
// that a list of thousands of codes does not become thousands of subqueries.
func merge(or search.Or) []search.Expr {
	if len(or) < 3 {
		return or
	}
	groups := map[string]search.Or{}
	var order []string
	var out []search.Expr
	for _, x := range or {
		group := ""
		switch x := x.(type) {
		case search.Is:
			if group = "key"; x.Kind == search.Reference && !x.Ident {
				group = "link"
			}
		case search.Word:
			group = "word"
		case search.Between:
			group = "range"
		default:
			out = append(out, x)
			continue
		}
		if groups[group] == nil {
			order = append(order, group)
		}
		groups[group] = append(groups[group], x)
	}
	for _, group := range order {
		out = append(out, anyOf{groups[group]})
	}
	return out
}

// matchAny puts keys into one list, and so the texts of exact words, one list
// per parameter; what is left stays an Or of conditions.
func (t *translator) matchAny(x anyOf, typ string) (match, error) {
	var keys []int64
	var parts []match
	texts := map[string][]string{}
	for _, part := range x.Or {
		is, isKey := part.(search.Is)
		if word, ok := part.(search.Word); ok && word.Mode == search.Exact {
			texts[word.Param] = append(texts[word.Param], word.Text)
			continue
		}
		if !isKey || is.Kind == search.Reference && !is.Ident {
			m, err := t.match(part, typ)
			if err != nil {
				return match{}, err
			}
			parts = append(parts, m)
			continue
		}
		tp, known, err := t.tp(typ, is.Param)
		if err != nil {
			return match{}, err
		}
		if known {
			more, err := t.keysOf(is, tp)
			if err != nil {
				return match{}, err
			}
			keys = append(keys, more...)
		}
	}
	if len(keys) > 0 { // then all are: merge has parted them from the others
		slices.Sort(keys)
		return t.matchKeys(slices.Compact(keys), typ)
	}
	for param, list := range texts {
		m, err := t.matchTexts(param, list, typ)
		if err != nil {
			return match{}, err
		}
		parts = append(parts, m)
	}
	return anyMatch(parts), nil
}

// matchTexts is an Or of exact words on one parameter.
func (t *translator) matchTexts(param string, list []string, typ string) (match, error) {
	tp, known, err := t.tp(typ, param)
	if err != nil || !known {
		return match{}, err
	}
	heads := make([]string, len(list))
	for i, text := range list {
		heads[i] = cut(store.Norm(text))
	}
	prefix := "@.tp = " + integer(tp) + " AND "
	exact := raw(prefix+"@.text IN (SELECT value FROM json_each(?))", jsonList(list))
	find := raw(prefix+head("@")+" IN (SELECT value FROM json_each(?))", jsonList(heads))
	return match{table: "search_word", clause: exact, find: find}, nil
}

// anyMatch joins conditions on one table.
func anyMatch(parts []match) match {
	var out match
	var exact, find []clause
	for _, m := range parts {
		if m.table != "" {
			out.table = m.table
			exact, find = append(exact, m.clause), append(find, m.find)
		}
	}
	out.clause = join(exact, " OR ", never)
	if !slices.ContainsFunc(find, func(c clause) bool { return c.sql == "" }) && len(find) <= 20 {
		out.find = join(find, " OR ", never)
	}
	return out
}
