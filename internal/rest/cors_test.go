package rest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/registry"
	"github.com/jamii-health/jamii/internal/rest"
)

func TestCORS(t *testing.T) {
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		tests := []struct {
			name           string
			origins        []string
			method, path   string
			origin         string
			code           int
			allow, exposes bool
		}{
			{"a stranger's page reads metadata", nil, "GET", "/fhir/metadata", "https://app.example", 200, true, true},
			{"an error is readable too", nil, "GET", "/fhir/Patient/none", "https://app.example", 401, true, true},
			{"no Origin", nil, "GET", "/fhir/metadata", "", 200, false, false},
			{"a preflight needs no login", nil, "OPTIONS", "/fhir/Patient/1", "https://app.example", 204, true, true},
			{"a preflight of the base", nil, "OPTIONS", "/fhir", "https://app.example", 204, true, true},
			{"of a listed origin", []string{"https://app.example"}, "OPTIONS", "/fhir/Patient", "https://app.example", 204, true, true},
			{"of another", []string{"https://app.example"}, "OPTIONS", "/fhir/Patient", "https://evil.example", 204, false, false},
			{"of a longer name", []string{"https://app.example"}, "GET", "/fhir/metadata", "https://app.example.evil", 200, false, false},
			{"none at all", []string{}, "GET", "/fhir/metadata", "https://app.example", 200, false, false},
			{"outside of the base", nil, "GET", "/elsewhere", "https://app.example", 404, false, false},
		}
		for _, tt := range tests {
			h := rest.New(g.registry, g.callers, rest.Options{Origins: tt.origins})
			req := httptest.NewRequest(tt.method, tt.path, nil)
			if tt.origin != "" {
				req.Header.Set("Origin", tt.origin)
				req.Header.Set("Access-Control-Request-Method", "PATCH")
			}
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, req)
			got := rec.Header()
			if rec.Code != tt.code || (got.Get("Access-Control-Allow-Origin") != "") != tt.allow || strings.Contains(got.Get("Access-Control-Expose-Headers"), "ETag") != tt.exposes {
				t.Errorf("%s: %d %v", tt.name, rec.Code, got)
			}
			if tt.method == "OPTIONS" && (strings.Contains(got.Get("Access-Control-Allow-Headers"), "Authorization") != tt.allow || !strings.Contains(got.Get("Allow"), "PATCH")) {
				t.Errorf("%s: %v", tt.name, got)
			}
			if got.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s: credentials are allowed", tt.name)
			}
			if tt.origins != nil && strings.HasPrefix(tt.path, "/fhir") && got.Get("Vary") == "" {
				t.Errorf("%s: no Vary", tt.name)
			}
		}
	})
}

// HEAD answers as GET does, without the body.
func TestHead(t *testing.T) {
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		g.want(201, http.MethodPut, "/Patient/p", person("p", "A"))
		for _, path := range []string{"/metadata", "/Patient/p", "/Patient/p/_history", "/Patient/p/_history/1", "/Patient?name=A", "/Patient/p/$everything", "/Patient/p/Observation", "/_history", "/Patient/none", "/Patient/p/$none"} {
			get, head := g.do("admin", http.MethodGet, path, ""), g.do("admin", http.MethodHead, path, "")
			if head.code != get.code || len(head.raw) != 0 || head.header.Get("ETag") != get.header.Get("ETag") || head.header.Get("Content-Type") != get.header.Get("Content-Type") {
				t.Errorf("%s: HEAD %d %v, GET %d %v", path, head.code, head.header, get.code, get.header)
			}
		}
	})
}

// What is claimed by the CapabilityStatement of issue 3.
func TestCapabilities(t *testing.T) {
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		b := g.wantAs("", 200, http.MethodGet, "/metadata", "").body
		for name, want := range map[string]string{
			"format":      `["application/fhir+json","application/fhir+xml","json","xml"]`,
			"patchFormat": `["application/fhir+json","application/fhir+xml","application/json-patch+json"]`,
		} {
			if got := string(b.Get(name).JSON()); got != want {
				t.Errorf("%s is %s", name, got)
			}
		}
		for _, typ := range b.Get("rest").At(0).Get("resource").Each() {
			if !strings.Contains(string(typ.Get("interaction").JSON()), `"patch"`) || strings.Count(string(typ.Get("operation").JSON()), `"name":"validate"`) != 1 {
				t.Fatalf("%s", typ.JSON())
			}
		}
		g.callers["narrow"] = access.Principal{Name: "narrow", Kind: access.Client, AnyFacility: true, Scopes: scopes(t, "system/Patient.cu")}
		a := g.wantAs("narrow", 201, http.MethodPost, "/Patient", person("", "A"))
		path := "/Patient/" + a.body.Get("id").String()
		if r := g.do("narrow", http.MethodPatch, path, `[{"op":"test","path":"/name/0/family","value":"A"}]`, asPatch); r.code != 403 {
			t.Errorf("a patch lets who may not read ask: %d", r.code)
		}
		if _, err := fhir.Parse(a.raw); err != nil {
			t.Error(err)
		}
	})
}
