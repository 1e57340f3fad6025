package validate

import (
	"strconv"

	"github.com/jamii-health/jamii/fhir"
)

// step is one element on the way to a value; index is -1 outside of a list.
type step struct {
	name  string
	index int
}

func (w *walker) push(name string) { w.steps = append(w.steps, step{name, -1}) }

func (w *walker) pop() { w.steps = w.steps[:len(w.steps)-1] }

// at sets the index of the innermost element.
func (w *walker) at(i int) { w.steps[len(w.steps)-1].index = i }

// path writes the way as FHIRPath: "Claim.item[0].quantity".
func (w *walker) path() string {
	buf := make([]byte, 0, 64)
	for i, s := range w.steps {
		if i > 0 {
			buf = append(buf, '.')
		}
		buf = append(buf, s.name...)
		if s.index >= 0 {
			buf = append(buf, '[')
			buf = strconv.AppendInt(buf, int64(s.index), 10)
			buf = append(buf, ']')
		}
	}
	return string(buf)
}

// issue is a problem with the value at hand.
type issue struct {
	n        *fhir.Node // where in the document
	severity fhir.Severity
	code     fhir.IssueType
	rule     string
	child    string // the problem is with this child, which may be absent
	text     string
}

func (w *walker) full() bool { return len(w.issues) >= w.limit }

// report notes an issue; without a severity it is an error.
func (w *walker) report(i issue) {
	if w.full() {
		return
	}
	if i.severity == "" {
		i.severity = fhir.SeverityError
	}
	out := fhir.Issue{Severity: i.severity, Code: i.code, Rule: i.rule, Path: w.path(), Text: i.text}
	if i.child != "" {
		out.Path += "." + i.child
	}
	if i.n != nil {
		out.Offset = i.n.Offset
	}
	w.issues = append(w.issues, out)
}

// plainName returns a member's name if it can stand in a path. Any other is
// the client's text, which we don't repeat.
func plainName(name string) string {
	if name == "" || len(name) > 64 {
		return ""
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || i > 0 && c >= '0' && c <= '9') {
			return ""
		}
	}
	return name
}
