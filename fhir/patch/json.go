package patch

import (
	"github.com/jamii-health/jamii/fhir"
)

// maxCopied bounds what the copy operations of one patch may add: each can
// double the document.
const maxCopied = 1 << 18

// maxJSONOperations bounds a patch: each operation may shift a long array.
const maxJSONOperations = 5000

// JSON applies a JSON Patch: an array of operations, in order. The text of
// numbers and the order of keys are kept. An array or object of a resource
// that the patch has emptied is taken out, since FHIR allows none.
//
// https://www.rfc-editor.org/rfc/rfc6902 and
// https://hl7.org/fhir/R4/http.html#patch
func JSON(doc, patch *fhir.Node) (*fhir.Node, error) {
	if !patch.Is(fhir.KindArray) {
		return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueStructure, Text: "The JSON Patch is not an array of operations."}
	}
	if len(patch.Nodes) > maxJSONOperations {
		return nil, &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueTooCostly, Text: "The patch has more than 5000 operations."}
	}
	j := jsonPatch{doc: doc.Clone()}
	if j.doc == nil {
		j.doc = &fhir.Node{Kind: fhir.KindNull}
	}
	for i := range patch.Nodes {
		if err := j.apply(i, &patch.Nodes[i]); err != nil {
			return nil, err
		}
	}
	if j.doc.ResourceType() != "" {
		j.dropEmptied()
	}
	return j.doc, nil
}

type jsonPatch struct {
	operation
	doc     *fhir.Node
	emptied []pointer // containers that lost their last member
	copied  int
}

func (j *jsonPatch) apply(index int, op *fhir.Node) error {
	j.operation = operation{index: index}
	if op.Kind != fhir.KindObject {
		return j.bad("it is not an object.")
	}
	name := op.Get("op")
	if !name.Is(fhir.KindString) {
		return j.bad("it has no op.")
	}
	run, ok := jsonOperations[name.Text]
	if !ok {
		return j.bad("its op is not one of test, add, remove, replace, move and copy.")
	}
	j.name = name.Text
	path, err := j.pointer(op, "path")
	if err != nil {
		return err
	}
	j.path = path.fhirPath(j.doc.ResourceType())
	return run(j, op, path)
}

// jsonOperations are the operations of RFC 6902 section 4.
var jsonOperations = map[string]func(*jsonPatch, *fhir.Node, pointer) error{
	"test": (*jsonPatch).test, "add": (*jsonPatch).add, "remove": (*jsonPatch).remove,
	"replace": (*jsonPatch).replace, "move": (*jsonPatch).move, "copy": (*jsonPatch).copy,
}

func (j *jsonPatch) pointer(op *fhir.Node, member string) (pointer, error) {
	n := op.Get(member)
	if !n.Is(fhir.KindString) {
		return nil, j.bad("it has no " + member + ".")
	}
	p, ok := parsePointer(n.Text)
	if !ok {
		return nil, j.bad("its " + member + " is not a JSON Pointer; it must be empty or begin with /.")
	}
	return p, nil
}

// value is the operation's value; null is one too.
func (j *jsonPatch) value(op *fhir.Node) (*fhir.Node, error) {
	v := op.Get("value")
	if v == nil {
		return nil, j.bad("it has no value.")
	}
	return v, nil
}

const noTarget = "there is nothing at its path."

// test is RFC 6902 section 4.6.
func (j *jsonPatch) test(op *fhir.Node, path pointer) error {
	want, err := j.value(op)
	if err != nil {
		return err
	}
	got := path.find(j.doc)
	switch {
	case got == nil:
		return j.unfit(noTarget)
	case !equal(got, want):
		return j.unfit("the value at its path is not the one tested for.")
	}
	return nil
}

// add is RFC 6902 section 4.1.
func (j *jsonPatch) add(op *fhir.Node, path pointer) error {
	v, err := j.value(op)
	if err != nil {
		return err
	}
	return j.put(path, v.Clone())
}

