package patch

import (
	"errors"
	"strconv"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/fhirpath"
)

// Limits of one FHIRPath Patch: the operations share a budget of evaluation,
// but each has enough for any sensible path.
const (
	maxOperations = 1000
	minSteps      = 5000
)

// FHIRPath applies a FHIRPath Patch: a Parameters resource of operations, in
// order. An element that is left without content is taken out in the end.
//
// Where R4 leaves room: insert and move need the whole list as their path, so
// that an index means one thing; replace puts a new element in the place of
// the old, whose id and extensions go with it; a value may be of a type that
// specialises the element's or is specialised by it (string for code), and a
// date may stand for a dateTime.
//
// https://hl7.org/fhir/R4/fhirpatch.html
func FHIRPath(doc, params *fhir.Node) (*fhir.Node, error) {
	if params.ResourceType() != "Parameters" {
		return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueStructure, Text: "A FHIRPath Patch is a Parameters resource."}
	}
	if !definition.IsResource(doc.ResourceType()) {
		return nil, &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueStructure, Text: "Only a resource of FHIR R4 can be patched."}
	}
	list := params.Get("parameter").Each()
	if len(list) > maxOperations {
		return nil, &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueTooCostly, Path: "Parameters.parameter", Text: "The patch has more than 1000 operations."}
	}
	p := fhirPatch{doc: doc.Clone()}
	for i, n := range list {
		p.steps = max(fhirpath.DefaultMaxSteps/len(list), minSteps)
		p.operation = operation{index: i, path: "Parameters.parameter[" + strconv.Itoa(i) + "]"}
		if err := p.apply(n); err != nil {
			return nil, err
		}
	}
	if p.deleted {
		dropEmpty(p.doc)
	}
	if height(p.doc) > fhir.MaxDepth {
		return nil, p.unfit(tooDeep)
	}
	return p.doc, nil
}

type fhirPatch struct {
	operation
	doc     *fhir.Node
	deleted bool
	steps   int
}

func (p *fhirPatch) apply(n *fhir.Node) error {
	op, err := p.decode(n)
	if err != nil {
		return err
	}
	p.name = op.typ
	expr, err := fhirpath.Compile(quoteDiv(op.path))
	if err != nil {
		return p.fail(fhir.Invalid, fhir.IssueInvalid, "its path is not FHIRPath: "+faultText(err), err)
	}
	found, err := expr.Eval(&fhirpath.Options{MaxSteps: p.steps}, fhirpath.Resource(p.doc))
	if err != nil {
		return p.fail(fhir.Unprocessable, fhir.IssueProcessing, "its path cannot be evaluated: "+faultText(err), err)
	}
	list := op.typ == "insert" || op.typ == "move"
	switch {
	case len(found) == 0 && op.typ == "delete":
		return nil // "if found"
	case len(found) == 0 && list:
		return p.unfit("its path selects no element; to begin a list use add.")
	case len(found) == 0:
		return p.unfit("its path selects no element.")
	case len(found) > 1 && !list:
		return p.unfit("its path selects several elements; it must select one.")
	}
	at, ok := locate(p.doc, nodeOf(found[0]))
	switch {
	case !ok:
		return p.unfit("its path selects something that is no element of the resource.")
	case list:
		return p.inList(op, at, found)
	}
	return p.onElement(op, at)
}

// nodeOf is the node that stands for an element: a primitive may have only the
// member with the underscore.
func nodeOf(e fhirpath.Element) *fhir.Node {
	if n := e.Node(); n != nil {
		return n
	}
	return e.Shadow()
}

func faultText(err error) string {
	var fe *fhirpath.Error
	if errors.As(err, &fe) {
		return fe.Error()
	}
	return "it is too costly."
}

// onElement does what asks for a single element: add, delete and replace.
func (p *fhirPatch) onElement(op change, at place) error {
	if op.typ == "add" {
		return p.add(op, at)
	}
	if at.owner == nil {
		return p.unfit("the resource itself cannot be replaced or deleted.")
	}
	if op.typ == "delete" {
		p.deleted = true
		at.replace(nil)
		return nil
	}
	value, err := p.build(op.value, at.element.Types)
	if err != nil {
		return err
	}
	at.replace(&value)
	return nil
}

// add appends to a list, or sets an element that is not there yet.
func (p *fhirPatch) add(op change, at place) error {
	def, ok := at.contentType()
	if !ok {
		return p.unfit("nothing can be added to the element at its path.")
	}
	e, types := child(def, op.name)
	if e == nil {
		return p.unfit("the element at its path has no child of the name given.")
	}
	value, err := p.build(op.value, types)
	if err != nil {
		return err
	}
	return p.addTo(at.content(), e, value)
}

func (p *fhirPatch) addTo(owner *fhir.Node, e *definition.Element, value item) error {
	name := jsonName(e, value.typ)
	if e.Repeats() {
		storeList(owner, name, append(loadList(owner, name), value))
		return nil
	}
	for _, t := range e.Types {
		if n := jsonName(e, t.Code); owner.Get(n) != nil || owner.Get("_"+n) != nil {
			return p.unfit("the element to add is there already and may stand only once.")
		}
	}
	value.appendTo(owner, name)
	return nil
}

// inList does what asks for a list: insert and move.
func (p *fhirPatch) inList(op change, at place, found []fhirpath.Element) error {
	if at.index < 0 {
		return p.unfit("its path selects an element that is not in a list.")
	}
	values, shadows := at.owner.Get(at.name), at.owner.Get("_"+at.name)
	list := loadList(at.owner, at.name)
	whole := len(found) == len(list)
	for i, e := range found {
		n := nodeOf(e)
		whole = whole && n != nil && (n == values.At(i) || n == shadows.At(i))
	}
	if !whole {
		return p.unfit("its path must select one whole list.")
	}
	if op.typ == "insert" {
		if op.index > len(list) {
			return p.unfit("its index is beyond the end of the list.")
		}
		value, err := p.build(op.value, at.element.Types)
		if err != nil {
			return err
		}
		list = append(list, item{})
		copy(list[op.index+1:], list[op.index:])
		list[op.index] = value
		storeList(at.owner, at.name, list)
		return nil
	}
	if op.source >= len(list) || op.destination >= len(list) {
		return p.unfit("its source or destination is beyond the end of the list.")
	}
	moved := list[op.source]
	list = append(list[:op.source], list[op.source+1:]...)
	list = append(list, item{})
	copy(list[op.destination+1:], list[op.destination:])
	list[op.destination] = moved
	storeList(at.owner, at.name, list)
	return nil
}
