package rest

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/registry"
)

// everything serves Patient/[id]/$everything and Group/[id]/$everything.
//
// https://hl7.org/fhir/R4/patient-operation-everything.html
func (s *server) everything(c echo.Context, call registry.Call) error {
	pairs, err := search.Pairs(c.Request().URL.RawQuery)
	if err != nil {
		return err
	}
	if c.Request().Method == http.MethodPost {
		in, err := s.inputs(c)
		if err != nil {
			return err
		}
		for _, p := range in.body.Get("parameter").Each() {
			for i := range p.Nodes {
				if m := &p.Nodes[i]; strings.HasPrefix(m.Name, "value") && (m.Is(fhir.KindString) || m.Is(fhir.KindNumber)) {
					pairs = append(pairs, search.Pair{Name: p.Get("name").String(), Value: m.Text})
				}
			}
		}
	}
	found, err := s.registry.Everything(c.Request().Context(), call, c.Param("type"), c.Param("id"), pairs)
	if err != nil {
		return err
	}
	return s.write(c, http.StatusOK, page(call.Base, "searchset", found))
}
