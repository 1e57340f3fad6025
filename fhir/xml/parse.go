// Package xml reads and writes FHIR resources in XML. The tree is the one that
// the resource's JSON gives, so that nothing behind it knows which of the two
// arrived: numbers and booleans typed by the definition, arrays for what may
// repeat, the members with an underscore for ids and extensions of primitives,
// the narrative as text.
//
// What FHIR does not allow is refused by name: unknown elements, attributes
// and namespaces, text between elements, document types, entities and
// processing instructions. The order of elements is not insisted on when
// reading, and is the definition's when writing.
//
// https://hl7.org/fhir/R4/xml.html
package xml

import (
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// maxNodes bounds the memory that one document can claim, as in fhir.Parse.
const maxNodes = 4 << 20

// Parse reads one resource. A fault is a *fhir.Error of kind Invalid with the
// path, the line and the byte offset of what is wrong. Node offsets are byte
// offsets in the XML.
func Parse(data []byte) (*fhir.Node, error) {
	p := parser{scanner: scanner{src: string(data)}}
	var root fhir.Node
	if err := p.document(&root); err != nil {
		return nil, p.parseError(err)
	}
	return &root, nil
}

type parser struct {
	scanner
	count int
}

func (p *parser) document(root *fhir.Node) error {
	if err := p.prolog(); err != nil {
		return err
	}
	found := false
	for {
		tok, err := p.next()
		if err != nil {
			return err
		}
		switch tok {
		case tokenEOF:
			if !found {
				return p.fault("The body holds no XML element. Send one FHIR resource.")
			}
			return nil
		case tokenText:
			if err := p.blank(); err != nil {
				return err
			}
		case tokenStart:
			if found {
				return p.malformed("there is more than one root element")
			}
			found = true
			if err := p.resource(root, 1); err != nil {
				return err
			}
		}
	}
}

// resource reads the resource whose start tag was read last.
func (p *parser) resource(n *fhir.Node, depth int) error {
	name := p.tag.local
	if err := p.checkSpace(); err != nil {
		return err
	}
	def, ok := definition.Lookup(name)
	if !ok || def.Kind != definition.Resource || def.Abstract {
		return p.reject("The element " + shown(name) + " is not a resource type of FHIR R4.")
	}
	if err := p.room(depth + 1); err != nil { // resourceType is a member
		return err
	}
	n.Kind, n.Offset = fhir.KindObject, p.tag.pos
	for _, a := range p.tag.attrs {
		if space, _ := p.lookup(a.prefix); a.prefix == "" || space != instanceSpace || a.local != "schemaLocation" {
			return within(p.unknownAttribute(a), name, -1)
		}
	}
	n.Nodes = append(make([]fhir.Node, 0, 8), fhir.Node{Kind: fhir.KindString, Name: "resourceType", Text: name, Offset: p.tag.pos + 1})
	if err := p.children(n, def, depth); err != nil {
		if depth == 1 {
			return within(err, name, -1)
		}
		return err
	}
	return nil
}

// children reads up to the end tag into n.
func (p *parser) children(n *fhir.Node, def *definition.Type, depth int) error {
	for {
		tok, err := p.next()
		if err != nil {
			return err
		}
		switch tok {
		case tokenText:
			if err := p.blank(); err != nil {
				return err
			}
		case tokenStart:
			if err := p.child(n, def, depth); err != nil {
				return err
			}
		default:
			align(n)
			return nil
		}
	}
}

// child reads the element whose start tag was read last, a child of n.
func (p *parser) child(n *fhir.Node, def *definition.Type, depth int) error {
	name := p.tag.local
	e, typ, ok := def.Element(name)
	if !ok || e.Max == 0 {
		return within(p.reject("The element "+shown(name)+" is not known here. Check its spelling against FHIR R4."), shownStep(name), -1)
	}
	if isAttribute(def, name) {
		return within(p.reject("Write "+name+" as an attribute."), name, -1)
	}
	index, depth := -1, depth+1
	if e.Repeats() {
		index, depth = count(n, name), depth+1
	}
	var value, shadow fhir.Node
	err := p.room(depth)
	if err == nil && index < 0 && has(n, name) {
		err = p.reject("The element is there twice but may stand only once.")
	}
	if err == nil {
		value, shadow, err = p.value(typ, depth)
	}
	if err != nil {
		return within(err, name, index)
	}
	if e.Repeats() {
		putInList(n, name, value, shadow)
		return nil
	}
	if value.Kind != fhir.KindNone {
		n.Nodes = append(n.Nodes, value.As(name))
	}
	if shadow.Kind != fhir.KindNone {
		n.Nodes = append(n.Nodes, shadow.As("_"+name))
	}
	return nil
}

func (p *parser) unknownAttribute(a attribute) error {
	return p.reject("The attribute " + shown(a.local) + " is not allowed here.")
}

func (p *parser) checkSpace() error {
	if p.tag.space != fhirSpace {
		return p.reject("The element " + shown(p.tag.local) + " is not in the namespace http://hl7.org/fhir.")
	}
	return nil
}

// blank reports text where only elements may stand.
func (p *parser) blank() error {
	if strings.Trim(p.text, space) != "" || p.cdata {
		return p.fault("There is text between the elements. Values stand in the attribute value.")
	}
	return nil
}

// room counts a value of the tree against the limits.
func (p *parser) room(depth int) error {
	if depth > fhir.MaxDepth {
		return p.reject("The XML is nested too deep.")
	}
	if p.count++; p.count > maxNodes {
		return p.reject("The XML holds more values than this server takes in one request. Send smaller bundles.")
	}
	return nil
}

func shownStep(name string) string {
	if strings.Contains(shown(name), " ") {
		return ""
	}
	return name
}
