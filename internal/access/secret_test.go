package access

import (
	"bytes"
	"testing"
)

func TestSecrets(t *testing.T) {
	one, hash, err := NewSecret()
	if err != nil {
		t.Fatal(err)
	}
	two, other, err := NewSecret()
	if err != nil {
		t.Fatal(err)
	}
	if one == two || bytes.Equal(hash, other) {
		t.Fatal("two secrets are the same")
	}
	if len(one) != 43 || len(hash) != 32 || bytes.Contains(hash, []byte(one[:8])) {
		t.Errorf("secret of %d characters, hash of %d bytes", len(one), len(hash))
	}
	for _, tt := range []struct {
		name   string
		secret string
		hash   []byte
		want   bool
	}{
		{"another's", two, hash, false},
		{"one letter more", one + "A", hash, false},
		{"empty", "", hash, false},
		{"unknown client", one, nil, false},
		{"unknown client, empty secret", "", nil, false},
		{"an all-zero hash", "", make([]byte, 32), false},
		{"short hash", one, hash[:16], false},
		{"long hash", one, append(bytes.Clone(hash), 0), false},
		{"its own", one, hash, true},
	} {
		if got := VerifySecret(tt.secret, tt.hash); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
