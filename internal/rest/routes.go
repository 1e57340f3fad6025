package rest

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// route maps a method and an address below the base to an interaction, named
// as in http://hl7.org/fhir/restful-interaction.
type route struct {
	method, path, interaction string
	serve                     func(*server, echo.Context) error
}

// interactions are all routes below the base. The order of echo's router puts
// fixed parts before parameters.
var interactions = []route{
	{http.MethodPost, "", "transaction", (*server).bundle},
	{http.MethodPost, "/", "transaction", (*server).bundle},
	{http.MethodGet, "", "search-system", (*server).search},
	{http.MethodGet, "/", "search-system", (*server).search},
	{http.MethodPost, "/_search", "search-system", (*server).search},
	{http.MethodGet, "/_history", "history-system", (*server).history},
	{http.MethodGet, "/:type", "search-type", systemOr((*server).search)},
	{http.MethodPost, "/:type", "create", systemOr((*server).create)},
	{http.MethodPut, "/:type", "update", (*server).updateWhere},
	{http.MethodPatch, "/:type", "patch", (*server).patchWhere},
	{http.MethodDelete, "/:type", "delete", (*server).deleteWhere},
	{http.MethodPost, "/:type/_search", "search-type", (*server).search},
	{http.MethodGet, "/:type/_history", "history-type", (*server).history},
	{http.MethodGet, "/:type/:id", "read", (*server).read},
	{http.MethodPut, "/:type/:id", "update", (*server).update},
	{http.MethodPatch, "/:type/:id", "patch", (*server).patch},
	{http.MethodDelete, "/:type/:id", "delete", (*server).delete},
	{http.MethodPost, "/:type/:id", "operation", (*server).operation},
	{http.MethodGet, "/:type/:id/_history", "history-instance", (*server).history},
	{http.MethodGet, "/:type/:id/_history/:version", "vread", (*server).vread},
	{http.MethodPost, "/:type/:id/:operation", "operation", (*server).operation},
	{http.MethodGet, "/:type/:id/:operation", "operation", (*server).below},
	{http.MethodPost, "/:type/:id/_search", "search-system", (*server).searchIn},
	{http.MethodPost, "/:type/:id/:operation/_search", "search-type", (*server).searchIn},
}

func (s *server) routes() {
	e := s.echo
	if s.options.Home != nil {
		e.GET("/", echo.WrapHandler(s.options.Home))
	}
	if s.options.Health != nil {
		e.GET("/health", echo.WrapHandler(s.options.Health))
	}
	e.GET("/fhir/metadata", s.metadata)
	g := e.Group("/fhir")
	for _, r := range interactions {
		g.Add(r.method, r.path, s.recorded(r))
	}
}

// recorded serves a route to whom it knows, and sees to it that a failure is
// in the audit trail also when no use case heard of the request.
func (s *server) recorded(r route) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := s.identify(c)
		if err == nil {
			err = r.serve(s, c)
		}
		if err == nil {
			return nil
		}
		return s.registry.Record(c.Request().Context(), s.call(c), r.interaction, c.Param("type"), c.Param("id"), err)
	}
}

// systemOr serves an operation of the whole system, which stands where a type
// does.
func systemOr(serve func(*server, echo.Context) error) func(*server, echo.Context) error {
	return func(s *server, c echo.Context) error {
		if strings.HasPrefix(c.Param("type"), "$") {
			return s.operation(c)
		}
		return serve(s, c)
	}
}

// below serves what is read below an instance: an operation, or a search of
// its compartment.
func (s *server) below(c echo.Context) error {
	if strings.HasPrefix(c.Param("operation"), "$") {
		return s.operation(c)
	}
	return s.searchIn(c)
}
