package patch

import (
	"strings"

	"github.com/jamii-health/jamii/fhir"
)

// item is one element with, for a primitive, its member with the underscore.
// Either may be missing, but not both.
type item struct {
	typ           string // when it was built from a patch
	value, shadow *fhir.Node
}

func (it item) appendTo(owner *fhir.Node, name string) {
	if it.value != nil {
		owner.Nodes = append(owner.Nodes, it.value.As(name))
	}
	if it.shadow != nil {
		owner.Nodes = append(owner.Nodes, it.shadow.As("_"+name))
	}
}

// loadList reads the array called name and the one of its shadows as one list.
func loadList(owner *fhir.Node, name string) []item {
	values, shadows := owner.Get(name), owner.Get("_"+name)
	var list []item
	for i := 0; values.At(i) != nil || shadows.At(i) != nil; i++ {
		list = append(list, item{value: present(values.At(i)), shadow: present(shadows.At(i))})
	}
	return list
}

// present is a copy of a node that is there and not null.
func present(n *fhir.Node) *fhir.Node {
	if n == nil || n.Kind == fhir.KindNull {
		return nil
	}
	c := *n
	return &c
}

// storeList writes a list as one or two arrays, equally long; an array of
// nothing but null is left out.
//
// https://hl7.org/fhir/R4/json.html#primitive
func storeList(owner *fhir.Node, name string, list []item) {
	values, shadows := fhir.Arr(), fhir.Arr()
	anyValue, anyShadow := false, false
	for _, it := range list {
		values.Nodes = append(values.Nodes, orNull(it.value))
		shadows.Nodes = append(shadows.Nodes, orNull(it.shadow))
		anyValue = anyValue || it.value != nil
		anyShadow = anyShadow || it.shadow != nil
	}
	store(owner, name, values, anyValue)
	store(owner, "_"+name, shadows, anyShadow)
}

func store(owner *fhir.Node, name string, array fhir.Node, keep bool) {
	if keep {
		owner.Set(name, array)
		return
	}
	owner.Remove(name)
}

func orNull(n *fhir.Node) fhir.Node {
	if n == nil {
		return fhir.Node{Kind: fhir.KindNull}
	}
	return n.As("")
}

// dropEmpty takes out what deletions have left empty, from the leaves up.
//
// https://hl7.org/fhir/R4/json.html: objects and arrays are never empty.
func dropEmpty(n *fhir.Node) {
	for i := range n.Nodes {
		dropEmpty(&n.Nodes[i])
	}
	if n.Kind != fhir.KindObject {
		return
	}
	var kept []fhir.Node
	var lists []string // whose items may have lost their last part
	for _, m := range n.Nodes {
		switch {
		case m.Kind == fhir.KindArray && hasEmpty(&m):
			lists = append(lists, strings.TrimPrefix(m.Name, "_"))
			kept = append(kept, m)
		case !empty(&m):
			kept = append(kept, m)
		}
	}
	n.Nodes = kept
	for _, name := range lists {
		var list []item
		for _, it := range loadList(n, name) {
			it = item{value: full(it.value), shadow: full(it.shadow)}
			if it.value != nil || it.shadow != nil {
				list = append(list, it)
			}
		}
		storeList(n, name, list)
	}
}

func empty(n *fhir.Node) bool {
	return (n.Kind == fhir.KindObject || n.Kind == fhir.KindArray) && len(n.Nodes) == 0
}

func hasEmpty(list *fhir.Node) bool {
	for i := range list.Nodes {
		if empty(&list.Nodes[i]) {
			return true
		}
	}
	return false
}

func full(n *fhir.Node) *fhir.Node {
	if n == nil || empty(n) {
		return nil
	}
	return n
}
