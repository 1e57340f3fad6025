package rest

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/registry"
)

// submitClaim serves Claim/$submit: one Claim, or a collection Bundle with
// several, each decided and committed by itself.
//
// https://profiles.ihe.net/ITI/FAIS/ ITI-126
func (s *server) submitClaim(c echo.Context, call registry.Call) error {
	n, err := s.body(c)
	if err != nil {
		return err
	}
	if n = unwrap(n); n.ResourceType() == "Bundle" {
		return s.submitMany(c, call, n)
	}
	out, err := s.registry.Submit(c.Request().Context(), call, n, nil)
	if err != nil {
		return err
	}
	return s.answered(c, out)
}

// answered sends the ClaimResponse: 201 with its Location the first time, 200
// when the same Claim was submitted before.
func (s *server) answered(c echo.Context, out registry.Submitted) error {
	code := http.StatusCreated
	h := c.Response().Header()
	if out.Repeated {
		code = http.StatusOK
	}
	h.Set(echo.HeaderLocation, versionURL(s.base(c.Request()), out.Response))
	return s.shapedAs(c, code, out.Response)
}

// submitMany answers a collection Bundle with one ClaimResponse or
// OperationOutcome per Claim, in order.
func (s *server) submitMany(c echo.Context, call registry.Call, bundle *fhir.Node) error {
	if bundle.Get("type").String() != "collection" || bundle.Get("implicitRules") != nil {
		return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: "Bundle.type", Text: "Claims are submitted in a Bundle of type collection, without implicitRules."}
	}
	b := []byte(`{"resourceType":"Bundle","type":"collection","entry":[`)
	found := 0
	for i, e := range bundle.Get("entry").Each() {
		n := e.Get("resource")
		if n.ResourceType() != "Claim" {
			continue
		}
		if found++; found > 1 {
			b = append(b, ',')
		}
		b = s.oneOfMany(c, call, b, n, bundle, i)
	}
	if found == 0 {
		return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueRequired, Path: "Bundle.entry", Text: "The Bundle holds no Claim."}
	}
	return s.write(c, http.StatusCreated, append(b, "]}"...))
}

func (s *server) oneOfMany(c echo.Context, call registry.Call, b []byte, n, bundle *fhir.Node, i int) []byte {
	out, err := s.registry.Submit(c.Request().Context(), call, n, bundle)
	if err != nil {
		code, issues := failure(err)
		if code >= http.StatusInternalServerError {
			s.options.Log.Error("claim failed", "request", requestID(c), "entry", i, "error", safe(err))
		}
		for k := range issues {
			issues[k].Path = fhir.JoinPath(fmt.Sprintf("Bundle.entry[%d].resource", i), issues[k].Path)
		}
		outcome := fhir.Outcome(issues...)
		return append(append(append(b, `{"resource":`...), outcome.JSON()...), '}')
	}
	url := fhir.Str(call.Base + "/" + out.Response.Ref())
	b = url.AppendJSON(append(b, `{"fullUrl":`...))
	return append(out.Response.AppendJSON(append(b, `,"resource":`...)), '}')
}

// cancelClaim serves Claim/[id]/$cancel.
//
// https://profiles.ihe.net/ITI/FAIS/ ITI-127
func (s *server) cancelClaim(c echo.Context, call registry.Call) error {
	params, err := s.optional(c)
	if err != nil {
		return err
	}
	res, err := s.registry.Cancel(c.Request().Context(), call, c.Param("id"), params)
	if err != nil {
		return err
	}
	return s.shapedAs(c, http.StatusOK, res)
}

// reprocessClaim serves Claim/[id]/$reprocess, with the corrected Claim, a
// Bundle that holds it, or no body.
//
// https://profiles.ihe.net/ITI/FAIS/ ITI-128
func (s *server) reprocessClaim(c echo.Context, call registry.Call) error {
	n, err := s.optional(c)
	if err != nil {
		return err
	}
	var bundle *fhir.Node
	if n = unwrap(n); n.ResourceType() == "Bundle" {
		bundle, n = n, nil
		for _, e := range bundle.Get("entry").Each() {
			if e.Get("resource").ResourceType() == "Claim" {
				n = e.Get("resource")
			}
		}
	} else if n.ResourceType() == "Parameters" {
		n = nil
	}
	res, err := s.registry.Reprocess(c.Request().Context(), call, c.Param("id"), n, bundle)
	if err != nil {
		return err
	}
	return s.shapedAs(c, http.StatusOK, res)
}

// reviewClaim serves Claim/[id]/$review: an officer settles a queued claim
// (wire.md 5).
func (s *server) reviewClaim(c echo.Context, call registry.Call) error {
	version, err := ifMatch(c.Request().Header)
	if err != nil {
		return err
	}
	params, err := s.body(c)
	if err != nil {
		return err
	}
	res, err := s.registry.Review(c.Request().Context(), call, c.Param("id"), params, version)
	if err != nil {
		return err
	}
	return s.shapedAs(c, http.StatusOK, res)
}
