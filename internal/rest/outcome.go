package rest

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/jamii-health/jamii/fhir"
)

// status is the only place where a failure becomes an HTTP status. What is not
// here is 500.
var status = map[fhir.ErrorKind]int{
	fhir.Invalid:            http.StatusBadRequest,
	fhir.Unauthorized:       http.StatusUnauthorized,
	fhir.Forbidden:          http.StatusForbidden,
	fhir.NotFound:           http.StatusNotFound,
	fhir.NotAllowed:         http.StatusMethodNotAllowed,
	fhir.NotAcceptable:      http.StatusNotAcceptable,
	fhir.Conflict:           http.StatusConflict,
	fhir.Gone:               http.StatusGone,
	fhir.PreconditionFailed: http.StatusPreconditionFailed,
	fhir.TooLarge:           http.StatusRequestEntityTooLarge,
	fhir.UnsupportedMedia:   http.StatusUnsupportedMediaType,
	fhir.Unprocessable:      http.StatusUnprocessableEntity,
	fhir.TooMany:            http.StatusTooManyRequests,
	fhir.Unavailable:        http.StatusServiceUnavailable,
}

// failure turns any error into a status and the issues to show. An error that
// no client can act on is shown without its text.
func failure(err error) (int, []fhir.Issue) {
	var fe *fhir.Error
	if errors.As(err, &fe) && fe.Kind != fhir.Internal {
		return status[fe.Kind], fe.All()
	}
	var he *echo.HTTPError
	if errors.As(err, &he) {
		return he.Code, []fhir.Issue{httpIssue(he.Code)}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return http.StatusServiceUnavailable, []fhir.Issue{{Severity: fhir.SeverityError, Code: fhir.IssueTimeout, Text: "The request took too long. Try again, or ask for less at once."}}
	}
	return http.StatusInternalServerError, []fhir.Issue{{Severity: fhir.SeverityFatal, Code: fhir.IssueException, Text: "The server made a mistake. It is logged under the X-Request-Id of this answer; tell the operator that number."}}
}

func httpIssue(code int) fhir.Issue {
	is := fhir.Issue{Severity: fhir.SeverityError, Code: fhir.IssueProcessing, Text: http.StatusText(code) + "."}
	switch code {
	case http.StatusNotFound:
		is.Code, is.Text = fhir.IssueNotFound, "There is nothing at this address. The FHIR base ends in /fhir."
	case http.StatusMethodNotAllowed:
		is.Code, is.Text = fhir.IssueNotSupported, "This method is not offered at this address. GET metadata lists what is."
	case http.StatusRequestEntityTooLarge:
		is.Code, is.Text = fhir.IssueTooLong, "The body is larger than this server takes. Send smaller bundles."
	}
	return is
}

// fail is the one error handler: every failure leaves as an OperationOutcome.
func (s *server) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	code, issues := failure(err)
	if code >= http.StatusInternalServerError {
		s.options.Log.Error("request failed", "request", requestID(c), "method", c.Request().Method, "route", c.Path(), "status", code, "error", safe(err))
	}
	if code == http.StatusUnauthorized {
		c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Basic realm="jamii", charset="UTF-8"`)
		c.Response().Header().Add(echo.HeaderWWWAuthenticate, `Bearer realm="jamii"`)
	}
	if code == http.StatusServiceUnavailable || code == http.StatusTooManyRequests {
		c.Response().Header().Set("Retry-After", "1")
	}
	outcome := fhir.Outcome(issues...)
	werr := s.write(c, code, outcome.JSON())
	if werr != nil && !c.Response().Committed { // what cannot be said in XML
		werr = c.Blob(code, written[asJSON], outcome.JSON())
	}
	if werr != nil {
		s.options.Log.Debug("client went away", "request", requestID(c))
	}
}

// safe is the text of an error for the log. Our own errors hold no data of
// persons; a body never gets into them.
func safe(err error) string {
	text := err.Error()
	for e := errors.Unwrap(err); e != nil; e = errors.Unwrap(e) {
		if !strings.Contains(text, e.Error()) {
			text += ": " + e.Error()
		}
	}
	return text
}
