package rest

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/registry"
)

// create serves POST [base]/[type].
//
// https://hl7.org/fhir/R4/http.html#create
func (s *server) create(c echo.Context) error {
	n, err := s.sent(c)
	if err != nil {
		return err
	}
	res, err := s.registry.Create(c.Request().Context(), s.call(c), c.Param("type"), n, c.Request().Header.Get("If-None-Exist"))
	if err != nil {
		return err
	}
	return s.written(c, res)
}

// written answers a create or update as Prefer asks.
//
// https://hl7.org/fhir/R4/http.html#ops
func (s *server) written(c echo.Context, res registry.Result) error {
	code := http.StatusOK
	h := c.Response().Header()
	if res.Created {
		code = http.StatusCreated
	}
	if url := versionURL(s.base(c.Request()), res.Resource); c.Request().Method == http.MethodPost || res.Created {
		h.Set(echo.HeaderLocation, url) // also of what If-None-Exist found: it is what the client wants to know
	} else {
		h.Set("Content-Location", url)
	}
	stamp(h, res.Resource)
	switch preferences(c.Request().Header).result {
	case "minimal":
		return c.NoContent(code)
	case "OperationOutcome":
		outcome := fhir.Outcome(res.Warnings...)
		return s.write(c, code, outcome.JSON())
	}
	return s.write(c, code, res.Resource.JSON())
}
