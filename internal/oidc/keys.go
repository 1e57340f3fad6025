package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	coreos "github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

// How often the provider is asked.
const (
	pause   = 5 * time.Second // at least between two questions, whatever tokens arrive
	maxAge  = time.Hour       // then the keys are asked for again, so that revoked ones go
	maxJWKS = 1 << 20
)

// keys are the provider's signing keys, fetched when needed: first use, an
// unknown key id, old age. Made-up key ids cannot make us ask more often than
// once in a pause.
type keys struct {
	issuer string
	client *http.Client
	now    func() time.Time

	ring  atomic.Pointer[ring] // nil until the first success
	fetch sync.Mutex           // guards what follows, and is held while asking
	asked time.Time
	last  error // outcome of the last question
}

// ring is one answer.
type ring struct {
	keys    []jose.JSONWebKey
	fetched time.Time
}

// signature checks one token's signature and remembers whether the provider
// was out of reach, which go-oidc would fold into its text.
type signature struct {
	keys *keys
	down error
}

// VerifySignature returns the payload when the signature is one of the
// provider's.
func (s *signature) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256, jose.ES256})
	if err != nil {
		return nil, fmt.Errorf("reading the token: %w", err)
	}
	if len(jws.Signatures) != 1 {
		return nil, errors.New("a token has one signature")
	}
	now := s.keys.now()
	have := s.keys.ring.Load()
	if have != nil && now.Sub(have.fetched) > maxAge && s.keys.fetch.TryLock() {
		s.keys.ask(ctx) // a failure leaves the old keys in use
		s.keys.fetch.Unlock()
		have = s.keys.ring.Load()
	}
	if payload, known := have.verify(jws); known {
		return payload, invalidSignature(payload)
	}
	fresh, err := s.keys.refresh(ctx, have)
	if err != nil {
		s.down = err
		return nil, err
	}
	payload, _ := fresh.verify(jws)
	return payload, invalidSignature(payload)
}

func invalidSignature(payload []byte) error {
	if payload == nil {
		return errors.New("no key of the provider made this signature")
	}
	return nil
}

// refresh asks for the keys unless someone did since the caller looked, or a
// pause has not passed; then the last answer stands.
func (k *keys) refresh(ctx context.Context, seen *ring) (*ring, error) {
	k.fetch.Lock()
	defer k.fetch.Unlock()
	if have := k.ring.Load(); have != seen {
		return have, nil
	}
	if k.asked.IsZero() || k.now().Sub(k.asked) >= pause {
		k.ask(ctx)
	}
	return k.ring.Load(), k.last
}

// ask fetches discovery document and keys; the caller holds fetch. One
// client's hanging up must not fail the others, so its cancellation is not
// passed on.
func (k *keys) ask(ctx context.Context) {
	ctx, cancel := context.WithTimeout(coreos.ClientContext(context.WithoutCancel(ctx), k.client), 10*time.Second)
	defer cancel()
	k.asked = k.now()
	list, err := k.load(ctx)
	if k.last = err; err == nil {
		k.ring.Store(&ring{keys: list, fetched: k.asked})
	}
}

func (k *keys) load(ctx context.Context) ([]jose.JSONWebKey, error) {
	provider, err := coreos.NewProvider(ctx, k.issuer)
	if err != nil {
		return nil, fmt.Errorf("asking the login service who it is: %w", err)
	}
	var found struct {
		URL string `json:"jwks_uri"`
	}
	if err := provider.Claims(&found); err != nil || found.URL == "" {
		return nil, errors.New("the login service names no jwks_uri")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, found.URL, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("asking for keys: %w", err)
	}
	res, err := k.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking for keys: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("asking for keys: status %d", res.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxJWKS))
	if err != nil {
		return nil, fmt.Errorf("reading keys: %w", err)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, fmt.Errorf("reading keys: %w", err)
	}
	return usable(set.Keys), nil
}

// usable keeps the public keys that may sign tokens. One of a kind that we do
// not read does not spoil the others.
func usable(raw []json.RawMessage) []jose.JSONWebKey {
	var out []jose.JSONWebKey
	for _, text := range raw {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(text) != nil || key.Use != "" && key.Use != "sig" {
			continue
		}
		switch key.Key.(type) {
		case *rsa.PublicKey, *ecdsa.PublicKey: // never a shared secret
			out = append(out, key)
		}
	}
	return out
}

// verify tries the keys that the token's header allows. known is false when
// none of them has the header's key id, or none fits a token without one.
func (r *ring) verify(jws *jose.JSONWebSignature) (payload []byte, known bool) {
	if r == nil {
		return nil, false
	}
	head := jws.Signatures[0].Header
	for i := range r.keys {
		key := &r.keys[i]
		if head.KeyID != "" && key.KeyID != head.KeyID || key.Algorithm != "" && key.Algorithm != head.Algorithm {
			continue
		}
		known = known || head.KeyID != ""
		if payload, err := jws.Verify(key); err == nil {
			return payload, true
		}
	}
	return nil, known
}
