package xml

import (
	"slices"
	"unicode/utf8"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

const header = `<?xml version="1.0" encoding="UTF-8"?>`

// Append appends the resource as an XML document, in the order of the
// definition and on one line. What XML cannot hold without loss is a
// *fhir.Error of kind NotAcceptable, and dst comes back as it was.
func Append(dst []byte, n *fhir.Node) ([]byte, error) { return AppendIndent(dst, n, "") }

// AppendIndent is Append with each element on a line of its own, behind as
// many indents as it is deep; no indent means one line.
func AppendIndent(dst []byte, n *fhir.Node, indent string) ([]byte, error) {
	w := writer{dst: append(dst, header...), indent: indent}
	if err := w.resource(n, true); err != nil {
		return dst, writeError(err)
	}
	if indent != "" {
		w.dst = append(w.dst, '\n')
	}
	return w.dst, nil
}

type writer struct {
	dst    []byte
	indent string
	depth  int
}

func unfit(text string) error { return &fault{text: text} }

// line begins a new line when the output is indented.
func (w *writer) line() {
	if w.indent == "" {
		return
	}
	w.dst = append(w.dst, '\n')
	for range w.depth {
		w.dst = append(w.dst, w.indent...)
	}
}

func (w *writer) resource(n *fhir.Node, root bool) error {
	name := n.ResourceType()
	def, ok := definition.Lookup(name)
	if !ok || def.Kind != definition.Resource || def.Abstract {
		return unfit("its resource type is missing or not one of FHIR R4")
	}
	w.line()
	w.dst = append(append(w.dst, '<'), name...)
	if root {
		w.dst = append(w.dst, ` xmlns="`+fhirSpace+`"`...)
	}
	if err := w.content(n, def, name); err != nil {
		if root {
			return within(err, name, -1)
		}
		return err
	}
	return nil
}

// content closes the start tag of name, which lacks only its >, and writes the
// children and the end tag.
func (w *writer) content(n *fhir.Node, def *definition.Type, name string) error {
	start := len(w.dst)
	w.dst = append(w.dst, '>')
	w.depth++
	if err := w.members(n, def); err != nil {
		return err
	}
	w.depth--
	if len(w.dst) == start+1 {
		w.dst = append(w.dst[:start], "/>"...)
		return nil
	}
	w.line()
	w.end(name)
	return nil
}

func (w *writer) end(name string) {
	w.dst = append(append(append(w.dst, "</"...), name...), '>')
}

// entry is a member, or two of them, on the way to its place.
type entry struct {
	place         int // index of the element in the definition
	element       *definition.Element
	typ, name     string
	value, shadow *fhir.Node
}

// members writes the children that are elements, in the definition's order.
func (w *writer) members(n *fhir.Node, def *definition.Type) error {
	var buffer [24]entry
	entries := buffer[:0]
	place := 0
	for i := range n.Nodes {
		m := &n.Nodes[i]
		e := entry{name: m.Name, value: m}
		switch {
		case m.Name == "resourceType" && def.Kind == definition.Resource, isAttribute(def, m.Name):
			continue
		case m.Name != "" && m.Name[0] == '_':
			e = entry{name: m.Name[1:], shadow: m}
			if n.Get(e.name) != nil && !isAttribute(def, e.name) {
				continue // taken with its value
			}
		default:
			e.shadow = shadowOf(n, m.Name)
		}
		var ok bool
		if e.element, e.typ, ok = def.Element(e.name); !ok || isAttribute(def, e.name) {
			return within(unfit("it has an element that FHIR R4 does not know"), shownStep(e.name), -1)
		}
		place = placeOf(def, e.element, place)
		e.place = place
		entries = append(entries, e)
	}
	if !slices.IsSortedFunc(entries, byPlace) {
		slices.SortStableFunc(entries, byPlace)
	}
	for i := range entries {
		if err := w.entry(&entries[i]); err != nil {
			return err
		}
	}
	return nil
}

func byPlace(a, b entry) int { return a.place - b.place }

// placeOf searches from where the last one was: members are mostly in order.
func placeOf(def *definition.Type, e *definition.Element, from int) int {
	for i := range def.Elements {
		at := (from + i) % len(def.Elements)
		if &def.Elements[at] == e {
			return at
		}
	}
	return len(def.Elements)
}

func (w *writer) entry(e *entry) error {
	if !e.element.Repeats() {
		return within(w.element(e.name, e.typ, e.value, e.shadow), e.name, -1)
	}
	n := 0
	for _, list := range []*fhir.Node{e.value, e.shadow} {
		if list == nil {
			continue
		}
		if list.Kind != fhir.KindArray {
			return within(unfit("an element that may repeat is not an array"), e.name, -1)
		}
		n = max(n, len(list.Nodes))
	}
	if n == 0 {
		return within(unfit("an array is empty"), e.name, -1)
	}
	for i := range n {
		if err := w.element(e.name, e.typ, e.value.At(i), e.shadow.At(i)); err != nil {
			return within(err, e.name, i)
		}
	}
	return nil
}

func (w *writer) element(name, typ string, value, shadow *fhir.Node) error {
	if typ == "xhtml" {
		return w.xhtml(value, shadow)
	}
	if typ == "Resource" {
		if !value.Is(fhir.KindObject) {
			return unfit("there is no object where a resource must stand")
		}
		w.start(name)
		w.dst = append(w.dst, '>')
		w.depth++
		if err := w.resource(value, false); err != nil {
			return err
		}
		w.depth--
		w.line()
		w.end(name)
		return nil
	}
	if isPrimitive(typ) {
		return w.primitive(name, typ, value, shadow)
	}
	def, ok := definition.Lookup(typ)
	switch {
	case !ok:
		return unfit("the type of an element is not known")
	case !value.Is(fhir.KindObject) || shadow != nil:
		return unfit("an element is not an object as its type asks")
	}
	w.start(name)
	if err := w.attributes(value, def); err != nil {
		return err
	}
	return w.content(value, def, name)
}

func (w *writer) start(name string) {
	w.line()
	w.dst = append(append(w.dst, '<'), name...)
}

// primitive writes the value as an attribute, and the shadow as id and
// extensions.
func (w *writer) primitive(name, typ string, value, shadow *fhir.Node) error {
	if value.Is(fhir.KindNull) {
		value = nil
	}
	if shadow.Is(fhir.KindNull) {
		shadow = nil
	}
	if shadow != nil && shadow.Kind != fhir.KindObject {
		return unfit("the member with the underscore is not an object")
	}
	if value == nil && (shadow == nil || len(shadow.Nodes) == 0) {
		return unfit("an element has neither value nor extension")
	}
	w.start(name)
	var def *definition.Type
	if shadow != nil {
		var ok bool
		if def, ok = definition.Lookup(typ); !ok {
			return unfit("the type of an element is not known")
		}
		if err := w.attributes(shadow, def); err != nil {
			return err
		}
	}
	if value != nil {
		if value.Kind != jsonKind(typ) {
			return unfit("a value is not of the JSON type that its FHIR type asks")
		}
		if err := w.attribute("value", value.Text); err != nil {
			return err
		}
	}
	if shadow == nil {
		w.dst = append(w.dst, "/>"...)
		return nil
	}
	return w.content(shadow, def, name)
}

// attributes writes id, and the url of an extension.
func (w *writer) attributes(n *fhir.Node, def *definition.Type) error {
	for _, name := range []string{"id", "url"} {
		v := n.Get(name)
		if v == nil || !isAttribute(def, name) {
			continue
		}
		if v.Kind != fhir.KindString {
			return within(unfit("a value is not of the JSON type that its FHIR type asks"), name, -1)
		}
		if err := w.attribute(name, v.Text); err != nil {
			return within(err, name, -1)
		}
	}
	return nil
}

func (w *writer) attribute(name, text string) error {
	w.dst = append(append(append(w.dst, ' '), name...), `="`...)
	if !utf8.ValidString(text) || !allAllowed(text) {
		return unfit("a value holds a character that XML does not allow")
	}
	from := 0
	for i := range len(text) {
		if ref := references[text[i]]; ref != "" {
			w.dst = append(append(w.dst, text[from:i]...), ref...)
			from = i + 1
		}
	}
	w.dst = append(append(w.dst, text[from:]...), '"')
	return nil
}

// references are the characters that cannot stand as such in an attribute;
// line breaks and tabs would come back as spaces.
var references = [256]string{'&': "&amp;", '<': "&lt;", '>': "&gt;", '"': "&quot;", '\n': "&#10;", '\r': "&#13;", '\t': "&#9;"}

func (w *writer) xhtml(value, shadow *fhir.Node) error {
	if !value.Is(fhir.KindString) || shadow != nil {
		return unfit("the narrative is not a string")
	}
	div, err := embed(value.Text)
	if err != nil {
		return err
	}
	w.line()
	w.dst = append(w.dst, div...)
	return nil
}
