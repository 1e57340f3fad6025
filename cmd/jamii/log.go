package main

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/jamii-health/jamii/fhir/definition"
)

func newLog(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

// logged writes a line for each request at level debug. It names the resource
// type and no more of the address: ids may be numbers of persons, and a query
// holds names.
func logged(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &counted{ResponseWriter: w, code: http.StatusOK}
		next.ServeHTTP(rec, r)
		log.Debug("request", "method", r.Method, "type", typeOf(r.URL.Path), "status", rec.code, "bytes", rec.bytes,
			"ms", time.Since(start).Milliseconds(), "request", w.Header().Get("X-Request-Id"))
	})
}

// typeOf is the resource type of a path, "" when it names none.
func typeOf(path string) string {
	rest, _ := strings.CutPrefix(path, "/fhir/")
	typ, _, _ := strings.Cut(rest, "/")
	if !definition.IsResource(typ) {
		return ""
	}
	return typ
}

// counted remembers what was answered.
type counted struct {
	http.ResponseWriter
	code  int
	bytes int64
}

func (c *counted) WriteHeader(code int) {
	c.code = code
	c.ResponseWriter.WriteHeader(code)
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }
