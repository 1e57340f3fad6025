package terminology

import (
	"github.com/jamii-health/jamii/fhir"
)

// Concept is one code of a code system.
type Concept struct {
	Code, Display, Definition string
	Inactive, Abstract        bool
	parents                   []int32
	node                      *fhir.Node // for designations and properties
}

// CodeSystem is a code system ready to be asked. It is read-only and shared.
type CodeSystem struct {
	URL, Version, Name string
	// Complete is true when all codes of the system are in it.
	Complete      bool
	CaseSensitive bool
	// ValueSet is the canonical of the set of all its codes.
	ValueSet string

	concepts []Concept // in order, parents before children
	byCode   map[string]int32
	children [][]int32
}

// ReadCodeSystem takes a CodeSystem resource in. The tree is kept, not copied.
func ReadCodeSystem(n *fhir.Node) *CodeSystem {
	cs := &CodeSystem{
		URL: n.Get("url").String(), Version: n.Get("version").String(), Name: n.Get("name").String(),
		Complete: n.Get("content").String() == "complete", ValueSet: n.Get("valueSet").String(),
		CaseSensitive: !n.Get("caseSensitive").Is(fhir.KindBool) || n.Get("caseSensitive").True(),
		byCode:        map[string]int32{},
	}
	cs.add(n.Get("concept"), -1)
	cs.children = make([][]int32, len(cs.concepts))
	cs.linkProperties()
	for i := range cs.concepts {
		for _, p := range cs.concepts[i].parents {
			cs.children[p] = append(cs.children[p], int32(i))
		}
	}
	return cs
}

func (cs *CodeSystem) add(list *fhir.Node, parent int32) {
	for _, c := range list.Each() {
		k := Concept{Code: c.Get("code").String(), Display: c.Get("display").String(), Definition: c.Get("definition").String(), node: c}
		if parent >= 0 {
			k.parents = []int32{parent}
		}
		for _, p := range c.Get("property").Each() {
			switch p.Get("code").String() {
			case "inactive":
				k.Inactive = p.Get("valueBoolean").True()
			case "status":
				v := p.Get("valueCode").String()
				k.Inactive = k.Inactive || v == "retired" || v == "inactive"
			case "notSelectable", "abstract":
				k.Abstract = p.Get("valueBoolean").True()
			}
		}
		at := int32(len(cs.concepts))
		if _, twice := cs.byCode[k.Code]; !twice {
			cs.byCode[k.Code] = at
		}
		cs.concepts = append(cs.concepts, k)
		cs.add(c.Get("concept"), at)
	}
}

// linkProperties takes parents that are told by properties, as v3 does.
func (cs *CodeSystem) linkProperties() {
	for i := range cs.concepts {
		for _, p := range cs.concepts[i].node.Get("property").Each() {
			name := p.Get("code").String()
			if name != "parent" && name != "subsumedBy" {
				continue
			}
			if at, ok := cs.byCode[p.Get("valueCode").String()]; ok && at != int32(i) {
				cs.concepts[i].parents = append(cs.concepts[i].parents, at)
			}
		}
	}
}

// Lookup finds a code.
func (cs *CodeSystem) Lookup(code string) (*Concept, bool) {
	i, ok := cs.byCode[code]
	if !ok {
		return nil, false
	}
	return &cs.concepts[i], true
}

// Len is the number of concepts.
func (cs *CodeSystem) Len() int { return len(cs.concepts) }

// Subsumes says how a relates to b: "equivalent", "subsumes", "subsumed-by" or
// "not-subsumed". ok is false when one of them is no code of the system.
//
// https://hl7.org/fhir/R4/codesystem-operation-subsumes.html
func (cs *CodeSystem) Subsumes(a, b string) (outcome string, ok bool) {
	i, ok1 := cs.byCode[a]
	j, ok2 := cs.byCode[b]
	switch {
	case !ok1 || !ok2:
		return "", false
	case i == j:
		return "equivalent", true
	case cs.isA(j, i):
		return "subsumes", true
	case cs.isA(i, j):
		return "subsumed-by", true
	}
	return "not-subsumed", true
}

// isA reports whether concept i is below concept j, at any distance.
func (cs *CodeSystem) isA(i, j int32) bool {
	seen := map[int32]bool{}
	open := []int32{i}
	for len(open) > 0 {
		at := open[len(open)-1]
		open = open[:len(open)-1]
		for _, p := range cs.concepts[at].parents {
			if p == j {
				return true
			}
			if !seen[p] {
				seen[p] = true
				open = append(open, p)
			}
		}
	}
	return false
}

// Designations are further names of the concept, as CodeSystem has them.
func (c *Concept) Designations() []*fhir.Node { return c.node.Get("designation").Each() }

// Property is a property of a concept; Value is the value[x] with its name.
type Property struct {
	Code  string
	Value *fhir.Node
}

// Properties are the properties of a concept, with its parents and children.
func (cs *CodeSystem) Properties(c *Concept) (out []Property) {
	add := func(code, related string) {
		v := fhir.Str(related).As("valueCode")
		out = append(out, Property{code, &v})
	}
	for _, p := range c.parents {
		add("parent", cs.concepts[p].Code)
	}
	for _, k := range cs.children[cs.byCode[c.Code]] {
		add("child", cs.concepts[k].Code)
	}
	for _, p := range c.node.Get("property").Each() {
		for i := range p.Nodes {
			if v := &p.Nodes[i]; len(v.Name) > 5 && v.Name[:5] == "value" {
				out = append(out, Property{p.Get("code").String(), v})
			}
		}
	}
	return out
}
