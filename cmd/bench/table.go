package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// figure is one line of the table.
type figure struct {
	work   string // what was done
	result string
	reach  string // the design's figure, "" for none
	beside string // latencies, or what it is compared with
}

// section is a part of the table, with a heading.
type section struct {
	name    string
	figures []figure
}

// print writes the table as plain text.
func print(w io.Writer, sections []section) error {
	var text bytes.Buffer
	t := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "work\tresult\tto reach\tbeside")
	for _, s := range sections {
		if len(s.figures) == 0 {
			continue
		}
		fmt.Fprintf(t, "\t\t\t\n%s\t\t\t\n", s.name)
		for _, f := range s.figures {
			fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", f.work, f.result, f.reach, f.beside)
		}
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("printing the table: %w", err)
	}
	for line := range strings.Lines(text.String()) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " \n")); err != nil {
			return fmt.Errorf("printing the table: %w", err)
		}
	}
	return nil
}

// perSecond writes a rate with as many digits as are meant.
func perSecond(rate float64) string { return thousands(int64(rate+0.5)) + "/s" }

// thousands sets a comma between groups of three digits.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	var parts []string
	for len(s) > 3 {
		parts = append([]string{s[len(s)-3:]}, parts...)
		s = s[:len(s)-3]
	}
	return strings.Join(append([]string{s}, parts...), ",")
}
