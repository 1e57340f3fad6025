package fhirpath

import (
	"strconv"

	"github.com/cockroachdb/apd/v3"

	"github.com/jamii-health/jamii/fhir"
)

// Element is one item of a collection: an element of a resource, or a value
// that an expression has made. The zero Element is nothing.
type Element struct {
	typ    *typeInfo
	node   *fhir.Node // of a FHIR element; nil when only the extensions of a primitive are there
	shadow *fhir.Node // of a FHIR primitive: the member with the underscore
	sys    any        // of a System value: bool, int64, string, *apd.Decimal, Temporal, Quantity or *typeInfo
}

// Resource is a resource as an Element; its type is the one it names.
func Resource(n *fhir.Node) Element {
	if n == nil {
		return Element{}
	}
	return Element{typ: typeOf(n.ResourceType()), node: n}
}

// Typed is an element of a known FHIR type, such as "HumanName", "code" or
// "Claim.item". Shadow is the member with the underscore that belongs to a
// primitive; it and node may be nil, but not both.
func Typed(typ string, node, shadow *fhir.Node) Element {
	if typ == "Resource" || typ == "DomainResource" {
		return Resource(node)
	}
	return Element{typ: typeOf(typ), node: node, shadow: shadow}
}

// Boolean is a System value, to be given to an expression as a variable.
func Boolean(b bool) Element { return Element{typ: systemBoolean, sys: b} }

// String is a System value.
func String(s string) Element { return Element{typ: systemString, sys: s} }

// Integer is a System value.
func Integer(i int64) Element { return Element{typ: systemInteger, sys: i} }

// Decimal is a System value. The decimal must not be changed afterwards.
func Decimal(d *apd.Decimal) Element { return Element{typ: systemDecimal, sys: d} }

func temporalElement(t Temporal) Element {
	switch t.kind {
	case kindDate:
		return Element{typ: systemDate, sys: t}
	case kindTime:
		return Element{typ: systemTime, sys: t}
	}
	return Element{typ: systemDateTime, sys: t}
}

func quantityElement(q Quantity) Element { return Element{typ: systemQuantity, sys: q} }

// Node is the element in the tree it came from; nil for a System value and for
// a primitive that has only extensions.
func (e Element) Node() *fhir.Node { return e.node }

// Shadow is the member with the underscore of a primitive, or nil.
func (e Element) Shadow() *fhir.Node { return e.shadow }

// Type is the name of the FHIR type ("HumanName", "Claim.item"), or
// "System.String" and the like; "" when it is not known.
func (e Element) Type() string {
	switch {
	case e.typ == nil:
		return ""
	case e.typ.system:
		return "System." + e.typ.name
	}
	return e.typ.name
}

// Value is what the element holds as a System value: bool, int64, string,
// *apd.Decimal, Temporal or Quantity. It is nil for a complex element and for
// a primitive without a (readable) value.
func (e Element) Value() any {
	v := e.value()
	switch v.kind {
	case kindBoolean:
		return v.b
	case kindInteger:
		return v.i
	case kindString:
		return v.s
	case kindDecimal:
		return v.d
	case kindDate, kindDateTime, kindTime:
		return v.t
	case kindQuantity:
		return v.q
	}
	return nil
}

// Text is the value as toString() gives it, "" where there is none.
func (e Element) Text() string { return e.value().text() }

// kind is the sort of System value that an element holds.
type kind uint8

const (
	kindNone kind = iota // complex, or no value
	kindBoolean
	kindString
	kindInteger
	kindDecimal
	kindDate
	kindDateTime
	kindTime
	kindQuantity
	kindType // the answer of type()
)

func (k kind) temporal() bool { return k == kindDate || k == kindDateTime || k == kindTime }

func (k kind) number() bool { return k == kindInteger || k == kindDecimal }

// value is a System value unpacked; kind says which field holds it.
type value struct {
	kind kind
	b    bool
	i    int64
	s    string
	d    *apd.Decimal
	t    Temporal
	q    Quantity
}

// value reads the element as a System value; FHIR primitives and Quantity
// convert implicitly.
//
// https://hl7.org/fhir/R4/fhirpath.html#types
func (e Element) value() value {
	switch x := e.sys.(type) {
	case nil:
		return e.fhirValue()
	case bool:
		return value{kind: kindBoolean, b: x}
	case string:
		return value{kind: kindString, s: x}
	case int64:
		return value{kind: kindInteger, i: x}
	case *apd.Decimal:
		return value{kind: kindDecimal, d: x}
	case Temporal:
		return value{kind: x.kind, t: x}
	case Quantity:
		return value{kind: kindQuantity, q: x}
	}
	return value{}
}

// str is value for the commonest case: it reads a string without the cost of
// unpacking everything else.
func (e Element) str() (string, bool) {
	if e.sys != nil {
		s, ok := e.sys.(string)
		return s, ok
	}
	if e.node == nil || e.node.Kind != fhir.KindString || e.typ.kind() != kindString {
		return "", false
	}
	return e.node.Text, true
}

func (e Element) fhirValue() value {
	n := e.node
	if n == nil || e.typ == nil {
		return value{}
	}
	k := e.typ.kind()
	if e.typ.name == "" {
		k = kindOfJSON(n)
	}
	switch n.Kind {
	case fhir.KindString:
		switch k {
		case kindString:
			return value{kind: kindString, s: n.Text}
		case kindDate, kindDateTime, kindTime:
			if t, ok := parseTemporal(n.Text, k); ok {
				return value{kind: k, t: t}
			}
		}
	case fhir.KindBool:
		if k == kindBoolean {
			return value{kind: k, b: n.Text == "true"}
		}
	case fhir.KindNumber:
		return numberValue(n.Text, k)
	case fhir.KindObject:
		if k == kindQuantity {
			if q, ok := quantityOf(n); ok {
				return value{kind: k, q: q}
			}
		}
	}
	return value{}
}

func numberValue(text string, k kind) value {
	switch k {
	case kindInteger:
		if i, err := strconv.ParseInt(text, 10, 32); err == nil {
			return value{kind: k, i: i}
		}
	case kindDecimal:
		if d, ok := parseDecimal(text); ok {
			return value{kind: k, d: d}
		}
	}
	return value{}
}

func kindOfJSON(n *fhir.Node) kind {
	switch n.Kind {
	case fhir.KindString:
		return kindString
	case fhir.KindBool:
		return kindBoolean
	case fhir.KindNumber:
		if _, err := strconv.ParseInt(n.Text, 10, 32); err == nil {
			return kindInteger
		}
		return kindDecimal
	}
	return kindNone
}

// text writes a value as toString() does (N1 5.5.8).
func (v value) text() string {
	switch v.kind {
	case kindBoolean:
		return strconv.FormatBool(v.b)
	case kindInteger:
		return strconv.FormatInt(v.i, 10)
	case kindString:
		return v.s
	case kindDecimal:
		return decimalText(v.d)
	case kindDate, kindDateTime, kindTime:
		return v.t.String()
	case kindQuantity:
		return v.q.String()
	}
	return ""
}

// decimal is the value of an Integer or Decimal.
func (v value) decimal() *apd.Decimal {
	if v.kind == kindInteger {
		return apd.New(v.i, 0)
	}
	return v.d
}

// hasValue is hasValue() of R4: a primitive that is there with a value.
func (e Element) hasValue() bool {
	if e.sys != nil {
		return true
	}
	if e.node == nil || e.typ == nil || e.typ.complex() {
		return false
	}
	switch e.node.Kind {
	case fhir.KindString, fhir.KindNumber, fhir.KindBool:
		return true
	}
	return false
}
