package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/oidc"
	"github.com/jamii-health/jamii/internal/registry"
	"github.com/jamii-health/jamii/internal/store"
)

// trust is how long a client once recognised is believed without another look
// at the database: after that time a removed client is out.
const trust = 10 * time.Second

// maxTrusted bounds the memory of recognised clients and facilities.
const maxTrusted = 10_000

// authenticator recognises API clients by name and secret (Basic) and users by
// a token of the OpenID provider (Bearer).
type authenticator struct {
	registry *registry.Registry
	tokens   *oidc.Verifier // nil: no bearer tokens
	log      *slog.Logger
	now      func() time.Time

	mu         sync.Mutex
	clients    map[[32]byte]remembered[access.Principal]
	facilities map[string]remembered[[]access.Facility]
}

type remembered[T any] struct {
	value T
	until time.Time
}

func newAuthenticator(r *registry.Registry, tokens *oidc.Verifier, log *slog.Logger) *authenticator {
	return &authenticator{
		registry: r, tokens: tokens, log: log, now: time.Now,
		clients: map[[32]byte]remembered[access.Principal]{}, facilities: map[string]remembered[[]access.Facility]{},
	}
}

// Authenticate tells who sends a request.
func (a *authenticator) Authenticate(ctx context.Context, r *http.Request) (access.Principal, error) {
	header := r.Header.Get("Authorization")
	kind, token, _ := strings.Cut(header, " ")
	switch {
	case header == "":
		return access.Principal{}, unauthorized("Say who you are: HTTP Basic with the name and secret of an API client, or a Bearer token.")
	case strings.EqualFold(kind, "Basic"):
		name, secret, ok := r.BasicAuth()
		if !ok {
			return access.Principal{}, unauthorized("The Authorization header cannot be read. Send Basic and base64 of name:secret.")
		}
		return a.client(ctx, name, secret)
	case strings.EqualFold(kind, "Bearer") && a.tokens != nil:
		return a.bearer(ctx, strings.TrimSpace(token))
	case strings.EqualFold(kind, "Bearer"):
		return access.Principal{}, unauthorized("This server takes no Bearer tokens. Use HTTP Basic, or ask the operator to configure the login service.")
	}
	return access.Principal{}, unauthorized("Only Basic and Bearer authentication are offered.")
}

func unauthorized(text string) error {
	return &fhir.Error{Kind: fhir.Unauthorized, Issue: fhir.IssueLogin, Text: text}
}

func (a *authenticator) bearer(ctx context.Context, token string) (access.Principal, error) {
	p, err := a.tokens.Verify(ctx, token)
	if err != nil {
		return access.Principal{}, err
	}
	codes := make([]string, len(p.Facilities))
	for i, f := range p.Facilities {
		codes[i] = f.Code
	}
	p.Facilities, err = a.places(ctx, codes)
	return p, err
}

// client recognises an API client.
func (a *authenticator) client(ctx context.Context, name, secret string) (access.Principal, error) {
	key := sha256.Sum256([]byte(name + "\x00" + secret))
	if p, ok := recall(a, a.clients, key); ok {
		return p, nil
	}
	row, known, err := findClient(ctx, a.registry.Store(), name)
	if err != nil {
		return access.Principal{}, err
	}
	var hash []byte
	if known {
		hash = row.Bytes("hash")
	}
	if !access.VerifySecret(secret, hash) {
		return access.Principal{}, unauthorized("Name or secret of the API client is wrong. Check both, or ask the operator for a new secret.")
	}
	scopes, err := access.ParseScopes(row.Text("scopes"))
	if err != nil {
		return access.Principal{}, fmt.Errorf("scopes of client %s: %w", name, err)
	}
	p := access.Principal{Name: name, Kind: access.Client, Scopes: scopes, AnyFacility: row.Int("any_facility") != 0}
	if p.Facilities, err = a.places(ctx, strings.Fields(row.Text("facilities"))); err != nil {
		return access.Principal{}, err
	}
	remember(a, a.clients, key, p)
	return p, nil
}

// places looks up the Organizations of facility codes. A code that names none
// opens nothing.
func (a *authenticator) places(ctx context.Context, codes []string) ([]access.Facility, error) {
	var out []access.Facility
	for _, code := range codes {
		list, ok := recall(a, a.facilities, code)
		if !ok {
			var err error
			if list, err = facilitiesOf(ctx, a.registry, code); err != nil {
				return nil, err
			}
			if len(list) == 0 {
				a.log.Warn("a client is bound to a facility that no scheme lists")
			}
			remember(a, a.facilities, code, list)
		}
		out = append(out, list...)
	}
	return out, nil
}

// facilitiesOf finds the Organizations that have a code in the facility system
// of a scheme in force.
func facilitiesOf(ctx context.Context, r *registry.Registry, code string) ([]access.Facility, error) {
	var out []access.Facility
	for _, s := range r.Systems() {
		if s.Use != "facility" {
			continue
		}
		page, err := r.Store().Search(ctx, store.Query{
			Type: "Organization", Limit: 100, Expr: search.Is{Param: "identifier", Kind: search.Token, System: s.URI, Code: code},
		})
		if err != nil {
			return nil, fmt.Errorf("facility of a client: %w", err)
		}
		for _, res := range page.Resources {
			tree, err := res.Tree()
			if err != nil {
				return nil, fmt.Errorf("facility of a client: %w", err)
			}
			f, has := access.Facility{Ref: res.Ref(), Code: code}, false
			for _, id := range tree.Get("identifier").Each() {
				ident := access.Identifier{System: id.Get("system").String(), Value: id.Get("value").String()}
				f.Identifiers = append(f.Identifiers, ident)
				has = has || ident == access.Identifier{System: s.URI, Value: code}
			}
			if has && res.Managed { // what a client made itself is no facility
				out = append(out, f)
			}
		}
	}
	return out, nil
}

// findClient reads the row of an API client.
func findClient(ctx context.Context, s store.Reader, name string) (row store.Row, known bool, err error) {
	_, rows, err := s.Facts(ctx, nil, store.Lookup{Table: store.Clients, Column: "name", Values: []string{name}})
	if err != nil {
		return store.Row{}, false, fmt.Errorf("reading client: %w", err)
	}
	if len(rows) != 1 {
		return store.Row{}, false, errors.New("reading client: no answer")
	}
	if len(rows[0]) == 0 {
		return store.Row{}, false, nil
	}
	return rows[0][0], true, nil
}

func recall[K comparable, T any](a *authenticator, cache map[K]remembered[T], key K) (T, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r, ok := cache[key]
	if !ok || a.now().After(r.until) {
		var none T
		return none, false
	}
	return r.value, true
}

func remember[K comparable, T any](a *authenticator, cache map[K]remembered[T], key K, value T) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(cache) >= maxTrusted {
		clear(cache)
	}
	cache[key] = remembered[T]{value, a.now().Add(trust)}
}
