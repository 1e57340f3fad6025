// Package access says who may do what: scopes (SMART App Launch v2) bound the
// types and verbs, and a compartment bounds the resources. A compartment is
// data, compartments.yaml; the answer is a search expression that the caller
// adds to whatever it reads or searches, or an error.
//
// Deny by default: what no scope grants and no compartment lists is forbidden.
package access

import (
	"github.com/jamii-health/jamii/fhir"
)

// Principal is who is asking. The zero Principal may do nothing.
type Principal struct {
	Name string // of the API client, for the audit
	// Subject is the person behind the client, as a token's sub; "" for none.
	Subject string
	Kind    Kind
	Scopes  Scopes
	// AnyFacility lifts the compartment: officers, mediators, administrators.
	// Scopes still bind.
	AnyFacility bool
	// Facilities are the principal's compartment. With none, and without
	// AnyFacility, only shared types can be read.
	Facilities []Facility
}

// Kind says how the principal proved itself.
type Kind string

// The kinds of principal.
const (
	Client Kind = "client" // an API client with a secret
	Bearer Kind = "bearer" // an access token of the OpenID provider
	System Kind = "system" // the program itself: jamii load, workers. May do all
)

// Internal is the program itself.
func Internal(name string) Principal { return Principal{Name: name, Kind: System} }

// Facility is one facility of a compartment, as the registry knows it.
type Facility struct {
	Ref  string // "Organization/id"
	Code string // as configured: the value of its identifier in the scheme's system
	// Identifiers are all its identifiers, so that logical references count as
	// the facility too.
	Identifiers []Identifier
}

// Identifier is a business identifier.
type Identifier struct{ System, Value string }

// Right is what is done, one of the SMART v2 permissions.
type Right byte

// The rights.
const (
	Create Right = 'c'
	Read   Right = 'r' // read, vread and the history of one resource
	Update Right = 'u' // patch too
	Delete Right = 'd'
	Search Right = 's' // search, and the history of a type or of all
)

var verbs = map[Right]string{Create: "create", Read: "read", Update: "change", Delete: "delete", Search: "search"}

// Restricted reports whether a compartment binds the principal.
func (p Principal) Restricted() bool { return p.Kind != System && !p.AnyFacility }

// OwnerSystem is the system of the meta.tag that names the facility owning a
// resource, "Organization/id", where none of its own elements says so.
const OwnerSystem = fhir.Base + "/CodeSystem/owner"

func forbidden(text string) error {
	return &fhir.Error{Kind: fhir.Forbidden, Issue: fhir.IssueForbidden, Text: text}
}

// allow asks the scopes.
func (p Principal) allow(typ string, right Right) error {
	if p.Kind == System || p.Scopes.Allow(typ, right) {
		return nil
	}
	return forbidden("The scopes of this client do not allow it to " + verbs[right] + " " + typ +
		". Ask the operator for the scope " + typ + "." + string(right) + ".")
}
