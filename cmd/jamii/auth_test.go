package main

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/oidc"
	"github.com/jamii-health/jamii/internal/registry"
	"github.com/jamii-health/jamii/internal/scheme"
	"github.com/jamii-health/jamii/profiles"
	"github.com/jamii-health/jamii/profiles/schemes"
)

// demoRegistry is a registry with the demonstration scheme on a new database.
func demoRegistry(t *testing.T) *registry.Registry {
	t.Helper()
	db := newDatabase(t)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	catalogue, err := search.NewCatalogue(profiles.SearchParams())
	if err != nil {
		t.Fatal(err)
	}
	r, err := registry.New(t.Context(), db, catalogue, registry.Options{})
	if err != nil {
		t.Fatal(err)
	}
	pack, problems := scheme.Load(schemes.NepalHIB())
	if pack == nil {
		t.Fatal(problems)
	}
	if err := publish(t.Context(), r, []*scheme.Pack{pack}); err != nil {
		t.Fatal(err)
	}
	return r
}

// issuer is a login service with one key.
type issuer struct {
	*httptest.Server
	signer jose.Signer
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{}
	i.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q,"authorization_endpoint":%q,"token_endpoint":%q}`, i.URL, i.URL+"/keys", i.URL, i.URL)
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "k", Algorithm: "RS256", Use: "sig"}}})
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) token(t *testing.T, claims map[string]any) string {
	t.Helper()
	all := map[string]any{"iss": i.URL, "aud": "jamii", "sub": "u1", "client_id": "emr", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(), "scope": "system/Claim.rs"}
	for k, v := range claims {
		all[k] = v
	}
	data, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := i.signer.Sign(data)
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestAuthenticate(t *testing.T) {
	r := demoRegistry(t)
	secret := "the secret of the test"
	for _, c := range []apiClient{
		{name: "clinic", scopes: "system/Claim.cruds", facilities: []string{"HC01"}, hash: access.HashSecret(secret)},
		{name: "lost", scopes: "system/Claim.cruds", facilities: []string{"XX99"}, hash: access.HashSecret(secret)},
		{name: "him", scopes: "system/*.cruds", any: true, hash: access.HashSecret(secret)},
	} {
		if err := c.save(t.Context(), r.Store(), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	login := newIssuer(t)
	tokens, err := oidc.New(oidc.Config{Issuer: login.URL, Audience: "jamii"})
	if err != nil {
		t.Fatal(err)
	}
	hc01 := []access.Facility{{Ref: "Organization/nepal-hib-fac-HC01", Code: "HC01", Identifiers: []access.Identifier{{System: "https://hib.example.np/id/facility", Value: "HC01"}}}}
	basic := func(name, secret string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(name, secret) }
	}
	header := func(text string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", text) }
	}
	claim := func(rights string) access.Scopes {
		return access.Scopes{{Context: "system", Type: "Claim", Rights: rights}}
	}
	tests := []struct {
		name string
		say  func(*http.Request)
		want access.Principal // zero: refused
	}{
		{"nothing", func(*http.Request) {}, access.Principal{}},
		{"a stranger", basic("nobody", secret), access.Principal{}},
		{"a wrong secret", basic("clinic", "x"), access.Principal{}},
		{"an empty secret", basic("clinic", ""), access.Principal{}},
		{"Basic without base64", header("Basic %%"), access.Principal{}},
		{"another way", header("Digest x"), access.Principal{}},
		{"a token that is none", header("Bearer x"), access.Principal{}},
		{"a token for another server", header("Bearer " + login.token(t, map[string]any{"aud": "other"})), access.Principal{}},
		{"an expired token", header("Bearer " + login.token(t, map[string]any{"exp": time.Now().Add(-time.Hour).Unix()})), access.Principal{}},
		{"a facility's client", basic("clinic", secret), access.Principal{Name: "clinic", Kind: access.Client, Scopes: claim("cruds"), Facilities: hc01}},
		{"the same again, remembered", basic("clinic", secret), access.Principal{Name: "clinic", Kind: access.Client, Scopes: claim("cruds"), Facilities: hc01}},
		{"a facility that is not there", basic("lost", secret), access.Principal{Name: "lost", Kind: access.Client, Scopes: claim("cruds")}},
		{"a mediator", basic("him", secret), access.Principal{Name: "him", Kind: access.Client, AnyFacility: true, Scopes: access.Scopes{{Context: "system", Type: "*", Rights: "cruds"}}}},
		{"a token", header("bearer " + login.token(t, map[string]any{"facility": []string{"HC01"}})), access.Principal{Name: "emr", Subject: "u1", Kind: access.Bearer, Scopes: claim("rs"), Facilities: hc01}},
	}
	a := newAuthenticator(r, tokens, slog.New(slog.DiscardHandler))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := httptest.NewRequest(http.MethodGet, "/fhir/Claim", nil)
			tt.say(req)
			got, err := a.Authenticate(t.Context(), req)
			var fe *fhir.Error
			refused := errors.As(err, &fe) && fe.Kind == fhir.Unauthorized
			if err != nil && !refused || refused != (tt.want.Name == "") {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNoTokensWithoutIssuer(t *testing.T) {
	req := httptest.NewRequest(http.MethodGet, "/fhir/Claim", nil)
	req.Header.Set("Authorization", "Bearer a.b.c")
	_, err := newAuthenticator(nil, nil, slog.New(slog.DiscardHandler)).Authenticate(t.Context(), req)
	var fe *fhir.Error
	if !errors.As(err, &fe) || fe.Kind != fhir.Unauthorized {
		t.Errorf("got %v", err)
	}
}

// A removed client is out as soon as it is no longer remembered.
func TestTrustEnds(t *testing.T) {
	r := demoRegistry(t)
	now := time.Now()
	c := apiClient{name: "clinic", scopes: "system/Claim.cruds", any: true, hash: access.HashSecret("x")}
	if err := c.save(t.Context(), r.Store(), now); err != nil {
		t.Fatal(err)
	}
	a := newAuthenticator(r, nil, slog.New(slog.DiscardHandler))
	a.now = func() time.Time { return now }
	req := httptest.NewRequest(http.MethodGet, "/fhir/Claim", nil)
	req.SetBasicAuth("clinic", "x")
	if _, err := a.Authenticate(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	if err := (clientRemove{Name: "clinic"}).remove(t.Context(), r.Store(), streams{t.Output(), t.Output()}); err != nil {
		t.Fatal(err)
	}
	now = now.Add(trust + time.Second)
	if _, err := a.Authenticate(t.Context(), req); err == nil {
		t.Error("a removed client is still let in")
	}
}

// What a client made itself is no facility of anyone.
func TestForgedFacility(t *testing.T) {
	r := demoRegistry(t)
	forged, err := fhir.Parse([]byte(`{"resourceType":"Organization","name":"x","identifier":[{"system":"https://hib.example.np/id/facility","value":"HC01"},{"value":"FORGED"}],"type":[{"coding":[{"code":"prov"}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Create(t.Context(), registry.Call{Principal: access.Internal("test")}, "Organization", forged, ""); err != nil {
		t.Fatal(err)
	}
	unknown, loaded, err := unknownFacilities(t.Context(), r.Store(), []string{"HC01", "FORGED", "10-01-70-00001"})
	if diff := cmp.Diff([]string{"FORGED", "10-01-70-00001"}, unknown); diff != "" || !loaded || err != nil {
		t.Errorf("loaded %t, %v (-want +got):\n%s", loaded, err, diff)
	}
	list, err := facilitiesOf(t.Context(), r, "HC01")
	if err != nil || len(list) != 1 || list[0].Ref != "Organization/nepal-hib-fac-HC01" {
		t.Errorf("%v %v", list, err)
	}
}
