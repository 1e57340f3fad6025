package definition

import (
	"slices"
	"strings"
	"sync"

	"github.com/jamii-health/jamii/fhir/definition/internal/table"
)

type codes struct {
	list    []Code
	systems map[string][]string // code -> the systems it is in
}

var valueSets = sync.OnceValue(func() map[string]*lazy[codes] { return parts[codes](reader(valueSetSection)) })

func decodeCodes(r *table.Reader) *codes {
	out := &codes{systems: map[string][]string{}}
	for range r.Uint() {
		system := r.String()
		for range r.Uint() {
			c := Code{System: system, Code: r.String()}
			out.list = append(out.list, c)
			out.systems[c.Code] = append(out.systems[c.Code], system)
		}
	}
	return out
}

func findCodes(url string) (*codes, bool) {
	l, ok := valueSets()[url]
	if !ok {
		bare, _, _ := strings.Cut(url, "|")
		if l, ok = valueSets()[bare]; !ok {
			return nil, false
		}
	}
	return l.get(decodeCodes), true
}

func valueSet(url string) ([]Code, bool) {
	c, ok := findCodes(url)
	if !ok {
		return nil, false
	}
	return c.list, true
}

func contains(url, system, code string) (in, known bool) {
	c, ok := findCodes(url)
	if !ok {
		return false, false
	}
	systems, in := c.systems[code]
	return in && (system == "" || slices.Contains(systems, system)), true
}
