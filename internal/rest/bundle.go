package rest

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/registry"
)

// maxEntries bounds a Bundle.
const maxEntries = 20_000

// bundle serves POST [base]: a batch or a transaction.
//
// https://hl7.org/fhir/R4/http.html#transaction
func (s *server) bundle(c echo.Context) error {
	n, err := s.body(c)
	if err != nil {
		return err
	}
	if n.ResourceType() != "Bundle" {
		return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueStructure, Text: "Send a Bundle to the base address, and a single resource to its type's address."}
	}
	entries := n.Get("entry")
	if entries != nil && (entries.Kind != fhir.KindArray || len(entries.Nodes) > maxEntries) {
		return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueStructure, Path: "Bundle.entry", Text: fmt.Sprintf("entry is a list of at most %d. Send smaller bundles.", maxEntries)}
	}
	switch n.Get("type").String() {
	case "batch":
		return s.batch(c, entries)
	case "transaction":
		return s.transaction(c, entries)
	}
	return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: "Bundle.type", Text: "Only a batch or a transaction can be sent to the base address."}
}

// request is Bundle.entry.request.
type request struct {
	method, url                     string
	ifMatch, ifNoneMatch, noneExist string
	path                            string
	resource                        *fhir.Node
	fullURL                         string
}

func requestOf(e *fhir.Node, i int) (request, error) {
	path := fmt.Sprintf("Bundle.entry[%d]", i)
	q := e.Get("request")
	r := request{
		method: q.Get("method").String(), url: q.Get("url").String(), path: path,
		ifMatch: q.Get("ifMatch").String(), ifNoneMatch: q.Get("ifNoneMatch").String(), noneExist: q.Get("ifNoneExist").String(),
		resource: e.Get("resource"), fullURL: e.Get("fullUrl").String(),
	}
	switch {
	case r.method == "":
		return r, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueRequired, Path: path + ".request.method", Text: "Each entry says its method."}
	case r.url == "":
		return r, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueRequired, Path: path + ".request.url", Text: "Each entry says its url, such as \"Patient\" or \"Patient/123\"."}
	case r.resource != nil && r.resource.Kind != fhir.KindObject:
		return r, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueStructure, Path: path + ".resource", Text: "A resource is a JSON object."}
	}
	return r, nil
}

// local strips the base from an entry's url; what is elsewhere is refused.
func (r request) local(base string) (string, error) {
	u := strings.TrimPrefix(strings.TrimPrefix(r.url, base), "/")
	if strings.Contains(u, "://") || strings.Contains(u, "..") {
		return "", &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: r.path + ".request.url", Text: "The url is relative to this server, such as \"Patient/123\"."}
	}
	return u, nil
}

// batch runs each entry by itself, through the same routes as a request of
// its own, and answers each by itself.
func (s *server) batch(c echo.Context, entries *fhir.Node) error {
	b := []byte(`{"resourceType":"Bundle","type":"batch-response","entry":[`)
	for i, e := range entries.Each() {
		if i > 0 {
			b = append(b, ',')
		}
		r, err := requestOf(e, i)
		if err != nil {
			b = failedEntry(b, err)
			continue
		}
		b = s.inner(c, b, r)
	}
	return s.write(c, http.StatusOK, append(b, "]}"...))
}

