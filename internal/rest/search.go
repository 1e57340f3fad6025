package rest

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/registry"
)

// search serves GET [base]/[type]?..., POST [base]/[type]/_search, and the
// same without a type for the whole system.
//
// https://hl7.org/fhir/R4/http.html#search
func (s *server) search(c echo.Context) error {
	pairs, err := s.query(c)
	if err != nil {
		return err
	}
	call := s.call(c)
	found, err := s.registry.Search(c.Request().Context(), call, c.Param("type"), pairs)
	if err != nil {
		return err
	}
	return s.write(c, http.StatusOK, page(call.Base, "searchset", found))
}

// searchIn serves GET [base]/[type]/[id]/[type]?... and [base]/[type]/[id]/*,
// and both with POST _search.
//
// https://hl7.org/fhir/R4/http.html#vsearch
func (s *server) searchIn(c echo.Context) error {
	pairs, err := s.query(c)
	if err != nil {
		return err
	}
	call, typ := s.call(c), c.Param("operation")
	if typ == "" {
		typ = registry.EveryType
	}
	found, err := s.registry.SearchIn(c.Request().Context(), call, c.Param("type"), c.Param("id"), typ, pairs)
	if err != nil {
		return err
	}
	return s.write(c, http.StatusOK, page(call.Base, "searchset", found))
}

// history serves GET [base]/_history, [base]/[type]/_history and
// [base]/[type]/[id]/_history.
//
// https://hl7.org/fhir/R4/http.html#history
func (s *server) history(c echo.Context) error {
	pairs, err := s.query(c)
	if err != nil {
		return err
	}
	call := s.call(c)
	found, err := s.registry.History(c.Request().Context(), call, c.Param("type"), c.Param("id"), pairs)
	if err != nil {
		return err
	}
	return s.write(c, http.StatusOK, page(call.Base, "history", found))
}

// query reads the parameters of the address and, of a POST, of the form, in
// order.
func (s *server) query(c echo.Context) ([]search.Pair, error) {
	pairs, err := search.Pairs(c.Request().URL.RawQuery)
	if err != nil || c.Request().Method != http.MethodPost {
		return pairs, err
	}
	typ, _, _ := strings.Cut(c.Request().Header.Get(echo.HeaderContentType), ";")
	if typ != "" && strings.TrimSpace(typ) != echo.MIMEApplicationForm {
		return nil, &fhir.Error{Kind: fhir.UnsupportedMedia, Issue: fhir.IssueNotSupported, Text: "Send the parameters of _search as application/x-www-form-urlencoded."}
	}
	body, err := s.bytes(c.Request())
	if err != nil {
		return nil, err
	}
	if len(body) > maxForm {
		return nil, &fhir.Error{Kind: fhir.TooLarge, Issue: fhir.IssueTooLong, Text: "The search is longer than 1 MB. Split it."}
	}
	form, err := search.Pairs(string(body))
	if err != nil {
		return nil, err
	}
	for _, p := range form {
		if p.Name == formatName {
			if _, err := s.settle(c, p.Value); err != nil {
				return nil, err
			}
		}
	}
	return append(pairs, form...), nil
}

const maxForm = 1 << 20

// page writes a Bundle around resources, whose bytes are copied as they are.
func page(base, kind string, f registry.Found) []byte {
	size := 512
	for i := range f.Entries {
		size += len(f.Entries[i].Body) + 200
	}
	b := make([]byte, 0, size)
	b = append(b, `{"resourceType":"Bundle","type":"`+kind+`"`...)
	if f.Total != nil {
		b = strconv.AppendInt(append(b, `,"total":`...), *f.Total, 10)
	}
	b = append(b, `,"link":[`...)
	for i, l := range f.Links {
		if i > 0 {
			b = append(b, ',')
		}
		link := fhir.Obj(fhir.Str(l.Relation).As("relation"), fhir.Str(base+"/"+l.Path).As("url"))
		b = link.AppendJSON(b)
	}
	b = append(b, ']')
	for i := range f.Entries {
		if i == 0 {
			b = append(b, `,"entry":[`...)
		} else {
			b = append(b, ',')
		}
		b = entry(b, base, &f.Entries[i])
	}
	if len(f.Entries) > 0 {
		b = append(b, ']')
	}
	return append(b, '}')
}

func entry(b []byte, base string, e *registry.FoundEntry) []byte {
	b = append(b, '{')
	if e.Resource.ID != "" {
		url := fhir.Str(base + "/" + e.Resource.Ref())
		b = url.AppendJSON(append(b, `"fullUrl":`...))
		b = append(b, ',')
	}
	if len(e.Body) > 0 {
		b = append(append(b, `"resource":`...), e.Body...)
		b = append(b, ',')
	}
	if e.Mode != "" {
		return append(b, `"search":{"mode":"`+e.Mode+`"}}`...)
	}
	return append(historyRequest(b, e.Resource), '}')
}

// historyRequest adds what made a version.
//
// https://hl7.org/fhir/R4/http.html#history
func historyRequest(b []byte, r fhir.Resource) []byte {
	code := "200"
	switch {
	case r.Deleted:
		code = "204"
	case r.Version == 1:
		code = "201"
	}
	url := r.Ref()
	if r.Method == http.MethodPost {
		url = r.Type
	}
	request := fhir.Obj(fhir.Str(r.Method).As("method"), fhir.Str(url).As("url"))
	response := fhir.Obj(fhir.Str(code).As("status"), fhir.Str(r.ETag()).As("etag"), fhir.Str(fhir.Instant(r.Updated)).As("lastModified"))
	b = request.AppendJSON(append(b, `"request":`...))
	return response.AppendJSON(append(b, `,"response":`...))
}
