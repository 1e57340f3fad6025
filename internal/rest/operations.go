package rest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/internal/registry"
)

// operation is one FHIR operation. Adding one is an op_*.go file and a row in
// the table.
type operation struct {
	name     string // "$submit"
	typ      string // resource type, "" for all
	instance bool   // on Type/id, else on Type
	system   bool   // on the base
	get      bool   // may be called with GET
	doc      string // canonical of its definition
	serve    func(s *server, c echo.Context, call registry.Call) error
}

// operations are all operations there are; /metadata lists them from here.
var operations = slices.Concat(claimOperations(), terminologyOperations(), resourceOperations())

// claimOperations are those of the claims engine and of enrolment.
func claimOperations() []operation {
	return []operation{
		{name: "$submit", typ: "Claim", doc: faisOperation + "ClaimSubmit", serve: (*server).submitClaim},
		{name: "$cancel", typ: "Claim", instance: true, doc: faisOperation + "ClaimCancel", serve: (*server).cancelClaim},
		{name: "$reprocess", typ: "Claim", instance: true, doc: faisOperation + "ClaimReprocess", serve: (*server).reprocessClaim},
		{name: "$review", typ: "Claim", instance: true, doc: fhir.Base + "/OperationDefinition/claim-review", serve: (*server).reviewClaim},
		{name: "$submit", typ: "EnrollmentRequest", doc: faisOperation + "EnrollmentRequestSubmit", serve: (*server).submitEnrollment},
		{name: "$submit", typ: "CoverageEligibilityRequest", doc: "http://hl7.org/fhir/OperationDefinition/CoverageEligibilityRequest-submit", serve: (*server).submitEligibility},
	}
}

const faisOperation = "https://profiles.ihe.net/ITI/FAIS/OperationDefinition/"

// operation serves [base]/$name, [base]/[type]/$name and
// [base]/[type]/[id]/$name.
//
// https://hl7.org/fhir/R4/operations.html
func (s *server) operation(c echo.Context) error {
	want := operation{name: c.Param("operation"), typ: c.Param("type"), instance: true}
	switch {
	case strings.HasPrefix(want.typ, "$"):
		want = operation{name: want.typ, system: true}
	case want.name == "":
		want.name, want.instance = c.Param("id"), false
	}
	if strings.Contains(want.name, "/") {
		return echo.ErrNotFound
	}
	if !strings.HasPrefix(want.name, "$") {
		return &fhir.Error{Kind: fhir.NotAllowed, Issue: fhir.IssueNotSupported, Text: "POST creates at a type's address, without an id. To store under an id of your own use PUT."}
	}
	wrong := false
	for _, op := range operations {
		if !op.is(want) {
			continue
		}
		if c.Request().Method == http.MethodGet && !op.get {
			wrong = true
			continue
		}
		call := s.call(c)
		if err := s.registry.Allow(call, want.typ, want.name); err != nil {
			return err
		}
		return op.serve(s, c, call)
	}
	if wrong {
		return &fhir.Error{Kind: fhir.NotAllowed, Issue: fhir.IssueNotSupported, Text: "This operation changes something, so it is called with POST."}
	}
	return &fhir.Error{Kind: fhir.NotFound, Issue: fhir.IssueNotSupported, Text: "There is no such operation here. GET metadata lists those there are."}
}

// is reports whether a request means the operation. One for all types is only
// for those of R4.
func (op *operation) is(want operation) bool {
	if op.name != want.name || op.instance != want.instance || op.system != want.system {
		return false
	}
	return op.typ == want.typ || op.typ == "" && definition.IsResource(want.typ)
}

// unwrap takes the resource out of Parameters with one parameter "resource",
// which clients of the operations framework send.
func unwrap(n *fhir.Node) *fhir.Node {
	if n.ResourceType() != "Parameters" {
		return n
	}
	for _, p := range n.Get("parameter").Each() {
		if p.Get("name").String() == "resource" && p.Get("resource") != nil {
			return p.Get("resource")
		}
	}
	return n
}
