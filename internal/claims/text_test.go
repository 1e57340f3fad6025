package claims_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
)

func TestText(t *testing.T) {
	m := claims.Message{Key: "category-ceiling", Args: map[string]string{"category": "S", "left": "10.00", "amount": "5.00"}}
	swahili := map[string]string{"category-ceiling": "{amount} kati ya {left}: {category}", "category-S": "upasuaji"}
	tests := []struct {
		m     claims.Message
		texts map[string]string
		want  string
	}{
		{claims.Message{Key: "unheard-of"}, nil, "unheard-of"},
		{m, nil, "A claim for surgery had 10.00 left of its ceiling: 5.00 is above it."},
		{m, swahili, "5.00 kati ya 10.00: upasuaji"},
		{claims.Message{Key: "review-refused"}, swahili, "A reviewer refused this line."},
	}
	for _, tt := range tests {
		if got := tt.m.Text(tt.texts); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
	claims.Texts()["review-refused"] = "spoilt"
	if got := (claims.Message{Key: "review-refused"}).Text(nil); got != "A reviewer refused this line." {
		t.Errorf("a caller changed our texts: %q", got)
	}
}

var placeholder = regexp.MustCompile(`\{(\w+)\}`)

// TestEveryMessageHasItsSentence reads the calls that make messages, and
// wants a sentence for each key that asks for no argument the call lacks.
func TestEveryMessageHasItsSentence(t *testing.T) {
	texts, seen := claims.Texts(), map[string]bool{}
	for key, sentence := range texts {
		if len(sentence) > 140 || sentence == "" {
			t.Errorf("%s is %d letters long", key, len(sentence))
		}
		if !strings.HasPrefix(key, "category-") && !strings.HasSuffix(sentence, ".") {
			t.Errorf("%s is not a sentence: %q", key, sentence)
		}
	}
	inspect(t, func(key string, args map[string]bool) {
		for _, reach := range []string{"treatment", "insuree", "policy"} {
			name := key
			if strings.HasSuffix(key, "-") {
				name += reach
			}
			seen[name] = true
			sentence, ok := texts[name]
			if !ok {
				t.Errorf("%s has no sentence", name)
			}
			for _, m := range placeholder.FindAllStringSubmatch(sentence, -1) {
				if args != nil && !args[m[1]] {
					t.Errorf("%s asks for {%s}, which is not given", name, m[1])
				}
			}
		}
	})
	for key := range texts {
		if !seen[key] && !(strings.HasPrefix(key, "category-") && len(key) == len("category-X")) {
			t.Errorf("%s is never said", key)
		}
	}
}

// inspect calls visit with the key and argument names of every message made in
// the sources of the engine and its rules; names are nil when they are not
// written at the call.
func inspect(t *testing.T, visit func(key string, args map[string]bool)) {
	t.Helper()
	var files []string
	for _, pattern := range []string{"*.go", "rules/*.go"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if key, args, ok := call(n); ok {
					visit(key, args)
				}
			case *ast.KeyValueExpr: // Message{Key: "..."}
				if id, ok := n.Key.(*ast.Ident); ok && id.Name == "Key" {
					if key, ok := literal(n.Value); ok {
						visit(key, map[string]bool{})
					}
				}
			}
			return true
		})
	}
}

func call(n *ast.CallExpr) (string, map[string]bool, bool) {
	name := ""
	switch fun := n.Fun.(type) {
	case *ast.Ident:
		name = fun.Name
	case *ast.SelectorExpr:
		name = fun.Sel.Name
	}
	at := map[string]int{"Refuse": 0, "note": 0, "message": 0, "Cut": 1}
	first, ok := at[name]
	if !ok || len(n.Args) <= first {
		return "", nil, false
	}
	key, ok := literal(n.Args[first])
	if !ok {
		return "", nil, false
	}
	if n.Ellipsis.IsValid() {
		return key, nil, true
	}
	args := map[string]bool{}
	for i := first + 1; i < len(n.Args); i += 2 {
		if s, ok := literal(n.Args[i]); ok {
			args[s] = true
		}
	}
	return key, args, true
}

// literal is the text of a string, or of the left side of "text" + x.
func literal(e ast.Expr) (string, bool) {
	if sum, ok := e.(*ast.BinaryExpr); ok {
		e = sum.X
	}
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

// sameDay compares dates, whose field is hidden.
var sameDay = cmp.Comparer(func(a, b date.Date) bool { return a == b })

func TestEncode(t *testing.T) {
	if _, err := claims.Decode([]byte(`{"Engine":"1","Nonsense":1}`)); err == nil {
		t.Error("an unknown field was accepted")
	}
	f := five()
	f.Settings.Review.Above = d("1")
	f.Facility.ItemList = ""
	want := engine.Decide(f)
	data, err := claims.Encode(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := claims.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, sameDay); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	again, err := claims.Encode(got)
	if err != nil || string(again) != string(data) {
		t.Errorf("%v\n%s\n%s", err, data, again)
	}
}
