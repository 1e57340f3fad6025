package xml

import (
	"github.com/jamii-health/jamii/fhir"
)

// member finds a member by name, from the end: what repeats stands there.
func member(n *fhir.Node, name string) *fhir.Node {
	for i := len(n.Nodes) - 1; i >= 0; i-- {
		if n.Nodes[i].Name == name {
			return &n.Nodes[i]
		}
	}
	return nil
}

// shadowOf finds the member with the underscore that belongs to name.
func shadowOf(n *fhir.Node, name string) *fhir.Node {
	for i := len(n.Nodes) - 1; i >= 0; i-- {
		if m := n.Nodes[i].Name; len(m) == len(name)+1 && m[0] == '_' && m[1:] == name {
			return &n.Nodes[i]
		}
	}
	return nil
}

func has(n *fhir.Node, name string) bool { return member(n, name) != nil || shadowOf(n, name) != nil }

// count is the number of repetitions read so far.
func count(n *fhir.Node, name string) int {
	if list := member(n, name); list != nil {
		return len(list.Nodes)
	}
	return 0
}

// putInList adds an element to the array called name. The array of shadows is
// made when the first is met, and JSON null fills the places that have none.
//
// https://hl7.org/fhir/R4/json.html#primitive
func putInList(n *fhir.Node, name string, value, shadow fhir.Node) {
	list := member(n, name)
	if list == nil {
		at := value.Offset
		if value.Kind == fhir.KindNone {
			at = shadow.Offset
		}
		n.Nodes = append(n.Nodes, fhir.Node{Kind: fhir.KindArray, Name: name, Offset: at})
		list = &n.Nodes[len(n.Nodes)-1]
	}
	before := len(list.Nodes)
	if value.Kind == fhir.KindNone {
		value = null
	}
	list.Nodes = append(list.Nodes, value)
	if shadow.Kind == fhir.KindNone {
		return
	}
	shadows := shadowOf(n, name)
	if shadows == nil {
		n.Nodes = append(n.Nodes, fhir.Node{Kind: fhir.KindArray, Name: "_" + name, Offset: shadow.Offset})
		shadows = &n.Nodes[len(n.Nodes)-1]
	}
	for len(shadows.Nodes) < before {
		shadows.Nodes = append(shadows.Nodes, null)
	}
	shadows.Nodes = append(shadows.Nodes, shadow)
}

var null = fhir.Node{Kind: fhir.KindNull}

// align fills up the arrays of shadows, once the object is complete, and drops
// an array of values that holds none.
func align(n *fhir.Node) {
	for i := 0; i < len(n.Nodes); i++ {
		m := &n.Nodes[i]
		if m.Name == "" || m.Name[0] != '_' || m.Kind != fhir.KindArray {
			continue
		}
		values := member(n, m.Name[1:])
		for len(m.Nodes) < len(values.Nodes) {
			m.Nodes = append(m.Nodes, null)
		}
		if !anyValue(values) && n.Remove(values.Name) {
			i-- // the values stood before their shadows
		}
	}
}

func anyValue(list *fhir.Node) bool {
	for i := range list.Nodes {
		if list.Nodes[i].Kind != fhir.KindNull {
			return true
		}
	}
	return false
}
