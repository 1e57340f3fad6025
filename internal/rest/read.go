package rest

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/jamii-health/jamii/fhir"
)

// read serves GET [base]/[type]/[id].
//
// https://hl7.org/fhir/R4/http.html#read
func (s *server) read(c echo.Context) error {
	if strings.HasPrefix(c.Param("id"), "$") {
		return s.operation(c)
	}
	call := s.call(c)
	res, err := s.registry.Read(c.Request().Context(), call, c.Param("type"), c.Param("id"))
	if err != nil {
		return err
	}
	if notModified(c.Request().Header, res) {
		stamp(c.Response().Header(), res)
		return c.NoContent(http.StatusNotModified)
	}
	if wantsRaw(c) {
		return s.raw(c, res)
	}
	return s.shaped(c, res)
}

// vread serves GET [base]/[type]/[id]/_history/[version].
//
// https://hl7.org/fhir/R4/http.html#vread
func (s *server) vread(c echo.Context) error {
	version, err := strconv.ParseInt(c.Param("version"), 10, 64)
	if err != nil || version < 1 {
		return &fhir.Error{Kind: fhir.NotFound, Issue: fhir.IssueNotFound, Text: "There is no such version. Versions are counted from 1."}
	}
	res, err := s.registry.ReadVersion(c.Request().Context(), s.call(c), c.Param("type"), c.Param("id"), version)
	if err != nil {
		return err
	}
	return s.shaped(c, res)
}

// shaped sends a resource in the languages and the detail the reader asks for;
// the stored bytes do not change.
func (s *server) shaped(c echo.Context, res fhir.Resource) error {
	return s.shapedAs(c, http.StatusOK, res)
}

func (s *server) shapedAs(c echo.Context, code int, res fhir.Resource) error {
	body, err := s.registry.Shape(s.call(c), res, c.QueryParam("_summary"), c.QueryParam("_elements"))
	if err != nil {
		return err
	}
	stamp(c.Response().Header(), res)
	return s.write(c, code, body)
}
