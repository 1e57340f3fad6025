package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/validate"
)

// validateCommand checks files against base R4; it needs no database.
type validateCommand struct {
	File []string `arg:"" help:"JSON files with one resource each, or NDJSON with one per line."`
}

// Run prints what is wrong as file:line:column and tells by the exit code.
func (v validateCommand) Run(s streams) error {
	wrong := false
	out := bufio.NewWriter(s.out)
	for _, name := range v.File {
		data, err := os.ReadFile(name)
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		if validateFile(out, name, data) {
			wrong = true
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if wrong {
		return errReported
	}
	_, err := fmt.Fprintf(s.out, "%d files, no errors.\n", len(v.File))
	return err
}

// validateFile prints the issues of a file and reports whether one is an
// error.
func validateFile(w io.Writer, name string, data []byte) (wrong bool) {
	if !isNDJSON(name) {
		return validateDocument(w, name, data, 0)
	}
	line := 0
	for rest := data; len(rest) > 0; line++ {
		var doc []byte
		doc, rest, _ = bytes.Cut(rest, []byte("\n"))
		if len(bytes.TrimSpace(doc)) > 0 && validateDocument(w, name, doc, line) {
			wrong = true
		}
	}
	return wrong
}

func isNDJSON(name string) bool {
	return strings.HasSuffix(name, ".ndjson") || strings.HasSuffix(name, ".jsonl")
}

// validateDocument checks one document that begins after so many lines of its
// file.
func validateDocument(w io.Writer, name string, data []byte, before int) (wrong bool) {
	n, err := fhir.ParseObject(data)
	var fe *fhir.Error
	if errors.As(err, &fe) {
		at := ""
		if fe.Path != "" {
			at = " (at " + fe.Path + ")"
		}
		fmt.Fprintf(w, "%s:%d: fatal: %s%s\n", name, before+1, fe.Text, at)
		return true
	}
	if err != nil {
		fmt.Fprintf(w, "%s:%d: fatal: %v\n", name, before+1, err)
		return true
	}
	for _, is := range validate.Resource(n, validate.Options{}) {
		line, column := position(data, is.Offset)
		rule := ""
		if is.Rule != "" {
			rule = " [" + is.Rule + "]"
		}
		fmt.Fprintf(w, "%s:%d:%d: %s: %s: %s%s\n", name, before+line, column, is.Severity, is.Path, is.Text, rule)
		wrong = wrong || is.Severity == fhir.SeverityError || is.Severity == fhir.SeverityFatal
	}
	return wrong
}

// position turns a byte offset into line and column, both from 1.
func position(data []byte, offset int) (line, column int) {
	before := data[:min(max(offset, 0), len(data))]
	return 1 + bytes.Count(before, []byte("\n")), len(before) - bytes.LastIndexByte(before, '\n')
}
