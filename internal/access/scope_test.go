package access

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseScopes(t *testing.T) {
	tests := []struct {
		text string
		want string // "" is an error
	}{
		{"Claim.cruds", ""},
		{"system/Claim", ""},
		{"system/Claim.", ""},
		{"system/Claim.x", ""},
		{"system/Claim.sr", ""}, // the order counts
		{"system/Claim.rr", ""},
		{"system/claim.r", ""},
		{"system/Claim-1.r", ""},
		{"system/Claim.rs?status=active", ""}, // a narrower scope must not become a wider one
		{"patient/Claim.rs", ""},
		{"root/*.cruds", ""},
		{"openid", ""},
		{"system/*.Read", ""},
		{"", "empty"},
		{"system/Claim.cruds", "system/Claim.cruds"},
		{"user/*.rs", "user/*.rs"},
		{"system/*.*", "system/*.cruds"},
		{"user/Patient.read", "user/Patient.rs"},
		{"user/Patient.write", "user/Patient.cud"},
		{"system/Claim.c,system/Task.r\nuser/*.s", "system/Claim.c system/Task.r user/*.s"},
	}
	for _, tt := range tests {
		got, err := ParseScopes(tt.text)
		want := tt.want
		if want == "empty" {
			want = ""
		} else if want == "" {
			if err == nil {
				t.Errorf("%q was accepted as %s", tt.text, got)
			}
			continue
		}
		if err != nil || got.String() != want {
			t.Errorf("%q: %q, %v; want %q", tt.text, got, err, want)
		}
	}
}

func TestGrantedScopes(t *testing.T) {
	got := GrantedScopes("openid fhirUser patient/*.rs system/Claim.rs?x=y user/Claim.r launch/patient")
	if diff := cmp.Diff("user/Claim.r", got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAllow(t *testing.T) {
	s := mustScopes("system/Claim.cr user/*.s")
	for _, tt := range []struct {
		typ   string
		right Right
		want  bool
	}{
		{"Claim", Create, true},
		{"Claim", Read, true},
		{"Claim", Update, false},
		{"Claim", Delete, false},
		{"Claim", Search, true},
		{"ClaimResponse", Read, false},
		{"Patient", Search, true},
		{"*", Search, true},
		{"*", Create, false},
	} {
		if got := s.Allow(tt.typ, tt.right); got != tt.want {
			t.Errorf("%s.%c = %v", tt.typ, tt.right, got)
		}
	}
}

func FuzzParseScopes(f *testing.F) {
	for _, s := range []string{"system/Claim.cruds", "user/*.*", "a/b.c", "system/*.cr?x", "/.", "system/Claim.read"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseScopes(text)
		if err != nil {
			return
		}
		again, err := ParseScopes(got.String())
		if err != nil {
			t.Fatalf("%q: its own text %q is refused: %v", text, got, err)
		}
		if diff := cmp.Diff(got, again); diff != "" {
			t.Fatalf("(-first +again):\n%s", diff)
		}
	})
}