// inner runs one entry and appends its response entry.
func (s *server) inner(c echo.Context, b []byte, r request) []byte {
	target, err := r.local(s.base(c.Request()))
	if err != nil {
		return failedEntry(b, err)
	}
	var body []byte
	if r.resource != nil {
		body = r.resource.JSON()
	}
	call := s.call(c)
	ctx := context.WithValue(c.Request().Context(), principalKey{}, call.Principal)
	sub, err := http.NewRequestWithContext(ctx, r.method, "/fhir/"+target, bytes.NewReader(body))
	if err != nil {
		return failedEntry(b, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: r.path + ".request", Text: "The method or url of the entry cannot be read.", Cause: err})
	}
	sub.Host, sub.TLS, sub.RemoteAddr = c.Request().Host, c.Request().TLS, c.Request().RemoteAddr
	sub.RequestURI = sub.URL.RequestURI()
	for name, value := range map[string]string{
		"If-Match": r.ifMatch, "If-None-Match": r.ifNoneMatch, "If-None-Exist": r.noneExist,
		"Prefer": c.Request().Header.Get("Prefer"), "Accept-Language": c.Request().Header.Get("Accept-Language"),
		echo.HeaderXRequestID: requestID(c),
	} {
		if value != "" {
			sub.Header.Set(name, value)
		}
	}
	if body != nil {
		sub.Header.Set(echo.HeaderContentType, mimeFHIR)
	}
	rec := &recorder{header: http.Header{}, code: http.StatusOK}
	s.echo.ServeHTTP(rec, sub)
	return responseEntry(b, rec.code, rec.header, rec.body.Bytes())
}

// recorder keeps the answer to an entry of a batch.
type recorder struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(code int)        { r.code = code }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

func failedEntry(b []byte, err error) []byte {
	code, issues := failure(err)
	outcome := fhir.Outcome(issues...)
	return responseEntry(b, code, http.Header{}, outcome.JSON())
}

// responseEntry appends Bundle.entry with a response; an OperationOutcome goes
// to response.outcome, anything else to resource.
func responseEntry(b []byte, code int, h http.Header, body []byte) []byte {
	response := fhir.Obj(fhir.Str(strconv.Itoa(code) + " " + http.StatusText(code)).As("status"))
	for _, name := range []string{"location", "etag"} {
		if v := h.Get(name); v != "" {
			response.Set(name, fhir.Str(v))
		}
	}
	if at, err := http.ParseTime(h.Get(echo.HeaderLastModified)); err == nil {
		response.Set("lastModified", fhir.Str(fhir.Instant(at)))
	}
	b = append(b, '{')
	if len(body) > 0 {
		if bytes.HasPrefix(body, []byte(`{"resourceType":"OperationOutcome"`)) && code >= 400 {
			if n, err := fhir.Parse(body); err == nil {
				response.Set("outcome", *n)
			}
		} else {
			b = append(append(append(b, `"resource":`...), body...), ',')
		}
	}
	b = response.AppendJSON(append(b, `"response":`...))
	return append(b, '}')
}

// transaction writes all entries or none; reads are answered after the commit.
func (s *server) transaction(c echo.Context, entries *fhir.Node) error {
	list := entries.Each()
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
	e := registry.Entry{Method: r.method, FullURL: r.fullURL, Resource: r.resource, Path: r.path, Condition: r.noneExist}
	target, err := r.local(base)
	if err != nil {
		return e, err
	}
	path, query, _ := strings.Cut(target, "?")
	parts := strings.Split(strings.Trim(path, "/"), "/")
	e.Type = parts[0]
	bad := &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: r.path + ".request.url", Text: "The url does not fit the method: POST goes to a type, PUT and DELETE to a type and id or to a type with a search."}
	switch {
	case r.method == http.MethodPost && len(parts) == 1 && query == "":
	case (r.method == http.MethodPut || r.method == http.MethodDelete) && len(parts) == 2 && query == "":
		e.ID = parts[1]
	case (r.method == http.MethodPut || r.method == http.MethodDelete) && len(parts) == 1 && query != "":
		e.Condition = query
	default:
		return e, bad
	}
	if r.ifMatch != "" {
		v, ok := etagVersion(r.ifMatch)
		if !ok {
			return e, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: r.path + ".request.ifMatch", Text: `ifMatch is an ETag of this server, such as W/"3".`}
		}
		e.IfMatch = v
	}
	if _, err := url.PathUnescape(path); err != nil {
		return e, bad
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
	return responseEntry(nil, code, h, body)
}
