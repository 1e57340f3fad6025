package terminology

import (
	"fmt"

	"github.com/jamii-health/jamii/fhir"
)

// Source finds terminology by canonical. A nil answer without an error means
// that there is none. version "" is the newest.
type Source interface {
	CodeSystem(url, version string) (*CodeSystem, error)
	Resource(kind, url, version string) (*fhir.Node, error) // ValueSet, ConceptMap
}

// Service answers questions from a Source.
type Service struct{ Source Source }

// set is a value set, compiled: what it includes and excludes.
type set struct {
	url      string
	include  []rule
	exclude  []rule
	expanded []Coded // from an expansion that came with the resource
}

// rule is one include or exclude.
type rule struct {
	system, version string
	cs              *CodeSystem // nil when the system is not here
	codes           map[string]string
	order           []string // of codes
	filters         []filter
	sets            []*set
}

// maxNesting bounds value sets that include value sets.
const maxNesting = 16

// compile reads a ValueSet with everything it refers to.
func (s *Service) compile(n *fhir.Node, depth int) (*set, error) {
	if depth > maxNesting {
		return nil, unsupported("The value sets include each other too deeply, or in a circle.")
	}
	out := &set{url: n.Get("url").String()}
	compose := n.Get("compose")
	if compose == nil {
		out.readExpansion(n.Path("expansion", "contains"))
		return out, nil
	}
	for _, part := range []struct {
		name string
		to   *[]rule
	}{{"include", &out.include}, {"exclude", &out.exclude}} {
		for _, inc := range compose.Get(part.name).Each() {
			r, err := s.rule(inc, depth)
			if err != nil {
				return nil, err
			}
			*part.to = append(*part.to, r)
		}
	}
	return out, nil
}

func (out *set) readExpansion(list *fhir.Node) {
	for _, c := range list.Each() {
		if !c.Get("abstract").True() && c.Get("code") != nil {
			out.expanded = append(out.expanded, Coded{System: c.Get("system").String(), Version: c.Get("version").String(), Code: c.Get("code").String(), Display: c.Get("display").String(), Inactive: c.Get("inactive").True()})
		}
		out.readExpansion(c.Get("contains"))
	}
}

func (s *Service) rule(inc *fhir.Node, depth int) (rule, error) {
	r := rule{system: inc.Get("system").String(), version: inc.Get("version").String()}
	if r.system != "" {
		cs, err := s.Source.CodeSystem(r.system, r.version)
		if err != nil {
			return r, err
		}
		r.cs = cs
	}
	for _, c := range inc.Get("concept").Each() {
		if r.codes == nil {
			r.codes = map[string]string{}
		}
		code := c.Get("code").String()
		r.codes[code] = c.Get("display").String()
		r.order = append(r.order, code)
	}
	for _, f := range inc.Get("filter").Each() {
		compiled, err := readFilter(f)
		if err != nil {
			return r, err
		}
		r.filters = append(r.filters, compiled)
	}
	for _, v := range inc.Get("valueSet").Each() {
		n, err := s.valueSet(v.String())
		if err != nil {
			return r, err
		}
		inner, err := s.compile(n, depth+1)
		if err != nil {
			return r, err
		}
		r.sets = append(r.sets, inner)
	}
	return r, nil
}

// valueSet finds a value set by canonical, "url|version".
func (s *Service) valueSet(canonical string) (*fhir.Node, error) {
	url, version := split(canonical)
	n, err := s.Source.Resource("ValueSet", url, version)
	if err != nil {
		return nil, err
	}
	if n == nil {
		return nil, &fhir.Error{Kind: fhir.NotFound, Issue: fhir.IssueNotFound, Text: "The value set is not known here. Check its url and version."}
	}
	return n, nil
}

// contains reports whether a code is in the set. An empty system matches any.
// known is false when that cannot be told, as the code system is not here.
func (v *set) contains(system, code string) (in, known bool) {
	known = true
	for _, c := range v.expanded {
		if c.Code == code && (system == "" || c.System == system) {
			return true, true
		}
	}
	for i := range v.include {
		yes, sure := v.include[i].matches(system, code)
		known = known && sure
		if !yes {
			continue
		}
		out := false
		for k := range v.exclude {
			no, sure := v.exclude[k].matches(system, code)
			known = known && sure
			out = out || no
		}
		if !out {
			return true, true
		}
	}
	return false, known
}

