package patch

import (
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// place is where an element stands in a resource.
type place struct {
	owner   *fhir.Node // the object that holds it; nil for the resource itself
	element *definition.Element
	typ     string // the type it has, of a choice the one chosen
	name    string // in JSON, without the underscore
	index   int    // in the list, -1 for what does not repeat
	node    *fhir.Node
}

// locate finds a node of the tree by its identity.
func locate(root, target *fhir.Node) (place, bool) {
	if target == nil {
		return place{}, false
	}
	def, ok := definition.Lookup(root.ResourceType())
	if !ok {
		return place{}, false
	}
	if root == target {
		return place{typ: def.Name, index: -1, node: root}, true
	}
	return locateIn(root, def, target)
}

func locateIn(owner *fhir.Node, def *definition.Type, target *fhir.Node) (place, bool) {
	for i := range owner.Nodes {
		m := &owner.Nodes[i]
		name := strings.TrimPrefix(m.Name, "_")
		e, typ, ok := def.Element(name)
		if !ok {
			continue
		}
		at := place{owner: owner, element: e, typ: typ, name: name, index: -1}
		if m.Kind != fhir.KindArray {
			if found, ok := at.match(m, target); ok {
				return found, true
			}
			continue
		}
		for j := range m.Nodes {
			at.index = j
			if found, ok := at.match(&m.Nodes[j], target); ok {
				return found, true
			}
		}
	}
	return place{}, false
}

func (p place) match(n, target *fhir.Node) (place, bool) {
	p.node = n
	if n == target {
		return p, true
	}
	if n.Kind != fhir.KindObject {
		return place{}, false
	}
	def, ok := p.contentType()
	if !ok {
		return place{}, false
	}
	return locateIn(n, def, target)
}

// contentType is the type that says what children the element has.
func (p place) contentType() (*definition.Type, bool) {
	if p.typ == "Resource" {
		return definition.Lookup(p.node.ResourceType())
	}
	return definition.Lookup(p.typ)
}

// content is the object that holds the element's children: for a primitive the
// member with the underscore, which is made if need be.
func (p place) content() *fhir.Node {
	if p.owner == nil || p.node.Kind == fhir.KindObject {
		return p.node
	}
	if p.index < 0 {
		shadow := p.owner.Get("_" + p.name)
		if !shadow.Is(fhir.KindObject) {
			p.owner.Set("_"+p.name, fhir.Obj())
			shadow = p.owner.Get("_" + p.name)
		}
		return shadow
	}
	list := loadList(p.owner, p.name)
	if list[p.index].shadow == nil {
		empty := fhir.Obj()
		list[p.index].shadow = &empty
		storeList(p.owner, p.name, list)
	}
	return p.owner.Get("_" + p.name).At(p.index)
}

// replace puts an item in the place, or takes the element out when it is nil.
func (p place) replace(with *item) {
	if p.index >= 0 {
		list := loadList(p.owner, p.name)
		if with == nil {
			list = append(list[:p.index], list[p.index+1:]...)
		} else {
			list[p.index] = *with
		}
		storeList(p.owner, p.name, list)
		return
	}
	kept := fhir.Obj()
	for _, m := range p.owner.Nodes {
		switch {
		case m.Name != p.name && m.Name != "_"+p.name:
			kept.Nodes = append(kept.Nodes, m)
		case with != nil: // at the first of the two
			with.appendTo(&kept, jsonName(p.element, with.typ))
			with = nil
		}
	}
	p.owner.Nodes = kept.Nodes
}
