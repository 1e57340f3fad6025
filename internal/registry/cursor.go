package registry

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
)

// cursorKey seals what a next link carries: the search as it was applied and
// where the page before ended. So a link shows no identifier, and a client
// cannot make one up.
type cursorKey struct{ aead cipher.AEAD }

// cursor is the content of a next link.
type cursor struct {
	Kind  string `json:"k"`
	Type  string `json:"t,omitempty"`
	ID    string `json:"i,omitempty"`
	Query string `json:"q,omitempty"`
	At    int    `json:"s,omitempty"` // which source the next page begins in
	After []byte `json:"a,omitempty"`
	Total *int64 `json:"n,omitempty"`
	Who   string `json:"w"` // the client it was made for

	Sealed bool `json:"-"` // came from a next link
}

// The kinds of list that a cursor goes on with.
const (
	searchCursor  = "search"
	historyCursor = "history"
)

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

func (k cursorKey) open(token string) (cursor, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(sealed) < k.aead.NonceSize() {
		return cursor{}, errCursor()
	}
	n := k.aead.NonceSize()
	plain, err := k.aead.Open(nil, sealed[:n], sealed[n:], nil)
	if err != nil {
		return cursor{}, errCursor()
	}
	c := cursor{Sealed: true}
	if err := json.Unmarshal(plain, &c); err != nil {
		return cursor{}, errCursor()
	}
	return c, nil
}

func errCursor() error {
	return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: CursorParam, Text: "The page link is not one of this server's, or belongs to another list or another client. Start again from the first page."}
}

// CursorParam is the parameter of a next link.
const CursorParam = "_cursor"

// resume reads the parameters of a list that may be a next link: then what it
// carries takes their place. Beside a page link only the format can be chosen.
func (r *Registry) resume(c Call, list cursor, pairs []search.Pair) (cursor, []search.Pair, error) {
	i := slices.IndexFunc(pairs, func(p search.Pair) bool { return p.Name == CursorParam })
	if i < 0 {
		return cursor{}, pairs, nil
	}
	for k, p := range pairs {
		if k != i && p.Name != "_format" && p.Name != "_pretty" {
			return cursor{}, nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueInvalid, Path: CursorParam, Text: "A page link takes no other parameters. Follow it as it was given."}
		}
	}
	cur, err := r.cursors.open(pairs[i].Value)
	if err != nil {
		return cursor{}, nil, err
	}
	if cur.Kind != list.Kind || cur.Type != list.Type || cur.ID != list.ID || cur.Who != who(c) {
		return cursor{}, nil, errCursor()
	}
	pairs, err = search.Pairs(cur.Query)
	return cur, pairs, err
}

// addNext adds the link to the next page of the list at path.
func (r *Registry) addNext(c Call, f *Found, path string, next cursor) error {
	next.Who = who(c)
	token, err := r.cursors.seal(next)
	if err != nil {
		return err
	}
	f.Links = append(f.Links, Link{"next", path + "?" + CursorParam + "=" + token})
	return nil
}

// who is the client that a page link is made for.
func who(c Call) string { return c.Principal.Name + "\x00" + c.Principal.Subject }
