package rest

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/registry"
)

// preference is what the Prefer header asks for.
//
// https://hl7.org/fhir/R4/http.html#ops
type preference struct {
	result  string // minimal, representation, OperationOutcome
	lenient bool
}

func preferences(h http.Header) (p preference) {
	for _, line := range h.Values("Prefer") {
		for _, part := range strings.FieldsFunc(line, func(r rune) bool { return r == ';' || r == ',' }) {
			switch key, value, _ := strings.Cut(strings.TrimSpace(part), "="); key {
			case "return":
				p.result = value
			case "handling":
				p.lenient = value == "lenient"
			}
		}
	}
	return p
}

// etagVersion reads W/"3" or "3".
func etagVersion(tag string) (int64, bool) {
	tag = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(tag), "W/"))
	if len(tag) < 3 || tag[0] != '"' || tag[len(tag)-1] != '"' {
		return 0, false
	}
	v, err := strconv.ParseInt(tag[1:len(tag)-1], 10, 64)
	return v, err == nil && v > 0
}

// unknownVersion is a version that no resource has.
const unknownVersion = -1

// ifMatch returns the version that If-Match asks for, 0 for none.
func ifMatch(h http.Header) (int64, error) {
	tag := h.Get("If-Match")
	if tag == "" && h.Get("If-None-Match") == "*" {
		return registry.MustNotExist, nil
	}
	if tag == "" || tag == "*" {
		return 0, nil
	}
	v, ok := etagVersion(tag)
	if !ok && strings.HasSuffix(tag, `"`) {
		return unknownVersion, nil // an ETag, though none of ours: it matches nothing
	}
	if !ok {
		return 0, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Text: `If-Match is not an ETag of this server. Send it as it came: W/"3".`}
	}
	return v, nil
}

// notModified applies If-None-Match and If-Modified-Since of a read.
//
// https://hl7.org/fhir/R4/http.html#cread
func notModified(h http.Header, res fhir.Resource) bool {
	if tag := h.Get("If-None-Match"); tag != "" {
		for _, t := range strings.Split(tag, ",") {
			if v, ok := etagVersion(t); strings.TrimSpace(t) == "*" || (ok && v == res.Version) {
				return true
			}
		}
		return false
	}
	if since, err := http.ParseTime(h.Get("If-Modified-Since")); err == nil {
		return !res.Updated.Truncate(time.Second).After(since)
	}
	return false
}

// bytes reads a body within the limit, unpacking gzip.
func (s *server) bytes(r *http.Request) ([]byte, error) {
	var in io.Reader = r.Body
	switch r.Header.Get(echo.HeaderContentEncoding) {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueStructure, Text: "The body says it is gzip, but it is not.", Cause: err}
		}
		defer z.Close()
		in = z
	default:
		return nil, &fhir.Error{Kind: fhir.UnsupportedMedia, Issue: fhir.IssueNotSupported, Text: "Send the body plain or with Content-Encoding gzip."}
	}
	data, err := io.ReadAll(io.LimitReader(in, s.options.MaxBody+1))
	if err != nil {
		var max *http.MaxBytesError
		if errors.As(err, &max) {
			return nil, s.tooLarge()
		}
		return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueIncomplete, Text: "The body could not be read to its end. Send it again.", Cause: err}
	}
	if int64(len(data)) > s.options.MaxBody {
		return nil, s.tooLarge()
	}
	return data, nil
}

func (s *server) tooLarge() error {
	return &fhir.Error{Kind: fhir.TooLarge, Issue: fhir.IssueTooLong, Text: fmt.Sprintf("The body is larger than %d MB, the limit of this server. Send smaller bundles.", s.options.MaxBody>>20)}
}

func stamp(h http.Header, res fhir.Resource) {
	h.Set("Etag", res.ETag())
	h.Set(echo.HeaderLastModified, res.Updated.UTC().Format(http.TimeFormat))
}

func versionURL(base string, res fhir.Resource) string {
	return base + "/" + res.Ref() + "/_history/" + strconv.FormatInt(res.Version, 10)
}
