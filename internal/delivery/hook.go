package delivery

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/store"
)

// The headers of a web-hook.
const (
	HeaderSignature = "Jamii-Signature"
	HeaderMessageID = "Jamii-Message-Id"
)

// maxAnswer bounds what is kept of an answer.
const maxAnswer = 1000

// answer is what came back for a message.
type answer struct {
	status int
	text   string        // shortened, without secrets
	fault  string        // fingerprint; "" means it arrived
	after  time.Duration // the receiver asks us to wait
}

// body is what a web-hook says: which resource changed, not what is in it. Who
// hears of it reads the resource with rights of its own.
func body(m store.Message) []byte {
	if len(m.Body) > 0 {
		return m.Body
	}
	n := fhir.Obj(
		fhir.Str(m.ID).As("id"), fhir.Str(m.Kind).As("kind"),
		fhir.Str(m.Ref).As("ref"), fhir.Str(fhir.Instant(m.Created)).As("created"))
	return n.JSON()
}

// Sign gives the signature header of a body sent at a moment: the time, and
// HMAC-SHA256 under the secret over the time, a dot and the body. A receiver
// computes the same, compares in constant time, and refuses old times.
func Sign(secret, body []byte, at time.Time) string {
	t := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// post sends a message once.
func (w *Worker) post(ctx context.Context, t *target, m store.Message) answer {
	data := body(m)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.URL, bytes.NewReader(data))
	if err != nil {
		return answer{fault: "bad-url"}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "jamii")
	req.Header.Set(HeaderMessageID, m.ID)
	req.Header.Set(HeaderSignature, Sign(t.Secret, data, w.options.Now()))
	resp, err := w.client.Do(req)
	if err != nil {
		return answer{fault: fingerprint(err)}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4*maxAnswer))
	a := answer{status: resp.StatusCode, text: clean(string(text), string(t.Secret))}
	switch {
	case resp.StatusCode >= 300:
		a.fault = "http-" + strconv.Itoa(resp.StatusCode)
		if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
			a.after = min(time.Duration(s)*time.Second, w.options.Longest)
		}
	case err != nil:
		a.fault = fingerprint(err)
	}
	return a
}

// fingerprint names a failure so that alike ones get the same name: no
// addresses, no times.
func fingerprint(err error) string {
	var timeout interface{ Timeout() bool }
	var dns *net.DNSError
	var authority x509.UnknownAuthorityError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &dns):
		return "name-not-found"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection-refused"
	case errors.As(err, &certificate), errors.As(err, &authority):
		return "certificate"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "connection-closed"
	}
	return "network"
}

// secrets finds what looks like a password or token in an answer.
var secrets = regexp.MustCompile(`(?i)((?:authorization|token|passw(?:or)?d|secret|api[-_]?key|signature)["']?\s*[:=]\s*["']?(?:(?:bearer|basic)\s+)?)[^\s"',;&}<]+`)

// clean shortens an answer and removes secrets from it.
func clean(text, secret string) string {
	if secret != "" {
		text = strings.ReplaceAll(text, secret, "[removed]")
	}
	text = secrets.ReplaceAllString(text, "${1}[removed]")
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
	if len(text) <= maxAnswer {
		return text
	}
	cut := maxAnswer
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + " ..."
}
