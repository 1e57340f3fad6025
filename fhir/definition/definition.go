// Package definition holds the R4 definitions that drive the server: types
// with their elements, search parameters, compartments and the codes of
// required bindings, as compact tables generated from HL7's files.
//
// The tables are one embedded blob; a type is decoded when it is first asked
// for. All values handed out are shared and must not be changed.
package definition

// Kind says what sort of type a Type is.
type Kind uint8

// The kinds of type.
const (
	Primitive Kind = iota + 1 // boolean, string, dateTime ...
	Complex                   // HumanName, Quantity ... and backbone elements such as "Claim.item"
	Resource                  // Patient, Claim ... and the abstract Resource and DomainResource
)

// Unbounded is the Max of an element that may repeat without limit.
const Unbounded = -1

// Type is a FHIR type. A backbone element is a Type of its own whose name is
// its path, such as "Claim.item.detail".
type Type struct {
	Name     string
	Kind     Kind
	Base     string // name of the type it specialises: "DomainResource", "Element", "BackboneElement", "Quantity"; "" for Element and Resource
	Abstract bool
	Regex    string // primitives: the format, as HL7 gives it
	// Elements are the direct children in the order of the definition,
	// inherited ones (id, extension, meta ...) included.
	Elements   []Element
	Invariants []Invariant // constraints on the type itself, inherited ones included

	byName map[string]child // JSON name -> its element and type; choice elements under each of their names
}

// Element is one child of a type.
type Element struct {
	Name       string // "item"; of a choice the name without [x]: "value"
	Path       string // as in the definition: "Claim.item.quantity", "Observation.value[x]"
	Min        int
	Max        int // Unbounded = *
	Choice     bool
	Types      []TypeRef // several only for a choice; a content reference is resolved to the type it names
	Binding    *Binding
	Invariants []Invariant
	Summary    bool // in _summary=true
	Modifier   bool
}

// Repeats reports whether the element is a JSON array.
func (e *Element) Repeats() bool { return e.Max == Unbounded || e.Max > 1 }

// TypeRef is a type an element may have.
type TypeRef struct {
	Code    string   // "string", "Reference", "Claim.item"; "Resource" for contained and entries
	Targets []string // of Reference and canonical: allowed resource types; empty means any
	Profile string   // a constrained type that also applies: "SimpleQuantity"; mostly ""
}

// Binding ties an element to a value set.
type Binding struct {
	Strength string // required, extensible, preferred, example
	ValueSet string // canonical without version
}

// Invariant is a FHIRPath constraint.
type Invariant struct {
	Key        string // "pat-1"
	Severity   string // error, warning
	Human      string
	Expression string
}

// SearchParam is a search parameter of one or more types.
type SearchParam struct {
	Code       string
	URL        string
	Type       string   // number, date, string, token, reference, composite, quantity, uri, special
	Base       []string // the types it applies to; "Resource" and "DomainResource" mean all
	Expression string   // FHIRPath; for several bases the union, as HL7 writes it
	Targets    []string // of references
	Components []Component
}

// Component is a part of a composite parameter.
type Component struct {
	Definition string // URL of the parameter
	Expression string
}

// Code is a coding of a value set.
type Code struct {
	System string
	Code   string
}

// Lookup returns a type by its name, such as "Patient", "HumanName",
// "Claim.item" or "code".
func Lookup(name string) (*Type, bool) { return lookup(name) }

// IsResource reports whether name is a concrete resource type of R4.
func IsResource(name string) bool {
	t, ok := lookup(name)
	return ok && t.Kind == Resource && !t.Abstract
}

// Resources returns the names of the concrete resource types, sorted.
func Resources() []string { return resources() }

// Element finds a child by the name it has in JSON. For a choice element typ
// is the type that the name tells ("valueQuantity" gives "Quantity"); for any
// other it is the element's only type.
func (t *Type) Element(jsonName string) (e *Element, typ string, ok bool) {
	return t.element(jsonName)
}

// SearchParams returns the parameters of a resource type, those of Resource
// and DomainResource included, sorted by code.
func SearchParams(resource string) []*SearchParam { return searchParams(resource) }

// SearchParamByURL returns a parameter by its canonical.
func SearchParamByURL(url string) (*SearchParam, bool) { return searchParamByURL(url) }

// Compartment returns the search parameters that put a resource of the given
// type into a Patient's compartment; "{def}" stands for the Patient itself.
//
// https://hl7.org/fhir/R4/compartmentdefinition-patient.html
func Compartment(resource string) []string { return compartment(resource) }

// ValueSet returns the codes of a value set that is bound as required or
// extensible somewhere in R4 and can be enumerated from HL7's files; ok is
// false when it cannot be (all of SNOMED, BCP-47, MIME types ...).
func ValueSet(url string) (codes []Code, ok bool) { return valueSet(url) }

// Contains reports whether code is in the value set; system "" matches a code
// of any system, as the type code has none. known is false when the value set
// cannot be enumerated.
func Contains(url, system, code string) (in, known bool) { return contains(url, system, code) }
