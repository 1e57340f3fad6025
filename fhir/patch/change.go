package patch

import (
	"slices"

	"github.com/jamii-health/jamii/fhir"
)

// change is an operation of a FHIRPath Patch as it is written.
type change struct {
	typ, path, name            string
	value                      *fhir.Node // the part that holds it
	index, source, destination int
}

// changeParts are the parts that each type of operation must have.
//
// https://hl7.org/fhir/R4/fhirpatch.html
var changeParts = map[string][]string{
	"add":     {"path", "name", "value"},
	"insert":  {"path", "value", "index"},
	"delete":  {"path"},
	"replace": {"path", "value"},
	"move":    {"path", "source", "destination"},
}

// decode reads one parameter of the patch. A part that the operation does not
// know, or has twice, is refused: it would be a misunderstanding.
func (p *fhirPatch) decode(n *fhir.Node) (change, error) {
	var op change
	if n.Get("name").String() != "operation" {
		return op, p.bad("the parameter's name is not operation.")
	}
	parts := map[string]*fhir.Node{}
	for _, part := range n.Get("part").Each() {
		name := part.Get("name").String()
		if parts[name] != nil {
			return op, p.bad("it has the same part twice.")
		}
		parts[name] = part
	}
	op.typ = text(parts["type"])
	want, ok := changeParts[op.typ]
	if !ok {
		return op, p.bad("its type is not one of add, insert, delete, replace and move.")
	}
	p.operation.name = op.typ
	for name := range parts {
		if name != "type" && !slices.Contains(want, name) {
			return op, p.bad("it has a part that this type of operation does not know.")
		}
	}
	for _, name := range want {
		if err := p.part(&op, name, parts[name]); err != nil {
			return op, err
		}
	}
	return op, nil
}

func (p *fhirPatch) part(op *change, name string, part *fhir.Node) error {
	ok := part != nil
	switch name {
	case "path":
		op.path = text(part)
		ok = op.path != ""
	case "name":
		op.name = text(part)
		ok = op.name != ""
	case "value":
		op.value = part
	case "index":
		op.index, ok = integer(part)
	case "source":
		op.source, ok = integer(part)
	case "destination":
		op.destination, ok = integer(part)
	}
	if !ok {
		return p.bad("its " + name + " is missing or of the wrong type.")
	}
	return nil
}

// text is the value of a part whose type is code or string.
func text(part *fhir.Node) string {
	for _, name := range []string{"valueString", "valueCode"} {
		if v := part.Get(name); v.Is(fhir.KindString) {
			return v.Text
		}
	}
	return ""
}

// integer is the value of a part that is an index.
func integer(part *fhir.Node) (int, bool) {
	for _, name := range []string{"valueInteger", "valueUnsignedInt", "valuePositiveInt"} {
		if v := part.Get(name); v.Is(fhir.KindNumber) {
			return arrayIndex(v.Text)
		}
	}
	return 0, false
}
