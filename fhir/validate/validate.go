// Package validate checks a resource against base R4: names, cardinality,
// types and formats, choices, bindings, references, contained resources,
// bundles and invariants; then against profiles and the definitions of its
// extensions. It finds every problem, not the first.
//
// It works on the tree as it arrived, so it sees what a typed model would have
// dropped. A type is compiled once into a shape that says all that the walk
// needs. A profile is compiled into what it adds to R4, and checked in a second
// pass, so that resources without profiles pay nothing for them.
package validate

import (
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// DefaultLimit is the number of issues after which a resource is given up.
const DefaultLimit = 200

// Options choose what is checked. The zero value checks everything.
type Options struct {
	// ErrorsOnly leaves out warnings, as a write needs none.
	ErrorsOnly bool
	// Limit is the largest number of issues returned; 0 means DefaultLimit.
	Limit int
	// Invariants evaluates the constraints that are not written in Go here;
	// nil means FHIRPath.
	Invariants Invariants
	// NoInvariants leaves those constraints out.
	NoInvariants bool

	// Registry has the profiles that meta.profile may claim and the definitions
	// of extensions; nil: base R4 alone.
	Registry *Profiles
	// Profiles are canonicals that the resource must conform to, whatever it
	// claims itself.
	Profiles []string
	// Strict makes an error of a claimed profile that is not known.
	Strict bool
	// AnyModifier makes a warning of a modifier extension that is not known, for
	// those who keep a resource without acting on it.
	AnyModifier bool
	// Terminology knows more value sets than R4's own; nil: those alone.
	Terminology Terminology
	// Resolve finds what a reference points to outside of the document, or nil.
	// Only profiles ask.
	Resolve func(reference string) *fhir.Node
	// Now is the time of now() and today() in the expressions of profiles; when
	// it is zero they cannot be evaluated.
	Now time.Time

	// Mode and ID are those of $validate: what the resource is meant for, and
	// the id of the instance it is asked of.
	Mode Mode
	ID   string
}

// Terminology answers for value sets and code systems. It must be safe for use
// by many goroutines.
type Terminology interface {
	// Member reports whether a code is in a value set; known is false when that
	// cannot be told. System is "" for a plain code, and code is "" when only
	// known is asked for.
	Member(valueSet, system, code string) (in, known bool)
	// Defined reports whether a code system has a code; known is false when the
	// code system is not here in full.
	Defined(system, code string) (defined, known bool)
}

// Resource validates the tree of one resource, entries and contained resources
// included. Paths are FHIRPath and start at the resource's type; no text holds
// a value from the resource.
func Resource(n *fhir.Node, opts Options) []fhir.Issue {
	w := walker{opts: opts, root: n, resource: n, limit: opts.Limit}
	if w.limit <= 0 {
		w.limit = DefaultLimit
	}
	if w.opts.Invariants == nil {
		w.opts.Invariants = defaultInvariants
	}
	if w.opts.NoInvariants {
		w.opts.Invariants = nil
	}
	if opts.Mode == ModeDelete {
		return nil // "The server ignores the content"
	}
	w.steps = w.space[:0]
	w.top(n)
	if (opts.Registry != nil || len(opts.Profiles) > 0) && definition.IsResource(n.ResourceType()) {
		w.profiled(n)
	}
	if opts.Mode != "" {
		w.mode(n)
	}
	return w.issues
}

// walker goes through one tree.
type walker struct {
	opts     Options
	limit    int
	root     *fhir.Node // the resource that is in no other but a Bundle: %rootResource
	resource *fhir.Node // the nearest resource: %resource
	bundle   *fhir.Node // the nearest Bundle around it
	entries  *entries   // of that bundle, made when first asked for
	steps    []step     // the way to the value at hand
	space    [24]step   // so that most resources need no other memory for steps
	issues   []fhir.Issue
}

// top validates the resource that was handed in.
func (w *walker) top(n *fhir.Node) {
	if !n.Is(fhir.KindObject) {
		w.report(issue{n: n, code: fhir.IssueStructure, rule: ruleObject, text: "A resource must be a JSON object."})
		return
	}
	s := w.typeOf(n)
	if s == nil {
		return
	}
	w.push(s.def.Name)
	w.object(n, s)
}

// nested validates a resource inside another: contained, in a Bundle's entry,
// or a parameter. Only contained resources share their container's references.
func (w *walker) nested(n *fhir.Node, contained bool) {
	s := w.typeOf(n)
	if s == nil {
		return
	}
	root, resource, bundle, entries := w.root, w.resource, w.bundle, w.entries
	w.enter(n, contained)
	w.object(n, s)
	w.root, w.resource, w.bundle, w.entries = root, resource, bundle, entries
}

// enter makes a resource inside another the one at hand.
func (w *walker) enter(n *fhir.Node, contained bool) {
	if !contained {
		w.root = n
		if w.resource.ResourceType() == "Bundle" {
			w.bundle, w.entries = w.resource, nil
		}
	}
	w.resource = n
}

// typeOf finds the type that a resource says it is.
//
// https://hl7.org/fhir/R4/json.html#resources
func (w *walker) typeOf(n *fhir.Node) *shape {
	name := n.Get("resourceType")
	switch {
	case name == nil:
		w.report(issue{n: n, code: fhir.IssueRequired, rule: ruleResourceType, text: "This resource does not say its type: add resourceType."})
	case !name.Is(fhir.KindString) || !definition.IsResource(name.Text):
		w.report(issue{n: name, code: fhir.IssueInvalid, rule: ruleResourceType, text: "R4 has no resource type of this name: correct resourceType."})
	default:
		return shapeOf(name.Text)
	}
	return nil
}
