// Package patch changes a resource as a patch document says: JSON Patch (RFC
// 6902) and FHIRPath Patch (FHIR R4).
//
// A patch is applied to a copy: it succeeds as a whole, or the resource stays
// as it is. Whether the result is still valid is for the validator to say. A
// faulty patch document is a *fhir.Error of kind Invalid, one that does not
// fit the resource of kind Unprocessable; the text names the operation,
// counted from 0, and never a value.
package patch

import (
	"strconv"

	"github.com/jamii-health/jamii/fhir"
)

// operation is one entry of a patch document, for error texts.
type operation struct {
	index int
	name  string // "add"; "" until it is known
	path  string // FHIRPath of the operation in the patch document, or of the element it is for
}

func (o *operation) fail(kind fhir.ErrorKind, issue fhir.IssueType, text string, cause error) error {
	head := "Operation " + strconv.Itoa(o.index)
	if o.name != "" {
		head += " (" + o.name + ")"
	}
	return &fhir.Error{Kind: kind, Issue: issue, Path: o.path, Text: head + ": " + text, Cause: cause}
}

// bad reports a patch document that breaks its own rules.
func (o *operation) bad(text string) error {
	return o.fail(fhir.Invalid, fhir.IssueStructure, text, nil)
}

// unfit reports an operation that the resource does not allow.
func (o *operation) unfit(text string) error {
	return o.fail(fhir.Unprocessable, fhir.IssueProcessing, text, nil)
}

// height is how deep a value goes; a scalar counts 1, as in fhir.Parse.
func height(n *fhir.Node) int {
	h := 0
	for i := range n.Nodes {
		h = max(h, height(&n.Nodes[i]))
	}
	return h + 1
}

// size is the number of values in a tree.
func size(n *fhir.Node) int {
	total := 1
	for i := range n.Nodes {
		total += size(&n.Nodes[i])
	}
	return total
}

const tooDeep = "the result is nested too deep."

func insertAt(list []fhir.Node, i int, v fhir.Node) []fhir.Node {
	list = append(list, fhir.Node{})
	copy(list[i+1:], list[i:])
	list[i] = v
	return list
}

func removeAt(list []fhir.Node, i int) []fhir.Node { return append(list[:i], list[i+1:]...) }
