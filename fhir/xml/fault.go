package xml

import (
	"errors"
	"strconv"
	"strings"

	"github.com/jamii-health/jamii/fhir"
)

// fault is a failure on its way out: each element it passes puts its own step
// before the path.
type fault struct {
	issue fhir.IssueType
	text  string
	path  string
	pos   int
}

func (f *fault) Error() string { return f.text }

// fault reports a failure where the scanner stands.
func (s *scanner) fault(text string) error {
	return &fault{issue: fhir.IssueStructure, text: text, pos: s.pos}
}

// malformed reports a breach of XML itself.
func (s *scanner) malformed(why string) error {
	return s.fault("The XML is not well-formed: " + why + ".")
}

// within adds a step to the path of a fault that comes from inside it.
func within(err error, step string, index int) error {
	if err == nil {
		return nil
	}
	var f *fault
	if errors.As(err, &f) {
		if index >= 0 {
			step += "[" + strconv.Itoa(index) + "]"
		}
		switch {
		case f.path == "", strings.HasPrefix(f.path, "["):
			f.path = step + f.path
		default:
			f.path = step + "." + f.path
		}
	}
	return err
}

// parseError is the fault as a client reads it, with the line.
func (s *scanner) parseError(err error) error {
	var f *fault
	if !errors.As(err, &f) {
		return err
	}
	line := 1 + strings.Count(s.src[:min(f.pos, len(s.src))], "\n")
	text := f.text + " (line " + strconv.Itoa(line) + ")"
	issue := fhir.Issue{Severity: fhir.SeverityError, Code: f.issue, Path: f.path, Text: text, Offset: f.pos}
	return &fhir.Error{Kind: fhir.Invalid, Issue: f.issue, Path: f.path, Text: text, Issues: []fhir.Issue{issue}}
}

// writeError is the fault of a tree that XML cannot hold.
func writeError(err error) error {
	var f *fault
	if !errors.As(err, &f) {
		return err
	}
	return &fhir.Error{
		Kind: fhir.NotAcceptable, Issue: fhir.IssueNotSupported, Path: f.path,
		Text: "The resource cannot be written as XML: " + f.text + ". Ask for JSON.",
	}
}

// shown is a name for an error text: only what could be a FHIR name, so that
// no data can hide in it.
func shown(name string) string {
	if len(name) > 64 {
		return "with a long name"
	}
	for i := range len(name) {
		if c := name[i]; c >= 0x80 || !nameByte[c] {
			return "with an unusual name"
		}
	}
	return name
}
