package patch_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir"
)

// sharedFile reads a file that lies beside the project, nil when it does not.
func sharedFile(t testing.TB, parts ...string) []byte {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the package")
		}
		dir = filepath.Dir(dir)
	}
	dir = filepath.Join(dir, "..", "shared")
	if _, err := os.Stat(dir); err != nil {
		t.Logf("../shared is not here: %v", err)
		return nil
	}
	data, err := os.ReadFile(filepath.Join(append([]string{dir}, parts...)...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func parse(t testing.TB, s string) *fhir.Node {
	t.Helper()
	n, err := fhir.Parse([]byte(s))
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return n
}

// sorted is the JSON of a tree with the members of objects in alphabetical
// order, which has no meaning.
func sorted(n *fhir.Node) string {
	c := n.Clone()
	c.Walk(func(n *fhir.Node) bool {
		if n.Kind == fhir.KindObject {
			slices.SortStableFunc(n.Nodes, func(a, b fhir.Node) int { return strings.Compare(a.Name, b.Name) })
		}
		return true
	})
	return string(c.JSON())
}

// wantFailure checks that a patch failed as it should, said so, and left the
// document alone.
func wantFailure(t *testing.T, err error, kind fhir.ErrorKind, text, before string, doc *fhir.Node) {
	t.Helper()
	var fe *fhir.Error
	if !errors.As(err, &fe) {
		t.Fatalf("want a *fhir.Error, got %v", err)
	}
	if fe.Kind != kind || !strings.Contains(fe.Text, text) {
		t.Errorf("kind %v, text %q; want kind %v with %q", fe.Kind, fe.Text, kind, text)
	}
	if strings.Contains(fe.Error(), "secret") {
		t.Errorf("the error shows a value: %s", fe.Error())
	}
	if after := string(doc.JSON()); after != before {
		t.Errorf("the document was changed to %s", after)
	}
}
