package fhirpath

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// examples are the example resources of R4 by file name.
func examples(t testing.TB) map[string]*fhir.Node {
	t.Helper()
	dir := sharedDir(t, "fhir-test-cases", "examples")
	if dir == "" {
		return nil
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*fhir.Node{}
	for _, f := range files {
		out[f.Name()] = readResource(t, filepath.Join(dir, f.Name()))
	}
	return out
}

// Every search parameter of R4 compiles, and evaluates on every example.
func TestSearchParameters(t *testing.T) {
	count, found := 0, 0
	byType := map[string][]*fhir.Node{}
	for _, n := range examples(t) {
		byType[n.ResourceType()] = append(byType[n.ResourceType()], n)
	}
	for _, typ := range definition.Resources() {
		for _, sp := range definition.SearchParams(typ) {
			count++
			if sp.Expression == "" {
				continue
			}
			e, err := Cached(sp.Expression)
			if err != nil {
				t.Errorf("%s %s: %v\n  %s", typ, sp.Code, err, sp.Expression)
				continue
			}
			for _, n := range append(byType[typ], &fhir.Node{Kind: fhir.KindObject, Nodes: []fhir.Node{fhir.Str(typ).As("resourceType")}}) {
				got, err := e.Eval(&Options{Resolve: TypeOnly}, Resource(n))
				if err != nil {
					t.Errorf("%s %s: %v\n  %s", typ, sp.Code, err, sp.Expression)
				}
				found += len(got)
			}
			for _, c := range sp.Components {
				if _, err := Cached(c.Expression); err != nil {
					t.Errorf("%s %s: %v\n  %s", typ, sp.Code, err, c.Expression)
				}
			}
		}
	}
	if count < 1000 {
		t.Errorf("only %d search parameters", count)
	}
	t.Logf("%d search parameters, %d values found", count, found)
}

// Every invariant of R4 compiles.
func TestInvariantsCompile(t *testing.T) {
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		def, ok := definition.Lookup(name)
		if !ok || seen[name] {
			return
		}
		seen[name] = true
		compileInvariants(t, def.Invariants)
		for i := range def.Elements {
			compileInvariants(t, def.Elements[i].Invariants)
			for _, typ := range def.Elements[i].Types {
				visit(typ.Code)
			}
		}
	}
	for _, typ := range definition.Resources() {
		visit(typ)
	}
	if len(seen) < 500 {
		t.Errorf("only %d types", len(seen))
	}
}

func compileInvariants(t *testing.T, list []definition.Invariant) {
	t.Helper()
	for _, inv := range list {
		if _, err := Cached(inv.Expression); err != nil {
			t.Errorf("%s: %v\n  %s", inv.Key, err, inv.Expression)
		}
	}
}

// checker evaluates every invariant on every element of a resource.
type checker struct {
	opts  Options
	fails func(inv definition.Invariant, e Element, err error)
	count int
}

func (c *checker) all(e Element, list []definition.Invariant) {
	for _, inv := range list {
		x, err := Cached(inv.Expression)
		if err != nil {
			continue // another test reports it
		}
		c.count++
		holds, err := x.Holds(&c.opts, e)
		if err != nil || !holds {
			c.fails(inv, e, err)
		}
	}
}

// walk goes through an element; list are the invariants where it is used.
func (c *checker) walk(e Element, list []definition.Invariant) {
	if e.typ.isResource() && e.node != c.opts.Resource {
		outer := c.opts.Resource
		c.opts.Resource = e.node
		defer func() { c.opts.Resource = outer }()
	}
	c.all(e, list)
	e.typ.load()
	if e.typ.def == nil {
		return
	}
	c.all(e, e.typ.def.Invariants)
	for i := range e.typ.def.Elements {
		el := &e.typ.def.Elements[i]
		for _, x := range members(nil, e, el.Name) {
			c.walk(x, el.Invariants)
		}
	}
}

// broken are the examples that break a rule, as their authors know.
var broken = map[string]string{
	"codesystem-example.json": "csd-1", // holds chol-mass twice
}

// All examples of R4 hold the invariants of severity error.
func TestInvariantsOfExamples(t *testing.T) {
	count := 0
	for name, n := range examples(t) {
		c := checker{opts: Options{Resource: n, RootResource: n, Now: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)}}
		c.fails = func(inv definition.Invariant, e Element, err error) {
			switch {
			case err != nil:
				t.Errorf("%s: %s at %s: %v\n  %s", name, inv.Key, e.Path(n), err, inv.Expression)
			case inv.Severity == "error" && broken[name] != inv.Key:
				t.Errorf("%s: %s does not hold at %s\n  %s", name, inv.Key, e.Path(n), inv.Expression)
			}
		}
		c.walk(Resource(n), nil)
		count += c.count
	}
	t.Logf("%d invariants evaluated", count)
}
