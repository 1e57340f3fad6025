package internal_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir/definition"
)

type quoted struct{ at, name string }

// quotedTypes finds string literals that are resource types in the product
// code of rooms, but for the operations, which are about a type each.
func quotedTypes(t *testing.T, rooms ...string) (hits []quoted) {
	t.Helper()
	for _, room := range rooms {
		err := filepath.WalkDir(room, func(path string, d fs.DirEntry, err error) error {
			base := filepath.Base(path)
			if err != nil || d.IsDir() || !strings.HasSuffix(base, ".go") || strings.HasSuffix(base, "_test.go") ||
				strings.Contains(path, "storetest") || strings.HasPrefix(base, "op_") || base == "operations.go" {
				return err
			}
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(f, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					return true
				}
				text, err := strconv.Unquote(lit.Value)
				if err == nil && definition.IsResource(text) {
					hits = append(hits, quoted{fmt.Sprint(set.Position(lit.Pos())), text})
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return hits
}
