package patch

import (
	"strconv"
	"strings"

	"github.com/jamii-health/jamii/fhir"
)

// pointer is a JSON Pointer, split and unescaped.
//
// https://www.rfc-editor.org/rfc/rfc6901
type pointer []string

func parsePointer(s string) (pointer, bool) {
	if s == "" {
		return nil, true
	}
	if s[0] != '/' {
		return nil, false
	}
	parts := strings.Split(s[1:], "/")
	for i, part := range parts {
		if strings.Contains(strings.NewReplacer("~0", "", "~1", "").Replace(part), "~") {
			return nil, false
		}
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
	}
	return parts, true
}

// find follows the pointer; nil when it leads nowhere.
func (p pointer) find(root *fhir.Node) *fhir.Node {
	n := root
	for _, part := range p {
		switch {
		case n == nil:
			return nil
		case n.Kind == fhir.KindArray:
			i, ok := arrayIndex(part)
			if !ok {
				return nil
			}
			n = n.At(i)
		default:
			n = n.Get(part)
		}
	}
	return n
}

// split is the pointer to the parent and the last part.
func (p pointer) split() (pointer, string) { return p[:len(p)-1], p[len(p)-1] }

// within reports whether p points below outer.
func (p pointer) within(outer pointer) bool {
	if len(p) <= len(outer) {
		return false
	}
	for i := range outer {
		if p[i] != outer[i] {
			return false
		}
	}
	return true
}

// arrayIndex reads an index: digits without leading zeros (RFC 6901 section 4).
func arrayIndex(s string) (int, bool) {
	if s == "" || len(s) > 9 || (s[0] == '0' && len(s) > 1) {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	i, err := strconv.Atoi(s)
	return i, err == nil
}

// fhirPath writes the pointer as a FHIRPath for an outcome. It stops at what
// could be no name of an element, which may be data.
func (p pointer) fhirPath(root string) string {
	path := root
	for _, part := range p {
		if _, ok := arrayIndex(part); ok {
			path = fhir.JoinPath(path, "["+part+"]")
			continue
		}
		name := strings.TrimPrefix(part, "_")
		if name == "" || len(name) > 64 || strings.Trim(name, letters) != "" {
			break
		}
		path = fhir.JoinPath(path, name)
	}
	return path
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
