package delivery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"our secret", "got s3cr3t here", "got [removed] here"},
		{"password", `{"password": "a b"}`, `{"password": "[removed] b"}`},
		{"bearer", "Authorization: Bearer abc.def", "Authorization: Bearer [removed]"},
		{"query", "?api_key=123&x=1", "?api_key=[removed]&x=1"},
		{"not UTF-8, NUL", "a\xff\x00b", "ab"},
		{"plain", "thank you", "thank you"},
	}
	for _, tt := range tests {
		if got := clean(tt.in, "s3cr3t"); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	long := clean(strings.Repeat("नेपाल", 400), "")
	if len(long) > maxAnswer+4 || !utf8.ValidString(long) {
		t.Errorf("cut to %d bytes, valid %v", len(long), utf8.ValidString(long))
	}
}

func FuzzClean(f *testing.F) {
	f.Add("token=abc", "abc")
	f.Fuzz(func(t *testing.T, text, secret string) {
		got := clean(text, secret)
		if !utf8.ValidString(got) || len(got) > maxAnswer+4 {
			t.Errorf("%q", got)
		}
	})
}

func TestFingerprint(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{&net.DNSError{Name: "x", IsNotFound: true}, "name-not-found"},
		{fmt.Errorf("post: %w", context.DeadlineExceeded), "timeout"},
		{fmt.Errorf("dial 10.0.0.1:80: %w", syscall.ECONNREFUSED), "connection-refused"},
		{io.ErrUnexpectedEOF, "connection-closed"},
		{errors.New("10.0.0.1: something"), "network"},
	}
	for _, tt := range tests {
		if got := fingerprint(tt.err); got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.err, got, tt.want)
		}
	}
}

func TestWaitGrowsAndStaysBounded(t *testing.T) {
	w, err := New(nil, nil, Options{First: time.Second, Longest: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		failures int
		low      time.Duration
		high     time.Duration
	}{{0, 800 * time.Millisecond, 1200 * time.Millisecond}, {3, 6400 * time.Millisecond, 9600 * time.Millisecond}, {20, 48 * time.Second, 72 * time.Second}, {1 << 40, 48 * time.Second, 72 * time.Second}} {
		for range 100 {
			if d := w.wait(tt.failures); d < tt.low || d > tt.high {
				t.Fatalf("after %d failures: %s", tt.failures, d)
			}
		}
	}
}
