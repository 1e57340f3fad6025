package rest

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/jamii-health/jamii/fhir"
)

// batch runs each entry by itself, through the same routes as a request of
// its own, and answers each by itself.
//
// https://hl7.org/fhir/R4/http.html#brules
func (s *server) batch(c echo.Context, entries []*fhir.Node) error {
	if err := s.registry.Record(c.Request().Context(), s.call(c), "batch", "", "", nil); err != nil {
		return err
	}
	b := []byte(`{"resourceType":"Bundle","type":"batch-response","entry":[`)
	for i, e := range entries {
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
	if r.method == http.MethodPatch {
		if _, err := entryPatch(r); err != nil {
			return failedEntry(b, err)
		}
	}
	var body []byte
	media := mimeFHIR
	switch {
	case r.resource == nil:
	case r.method == http.MethodPatch:
		body, media = patchBody(r.resource)
	default:
		body = r.resource.JSON()
	}
	call := s.call(c)
	ctx := context.WithValue(c.Request().Context(), principalKey{}, call.Principal)
	path, query, _ := strings.Cut(target, "?")
	to := url.URL{Path: strings.TrimSuffix("/fhir/"+path, "/"), RawQuery: query}
	sub, err := http.NewRequestWithContext(ctx, r.method, to.String(), bytes.NewReader(body))
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
	if at, ok := fhir.ParseDateTime(r.modifiedSince, nil); ok {
		sub.Header.Set("If-Modified-Since", at.Low().UTC().Format(http.TimeFormat))
	}
	if body != nil {
		sub.Header.Set(echo.HeaderContentType, media)
	}
	rec := &recorder{header: http.Header{}, code: http.StatusOK}
	s.serve(rec, sub)
	if r.method == http.MethodHead {
		rec.body.Reset()
	}
	return responseEntry(b, rec.code, rec.header, rec.body.Bytes(), r.method)
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
	return responseEntry(b, code, http.Header{}, outcome.JSON(), "")
}

// responseEntry appends Bundle.entry with a response; an OperationOutcome that
// was not asked for goes to response.outcome, anything else to resource.
func responseEntry(b []byte, code int, h http.Header, body []byte, method string) []byte {
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
		if bytes.HasPrefix(body, []byte(`{"resourceType":"OperationOutcome"`)) && (code >= 400 || method != http.MethodGet) {
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
