package fhirpath

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error is a fault of an expression, found when it was compiled, checked or
// evaluated. Its text holds no value of a resource.
type Error struct {
	Line   int // of the expression, from 1
	Column int // in characters, from 1
	Text   string
}

// Error gives the place and the text.
func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Text)
}

// fault is an Error whose place is still an offset into the source.
type fault struct {
	off  int
	text string
}

func (f *fault) Error() string { return f.text }

func faultf(off int, format string, args ...any) *fault {
	return &fault{off: off, text: fmt.Sprintf(format, args...)}
}

// at turns a fault into an Error that says where it is in src.
func (f *fault) at(src string) *Error {
	head := src[:min(max(f.off, 0), len(src))]
	line := 1 + strings.Count(head, "\n")
	column := 1 + utf8.RuneCountInString(head[strings.LastIndexByte(head, '\n')+1:])
	return &Error{Line: line, Column: column, Text: f.text}
}
