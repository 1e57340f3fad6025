package validate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// sample is a value of each primitive.
var sample = map[string]fhir.Node{
	"boolean": fhir.Bool(true), "integer": fhir.Num("1"), "unsignedInt": fhir.Num("1"), "positiveInt": fhir.Num("1"), "decimal": fhir.Num("1.5"),
	"date": fhir.Str("2024-02-29"), "dateTime": fhir.Str("2024-02-29"), "instant": fhir.Str("2024-02-29T10:00:00Z"), "time": fhir.Str("10:00:00"),
	"string": fhir.Str("text"), "markdown": fhir.Str("text"), "code": fhir.Str("code"), "id": fhir.Str("id"), "uri": fhir.Str("http://example.org/x"),
	"url": fhir.Str("http://example.org/x"), "canonical": fhir.Str("http://example.org/x"), "oid": fhir.Str("urn:oid:1.2"),
	"uuid": fhir.Str("urn:uuid:7c4a1d3e-0000-4000-8000-000000000001"), "base64Binary": fhir.Str("AAAA"),
	"xhtml": fhir.Str(`<div xmlns="http://www.w3.org/1999/xhtml">x</div>`),
}

// instance makes a value of a type that has every element, each twice where it
// repeats; choices take the type that pick chooses. Below depth only what is
// required is made.
func instance(typ string, depth, pick int) fhir.Node {
	if n, ok := sample[typ]; ok {
		return n
	}
	if typ == "Resource" {
		typ = "Basic"
	}
	def, ok := definition.Lookup(typ)
	if !ok {
		panic("no type " + typ)
	}
	out := fhir.Obj()
	if def.Kind == definition.Resource {
		out = fhir.Obj(fhir.Str(typ).As("resourceType"))
	}
	for i := range def.Elements {
		e := &def.Elements[i]
		ref := &e.Types[pick%len(e.Types)]
		if e.Max == 0 || (depth <= 0 && e.Min == 0 && sample[ref.Code].Kind == fhir.KindNone) || (e.Name == "extension" && depth < 3) {
			continue
		}
		n := instance(ref.Code, depth-1, pick)
		if e.Binding != nil {
			if codes, ok := definition.ValueSet(e.Binding.ValueSet); ok && ref.Code == "code" {
				n = fhir.Str(codes[pick%len(codes)].Code)
			}
		}
		switch {
		case typ == "Reference" && e.Name == "reference":
			n = fhir.Str("http://example.org/x/y")
		case typ == "Reference" && e.Name == "type":
			continue
		}
		if e.Repeats() {
			n = fhir.Arr(n, *n.Clone())
		}
		out.Set(jsonName(e, ref), n)
	}
	return out
}

// recorder notes the constraints that could not be evaluated.
type recorder struct {
	inner  Invariants
	faults map[string]string
	seen   map[string]bool
}

func (r *recorder) Holds(f Focus, inv definition.Invariant) (bool, error) {
	ok, err := r.inner.Holds(f, inv)
	r.seen[inv.Key] = true
	if err != nil {
		r.faults[inv.Key] = fmt.Sprintf("on %s: %v: %s", f.Type, err, inv.Expression)
	}
	return ok, err
}

// Every constraint of R4 must give an answer on a resource of the right shape:
// one that does not run would refuse good resources.
func TestEveryInvariantRuns(t *testing.T) {
	r := &recorder{inner: fhirPath{}, faults: map[string]string{}, seen: map[string]bool{}}
	for _, name := range definition.Resources() {
		for pick := range 3 {
			n := instance(name, 4, pick)
			for _, i := range Resource(&n, Options{Invariants: r, Limit: 10000}) {
				if strings.HasPrefix(i.Rule, "json-") || i.Rule == ruleUnknown || i.Rule == ruleCardinality || i.Rule == ruleFormat || i.Rule == ruleChoice {
					t.Errorf("the instance of %s has the wrong shape: %+v", name, i)
				}
			}
		}
	}
	rare := fhir.Obj(fhir.Str("Basic").As("resourceType"), fhir.Obj().As("code")) // types that stand in extensions only
	rare.Set("extension", fhir.Arr(fhir.Obj(instance("Count", 1, 0).As("valueCount")), fhir.Obj(instance("Distance", 1, 0).As("valueDistance"))))
	Resource(&rare, Options{Invariants: r})
	for key, fault := range r.faults {
		t.Errorf("%s %s", key, fault)
	}
	done := map[string]bool{}
	for _, name := range definition.Resources() {
		eachType(name, done, func(def *definition.Type) {
			for _, inv := range def.Invariants {
				if _, native := natives[inv.Key]; !native && !r.seen[inv.Key] {
					t.Errorf("%s of %s was never run", inv.Key, def.Name)
				}
			}
		})
	}
}
