// Package rest serves FHIR R4 over HTTP: one file per interaction, operations
// in op_*.go. It calls only the registry, and treats every resource type
// alike.
//
// https://hl7.org/fhir/R4/http.html
package rest

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/registry"
)

// Authenticator tells who sends a request; *fhir.Error Unauthorized when it
// cannot.
type Authenticator interface {
	Authenticate(ctx context.Context, r *http.Request) (access.Principal, error)
}

// Options of the server.
type Options struct {
	// Base is the public base URL, such as "https://jamii.example.org/fhir";
	// "" takes the Host of each request.
	Base string
	// MaxBody bounds a body in bytes; 0 is 64 MB.
	MaxBody int64
	// Timeout bounds a request; 0 is 60 s.
	Timeout time.Duration
	// Origins are the origins whose pages may call the API, such as
	// "https://app.example.org"; nil is "*", every one. An empty list is none.
	Origins []string
	Version string
	Log     *slog.Logger
	// Home serves GET /; nil serves nothing there.
	Home http.Handler
	// Health serves GET /health; nil serves nothing there.
	Health http.Handler
}

// maxURL bounds the address with its query.
const maxURL = 64 << 10

type server struct {
	registry *registry.Registry
	auth     Authenticator
	options  Options
	echo     *echo.Echo
	types    func() fhir.Node // of /metadata
}

// New returns the handler of the whole server.
func New(r *registry.Registry, auth Authenticator, o Options) http.Handler {
	if o.MaxBody == 0 {
		o.MaxBody = 64 << 20
	}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	if o.Origins == nil {
		o.Origins = []string{"*"}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &server{registry: r, auth: auth, options: o, echo: echo.New()}
	s.types = perEdition(s.registry.Catalogue().Edition, s.typeCapabilities)
	s.echo.HTTPErrorHandler = s.fail
	s.echo.Pre(s.limits)
	s.echo.Use(middleware.RecoverWithConfig(middleware.RecoverConfig{LogErrorFunc: s.panicked, DisableStackAll: true}))
	s.echo.Use(middleware.GzipWithConfig(middleware.GzipConfig{MinLength: 1024, Level: 5}))
	s.routes()
	return http.HandlerFunc(s.serve)
}

// serve answers HEAD like GET; net/http keeps the body back.
func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	if s.cors(w, r) {
		return
	}
	if r.Method == http.MethodHead {
		r = r.WithContext(r.Context()) // a copy: the server looks at the original
		r.Method = http.MethodGet
	}
	s.echo.ServeHTTP(w, r)
}

// limits bounds a request before anything looks at it, and names it.
func (s *server) limits(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := c.Request().Header.Get(echo.HeaderXRequestID)
		if id == "" || len(id) > 64 || strings.ContainsAny(id, "\r\n\"<>") {
			id = uuid.NewString()
		}
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		c.Response().Header().Set(echo.HeaderXContentTypeOptions, "nosniff")
		c.Response().Header().Set("Cache-Control", "no-store")
		if len(c.Request().RequestURI) > maxURL {
			s.fail(&fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueTooLong, Text: "The address is longer than 64 kB. Send the search as POST _search."}, c)
			return nil
		}
		ctx, cancel := context.WithTimeout(c.Request().Context(), s.options.Timeout)
		defer cancel()
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}

// identify asks who is calling; nothing under the base but metadata is served
// to strangers.
func (s *server) identify(c echo.Context) error {
	p, inner := c.Request().Context().Value(principalKey{}).(access.Principal)
	if !inner { // an entry of a batch has its caller already
		var err error
		if p, err = s.auth.Authenticate(c.Request().Context(), c.Request()); err != nil {
			return err
		}
	}
	c.Set(principalName, p)
	if wantsRaw(c) {
		return nil
	}
	_, err := s.settle(c, c.QueryParam(formatName))
	return err
}

type principalKey struct{}

const principalName = "principal"

// call says who is asking, and how.
func (s *server) call(c echo.Context) registry.Call {
	p, _ := c.Get(principalName).(access.Principal)
	host, _, err := net.SplitHostPort(c.Request().RemoteAddr)
	if err != nil {
		host = c.Request().RemoteAddr
	}
	return registry.Call{
		Principal: p,
		Base:      s.base(c.Request()),
		Lenient:   preferences(c.Request().Header).lenient,
		RequestID: requestID(c),
		Network:   host,
		Languages: languages(c.Request().Header.Get("Accept-Language")),
	}
}

// base is the address under which the client knows this server.
func (s *server) base(r *http.Request) string {
	if s.options.Base != "" {
		return strings.TrimSuffix(s.options.Base, "/")
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host + "/fhir"
}

func requestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

func (s *server) panicked(c echo.Context, err error, stack []byte) error {
	s.options.Log.Error("panic", "request", requestID(c), "route", c.Path(), "stack", string(stack))
	return err
}

// languages lists the tags of Accept-Language, best first.
func languages(header string) (tags []string) {
	type weighted struct {
		tag string
		q   string
	}
	var list []weighted
	for _, part := range strings.Split(header, ",") {
		tag, q, found := strings.Cut(strings.TrimSpace(part), ";q=")
		if !found {
			q = "1"
		}
		if tag != "" && tag != "*" && len(tag) < 36 && len(list) < 20 {
			list = append(list, weighted{tag, q})
		}
	}
	for i := 1; i < len(list); i++ { // few entries: insertion keeps equal weights in order
		for j := i; j > 0 && list[j].q > list[j-1].q; j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
	for _, w := range list {
		tags = append(tags, w.tag)
	}
	return tags
}
