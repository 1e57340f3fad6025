package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/scheme"
)

// code is a row of the file.
type code struct {
	code, display, definition, parent string
	inactive                          bool
	names                             []string // by codeList.languages
	line, column                      int      // of the parent cell, else of the code
}

// codeList is a file of codes that is in order.
type codeList struct {
	codes     []code
	languages []string
	parents   bool // at least one code has one
	inactive  int

	at     map[string]int // place in codes, by code
	below  [][]int        // children of each, in order of the file
	faults []string
}

var codeColumns = []string{"code", "display", "parent", "definition", "inactive"}

// displayColumn is the name of a further name's column; BCP 47 in short.
var displayColumn = regexp.MustCompile(`^display_([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)$`)

// validCode is FHIR's code: single spaces inside, none around.
//
// https://hl7.org/fhir/R4/datatypes.html#code
var validCode = regexp.MustCompile(`^[^\s]+(\s[^\s]+)*$`)

// readCodes reads the file and checks it. A fault begins with its line and
// column and ends with what to write.
func readCodes(in io.Reader) (list *codeList, faults []string) {
	l := &codeList{at: map[string]int{}}
	buffered := bufio.NewReaderSize(in, 1<<16)
	if mark, err := buffered.Peek(3); err == nil && string(mark) == "\ufeff" {
		_, _ = buffered.Discard(3) // three bytes are there
	}
	r := csv.NewReader(buffered)
	r.FieldsPerRecord, r.ReuseRecord = -1, true
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		l.fault(1, 1, "the file is empty: write a header, code,display")
		return l, l.faults
	}
	var columns []string
	if !l.cannotRead(err) {
		columns = l.header(r, header)
	}
	if len(l.faults) > 0 {
		return l, l.faults
	}
	l.rows(r, columns)
	if len(l.codes) == 0 && len(l.faults) == 0 {
		l.fault(2, 1, "there are no codes: write a row for each")
	}
	if len(l.faults) == 0 {
		l.link()
	}
	return l, l.faults
}

func (l *codeList) fault(line, column int, format string, args ...any) {
	l.faults = append(l.faults, fmt.Sprintf("%d:%d: ", line, column)+fmt.Sprintf(format, args...))
}

// cannotRead reports an error of the reader.
func (l *codeList) cannotRead(err error) bool {
	var pe *csv.ParseError
	switch {
	case errors.As(err, &pe):
		l.fault(pe.Line, pe.Column, `the quotes of this row do not match: write "" for a quote inside quotes`)
	case err != nil:
		l.fault(1, 1, "the file cannot be read: %v", err)
	}
	return err != nil
}

// header checks the names of the columns.
func (l *codeList) header(r *csv.Reader, header []string) []string {
	var columns []string
	for i, name := range header {
		line, column := r.FieldPos(i)
		name = strings.TrimSpace(name)
		lang := displayColumn.FindStringSubmatch(name)
		switch {
		case i == 0 && len(header) == 1 && strings.ContainsAny(name, ";\t"):
			l.fault(line, column, "the columns are not separated by commas: save the file as CSV with commas")
			return nil
		case slices.Contains(columns, name):
			l.fault(line, column, "column %s stands twice: keep one", name)
		case lang != nil:
			l.languages = append(l.languages, lang[1])
		case !slices.Contains(codeColumns, name):
			l.fault(line, column, "unknown column %q%s. The columns are %s and display_LANGUAGE, as display_fr", name, nearColumn(name), strings.Join(codeColumns, ", "))
		}
		columns = append(columns, name)
	}
	for _, must := range codeColumns[:2] {
		if !slices.Contains(columns, must) && len(l.faults) == 0 {
			l.fault(1, 1, "column %s is missing: write it in the header, as code,display", must)
		}
	}
	return columns
}

func nearColumn(name string) string {
	if near := scheme.Nearest(name, codeColumns); near != "" {
		return ": write " + near
	}
	return ""
}

func (l *codeList) rows(r *csv.Reader, columns []string) {
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) || l.cannotRead(err) {
			return
		}
		if len(row) != len(columns) {
			line, _ := r.FieldPos(0)
			l.fault(line, 1, "the row has %d cells and the header %d: put text with commas in quotes", len(row), len(columns))
			continue
		}
		l.row(r, columns, row)
	}
}

