package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/access"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// issuer is a small OpenID provider.
type issuer struct {
	*httptest.Server
	mu     sync.Mutex
	keys   []jose.JSONWebKey
	status int    // of both documents, 0 is 200
	named  string // the issuer it says it is; "" the truth
	raw    string // instead of the keys
	asked  atomic.Int32
	now    time.Time
}

func newIssuer(t *testing.T, keys ...jose.JSONWebKey) *issuer {
	t.Helper()
	s := &issuer{keys: keys, now: noon}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *issuer) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status != 0 {
		http.Error(w, "the database of the login service is down: secret details", s.status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/keys" {
		s.asked.Add(1)
		if s.raw != "" {
			_, _ = w.Write([]byte(s.raw))
			return
		}
		var public []jose.JSONWebKey
		for _, k := range s.keys {
			public = append(public, k.Public())
		}
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: public})
		return
	}
	name := s.named
	if name == "" {
		name = s.URL
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"issuer": name, "jwks_uri": s.URL + "/keys",
		"id_token_signing_alg_values_supported": []string{"HS256", "none"}, // not ours to obey
	})
}

func (s *issuer) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *issuer) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *issuer) verifier(t *testing.T) *Verifier {
	t.Helper()
	v, err := New(Config{Issuer: s.URL, Audience: "jamii", Now: s.clock, HTTP: s.Client()})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// claims are good ones, with changes.
func (s *issuer) claims(changes map[string]any) map[string]any {
	c := map[string]any{
		"iss": s.URL, "aud": "jamii", "sub": "u-1", "client_id": "emr",
		"exp": noon.Add(time.Hour).Unix(), "iat": noon.Unix(),
		"scope": "openid system/Claim.cruds user/*.rs", "facility": "HF-1",
	}
	for k, v := range changes {
		if v == nil {
			delete(c, k)
		} else {
			c[k] = v
		}
	}
	return c
}

func sign(t *testing.T, alg jose.SignatureAlgorithm, key any, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var (
	rsaOne  = rsaKey("one")
	rsaTwo  = rsaKey("two")
	ecThree = ecKey("three")
)

func rsaKey(id string) jose.JSONWebKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return jose.JSONWebKey{Key: k, KeyID: id, Algorithm: "RS256", Use: "sig"}
}

func ecKey(id string) jose.JSONWebKey {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return jose.JSONWebKey{Key: k, KeyID: id, Algorithm: "ES256", Use: "sig"}
}

// wantRefused checks kind and text, and that nothing of the token or of the
// provider's answer is shown.
func wantRefused(t *testing.T, err error, kind fhir.ErrorKind) {
	t.Helper()
	var fe *fhir.Error
	if !errors.As(err, &fe) || fe.Kind != kind {
		t.Fatalf("error = %#v, want kind %d", err, kind)
	}
	for _, leak := range []string{"http", "secret", "emr", "jamii", "HF-1", "u-1", "kid", "signature", "crypto", "audience"} {
		if strings.Contains(fe.Error(), leak) {
			t.Errorf("the text %q tells %q", fe.Error(), leak)
		}
	}
	if fe.Cause == nil {
		t.Error("nothing for the log")
	}
}

func TestRefused(t *testing.T) {
	s := newIssuer(t, rsaOne, ecThree)
	good := sign(t, jose.RS256, rsaOne, s.claims(nil))
	parts := strings.Split(good, ".")
	enc := base64.RawURLEncoding.EncodeToString
	payload, _ := json.Marshal(s.claims(nil))
	public, err := x509.MarshalPKIXPublicKey(rsaOne.Public().Key)
	if err != nil {
		t.Fatal(err)
	}
	hmac := jose.JSONWebKey{Key: public, KeyID: "one"}
	impostor := rsaKey("one")
	tests := map[string]string{
		"empty":                           "",
		"garbage":                         "garbage",
		"dots":                            "..",
		"three words":                     "a.b.c",
		"not base64":                      "!.!.!",
		"very long":                       strings.Repeat("a", maxToken) + ".b.c",
		"JSON form":                       `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"no signature":                    parts[0] + "." + parts[1] + ".",
		"signature cut":                   good[:len(good)-8],
		"payload changed":                 parts[0] + "." + enc([]byte(strings.Replace(string(payload), "HF-1", "HF-2", 1))) + "." + parts[2],
		"alg none":                        enc([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".",
		"alg none, its signature kept":    enc([]byte(`{"alg":"none","kid":"one"}`)) + "." + parts[1] + "." + parts[2],
		"HS256 with the public key":       sign(t, jose.HS256, hmac, s.claims(nil)),
		"PS256":                           sign(t, jose.PS256, jose.JSONWebKey{Key: rsaOne.Key, KeyID: "one"}, s.claims(nil)),
		"RS512":                           sign(t, jose.RS512, jose.JSONWebKey{Key: rsaOne.Key, KeyID: "one"}, s.claims(nil)),
		"another's key with our key's id": sign(t, jose.RS256, impostor, s.claims(nil)),
		"a key nobody has":                sign(t, jose.RS256, rsaTwo, s.claims(nil)),
		"one key's id, another's kind":    sign(t, jose.ES256, jose.JSONWebKey{Key: ecThree.Key, KeyID: "one"}, s.claims(nil)),
		"expired":                         sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"exp": noon.Add(-time.Second).Unix()})),
		"no expiry":                       sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"exp": nil})),
		"not yet":                         sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"nbf": noon.Add(time.Hour).Unix()})),
		"wrong audience":                  sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"aud": "other"})),
		"no audience":                     sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"aud": nil})),
		"wrong issuer":                    sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"iss": "https://evil.example"})),
		"issuer with a slash more":        sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"iss": s.URL + "/"})),
		"no issuer":                       sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"iss": nil})),
		"scope is a number":               sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"scope": 7})),
		"facility is an object":           sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"facility": map[string]any{"code": "x"}})),
		"facility list holds a number":    sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"facility": []any{"a", 1}})),
		"any_facility is a text":          sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"any_facility": "true"})),
		"client_id is a list of two":      sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"client_id": []string{"a", "b"}})),
		"nobody":                          sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"client_id": nil, "sub": nil})),
	}
	v := s.verifier(t)
	for name, token := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := v.Verify(t.Context(), token)
			wantRefused(t, err, fhir.Unauthorized)
			if diff := cmp.Diff(access.Principal{}, p); diff != "" {
				t.Errorf("a principal came with the error:\n%s", diff)
			}
		})
	}
	if n := s.asked.Load(); n != 1 {
		t.Errorf("the provider was asked %d times for keys: bad tokens must not make us ask", n)
	}
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

func TestAccepted(t *testing.T) {
	s := newIssuer(t, rsaOne, ecThree)
	good := access.Principal{
		Name: "emr", Subject: "u-1", Kind: access.Bearer, Facilities: []access.Facility{{Code: "HF-1"}},
		Scopes: access.Scopes{{Context: "system", Type: "Claim", Rights: "cruds"}, {Context: "user", Type: "*", Rights: "rs"}},
	}
	with := func(change func(*access.Principal)) access.Principal {
		p := good
		change(&p)
		return p
	}
	noKid := jose.JSONWebKey{Key: ecThree.Key}
	tests := []struct {
		name  string
		token string
		want  access.Principal
	}{
		{"RS256", sign(t, jose.RS256, rsaOne, s.claims(nil)), good},
		{"ES256", sign(t, jose.ES256, ecThree, s.claims(nil)), good},
		{"without key id", sign(t, jose.ES256, noKid, s.claims(nil)), good},
		{"audiences", sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"aud": []string{"x", "jamii"}})), good},
		{"scope as a list", sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"scope": []string{"system/Claim.cruds", "user/*.rs"}})), good},
		{"no scope grants nothing", sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"scope": nil})), with(func(p *access.Principal) { p.Scopes = nil })},
		{"azp", sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"client_id": nil, "azp": "portal"})), with(func(p *access.Principal) { p.Name = "portal" })},
		{"sub alone", sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"client_id": nil})), with(func(p *access.Principal) { p.Name = "u-1" })},
		{"two facilities", sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"facility": []string{"A", "", "B"}})), with(func(p *access.Principal) { p.Facilities = []access.Facility{{Code: "A"}, {Code: "B"}} })},
		{"no facility", sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"facility": nil})), with(func(p *access.Principal) { p.Facilities = nil })},
		{"empty facility", sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"facility": ""})), with(func(p *access.Principal) { p.Facilities = nil })},
		{"any facility", sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"facility": nil, "any_facility": true})), with(func(p *access.Principal) { p.Facilities, p.AnyFacility = nil, true })},
		{"any and one: the narrower", sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"any_facility": true})), good},
		{"expires this second", sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"exp": noon.Unix()})), good},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := s.verifier(t).Verify(t.Context(), tt.token)
			if err != nil {
				t.Fatalf("%v (%v)", err, errors.Unwrap(err))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOtherClaimNames(t *testing.T) {
	s := newIssuer(t, rsaOne)
	v, err := New(Config{Issuer: s.URL, Audience: "jamii", FacilityClaim: "https://moh.example/hf", AnyFacilityClaim: "all", Now: s.clock})
	if err != nil {
		t.Fatal(err)
	}
	p, err := v.Verify(t.Context(), sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"https://moh.example/hf": "Z", "any_facility": true})))
	if err != nil || p.AnyFacility || len(p.Facilities) != 1 || p.Facilities[0].Code != "Z" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestKeyRotation(t *testing.T) {
	s := newIssuer(t, rsaOne)
	v := s.verifier(t)
	old, next := sign(t, jose.RS256, rsaOne, s.claims(nil)), sign(t, jose.RS256, rsaTwo, s.claims(nil))
	verify := func(token string) error { _, err := v.Verify(t.Context(), token); return err }
	if err := verify(old); err != nil {
		t.Fatal(err)
	}
	s.set(func() { s.keys = []jose.JSONWebKey{rsaTwo} })
	wantRefused(t, verify(next), fhir.Unauthorized) // asked a moment ago
	s.set(func() { s.now = s.now.Add(pause) })
	if err := verify(next); err != nil {
		t.Fatalf("the new key: %v", err)
	}
	wantRefused(t, verify(old), fhir.Unauthorized)
	if n := s.asked.Load(); n != 2 {
		t.Errorf("asked %d times, want 2", n)
	}
}

func TestRevokedKeyGoesWithAge(t *testing.T) {
	s := newIssuer(t, rsaOne)
	v := s.verifier(t)
	token := sign(t, jose.RS256, rsaOne, s.claims(map[string]any{"exp": noon.Add(24 * time.Hour).Unix()}))
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	s.set(func() { s.status, s.now = http.StatusInternalServerError, s.now.Add(maxAge+time.Second) })
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Fatalf("old keys must serve while the provider is down: %v", err)
	}
	s.set(func() { s.status, s.keys, s.now = 0, []jose.JSONWebKey{rsaTwo}, s.now.Add(maxAge) })
	_, err := v.Verify(t.Context(), token)
	wantRefused(t, err, fhir.Unauthorized)
}

func TestIssuerDown(t *testing.T) {
	s := newIssuer(t, rsaOne)
	v := s.verifier(t)
	token := sign(t, jose.RS256, rsaOne, s.claims(nil))
	verify := func() error { _, err := v.Verify(t.Context(), token); return err }
	later := func(change func()) {
		s.set(func() { change(); s.now = s.now.Add(pause) })
	}
	later(func() { s.status = http.StatusBadGateway })
	wantRefused(t, verify(), fhir.Unavailable)
	s.set(func() { s.status = 0 })
	wantRefused(t, verify(), fhir.Unavailable) // not asked again at once
	later(func() { s.named = "https://evil.example" })
	wantRefused(t, verify(), fhir.Unavailable) // it is not who it should be
	later(func() { s.named, s.raw = "", "<html>login</html>" })
	wantRefused(t, verify(), fhir.Unavailable)
	later(func() { s.raw = `{"keys":[{"kty":"oct","kid":"one","k":"c2VjcmV0"},{"kty":"new"},7]}` })
	wantRefused(t, verify(), fhir.Unauthorized) // no key of use
	later(func() { s.raw = "" })
	if err := verify(); err != nil {
		t.Fatalf("when it is back: %v", err)
	}
	s.Close()
	if err := verify(); err != nil {
		t.Errorf("known keys need no provider: %v", err)
	}
	later(func() {})
	token = sign(t, jose.RS256, rsaTwo, s.claims(nil))
	wantRefused(t, verify(), fhir.Unavailable) // perhaps a new key: we cannot know
}

func TestEncryptionKeysDoNotSign(t *testing.T) {
	enc := rsaKey("enc")
	enc.Use = "enc"
	s := newIssuer(t, enc)
	_, err := s.verifier(t).Verify(t.Context(), sign(t, jose.RS256, enc, s.claims(nil)))
	wantRefused(t, err, fhir.Unauthorized)
}

func TestManyAtOnceAskOnce(t *testing.T) {
	s := newIssuer(t, rsaOne)
	v := s.verifier(t)
	token := sign(t, jose.RS256, rsaOne, s.claims(nil))
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp() // one client's hanging up fails nobody
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, err := v.Verify(ctx, token); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := s.asked.Load(); n != 1 {
		t.Errorf("asked %d times, want 1", n)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]Config{
		"no issuer":      {Audience: "jamii"},
		"not a URL":      {Issuer: "keycloak", Audience: "jamii"},
		"another scheme": {Issuer: "file:///etc", Audience: "jamii"},
		"no host":        {Issuer: "https://", Audience: "jamii"},
		"not readable":   {Issuer: "https://%zz", Audience: "jamii"},
		"no audience":    {Issuer: "https://id.example"},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	v, err := New(Config{Issuer: "https://id.example", Audience: "jamii"})
	if err != nil || v.config.HTTP.Timeout == 0 || v.config.Now().IsZero() {
		t.Errorf("defaults: %v", err)
	}
}

func FuzzVerify(f *testing.F) {
	v, err := New(Config{Issuer: "http://127.0.0.1:1", Audience: "jamii", HTTP: &http.Client{Timeout: time.Millisecond}})
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJSUzI1NiJ9.e30.AA"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if p, err := v.Verify(t.Context(), token); err == nil {
			t.Fatalf("accepted as %+v", p)
		}
	})
}
