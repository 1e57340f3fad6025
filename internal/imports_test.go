package internal_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/jamii-health/jamii/"

// rooms says which rooms each room may import, beside its own sub-rooms and
// what stands outside the module. Imports point inward; a room that is not
// listed here is a mistake. The picture is in internal/README.md.
var rooms = map[string][]string{
	"fhir":            {},
	"fhir/definition": {},
	"fhir/fhirpath":   {"fhir", "fhir/definition"},
	"fhir/search":     {"fhir", "fhir/definition", "fhir/fhirpath"},
	"fhir/validate":   {"fhir", "fhir/definition", "fhir/fhirpath", "fhir/terminology"},

	"fhir/terminology":         {"fhir"},
	"fhir/definition/generate": {"fhir", "fhir/definition", "fhir/terminology"},

	"internal":           {"fhir/definition"}, // the tests about the house itself
	"internal/date":      {},
	"internal/store":     {"fhir", "fhir/search"},
	"internal/claims":    {"internal/date"},
	"internal/enrolment": {"fhir", "internal/date", "internal/claims"},
	"internal/scheme":    {"fhir", "fhir/fhirpath", "profiles/schemes", "internal/date", "internal/claims", "internal/enrolment"},
	"internal/access":    {"fhir", "fhir/search", "fhir/definition"},
	"internal/audit":     {"fhir", "internal/store"},
	"internal/oidc":      {"fhir", "internal/access"},
	"internal/registry": {
		"fhir", "fhir/definition", "fhir/search", "fhir/validate", "fhir/terminology", "fhir/patch", "internal/store", "internal/date",
		"internal/claims", "internal/scheme", "internal/enrolment", "internal/access", "internal/audit",
	},
	"internal/rest":     {"fhir", "fhir/definition", "fhir/search", "fhir/validate", "fhir/terminology", "fhir/xml", "fhir/patch", "internal/registry", "internal/access", "internal/oidc"},
	"internal/delivery": {"fhir", "internal/store"},
	"internal/console":  {"fhir", "internal/registry", "internal/access"},

	"fhir/xml":   {"fhir", "fhir/definition"},
	"fhir/patch": {"fhir", "fhir/definition", "fhir/fhirpath"},

	"profiles":         {"fhir", "fhir/definition"},
	"profiles/schemes": {},
	"conformance":      {"fhir"},
}

// roomOf finds the longest room that a package lies in.
func roomOf(pkg string) string {
	for p := pkg; p != ""; p, _, _ = cutLast(p) {
		if _, ok := rooms[p]; ok {
			return p
		}
	}
	return ""
}

func cutLast(p string) (before, after string, found bool) {
	i := strings.LastIndexByte(p, '/')
	if i < 0 {
		return "", p, false
	}
	return p[:i], p[i+1:], true
}

func TestImportsPointInward(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(fields[0], module)
		if strings.HasPrefix(pkg, "cmd/") {
			continue // main sees everything
		}
		room := roomOf(pkg)
		if room == "" {
			t.Errorf("%s stands in no room: add it to the table", pkg)
			continue
		}
		for _, imp := range fields[1:] {
			if strings.HasPrefix(imp, "github.com/samply/golang-fhir-models") {
				t.Errorf("%s imports the typed models: what passes through them is never stored or returned (design 4)", pkg)
			}
			to, ours := strings.CutPrefix(imp, module)
			if !ours {
				continue
			}
			target := roomOf(to)
			if target != room && !slices.Contains(rooms[room], target) {
				t.Errorf("%s imports %s: room %s may not import room %s", pkg, to, room, target)
			}
		}
	}
}

// The generic path treats every resource type alike: it may name only the
// types that the protocol itself is made of.
func TestGenericPathNamesNoType(t *testing.T) {
	allowed := []string{"Bundle", "OperationOutcome", "CapabilityStatement", "AuditEvent", "Parameters", "Binary"}
	for _, hit := range quotedTypes(t, "rest", "store") {
		if !slices.Contains(allowed, hit.name) {
			t.Errorf("%s: names the resource type %q", hit.at, hit.name)
		}
	}
}
