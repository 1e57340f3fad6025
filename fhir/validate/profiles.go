package validate

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// Profiles compiles StructureDefinitions when they are first asked for and
// keeps them. It may be used by many goroutines.
//
// https://hl7.org/fhir/R4/profiling.html
type Profiles struct {
	find     func(canonical string) (*fhir.Node, bool)
	compiled atomic.Pointer[sync.Map] // canonical -> compiled
}

// compiled is a profile, or why there is none.
type compiled struct {
	profile *profile
	err     error
}

// NewProfiles makes a set of profiles from a function that finds a
// StructureDefinition by its canonical. Base R4 need not be found: it is built
// in. The nodes it returns must not be changed afterwards.
func NewProfiles(find func(canonical string) (*fhir.Node, bool)) *Profiles {
	p := &Profiles{find: find}
	p.Forget()
	return p
}

// Forget drops what was compiled, to be called when a StructureDefinition has
// changed.
func (p *Profiles) Forget() { p.compiled.Store(&sync.Map{}) }

// Compile checks a StructureDefinition that need not be among the profiles
// yet. A fault is a *fhir.Error whose issues name the element and the rule.
func (p *Profiles) Compile(n *fhir.Node) error {
	_, err := p.compile(n, nil)
	return err
}

// Load compiles the profile of a canonical: known is false when there is no
// such StructureDefinition.
func (p *Profiles) Load(canonical string) (known bool, err error) {
	x, err := p.profile(canonical)
	return x != nil || err != nil, err
}

// profile returns a compiled profile, nil when it is not known.
func (p *Profiles) profile(canonical string) (*profile, error) { return p.load(canonical, nil) }

// load is profile on behalf of the profiles that are being compiled.
func (p *Profiles) load(canonical string, derived []string) (*profile, error) {
	if p == nil {
		return nil, nil
	}
	cache := p.compiled.Load()
	if c, ok := cache.Load(canonical); ok {
		c := c.(compiled)
		return c.profile, c.err
	}
	n, ok := p.lookup(canonical)
	if !ok {
		return nil, nil
	}
	out, err := p.compile(n, derived)
	if err != nil && len(derived) > 0 {
		return nil, err // may be bad only as seen from where we come from
	}
	cache.Store(canonical, compiled{out, err})
	return out, err
}

// lookup finds a StructureDefinition; a version that is asked for must be the
// one that is found.
func (p *Profiles) lookup(canonical string) (*fhir.Node, bool) {
	if p.find == nil || canonical == "" {
		return nil, false
	}
	if n, ok := p.find(canonical); ok && n != nil {
		return n, true
	}
	url, version, _ := strings.Cut(canonical, "|")
	if version == "" {
		return nil, false
	}
	n, ok := p.find(url)
	return n, ok && n != nil && n.Get("version").String() == version
}

// profile is a compiled StructureDefinition: what it adds to base R4.
type profile struct {
	url      string
	typ      string // "Patient", "Extension", "Quantity"
	root     *element
	contexts []context
	within   []string // invariants that the place of an extension must meet
	modifier bool     // of an extension
}

const coreBase = "http://hl7.org/fhir/StructureDefinition/"

// coreType is the type of R4 whose canonical this is, or "".
func coreType(canonical string) string {
	url, version, _ := strings.Cut(canonical, "|")
	name, ok := strings.CutPrefix(url, coreBase)
	if !ok || (version != "" && !strings.HasPrefix(version, "4.0")) || strings.Contains(name, ".") {
		return ""
	}
	if _, ok := definition.Lookup(name); !ok {
		return ""
	}
	return name
}

// derives reports whether a type is another or specialises it.
func derives(typ, from string) bool {
	for range 16 {
		if typ == from {
			return true
		}
		def, ok := definition.Lookup(typ)
		if !ok || def.Base == "" {
			return false
		}
		typ = def.Base
	}
	return false
}

// constant is a value of a definition, with its type.
type constant struct {
	typ  string
	node *fhir.Node
}

// element is what a profile says of one element, or of a slice of it, beyond
// base R4. The zero values say nothing.
type element struct {
	id   string // "Patient.identifier:nid", for messages
	name string // "identifier"; "value" of value[x]
	base *definition.Element
	typ  string // of the root
	raw  *fhir.Node

	min         int
	max         int // definition.Unbounded: no limit but that of R4
	types       []typeRef
	fixed       *constant
	pattern     *constant
	least, most *constant
	maxLength   int
	bindings    []definition.Binding
	constraints []constraint
	children    []*element

	of      *element // what this is a slice of
	slice   string
	slicing *slicing
	slices  []*element

	refID string // the element whose rules apply here too: contentReference
	ref   *element
}

// typeRef is a type that an element may have.
type typeRef struct {
	code     string
	profiles []string // one of them must be met
	targets  []string // of references
}

// codes are the types that an element may have.
func (e *element) codes() []string {
	switch {
	case e.types != nil:
		out := make([]string, len(e.types))
		for i := range e.types {
			out[i] = e.types[i].code
		}
		return out
	case e.of != nil:
		return e.of.codes()
	case e.base == nil:
		return []string{e.typ}
	}
	out := make([]string, len(e.base.Types))
	for i := range e.base.Types {
		out[i] = e.base.Types[i].Code
	}
	return out
}

// child finds what is said of a child.
func (e *element) child(name string) *element {
	for _, c := range e.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// named finds a slice at any depth of re-slicing.
func (e *element) named(slice string) *element {
	for _, s := range e.slices {
		if s.slice == slice {
			return s
		}
		if strings.HasPrefix(slice, s.slice+"/") {
			if again := s.named(slice); again != nil {
				return again
			}
		}
	}
	return nil
}

// clone copies an element for a profile that adds to it.
func (e *element) clone(of *element) *element {
	c := *e
	c.of, c.ref = of, nil
	c.bindings = c.bindings[:len(c.bindings):len(c.bindings)]
	c.constraints = c.constraints[:len(c.constraints):len(c.constraints)]
	if e.slicing != nil {
		c.slicing = &slicing{discriminators: e.slicing.discriminators, rules: e.slicing.rules, ordered: e.slicing.ordered}
	}
	c.children = make([]*element, len(e.children))
	for i, child := range e.children {
		c.children[i] = child.clone(nil)
	}
	c.slices = make([]*element, len(e.slices))
	for i, s := range e.slices {
		c.slices[i] = s.clone(&c)
	}
	return &c
}

// fault is a StructureDefinition that cannot be used.
func fault(url string, issues []fhir.Issue) error {
	if len(issues) == 0 {
		return nil
	}
	return &fhir.Error{
		Kind: fhir.Unprocessable, Issue: issues[0].Code, Rule: issues[0].Rule, Path: issues[0].Path, Issues: issues,
		Text: fmt.Sprintf("The StructureDefinition %s cannot be used: %s", url, issues[0].Text),
	}
}
