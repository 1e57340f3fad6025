package validate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/fhirpath"
)

// Every invariant of R4 compiles.
func TestEveryInvariantCompiles(t *testing.T) {
	count, done := 0, map[string]bool{}
	for _, name := range definition.Resources() {
		eachType(name, done, func(def *definition.Type) {
			list := def.Invariants
			for i := range def.Elements {
				list = append(list[:len(list):len(list)], def.Elements[i].Invariants...)
			}
			for _, inv := range list {
				count++
				if _, err := fhirpath.Cached(inv.Expression); err != nil {
					t.Errorf("%s of %s: %v", inv.Key, def.Name, err)
				}
			}
		})
	}
	if count < 800 {
		t.Errorf("only %d invariants seen", count)
	}
}

func eachType(name string, done map[string]bool, visit func(*definition.Type)) {
	def, ok := definition.Lookup(name)
	if !ok || done[name] {
		return
	}
	done[name] = true
	visit(def)
	for _, e := range def.Elements {
		for _, ref := range e.Types {
			eachType(ref.Code, done, visit)
		}
	}
}

// The rules written in Go say what HL7's expressions say.
func TestNativesAgreeWithFHIRPath(t *testing.T) {
	// Where they are meant to differ.
	apart := map[string]string{
		"dom-3": "counts any string that is #id as a reference; the expression trips over elements that are no single item",
		"dom-6": "asks no narrative of a contained resource",
	}
	compared := map[string]int{}
	for _, text := range agreement(t) {
		n, err := fhir.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		w := walker{root: n, resource: n}
		eachValue(n, n.ResourceType(), func(x *fhir.Node, s *shape) {
			if apart["dom-3"] != "" && s.def.Kind == definition.Resource && x != n {
				return // the walker knows its own resource only
			}
			for _, inv := range s.rules.native {
				if apart[inv.Key] != "" {
					continue
				}
				want, err := fhirPath{}.Holds(Focus{Node: x, Type: s.def.Name, Resource: n, Root: n}, inv.Invariant)
				if err != nil {
					t.Errorf("%s on %s: %v", inv.Key, s.def.Name, err)
					continue
				}
				compared[inv.Key]++
				if got := inv.holds(&w, x); got != want {
					t.Errorf("%s on %s: %v, FHIRPath says %v: %s", inv.Key, s.def.Name, got, want, x.JSON())
				}
			}
		})
	}
	for key, holds := range natives {
		if holds != nil && compared[key] == 0 && apart[key] == "" && key != "sqty-1" {
			t.Errorf("%s was never compared", key)
		}
	}
}

// agreement has resources that keep and break the rules, and the published
// examples where they are present.
func agreement(t *testing.T) []string {
	t.Helper()
	out := []string{
		`{"resourceType":"Patient","contained":[{"resourceType":"Basic","id":"b","meta":{"versionId":"1","security":[{"code":"x"}]},"contained":[{"resourceType":"Basic"}]}],
			"managingOrganization":{"reference":"#b"},"generalPractitioner":[{"reference":"#c"},{"display":"x"},{"reference":"Practitioner/1"}],
			"extension":[{"url":"a"},{"url":"b","valueString":"x","extension":[{"url":"c","_valueString":{"id":"x"}}]},{"id":"x","url":"d","valuePeriod":{"start":"2024-02","end":"2024-01"}}],
			"telecom":[{"value":"1"},{"system":"phone"},{"_value":{"id":"x"}},{"id":"x"},{"period":{"start":"2024","end":"2024-01-01"}},
				{"period":{"start":"2024-01-02","end":"2024-01-01"}},{"period":{"start":"2024-01-01T10:00:00Z","end":"2024-01-01T10:00:00+01:00"}},{"period":{"start":"2024"}},{}],
			"photo":[{"data":"AAAA"},{"data":"AAAA","contentType":"x/y"}]}`,
		`{"resourceType":"Observation","valueQuantity":{"code":"kg"},"component":[{"valueQuantity":{"code":"kg","system":"http://unitsofmeasure.org"}},
			{"valueRatio":{"numerator":{"value":1}}},{"valueRatio":{"extension":[{"url":"a","valueCode":"x"}]}},{"valueRatio":{"numerator":{"value":1},"denominator":{"value":1}}},{"valueRatio":{"id":"x"}}]}`,
		`{"resourceType":"CodeSystem","concept":[{"code":"a","concept":[{"code":"b"},{"display":"no code"}]},{"display":"no code"},{"code":"c"}]}`,
		`{"resourceType":"CodeSystem","concept":[{"code":"a"},{"code":"b"},{"code":"a"}]}`,
		`{"resourceType":"CodeSystem","concept":[{"code":"a","concept":[{"code":"b"}]},{"code":"c","concept":[{"code":"b"}]}]}`,
		`{"resourceType":"CodeSystem","concept":[{"code":"a","concept":[{"code":"b","concept":[{"code":"a"}]}]}]}`,
		`{"resourceType":"CodeSystem","status":"active"}`,
	}
	dir := filepath.Join("..", "..", "..", "shared", "fhir-test-cases", "examples")
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Log("no published examples beside the project")
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(data))
	}
	return out
}

// eachValue visits every object of a tree with the shape of its type.
func eachValue(n *fhir.Node, typ string, visit func(*fhir.Node, *shape)) {
	s := shapeOf(typ)
	visit(n, s)
	for i := range n.Nodes {
		c := s.children[strings.TrimPrefix(n.Nodes[i].Name, "_")]
		if c == nil || c.kind == definition.Primitive {
			continue
		}
		for _, x := range n.Nodes[i].Each() {
			switch {
			case x.Kind != fhir.KindObject:
			case c.kind != definition.Resource:
				eachValue(x, c.ref.Code, visit)
			case definition.IsResource(x.ResourceType()):
				eachValue(x, x.ResourceType(), visit)
			}
		}
	}
}
