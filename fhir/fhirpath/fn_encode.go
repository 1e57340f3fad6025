package fhirpath

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// coding is a way of writing text for encode() and decode() (a later version's
// 5.6.12, in HL7's suite for R4).
type coding struct {
	encode func([]byte) string
	decode func(string) ([]byte, error)
}

var codings = map[string]coding{
	"hex":       {hex.EncodeToString, hex.DecodeString},
	"base64":    {base64.StdEncoding.EncodeToString, base64.StdEncoding.DecodeString},
	"urlbase64": {base64.URLEncoding.EncodeToString, base64.URLEncoding.DecodeString},
}

func fnEncode(r *run, in []Element, c *call) ([]Element, error) {
	s, ok, err := r.strings(in, c, 1)
	if err != nil || !ok {
		return nil, err
	}
	code, ok := codings[s[1]]
	if !ok {
		return nil, faultf(c.args[0].at(), "encode() and decode() know hex, base64 and urlbase64")
	}
	return r.text(code.encode([]byte(s[0])), c.at())
}

// fnDecode is empty when the text is not in the coding.
func fnDecode(r *run, in []Element, c *call) ([]Element, error) {
	s, ok, err := r.strings(in, c, 1)
	if err != nil || !ok {
		return nil, err
	}
	code, ok := codings[s[1]]
	if !ok {
		return nil, faultf(c.args[0].at(), "encode() and decode() know hex, base64 and urlbase64")
	}
	text, decodeErr := code.decode(s[0])
	if decodeErr != nil || !utf8.Valid(text) {
		return nil, nil
	}
	return r.text(string(text), c.at())
}

var (
	htmlEscaper  = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")
	errEscapeFor = "escape() and unescape() know html and json"
)

func fnEscape(r *run, in []Element, c *call) ([]Element, error) {
	s, ok, err := r.strings(in, c, 1)
	if err != nil || !ok {
		return nil, err
	}
	switch s[1] {
	case "html":
		return r.text(htmlEscaper.Replace(s[0]), c.at())
	case "json":
		quoted, err := jsontext.AppendQuote(nil, s[0])
		if err != nil {
			return nil, faultf(c.at(), "the text is not valid UTF-8")
		}
		return r.text(string(quoted[1:len(quoted)-1]), c.at())
	}
	return nil, faultf(c.args[0].at(), "%s", errEscapeFor)
}

func fnUnescape(r *run, in []Element, c *call) ([]Element, error) {
	s, ok, err := r.strings(in, c, 1)
	if err != nil || !ok {
		return nil, err
	}
	switch s[1] {
	case "html":
		return r.text(html.UnescapeString(s[0]), c.at())
	case "json":
		return r.text(unescapeJSON(s[0]), c.at())
	}
	return nil, faultf(c.args[0].at(), "%s", errEscapeFor)
}

// unescapeJSON decodes the inside of a JSON string; quotes may stand bare.
func unescapeJSON(s string) string {
	quoted := strings.ReplaceAll(strings.ReplaceAll(s, `\"`, `"`), `"`, `\"`)
	var out string
	if err := json.Unmarshal([]byte(`"`+quoted+`"`), &out); err != nil {
		return s // what is no JSON has no escapes to undo
	}
	return out
}
