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
	return expr.Holds(&opts, fhirpath.Typed(f.Type, f.Node, f.Shadow))
}
