// Package fhirpath evaluates FHIRPath 2.0, with the additions of FHIR R4, on
// resource trees.
//
// An expression is compiled once and may then be used by any number of
// goroutines. Evaluation reads the tree in place: a result points to the nodes
// of the resource it came from. Types come from package definition, so
// choices, primitive extensions and backbone elements are walked as the
// standard says.
//
// Every evaluation has a budget of steps and every expression one of depth, so
// none can hang the caller.
//
// Where the specification leaves room, or HL7's own expressions of R4 need
// more than its letter gives, the reading is stated beside the code:
//
//   - as, as an operator and as a function, filters a collection of several
//     items, since search parameters and invariant dom-3 of R4 rely on it;
//     Expr.Check reports it where the function is called on a repeating path.
//   - as and ofType take a primitive only at its own type (a code is no
//     string), is accepts the types it derives from.
//   - A DateTime with an offset and one without differ only when no offset
//     from -12:00 to +14:00 could make them equal.
//
// http://hl7.org/fhirpath/N1/ and https://hl7.org/fhir/R4/fhirpath.html
package fhirpath
