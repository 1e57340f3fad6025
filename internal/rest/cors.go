package rest

import (
	"net/http"
	"slices"
	"strings"
)

// Pages of other origins may call the API: clients prove themselves with an
// Authorization header, never with a cookie, so an origin adds no right.
//
// https://hl7.org/fhir/R4/security.html#cors

const (
	corsMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
	corsAllowed = "Accept, Accept-Language, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Exist, If-None-Match, Prefer, X-Request-Id, X-Security-Context"
	corsExposed = "Content-Location, ETag, Last-Modified, Location, Retry-After, X-Request-Id"
)

// cors answers what a browser asks on behalf of a page of another origin, and
// reports whether the request is done: OPTIONS asks for nothing else.
func (s *server) cors(w http.ResponseWriter, r *http.Request) (done bool) {
	if r.URL.Path != "/fhir" && !strings.HasPrefix(r.URL.Path, "/fhir/") {
		return false
	}
	h := w.Header()
	origin := r.Header.Get("Origin")
	if allowed := s.origin(origin); allowed != "" {
		h.Set("Access-Control-Allow-Origin", allowed)
		h.Set("Access-Control-Expose-Headers", corsExposed)
	}
	if !slices.Contains(s.options.Origins, "*") {
		h.Add("Vary", "Origin")
	}
	if r.Method != http.MethodOptions {
		return false
	}
	if h.Get("Access-Control-Allow-Origin") != "" && r.Header.Get("Access-Control-Request-Method") != "" {
		h.Set("Access-Control-Allow-Methods", corsMethods)
		h.Set("Access-Control-Allow-Headers", corsAllowed)
		h.Set("Access-Control-Max-Age", "86400")
	}
	h.Set("Allow", corsMethods)
	w.WriteHeader(http.StatusNoContent)
	return true
}

// origin is what Access-Control-Allow-Origin says to an origin, "" for
// nothing.
func (s *server) origin(origin string) string {
	switch {
	case origin == "":
		return ""
	case slices.Contains(s.options.Origins, "*"):
		return "*"
	case slices.Contains(s.options.Origins, origin):
		return origin
	}
	return ""
}
