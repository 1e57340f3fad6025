package fhir_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
)

// What a record must give back, to the last digit and the last bracket.
func TestRecordLosesNothing(t *testing.T) {
	updated := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	tests := []struct{ name, in, want string }{
		{"decimals keep their zeros", `{"resourceType":"Basic","a":1.10,"b":0.00010,"c":12345678901234567890}`, `,"a":1.10,"b":0.00010,"c":12345678901234567890}`},
		{"null in an array of primitives", `{"resourceType":"Basic","given":["B",null],"_given":[null,{"id":"x"}]}`, `,"given":["B",null],"_given":[null,{"id":"x"}]}`},
		{"markup is not escaped", `{"resourceType":"Basic","t":"<a>&é\u2028"}`, `,"t":"<a>&é` + "\u2028" + `"}`},
		{"meta is kept, the server's part replaced", `{"id":"old","t":1,"resourceType":"Basic","meta":{"versionId":"9","tag":[{"code":"x"}],"lastUpdated":"2000-01-01T00:00:00Z"}}`, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, err := fhir.ParseObject([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			r := fhir.Resource{Type: "Basic", ID: "x", Version: 3, Updated: updated, Body: fhir.Record(n)}
			want := `{"resourceType":"Basic","id":"x","meta":{"versionId":"3","lastUpdated":"2026-01-02T03:04:05.000006Z"}` + tt.want
			if tt.want == "" {
				want = `{"resourceType":"Basic","id":"x","meta":{"versionId":"3","lastUpdated":"2026-01-02T03:04:05.000006Z","tag":[{"code":"x"}]},"t":1}`
			}
			if diff := cmp.Diff(want, string(r.JSON())); diff != "" {
				t.Errorf("JSON (-want +got):\n%s", diff)
			}
			if _, err := r.Tree(); err != nil {
				t.Errorf("what is read must parse: %v", err)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, in, path string }{
		{"duplicate key", `{"a":1,"a":2}`, ""},
		{"trailing text", `{} {}`, ""},
		{"bad UTF-8", "{\"a\":\"\xff\"}", ""},
		{"unfinished", `{"a":[1,2`, ""},
		{"65 deep", strings.Repeat("[", 65) + strings.Repeat("]", 65), ""},
		{"NUL", `{"a":"\u0000"}`, "a"},
		{"NUL deep", `{"item":[{"a":1},{"b":"x\u0000"}]}`, "item[1].b"},
		{"empty", ``, ""},
		{"NaN", `{"a":NaN}`, ""},
		{"leading zero", `{"a":01}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := fhir.Parse([]byte(tt.in))
			var fe *fhir.Error
			if !asError(err, &fe) {
				t.Fatalf("want an *Error, got %v", err)
			}
			if fe.Kind != fhir.Invalid || (tt.path != "" && fe.Path != tt.path) {
				t.Errorf("kind %v path %q, want Invalid at %q", fe.Kind, fe.Path, tt.path)
			}
		})
	}
	if _, err := fhir.Parse([]byte(strings.Repeat("[", 64) + strings.Repeat("]", 64))); err != nil {
		t.Errorf("64 levels are allowed: %v", err)
	}
}

func asError(err error, target **fhir.Error) bool {
	e, ok := err.(*fhir.Error)
	if ok {
		*target = e
	}
	return ok
}

func TestParseReference(t *testing.T) {
	tests := []struct {
		in   string
		want fhir.Reference
		ok   bool
	}{
		{"Patient/1", fhir.Reference{Type: "Patient", ID: "1"}, true},
		{"Patient/1/_history/2", fhir.Reference{Type: "Patient", ID: "1", Version: "2"}, true},
		{"https://x.org/fhir/Patient/1", fhir.Reference{Base: "https://x.org/fhir", Type: "Patient", ID: "1"}, true},
		{"#p", fhir.Reference{Fragment: "p"}, true},
		{"urn:uuid:1", fhir.Reference{URN: "urn:uuid:1"}, true},
		{"Patient?identifier=a|b", fhir.Reference{Type: "Patient", Condition: "identifier=a|b"}, true},
		{"patient/1", fhir.Reference{}, false},
		{"Patient/../x", fhir.Reference{}, false},
		{"Patient/a b", fhir.Reference{}, false},
		{"x/Patient/1", fhir.Reference{}, false},
		{"", fhir.Reference{}, false},
	}
	for _, tt := range tests {
		got, ok := fhir.ParseReference(tt.in)
		if ok != tt.ok || got != tt.want {
			t.Errorf("ParseReference(%q) = %+v, %v; want %+v, %v", tt.in, got, ok, tt.want, tt.ok)
		}
	}
}

func TestParseDateTime(t *testing.T) {
	tests := []struct{ in, low, high string }{
		{"2024", "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"},
		{"2024-02", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"},
		{"2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"},
		{"2024-02-29T10:00:00+05:45", "2024-02-29T04:15:00Z", "2024-02-29T04:15:01Z"},
		{"2024-02-29T10:00:00.5Z", "2024-02-29T10:00:00.5Z", "2024-02-29T10:00:00.6Z"},
		{"2024-02-29T10:00Z", "2024-02-29T10:00:00Z", "2024-02-29T10:01:00Z"},
	}
	for _, tt := range tests {
		d, ok := fhir.ParseDateTime(tt.in, nil)
		if !ok {
			t.Errorf("%s: refused", tt.in)
			continue
		}
		low, high := d.Low().UTC().Format(time.RFC3339Nano), d.High().UTC().Format(time.RFC3339Nano)
		if low != tt.low || high != tt.high {
			t.Errorf("%s: [%s, %s), want [%s, %s)", tt.in, low, high, tt.low, tt.high)
		}
	}
	for _, bad := range []string{"", "24", "2024-13", "2023-02-29", "2024-01-01T10:00:00", "2024-01-01T10", "2024-01-01 10:00:00Z", "2024-01-01T25:00:00Z", "2024-1-1", "0000", "2024-01-01T10:00:00+25:00"} {
		if _, ok := fhir.ParseDateTime(bad, nil); ok {
			t.Errorf("%q: accepted", bad)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"resourceType":"Patient","a":[1,null,"x",{"b":true}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := fhir.Parse(data)
		if err != nil {
			return
		}
		again, err := fhir.Parse(n.JSON())
		if err != nil {
			t.Fatalf("what we write must parse: %v", err)
		}
		if string(again.JSON()) != string(n.JSON()) {
			t.Fatal("writing is not stable")
		}
	})
}
