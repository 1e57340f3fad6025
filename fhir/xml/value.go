package xml

import (
	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// value reads the element as its type says. A primitive may give a value, a
// shadow or both; what it does not give has no kind.
func (p *parser) value(typ string, depth int) (value, shadow fhir.Node, err error) {
	if typ == "xhtml" {
		value, err = p.narrative()
		return value, shadow, err
	}
	if err := p.checkSpace(); err != nil {
		return value, shadow, err
	}
	if typ == "Resource" {
		value, err = p.nested(depth)
		return value, shadow, err
	}
	if p.closing && len(p.tag.attrs) == 1 && isPrimitive(typ) && p.tag.attrs[0].prefix == "" && p.tag.attrs[0].local == "value" { // by far the most
		if value, err = p.primitive(typ, p.tag.attrs[0]); err == nil {
			_, err = p.next()
		}
		return value, shadow, err
	}
	def, ok := definition.Lookup(typ)
	if !ok {
		return value, shadow, p.reject("The type of the element is not known.")
	}
	inner := fhir.Node{Kind: fhir.KindObject, Offset: p.tag.pos}
	primitive := def.Kind == definition.Primitive
	if !primitive {
		inner.Nodes = make([]fhir.Node, 0, 3) // most elements have two or three children
	}
	for _, a := range p.tag.attrs {
		switch {
		case a.prefix == "" && a.local == "value" && primitive:
			if value, err = p.primitive(typ, a); err != nil {
				return value, shadow, err
			}
		case a.prefix == "" && isAttribute(def, a.local):
			inner.Nodes = append(inner.Nodes, fhir.Node{Kind: fhir.KindString, Name: a.local, Text: a.value, Offset: a.pos})
		default:
			return value, shadow, p.unknownAttribute(a)
		}
	}
	if len(inner.Nodes) > 0 {
		err = p.room(depth + 1)
	}
	if err == nil {
		err = p.children(&inner, def, depth)
	}
	switch {
	case err != nil:
		return value, shadow, err
	case !primitive:
		return inner, shadow, nil
	case len(inner.Nodes) == 0 && value.Kind == fhir.KindNone:
		return value, shadow, p.reject("The element is empty. Give it a value, or leave it out.")
	case len(inner.Nodes) == 0:
		return value, shadow, nil
	}
	return value, inner, nil
}

// nested reads the one resource inside contained, Bundle.entry.resource and
// the like.
func (p *parser) nested(depth int) (res fhir.Node, err error) {
	if len(p.tag.attrs) > 0 {
		return res, p.unknownAttribute(p.tag.attrs[0])
	}
	for {
		tok, err := p.next()
		if err != nil {
			return res, err
		}
		switch tok {
		case tokenText:
			if err := p.blank(); err != nil {
				return res, err
			}
		case tokenStart:
			if res.Kind != fhir.KindNone {
				return res, p.reject("There are several resources where one may stand.")
			}
			if err := p.resource(&res, depth); err != nil {
				return res, err
			}
		default:
			if res.Kind == fhir.KindNone {
				return res, p.reject("There is no resource in the element that must hold one.")
			}
			return res, nil
		}
	}
}

// primitive types the value attribute as JSON would write it.
//
// https://hl7.org/fhir/R4/json.html#primitive
func (p *parser) primitive(typ string, a attribute) (fhir.Node, error) {
	n := fhir.Node{Kind: jsonKind(typ), Text: a.value, Offset: a.pos}
	switch n.Kind {
	case fhir.KindBool:
		if a.value != "true" && a.value != "false" {
			return n, p.wrongValue("true or false")
		}
	case fhir.KindNumber:
		if !isNumber(a.value) {
			return n, p.wrongValue("a number")
		}
	}
	return n, nil
}

func (p *parser) wrongValue(want string) error {
	return &fault{issue: fhir.IssueValue, text: "The value is not " + want + ".", pos: p.tag.pos}
}

// reject reports a failure at the start tag read last.
func (p *parser) reject(text string) error {
	return &fault{issue: fhir.IssueStructure, text: text, pos: p.tag.pos}
}

// isPrimitive goes by the name: only those of primitive types begin with a small
// letter.
//
// https://hl7.org/fhir/R4/datatypes.html
func isPrimitive(typ string) bool { return typ[0] >= 'a' && typ[0] <= 'z' }

// jsonKind is the JSON kind of a primitive type's value.
func jsonKind(typ string) fhir.Kind {
	switch typ {
	case "boolean":
		return fhir.KindBool
	case "integer", "positiveInt", "unsignedInt", "decimal":
		return fhir.KindNumber
	}
	return fhir.KindString
}

// isAttribute reports whether a child is an attribute in XML: the id of
// everything but a resource, and the url of an extension.
func isAttribute(def *definition.Type, name string) bool {
	switch name {
	case "id":
		return def.Kind != definition.Resource
	case "url":
		return def.Name == "Extension"
	}
	return false
}
