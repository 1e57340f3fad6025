package scheme

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/govalues/decimal"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
)

// A column of a CSV file: its name and what to write in it.
type column struct {
	name     string
	required bool // a value in every row
	optional bool // the column itself may be left out
}

// table is a CSV file being read. Its getters report what is wrong with the
// cell of the current row and return the zero value.
type table struct {
	ps     *problems
	file   string
	index  map[string]int
	rows   [][]string
	lines  []int
	at     int
	spoilt bool // the current row has a fault
}

var codePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,15}$`)

// openTable reads the file and checks its header. Names of articles and places
// have a column per language, the first of which must be there.
func openTable(ps *problems, file string, data []byte, languages []string, columns ...column) *table {
	t := &table{ps: ps, file: file, index: map[string]int{}, at: -1}
	columns = withNames(columns, languages)
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil {
		ps.add(file, 1, "no header row: write %s", columnNames(columns))
		return t
	}
	for i, name := range header {
		name = strings.TrimSpace(name)
		if !slices.ContainsFunc(columns, func(c column) bool { return c.name == name }) {
			t.unknown(name, columns)
			continue
		}
		if _, twice := t.index[name]; twice {
			t.problem(1, name, "the column stands twice: keep one")
		}
		t.index[name] = i
	}
	for _, c := range columns {
		if _, ok := t.index[c.name]; !ok && !c.optional {
			t.problem(1, c.name, "the column is missing: the header is "+columnNames(columns))
			t.spoilt = true
		}
	}
	if t.spoilt {
		return t
	}
	t.read(r, len(header))
	t.demand(columns)
	return t
}

func withNames(columns []column, languages []string) []column {
	var out []column
	for _, c := range columns {
		if c.name != "name" {
			out = append(out, c)
			continue
		}
		for i, lang := range languages {
			out = append(out, column{name: "name_" + lang, required: i == 0, optional: i > 0})
		}
	}
	return out
}

func columnNames(columns []column) string {
	var names []string
	for _, c := range columns {
		names = append(names, c.name)
	}
	return strings.Join(names, ",")
}

func (t *table) unknown(name string, columns []column) {
	text := "unknown column"
	var names []string
	for _, c := range columns {
		names = append(names, c.name)
	}
	if near := Nearest(name, names); near != "" {
		text += ": write " + near
	}
	t.problem(1, name, text+"; known here: "+strings.Join(names, ", "))
}

func (t *table) read(r *csv.Reader, width int) {
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		line, _ := r.FieldPos(0)
		var pe *csv.ParseError
		switch {
		case errors.As(err, &pe):
			t.problem(pe.Line, "", "the quotes of this row do not match: write \"\" for a quote inside quotes")
			return
		case err != nil:
			t.problem(line, "", "the row cannot be read: "+err.Error())
			return
		case len(row) != width:
			t.problem(line, "", "the row has "+strconv.Itoa(len(row))+" cells and the header "+strconv.Itoa(width)+": put text with commas in quotes")
			continue
		}
		t.rows, t.lines = append(t.rows, row), append(t.lines, line)
	}
}

// demand reports empty cells of required columns.
func (t *table) demand(columns []column) {
	for i, row := range t.rows {
		for _, c := range columns {
			if j, ok := t.index[c.name]; ok && c.required && strings.TrimSpace(row[j]) == "" {
				t.problem(t.lines[i], c.name, "the cell is empty: write a value")
			}
		}
	}
}

func (t *table) problem(line int, column, text string) {
	t.ps.list = append(t.ps.list, Problem{File: t.file, Line: line, Column: column, Text: text})
}

// next goes to the next row.
func (t *table) next() bool {
	t.at++
	t.spoilt = false
	return t.at < len(t.rows)
}

func (t *table) line() int { return t.lines[t.at] }

func (t *table) fault(column, text string) {
	t.spoilt = true
	t.problem(t.line(), column, text)
}

func (t *table) text(column string) string {
	i, ok := t.index[column]
	if !ok {
		return ""
	}
	return strings.TrimSpace(t.rows[t.at][i])
}

// code reads a code, which may become part of a resource id.
func (t *table) code(column string) string {
	s := t.text(column)
	if s != "" && !codePattern.MatchString(s) {
		t.fault(column, "a code has letters, digits, points and hyphens, starts with a letter or digit and is at most 16 long")
	}
	return s
}

// choice reads one of a few words; empty gives the first.
func (t *table) choice(column string, words ...string) string {
	s := t.text(column)
	if s == "" {
		return words[0]
	}
	if !slices.Contains(words, s) {
		t.fault(column, "write "+oneOf(words)+" instead of \""+clip(s)+"\"")
		return words[0]
	}
	return s
}

// names reads the name columns.
func (t *table) names(languages []string) Texts {
	out := Texts{}
	for _, lang := range languages {
		if s := t.text("name_" + lang); s != "" {
			out[lang] = s
		}
	}
	return out
}

// money reads an amount; nil when the cell is empty.
func (t *table) money(column string, decimals int) *Money {
	s := t.text(column)
	if s == "" {
		return nil
	}
	v, err := decimal.Parse(s)
	switch {
	case !jsonNumber.MatchString(s) || err != nil:
		t.fault(column, "\""+clip(s)+"\" is no amount: write digits with a point and no spaces or commas, such as 1200 or 1200.50")
		return nil
	case v.IsNeg():
		t.fault(column, "an amount is not negative: write 0 when it is free of charge")
		return nil
	case decimals >= 0 && v.MinScale() > decimals:
		t.fault(column, "the currency has "+strconv.Itoa(decimals)+" digits after the point: round the amount")
		return nil
	}
	return &v
}

// whole reads a whole number, 0 when the cell is empty.
func (t *table) whole(column string) int {
	s := t.text(column)
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		t.fault(column, "\""+clip(s)+"\" is no whole number: write digits only, such as 30")
		return 0
	}
	return n
}

// day reads a date, none when the cell is empty.
func (t *table) day(column string) date.Date {
	s := t.text(column)
	if s == "" {
		return date.None
	}
	d, err := date.Parse(s)
	if err != nil || len(s) != len("2006-01-02") {
		t.fault(column, "\""+clip(s)+"\" is no date: write it as YYYY-MM-DD, such as 2025-07-17")
	}
	return d
}

// span reads the columns from and to.
func (t *table) span() (from, to date.Date) {
	from, to = t.day("from"), t.day("to")
	if !to.IsZero() && to.Before(from) {
		t.fault("to", "the last day is before the first: write "+from.String()+" or later")
	}
	return from, to
}

func (t *table) careType() claims.CareType {
	return claims.CareType(t.choice("care_type", "B", "O", "I"))
}

// clip shortens a cell for a message.
func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "..."
	}
	return s
}
