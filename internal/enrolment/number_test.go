package enrolment

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/jamii-health/jamii/fhir"
)

func TestNumberCheck(t *testing.T) {
	luhn := NumberRule{Length: 9, Luhn: true}
	mod7 := NumberRule{Length: 9, Mod: 7}
	tests := []struct {
		name   string
		rule   NumberRule
		number string
		ok     bool
	}{
		{"too short", luhn, "79927398", false},
		{"too long", luhn, "0799273989", false},
		{"empty", luhn, "", false},
		{"a letter", luhn, "79927398A", false},
		{"a digit of another script", NumberRule{Length: 3}, "१", false},
		{"one digit wrong", luhn, "079927399", false},
		{"neighbours swapped", NumberRule{Length: 11, Luhn: true}, "97927398713", false},
		{"luhn, the textbook number", NumberRule{Length: 11, Luhn: true}, "79927398713", true},
		{"mod 10 means luhn", NumberRule{Length: 11, Mod: 10}, "79927398713", true},
		{"mod 7", mod7, "123456782", true}, // 12345678 mod 7 = 2
		{"mod 7 wrong", mod7, "123456783", false},
		{"mod 11, rest 10 has no digit", NumberRule{Length: 3, Mod: 11}, "100", false},
		{"no check", NumberRule{Length: 5}, "00000", true},
		{"prefix missing", NumberRule{Length: 5, Prefix: "77"}, "12345", false},
		{"prefix", NumberRule{Length: 5, Prefix: "77"}, "77345", true},
		{"outside the ranges, issued by others", NumberRule{Length: 5, Ranges: []Range{{1, 9}}}, "99999", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.rule.Check(tt.number)
			if (err == nil) != tt.ok {
				t.Fatalf("Check = %v, want ok %v", err, tt.ok)
			}
			if err != nil {
				wantError(t, err, fhir.Unprocessable, "member-number")
				if tt.number != "" && strings.Contains(err.Error(), tt.number) {
					t.Errorf("the error holds the number: %v", err)
				}
			}
		})
	}
}

func TestNumberIssue(t *testing.T) {
	tests := []struct {
		name string
		rule NumberRule
		seq  int64
		want string
	}{
		{"the first", NumberRule{Length: 5}, 1, "00001"},
		{"with luhn", NumberRule{Length: 9, Luhn: true}, 1, "000000018"},
		{"with mod 7", NumberRule{Length: 9, Mod: 7}, 8, "000000081"},
		{"prefix counts for the check", NumberRule{Length: 4, Prefix: "77", Mod: 7}, 3, "7733"},
		{"second range", NumberRule{Length: 4, Ranges: []Range{{10, 11}, {500, 600}}}, 4, "0501"},
		{"mod 11 leaves out the rest 10", NumberRule{Length: 3, Mod: 11}, 10, "110"},
	}
	for _, tt := range tests {
		got, err := tt.rule.Issue(tt.seq)
		if err != nil || got != tt.want {
			t.Errorf("%s: %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
}

func TestNumberIssueRefuses(t *testing.T) {
	_, err := NumberRule{Length: 3, Ranges: []Range{{1, 5}}}.Issue(6)
	wantError(t, err, fhir.Conflict, "member-number")
	_, err = NumberRule{Length: 2}.Issue(100)
	wantError(t, err, fhir.Conflict, "member-number")
	if _, err = (NumberRule{Length: 5}).Issue(0); err == nil {
		t.Error("sequence 0 was issued")
	}
	for name, r := range map[string]NumberRule{
		"length":   {Length: 20},
		"too tiny": {Length: 2, Prefix: "12"},
		"no room":  {Length: 2, Prefix: "1", Luhn: true},
		"prefix":   {Length: 9, Prefix: "A"},
		"mod":      {Length: 9, Mod: 1},
		"both":     {Length: 9, Mod: 7, Luhn: true},
		"range":    {Length: 3, Ranges: []Range{{5, 4}}},
		"too wide": {Length: 3, Ranges: []Range{{1, 1000}}},
	} {
		if r.Validate() == nil {
			t.Errorf("%s: the rule %+v was accepted", name, r)
		}
		if _, err := r.Issue(1); err == nil {
			t.Errorf("%s: issued by a bad rule", name)
		}
	}
}

// What is issued passes the check, grows, and a wrong digit is seen by Luhn.
func TestNumberProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := NumberRule{Length: rapid.IntRange(8, 19).Draw(t, "length"), Prefix: rapid.StringMatching(`[0-9]{0,3}`).Draw(t, "prefix")}
		switch rapid.IntRange(0, 2).Draw(t, "check") {
		case 0:
			r.Luhn = true
		case 1:
			r.Mod = rapid.IntRange(2, 97).Draw(t, "mod")
		}
		seq := rapid.Int64Range(1, 90).Draw(t, "seq")
		a, err := r.Issue(seq)
		if err != nil {
			t.Fatal(err)
		}
		b, err := r.Issue(seq + 1)
		if err != nil {
			t.Fatal(err)
		}
		if r.Check(a) != nil || r.Check(b) != nil || a >= b {
			t.Fatalf("%s then %s", a, b)
		}
		if r.Luhn {
			i := rapid.IntRange(0, len(a)-1).Draw(t, "at")
			bad := []byte(a)
			bad[i] = '0' + (bad[i]-'0'+1)%10
			if r.Check(string(bad)) == nil {
				t.Fatalf("%s accepted for %s", bad, a)
			}
		}
	})
}
