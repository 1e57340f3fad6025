package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
)

// secretBytes is the length of a client secret: 256 bits, so that a plain
// SHA-256 is enough to keep it.
const secretBytes = 32

// NewSecret makes a client secret of 256 random bits and the hash to keep.
func NewSecret() (secret string, hash []byte, err error) {
	b := make([]byte, secretBytes)
	if _, err := rand.Read(b); err != nil {
		return "", nil, fmt.Errorf("making a secret: %w", err)
	}
	secret = base64.RawURLEncoding.EncodeToString(b)
	return secret, HashSecret(secret), nil
}

// HashSecret is what is kept of a secret.
func HashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// VerifySecret compares a secret with a kept hash in constant time. An empty
// hash, of a client that is not known, never matches, and takes as long.
func VerifySecret(secret string, hash []byte) bool {
	want := make([]byte, sha256.Size)
	known := subtle.ConstantTimeEq(int32(len(hash)), sha256.Size)
	copy(want, hash)
	return known&subtle.ConstantTimeCompare(HashSecret(secret), want) == 1
}
