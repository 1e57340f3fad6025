package rest

import (
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/registry"
)

// meta serves $meta of the system, of a type and of an instance.
//
// https://hl7.org/fhir/R4/resource-operation-meta.html
func (s *server) meta(c echo.Context, call registry.Call) error {
	typ := c.Param("type")
	if strings.HasPrefix(typ, "$") {
		typ = ""
	}
	meta, err := s.registry.Meta(c.Request().Context(), call, typ, instanceID(c))
	if err != nil {
		return err
	}
	return s.parameters(c, returned(meta)...)
}

// returned is the parameter out; a value without content is left out, since
// FHIR has none.
func returned(meta fhir.Node) []fhir.Node {
	if len(meta.Nodes) == 0 {
		return nil
	}
	return []fhir.Node{parameter("return", meta.As("valueMeta"))}
}

// metaAdd serves [base]/[type]/[id]/$meta-add.
//
// https://hl7.org/fhir/R4/resource-operation-meta-add.html
func (s *server) metaAdd(c echo.Context, call registry.Call) error {
	return s.changeMeta(c, call, false)
}

// metaDelete serves [base]/[type]/[id]/$meta-delete.
//
// https://hl7.org/fhir/R4/resource-operation-meta-delete.html
func (s *server) metaDelete(c echo.Context, call registry.Call) error {
	return s.changeMeta(c, call, true)
}

func (s *server) changeMeta(c echo.Context, call registry.Call, remove bool) error {
	version, err := ifMatch(c.Request().Header)
	if err != nil {
		return err
	}
	in, err := s.inputs(c)
	if err != nil {
		return err
	}
	meta := in.node("meta")
	if !meta.Is(fhir.KindObject) {
		return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueRequired, Path: "meta", Text: "Send Parameters with a parameter meta, whose valueMeta holds the profiles, security labels and tags."}
	}
	res, err := s.registry.ChangeMeta(c.Request().Context(), call, c.Param("type"), c.Param("id"), meta, remove, version)
	if err != nil {
		return err
	}
	stamp(c.Response().Header(), res.Resource)
	n, err := res.Resource.Tree()
	if err != nil {
		return err
	}
	return s.parameters(c, returned(*n.Get("meta"))...)
}
