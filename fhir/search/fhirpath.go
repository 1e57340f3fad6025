package search

import (
	"fmt"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/fhirpath"
)

// expression is an arm that only fhirpath can evaluate.
type expression struct{ compiled *fhirpath.Expr }

func compileExpression(arm string) (program, error) {
	compiled, err := fhirpath.Compile(arm)
	if err != nil {
		return nil, fmt.Errorf("compiling %q: %w", arm, err)
	}
	return expression{compiled}, nil
}

func (e expression) results() []result { return nil }

func (e expression) run(root *fhir.Node, focus element, emit func(element)) error {
	opts := fhirpath.Options{Resource: root, Resolve: fhirpath.TypeOnly}
	found, err := e.compiled.Eval(&opts, fhirpath.Typed(focus.typ, focus.node, nil))
	if err != nil {
		return fmt.Errorf("evaluating %q: %w", e.compiled.String(), err)
	}
	for _, x := range found {
		if el, ok := fromFHIRPath(x); ok {
			emit(el)
		}
	}
	return nil
}

// systemTypes are the FHIR types under which computed values are indexed.
var systemTypes = map[string]string{
	"System.Boolean": "boolean", "System.String": "string", "System.Integer": "integer", "System.Decimal": "decimal",
	"System.Date": "date", "System.DateTime": "dateTime",
}

// fromFHIRPath makes an element of what fhirpath found: a node of the resource
// as it is, a computed value as the JSON it would be.
func fromFHIRPath(x fhirpath.Element) (element, bool) {
	if n := x.Node(); n != nil {
		typ := x.Type()
		if typ == "Resource" || typ == "" {
			typ = n.ResourceType()
		}
		return element{node: n, typ: typ}, true
	}
	typ := systemTypes[x.Type()]
	if typ == "" {
		return element{}, false
	}
	n := fhir.Str(strings.TrimPrefix(x.Text(), "@"))
	switch typ {
	case "boolean":
		n = fhir.Bool(x.Text() == "true")
	case "integer", "decimal":
		n = fhir.Num(x.Text())
	}
	return element{node: &n, typ: typ}, true
}
