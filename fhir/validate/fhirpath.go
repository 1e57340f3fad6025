package validate

import (
	"fmt"

	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/fhirpath"
)

// defaultInvariants is what Options.Invariants is when it is nil.
var defaultInvariants Invariants = fhirPath{}

// fhirPath evaluates invariants with package fhirpath. References are not
// followed beyond the resource: what they point to is taken by its type alone.
type fhirPath struct{}

// Holds implements Invariants.
func (fhirPath) Holds(f Focus, inv definition.Invariant) (bool, error) {
	expr, err := fhirpath.Cached(inv.Expression)
	if err != nil {
		return false, fmt.Errorf("compiling %s: %w", inv.Key, err)
	}
	opts := fhirpath.Options{Resource: f.Resource, RootResource: f.Root, Resolve: fhirpath.TypeOnly}
	focus := fhirpath.Typed(f.Type, f.Node, f.Shadow)
	ok, err := expr.EvalBool(&opts, focus)
	if ok || err != nil {
		return ok, err
	}
	// False and empty are the same to EvalBool, but only false breaks a rule:
	// many of R4's say nothing of an element that is absent.
	items, err := expr.Eval(&opts, focus)
	return len(items) == 0, err
}
