package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/internal/registry"
)

// deep is a Patient with extensions nested so that the JSON is n levels deep.
func deep(n int) string {
	levels := (n - 1) / 2
	return `{"resourceType":"Patient"` + strings.Repeat(`,"extension":[{"url":"https://example.org/e"`, levels) + `,"valueBoolean":true` + strings.Repeat(`}]`, levels) + `}`
}

// internals are words that an answer must never hold.
var internals = []string{"SQL", "sqlite", "pgx", "postgres", "panic", "goroutine", ".go:", "constraint", "strconv", "jsontext", "unmarshal", "SELECT", "secret-value"}

func TestBadInput(t *testing.T) {
	tests := []struct {
		name, method, path, body string
		code                     int
		issue, at                string
	}{
		{"no body", "POST", "/Patient", "", 400, "required", ""},
		{"broken JSON", "POST", "/Patient", `{"resourceType":"Patient"`, 400, "structure", ""},
		{"no JSON", "POST", "/Patient", `<Patient/>`, 400, "structure", ""},
		{"text after the end", "POST", "/Patient", `{"resourceType":"Patient"} {}`, 400, "structure", ""},
		{"a list", "POST", "/Patient", `[]`, 400, "structure", ""},
		{"null", "POST", "/Patient", `null`, 400, "structure", ""},
		{"a duplicate key", "POST", "/Patient", `{"resourceType":"Patient","active":true,"active":false}`, 400, "structure", "active"},
		{"a duplicate key deep down", "POST", "/Patient", `{"resourceType":"Patient","name":[{"family":"a","family":"secret-value"}]}`, 400, "structure", "name[0].family"},
		{"NUL in a string", "POST", "/Patient", `{"resourceType":"Patient","name":[{"family":"a\u0000b"}]}`, 400, "structure", "name[0].family"},
		{"NUL in the JSON", "POST", "/Patient", "{\"resourceType\":\"Patient\",\x00}", 400, "structure", ""},
		{"bad UTF-8", "POST", "/Patient", "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"\xff\xfe\"}]}", 400, "structure", ""},
		{"a lone surrogate", "POST", "/Patient", `{"resourceType":"Patient","name":[{"family":"\ud800"}]}`, 400, "structure", ""},
		{"NaN", "POST", "/Observation", `{"resourceType":"Observation","valueQuantity":{"value":NaN}}`, 400, "structure", ""},
		{"65 levels", "POST", "/Patient", deep(65), 400, "structure", ""},
		{"100,000 levels", "POST", "/Patient", `{"resourceType":` + strings.Repeat("[", 100_000), 400, "structure", ""},
		{"no type", "POST", "/Patient", `{"active":true}`, 400, "structure", "resourceType"},
		{"a type that is no text", "POST", "/Patient", `{"resourceType":{"x":1}}`, 400, "structure", "resourceType"},
		{"another type", "POST", "/Patient", `{"resourceType":"Group","type":"person","actual":true}`, 400, "structure", "resourceType"},
		{"a type of another case", "POST", "/patient", person("", "X"), 404, "not-supported", ""},
		{"no type of R4", "POST", "/Nothing", `{"resourceType":"Nothing"}`, 404, "not-supported", ""},
		{"an abstract type", "POST", "/DomainResource", `{"resourceType":"DomainResource"}`, 404, "not-supported", ""},
		{"an unknown element", "POST", "/Patient", `{"resourceType":"Patient","nickname":"secret-value"}`, 422, "structure", "Patient.nickname"},
		{"an unknown element deep down", "POST", "/Patient", `{"resourceType":"Patient","name":[{"familly":"secret-value"}]}`, 422, "structure", "Patient.name[0].familly"},
		{"text for a number", "POST", "/Patient", `{"resourceType":"Patient","multipleBirthInteger":"1"}`, 422, "", "Patient.multipleBirth"},
		{"a number for text", "POST", "/Patient", `{"resourceType":"Patient","gender":1}`, 422, "", "Patient.gender"},
		{"a list for one", "POST", "/Patient", `{"resourceType":"Patient","gender":["male"]}`, 422, "", "Patient.gender"},
		{"one for a list", "POST", "/Patient", `{"resourceType":"Patient","name":{"family":"secret-value"}}`, 422, "", "Patient.name"},
		{"two of a choice", "POST", "/Patient", `{"resourceType":"Patient","deceasedBoolean":true,"deceasedDateTime":"2026"}`, 422, "", "Patient.deceased"},
		{"a code outside its binding", "POST", "/Patient", `{"resourceType":"Patient","gender":"secret-value"}`, 422, "code-invalid", "Patient.gender"},
		{"a date that is none", "POST", "/Patient", `{"resourceType":"Patient","birthDate":"2026-02-30"}`, 422, "", "Patient.birthDate"},
		{"dates the wrong way round", "POST", "/Patient", `{"resourceType":"Patient","name":[{"period":{"start":"2026-01-02","end":"2026-01-01"}}]}`, 422, "invariant", "Patient.name[0].period"},
		{"what is required is missing", "POST", "/Claim", `{"resourceType":"Claim","status":"active"}`, 422, "required", "Claim"},
		{"null for a value", "POST", "/Patient", `{"resourceType":"Patient","gender":null}`, 422, "", "Patient.gender"},
		{"an empty object", "POST", "/Patient", `{"resourceType":"Patient","name":[{}]}`, 422, "", "Patient.name[0]"},
		{"an id with ../", "PUT", "/Patient/..%2F..%2Fetc", person("../../etc", "X"), 400, "", "Patient.id"},
		{"an id with ../ in the body", "POST", "/Patient", person("../../etc", "X"), 422, "", "Patient.id"},
		{"an id with a NUL", "PUT", "/Patient/a%00b", person("a", "X"), 400, "", "Patient.id"},
		{"an id of 65 letters", "PUT", "/Patient/" + strings.Repeat("a", 65), person(strings.Repeat("a", 65), "X"), 422, "", "Patient.id"},
		{"SQL for an id", "GET", "/Patient/1'%20OR%20'1'='1", "", 404, "not-found", ""},
		{"SQL in a search", "GET", "/Patient?name=';%20DROP%20TABLE%20resource;--&_sort=';", "", 400, "", ""},
		{"a negative count", "GET", "/Patient?_count=-1", "", 400, "value", ""},
		{"a Bundle to a type", "POST", "/Patient", `{"resourceType":"Bundle","type":"batch"}`, 400, "structure", "resourceType"},
		{"a resource to the base", "POST", "", person("", "X"), 400, "structure", "resourceType"},
		{"a Bundle of another kind", "POST", "", `{"resourceType":"Bundle","type":"collection"}`, 400, "value", "Bundle.type"},
		{"a Bundle without type", "POST", "", `{"resourceType":"Bundle"}`, 400, "value", "Bundle.type"},
		{"a Bundle with an unknown element", "POST", "", `{"resourceType":"Bundle","type":"batch","entries":[]}`, 400, "structure", "Bundle.entries"},
		{"entry is no list", "POST", "", `{"resourceType":"Bundle","type":"transaction","entry":{}}`, 400, "structure", "Bundle.entry"},
		{"more entries than we take", "POST", "", `{"resourceType":"Bundle","type":"batch","entry":[` + strings.Repeat("{},", 20_000) + `{}]}`, 400, "structure", "Bundle.entry"},
		{"10,000 bad entries", "POST", "", bundleOf("transaction", strings.Repeat(post("", `{"resourceType":"Patient","gender":"x"}`)+",", 9_999)+post("", `{"resourceType":"Patient"}`)), 422, "code-invalid", "Bundle.entry[0].resource.gender"},
		{"an operation that is none", "POST", "/Patient/$nothing", "", 404, "not-supported", ""},
		{"too many parts", "GET", "/Patient/1/2/3/4", "", 404, "not-found", ""},
		{"a method that is none", "BREW", "/Patient", "", 405, "not-supported", ""},
		{"a condition that is broken", "PUT", "/Patient?%zz", person("a", "X"), 400, "", ""},
	}
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		for _, tt := range tests {
			a := g.do("admin", tt.method, tt.path, tt.body)
			if a.code != tt.code || a.body.ResourceType() != "OperationOutcome" {
				g.t.Errorf("%s: %d, want %d: %.300s", tt.name, a.code, tt.code, a.raw)
				continue
			}
			code, at, text := a.issue()
			if tt.issue != "" && code != tt.issue || !strings.HasPrefix(at, tt.at) || len(text) < 15 {
				g.t.Errorf("%s: %s at %q %q, want %s at %q", tt.name, code, at, text, tt.issue, tt.at)
			}
			for _, word := range internals {
				if strings.Contains(string(a.raw), word) {
					g.t.Errorf("%s: the answer holds %q: %.300s", tt.name, word, a.raw)
				}
			}
		}
		if n := g.want(200, http.MethodGet, "/_history?_count=1000&_type=Patient,Claim,Group,Observation", "").body.Get("total").Text; n != "0" {
			g.t.Errorf("%s versions were stored", n)
		}
		g.want(201, http.MethodPost, "/Patient", deep(64))
	})
}

func TestBodyLimit(t *testing.T) {
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		big := `{"resourceType":"Binary","contentType":"text/plain","data":"` + strings.Repeat("QUFB", 17<<20) + `"}`
		a := g.want(413, http.MethodPost, "/Binary", big)
		if code, _, text := a.issue(); code != "too-long" || !strings.Contains(text, "64 MB") {
			t.Errorf("%s %s", code, text)
		}
	})
}

func TestStrangers(t *testing.T) {
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		g.wantAs("", 200, http.MethodGet, "/metadata", "")
		for _, r := range [][2]string{{"GET", "/Patient"}, {"GET", "/Patient/1"}, {"POST", "/Patient"}, {"POST", ""}, {"DELETE", "/Patient/1"}, {"GET", "/_history"}, {"POST", "/Claim/$submit"}} {
			for _, user := range []string{"", "nobody"} {
				a := g.wantAs(user, 401, r[0], r[1], "")
				if code, _, _ := a.issue(); code != "login" || !strings.Contains(strings.Join(a.header.Values("WWW-Authenticate"), " "), "Basic") {
					t.Errorf("%v: %s %v", r, a.raw, a.header)
				}
			}
		}
	})
}
