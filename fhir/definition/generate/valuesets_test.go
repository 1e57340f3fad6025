package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree is a code system with two roots, a grandchild, and a child named by
// property only.
const tree = `{"resourceType":"CodeSystem","url":"s","content":"complete","concept":[
	{"code":"a","concept":[{"code":"b","concept":[{"code":"c"}]}]},
	{"code":"d","property":[{"code":"child","valueCode":"c"}]}]}`

func TestExpand(t *testing.T) {
	tests := []struct {
		name, compose string
		want          []string
		refused       string
	}{
		{"unknown system", `{"include":[{"system":"x"}]}`, nil, "not among the files"},
		{"unknown set", `{"include":[{"valueSet":["x"]}]}`, nil, "not among the files"},
		{"fragment", `{"include":[{"system":"f"}]}`, nil, "not among the files"},
		{"other filter", `{"include":[{"system":"s","filter":[{"property":"concept","op":"regex","value":"a"}]}]}`, nil, "not computed"},
		{"other property", `{"include":[{"system":"s","filter":[{"property":"status","op":"=","value":"a"}]}]}`, nil, "not computed"},
		{"itself", `{"include":[{"valueSet":["set"]}]}`, nil, "includes itself"},
		{"nothing left", `{"include":[{"system":"s"}],"exclude":[{"system":"s"}]}`, nil, "no codes"},
		{"bad exclude", `{"include":[{"system":"s"}],"exclude":[{"system":"x"}]}`, nil, "not among the files"},
		{"all of a system", `{"include":[{"system":"s"}]}`, []string{"a", "b", "c", "d"}, ""},
		{"a list of an unknown system", `{"include":[{"system":"x","concept":[{"code":"z"}]}]}`, []string{"z"}, ""},
		{"is-a", `{"include":[{"system":"s","filter":[{"property":"concept","op":"is-a","value":"b"}]}]}`, []string{"b", "c"}, ""},
		{"is-a by property", `{"include":[{"system":"s","filter":[{"property":"concept","op":"is-a","value":"d"}]}]}`, []string{"c", "d"}, ""},
		{"descendent-of", `{"include":[{"system":"s","filter":[{"property":"concept","op":"descendent-of","value":"a"}]}]}`, []string{"b", "c"}, ""},
		{"is-not-a", `{"include":[{"system":"s","filter":[{"property":"concept","op":"is-not-a","value":"b"}]}]}`, []string{"a", "d"}, ""},
		{"exclude", `{"include":[{"system":"s"}],"exclude":[{"system":"s","concept":[{"code":"a"}]}]}`, []string{"b", "c", "d"}, ""},
		{"set and system in common", `{"include":[{"system":"s","valueSet":["bc|1"]}]}`, []string{"b", "c"}, ""},
		{"two sets in common", `{"include":[{"valueSet":["bc","cd"]}]}`, []string{"c"}, ""},
		{"two includes together", `{"include":[{"valueSet":["bc"]},{"valueSet":["cd"]}]}`, []string{"b", "c", "d"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := &source{sets: map[string]set{}, systems: map[string]system{}}
			for _, raw := range []string{
				tree, `{"resourceType":"CodeSystem","url":"f","content":"fragment","concept":[{"code":"a"}]}`,
				`{"resourceType":"ValueSet","url":"bc","compose":{"include":[{"system":"s","concept":[{"code":"b"},{"code":"c"}]}]}}`,
				`{"resourceType":"ValueSet","url":"cd","compose":{"include":[{"system":"s","concept":[{"code":"c"},{"code":"d"}]}]}}`,
				`{"resourceType":"ValueSet","url":"set","compose":` + tt.compose + `}`,
			} {
				if err := src.add(json.RawMessage(raw)); err != nil {
					t.Fatal(err)
				}
			}
			codes, err := expand(src, "set", nil)
			if tt.refused != "" {
				if err == nil || !strings.Contains(err.Error(), tt.refused) {
					t.Fatalf("want %q, got %v and %v", tt.refused, codes, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := map[coding]bool{}
			for _, code := range tt.want {
				system := "s"
				if code == "z" {
					system = "x"
				}
				want[coding{system, code}] = true
			}
			if diff := cmp.Diff(want, codes, cmp.AllowUnexported(coding{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTargets(t *testing.T) {
	tests := []struct {
		name string
		in   []string
		want []string
	}{
		{"any", []string{hl7 + "Resource"}, nil},
		{"not HL7's", []string{"https://example.org/Bot", hl7 + "Patient"}, []string{"Patient"}},
		{"two", []string{hl7 + "Group", hl7 + "Patient"}, []string{"Group", "Patient"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, targets(tt.in)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestCurrencies(t *testing.T) {
	n := len(currencies().Concept)
	if n < 170 || n > 400 {
		t.Errorf("%d currencies", n)
	}
}
