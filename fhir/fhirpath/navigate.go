package fhirpath

import (
	"strconv"
	"strings"

	"github.com/jamii-health/jamii/fhir"
)

// members appends the children of e called name to out.
func members(out []Element, e Element, name string) []Element {
	if e.typ == nil {
		return out
	}
	if t, ok := e.sys.(*typeInfo); ok {
		return typeMembers(out, t, name)
	}
	owner := e.owner()
	if owner == nil {
		return out
	}
	if e.typ == untyped {
		return untypedMembers(out, owner, name)
	}
	c := e.typ.child(name)
	if c == nil {
		return out
	}
	return c.appendTo(out, owner)
}

// owner is the object that holds an element's children: for a primitive the
// member with the underscore.
func (e Element) owner() *fhir.Node {
	if e.node != nil && e.node.Kind == fhir.KindObject {
		return e.node
	}
	if e.shadow != nil && e.shadow.Kind == fhir.KindObject {
		return e.shadow
	}
	return nil
}

// typeMembers answers type().name and type().namespace (N1 10.2).
func typeMembers(out []Element, t *typeInfo, name string) []Element {
	switch name {
	case "name":
		return append(out, String(t.name))
	case "namespace":
		if t.system {
			return append(out, String("System"))
		}
		return append(out, String("FHIR"))
	}
	return out
}

func (c *child) appendTo(out []Element, owner *fhir.Node) []Element {
	if c.options != nil {
		return c.appendChoice(out, owner)
	}
	var node, shadow *fhir.Node
	for i := range owner.Nodes {
		m := &owner.Nodes[i]
		switch {
		case m.Name == c.name:
			node = m
		case len(m.Name) == len(c.name)+1 && m.Name[0] == '_' && m.Name[1:] == c.name:
			shadow = m
		}
	}
	return c.appendItems(out, c.typ, node, shadow)
}

func (c *child) appendChoice(out []Element, owner *fhir.Node) []Element {
	for i := range owner.Nodes {
		m := &owner.Nodes[i]
		switch {
		case strings.HasPrefix(m.Name, c.name):
			if t := c.options[m.Name]; t != nil {
				out = c.appendItems(out, t, m, shadowOf(owner, m.Name))
			}
		case len(m.Name) > 1 && m.Name[0] == '_' && strings.HasPrefix(m.Name[1:], c.name):
			if t := c.options[m.Name[1:]]; t != nil && owner.Get(m.Name[1:]) == nil {
				out = c.appendItems(out, t, nil, m)
			}
		}
	}
	return out
}

// appendItems appends the element, or each of its repetitions. JSON null marks
// a place where only extensions, or nothing, stand.
func (c *child) appendItems(out []Element, t *typeInfo, node, shadow *fhir.Node) []Element {
	if node == nil && shadow == nil {
		return out
	}
	if !isArray(node) && !isArray(shadow) {
		return c.appendOne(out, t, node, shadow)
	}
	n := 0
	if isArray(node) {
		n = len(node.Nodes)
	}
	if isArray(shadow) {
		n = max(n, len(shadow.Nodes))
	}
	for i := range n {
		out = c.appendOne(out, t, node.At(i), shadow.At(i))
	}
	return out
}

// shadowOf finds the member with the underscore that belongs to name.
func shadowOf(owner *fhir.Node, name string) *fhir.Node {
	for i := range owner.Nodes {
		m := owner.Nodes[i].Name
		if len(m) == len(name)+1 && m[0] == '_' && m[1:] == name {
			return &owner.Nodes[i]
		}
	}
	return nil
}

func isArray(n *fhir.Node) bool { return n != nil && n.Kind == fhir.KindArray }

func (c *child) appendOne(out []Element, t *typeInfo, node, shadow *fhir.Node) []Element {
	if node != nil && node.Kind == fhir.KindNull {
		node = nil
	}
	if shadow != nil && shadow.Kind == fhir.KindNull {
		shadow = nil
	}
	if node == nil && shadow == nil {
		return out
	}
	if c.resource && node != nil {
		t = typeOf(node.ResourceType())
	}
	return append(out, Element{typ: t, node: node, shadow: shadow})
}

// untypedMembers goes by the names in JSON, for what no definition describes.
func untypedMembers(out []Element, owner *fhir.Node, name string) []Element {
	c := child{name: name, typ: untyped}
	return c.appendTo(out, owner)
}

// children appends all children of e, in the order of the document. The
// resourceType is no child.
func children(out []Element, e Element) []Element {
	owner := e.owner()
	if owner == nil {
		return out
	}
	t := e.typ
	if t == nil {
		return out
	}
	t.load()
	for i := range owner.Nodes {
		m := &owner.Nodes[i]
		name, shadow := m.Name, false
		if strings.HasPrefix(name, "_") {
			name, shadow = name[1:], true
			if owner.Get(name) != nil {
				continue // taken with its value
			}
		}
		if name == "resourceType" {
			continue
		}
		c, typ := t.childByJSON(name)
		if c == nil {
			if t != untyped {
				continue
			}
			c, typ = &child{name: name}, untyped
		}
		switch {
		case shadow:
			out = c.appendItems(out, typ, nil, m)
		case typ.complex():
			out = c.appendItems(out, typ, m, nil)
		default:
			out = c.appendItems(out, typ, m, shadowOf(owner, name))
		}
	}
	return out
}

// childByJSON finds the child that a JSON member belongs to.
func (t *typeInfo) childByJSON(name string) (*child, *typeInfo) {
	if c := t.children[name]; c != nil && c.options == nil {
		return c, c.typ
	}
	if t.def == nil {
		return nil, nil
	}
	e, typ, ok := t.def.Element(name)
	if !ok || !e.Choice {
		return nil, nil
	}
	return t.children[e.Name], typeOf(typ)
}

// Path says where the element stands in root's tree, such as
// "Claim.item[0].quantity"; "" when it is not part of it, as a System value or
// an element of another resource.
func (e Element) Path(root *fhir.Node) string {
	target := e.node
	if target == nil {
		target = e.shadow
	}
	if target == nil || root == nil {
		return ""
	}
	start := root.ResourceType()
	if start == "" {
		start = "$this"
	}
	path, ok := pathTo(root, target, start)
	if !ok {
		return ""
	}
	return path
}

// pathTo searches the tree by identity; it is asked only to report something.
func pathTo(n, target *fhir.Node, path string) (string, bool) {
	if n == target {
		return path, true
	}
	for i := range n.Nodes {
		m := &n.Nodes[i]
		step := strings.TrimPrefix(m.Name, "_")
		if n.Kind == fhir.KindArray {
			step = "[" + strconv.Itoa(i) + "]"
		}
		if p, ok := pathTo(m, target, fhir.JoinPath(path, step)); ok {
			return p, true
		}
	}
	return "", false
}
