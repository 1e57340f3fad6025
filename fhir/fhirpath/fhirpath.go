package fhirpath

import (
	"errors"
	"sync"
	"time"

	"github.com/jamii-health/jamii/fhir"
)

// Options are what an evaluation knows of the world around its root. The zero
// value is good for expressions that ask nothing of it.
type Options struct {
	// Resource is %resource, the resource that holds the root; nil means that
	// the root is one itself.
	Resource *fhir.Node
	// RootResource is %rootResource, the container of a contained %resource;
	// nil means Resource.
	RootResource *fhir.Node
	// Resolve finds what a reference points to, or nil. References to contained
	// resources, and to entries when RootResource is a Bundle, are found
	// without it. See TypeOnly.
	Resolve func(reference string) *fhir.Node
	// MemberOf reports whether a code is in a value set; known is false when
	// that cannot be told. System is "" for a plain code. Nil means the value
	// sets of R4 that can be enumerated.
	MemberOf func(valueSet, system, code string) (in, known bool)
	// Subsumes reports whether the concept a subsumes b; nil means that only
	// equal codes do.
	Subsumes func(system, a, b string) (subsumes, known bool)
	// ConformsTo reports whether an element conforms to a profile; known is
	// false when the profile is not. Nil means the base types of R4, which are
	// compared by name.
	ConformsTo func(e Element, profile string) (conforms, known bool)
	// ElementDefinition finds the definition of an element, or nil. Without it
	// elementDefinition() fails.
	ElementDefinition func(e Element) *fhir.Node
	// InSlice reports whether an element belongs to a slice of a profile; known
	// is false when the profile or the slice is not. Without it slice() fails.
	InSlice func(e Element, profile, slice string) (in, known bool)
	// Now is the time of now(), today() and timeOfDay(), in the zone of the
	// caller. Those fail when it is zero, since this package has no clock.
	Now time.Time
	// Vars are variables by name, without %.
	Vars map[string][]Element
	// Trace receives what trace() logs.
	Trace func(name string, items []Element)
	// MaxSteps bounds the work; 0 means DefaultMaxSteps.
	MaxSteps int
}

// DefaultMaxSteps is the budget of an evaluation: well under a second of work,
// and a hundred times what R4's own expressions need on large resources.
const DefaultMaxSteps = 1_000_000

// Expr is a compiled expression. It may be used by several goroutines.
type Expr struct {
	source string
	root   expr
}

// Compile parses an expression; a fault is an *Error.
func Compile(source string) (*Expr, error) {
	root, err := parse(source)
	if err != nil {
		return nil, located(err, source)
	}
	return &Expr{source: source, root: root}, nil
}

// Must is Compile for expressions in our own code: it panics on a fault.
func Must(source string) *Expr {
	e, err := Compile(source)
	if err != nil {
		panic("fhirpath: " + source + ": " + err.Error())
	}
	return e
}

var compiled sync.Map // source -> *Expr

// Cached is Compile that keeps what it has compiled for good. It is for the
// expressions of definitions and configuration, not for those of requests.
func Cached(source string) (*Expr, error) {
	if e, ok := compiled.Load(source); ok {
		return e.(*Expr), nil
	}
	e, err := Compile(source)
	if err != nil {
		return nil, err
	}
	kept, _ := compiled.LoadOrStore(source, e)
	return kept.(*Expr), nil
}

// String returns the source.
func (e *Expr) String() string { return e.source }

// Eval evaluates the expression with root as its context. A nil opts stands
// for the zero Options. A fault is an *Error.
func (e *Expr) Eval(opts *Options, root Element) ([]Element, error) {
	var out []Element
	err := e.run(opts, root, func(r *run, items []Element) error {
		if len(items) > 0 {
			out = append(make([]Element, 0, len(items)), items...)
		}
		return nil
	})
	return out, err
}

// EvalBool evaluates a criterion: true only when the result is true, or a
// single item that is no boolean; an empty result is false (N1 4.5, singleton
// evaluation of collections).
func (e *Expr) EvalBool(opts *Options, root Element) (bool, error) {
	t, err := e.truth(opts, root)
	return t == yes, err
}

// Holds evaluates an invariant. It is EvalBool, but an empty result is true:
// many invariants of R4 say nothing of an element that is absent, such as
// ref-1 of a Reference without reference, and only false breaks a rule.
func (e *Expr) Holds(opts *Options, root Element) (bool, error) {
	t, err := e.truth(opts, root)
	return t != no && err == nil, err
}

func (e *Expr) truth(opts *Options, root Element) (t truth, err error) {
	err = e.run(opts, root, func(_ *run, items []Element) (err error) {
		t, err = singleBoolean(items, e.root.at())
		return err
	})
	return t, err
}

// run evaluates and hands the result to take, while its memory is still held.
func (e *Expr) run(opts *Options, root Element, take func(*run, []Element) error) error {
	if opts == nil {
		opts = &noOptions
	}
	r := runs.Get().(*run)
	defer func() {
		r.arena.reset()
		*r = run{arena: r.arena}
		runs.Put(r)
	}()
	r.opts, r.root, r.steps = opts, root, opts.MaxSteps
	if r.steps == 0 {
		r.steps = DefaultMaxSteps
	}
	var in []Element
	if root.typ != nil {
		in = r.one(root)
	}
	r.scope.this = in
	items, err := e.root.eval(r, in)
	if err == nil {
		err = take(r, items)
	}
	if err != nil {
		return located(err, e.source)
	}
	return nil
}

var noOptions Options

// located gives a fault its line and column.
func located(err error, source string) error {
	var f *fault
	if errors.As(err, &f) {
		return f.at(source)
	}
	return err
}

// TypeOnly is a Resolve that looks nothing up: it answers with an empty
// resource of the type that the reference names. It is enough for the
// "resolve() is Patient" of search parameters.
func TypeOnly(reference string) *fhir.Node {
	ref, ok := fhir.ParseReference(reference)
	if !ok || ref.Type == "" || ref.Condition != "" {
		return nil
	}
	if n, ok := stubs.Load(ref.Type); ok {
		return n.(*fhir.Node)
	}
	if !typeOf(ref.Type).isResource() {
		return nil
	}
	stub := fhir.Obj(fhir.Str(ref.Type).As("resourceType"))
	n, _ := stubs.LoadOrStore(ref.Type, &stub)
	return n.(*fhir.Node)
}

var stubs sync.Map // type -> *fhir.Node
