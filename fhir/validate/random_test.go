package validate_test

import (
	"math/rand/v2"
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/validate"
)

// Definitions put together from parts that make sense, in ways that may not:
// what does compile must run, and say the same twice.
func TestRandomDefinitions(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	cases := append(profileCases, sliceCases...)
	compiled := 0
	for range 400 {
		tt := cases[random.IntN(len(cases))]
		var elements []*fhir.Node
		for range 2 {
			from := cases[random.IntN(len(cases))]
			if from.typ != tt.typ {
				from = tt
			}
			for _, text := range from.elements {
				elements = append(elements, parsed(t, text))
			}
		}
		sd := parsed(t, differential(testURL, tt.typ, tt.typ))
		list := sd.Path("differential", "element")
		for _, e := range elements {
			disturb(random, e, elements)
			list.Nodes = append(list.Nodes, *e.Clone())
		}
		if random.IntN(3) == 0 {
			sd.Set("snapshot", fhir.Obj(list.As("element")))
		}
		set := validate.NewProfiles(func(string) (*fhir.Node, bool) { return sd, true })
		if set.Compile(sd) == nil {
			compiled++
		}
		n := parsed(t, tt.held[random.IntN(len(tt.held))].resource)
		opts := validate.Options{Registry: set, Profiles: []string{testURL}, Now: noon}
		if a, b := validate.Resource(n, opts), validate.Resource(n, opts); len(a) != len(b) {
			t.Fatalf("%d issues, then %d: %s", len(a), len(b), sd.JSON())
		}
	}
	if compiled < 40 {
		t.Errorf("only %d definitions compiled", compiled)
	}
}

// disturb takes a member away, or takes one from another element.
func disturb(random *rand.Rand, e *fhir.Node, others []*fhir.Node) {
	for range random.IntN(3) {
		other := others[random.IntN(len(others))]
		m := other.Nodes[random.IntN(len(other.Nodes))]
		switch random.IntN(3) {
		case 0:
			e.Remove(m.Name)
		case 1:
			e.Set(m.Name, *m.Clone())
		case 2:
			e.Set("contentReference", fhir.Str("#"+other.Get("path").String()))
		}
	}
	if len(e.Nodes) == 0 {
		e.Set("path", fhir.Str("Patient"))
	}
}
