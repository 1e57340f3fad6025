package main

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/profiles"
)

// readDemand reads the value of the key profiles.demand: by type of resource,
// the canonicals of the profiles that all that is written must conform to.
func readDemand(value any) (map[string][]string, error) {
	m, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("write the types of resource, each with a list of profiles")
	}
	out := make(map[string][]string, len(m))
	for _, typ := range slices.Sorted(maps.Keys(m)) {
		if !definition.IsResource(typ) {
			return nil, fmt.Errorf("there is no resource type %s in FHIR R4", typ)
		}
		list, ok := textList(m[typ])
		if !ok {
			return nil, fmt.Errorf("%s: write a list of profiles, such as [%s/StructureDefinition/jamii-claim]", typ, fhir.Base)
		}
		for _, canonical := range list {
			if err := checkDemand(typ, canonical); err != nil {
				return nil, fmt.Errorf("%s: %w", typ, err)
			}
		}
		out[typ] = list
	}
	return out, nil
}

// checkDemand checks the canonical of a profile. One that is not ours may be
// stored later.
func checkDemand(typ, canonical string) error {
	if u, err := url.Parse(canonical); err != nil || u.Scheme == "" {
		return fmt.Errorf("%s is no canonical: write the whole url of the profile", canonical)
	}
	n := profiles.Definition(canonical)
	switch {
	case n == nil && strings.HasPrefix(canonical, fhir.Base+"/"):
		return fmt.Errorf("there is no profile %s", canonical)
	case n != nil && n.Get("type").String() != typ:
		return fmt.Errorf("the profile %s is for %s", canonical, n.Get("type").String())
	}
	return nil
}

// list checks the origins. An empty list is none, which is not the same as
// nil.
func (f corsFlags) list() ([]string, error) {
	for _, origin := range f.Origins {
		u, err := url.Parse(origin)
		if origin != "*" && (err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != origin) {
			return nil, fmt.Errorf("--cors-origins: %s is no origin: write it as https://app.example.org, without a path", origin)
		}
	}
	return append([]string{}, f.Origins...), nil
}
