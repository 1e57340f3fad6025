package rest_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/audit"
	"github.com/jamii-health/jamii/internal/registry"
	"github.com/jamii-health/jamii/internal/rest"
	"github.com/jamii-health/jamii/internal/store/sqlite"
)

// bigClaim is a Claim of about 6 kB.
func bigClaim() string {
	items := make([]string, 14)
	for i := range items {
		items[i] = fmt.Sprintf(`{"sequence":%d,"diagnosisSequence":[1],"careTeamSequence":[1],"category":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/ex-benefitcategory","code":"1","display":"Medical Care"}]},"productOrService":{"coding":[{"system":"https://example.org/items","code":"I%03d","display":"An item of the register, number %d"}]},"servicedDate":"2026-01-0%d","quantity":{"value":%d},"unitPrice":{"value":10.50,"currency":"NPR"},"net":{"value":%d.50,"currency":"NPR"}}`, i+1, i, i, i%9+1, i+1, 10*(i+1))
	}
	return `{"resourceType":"Claim","identifier":[{"system":"https://example.org/c","value":"C-1"}],"status":"active","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/claim-type","code":"institutional"}]},"use":"claim","patient":{"reference":"Patient/p1"},"billablePeriod":{"start":"2026-01-01","end":"2026-01-09"},"created":"2026-01-10T10:00:00+05:45","insurer":{"reference":"Organization/i"},"provider":{"reference":"Organization/o1"},"priority":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/processpriority","code":"normal"}]},"careTeam":[{"sequence":1,"provider":{"reference":"Practitioner/d"}}],"diagnosis":[{"sequence":1,"diagnosisCodeableConcept":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"A09"}]}}],"insurance":[{"sequence":1,"focal":true,"coverage":{"reference":"Coverage/v1"}}],"item":[` + strings.Join(items, ",") + `],"total":{"value":1050.00,"currency":"NPR"}}`
}

// server is a handler on SQLite whose reads are audited in batches, as in
// production.
func benchServer(b *testing.B) http.Handler {
	s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "jamii.db"), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	catalogue, err := search.NewCatalogue(nil)
	if err != nil {
		b.Fatal(err)
	}
	trail := audit.NewRecorder(s, false, func(err error) { b.Error(err) })
	reg, err := registry.New(b.Context(), s, catalogue, registry.Options{Trail: trail})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		trail.Close()
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return rest.New(reg, callers{"admin": access.Internal("admin")}, rest.Options{Base: "http://localhost/fhir"})
}

func serve(b *testing.B, h http.Handler, code int, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("admin:x")))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != code {
		b.Fatalf("%s %s answered %d: %s", method, path, w.Code, w.Body)
	}
	return w
}

// BenchmarkCreate stores a 6 kB Claim through the handler, by parallel clients
// because SQLite's writer commits what waits together.
func BenchmarkCreate(b *testing.B) {
	h, claim := benchServer(b), bigClaim()
	b.SetBytes(int64(len(claim)))
	b.SetParallelism(16)
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			serve(b, h, 201, http.MethodPost, "/fhir/Claim", claim)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	h := benchServer(b)
	path := strings.TrimPrefix(serve(b, h, 201, http.MethodPost, "/fhir/Claim", bigClaim()).Header().Get("Location"), "http://localhost")
	path, _, _ = strings.Cut(path, "/_history")
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		serve(b, h, 200, http.MethodGet, path, "")
	}
}

func BenchmarkSearch(b *testing.B) {
	h, claim := benchServer(b), bigClaim()
	for range 50 {
		serve(b, h, 201, http.MethodPost, "/fhir/Claim", claim)
	}
	b.ReportAllocs()
	for b.Loop() {
		serve(b, h, 200, http.MethodGet, "/fhir/Claim?patient=p1&status=active&_count=10", "")
	}
}

func BenchmarkMetadata(b *testing.B) {
	h := benchServer(b)
	b.ReportAllocs()
	for b.Loop() {
		serve(b, h, 200, http.MethodGet, "/fhir/metadata", "")
	}
}
