package rest

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/registry"
)

// transaction writes all entries or none; reads are answered after the commit.
//
// https://hl7.org/fhir/R4/http.html#trules
func (s *server) transaction(c echo.Context, list []*fhir.Node) error {
	requests := make([]request, len(list))
	var writes []registry.Entry
	var where []int
	base := s.base(c.Request())
	for i, e := range list {
		r, err := requestOf(e, i)
		if err != nil {
			return err
		}
		requests[i] = r
		if r.method == http.MethodGet || r.method == http.MethodHead {
			continue
		}
		w, err := writeOf(r, base)
		if err != nil {
			return err
		}
		writes, where = append(writes, w), append(where, i)
	}
	results, err := s.registry.Transaction(c.Request().Context(), s.call(c), writes)
	if err != nil {
		return err
	}
	answers := make([][]byte, len(list))
	full := preferences(c.Request().Header).result == "representation"
	for k, i := range where {
		answers[i] = writtenEntry(base, results[k], full)
	}
	b := []byte(`{"resourceType":"Bundle","type":"transaction-response","entry":[`)
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if answers[i] == nil {
			b = s.inner(c, b, requests[i])
			continue
		}
		b = append(b, answers[i]...)
	}
	return s.write(c, http.StatusOK, append(b, "]}"...))
}

func writeOf(r request, base string) (registry.Entry, error) {
	e := registry.Entry{Method: r.method, FullURL: r.fullURL, Resource: r.resource, Path: r.path}
	if r.method == http.MethodPost {
		e.Condition = r.noneExist
	}
	target, err := r.local(base)
	if err != nil {
		return e, err
	}
	path, query, _ := strings.Cut(target, "?")
	parts := strings.Split(strings.Trim(path, "/"), "/")
	e.Type = parts[0]
	bad := &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: r.path + ".request.url", Text: "The url does not fit the method: POST goes to a type, PUT, PATCH and DELETE to a type and id or to a type with a search."}
	changes := r.method == http.MethodPut || r.method == http.MethodPatch || r.method == http.MethodDelete
	switch {
	case r.method == http.MethodPost && len(parts) == 1 && query == "":
	case changes && len(parts) == 2 && query == "":
		e.ID = parts[1]
	case changes && len(parts) == 1 && query != "":
		e.Condition = query
	default:
		return e, bad
	}
	if r.method == http.MethodPatch {
		if e.Change, err = entryPatch(r); err != nil {
			return e, err
		}
		e.Resource = nil
	}
	if r.ifMatch != "" {
		if e.IfMatch, err = ifMatch(http.Header{"If-Match": {r.ifMatch}}); err != nil {
			return e, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: r.path + ".request.ifMatch", Text: `ifMatch is an ETag of this server, such as W/"3".`}
		}
	}
	return e, nil
}

func writtenEntry(base string, r registry.Result, full bool) []byte {
	h := http.Header{}
	code := http.StatusOK
	switch {
	case r.Resource.Deleted || r.Resource.ID == "":
		code = http.StatusNoContent
	case r.Created:
		code = http.StatusCreated
	}
	if r.Resource.Version > 0 {
		stamp(h, r.Resource)
		if code != http.StatusNoContent {
			h.Set(echo.HeaderLocation, versionURL(base, r.Resource))
		}
	}
	var body []byte
	if full && code != http.StatusNoContent {
		body = r.Resource.JSON()
	}
	return responseEntry(nil, code, h, body, "")
}
