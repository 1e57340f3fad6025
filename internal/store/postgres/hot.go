package postgres

import (
	_ "embed"
	"encoding/csv"
	"path"
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// Hot columns hold what is searched most, beside the keys, in B-trees that can
// be walked in order or counted without the rows: two references (whom a
// resource is about and by whom it is), a state and a day. hot.csv says which
// parameters of which type these are: the first line whose pattern fits. Two
// parameters in one field name the same thing, as patient and subject do.
//
// A column has a value only when the resource has exactly one. A row that has
// more of anything is cold, and its columns of that are null; so
//
//	hot_who = X OR cold AND hot_who IS NULL AND (the keys say so)
//
// is exact. A row of a program that knows no hot columns is cold too. Until
// the rows of a type are filled by the layout of this program (fill.go) no
// column is used.

//go:embed hot.csv
var hotCSV string

// layout says what stands in the hot columns of a type.
type layout struct {
	who, by    []string
	state, day string
	text       string // as the catalogue of types keeps it
}

// layouts are the lines of hot.csv, in order.
type layouts []pattern

type pattern struct {
	types string
	layout
}

// readLayouts panics when the text, which is part of the program, is bad.
func readLayouts(text string) layouts {
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(lines) == 0 || len(lines[0]) != 5 {
		panic("postgres: hot.csv is not a table of five columns")
	}
	var out layouts
	for _, l := range lines[1:] {
		if _, err := path.Match(l[0], ""); err != nil {
			panic("postgres: hot.csv: " + err.Error())
		}
		out = append(out, pattern{l[0], layout{
			who: strings.Fields(l[1]), by: strings.Fields(l[2]), state: l[3], day: l[4],
			text: strings.Join(l[1:], ","),
		}})
	}
	return out
}

// of returns the layout of a type; what no line fits has no hot column.
func (ls layouts) of(typ string) *layout {
	for i := range ls {
		if ok, err := path.Match(ls[i].types, typ); ok && err == nil {
			return &ls[i].layout
		}
	}
	return &layout{text: ",,,"}
}

// hot are the hot columns of a row.
type hot struct {
	who, by, state, day, end *int64
	cold                     bool
}

// values are what a resource has under the hot parameters.
type values struct {
	who, by, state []int64
	days           []span
	strange        bool // a code that the table code does not hold as it is
}

// columns keeps what is single.
func (v *values) columns() hot {
	h := hot{cold: v.strange}
	one := func(list []int64) *int64 {
		slices.Sort(list)
		list = slices.Compact(list)
		if len(list) > 1 {
			h.cold = true
		}
		if len(list) != 1 {
			return nil
		}
		return &list[0]
	}
	h.who, h.by, h.state = one(v.who), one(v.by), one(v.state)
	if v.strange {
		h.state = nil
	}
	for i, d := range v.days {
		if d.lo != v.days[0].lo || d.hi != v.days[0].hi {
			h.cold, h.day, h.end = true, nil, nil
			break
		}
		h.day, h.end = &v.days[i].lo, &v.days[i].hi
	}
	return h
}

// heat makes the hot columns of an index.
func (d *database) heat(l *layout, index search.Index) hot {
	var vs values
	for i := range index {
		v := &index[i]
		switch v.Kind {
		case search.Reference:
			if v.Code == "" {
				continue
			}
			if slices.Contains(l.who, v.Param) {
				vs.who = append(vs.who, d.hash.Target(v.Code))
			}
			if slices.Contains(l.by, v.Param) {
				vs.by = append(vs.by, d.hash.Target(v.Code))
			}
		case search.Token:
			if v.Param == l.state {
				vs.addState(d.hash, v.Code)
			}
		case search.Date:
			if v.Param == l.day {
				vs.days = append(vs.days, span{lo: v.Lo, hi: v.Hi})
			}
		}
	}
	return vs.columns()
}

// addState adds a code. The table code holds long and broken texts changed:
// their rows are cold, so that filling comes to the same columns as writing.
func (v *values) addState(h store.Hasher, code string) {
	if !ordinary(code) {
		v.strange = true
		return
	}
	v.state = append(v.state, h.Target(code))
}

func ordinary(code string) bool {
	return len(code) < maxWord-4 && clean(code) == code && !strings.ContainsRune(code, '\ufffd')
}
