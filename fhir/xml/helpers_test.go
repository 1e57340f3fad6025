package xml_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/xml"
)

// shared finds the data that lies beside the project, "" when it does not.
func shared(t testing.TB, parts ...string) string {
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
	path := filepath.Join(append([]string{dir, "..", "shared"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Logf("../shared is not here: %v", err)
		return ""
	}
	return path
}

func glob(t testing.TB, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	return files
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func fromJSON(t testing.TB, data []byte) *fhir.Node {
	t.Helper()
	n, err := fhir.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func fromXML(t testing.TB, data []byte) *fhir.Node {
	t.Helper()
	n, err := xml.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func toXML(t testing.TB, n *fhir.Node) []byte {
	t.Helper()
	out, err := xml.Append(nil, n)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// canonical is the JSON of a tree with the members of objects sorted, so that
// trees are equal when they mean the same; the order of arrays and the text of
// values count. Nulls at the end of an array are padding.
func canonical(n *fhir.Node) string {
	c := n.Clone()
	sortMembers(c)
	return string(c.JSON())
}

func sortMembers(n *fhir.Node) {
	for i := range n.Nodes {
		sortMembers(&n.Nodes[i])
	}
	switch n.Kind {
	case fhir.KindArray:
		for len(n.Nodes) > 0 && n.Nodes[len(n.Nodes)-1].Kind == fhir.KindNull {
			n.Nodes = n.Nodes[:len(n.Nodes)-1]
		}
	case fhir.KindObject:
		n.Nodes = slices.DeleteFunc(n.Nodes, func(m fhir.Node) bool { return m.Kind == fhir.KindArray && len(m.Nodes) == 0 })
		slices.SortStableFunc(n.Nodes, func(a, b fhir.Node) int { return strings.Compare(a.Name, b.Name) })
	}
}

func asError(t *testing.T, err error) *fhir.Error {
	t.Helper()
	var fe *fhir.Error
	if !errors.As(err, &fe) {
		t.Fatalf("want a *fhir.Error, got %v", err)
	}
	return fe
}
