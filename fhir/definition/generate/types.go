package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jamii-health/jamii/fhir/definition/internal/table"
)

// The kinds and flags as package definition numbers them.
const (
	kindPrimitive = iota + 1
	kindComplex
	kindResource
)

const (
	flagChoice = 1 << iota
	flagSummary
	flagModifier
	flagBinding
)

const primitiveStructure = "primitive-type"

// typeWriter writes the types of one structure: itself and its backbones.
type typeWriter struct {
	strings    *table.Strings
	structure  structure
	invariants map[string]map[string]bool // type -> keys that hold for every value of it
}

// typeSection writes the resource types with their bases, then every type as
// a part under its name.
func typeSection(strings *table.Strings, src *source) (*table.Section, error) {
	out := strings.Section()
	slices.SortFunc(src.structures, func(a, b structure) int { return cmp.Compare(a.Name, b.Name) })
	var names, bases []string
	invariants := map[string]map[string]bool{}
	for _, s := range src.structures {
		if s.Kind == "resource" && !s.Abstract {
			names, bases = append(names, s.Name), append(bases, lastSegment(s.BaseDefinition))
		}
		invariants[s.Name] = map[string]bool{}
		for _, c := range s.Snapshot.Element[0].Constraint {
			invariants[s.Name][c.Key] = true
		}
	}
	out.List(names)
	for _, base := range bases {
		out.String(base)
	}
	body, count := strings.Section(), 0
	for _, s := range src.structures {
		w := typeWriter{strings: strings, structure: s, invariants: invariants}
		n, err := w.write(body)
		if err != nil {
			return nil, fmt.Errorf("type %s: %w", s.Name, err)
		}
		count += n
	}
	out.Uint(count)
	out.Append(body)
	return out, nil
}

// write writes the structure's root and each element that has children, as
// types of their own.
func (w typeWriter) write(body *table.Section) (int, error) {
	all, count := w.structure.Snapshot.Element, 0
	for i, e := range all {
		if i > 0 && !hasChildren(all, i) {
			continue
		}
		part := w.strings.Section()
		if err := w.writeType(part, i, e); err != nil {
			return 0, err
		}
		name := e.Path
		if i == 0 {
			name = w.structure.Name // SimpleQuantity's root is called Quantity
		}
		body.String(name)
		body.Part(part)
		count++
	}
	return count, nil
}

func hasChildren(all []element, i int) bool {
	return i+1 < len(all) && strings.HasPrefix(all[i+1].Path, all[i].Path+".")
}

func (w typeWriter) writeType(part *table.Section, i int, e element) error {
	s := w.structure
	name, base, kind, abstract, regex := e.Path, "", kindComplex, 0, ""
	if i == 0 {
		name, base = s.Name, lastSegment(s.BaseDefinition)
		if s.Abstract {
			abstract = 1
		}
		switch s.Kind {
		case "resource":
			kind = kindResource
		case primitiveStructure:
			kind, regex = kindPrimitive, s.regex()
		}
	} else {
		base = e.Type[0].Code
	}
	part.String(name)
	part.Uint(kind)
	part.String(base)
	part.Uint(abstract)
	part.String(regex)
	part.String(e.Path)
	writeInvariants(part, e, nil)
	children := s.children(e.Path)
	part.Uint(len(children))
	for _, c := range children {
		if err := w.writeElement(part, c, kind == kindResource); err != nil {
			return fmt.Errorf("element %s: %w", c.Path, err)
		}
	}
	return nil
}

// regex is the format of a primitive, given with the type of its value.
func (s structure) regex() string {
	for _, e := range s.Snapshot.Element {
		if e.Path == s.Name+".value" {
			return e.Type[0].extension("regex")
		}
	}
	return ""
}

// children are the direct children of path. The value of a primitive is left
// out: it is the JSON value itself.
func (s structure) children(path string) []element {
	var out []element
	for _, e := range s.Snapshot.Element {
		rest, ok := strings.CutPrefix(e.Path, path+".")
		if !ok || strings.Contains(rest, ".") || (s.Kind == primitiveStructure && rest == "value") {
			continue
		}
		out = append(out, e)
	}
	return out
}

