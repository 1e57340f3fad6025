// Package search turns a FHIR search into an expression, and a resource into
// the values that expressions are matched against.
//
// A store translates an Expr to its own query language; Match in this package
// says, on one resource, what the expression means. The two must agree, and
// the suite in internal/store/storetest holds them to it.
//
// https://hl7.org/fhir/R4/search.html
package search

import "time"

// Kind is the kind of a search parameter.
type Kind uint8

// The kinds of parameter. Composite parameters become one Value per instance
// with Parts; special ones are handled by name.
const (
	Token Kind = iota + 1
	Reference
	String
	URI
	Date
	Number
	Quantity
	Composite
)

// Value is one searchable value of a resource under one parameter.
type Value struct {
	Param  string // the parameter's code
	Kind   Kind
	System string // Token: the system, "" when the element has none; Quantity: the unit's system
	// Code is: Token the code or identifier value; Reference "Type/id" for a
	// local target, else the reference as written; URI the uri; Quantity the
	// unit's code (or the unit when it has no code).
	Code string
	// Text is: String the text as written; Token the display or text, for
	// :text; Reference the display; Quantity the human unit; Date "".
	Text string
	// Type is the type that a Reference points at, "" when it cannot be told.
	Type string
	// Ident is the identifier of a Reference ("system|value") and, for a Token
	// made from an Identifier with a type, "system|code" of that type, for
	// :identifier and :of-type.
	Ident string
	// Lo and Hi bound the interval [Lo, Hi] that a Date, Number or Quantity
	// stands for: microseconds since 1970 UTC for dates (Hi is the last
	// microsecond of the interval), Ordered(decimal) for numbers. An open end
	// is MinInt64 or MaxInt64.
	Lo, Hi int64
	// Decimal is the number as written, for exact comparison; for a Range and
	// the like "low..high", where a missing end is open.
	Decimal string
	// Parts are the values of a Composite's components: all values of the
	// first component, then of the second, each with Param set to "1", "2".
	Parts []Value
}

// Index is all that can be searched of one resource.
type Index []Value

// Expr is a condition on the resources of one type. The zero of the interface,
// nil, is true for all.
type Expr interface{ expr() }

type (
	// And is true when all are.
	And []Expr
	// Or is true when one is; an empty Or is false.
	Or []Expr
	// Not is true when X is not.
	Not struct{ X Expr }

	// Is matches a token, reference or uri exactly. With AnySystem the system
	// does not matter; with AnyCode the code does not ("system|"). A token
	// asked as "|code" has System "" and AnySystem false. Ident asks for the
	// identifier of a reference, OfType for an identifier's type.
	Is struct {
		Param     string
		Kind      Kind // Token, Reference or URI
		System    string
		Code      string
		AnySystem bool
		AnyCode   bool
		Ident     bool // Reference: compare System and Code with Value.Ident
		OfType    string
	}

	// Word matches strings, and uris with :below and :contains.
	// Text is as asked; Norm(Text) is compared unless Mode is Exact.
	Word struct {
		Param string
		Kind  Kind // String, URI, or Token and Reference for :text
		Mode  Mode
		Text  string
	}

	// Between matches dates, numbers and quantities by FHIR's rules for
	// prefixes: the store compares Op over [Lo, Hi] with the [Lo, Hi] of the
	// value as written down at Op.
	Between struct {
		Param  string
		Kind   Kind // Date, Number or Quantity
		Op     Op
		Lo, Hi int64
		// Decimal is the number as asked; exact comparison needs Match.
		Decimal string
		System  string // Quantity: unit system and code; both "" matches any unit
		Code    string
	}

	// Missing is true when the resource has no value for the parameter.
	Missing struct{ Param string }

	// Combo matches a Composite: one instance whose parts match all. Exact
	// answers need Match; a store may answer with a superset when it sets the
	// parts as independent conditions.
	Combo struct {
		Param string
		Parts []Expr
	}

	// Chain is true when the reference Param points at a resource of one of
	// Types for which X is true.
	Chain struct {
		Param string
		Types []string
		X     Expr
	}

	// Other is true when the resource has a value for Param for which X, a
	// condition on that parameter, is not true. Exact answers need Match.
	Other struct {
		Param string
		X     Expr
	}

	// Text is true when the words of the narrative, or with Whole those of the
	// whole resource, are as asked. Exact answers need Match.
	Text struct {
		Whole bool
		Asked Words
	}

	// Has is true when a resource of type Type, for which X is true, points at
	// this one by its reference Param.
	Has struct {
		Type  string
		Param string
		X     Expr
	}

	// IDs is true for the resources with these logical ids.
	IDs []string

	// Updated compares meta.lastUpdated, exactly, in microseconds.
	Updated struct {
		Op     Op
		Lo, Hi time.Time // [Lo, Hi)
	}
)

func (And) expr()     {}
func (Or) expr()      {}
func (Not) expr()     {}
func (Is) expr()      {}
func (Word) expr()    {}
func (Between) expr() {}
func (Missing) expr() {}
func (Combo) expr()   {}
func (Other) expr()   {}
func (Text) expr()    {}
func (Chain) expr()   {}
func (Has) expr()     {}
func (IDs) expr()     {}
func (Updated) expr() {}

// Mode says how a Word matches.
type Mode uint8

// The modes of a Word.
const (
	Prefix   Mode = iota + 1 // string default: normalised, begins with
	Exact                    // :exact, case and accents count; and a plain uri
	Contains                 // :contains, normalised
	Below                    // uri:below: begins with, case and accents count. Parse ends Text with a slash and asks for the uri itself beside it; of uri:above it lists the parents
	Whole                    // eq of _filter: normalised, equal. Exact answers need Match
	Suffix                   // ew of _filter: normalised, ends with. Exact answers need Match
)

// Op is a prefix of a date, number or quantity. With a the asked interval and
// v the value's, both closed in the units of Lo and Hi:
//
//	eq  a.Lo <= v.Lo && v.Hi <= a.Hi
//	ne  not eq
//	gt  v.Hi > a.Hi
//	lt  v.Lo < a.Lo
//	ge  v.Hi > a.Hi, or eq
//	le  v.Lo < a.Lo, or eq
//	sa  v.Lo > a.Hi
//	eb  v.Hi < a.Lo
//	ap  v.Lo <= a.Hi && v.Hi >= a.Lo, with a already widened
//
// https://hl7.org/fhir/R4/search.html#prefix
type Op uint8

// The prefixes.
const (
	Eq Op = iota + 1
	Ne
	Gt
	Lt
	Ge
	Le
	Sa
	Eb
	Ap
)
