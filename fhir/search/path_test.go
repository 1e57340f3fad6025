package search

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// sharedFiles finds test data beside the project; nil when it is not there.
func sharedFiles(t testing.TB, pattern string) []string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	files, err := filepath.Glob(filepath.Join(dir, "..", "shared", pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Logf("no shared files %s: nothing to compare", pattern)
	}
	return files
}

// examples parses HL7's examples and the records of one synthetic person.
func examples(t testing.TB) []*fhir.Node {
	t.Helper()
	var out []*fhir.Node
	for _, f := range append(sharedFiles(t, "fhir-test-cases/examples/*.json"), sharedFiles(t, "synthea/Yi.json")...) {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		n, err := fhir.ParseObject(data)
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		out = append(out, n)
		for _, e := range n.Get("entry").Each() {
			if r := e.Get("resource"); r != nil {
				out = append(out, r)
			}
		}
	}
	return out
}

func TestArms(t *testing.T) {
	tests := []struct {
		name, expression, typ string
		want                  []string
	}{
		{"nothing for the type", "Patient.name | Person.name", "Group", nil},
		{"only its own", "Patient.name | Person.name", "Person", []string{"Person.name"}},
		{"in brackets", "(Patient.x as string) | (Group.x as string)", "Group", []string{"(Group.x as string)"}},
		{"a union inside brackets is no arm", "(Group.a | Group.b).c", "Group", []string{"(Group.a | Group.b).c"}},
		{"a bar in a literal", "Group.a.where(b='|') | Group.c", "Group", []string{"Group.a.where(b='|')", "Group.c"}},
		{"for all types", "Resource.meta.tag", "Group", []string{"Resource.meta.tag"}},
		{"without a type", "meta.tag", "Group", []string{"meta.tag"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, arms(tt.expression, tt.typ)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What is no plain path goes to fhirpath; taking it for one would change its
// meaning.
func TestParsePath(t *testing.T) {
	bad := []string{
		"", ".", "a.", "a..b", "a.where()", "a.where(b)", "a.where(b='x", "a.where(b='x' and c='y')", "a.where(b!='x')",
		"a.where(b='it\\'s')", "a.first()", "a[1]", "a.exists() and b", "a | b", "(a", "(a))", "a as", "a.as()", "a + b", "a.b = 'x'",
		"a.resolve()", "a.where(resolve() is)", "%context.a", "a.ofType(FHIR.string)", "a.extension('x')",
	}
	for _, arm := range bad {
		if p, ok := parsePath(arm); ok {
			t.Errorf("%q is taken for the plain path %+v", arm, p)
		}
	}
	good := map[string]path{
		"Patient.name":                    {steps: []step{{name: "Patient"}, {name: "name"}}},
		"(Observation.value as Quantity)": {steps: []step{{name: "Observation"}, {name: "value", as: "Quantity"}}},
		"(a.b as X).text":                 {steps: []step{{name: "a"}, {name: "b", as: "X"}, {name: "text"}}},
		"a.as(X)":                         {steps: []step{{name: "a", as: "X"}}},
		"a.ofType(X).b":                   {steps: []step{{name: "a", as: "X"}, {name: "b"}}},
		"a.where(system = 'phone')":       {steps: []step{{name: "a", filters: []filter{{member: "system", literal: "phone"}}}}},
		"a.where(resolve() is Patient)":   {steps: []step{{name: "a", filters: []filter{{resolves: "Patient"}}}}},
		"Bundle.entry[0].resource":        {steps: []step{{name: "Bundle"}, {name: "entry", first: true}, {name: "resource"}}},
		"%resource.a.b":                   {fromResource: true, steps: []step{{name: "a"}, {name: "b"}}},
	}
	for arm, want := range good {
		got, ok := parsePath(arm)
		if !ok {
			t.Errorf("%q is not taken for a plain path", arm)
			continue
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(path{}, step{}, filter{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", arm, diff)
		}
	}
}

// Which expressions of R4 need fhirpath. More would cost speed; the list is
// here so that nobody is surprised.
func TestPlainPathsOfR4(t *testing.T) {
	var complex []string
	for _, typ := range definition.Resources() {
		for _, p := range definition.SearchParams(typ) {
			if kinds[p.Type] == 0 {
				continue
			}
			for _, arm := range arms(p.Expression, typ) {
				if _, ok := compilePath(arm, typ, typ); !ok {
					complex = append(complex, arm)
				}
			}
		}
	}
	want := []string{"Patient.deceased.exists() and Patient.deceased != false"}
	if diff := cmp.Diff(want, complex); diff != "" {
		t.Errorf("expressions for fhirpath (-want +got):\n%s", diff)
	}
}

// A walk must find what FHIRPath finds: the same nodes in the same order, of
// the same types, for every parameter of R4 over every example.
func TestWalkAgreesWithFHIRPath(t *testing.T) {
	compared := 0
	for _, n := range examples(t) {
		typ := n.ResourceType()
		focus := element{node: n, typ: typ}
		for _, p := range definition.SearchParams(typ) {
			for _, arm := range arms(p.Expression, typ) {
				w, ok := compilePath(arm, typ, typ)
				if !ok {
					continue
				}
				e, err := compileExpression(arm)
				if err != nil {
					t.Fatalf("%s: %v", arm, err)
				}
				walked, asked := found(t, w, n, focus), found(t, e, n, focus)
				if strings.Join(walked, "\n") != strings.Join(asked, "\n") {
					t.Errorf("%s on %s/%s (-fhirpath +walk):\n%s", arm, typ, n.Get("id"), cmp.Diff(asked, walked))
				}
				compared += len(walked)
			}
		}
	}
	t.Logf("%d elements compared", compared)
}

func found(t *testing.T, p program, root *fhir.Node, focus element) []string {
	t.Helper()
	var out []string
	if err := p.run(root, focus, func(e element) { out = append(out, e.typ+" "+string(e.node.JSON())) }); err != nil {
		t.Fatal(err)
	}
	return out
}
