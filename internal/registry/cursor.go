package registry

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/jamii-health/jamii/fhir"
)

// cursorKey seals what a next link carries: the search as it was applied and
// where the page before ended. So a link shows no identifier, and a client
// cannot make one up.
type cursorKey struct{ aead cipher.AEAD }

// cursor is the content of a next link.
type cursor struct {
	Type  string `json:"t,omitempty"`
	ID    string `json:"i,omitempty"`
	Query string `json:"q,omitempty"`
	After []byte `json:"a"`
	Total *int64 `json:"n,omitempty"`
	Who   string `json:"w"` // the client it was made for
}

func newCursorKey(secret []byte) (cursorKey, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return cursorKey{}, fmt.Errorf("cursor key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return cursorKey{}, fmt.Errorf("cursor key: %w", err)
	}
	return cursorKey{aead}, nil
}

func (k cursorKey) seal(c cursor) (string, error) {
	plain, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("cursor: %w", err)
	}
	nonce := make([]byte, k.aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", fmt.Errorf("cursor: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(k.aead.Seal(nonce, nonce, plain, nil)), nil
}

func (k cursorKey) open(token, who string) (cursor, error) {
	bad := &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: CursorParam, Text: "The page link is not one of this server's, or belongs to another client. Start the search again."}
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(sealed) < k.aead.NonceSize() {
		return cursor{}, bad
	}
	n := k.aead.NonceSize()
	plain, err := k.aead.Open(nil, sealed[:n], sealed[n:], nil)
	if err != nil {
		return cursor{}, bad
	}
	var c cursor
	if err := json.Unmarshal(plain, &c); err != nil || c.Who != who {
		return cursor{}, bad
	}
	return c, nil
}

// CursorParam is the parameter of a next link.
const CursorParam = "_cursor"
