package patch

import "strings"

// quoteDiv puts the div of "Patient.text.div" between backticks. In FHIRPath
// div is an operator and no name, but HL7's own patches write it plainly; after
// a dot it can be nothing else. Strings and names in quotes are passed over.
//
// https://hl7.org/fhir/R4/narrative.html
func quoteDiv(path string) string {
	if !strings.Contains(path, ".div") {
		return path
	}
	var b strings.Builder
	var quote byte
	for i := 0; i < len(path); i++ {
		c := path[i]
		b.WriteByte(c)
		switch {
		case quote != 0 && c == '\\' && i+1 < len(path):
			i++
			b.WriteByte(path[i])
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"' || c == '`':
			quote = c
		case c == '.' && isDiv(path[i+1:]):
			b.WriteString("`div`")
			i += len("div")
		}
	}
	return b.String()
}

// isDiv reports whether rest begins with div, and not with a longer name.
func isDiv(rest string) bool {
	after, ok := strings.CutPrefix(rest, "div")
	return ok && (after == "" || !strings.ContainsRune(letters+"_", rune(after[0])))
}
