// Package fhir holds the words of FHIR R4: the tree of a resource as it
// arrived, references, dates with their precision, bundles, and outcomes.
//
// It is a library: no I/O, no clock, no resource type treated apart from any
// other.
package fhir