func (r *rule) matches(system, code string) (in, known bool) {
	if r.system != "" && system != "" && system != r.system {
		return false, true
	}
	if r.system != "" {
		if in, known = r.own(code); !in {
			return in, known
		}
	}
	for _, s := range r.sets {
		yes, sure := s.contains(system, code)
		if !yes {
			return false, sure
		}
	}
	return r.system != "" || len(r.sets) > 0, true
}

// own asks the rule's own system and filters.
func (r *rule) own(code string) (in, known bool) {
	if r.codes != nil {
		_, ok := r.codes[code]
		return ok, true
	}
	if r.cs == nil {
		return false, false
	}
	i, ok := r.cs.byCode[code]
	if !ok {
		return false, r.cs.Complete
	}
	for k := range r.filters {
		if !r.filters[k].holds(r.cs, i) {
			return false, true
		}
	}
	return true, true
}

// each calls visit for every code of the set, in order, each once.
func (v *set) each(visit func(Coded) bool) error {
	seen := map[[2]string]bool{}
	take := func(c Coded) bool {
		key := [2]string{c.System, c.Code}
		if seen[key] {
			return true
		}
		seen[key] = true
		for k := range v.exclude {
			if out, _ := v.exclude[k].matches(c.System, c.Code); out {
				return true
			}
		}
		return visit(c)
	}
	for _, c := range v.expanded {
		if !take(c) {
			return nil
		}
	}
	for i := range v.include {
		more, err := v.include[i].each(take)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// each lists what one include takes; more is false when visit had enough.
func (r *rule) each(visit func(Coded) bool) (more bool, err error) {
	if r.system == "" {
		return r.eachOfSets(visit)
	}
	ok := func(code string) bool {
		for _, s := range r.sets {
			if in, _ := s.contains(r.system, code); !in {
				return false
			}
		}
		return true
	}
	if r.codes != nil {
		for _, code := range r.order {
			c := Coded{System: r.system, Version: r.version, Code: code, Display: r.codes[code]}
			if r.cs != nil {
				c = r.cs.fill(c)
			}
			if ok(code) && !visit(c) {
				return false, nil
			}
		}
		return true, nil
	}
	if r.cs == nil || !r.cs.Complete {
		return false, unsupported("The value set takes all codes of a code system that is not here in full: " + r.system + ". Load the code system, or ask $validate-code for a single code.")
	}
next:
	for i := range r.cs.concepts {
		for k := range r.filters {
			if !r.filters[k].holds(r.cs, int32(i)) {
				continue next
			}
		}
		c := &r.cs.concepts[i]
		if ok(c.Code) && !visit(r.cs.fill(Coded{System: r.system, Code: c.Code})) {
			return false, nil
		}
	}
	return true, nil
}

// eachOfSets lists the codes that all of several sets have.
func (r *rule) eachOfSets(visit func(Coded) bool) (more bool, err error) {
	if len(r.sets) == 0 {
		return true, nil
	}
	more = true
	err = r.sets[0].each(func(c Coded) bool {
		for _, s := range r.sets[1:] {
			if in, _ := s.contains(c.System, c.Code); !in {
				return true
			}
		}
		more = visit(c)
		return more
	})
	return more, err
}

// fill adds what the system says of a code.
func (cs *CodeSystem) fill(c Coded) Coded {
	if c.Version == "" {
		c.Version = cs.Version
	}
	if k, ok := cs.Lookup(c.Code); ok {
		if c.Display == "" {
			c.Display = k.Display
		}
		c.Inactive, c.Abstract = k.Inactive, k.Abstract
	}
	return c
}

func split(canonical string) (url, version string) {
	for i := range canonical {
		if canonical[i] == '|' {
			return canonical[:i], canonical[i+1:]
		}
	}
	return canonical, ""
}

// Coded is a code of an expansion.
type Coded struct {
	System, Version, Code, Display string
	Inactive, Abstract             bool
}

// String names the code for messages about terminology, which is no data of
// persons.
func (c Coded) String() string { return fmt.Sprintf("%s|%s", c.System, c.Code) }
