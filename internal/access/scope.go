package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir"
)

// Scope is one SMART v2 resource scope: system/Claim.cruds.
//
// https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
type Scope struct {
	Context string // system or user
	Type    string // a resource type, or "*"
	Rights  string // some of "cruds", in that order
}

// Scopes are what a principal was granted.
type Scopes []Scope

const allRights = "cruds"

// v1 are the permissions of SMART v1.
var v1 = map[string]string{"read": "rs", "write": "cud", "*": allRights}

// ParseScopes reads scopes separated by spaces or commas. A word that is no
// resource scope of ours is an error: use it for what an operator types.
func ParseScopes(text string) (Scopes, error) {
	var out Scopes
	for _, word := range words(text) {
		s, err := parseScope(word)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// GrantedScopes reads the scopes of a token. Words that are not for us (openid,
// launch) and scopes that we cannot honour grant nothing.
func GrantedScopes(text string) Scopes {
	var out Scopes
	for _, word := range words(text) {
		if s, err := parseScope(word); err == nil {
			out = append(out, s)
		}
	}
	return out
}

func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' || r == '\n' || r == '\r' })
}

func parseScope(word string) (Scope, error) {
	context, rest, ok := strings.Cut(word, "/")
	typ, rights, dot := strings.Cut(rest, ".")
	switch {
	case !ok || !dot:
		return Scope{}, fmt.Errorf("scope %q: write it like system/Claim.cruds", word)
	case context == "patient":
		return Scope{}, fmt.Errorf("scope %q: patient scopes are not offered here", word)
	case context != "system" && context != "user":
		return Scope{}, fmt.Errorf("scope %q: must begin with system/ or user/", word)
	case typ != "*" && !fhir.ValidTypeName(typ):
		return Scope{}, fmt.Errorf("scope %q: names no resource type", word)
	case strings.Contains(rights, "?"):
		return Scope{}, fmt.Errorf("scope %q: scopes with a query are not offered here", word)
	}
	if old, ok := v1[rights]; ok {
		rights = old
	}
	next := 0
	for i := range len(rights) {
		at := strings.IndexByte(allRights[next:], rights[i])
		if at < 0 {
			return Scope{}, fmt.Errorf("scope %q: rights must be some of the letters cruds in this order, or read, write, *", word)
		}
		next += at + 1
	}
	if rights == "" {
		return Scope{}, fmt.Errorf("scope %q: grants no right; write it like system/Claim.cruds", word)
	}
	return Scope{Context: context, Type: typ, Rights: rights}, nil
}

// Allow reports whether a scope grants the right on the type.
func (s Scopes) Allow(typ string, right Right) bool {
	return slices.ContainsFunc(s, func(x Scope) bool {
		return (x.Type == "*" || x.Type == typ) && strings.IndexByte(x.Rights, byte(right)) >= 0
	})
}

// String writes the scopes as they are parsed.
func (s Scopes) String() string {
	parts := make([]string, len(s))
	for i, x := range s {
		parts[i] = x.Context + "/" + x.Type + "." + x.Rights
	}
	return strings.Join(parts, " ")
}
