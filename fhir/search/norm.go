package search

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Norm folds case and accents and squeezes white space: the form in which
// strings are compared by default.
//
// https://hl7.org/fhir/R4/search.html#string
func Norm(s string) string {
	if !ascii(s) {
		s = norm.NFD.String(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Mn, r) && unicode.In(r, unicode.Inherited):
			continue // an accent; vowel signs of Indic scripts are not Inherited and stay
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
