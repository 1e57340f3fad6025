package profiles

import (
	"strings"
	"sync"

	"github.com/jamii-health/jamii/fhir"
)

// definitions are our StructureDefinitions by url, read when first asked for.
var definitions = sync.OnceValue(func() map[string]*fhir.Node {
	out := map[string]*fhir.Node{}
	for _, n := range Resources() {
		if n.ResourceType() == "StructureDefinition" {
			out[n.Get("url").String()] = n
		}
	}
	return out
})

// Definition finds one of our StructureDefinitions by its canonical, nil when
// it is none of ours. The node must not be changed.
//
// https://hl7.org/fhir/R4/profiling.html
func Definition(canonical string) *fhir.Node {
	url, version, _ := strings.Cut(canonical, "|")
	n := definitions()[url]
	if n != nil && version != "" && n.Get("version").String() != version {
		return nil
	}
	return n
}
