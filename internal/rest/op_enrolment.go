package rest

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/registry"
)

// request takes the resource of an operation out of its body: the resource
// itself, Parameters with it, or a collection Bundle that holds one of it.
func (s *server) asked(c echo.Context, typ string) (n, bundle *fhir.Node, err error) {
	if n, err = s.body(c); err != nil {
		return nil, nil, err
	}
	if n = unwrap(n); n.ResourceType() != "Bundle" {
		return n, nil, nil
	}
	bundle = n
	if bundle.Get("type").String() != "collection" || bundle.Get("implicitRules") != nil {
		return nil, nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: "Bundle.type", Text: "Send a Bundle of type collection, without implicitRules."}
	}
	n = nil
	for _, e := range bundle.Get("entry").Each() {
		if e.Get("resource").ResourceType() != typ {
			continue
		}
		if n != nil {
			return nil, nil, &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueStructure, Path: "Bundle.entry", Text: "The Bundle holds more than one " + typ + ". Send one at a time."}
		}
		n = e.Get("resource")
	}
	if n == nil {
		return nil, nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueRequired, Path: "Bundle.entry", Text: "The Bundle holds no " + typ + "."}
	}
	return n, bundle, nil
}

// submitEnrollment serves EnrollmentRequest/$submit.
//
// https://profiles.ihe.net/ITI/FAIS/ ITI-122
func (s *server) submitEnrollment(c echo.Context, call registry.Call) error {
	n, bundle, err := s.asked(c, "EnrollmentRequest")
	if err != nil {
		return err
	}
	out, err := s.registry.Enrol(c.Request().Context(), call, n, bundle)
	if err != nil {
		return err
	}
	code := http.StatusCreated
	if out.Repeated {
		code = http.StatusOK
	}
	c.Response().Header().Set(echo.HeaderLocation, versionURL(call.Base, out.Response))
	if bundle == nil {
		return s.shapedAs(c, code, out.Response)
	}
	b := []byte(`{"resourceType":"Bundle","type":"collection","entry":[`)
	for i, res := range append([]fhir.Resource{out.Response}, out.More...) {
		if i > 0 {
			b = append(b, ',')
		}
		url := fhir.Str(call.Base + "/" + res.Ref())
		b = url.AppendJSON(append(b, `{"fullUrl":`...))
		b = append(res.AppendJSON(append(b, `,"resource":`...)), '}')
	}
	return s.write(c, code, append(b, "]}"...))
}

// submitEligibility serves CoverageEligibilityRequest/$submit.
//
// https://profiles.ihe.net/ITI/FAIS/ ITI-124
func (s *server) submitEligibility(c echo.Context, call registry.Call) error {
	n, bundle, err := s.asked(c, "CoverageEligibilityRequest")
	if err != nil {
		return err
	}
	res, err := s.registry.Eligibility(c.Request().Context(), call, n, bundle)
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderLocation, versionURL(call.Base, res.Resource))
	return s.shapedAs(c, http.StatusCreated, res.Resource)
}
