package validate_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/validate"
)

// brokenExamples are published examples that do break R4, and why.
var brokenExamples = map[string]string{
	"bundle-questionnaire.json":       "Questionnaire.item.linkId is required and missing in most items",
	"codesystem-example.json":         "csd-1: the code chol-mass is defined twice",
	"devicemetric-example.json":       "DeviceMetric.parent is Reference(Device) and names a DeviceDefinition",
	"deviceusestatement-example.json": "DeviceUseStatement.reasonReference may not name a Procedure",
	"medicationrequest0301.json":      "MedicationRequest.dispenseRequest.performer is Reference(Organization) and names a Practitioner",
}

// shared returns a folder of the shared data beside the project, or says that
// it is absent.
func shared(t testing.TB, folder string) (string, bool) {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the package")
		}
		dir = parent
	}
	dir = filepath.Join(filepath.Dir(dir), "shared", folder)
	if _, err := os.Stat(dir); err != nil {
		t.Logf("%s is absent: nothing to check", folder)
		return "", false
	}
	return dir, true
}

func parseFile(t testing.TB, path string) *fhir.Node {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n, err := fhir.Parse(data)
	if err != nil {
		t.Fatalf("%s: %v", filepath.Base(path), err)
	}
	return n
}

func jsonFiles(t testing.TB, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in %s: %v", dir, err)
	}
	return files
}

// What HL7 and Synthea publish as R4 must pass.
func TestPublishedExamplesPass(t *testing.T) {
	for _, folder := range []string{filepath.Join("fhir-test-cases", "examples"), "synthea"} {
		dir, ok := shared(t, folder)
		if !ok {
			continue
		}
		for _, path := range jsonFiles(t, dir) {
			name := filepath.Base(path)
			t.Run(name, func(t *testing.T) {
				issues := validate.Resource(parseFile(t, path), validate.Options{ErrorsOnly: true})
				if reason, broken := brokenExamples[name]; broken {
					if len(issues) == 0 {
						t.Errorf("listed as broken (%s), but passes", reason)
					}
					return
				}
				for _, i := range issues {
					t.Errorf("%s %s [%s] %s", i.Path, i.Code, i.Rule, i.Text)
				}
			})
		}
	}
}
