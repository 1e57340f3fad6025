package scheme

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is a fault in a pack: where it is and what to write instead.
type Problem struct {
	File   string
	Line   int    // 0 when the file as a whole is meant
	Column string // name of the column of a CSV file
	Text   string
	Note   bool // worth knowing, but the pack can be used
}

// String gives "file:line: column: text".
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	b.WriteString(": ")
	if p.Note {
		b.WriteString("note: ")
	}
	if p.Column != "" {
		fmt.Fprintf(&b, "column %s: ", p.Column)
	}
	b.WriteString(p.Text)
	return b.String()
}

// problems collects what is wrong with one pack.
type problems struct{ list []Problem }

func (p *problems) add(file string, line int, format string, args ...any) {
	p.list = append(p.list, Problem{File: file, Line: line, Text: fmt.Sprintf(format, args...)})
}

func (p *problems) note(file string, line int, format string, args ...any) {
	p.list = append(p.list, Problem{File: file, Line: line, Text: fmt.Sprintf(format, args...), Note: true})
}

// failed reports whether any problem forbids the use of the pack.
func (p *problems) failed() bool {
	return slices.ContainsFunc(p.list, func(q Problem) bool { return !q.Note })
}

// sorted returns the problems in order of file, line and words, each once.
func (p *problems) sorted() []Problem {
	slices.SortFunc(p.list, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.Column, b.Column), strings.Compare(a.Text, b.Text))
	})
	return slices.Compact(p.list)
}

// Nearest returns the candidate that looks most like word, "" when none is
// close.
func Nearest(word string, candidates []string) string {
	best, least := "", 1+len(word)/3
	for _, c := range candidates {
		if d := distance(strings.ToLower(word), strings.ToLower(c)); d <= least && (best == "" || d < least) {
			best, least = c, d
		}
	}
	return best
}

// distance is the number of letters to insert, delete or replace.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 64 || len(y) > 64 {
		return max(len(x), len(y))
	}
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			cost := diagonal
			if x[i] != y[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(y)]
}

// oneOf joins words as "a, b or c".
func oneOf(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
