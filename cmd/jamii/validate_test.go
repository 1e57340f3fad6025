package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestValidateFiles(t *testing.T) {
	h := newHouse(t)
	h.write("good.json", `{"resourceType":"Patient","gender":"female","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"}}`)
	h.write("broken.json", "{\n")
	h.write("wrong.json", "{\n  \"resourceType\": \"Patient\",\n  \"gender\": \"neither\",\n  \"colour\": 1\n}\n")
	h.write("many.ndjson", "{\"resourceType\":\"Patient\"}\n\n{\"resourceType\":\"Patient\",\"active\":\"yes\"}\n")
	tests := []struct {
		name string
		args []string
		code int
		want []string
	}{
		{"no file", []string{"none.json"}, 1, nil},
		{"broken", []string{"broken.json"}, 1, []string{"broken.json:1: fatal: "}},
		{"wrong", []string{"good.json", "wrong.json"}, 1, []string{"wrong.json:3:", "wrong.json:4:", ": error: Patient.gender: "}},
		{"lines", []string{"many.ndjson"}, 1, []string{"many.ndjson:3:"}},
		{"good", []string{"good.json"}, 0, []string{"1 files, no errors."}},
	}
	for _, tt := range tests {
		code, out, errs := h.jamii(append([]string{"validate"}, tt.args...)...)
		if code != tt.code {
			t.Errorf("%s: exit code %d, want %d\n%s%s", tt.name, code, tt.code, out, errs)
		}
		for _, want := range tt.want {
			if !strings.Contains(out, want) {
				t.Errorf("%s: %q is not in\n%s", tt.name, want, out)
			}
		}
	}
}

func TestPosition(t *testing.T) {
	data := []byte("ab\ncd\n")
	for _, tt := range []struct{ offset, line, column int }{{-1, 1, 1}, {0, 1, 1}, {1, 1, 2}, {3, 2, 1}, {4, 2, 2}, {99, 3, 1}} {
		if line, column := position(data, tt.offset); line != tt.line || column != tt.column {
			t.Errorf("%d: %d:%d, want %d:%d", tt.offset, line, column, tt.line, tt.column)
		}
	}
}

func FuzzValidate(f *testing.F) {
	f.Add("a.json", []byte(`{"resourceType":"Patient","active":"x"}`))
	f.Add("a.ndjson", []byte("{}\n\x00\n{\"resourceType\":1}"))
	f.Fuzz(func(_ *testing.T, name string, data []byte) {
		var out bytes.Buffer
		validateFile(&out, name, data)
	})
}

func TestSchemeCommands(t *testing.T) {
	h := newHouse(t)
	pack := root(t) + "/profiles/schemes/nepal-hib"
	if _, errs := h.want(1, "scheme", "check", "nowhere"); errs == "" {
		t.Error("a folder that is not there: no word")
	}
	h.write("bad/scheme.yaml", "name: x\ncolour: red\n")
	if out, _ := h.want(1, "scheme", "check", "bad"); !strings.Contains(out, "bad/scheme.yaml:") {
		t.Errorf("no place: %s", out)
	}
	if out, _ := h.want(0, "scheme", "check", pack); !strings.Contains(out, "nepal-hib is in order") {
		t.Error(out)
	}
	out, _ := h.want(0, "scheme", "test", pack)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if last := lines[len(lines)-1]; !strings.HasSuffix(last, " passed, 0 failed") {
		t.Errorf("the last line is %q", last)
	}
}
