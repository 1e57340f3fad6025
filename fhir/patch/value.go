package patch

import (
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// build makes an element of one of the types from a part of the patch: from its
// value[x], from its parts for a type that value[x] does not have, or from its
// resource.
func (p *fhirPatch) build(part *fhir.Node, types []definition.TypeRef) (item, error) {
	if err := p.checkPart(part); err != nil {
		return item{}, err
	}
	if parts := part.Get("part"); parts != nil {
		return p.buildParts(parts, types)
	}
	if res := part.Get("resource"); res != nil {
		if !accepts(types, "Resource") {
			return item{}, p.wrongType()
		}
		return item{typ: "Resource", value: res.Clone()}, nil
	}
	typ, value, shadow := partValue(part)
	if typ == "" {
		return item{}, p.bad("its value is empty.")
	}
	if accepts(types, typ) {
		return item{typ: typ, value: value, shadow: shadow}, nil
	}
	var fits []string
	for _, t := range types {
		if related(typ, t.Code) {
			fits = append(fits, t.Code)
		}
	}
	if len(fits) != 1 {
		return item{}, p.wrongType()
	}
	return item{typ: fits[0], value: value, shadow: shadow}, nil
}

func (p *fhirPatch) wrongType() error {
	return p.fail(fhir.Unprocessable, fhir.IssueValue, "its value is not of the type that the element has.", nil)
}

// checkPart refuses what would be dropped, and a value given in two ways.
func (p *fhirPatch) checkPart(part *fhir.Node) error {
	ways := 0
	seen := ""
	for i := range part.Nodes {
		switch name := strings.TrimPrefix(part.Nodes[i].Name, "_"); {
		case name == "name" || name == "id":
		case name == "part", name == "resource":
			ways++
		case strings.HasPrefix(name, "value"):
			if name != seen {
				ways++
			}
			seen = name
		default:
			return p.bad("its value holds a member that is neither value[x], part nor resource.")
		}
	}
	if ways != 1 {
		return p.bad("its value must be one of value[x], part and resource.")
	}
	return nil
}

// partValue returns the value[x] of a parameter and its type.
func partValue(part *fhir.Node) (typ string, value, shadow *fhir.Node) {
	def, _ := definition.Lookup("Parameters.parameter")
	for i := range part.Nodes {
		m := &part.Nodes[i]
		name := strings.TrimPrefix(m.Name, "_")
		e, t, ok := def.Element(name)
		if !ok || e.Name != "value" {
			continue
		}
		typ = t
		if name == m.Name {
			value = present(m).Clone()
		} else {
			shadow = present(m).Clone()
		}
	}
	if value == nil && shadow == nil {
		typ = ""
	}
	return typ, value, shadow
}

// buildParts makes an element of a type without a name from a list of parts,
// one for each of its children.
func (p *fhirPatch) buildParts(parts *fhir.Node, types []definition.TypeRef) (item, error) {
	if len(types) != 1 {
		return item{}, p.unfit("its value has parts where a value[x] must say the type.")
	}
	typ := types[0].Code
	def, ok := definition.Lookup(typ)
	if !ok || def.Kind != definition.Complex {
		return item{}, p.wrongType()
	}
	obj := fhir.Obj()
	for _, part := range parts.Each() {
		name := part.Get("name").String()
		c, childTypes := child(def, name)
		if c == nil {
			return item{}, p.unfit("its value has a part that is no child of the element.")
		}
		value, err := p.build(part, childTypes)
		if err != nil {
			return item{}, err
		}
		if err := p.addTo(&obj, c, value); err != nil {
			return item{}, err
		}
	}
	if len(obj.Nodes) == 0 {
		return item{}, p.bad("its value is empty.")
	}
	return item{typ: typ, value: &obj}, nil
}

// child finds a child by the name it has in a path, where a choice has no type
// ("value"), and the types it may have there. The name with [x], and the one in
// JSON ("valueString"), are understood too.
func child(def *definition.Type, name string) (*definition.Element, []definition.TypeRef) {
	name = strings.TrimSuffix(name, "[x]")
	if e, typ, ok := def.Element(name); ok && e.Max != 0 {
		return e, []definition.TypeRef{{Code: typ}}
	}
	for i := range def.Elements {
		if e := &def.Elements[i]; e.Choice && e.Name == name {
			return e, e.Types
		}
	}
	return nil, nil
}

// jsonName is the name of an element in JSON: that of a choice tells the type.
func jsonName(e *definition.Element, typ string) string {
	if !e.Choice || typ == "" {
		return e.Name
	}
	return e.Name + strings.ToUpper(typ[:1]) + typ[1:]
}

func accepts(types []definition.TypeRef, typ string) bool {
	for _, t := range types {
		if t.Code == typ {
			return true
		}
	}
	return false
}

// related reports whether a value of one type may stand where the other is
// asked: the types are one family, so the JSON is the same and the validator
// checks the format. A date is a dateTime that says less.
//
// https://hl7.org/fhir/R4/datatypes.html
func related(value, element string) bool {
	if value == "date" && element == "dateTime" {
		return true
	}
	f := family(value)
	return f != "" && f == family(element)
}

func family(typ string) string {
	switch typ {
	case "string", "code", "id", "markdown", "xhtml":
		return "string"
	case "uri", "url", "canonical", "oid", "uuid":
		return "uri"
	case "integer", "positiveInt", "unsignedInt":
		return "integer"
	case "Quantity", "Age", "Count", "Distance", "Duration", "MoneyQuantity", "SimpleQuantity":
		return "Quantity"
	}
	return ""
}
