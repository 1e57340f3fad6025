// Package oidc turns a bearer token of the operator's OpenID provider into a
// principal. Issuer and audience come from the configuration; the provider is
// asked for its keys when the first token arrives, so that it may start later
// than we do.
package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	coreos "github.com/coreos/go-oidc/v3/oidc"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/access"
)

// Config of a Verifier.
type Config struct {
	Issuer   string // as in the tokens' iss, exactly
	Audience string // must be among the tokens' aud
	// FacilityClaim names the claim that holds the codes of the facilities the
	// client acts for, a text or a list of texts; "" is "facility".
	FacilityClaim string
	// AnyFacilityClaim names the claim that, when true, lifts the compartment;
	// "" is "any_facility".
	AnyFacilityClaim string
	HTTP             *http.Client     // nil: one with a time limit of ten seconds
	Now              func() time.Time // nil: time.Now
}

// Verifier checks tokens. It is safe for concurrent use.
type Verifier struct {
	config Config
	keys   *keys
}

// algorithms are what a token may be signed with. Never none, and nothing with
// a shared secret.
var algorithms = []string{coreos.RS256, coreos.ES256}

// maxToken bounds a token; larger ones are refused unread.
const maxToken = 16 << 10

// New makes a Verifier. It asks nobody anything yet.
func New(c Config) (*Verifier, error) {
	u, err := url.Parse(c.Issuer)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("oidc: issuer must be a URL, as the tokens have it in iss")
	}
	if c.Audience == "" {
		return nil, errors.New("oidc: audience is missing; write what the tokens for this server have in aud")
	}
	if c.FacilityClaim == "" {
		c.FacilityClaim = "facility"
	}
	if c.AnyFacilityClaim == "" {
		c.AnyFacilityClaim = "any_facility"
	}
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: 10 * time.Second}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Verifier{config: c, keys: &keys{issuer: c.Issuer, client: c.HTTP, now: c.Now}}, nil
}

// Verify checks signature, issuer, audience and times of a token, and returns
// who it speaks for. Facilities hold only their Code: the caller looks the
// Organizations up, and until then nothing of theirs can be seen.
//
// The error is *fhir.Error: Unauthorized, or Unavailable while the provider
// cannot be reached.
func (v *Verifier) Verify(ctx context.Context, token string) (access.Principal, error) {
	if len(token) > maxToken || strings.Count(token, ".") != 2 || strings.ContainsAny(token, "{ ") {
		return access.Principal{}, invalid(errors.New("not a compact token"))
	}
	signed := &signature{keys: v.keys}
	checker := coreos.NewVerifier(v.config.Issuer, signed, &coreos.Config{
		ClientID: v.config.Audience, SupportedSigningAlgs: algorithms, Now: v.config.Now,
	})
	parsed, err := checker.Verify(ctx, token)
	var expired *coreos.TokenExpiredError
	switch {
	case signed.down != nil:
		return access.Principal{}, &fhir.Error{
			Kind: fhir.Unavailable, Issue: fhir.IssueTimeout, Cause: signed.down,
			Text: "The login service cannot be reached, so the token cannot be checked. Try again in a minute.",
		}
	case errors.As(err, &expired):
		return access.Principal{}, unauthorized("The access token has expired. Get a new one from the login service.", err)
	case err != nil:
		return access.Principal{}, invalid(err)
	}
	var raw map[string]json.RawMessage
	if err := parsed.Claims(&raw); err != nil {
		return access.Principal{}, invalid(fmt.Errorf("reading claims: %w", err))
	}
	return v.principal(parsed.Subject, raw)
}

// principal reads the claims. A claim of ours in a form we do not know is an
// error, not a smaller grant.
func (v *Verifier) principal(subject string, raw map[string]json.RawMessage) (access.Principal, error) {
	p := access.Principal{Kind: access.Bearer, Subject: subject}
	for _, name := range []string{"client_id", "azp"} {
		list, err := texts(raw[name])
		if err != nil || len(list) > 1 {
			return access.Principal{}, invalid(fmt.Errorf("claim %s has an unknown form", name))
		}
		if p.Name == "" && len(list) == 1 {
			p.Name = list[0]
		}
	}
	if p.Name == "" {
		p.Name = subject
	}
	if p.Name == "" {
		return access.Principal{}, invalid(errors.New("no client_id, azp or sub"))
	}
	scopes, err := texts(raw["scope"])
	if err != nil {
		return access.Principal{}, invalid(errors.New("claim scope has an unknown form"))
	}
	p.Scopes = access.GrantedScopes(strings.Join(scopes, " "))
	codes, err := texts(raw[v.config.FacilityClaim])
	if err != nil {
		return access.Principal{}, invalid(fmt.Errorf("claim %s has an unknown form", v.config.FacilityClaim))
	}
	for _, code := range codes {
		p.Facilities = append(p.Facilities, access.Facility{Code: code})
	}
	if text, ok := raw[v.config.AnyFacilityClaim]; ok {
		if err := json.Unmarshal(text, &p.AnyFacility); err != nil {
			return access.Principal{}, invalid(fmt.Errorf("claim %s has an unknown form", v.config.AnyFacilityClaim))
		}
	}
	if p.AnyFacility && len(p.Facilities) > 0 {
		p.AnyFacility = false // the narrower of two grants
	}
	return p, nil
}

// texts reads a claim that is a text or a list of texts; empty ones fall out.
func texts(raw json.RawMessage) ([]string, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	var one string
	if err := json.Unmarshal(raw, &one); err == nil {
		if one == "" {
			return nil, nil
		}
		return []string{one}, nil
	}
	var list, out []string
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, err
	}
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return out, nil
}

// invalid is the one answer to whatever is wrong with a token: what exactly
// goes to the log.
func invalid(cause error) error {
	return unauthorized("The access token is not valid here. Get a new one from the login service.", cause)
}

func unauthorized(text string, cause error) error {
	return &fhir.Error{Kind: fhir.Unauthorized, Issue: fhir.IssueLogin, Text: text, Cause: cause}
}
