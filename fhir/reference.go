package fhir

import "strings"

// Reference is the text of Reference.reference, taken apart.
//
// https://hl7.org/fhir/R4/references.html#literal
type Reference struct {
	Base      string // "https://example.org/fhir", "" when relative
	Type      string // resource type, "" when the text names none
	ID        string
	Version   string // from /_history/{version}
	Fragment  string // from "#id": a contained resource
	URN       string // "urn:uuid:..." or "urn:oid:..."
	Condition string // query of a conditional reference "Patient?identifier=..."
}

// ParseReference takes the text of a reference apart. ok is false when the
// text has none of the forms; such a text is kept but never resolved.
func ParseReference(text string) (ref Reference, ok bool) {
	switch {
	case text == "":
		return ref, false
	case strings.HasPrefix(text, "#"):
		return Reference{Fragment: text[1:]}, true
	case strings.HasPrefix(text, "urn:"):
		return Reference{URN: text}, true
	}
	if typ, query, found := strings.Cut(text, "?"); found {
		if !ValidTypeName(typ) || query == "" {
			return ref, false
		}
		return Reference{Type: typ, Condition: query}, true
	}
	rest := text
	if i := strings.IndexByte(rest, '#'); i >= 0 {
		rest = rest[:i]
	}
	parts := strings.Split(rest, "/")
	if n := len(parts); n >= 4 && parts[n-2] == "_history" {
		ref.Version, parts = parts[n-1], parts[:n-2]
	}
	n := len(parts)
	if n < 2 || !ValidTypeName(parts[n-2]) || !ValidID(parts[n-1]) {
		return Reference{}, false
	}
	ref.Type, ref.ID = parts[n-2], parts[n-1]
	ref.Base = strings.Join(parts[:n-2], "/")
	if ref.Base != "" && !strings.Contains(ref.Base, "://") {
		return Reference{}, false
	}
	return ref, true
}

// Local returns "Type/id", the form under which a reference to this server is
// stored and searched; "" when the reference has no type and id.
func (r Reference) Local() string {
	if r.Type == "" || r.ID == "" {
		return ""
	}
	return r.Type + "/" + r.ID
}

// ValidID reports whether s is a FHIR id.
//
// https://hl7.org/fhir/R4/datatypes.html#id
func ValidID(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.') {
			return false
		}
	}
	return true
}

// ValidTypeName reports whether s has the shape of a resource type's name. It
// does not say that R4 has such a type: fhir/definition does.
func ValidTypeName(s string) bool {
	if len(s) < 3 || len(s) > 64 || s[0] < 'A' || s[0] > 'Z' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if c := s[i]; !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return false
		}
	}
	return true
}
