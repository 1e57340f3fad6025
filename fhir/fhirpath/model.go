package fhirpath

import (
	"strings"
	"sync"

	"github.com/jamii-health/jamii/fhir/definition"
)

// typeInfo is a type as evaluation needs it. FHIR types are taken from package
// definition when something of theirs is first asked for.
type typeInfo struct {
	name   string
	system bool

	once     sync.Once
	holds    kind // the System value its elements hold
	def      *definition.Type
	base     *typeInfo
	children map[string]*child
	order    []*child
}

// child is an element of a type under the name FHIRPath knows it by.
type child struct {
	name     string // "value" of value[x]
	repeats  bool
	typ      *typeInfo            // nil for a choice
	options  map[string]*typeInfo // of a choice: by JSON name
	resource bool                 // the type is named by the resource itself
}

// The types of the System namespace (N1 2.1).
var (
	systemBoolean  = &typeInfo{name: "Boolean", system: true, holds: kindBoolean}
	systemString   = &typeInfo{name: "String", system: true, holds: kindString}
	systemInteger  = &typeInfo{name: "Integer", system: true, holds: kindInteger}
	systemDecimal  = &typeInfo{name: "Decimal", system: true, holds: kindDecimal}
	systemDate     = &typeInfo{name: "Date", system: true, holds: kindDate}
	systemDateTime = &typeInfo{name: "DateTime", system: true, holds: kindDateTime}
	systemTime     = &typeInfo{name: "Time", system: true, holds: kindTime}
	systemQuantity = &typeInfo{name: "Quantity", system: true, holds: kindQuantity}
	systemAny      = &typeInfo{name: "Any", system: true}
	typeOfType     = &typeInfo{name: "TypeInfo", system: true, holds: kindType}

	systemTypes = map[string]*typeInfo{
		"Boolean": systemBoolean, "String": systemString, "Integer": systemInteger, "Decimal": systemDecimal,
		"Date": systemDate, "DateTime": systemDateTime, "Time": systemTime, "Quantity": systemQuantity, "Any": systemAny,
	}
)

// primitiveKinds maps FHIR primitives to System types; those derived from one
// (code, positiveInt ...) follow it.
//
// https://hl7.org/fhir/R4/fhirpath.html#types
var primitiveKinds = map[string]kind{
	"boolean": kindBoolean, "integer": kindInteger, "positiveInt": kindInteger, "unsignedInt": kindInteger,
	"decimal": kindDecimal, "date": kindDate, "dateTime": kindDateTime, "instant": kindDateTime, "time": kindTime,
	"string": kindString, "code": kindString, "id": kindString, "markdown": kindString, "uri": kindString,
	"url": kindString, "canonical": kindString, "uuid": kindString, "oid": kindString, "base64Binary": kindString,
	"xhtml":    kindString,
	"Quantity": kindQuantity, "Age": kindQuantity, "Count": kindQuantity, "Distance": kindQuantity,
	"Duration": kindQuantity, "SimpleQuantity": kindQuantity,
}

var (
	types   sync.Map // name -> *typeInfo of the FHIR namespace
	untyped = &typeInfo{}
)

// stringCode is what R4's definitions write for the type of Element.id and
// the like.
const stringCode = "http://hl7.org/fhirpath/System.String"

// typeOf returns a FHIR type by name. One that R4 does not know has no
// children by definition; its elements are then found by their JSON names.
func typeOf(name string) *typeInfo {
	if t, ok := types.Load(name); ok {
		return t.(*typeInfo)
	}
	if _, ok := definition.Lookup(name); !ok {
		return untyped
	}
	t, _ := types.LoadOrStore(name, &typeInfo{name: name})
	return t.(*typeInfo)
}

// load fills in what is taken from the definition.
func (t *typeInfo) load() {
	if t.system {
		return
	}
	t.once.Do(func() {
		def, ok := definition.Lookup(t.name)
		if !ok {
			return
		}
		t.def = def
		t.holds = primitiveKinds[t.name]
		if def.Base != "" {
			t.base = typeOf(def.Base)
		}
		t.children = make(map[string]*child, len(def.Elements))
		for i := range def.Elements {
			c := childOf(&def.Elements[i])
			if def.Kind == definition.Primitive && c.name == "value" {
				continue // the value of a primitive is no child in FHIRPath
			}
			t.children[c.name] = c
			t.order = append(t.order, c)
		}
	})
}

func childOf(e *definition.Element) *child {
	c := &child{name: e.Name, repeats: e.Repeats()}
	if !e.Choice {
		if len(e.Types) > 0 {
			code := e.Types[0].Code
			if code == stringCode {
				code = "string"
			}
			c.typ = typeOf(code)
		} else {
			c.typ = untyped
		}
		c.resource = c.typ.name == "Resource"
		return c
	}
	c.options = make(map[string]*typeInfo, len(e.Types))
	for _, ref := range e.Types {
		c.options[e.Name+strings.ToUpper(ref.Code[:1])+ref.Code[1:]] = typeOf(ref.Code)
	}
	return c
}

func (t *typeInfo) child(name string) *child {
	t.load()
	return t.children[name]
}

func (t *typeInfo) kind() kind {
	if t == nil {
		return kindNone
	}
	t.load()
	return t.holds
}

// complex reports whether elements of the type are JSON objects.
func (t *typeInfo) complex() bool {
	t.load()
	return t.def != nil && t.def.Kind != definition.Primitive
}

func (t *typeInfo) isResource() bool {
	t.load()
	return t.def != nil && t.def.Kind == definition.Resource
}

// derives reports whether t is target or specialises it.
func (t *typeInfo) derives(target *typeInfo) bool {
	for t != nil && t != untyped {
		if t == target {
			return true
		}
		t.load()
		t = t.base
	}
	return false
}

// typeSpec is a type as an expression names it: "Patient", "FHIR.Patient",
// "System.String". Where the name alone stands for a FHIR and a System type
// (Quantity), each element is held against the type of its own namespace.
type typeSpec struct {
	off       int
	namespace string
	name      string

	once       sync.Once
	fhirType   *typeInfo
	systemType *typeInfo
}

func (s *typeSpec) String() string {
	if s.namespace == "" {
		return s.name
	}
	return s.namespace + "." + s.name
}

// resolve finds the type in both namespaces; it is an error when neither has
// it (N1 6.3.1).
func (s *typeSpec) resolve() (fhirType, systemType *typeInfo, err error) {
	s.once.Do(func() {
		if s.namespace == "" || s.namespace == "FHIR" {
			if t := typeOf(s.name); t != untyped {
				s.fhirType = t
			}
		}
		if s.namespace == "" || s.namespace == "System" {
			s.systemType = systemTypes[s.name]
		}
	})
	if s.fhirType != nil || s.systemType != nil || s.namespace == "System" {
		return s.fhirType, s.systemType, nil
	}
	return nil, nil, faultf(s.off, "the type %s is not known in FHIR R4", s)
}

// is reports whether the element is of the type or of one derived from it.
func (e Element) is(fhirType, systemType *typeInfo) bool {
	if e.typ == nil {
		return false
	}
	if e.typ.system {
		return systemType != nil && (e.typ == systemType || systemType == systemAny)
	}
	return fhirType != nil && e.typ.derives(fhirType)
}

// isExactly is is for as and ofType: a primitive counts only at its own type.
func (e Element) isExactly(fhirType, systemType *typeInfo) bool {
	if e.typ == nil || e.typ.system || e.typ.complex() {
		return e.is(fhirType, systemType)
	}
	return fhirType != nil && e.typ == fhirType
}