// put adds a value that the document may keep.
func (j *jsonPatch) put(path pointer, v *fhir.Node) error {
	if len(path)+height(v) > fhir.MaxDepth {
		return j.unfit(tooDeep)
	}
	if len(path) == 0 {
		v.Name = ""
		*j.doc = *v
		return nil
	}
	to, last := path.split()
	parent := to.find(j.doc)
	switch {
	case parent.Is(fhir.KindObject):
		parent.Set(last, *v)
		return nil
	case !parent.Is(fhir.KindArray):
		return j.unfit("there is no object or array to add to at its path.")
	}
	i, ok := arrayIndex(last)
	if last == "-" {
		i, ok = len(parent.Nodes), true
	}
	if !ok || i > len(parent.Nodes) {
		return j.unfit("the index in its path is not one of the array.")
	}
	v.Name = ""
	parent.Nodes = insertAt(parent.Nodes, i, *v)
	return nil
}

// remove is RFC 6902 section 4.2.
func (j *jsonPatch) remove(_ *fhir.Node, path pointer) error {
	_, err := j.take(path)
	return err
}

// take removes and returns what the path points to.
func (j *jsonPatch) take(path pointer) (fhir.Node, error) {
	if len(path) == 0 {
		return fhir.Node{}, j.unfit("the whole document cannot be taken out.")
	}
	found := path.find(j.doc)
	if found == nil {
		return fhir.Node{}, j.unfit(noTarget)
	}
	taken := *found
	to, last := path.split()
	parent := to.find(j.doc)
	if parent.Kind == fhir.KindArray {
		i, _ := arrayIndex(last) // found, so it is one
		parent.Nodes = removeAt(parent.Nodes, i)
	} else {
		parent.Remove(last)
	}
	if len(parent.Nodes) == 0 {
		j.emptied = append(j.emptied, to)
	}
	return taken, nil
}

// replace is RFC 6902 section 4.3.
func (j *jsonPatch) replace(op *fhir.Node, path pointer) error {
	v, err := j.value(op)
	if err != nil {
		return err
	}
	found := path.find(j.doc)
	if found == nil {
		return j.unfit(noTarget)
	}
	if len(path)+height(v) > fhir.MaxDepth {
		return j.unfit(tooDeep)
	}
	*found = v.Clone().As(found.Name)
	return nil
}

// move is RFC 6902 section 4.4.
func (j *jsonPatch) move(op *fhir.Node, path pointer) error {
	from, err := j.pointer(op, "from")
	if err != nil {
		return err
	}
	if path.within(from) {
		return j.unfit("a value cannot be moved into itself.")
	}
	if len(path) == 0 && len(from) == 0 {
		return nil
	}
	v, err := j.take(from)
	if err != nil {
		return err
	}
	return j.put(path, &v)
}

// copy is RFC 6902 section 4.5.
func (j *jsonPatch) copy(op *fhir.Node, path pointer) error {
	from, err := j.pointer(op, "from")
	if err != nil {
		return err
	}
	found := from.find(j.doc)
	if found == nil {
		return j.unfit("there is nothing at its from.")
	}
	if j.copied += size(found); j.copied > maxCopied {
		return j.fail(fhir.Unprocessable, fhir.IssueTooCostly, "the patch copies too much.", nil)
	}
	return j.put(path, found.Clone())
}

// dropEmptied takes out the containers that are still empty in the end, and
// then those that hold nothing else. Elements of arrays stay, so that no
// other's index changes: the validator reports them.
//
// https://hl7.org/fhir/R4/json.html: objects and arrays are never empty.
func (j *jsonPatch) dropEmptied() {
	for i := len(j.emptied) - 1; i >= 0; i-- {
		for path := j.emptied[i]; len(path) > 0; path, _ = path.split() {
			n := path.find(j.doc)
			if n == nil || (n.Kind != fhir.KindObject && n.Kind != fhir.KindArray) || len(n.Nodes) > 0 {
				break
			}
			to, last := path.split()
			if parent := to.find(j.doc); !parent.Remove(last) {
				break
			}
		}
	}
}
