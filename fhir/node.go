package fhir

import (
	"github.com/go-json-experiment/json/jsontext"
)

// Kind is the JSON kind of a Node.
type Kind uint8

// The kinds of JSON value. The zero Kind belongs to no parsed value.
const (
	KindNone Kind = iota
	KindNull
	KindBool
	KindNumber
	KindString
	KindObject
	KindArray
)

// Node is one JSON value of a resource as it arrived: key order kept, numbers
// kept as text, so that nothing is lost between reading and writing.
//
// All methods that only read may be called on a nil Node and then answer
// "nothing", so paths can be walked without checks.
type Node struct {
	Kind   Kind
	Name   string // member name in the parent object; "" in an array and at the root
	Text   string // String: the decoded text. Number: as written. Bool: "true" or "false"
	Nodes  []Node // the members of an object or the elements of an array, in order
	Offset int    // byte offset of the value in the document that was parsed
}

// Str makes a string node.
func Str(text string) Node { return Node{Kind: KindString, Text: text} }

// Num makes a number node; text must be a JSON number.
func Num(text string) Node { return Node{Kind: KindNumber, Text: text} }

// Bool makes a boolean node.
func Bool(b bool) Node {
	if b {
		return Node{Kind: KindBool, Text: "true"}
	}
	return Node{Kind: KindBool, Text: "false"}
}

// Obj makes an object from members that carry their names (see Node.As).
func Obj(members ...Node) Node { return Node{Kind: KindObject, Nodes: members} }

// Arr makes an array.
func Arr(elements ...Node) Node { return Node{Kind: KindArray, Nodes: elements} }

// As names a node, to be a member of an object.
func (n Node) As(name string) Node {
	n.Name = name
	return n
}

// Get returns the member called name, or nil.
func (n *Node) Get(name string) *Node {
	if n == nil || n.Kind != KindObject {
		return nil
	}
	for i := range n.Nodes {
		if n.Nodes[i].Name == name {
			return &n.Nodes[i]
		}
	}
	return nil
}

// Path walks members by name; an array on the way is entered at its first
// element.
func (n *Node) Path(names ...string) *Node {
	for _, name := range names {
		if n != nil && n.Kind == KindArray {
			n = n.At(0)
		}
		n = n.Get(name)
	}
	return n
}

// At returns the i-th element of an array, or nil.
func (n *Node) At(i int) *Node {
	if n == nil || n.Kind != KindArray || i < 0 || i >= len(n.Nodes) {
		return nil
	}
	return &n.Nodes[i]
}

// Each returns the elements of an array, the value itself as the only element
// of anything else, and nothing for nil.
func (n *Node) Each() []*Node {
	if n == nil {
		return nil
	}
	if n.Kind != KindArray {
		return []*Node{n}
	}
	out := make([]*Node, len(n.Nodes))
	for i := range n.Nodes {
		out[i] = &n.Nodes[i]
	}
	return out
}

// String returns the text of a string node, "" for anything else.
func (n *Node) String() string {
	if n == nil || n.Kind != KindString {
		return ""
	}
	return n.Text
}

// Is reports whether the node has the kind.
func (n *Node) Is(k Kind) bool { return n != nil && n.Kind == k }

// True reports whether the node is the JSON value true.
func (n *Node) True() bool { return n != nil && n.Kind == KindBool && n.Text == "true" }

// ResourceType returns the resourceType of an object, "" when it has none.
func (n *Node) ResourceType() string { return n.Get("resourceType").String() }

// Set puts value under name, in the place of the member it replaces, else at
// the end.
func (n *Node) Set(name string, value Node) {
	value.Name = name
	if old := n.Get(name); old != nil {
		*old = value
		return
	}
	n.Nodes = append(n.Nodes, value)
}

// Remove deletes the member called name and reports whether it was there.
func (n *Node) Remove(name string) bool {
	if n == nil || n.Kind != KindObject {
		return false
	}
	for i := range n.Nodes {
		if n.Nodes[i].Name == name {
			n.Nodes = append(n.Nodes[:i:i], n.Nodes[i+1:]...)
			return true
		}
	}
	return false
}

// Clone returns a deep copy.
func (n *Node) Clone() *Node {
	if n == nil {
		return nil
	}
	c := *n
	c.Nodes = cloneNodes(n.Nodes)
	return &c
}

func cloneNodes(in []Node) []Node {
	if in == nil {
		return nil
	}
	out := make([]Node, len(in))
	for i := range in {
		out[i] = in[i]
		out[i].Nodes = cloneNodes(in[i].Nodes)
	}
	return out
}

// Walk calls visit for the node and everything below it, parents first, until
// visit returns false.
func (n *Node) Walk(visit func(*Node) bool) bool {
	if n == nil {
		return true
	}
	if !visit(n) {
		return false
	}
	for i := range n.Nodes {
		if !n.Nodes[i].Walk(visit) {
			return false
		}
	}
	return true
}

// JSON writes the tree as compact JSON: key order and the text of numbers are
// kept, and nothing is escaped that JSON does not ask for.
func (n *Node) JSON() []byte { return n.AppendJSON(make([]byte, 0, 1024)) }

// AppendJSON appends the compact JSON of the tree to dst.
func (n *Node) AppendJSON(dst []byte) []byte {
	if n == nil {
		return append(dst, "null"...)
	}
	switch n.Kind {
	case KindBool, KindNumber:
		return append(dst, n.Text...)
	case KindString:
		return appendString(dst, n.Text)
	case KindArray:
		dst = append(dst, '[')
		for i := range n.Nodes {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = n.Nodes[i].AppendJSON(dst)
		}
		return append(dst, ']')
	case KindObject:
		dst = append(dst, '{')
		for i := range n.Nodes {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, n.Nodes[i].Name)
			dst = append(dst, ':')
			dst = n.Nodes[i].AppendJSON(dst)
		}
		return append(dst, '}')
	default:
		return append(dst, "null"...)
	}
}

// appendString quotes s. Bad UTF-8 cannot come from Parse; in text made by us
// it is replaced, as the JSON library does.
func appendString(dst []byte, s string) []byte {
	out, err := jsontext.AppendQuote(dst, s)
	if err != nil {
		return out // AppendQuote has written the repaired text
	}
	return out
}
