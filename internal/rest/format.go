package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/xml"
	"github.com/jamii-health/jamii/internal/access"
)

// format is how a resource is written down.
type format uint8

const (
	noFormat format = iota
	asJSON
	asXML
)

const (
	mimeFHIR    = "application/fhir+json"
	mimeFHIRXML = "application/fhir+xml"
	formatName  = "_format"
	prettyName  = "_pretty"
)

// written are the media types of answers.
var written = map[format]string{asJSON: mimeFHIR + "; charset=utf-8", asXML: mimeFHIRXML + "; charset=utf-8"}

// formats are the names of a format in headers and in _format.
//
// https://hl7.org/fhir/R4/http.html#mime-type
var formats = map[string]format{
	mimeFHIR: asJSON, "application/json": asJSON, "text/json": asJSON, "json": asJSON, "application/json+fhir": asJSON,
	mimeFHIRXML: asXML, "application/xml": asXML, "text/xml": asXML, "xml": asXML, "application/xml+fhir": asXML,
}

// formatOf reads a media type; ok is false for what is none of FHIR R4.
func formatOf(media string) (f format, ok bool) {
	name, params, err := mime.ParseMediaType(media)
	if err != nil {
		return noFormat, false
	}
	f, ok = formats[name]
	if v := params["fhirversion"]; v != "" && v != "4.0" && v != "4.0.1" {
		return f, false
	}
	return f, ok
}

// known are the formats that /metadata lists.
var known = []string{mimeFHIR, mimeFHIRXML, "json", "xml"}

var errFormat = &fhir.Error{Kind: fhir.NotAcceptable, Issue: fhir.IssueNotSupported, Text: "This server writes application/fhir+json and application/fhir+xml, of FHIR version 4.0. Ask for one of them."}

// named is the format that _format asks for.
func named(text string) (format, error) {
	f, ok := formatOf(strings.ReplaceAll(text, " ", "+")) // a plus sign that nobody escaped
	if !ok {
		e := *errFormat
		e.Path = formatName
		return noFormat, &e
	}
	return f, nil
}

// negotiate settles how to answer. _format goes before the Accept header; who
// leaves both open gets what it sent.
//
// https://hl7.org/fhir/R4/http.html#mime-type
func negotiate(h http.Header, asked string) (format, error) {
	if asked != "" {
		return named(asked)
	}
	sent, ok := formatOf(h.Get(echo.HeaderContentType))
	if !ok {
		sent = asJSON
	}
	accept := strings.Join(h.Values(echo.HeaderAccept), ",")
	if strings.TrimSpace(accept) == "" {
		return sent, nil
	}
	best, weight := noFormat, 0.0
	for _, part := range strings.Split(accept, ",") {
		f, q := ranged(part, sent)
		if q > weight {
			best, weight = f, q
		}
	}
	if best == noFormat {
		return noFormat, errFormat
	}
	return best, nil
}

// ranged reads one media range of Accept and its weight.
func ranged(part string, sent format) (format, float64) {
	name, params, err := mime.ParseMediaType(part)
	if err != nil {
		return noFormat, 0
	}
	q := 1.0
	if text, ok := params["q"]; ok {
		if q, err = strconv.ParseFloat(text, 64); err != nil {
			return noFormat, 0
		}
	}
	switch name {
	case "*/*", "application/*":
		return sent, q
	case "text/html", "text/*": // a browser
		return asJSON, q
	}
	f, ok := formatOf(part)
	if !ok {
		return noFormat, 0
	}
	return f, q
}

const formatKey = "format"

// format is how to answer; a request whose wish cannot be met is answered in
// JSON.
func (s *server) format(c echo.Context) format {
	if f, ok := c.Get(formatKey).(format); ok {
		return f
	}
	f, err := s.settle(c, c.QueryParam(formatName))
	if err != nil {
		return asJSON
	}
	return f
}

// settle negotiates and keeps the outcome. An entry of a batch is always
// answered as JSON: its Bundle is what is written as asked.
func (s *server) settle(c echo.Context, asked string) (f format, err error) {
	f = asJSON
	if !inner(c) {
		f, err = negotiate(c.Request().Header, asked)
	} else if asked != "" {
		_, err = named(asked)
	}
	if err == nil {
		c.Set(formatKey, f)
	}
	return f, err
}

// inner reports whether a request is an entry of a batch.
func inner(c echo.Context) bool {
	_, ok := c.Request().Context().Value(principalKey{}).(access.Principal)
	return ok
}

// write sends a resource, whose JSON body is, in the format asked for. JSON is
// copied as it is. What XML cannot hold is 406, except in the answer to what
// was done already: that is JSON then.
func (s *server) write(c echo.Context, code int, body []byte) error {
	pretty := c.QueryParam(prettyName) == "true"
	if s.format(c) == asXML {
		out, err := toXML(body, pretty)
		switch {
		case err == nil:
			return c.Blob(code, written[asXML], out)
		case c.Request().Method == http.MethodGet:
			return err
		}
	}
	if pretty {
		body = indented(body)
	}
	return c.Blob(code, written[asJSON], body)
}

func toXML(body []byte, pretty bool) ([]byte, error) {
	n, err := fhir.Parse(body)
	if err != nil {
		return nil, fmt.Errorf("answer as XML: %w", err)
	}
	indent := ""
	if pretty {
		indent = "  "
	}
	return xml.AppendIndent(make([]byte, 0, 2*len(body)), n, indent)
}

func indented(body []byte) []byte {
	var out bytes.Buffer
	if err := json.Indent(&out, body, "", "  "); err != nil {
		return body
	}
	return out.Bytes()
}

// body reads and parses a request's resource.
func (s *server) body(c echo.Context) (*fhir.Node, error) {
	n, err := s.optional(c)
	if err == nil && n == nil {
		err = &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueRequired, Text: "The request has no body. Send a FHIR resource."}
	}
	return n, err
}

// optional reads the body of an operation that may have none.
func (s *server) optional(c echo.Context) (*fhir.Node, error) {
	typ := c.Request().Header.Get(echo.HeaderContentType)
	f, ok := formatOf(typ)
	if typ != "" && !ok && c.Request().ContentLength != 0 {
		return nil, &fhir.Error{Kind: fhir.UnsupportedMedia, Issue: fhir.IssueNotSupported, Text: "Send the body as application/fhir+json or application/fhir+xml, of FHIR version 4.0."}
	}
	data, err := s.bytes(c.Request())
	if err != nil || len(bytes.TrimSpace(data)) == 0 {
		return nil, err
	}
	if f == asXML || typ == "" && bytes.TrimLeft(data, "\ufeff \t\r\n")[0] == '<' {
		return parseXML(data)
	}
	return fhir.ParseObject(data)
}

// parseXML reads a body. What is said of it later has to do without offsets:
// those are in the XML.
func parseXML(data []byte) (*fhir.Node, error) {
	n, err := xml.Parse(data)
	var fe *fhir.Error
	if err != nil && !errors.As(err, &fe) {
		return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueStructure, Text: "The body is not XML that can be read.", Cause: err}
	}
	return n, err
}