func (w typeWriter) writeElement(part *table.Section, e element, ofResource bool) error {
	name, choice := strings.CutSuffix(e.Path[strings.LastIndexByte(e.Path, '.')+1:], "[x]")
	flags := 0
	for _, f := range []struct {
		on   bool
		flag int
	}{{choice, flagChoice}, {e.IsSummary, flagSummary}, {e.IsModifier, flagModifier}, {e.Binding != nil && e.Binding.ValueSet != "", flagBinding}} {
		if f.on {
			flags |= f.flag
		}
	}
	top := 0 // *
	if e.Max != "*" {
		n, err := strconv.Atoi(e.Max)
		if err != nil {
			return fmt.Errorf("max: %w", err)
		}
		top = n + 1
	}
	part.String(name)
	part.Uint(flags)
	part.Uint(e.Min)
	part.Uint(top)
	known := w.writeTypes(part, e, name == "id" && ofResource)
	if flags&flagBinding != 0 {
		part.String(e.Binding.Strength)
		url, _, _ := strings.Cut(e.Binding.ValueSet, "|")
		part.String(url)
	}
	writeInvariants(part, e, known)
	return nil
}

// writeTypes writes the types of an element and returns the invariants that
// they check themselves: the snapshots repeat those on each element.
func (w typeWriter) writeTypes(part *table.Section, e element, resourceID bool) map[string]bool {
	if ref, ok := strings.CutPrefix(e.ContentReference, "#"); ok {
		e.Type = []elementType{{Code: ref}}
	}
	if hasChildren(w.structure.Snapshot.Element, slices.IndexFunc(w.structure.Snapshot.Element, func(x element) bool { return x.Path == e.Path })) {
		part.Uint(1)
		part.String(e.Path)
		part.String("")
		part.List(nil)
		own := map[string]bool{}
		for _, c := range e.Constraint {
			own[c.Key] = true
		}
		return own
	}
	part.Uint(len(e.Type))
	known := map[string]bool{"ele-1": true}
	for _, t := range e.Type {
		code := t.Code
		switch {
		case resourceID:
			code = "id" // the snapshots of R4 say string for all but Resource
		case strings.HasPrefix(code, "http://hl7.org/fhirpath/"):
			code = cmp.Or(t.extension("structuredefinition-fhir-type"), "string") // Element.id
		}
		part.String(code)
		profile := ""
		if len(t.Profile) > 0 {
			profile = lastSegment(t.Profile[0])
		}
		part.String(profile)
		part.List(targets(t.TargetProfile))
		for key := range w.invariants[code] {
			known[key] = true
		}
	}
	return known
}

const hl7 = "http://hl7.org/fhir/StructureDefinition/"

// targets are the resource types a reference may name; Resource means any.
// The package adds types of its maker's server to AuditEvent: they are no R4.
func targets(profiles []string) []string {
	var out []string
	for _, p := range profiles {
		name, ours := strings.CutPrefix(p, hl7)
		if name == "Resource" {
			return nil
		}
		if ours {
			out = append(out, name)
		}
	}
	return out
}

func writeInvariants(part *table.Section, e element, known map[string]bool) {
	n := 0
	for _, c := range e.Constraint {
		if !known[c.Key] {
			n++
		}
	}
	part.Uint(n)
	for _, c := range e.Constraint {
		if known[c.Key] {
			continue
		}
		part.String(c.Key)
		part.String(c.Severity)
		part.String(c.Human)
		part.String(corrected(c.Key, c.Expression))
	}
}

// corrections mend invariants that refuse what they mean to allow. que-7 asks
// for System.Boolean, which no answer in a resource is; R5 says "boolean".
var corrections = map[string][2]string{
	"que-7": {"answer is Boolean", "answer is boolean"},
}

func corrected(key, expression string) string {
	if c, ok := corrections[key]; ok {
		return strings.ReplaceAll(expression, c[0], c[1])
	}
	return expression
}