func (l *codeList) row(r *csv.Reader, columns, row []string) {
	var c code
	for i, text := range row {
		line, column := r.FieldPos(i)
		text = strings.TrimSpace(text)
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			l.fault(line, column, "the %s is not UTF-8: save the file as CSV UTF-8", columns[i])
			return
		}
		switch columns[i] {
		case "code":
			if !l.isCode(text, line, column) {
				return
			}
			c.code = text
			c.line, c.column = line, column
		case "display":
			c.display = text
		case "definition":
			c.definition = text
		case "parent":
			if c.parent = text; text != "" {
				l.parents = true
			}
		case "inactive":
			if !slices.Contains([]string{"", "true", "false"}, text) {
				l.fault(line, column, "inactive must be true or false, or empty for false")
				return
			}
			c.inactive = text == "true"
		default:
			c.names = append(c.names, text)
		}
	}
	if at := slices.Index(columns, "parent"); at >= 0 && c.parent != "" {
		c.line, c.column = r.FieldPos(at)
	}
	if c.inactive {
		l.inactive++
	}
	l.at[c.code] = len(l.codes)
	l.codes = append(l.codes, c)
}

// isCode checks the cell of a code.
func (l *codeList) isCode(text string, line, column int) bool {
	switch at, twice := l.at[text]; {
	case text == "":
		l.fault(line, column, "the code is empty: write one, or remove the row")
	case !validCode.MatchString(text):
		l.fault(line, column, "the code has two spaces in a row, or a line break: write one space")
	case twice:
		l.fault(line, column, "code %s stands in line %d too: keep one", text, l.codes[at].line)
	default:
		return true
	}
	return false
}

// maxLevels bounds the hierarchy: a level is an array and an object, and a
// concept holds three levels more for its names.
const maxLevels = (fhir.MaxDepth - 4) / 2

// link finds the children of each code and refuses parents that are not there,
// circles, and a hierarchy too deep to be stored.
func (l *codeList) link() {
	l.below = make([][]int, len(l.codes))
	up := make([]int, len(l.codes))
	for i, c := range l.codes {
		up[i] = -1
		if c.parent == "" {
			continue
		}
		at, ok := l.at[c.parent]
		if !ok {
			l.fault(c.line, c.column, "parent %s is no code of this file: write a code, or leave the cell empty", c.parent)
			continue
		}
		up[i] = at
		l.below[at] = append(l.below[at], i)
	}
	levels := make([]int, len(l.codes)) // 0: not looked at yet
	for i := range l.codes {
		l.climb(i, up, levels)
	}
}

// climb goes from a code to the top, or to a code whose level is known, and
// notes the levels on the way back.
func (l *codeList) climb(i int, up, levels []int) {
	const onTheWay = -1
	var way []int
	at := i
	for ; at >= 0 && levels[at] == 0; at = up[at] {
		levels[at] = onTheWay
		way = append(way, at)
	}
	level := 0
	if at >= 0 {
		if level = levels[at]; level == onTheWay {
			c := l.codes[at]
			l.fault(c.line, c.column, "code %s is below itself: write another parent", c.code)
			level = 0
		}
	}
	for _, at := range slices.Backward(way) {
		level++
		if levels[at] = level; level == maxLevels+1 {
			c := l.codes[at]
			l.fault(c.line, c.column, "code %s has more than %d codes above it: write a parent nearer to the top", c.code, maxLevels-1)
		}
	}
}

// concepts are the codes as CodeSystem has them, children inside their parents.
func (l *codeList) concepts() fhir.Node {
	var top []int
	for i := range l.codes {
		if l.codes[i].parent == "" {
			top = append(top, i)
		}
	}
	return l.nest(top)
}

func (l *codeList) nest(at []int) fhir.Node {
	out := make([]fhir.Node, len(at))
	for k, i := range at {
		out[k] = l.codes[i].concept(l.languages)
		if len(l.below[i]) > 0 {
			out[k].Nodes = append(out[k].Nodes, l.nest(l.below[i]).As("concept"))
		}
	}
	return fhir.Arr(out...)
}

func (c *code) concept(languages []string) fhir.Node {
	n := fhir.Obj(fhir.Str(c.code).As("code"))
	add := func(name string, value fhir.Node) { n.Nodes = append(n.Nodes, value.As(name)) }
	if c.display != "" {
		add("display", fhir.Str(c.display))
	}
	if c.definition != "" {
		add("definition", fhir.Str(c.definition))
	}
	var names []fhir.Node
	for i, lang := range languages {
		if c.names[i] != "" {
			names = append(names, fhir.Obj(fhir.Str(lang).As("language"), fhir.Str(c.names[i]).As("value")))
		}
	}
	if len(names) > 0 {
		add("designation", fhir.Arr(names...))
	}
	if c.inactive {
		add("property", fhir.Arr(fhir.Obj(fhir.Str("inactive").As("code"), fhir.Bool(true).As("valueBoolean"))))
	}
	return n
}
