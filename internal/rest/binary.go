package rest

import (
	"encoding/base64"
	"mime"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/jamii-health/jamii/fhir"
)

// binaryType is the one type that may travel as its bare bytes.
const binaryType = "Binary"

// rawUpload reports whether a body is the bytes of a Binary rather than a
// resource.
//
// https://hl7.org/fhir/R4/binary.html#rest
func rawUpload(c echo.Context) bool {
	typ := c.Request().Header.Get(echo.HeaderContentType)
	return c.Param("type") == binaryType && typ != "" && !resourceMedia(typ)
}

// sent reads what a create or an update stores.
func (s *server) sent(c echo.Context) (*fhir.Node, error) {
	if rawUpload(c) {
		return s.upload(c)
	}
	return s.body(c)
}

// upload reads a raw body into a Binary.
func (s *server) upload(c echo.Context) (*fhir.Node, error) {
	media, _, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if err != nil {
		return nil, &fhir.Error{Kind: fhir.UnsupportedMedia, Issue: fhir.IssueValue, Text: "The Content-Type is no media type, such as image/jpeg.", Cause: err}
	}
	data, err := s.bytes(c.Request())
	if err != nil {
		return nil, err
	}
	if len(data) == 0 {
		return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueRequired, Text: "The request has no body. Send the bytes of the attachment."}
	}
	n := fhir.Obj(fhir.Str(binaryType).As("resourceType"), fhir.Str(media).As("contentType"))
	if who := c.Request().Header.Get("X-Security-Context"); who != "" {
		n.Set("securityContext", fhir.Obj(fhir.Str(who).As("reference")))
	}
	n.Set("data", fhir.Str(base64.StdEncoding.EncodeToString(data)))
	return &n, nil
}

// resourceMedia reports whether a media type means the resource rather than
// its bytes. application/xml and text/xml are the bytes: a Binary may be a
// document in XML.
func resourceMedia(media string) bool {
	f, ok := formatOf(media)
	return strings.Contains(media, "fhir") || ok && f == asJSON
}

// wantsRaw reports whether a reader of a Binary asks for its bytes: any Accept
// that names neither a FHIR format nor everything.
func wantsRaw(c echo.Context) bool {
	if c.Param("type") != binaryType || c.Request().Method != http.MethodGet || c.QueryParam(formatName) != "" {
		return false
	}
	accept := c.Request().Header.Get(echo.HeaderAccept)
	if accept == "" {
		return false
	}
	for _, part := range strings.Split(accept, ",") {
		media, _, err := mime.ParseMediaType(part)
		if err == nil && (media == "*/*" || resourceMedia(media)) {
			return false
		}
	}
	return true
}

// raw sends the bytes of a Binary. The browser may show nothing of it: it came
// from outside.
func (s *server) raw(c echo.Context, res fhir.Resource) error {
	n, err := fhir.Parse(res.Body)
	if err != nil {
		return err
	}
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.Get("data").String()), ""))
	if err != nil {
		return &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueValue, Path: "Binary.data", Text: "The stored data is not base64. Read it as application/fhir+json.", Cause: err}
	}
	h := c.Response().Header()
	stamp(h, res)
	h.Set("Content-Disposition", "attachment")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	media := n.Get("contentType").String()
	if _, _, err := mime.ParseMediaType(media); err != nil {
		media = echo.MIMEOctetStream
	}
	return c.Blob(http.StatusOK, media, data)
}
