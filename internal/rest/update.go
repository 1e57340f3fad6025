package rest

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/registry"
)

// update serves PUT [base]/[type]/[id]; an id not known yet is created.
//
// https://hl7.org/fhir/R4/http.html#update
func (s *server) update(c echo.Context) error {
	version, err := ifMatch(c.Request().Header)
	if err != nil {
		return err
	}
	n, err := s.sent(c)
	if err != nil {
		return err
	}
	if rawUpload(c) { // bare bytes carry no id
		n.Set("id", fhir.Str(c.Param("id")))
	}
	res, err := s.registry.Update(c.Request().Context(), s.call(c), c.Param("type"), c.Param("id"), n, version)
	if err != nil {
		return err
	}
	return s.written(c, res)
}

// updateWhere serves PUT [base]/[type]?[search].
//
// https://hl7.org/fhir/R4/http.html#cond-update
func (s *server) updateWhere(c echo.Context) error {
	version, err := ifMatch(c.Request().Header)
	if err != nil {
		return err
	}
	query, err := condition(c)
	if err != nil {
		return err
	}
	n, err := s.body(c)
	if err != nil {
		return err
	}
	res, err := s.registry.UpdateWhere(c.Request().Context(), s.call(c), c.Param("type"), query, n, version)
	if err != nil {
		return err
	}
	return s.written(c, res)
}

// condition is the query of a conditional interaction; one without a query
// would touch everything.
func condition(c echo.Context) (string, error) {
	pairs, err := search.Pairs(c.Request().URL.RawQuery)
	if err != nil {
		return "", err
	}
	pairs = slices.DeleteFunc(pairs, func(p search.Pair) bool { return p.Name == formatName || p.Name == prettyName })
	if len(pairs) == 0 {
		return "", &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueRequired, Text: "Say which resource is meant: put its id into the address, or a search such as ?identifier=system|value."}
	}
	return search.Encode(pairs), nil
}

// delete serves DELETE [base]/[type]/[id].
//
// https://hl7.org/fhir/R4/http.html#delete
func (s *server) delete(c echo.Context) error {
	version, err := ifMatch(c.Request().Header)
	if err != nil {
		return err
	}
	res, err := s.registry.Delete(c.Request().Context(), s.call(c), c.Param("type"), c.Param("id"), version)
	if err != nil {
		return err
	}
	return s.deleted(c, res)
}

// deleteWhere serves DELETE [base]/[type]?[search].
//
// https://hl7.org/fhir/R4/http.html#cdelete
func (s *server) deleteWhere(c echo.Context) error {
	query, err := condition(c)
	if err != nil {
		return err
	}
	res, err := s.registry.DeleteWhere(c.Request().Context(), s.call(c), c.Param("type"), query)
	if err != nil {
		return err
	}
	return s.deleted(c, res)
}

func (s *server) deleted(c echo.Context, res registry.Result) error {
	if res.Deleted {
		c.Response().Header().Set("ETag", res.Resource.ETag())
	}
	return c.NoContent(http.StatusNoContent)
}
