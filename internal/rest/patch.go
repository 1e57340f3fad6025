package rest

import (
	"encoding/base64"
	"mime"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/patch"
	"github.com/jamii-health/jamii/internal/registry"
)

const mimePatch = "application/json-patch+json"

// patch serves PATCH [base]/[type]/[id].
//
// https://hl7.org/fhir/R4/http.html#patch
func (s *server) patch(c echo.Context) error {
	return s.patched(c, func(change registry.Change, version int64) (registry.Result, error) {
		return s.registry.Patch(c.Request().Context(), s.call(c), c.Param("type"), c.Param("id"), change, version)
	})
}

// patchWhere serves PATCH [base]/[type]?[search].
func (s *server) patchWhere(c echo.Context) error {
	query, err := condition(c)
	if err != nil {
		return err
	}
	return s.patched(c, func(change registry.Change, version int64) (registry.Result, error) {
		return s.registry.PatchWhere(c.Request().Context(), s.call(c), c.Param("type"), query, change, version)
	})
}

func (s *server) patched(c echo.Context, apply func(registry.Change, int64) (registry.Result, error)) error {
	version, err := ifMatch(c.Request().Header)
	if err != nil {
		return err
	}
	change, err := s.change(c)
	if err != nil {
		return err
	}
	res, err := apply(change, version)
	if err != nil {
		return err
	}
	return s.written(c, res)
}

// change reads the body of a PATCH: its media type says which kind of patch
// it is.
func (s *server) change(c echo.Context) (registry.Change, error) {
	media := c.Request().Header.Get(echo.HeaderContentType)
	if !isJSONPatch(media) {
		if _, ok := formatOf(media); !ok {
			return nil, errPatchMedia("")
		}
		params, err := s.body(c)
		if err != nil {
			return nil, err
		}
		return pathPatch(params, "")
	}
	data, err := s.bytes(c.Request())
	if err != nil {
		return nil, err
	}
	return jsonPatch(data)
}

func isJSONPatch(media string) bool {
	name, _, err := mime.ParseMediaType(media)
	return err == nil && name == mimePatch
}

func errPatchMedia(path string) *fhir.Error {
	return &fhir.Error{
		Kind: fhir.UnsupportedMedia, Issue: fhir.IssueNotSupported, Path: path,
		Text: "Send a JSON Patch as " + mimePatch + ", or a FHIRPath Patch (Parameters) as " + mimeFHIR + " or " + mimeFHIRXML + ".",
	}
}

func jsonPatch(data []byte) (registry.Change, error) {
	doc, err := fhir.Parse(data)
	if err != nil {
		return nil, err
	}
	if !doc.Is(fhir.KindArray) {
		return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueStructure, Text: "A JSON Patch is an array of operations."}
	}
	return func(n *fhir.Node) (*fhir.Node, error) { return patch.JSON(n, doc) }, nil
}

func pathPatch(params *fhir.Node, path string) (registry.Change, error) {
	if params.ResourceType() != "Parameters" {
		return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueStructure, Path: path, Text: "A FHIRPath Patch is a Parameters resource. A JSON Patch is sent as " + mimePatch + "."}
	}
	return func(n *fhir.Node) (*fhir.Node, error) { return patch.FHIRPath(n, params) }, nil
}

// entryPatch reads the patch in an entry of a Bundle: Parameters are a
// FHIRPath Patch, a Binary is what its contentType says.
//
// https://hl7.org/fhir/R4/http.html#patch
func entryPatch(r request) (registry.Change, error) {
	path := r.path + ".resource"
	if r.resource == nil {
		return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueRequired, Path: path, Text: "A PATCH needs a resource: Parameters for a FHIRPath Patch, or a Binary with a JSON Patch."}
	}
	if r.resource.ResourceType() != binaryType {
		return pathPatch(r.resource, path)
	}
	if !isJSONPatch(r.resource.Get("contentType").String()) {
		bad := errPatchMedia(path + ".contentType")
		bad.Kind = fhir.Invalid // the media type of the request itself is fine
		return nil, bad
	}
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(r.resource.Get("data").String()), ""))
	if err != nil {
		return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: path + ".data", Text: "The data of the Binary is not base64.", Cause: err}
	}
	return jsonPatch(data)
}

// patchBody is the body and media type that a PATCH entry of a batch would
// have as a request of its own.
func patchBody(n *fhir.Node) (body []byte, media string) {
	if n.ResourceType() == binaryType {
		if data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.Get("data").String()), "")); err == nil {
			return data, n.Get("contentType").String()
		}
	}
	return n.JSON(), mimeFHIR
}
