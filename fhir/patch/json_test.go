package patch_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/patch"
)

// HL7's cases, which are those of RFC 6902 appendix A.
func TestJSONSuite(t *testing.T) {
	data := sharedFile(t, "fhir-test-cases", "json-patch-tests.json")
	if data == nil {
		return
	}
	cases := parse(t, string(data)).Nodes
	for i := range cases {
		c := &cases[i]
		t.Run(c.Get("comment").String(), func(t *testing.T) {
			before := string(c.Get("doc").JSON())
			got, err := patch.JSON(c.Get("doc"), c.Get("patch"))
			if c.Get("error") != nil {
				wantFailure(t, err, fhir.Unprocessable, "Operation 0", before, c.Get("doc"))
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(sorted(c.Get("expected")), sorted(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if len(cases) < 15 {
		t.Errorf("only %d cases", len(cases))
	}
}

func TestJSONRefuses(t *testing.T) {
	const doc = `{"resourceType":"Patient","active":true,"name":[{"family":"secret","given":["a","b"]}],"a/b":{"~":1}}`
	deep := strings.Repeat("[", 62) + strings.Repeat("]", 62)
	tests := []struct {
		name, patch string
		kind        fhir.ErrorKind
		text        string
	}{
		{"no array", `{"op":"remove","path":"/active"}`, fhir.Invalid, "not an array"},
		{"operation no object", `["remove"]`, fhir.Invalid, "Operation 0: it is not an object"},
		{"no op", `[{"path":"/active"}]`, fhir.Invalid, "has no op"},
		{"op no string", `[{"op":1,"path":"/active"}]`, fhir.Invalid, "has no op"},
		{"unknown op", `[{"op":"delete","path":"/active"}]`, fhir.Invalid, "not one of test"},
		{"op in capitals", `[{"op":"Remove","path":"/active"}]`, fhir.Invalid, "not one of test"},
		{"no path", `[{"op":"remove"}]`, fhir.Invalid, "has no path"},
		{"path without slash", `[{"op":"remove","path":"active"}]`, fhir.Invalid, "JSON Pointer"},
		{"bad escape", `[{"op":"remove","path":"/a~2b"}]`, fhir.Invalid, "JSON Pointer"},
		{"escape cut off", `[{"op":"remove","path":"/active~"}]`, fhir.Invalid, "JSON Pointer"},
		{"add without value", `[{"op":"add","path":"/gender"}]`, fhir.Invalid, "has no value"},
		{"replace without value", `[{"op":"replace","path":"/active"}]`, fhir.Invalid, "has no value"},
		{"test without value", `[{"op":"test","path":"/active"}]`, fhir.Invalid, "has no value"},
		{"move without from", `[{"op":"move","path":"/active"}]`, fhir.Invalid, "has no from"},
		{"copy without from", `[{"op":"copy","path":"/active"}]`, fhir.Invalid, "has no from"},
		{"remove nothing", `[{"op":"remove","path":"/gender"}]`, fhir.Unprocessable, "Operation 0 (remove): there is nothing"},
		{"remove below a value", `[{"op":"remove","path":"/active/x"}]`, fhir.Unprocessable, "there is nothing"},
		{"remove the end", `[{"op":"remove","path":"/name/-"}]`, fhir.Unprocessable, "there is nothing"},
		{"remove all", `[{"op":"remove","path":""}]`, fhir.Unprocessable, "whole document"},
		{"replace nothing", `[{"op":"replace","path":"/gender","value":"x"}]`, fhir.Unprocessable, "there is nothing"},
		{"replace the end", `[{"op":"replace","path":"/name/-","value":{}}]`, fhir.Unprocessable, "there is nothing"},
		{"index beyond", `[{"op":"add","path":"/name/2","value":{}}]`, fhir.Unprocessable, "index"},
		{"index with zero", `[{"op":"add","path":"/name/00","value":{}}]`, fhir.Unprocessable, "index"},
		{"index with sign", `[{"op":"add","path":"/name/+1","value":{}}]`, fhir.Unprocessable, "index"},
		{"index huge", `[{"op":"add","path":"/name/18446744073709551616","value":{}}]`, fhir.Unprocessable, "index"},
		{"name in an array", `[{"op":"add","path":"/name/x","value":{}}]`, fhir.Unprocessable, "index"},
		{"add below a value", `[{"op":"add","path":"/active/x","value":1}]`, fhir.Unprocessable, "no object or array"},
		{"test of nothing", `[{"op":"test","path":"/gender","value":null}]`, fhir.Unprocessable, "there is nothing"},
		{"test fails", `[{"op":"test","path":"/name/0/family","value":"secret2"}]`, fhir.Unprocessable, "not the one tested for"},
		{"test of an array's order", `[{"op":"test","path":"/name/0/given","value":["b","a"]}]`, fhir.Unprocessable, "not the one tested for"},
		{"test of part of an object", `[{"op":"test","path":"/name/0","value":{"family":"secret"}}]`, fhir.Unprocessable, "not the one tested for"},
		{"move into itself", `[{"op":"move","from":"/name","path":"/name/0/x"}]`, fhir.Unprocessable, "into itself"},
		{"move from nothing", `[{"op":"move","from":"/x","path":"/y"}]`, fhir.Unprocessable, "there is nothing"},
		{"move nothing onto itself", `[{"op":"move","from":"/x","path":"/x"}]`, fhir.Unprocessable, "there is nothing"},
		{"copy from nothing", `[{"op":"copy","from":"/x","path":"/y"}]`, fhir.Unprocessable, "nothing at its from"},
		{"too deep", `[{"op":"add","path":"/x","value":` + deep + `},{"op":"move","from":"/x","path":"/name/0/x"}]`, fhir.Unprocessable, "Operation 1 (move): the result is nested too deep"},
		{"replaced too deep", `[{"op":"replace","path":"/name/0/family","value":` + deep + `}]`, fhir.Unprocessable, "too deep"},
		{"copies that double", `[` + strings.Repeat(`{"op":"copy","from":"/name","path":"/name/-"},{"op":"move","from":"/name","path":"/n"},{"op":"add","path":"/name","value":[]},{"op":"move","from":"/n","path":"/name/-"},`, 30) + `{"op":"remove","path":"/none"}]`, fhir.Unprocessable, "Operation"},
		{"copies of much", `[{"op":"add","path":"/x","value":[` + strings.Repeat("0,", 4000) + `0]}` + strings.Repeat(`,{"op":"copy","from":"/x","path":"/y"}`, 100) + `]`, fhir.Unprocessable, "copies too much"},
		{"too many", `[` + strings.Repeat(`{"op":"test","path":"/active","value":true},`, 5000) + `{"op":"remove","path":"/active"}]`, fhir.Unprocessable, "more than 5000"},
		{"all or nothing", `[{"op":"remove","path":"/name/0/given/0"},{"op":"add","path":"/name/-","value":{}},{"op":"replace","path":"/active","value":false},{"op":"test","path":"/active","value":true}]`, fhir.Unprocessable, "Operation 3 (test)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := parse(t, doc)
			_, err := patch.JSON(n, parse(t, tt.patch))
			wantFailure(t, err, tt.kind, tt.text, doc, n)
		})
	}
}

func TestJSON(t *testing.T) {
	tests := []struct{ name, doc, patch, want string }{
		{"nothing to do", `{"a":1.10,"b":[null]}`, `[]`, `{"a":1.10,"b":[null]}`},
		{"order and numbers are kept", `{"z":1.10,"a":0.00010,"m":1e400}`, `[{"op":"add","path":"/b","value":2.50}]`, `{"z":1.10,"a":0.00010,"m":1e400,"b":2.50}`},
		{"add replaces a member in its place", `{"a":1,"b":2}`, `[{"op":"add","path":"/a","value":[3]}]`, `{"a":[3],"b":2}`},
		{"add null", `{"a":1}`, `[{"op":"add","path":"/b","value":null}]`, `{"a":1,"b":null}`},
		{"add at the start and the end", `{"a":[1]}`, `[{"op":"add","path":"/a/0","value":0},{"op":"add","path":"/a/2","value":2},{"op":"add","path":"/a/-","value":3}]`, `{"a":[0,1,2,3]}`},
		{"add the whole document", `{"a":1}`, `[{"op":"add","path":"","value":[1]}]`, `[1]`},
		{"replace the whole document", `{"a":1}`, `[{"op":"replace","path":"","value":{"b":1}}]`, `{"b":1}`},
		{"numbers as names", `{"0":{"1":1}}`, `[{"op":"remove","path":"/0/1"}]`, `{"0":{}}`},
		{"minus as a name", `{"-":1}`, `[{"op":"replace","path":"/-","value":2}]`, `{"-":2}`},
		{"empty name", `{"":{"":1}}`, `[{"op":"replace","path":"//","value":2}]`, `{"":{"":2}}`},
		{"escapes", `{"a/b":1,"m~n":2,"~1":3}`, `[{"op":"remove","path":"/a~1b"},{"op":"remove","path":"/m~0n"},{"op":"test","path":"/~01","value":3}]`, `{"~1":3}`},
		{"move to the end", `{"a":[1,2,3]}`, `[{"op":"move","from":"/a/0","path":"/a/-"}]`, `{"a":[2,3,1]}`},
		{"move to the root", `{"a":{"b":1}}`, `[{"op":"move","from":"/a","path":""}]`, `{"b":1}`},
		{"move onto itself", `{"a":{"b":1}}`, `[{"op":"move","from":"/a","path":"/a"},{"op":"move","from":"","path":""}]`, `{"a":{"b":1}}`},
		{"copy is a copy", `{"a":[1]}`, `[{"op":"copy","from":"/a","path":"/b"},{"op":"add","path":"/b/-","value":2}]`, `{"a":[1],"b":[1,2]}`},
		{"copy into itself", `{"a":{"b":1}}`, `[{"op":"copy","from":"/a","path":"/a/c"}]`, `{"a":{"b":1,"c":{"b":1}}}`},
		{"value is a copy", `{"a":[]}`, `[{"op":"add","path":"/b","value":{"x":[]}},{"op":"copy","from":"/b","path":"/c"},{"op":"add","path":"/b/x/-","value":1}]`, `{"a":[],"b":{"x":[1]},"c":{"x":[]}}`},
		{"members that are not known are ignored", `{"a":1}`, `[{"op":"remove","path":"/a","from":1,"value":2}]`, `{}`},
		{"emptied and filled again", `{"resourceType":"Patient","name":[{"text":"a"}]}`, `[{"op":"remove","path":"/name/0"},{"op":"add","path":"/name/-","value":{"text":"b"}}]`, `{"resourceType":"Patient","name":[{"text":"b"}]}`},
		{"emptied list of a resource", `{"resourceType":"Patient","name":[{"text":"a"}],"active":true}`, `[{"op":"remove","path":"/name/0"}]`, `{"resourceType":"Patient","active":true}`},
		{"emptied all the way up", `{"resourceType":"Patient","meta":{"tag":[{"code":"x"}]}}`, `[{"op":"remove","path":"/meta/tag/0"}]`, `{"resourceType":"Patient"}`},
		{"empty values that were sent", `{"resourceType":"Patient"}`, `[{"op":"add","path":"/name","value":[]}]`, `{"resourceType":"Patient","name":[]}`},
		{"element emptied in a list", `{"resourceType":"Patient","name":[{"text":"a"},{"text":"b"}]}`, `[{"op":"remove","path":"/name/0/text"}]`, `{"resourceType":"Patient","name":[{},{"text":"b"}]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := parse(t, tt.doc)
			got, err := patch.JSON(doc, parse(t, tt.patch))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got.JSON())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if after := string(doc.JSON()); after != tt.doc {
				t.Errorf("the input became %s", after)
			}
		})
	}
}

// RFC 6902 section 4.6: equal are numbers of the same value, strings of the
// same characters, objects with the same members.
func TestJSONTest(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{`1`, `"1"`, false},
		{`1`, `true`, false},
		{`0`, `null`, false},
		{`"1.0"`, `"1.00"`, false},
		{`1`, `10`, false},
		{`1`, `-1`, false},
		{`0.1`, `0.10000000000000000001`, false},
		{`1e999999999`, `1e999999998`, false},
		{`1e99999999999999999999`, `1e99999999999999999998`, false},
		{`1.0`, `1.00`, true},
		{`100`, `1e2`, true},
		{`100`, `0.1E+3`, true},
		{`-0.0`, `0`, true},
		{`0e5`, `0`, true},
		{`12345678901234567890.0`, `12345678901234567890`, true},
		{`10e-1`, `1`, true},
		{`{"a":1,"b":[2.0]}`, `{"b":[2],"a":1.0}`, true},
		{`{"a":null}`, `{"b":null}`, false},
		{`{"a":1}`, `{"a":1,"b":1}`, false},
		{`[1]`, `[1,1]`, false},
		{`[]`, `{}`, false},
		{`"é"`, `"\u00e9"`, true},
	}
	for _, tt := range tests {
		for _, pair := range [][2]string{{tt.a, tt.b}, {tt.b, tt.a}} {
			doc := parse(t, fmt.Sprintf(`{"v":%s}`, pair[0]))
			_, err := patch.JSON(doc, parse(t, fmt.Sprintf(`[{"op":"test","path":"/v","value":%s}]`, pair[1])))
			if (err == nil) != tt.want {
				t.Errorf("%s equal to %s: %v, want %v", pair[0], pair[1], err == nil, tt.want)
			}
		}
	}
}

func TestJSONErrorPath(t *testing.T) {
	for pointer, want := range map[string]string{
		"/name/0/given/5":      "Patient.name[0].given[5]",
		"/_birthDate/none":     "Patient.birthDate.none",
		"/name/John Smith/use": "Patient.name",
	} {
		_, err := patch.JSON(parse(t, `{"resourceType":"Patient"}`), parse(t, `[{"op":"remove","path":"`+pointer+`"}]`))
		fe, ok := err.(*fhir.Error)
		if !ok || fe.Path != want {
			t.Errorf("%s: %v, want path %s", pointer, err, want)
		}
	}
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"resourceType":"Patient","name":[{"given":["a"]}]}`), []byte(`[{"op":"copy","from":"/name","path":"/name/-"},{"op":"remove","path":"/name/0/given/0"},{"op":"move","from":"/name/0","path":"/x~1"},{"op":"test","path":"","value":1e5}]`))
	f.Add([]byte(`[1,{"a":null}]`), []byte(`[{"op":"add","path":"/1/b","value":[]},{"op":"replace","path":"/0","value":{}}]`))
	f.Fuzz(func(t *testing.T, doc, ops []byte) {
		d, err := fhir.Parse(doc)
		if err != nil {
			return
		}
		p, err := fhir.Parse(ops)
		if err != nil {
			return
		}
		before := string(d.JSON())
		got, err := patch.JSON(d, p)
		if string(d.JSON()) != before {
			t.Fatal("the input was changed")
		}
		if err != nil {
			return
		}
		if _, err := fhir.Parse(got.JSON()); err != nil {
			t.Fatalf("the result does not parse: %v", err)
		}
	})
}
