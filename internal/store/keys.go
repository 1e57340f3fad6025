package store

import (
	"slices"
	"strings"

	"github.com/dchest/siphash"

	"github.com/jamii-health/jamii/fhir/search"
)

// Hasher makes the 64-bit keys under which exact matches are found. Its secret
// is kept in the database.
type Hasher struct{ k0, k1 uint64 }

// NewHasher makes a Hasher from 16 bytes of a secret.
func NewHasher(secret []byte) Hasher {
	return Hasher{k0: le64(secret[:8]), k1: le64(secret[8:16])}
}

func le64(b []byte) (v uint64) {
	for i := 7; i >= 0; i-- {
		v = v<<8 | uint64(b[i])
	}
	return v
}

// The forms of key. The letter is part of what is hashed.
const (
	formToken     = 't' // system, code
	formSystem    = 's' // system of any token
	formReference = 'r' // "Type/id" or the reference as written
	formIdent     = 'i' // identifier of a reference
	formURI       = 'u'
	formOfType    = 'o' // type of an identifier, and its value
	formPresent   = 'p' // the parameter has a value
)

func (h Hasher) key(param string, form byte, a, b string) int64 {
	buf := make([]byte, 0, 128)
	buf = append(buf, param...)
	buf = append(buf, 0, form)
	buf = append(buf, a...)
	buf = append(buf, 0)
	buf = append(buf, b...)
	return int64(siphash.Hash(h.k0, h.k1, buf))
}

// Target is the hash of what a reference points at, "Type/id" or the reference
// as written; Link is that of a reference parameter. The key of a reference is
// Link ^ Target, so that a store that keeps the Target of each resource can
// follow references in both directions inside the database.
func (h Hasher) Target(ref string) int64 { return h.key("", formReference, ref, "") }

// Link is the other half of the key of a reference.
func (h Hasher) Link(param string) int64 { return h.key(param, formReference, "", "") }

// Keys returns the distinct keys of a resource, sorted.
func (h Hasher) Keys(index search.Index) []int64 {
	keys := make([]int64, 0, 2*len(index))
	for i := range index {
		v := &index[i]
		keys = append(keys, h.key(v.Param, formPresent, "", ""))
		switch v.Kind {
		case search.Token:
			keys = append(keys, h.key(v.Param, formToken, v.System, v.Code))
			if v.System != "" {
				keys = append(keys, h.key(v.Param, formSystem, v.System, ""))
			}
			if v.Ident != "" {
				keys = append(keys, h.key(v.Param, formOfType, v.Ident, v.Code))
			}
		case search.Reference:
			if v.Code != "" {
				keys = append(keys, h.Link(v.Param)^h.Target(v.Code))
			}
			if v.Ident != "" {
				system, value, _ := strings.Cut(v.Ident, "|")
				keys = append(keys, h.key(v.Param, formIdent, system, value), h.key(v.Param, formIdent, "\x00any", value))
			}
		case search.URI:
			keys = append(keys, h.key(v.Param, formURI, v.Code, ""))
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Alternatives returns the keys of which a resource must have at least one for
// the condition to be true. A token asked for without its system needs the
// systems known for the parameter; the caller passes them ("" is always
// tried).
func (h Hasher) Alternatives(x search.Is, systems []string) []int64 {
	switch {
	case x.Kind == search.URI:
		return []int64{h.key(x.Param, formURI, x.Code, "")}
	case x.Kind == search.Reference && x.Ident && x.AnySystem:
		return []int64{h.key(x.Param, formIdent, "\x00any", x.Code)}
	case x.Kind == search.Reference && x.Ident:
		return []int64{h.key(x.Param, formIdent, x.System, x.Code)}
	case x.Kind == search.Reference:
		return []int64{h.Link(x.Param) ^ h.Target(x.Code)}
	case x.OfType != "":
		return []int64{h.key(x.Param, formOfType, x.OfType, x.Code)}
	case x.AnyCode:
		return []int64{h.key(x.Param, formSystem, x.System, "")}
	case !x.AnySystem:
		return []int64{h.key(x.Param, formToken, x.System, x.Code)}
	}
	keys := []int64{h.key(x.Param, formToken, "", x.Code)}
	for _, s := range systems {
		if s != "" {
			keys = append(keys, h.key(x.Param, formToken, s, x.Code))
		}
	}
	return keys
}

// Present returns the key that every resource with a value for param has.
func (h Hasher) Present(param string) int64 { return h.key(param, formPresent, "", "") }

// Systems returns the (parameter, system) pairs of the tokens of an index,
// distinct, for the table from which AnySystem is expanded.
func Systems(index search.Index) [][2]string {
	var out [][2]string
	for i := range index {
		v := &index[i]
		if v.Kind != search.Token || v.System == "" {
			continue
		}
		if pair := [2]string{v.Param, v.System}; !slices.Contains(out, pair) {
			out = append(out, pair)
		}
	}
	return out
}

// Norm is search.Norm, the form in which stores compare strings.
func Norm(s string) string { return search.Norm(s) }
