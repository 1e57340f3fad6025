package validate

import (
	"slices"
	"strings"
	"sync"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/fhirpath"
)

// slicing says how the repetitions of an element are told apart.
//
// https://hl7.org/fhir/R4/profiling.html#slicing
type slicing struct {
	discriminators []discriminator
	rules          string // closed, open, openAtEnd
	ordered        bool

	once  sync.Once
	tells [][]expectation // for each slice, for each discriminator
}

type discriminator struct {
	kind string // value, pattern, type, exists, profile
	path []string
	expr *fhirpath.Expr
}

// unmatched is the name of the slice that takes what no other does.
const unmatched = "@default"

// slicing reads how an element is sliced.
func (l *loader) slicing(e *element, ed *fhir.Node) {
	n := ed.Get("slicing")
	if n == nil {
		return
	}
	s := &slicing{rules: n.Get("rules").String(), ordered: n.Get("ordered").True()}
	switch s.rules {
	case "closed", "open", "openAtEnd":
	case "":
		s.rules = "open"
	default:
		l.bad(e.id, ruleSDSlicing, "The rules of slicing must be closed, open or openAtEnd.")
	}
	for _, d := range n.Get("discriminator").Each() {
		if out, fault := readDiscriminator(d.Get("type").String(), d.Get("path").String()); fault != "" {
			l.bad(e.id, ruleSDSlicing, fault)
		} else {
			s.discriminators = append(s.discriminators, out)
		}
	}
	if len(s.discriminators) == 0 && e.slicing != nil {
		s.discriminators = e.slicing.discriminators
	}
	e.slicing = s
}

func readDiscriminator(kind, path string) (d discriminator, fault string) {
	if !slices.Contains([]string{"value", "pattern", "type", "exists", "profile"}, kind) {
		return d, "The type of a discriminator must be value, exists, pattern, type or profile."
	}
	d = discriminator{kind: kind}
	ok := false
	if d.path, ok = discriminatorPath(path); !ok {
		return d, "The path of a discriminator may hold names of elements, $this, extension(url), resolve() and ofType(type)."
	}
	var err error
	if d.expr, err = fhirpath.Compile(path); err != nil {
		return d, "The path of a discriminator is no valid FHIRPath: " + err.Error()
	}
	return d, ""
}

// discriminatorPath cuts a path at its points, but not at those in parentheses.
//
// https://hl7.org/fhir/R4/profiling.html#discriminator
func discriminatorPath(path string) ([]string, bool) {
	var out []string
	depth, from := 0, 0
	for i := 0; i <= len(path); i++ {
		switch {
		case i == len(path) || path[i] == '.' && depth == 0:
			out = append(out, path[from:i])
			from = i + 1
		case path[i] == '(':
			depth++
		case path[i] == ')':
			depth--
		}
	}
	for _, step := range out {
		if step != "$this" && step != "resolve()" && plainName(step) == "" && extensionOf(step) == "" && typeOfStep(step) == "" {
			return nil, false
		}
	}
	return out, depth == 0
}

// extensionOf is the url in extension('url').
func extensionOf(step string) string {
	in, ok := strings.CutPrefix(step, "extension(")
	if !ok || !strings.HasSuffix(in, ")") {
		return ""
	}
	return strings.Trim(strings.TrimSuffix(in, ")"), `'"`)
}

// typeOfStep is the type in ofType(type).
func typeOfStep(step string) string {
	in, ok := strings.CutPrefix(step, "ofType(")
	if !ok || !strings.HasSuffix(in, ")") {
		return ""
	}
	return strings.TrimPrefix(strings.TrimSuffix(in, ")"), "FHIR.")
}

// The slicings that need not be written: extensions by url, choices by type.
var (
	byURL  = implicit("value", "url")
	byType = implicit("type", "$this")
)

func implicit(kind, path string) discriminator {
	return discriminator{kind: kind, path: []string{path}, expr: fhirpath.Must(path)}
}

// slicings checks that each slice can be told apart.
func (l *loader) slicings(e *element) {
	if len(e.slices) > 0 && (e.slicing == nil || len(e.slicing.discriminators) == 0) {
		l.implicit(e)
	}
	for _, s := range e.slices {
		l.slicings(s)
		if e.slicing != nil && !tellable(s, e.slicing.discriminators) {
			l.bad(s.id, ruleSDSlicing, "Nothing tells this slice from others: constrain what the discriminators point to.")
		}
	}
	for _, c := range e.children {
		l.slicings(c)
	}
}

// implicit gives slices the slicing that goes without saying.
func (l *loader) implicit(e *element) {
	s := e.slicing
	if s == nil {
		s = &slicing{rules: "open"}
	}
	switch {
	case e.name == "extension" || e.name == "modifierExtension":
		s.discriminators = []discriminator{byURL}
	case e.base != nil && e.base.Choice:
		s.discriminators = []discriminator{byType}
	case e.slicing == nil:
		l.bad(e.slices[0].id, ruleSDSlicing, "This is a slice of an element that is not sliced: say how with slicing on the element itself.")
		return
	}
	e.slicing = s
}

// prune drops what base R4 says itself, so that it is not checked twice, and
// the elements of which nothing is left. It reports whether e is one of them.
func prune(e *element) (idle bool) {
	if e.base != nil {
		e.dropBase()
	}
	e.children = slices.DeleteFunc(e.children, prune)
	for _, s := range e.slices {
		prune(s)
	}
	if e.slicing != nil && len(e.slices) == 0 && e.slicing.rules != "closed" {
		e.slicing = nil
	}
	return e.base != nil && e.of == nil && e.min == 0 && e.max == definition.Unbounded && e.types == nil && e.fixed == nil && e.pattern == nil &&
		e.least == nil && e.most == nil && e.maxLength == 0 && len(e.bindings) == 0 && len(e.constraints) == 0 &&
		len(e.children) == 0 && e.slicing == nil && e.refID == ""
}

func (e *element) dropBase() {
	if e.of == nil && e.min == e.base.Min {
		e.min = 0
	}
	if e.max == e.base.Max {
		e.max = definition.Unbounded
	}
	if e.of == nil && sameTypes(e.types, e.base.Types) {
		e.types = nil
	}
	if b := e.base.Binding; b != nil {
		e.bindings = slices.DeleteFunc(slices.Clone(e.bindings), func(own definition.Binding) bool {
			set, _, _ := strings.Cut(own.ValueSet, "|")
			return own.Strength == b.Strength && set == b.ValueSet
		})
	}
}

// sameTypes reports whether a list of types is the one of R4.
func sameTypes(own []typeRef, base []definition.TypeRef) bool {
	if len(own) != len(base) {
		return own == nil
	}
	for _, b := range base {
		at := slices.IndexFunc(own, func(o typeRef) bool { return o.code == b.Code })
		if at < 0 {
			return false
		}
		for _, p := range own[at].profiles {
			if coreType(p) == "" || coreType(p) != b.Profile {
				return false
			}
		}
		names := make([]string, 0, len(own[at].targets))
		for _, t := range own[at].targets {
			names = append(names, coreType(t))
		}
		if len(names) == 1 && names[0] == "Resource" {
			names = nil
		}
		if own[at].targets != nil && !equalSets(names, b.Targets) {
			return false
		}
	}
	return true
}

func equalSets(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(x string) bool { return !slices.Contains(b, x) })
}
