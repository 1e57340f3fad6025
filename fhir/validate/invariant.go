package validate

import (
	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// Focus is the value that an invariant is evaluated on, and where it stands.
type Focus struct {
	Node     *fhir.Node // the value; nil for a primitive that has only extensions
	Shadow   *fhir.Node // of a primitive: the member with the underscore, or nil
	Type     string     // its type: "Patient.contact", "Period", "code"
	Resource *fhir.Node // %resource: the nearest resource
	Root     *fhir.Node // %rootResource: the one that contains it, if it is contained
}

// Invariants evaluates constraints. It must be safe for use by many
// goroutines, and keeps the compiled form of an expression.
type Invariants interface {
	// Holds reports whether the constraint is met; a result that is empty
	// counts as met. An error means that it could not be evaluated.
	Holds(f Focus, inv definition.Invariant) (bool, error)
}

// invariants checks the constraints of a type or element on a value.
//
// https://hl7.org/fhir/R4/conformance-rules.html#constraints
func (w *walker) invariants(n, shadow *fhir.Node, typ string, r *rules) {
	for i := range r.native {
		inv := &r.native[i]
		if !w.wanted(inv.Severity) || inv.holds(w, either(n, shadow)) {
			continue
		}
		w.broken(either(n, shadow), inv.Invariant)
	}
	if w.opts.Invariants == nil || len(r.general) == 0 || w.full() {
		return
	}
	focus := Focus{Node: n, Shadow: shadow, Type: typ, Resource: w.resource, Root: w.root}
	for _, inv := range r.general {
		if !w.wanted(inv.Severity) {
			continue
		}
		ok, err := w.opts.Invariants.Holds(focus, inv)
		switch {
		case err != nil:
			// A rule that fails to run has not been kept.
			w.report(issue{
				n: either(n, shadow), severity: fhir.Severity(inv.Severity), code: fhir.IssueInvariant, rule: inv.Key,
				text: "Rule " + inv.Key + " could not be checked on these values: " + inv.Human,
			})
		case !ok:
			w.broken(either(n, shadow), inv)
		}
	}
}

func (w *walker) wanted(severity string) bool {
	return !w.opts.ErrorsOnly || severity != string(fhir.SeverityWarning)
}

func (w *walker) broken(n *fhir.Node, inv definition.Invariant) {
	w.report(issue{n: n, severity: fhir.Severity(inv.Severity), code: fhir.IssueInvariant, rule: inv.Key, text: "Rule " + inv.Key + " is not met: " + inv.Human})
}
