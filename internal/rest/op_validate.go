package rest

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/validate"
	"github.com/jamii-health/jamii/internal/registry"
)

// resourceOperations are those that every type has.
func resourceOperations() []operation {
	const doc = "http://hl7.org/fhir/OperationDefinition/"
	return []operation{
		{name: "$validate", doc: doc + "Resource-validate", serve: (*server).validate},
		{name: "$validate", instance: true, get: true, doc: doc + "Resource-validate", serve: (*server).validate},
		{name: "$meta", system: true, get: true, doc: doc + "Resource-meta", serve: (*server).meta},
		{name: "$meta", get: true, doc: doc + "Resource-meta", serve: (*server).meta},
		{name: "$meta", instance: true, get: true, doc: doc + "Resource-meta", serve: (*server).meta},
		{name: "$meta-add", instance: true, doc: doc + "Resource-meta-add", serve: (*server).metaAdd},
		{name: "$meta-delete", instance: true, doc: doc + "Resource-meta-delete", serve: (*server).metaDelete},
		{name: "$everything", typ: "Patient", instance: true, get: true, doc: doc + "Patient-everything", serve: (*server).everything},
		{name: "$everything", typ: "Group", instance: true, get: true, doc: doc + "Group-everything", serve: (*server).everything},
	}
}

// validate serves [base]/[type]/$validate and [base]/[type]/[id]/$validate. A
// resource that has faults is a success of the operation.
//
// https://hl7.org/fhir/R4/resource-operation-validate.html
func (s *server) validate(c echo.Context, call registry.Call) error {
	var n *fhir.Node
	var err error
	if c.Request().Method != http.MethodGet {
		if n, err = s.optional(c); err != nil {
			return err
		}
	}
	in := inputs{c: c}
	if n.ResourceType() == "Parameters" && (c.Param("type") != "Parameters" || holdsResource(n)) {
		in.body, n = n, nil
		if p := in.node("resource"); p.Is(fhir.KindObject) {
			n = p
		}
	}
	v := registry.Validation{Resource: n, Mode: validate.Mode(in.text("mode")), Profiles: c.QueryParams()["profile"]}
	for _, p := range in.body.Get("parameter").Each() {
		if p.Get("name").String() == "profile" {
			for i := range p.Nodes {
				if m := &p.Nodes[i]; m.Name != "name" && m.Is(fhir.KindString) {
					v.Profiles = append(v.Profiles, m.Text)
				}
			}
		}
	}
	issues, err := s.registry.Validate(c.Request().Context(), call, c.Param("type"), instanceID(c), v)
	if err != nil {
		return err
	}
	outcome := fhir.Outcome(issues...)
	return s.write(c, http.StatusOK, outcome.JSON())
}

// holdsResource reports whether Parameters are those of the operation, rather
// than what is to be validated.
func holdsResource(n *fhir.Node) bool {
	for _, p := range n.Get("parameter").Each() {
		if p.Get("name").String() == "resource" && p.Get("resource") != nil {
			return true
		}
	}
	return false
}

// instanceID is the id in the address of an operation, "" on a type.
func instanceID(c echo.Context) string {
	if c.Param("operation") == "" {
		return ""
	}
	return c.Param("id")
}
