package postgres

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// sortable is how many resources are sorted by what is not in an index.
const sortable = 20_000

// order is how the rows of a search are sorted. Ties are broken by place, in
// the direction of the first key; without keys the newest come first.
type order struct {
	keys []sortKey
	desc bool
}

type sortKey struct {
	sql    string // over a candidate c
	desc   bool
	number bool // int8, else text
	clock  bool // the time of update, which is never missing
}

func (k sortKey) into(v *sortValue) any {
	if k.number {
		return &v.Number
	}
	return &v.Text
}

// order translates sort keys.
func (b *builder) order(by []store.Sort, k *kind) (order, error) {
	o := order{desc: true}
	for i, s := range by {
		if i == 0 {
			o.desc = s.Desc
		}
		key, err := b.sortKey(s, k)
		if err != nil {
			return o, err
		}
		o.keys = append(o.keys, key)
	}
	return o, nil
}

func (b *builder) sortKey(s store.Sort, k *kind) (sortKey, error) {
	key := sortKey{desc: s.Desc}
	extreme := "min"
	if s.Desc {
		extreme = "max"
	}
	param := func() string { return b.arg(b.d.param(k.name, s.Param)) }
	const here = ".rid = c.rid AND %[1]s.part = c.part AND %[1]s.param = "
	value := func(table, alias, what string) string {
		return "(SELECT " + extreme + "(" + what + ") FROM " + table + " " + alias + " WHERE " + alias + fmt.Sprintf(here, alias) + param() + ")"
	}
	switch {
	case s.Param == "_lastUpdated":
		key.sql, key.number, key.clock = "c.updated", true, true
	case s.Param == "_id":
		key.sql = `coalesce(c.fid, place_id(c.part, c.rid)) COLLATE "C"`
	case s.Kind == search.Date || s.Kind == search.Number || s.Kind == search.Quantity:
		key.sql, key.number = value("span", "s", "s.lo"), true
	case s.Kind == search.String:
		key.sql = value("word", "w", "w.norm")
	case s.Kind == search.URI:
		key.sql = value("word", "w", "left("+rawSQL+", 200)")
	case s.Kind == search.Token || s.Kind == search.Reference:
		key.sql = "(SELECT " + extreme + "(d.value) FROM code d WHERE d.param = " + param() + " AND d.key = ANY(c.keys))"
	default:
		return key, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueNotSupported, Text: "Sorting by this kind of parameter is not offered. Sort by another parameter."}
	}
	return key, nil
}

// byTime tells whether the first key is the time of update.
func (o order) byTime() bool { return len(o.keys) > 0 && o.keys[0].clock }

// costly tells whether candidates must be looked at one by one.
func (o order) costly() bool {
	for _, k := range o.keys {
		if !k.clock {
			return true
		}
	}
	return false
}

// names lists the columns the keys have, each behind a comma.
func (o order) names() string {
	var s strings.Builder
	for i := range o.keys {
		fmt.Fprintf(&s, ", c.s%d", i)
	}
	return s.String()
}

// columns lists the expressions of the keys under their names.
func (o order) columns() string {
	var s strings.Builder
	for i, k := range o.keys {
		fmt.Fprintf(&s, ", %s AS s%d", k.sql, i)
	}
	return s.String()
}

func direction(desc bool) string {
	if desc {
		return " DESC"
	}
	return ""
}

// by is the ORDER BY clause.
func (o order) by() string {
	var s strings.Builder
	s.WriteString(" ORDER BY ")
	for i, k := range o.keys {
		fmt.Fprintf(&s, "c.s%d%s", i, direction(k.desc))
		if !k.clock {
			s.WriteString(" NULLS LAST")
		}
		s.WriteString(", ")
	}
	s.WriteString("c.rid" + direction(o.desc) + ", c.part" + direction(o.desc))
	return s.String()
}

// cursor is where a page ended.
type cursor struct {
	Keys []sortValue `json:"k,omitempty"`
	RID  int64       `json:"r"`
	Part int16       `json:"p"`
}

// sortValue holds one of the two, or none where the resource has no value.
type sortValue struct {
	Number *int64  `json:"n,omitempty"`
	Text   *string `json:"t,omitempty"`
}

func (v sortValue) missing() bool { return v.Number == nil && v.Text == nil }

func (c cursor) write() []byte {
	out, err := json.Marshal(c)
	if err != nil { // numbers and texts always marshal
		panic("postgres: " + err.Error())
	}
	return out
}

// readCursor reads Page.Next of the page before; nil is the first page.
func readCursor(text []byte, keys int) (*cursor, error) {
	if len(text) == 0 {
		return nil, nil
	}
	var c cursor
	if err := json.Unmarshal(text, &c); err != nil || len(c.Keys) != keys {
		return nil, badCursor()
	}
	return &c, nil
}

func badCursor() error {
	return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueInvalid, Text: "This link to a page is not one of this search. Start the search again."}
}

// after is the condition that a row stands behind a cursor: it is behind in
// the first key, or equal there and behind in the second, and so on.
func (b *builder) after(o order, c *cursor) string {
	rid, part := b.arg(c.RID)+"::int8", b.arg(c.Part)+"::int2"
	sign := " > "
	if o.desc {
		sign = " < "
	}
	place := "(c.rid, c.part)" + sign + "(" + rid + ", " + part + ")"
	if len(o.keys) == 1 && o.keys[0].clock && c.Keys[0].Number != nil {
		// One comparison of rows, which the index on versions answers.
		return "(c.s0, c.rid, c.part)" + sign + "(" + b.arg(*c.Keys[0].Number) + "::int8, " + rid + ", " + part + ")"
	}
	var alternatives []string
	equal := ""
	for i, k := range o.keys {
		v := c.Keys[i]
		if v.missing() { // only others without a value stand behind
			equal += fmt.Sprintf("c.s%d IS NULL AND ", i)
			continue
		}
		var at string
		if k.number {
			at = b.arg(v.Number) + "::int8"
		} else {
			at = b.arg(v.Text) + "::text"
		}
		sign := ">"
		if k.desc {
			sign = "<"
		}
		alternatives = append(alternatives, fmt.Sprintf("%s(c.s%d %s %s OR c.s%d IS NULL)", equal, i, sign, at, i))
		equal += fmt.Sprintf("c.s%d = %s AND ", i, at)
	}
	alternatives = append(alternatives, equal+place)
	return "(" + strings.Join(alternatives, " OR ") + ")"
}
