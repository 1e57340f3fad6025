package validate

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jamii-health/jamii/fhir"
)

// format is how a primitive type is written.
type format struct {
	kind  fhir.Kind
	ok    func(string) bool
	text  string                    // what it must be
	check func(*walker, *fhir.Node) // in place of ok, for what has more than one rule
}

var kindText = map[fhir.Kind]string{
	fhir.KindBool:   "a JSON true or false",
	fhir.KindNumber: "a JSON number",
	fhir.KindString: "a JSON string",
}

// formats has the primitive types of R4. A test compares them with the regular
// expressions that HL7 gives.
//
// https://hl7.org/fhir/R4/datatypes.html#primitive
var formats = map[string]*format{
	"boolean":      {kind: fhir.KindBool, text: "true or false", ok: func(string) bool { return true }},
	"integer":      {kind: fhir.KindNumber, text: "a whole number between -2147483648 and 2147483647", ok: func(s string) bool { return whole(s, -1<<31) }},
	"unsignedInt":  {kind: fhir.KindNumber, text: "a whole number between 0 and 2147483647", ok: func(s string) bool { return whole(s, 0) }},
	"positiveInt":  {kind: fhir.KindNumber, text: "a whole number between 1 and 2147483647", ok: func(s string) bool { return whole(s, 1) }},
	"decimal":      {kind: fhir.KindNumber, text: "a decimal number", ok: func(string) bool { return true }},
	"string":       {kind: fhir.KindString, text: "text of at most 1 MB without control characters", ok: plainText},
	"markdown":     {kind: fhir.KindString, text: "text of at most 1 MB without control characters", ok: plainText},
	"code":         {kind: fhir.KindString, text: "a code without spaces at its ends or two in a row", ok: code},
	"id":           {kind: fhir.KindString, text: "1 to 64 letters, digits, - and .", ok: fhir.ValidID},
	"uri":          {kind: fhir.KindString, text: "a URI without spaces", ok: noSpace, check: (*walker).uri},
	"url":          {kind: fhir.KindString, text: "a URL without spaces", ok: noSpace},
	"canonical":    {kind: fhir.KindString, text: "a canonical URL without spaces", ok: noSpace},
	"oid":          {kind: fhir.KindString, text: "an OID written urn:oid:1.2.3", ok: oid},
	"uuid":         {kind: fhir.KindString, text: "a UUID written urn:uuid: and 36 lower-case characters", ok: uuid},
	"base64Binary": {kind: fhir.KindString, text: "base64", ok: base64},
	"date":         {kind: fhir.KindString, text: "a real date written YYYY, YYYY-MM or YYYY-MM-DD", ok: func(s string) bool { return len(s) <= 10 && dateTime(s) }},
	"dateTime":     {kind: fhir.KindString, text: "a real date written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+zz:zz", ok: dateTime},
	"instant":      {kind: fhir.KindString, text: "a real moment written YYYY-MM-DDThh:mm:ss+zz:zz", ok: func(s string) bool { return len(s) > 10 && dateTime(s) }},
	"time":         {kind: fhir.KindString, text: "a time of day written hh:mm:ss", ok: timeOfDay},
	"xhtml":        {kind: fhir.KindString, text: "XHTML", check: (*walker).xhtml},
}

// whole reports whether s is an integer of 32 bits and at least low. JSON has
// no leading zeros and no plus. Only integer may write -0.
func whole(s string, low int64) bool {
	n, err := strconv.ParseInt(s, 10, 32)
	return err == nil && n >= low && (low < 0 || s[0] != '-')
}

const maxText = 1 << 20 // characters of a string: "SHALL NOT exceed 1MB"

func plainText(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return len(s) <= maxText || utf8.RuneCountInString(s) <= maxText
}

func code(s string) bool {
	space := true // a space now would be at the start, or the second in a row
	for i := 0; i < len(s); i++ {
		isSpace := s[i] <= ' '
		if isSpace && (space || s[i] != ' ') {
			return false
		}
		space = isSpace
	}
	return !space
}

func noSpace(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' {
			return false
		}
	}
	return true
}

func oid(s string) bool {
	s, ok := strings.CutPrefix(s, "urn:oid:")
	if !ok || len(s) < 3 || s[0] > '2' {
		return false
	}
	for i, arc := range strings.Split(s, ".") {
		if arc == "" || (len(arc) > 1 && (arc[0] == '0' || i == 0)) {
			return false
		}
		if strings.Trim(arc, "0123456789") != "" {
			return false
		}
	}
	return strings.Contains(s, ".")
}

func uuid(s string) bool {
	s, ok := strings.CutPrefix(s, "urn:uuid:")
	if !ok || len(s) != 36 {
		return false
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f'):
			return false
		}
	}
	return true
}

func base64(s string) bool {
	count, pad := 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			continue
		case c == '=':
			pad++
		case pad > 0 || !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/'):
			return false
		}
		count++
	}
	return count > 0 && count%4 == 0 && pad <= 2
}

// language is the format of a code that is bound to language tags. The binding
// is preferred, but its largest value set is all of BCP 47.
//
// https://hl7.org/fhir/R4/valueset-languages.html
var language = &format{kind: fhir.KindString, text: "a language tag of BCP 47, such as en or ne-NP", ok: languageTag}

// languageTag reports whether s has the form of a BCP 47 tag: subtags of 1 to 8
// letters and digits, the first of letters alone.
func languageTag(s string) bool {
	for i, tag := range strings.Split(s, "-") {
		if tag == "" || len(tag) > 8 || (i == 0 && strings.IndexFunc(tag, notLetter) >= 0) {
			return false
		}
		if strings.IndexFunc(tag, func(r rune) bool { return notLetter(r) && (r < '0' || r > '9') }) >= 0 {
			return false
		}
	}
	return len(s) > 1
}

func notLetter(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') }

// mimeType reports whether s is type/subtype with any parameters. The short
// names of FHIR's own formats stand for theirs.
//
// https://hl7.org/fhir/R4/valueset-mimetypes.html
func mimeType(s string) bool {
	switch s {
	case "json", "xml", "ttl":
		return true
	}
	kind, _, _ := strings.Cut(s, ";")
	top, sub, ok := strings.Cut(strings.TrimSpace(kind), "/")
	return ok && token(top) && token(sub)
}

// token is that of RFC 2045.
func token(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?=`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// uri checks the URNs of identifiers too. Placeholders such as urn:uuid:a are
// so common in transactions that they are worth a warning only.
func (w *walker) uri(n *fhir.Node) {
	if !noSpace(n.Text) {
		w.report(issue{n: n, code: fhir.IssueValue, rule: ruleFormat, text: "This must be a URI without spaces."})
		return
	}
	if !w.opts.ErrorsOnly && ((strings.HasPrefix(n.Text, "urn:uuid:") && !uuid(n.Text)) || (strings.HasPrefix(n.Text, "urn:oid:") && !oid(n.Text))) {
		w.report(issue{n: n, severity: fhir.SeverityWarning, code: fhir.IssueValue, rule: ruleURN, text: "This is no real UUID or OID: write urn:uuid: with 36 lower-case characters, or urn:oid: with numbers and points."})
	}
}
