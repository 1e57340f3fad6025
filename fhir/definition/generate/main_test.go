package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir/definition/internal/table"
)

const empty = `{"resourceType":"Bundle","entry":[]}`

// small is the least package that can be read: one type with a backbone.
func small() map[string]string {
	return map[string]string{
		"profiles-types": empty, "search-parameters": empty, "valuesets": empty, "v2-tables": empty, "v3-codesystems": empty, "conceptmaps": empty,
		"compartmentdefinition-patient": `{"resource":[{"code":"Thing","param":["a"]},{"code":"Other"}]}`,
		"profiles-resources": `{"entry":[{"resource":{"resourceType":"StructureDefinition","kind":"resource","name":"Thing","fhirVersion":"4.0.1",
			"snapshot":{"element":[{"path":"Thing","max":"*"},{"path":"Thing.part","max":"*","type":[{"code":"BackboneElement"}]},
				{"path":"Thing.part.again","max":"2","contentReference":"#Thing.part"}]}}},
			{"resource":{"resourceType":"StructureDefinition","kind":"resource","name":"Later","fhirVersion":"4.3.0"}}]}`,
	}
}

func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := writeFile(filepath.Join(dir, "dist", "fhir", "r4", name+".json"), strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRunRefuses(t *testing.T) {
	tests := []struct{ name, file, text, want string }{
		{"missing file", "valuesets", "", "reading the definitions"},
		{"broken JSON", "valuesets", `{`, "reading valuesets.json"},
		{"broken resource", "valuesets", `{"entry":[{"resource":{"resourceType":"ValueSet","url":1}}]}`, "valuesets, entry 0"},
		{"missing compartment", "compartmentdefinition-patient", "", "reading the definitions"},
		{"odd max", "profiles-resources", strings.Replace(small()["profiles-resources"], `"max":"2"`, `"max":"many"`, 1), "element Thing.part.again: max"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := small()
			if files[tt.file] = tt.text; tt.text == "" {
				delete(files, tt.file)
			}
			err := run(write(t, files), filepath.Join(t.TempDir(), "out.bin"), filepath.Join(t.TempDir(), "core.bin"))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("want an error with %q, got %v", tt.want, err)
			}
		})
	}
}

func TestRun(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.bin")
	if err := run(write(t, small()), out, filepath.Join(t.TempDir(), "core.bin")); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	sections, err := table.Split(file)
	if err != nil || len(sections) != 4 {
		t.Fatalf("%d sections, %v; want strings, types, parameters, value sets", len(sections), err)
	}
	raw, err := table.Unpack(sections[0])
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(table.ReadStrings(raw), " ")
	if !strings.Contains(text, "Thing.part") || strings.Contains(text, "Later") || strings.Contains(text, "Other") {
		t.Errorf("want Thing.part, and neither a type of another version nor an empty compartment: %s", text)
	}
}
