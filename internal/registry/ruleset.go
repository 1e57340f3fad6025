package registry

import (
	"maps"
	"slices"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/claims/rules"
	"github.com/jamii-health/jamii/internal/date"
	"github.com/jamii-health/jamii/internal/scheme"
)

// ruleset is what use cases decide by: the schemes in force and the engine.
// It is replaced as a whole when a scheme is published.
type ruleset struct {
	packs  []*pack
	engine claims.Engine
	// known are the Organizations that the schemes publish, by "Type/id" and
	// by "system|value" of their identifiers: they are found without asking
	// the store.
	known map[string]string
}

// learn takes in the Organizations of a scheme.
func (s *ruleset) learn(published []*fhir.Node) {
	for _, n := range published {
		if n.ResourceType() != "Organization" {
			continue
		}
		ref := "Organization/" + n.Get("id").String()
		s.known[ref] = ref
		for _, id := range n.Get("identifier").Each() {
			if value := id.Get("value").String(); value != "" {
				s.known[id.Get("system").String()+"|"+value] = ref
			}
		}
	}
}

// organization finds a published Organization by literal or logical reference.
func (s *ruleset) organization(literal string, identifier *fhir.Node) (fhir.Resource, bool) {
	if s == nil {
		return fhir.Resource{}, false
	}
	ref, ok := s.known[literal]
	if !ok && literal == "" && identifier != nil {
		ref, ok = s.known[identifier.Get("system").String()+"|"+identifier.Get("value").String()]
	}
	return fhir.Resource{Type: "Organization", ID: refID(ref), Version: 1, Managed: true}, ok
}

// pack is a scheme with the logical ids under which it is published.
type pack struct {
	*scheme.Pack
	insurer    string            // "Organization/id"
	facilities map[string]string // "Organization/id" -> facility code
	plans      map[string]string // plan code -> "InsurancePlan/id"
}

func newPack(p *scheme.Pack, published []*fhir.Node) *pack {
	out := &pack{Pack: p, facilities: map[string]string{}, plans: map[string]string{}}
	for _, n := range published {
		ref := n.ResourceType() + "/" + n.Get("id").String()
		switch n.ResourceType() {
		case "Organization":
			if code := identifier(n, p.System("facility")); code != "" {
				out.facilities[ref] = code
			} else if out.insurer == "" {
				out.insurer = ref
			}
		case "InsurancePlan":
			if code := identifier(n, p.System("plan")); code != "" {
				out.plans[code] = ref
			}
		}
	}
	return out
}

// identifier returns the value that a resource has in an identifier system.
func identifier(n *fhir.Node, system string) string {
	if system == "" {
		return ""
	}
	for _, id := range n.Get("identifier").Each() {
		if id.Get("system").String() == system {
			return id.Get("value").String()
		}
	}
	return ""
}

// SetSchemes replaces the schemes that decide. published holds, for each, the
// resources that Pack.Resources made.
func (r *Registry) SetSchemes(packs []*scheme.Pack, published [][]*fhir.Node) {
	set := &ruleset{engine: claims.Engine{Rules: rules.All()}, known: map[string]string{}}
	for i, p := range packs {
		set.learn(published[i])
		set.packs = append(set.packs, newPack(p, published[i]))
	}
	r.scheme.Store(set)
}

// rules returns the schemes in force; without any, nothing can be decided.
func (r *Registry) rules() (*ruleset, error) {
	if s := r.scheme.Load(); s != nil && len(s.packs) > 0 {
		return s, nil
	}
	return nil, &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueNotSupported, Text: "No scheme is loaded on this server, so nothing can be decided. Start it with --scheme DIR."}
}

// byInsurer returns the scheme of an insurer's Organization, or nil.
func (s *ruleset) byInsurer(ref string) *pack {
	for _, p := range s.packs {
		if p.insurer == ref {
			return p
		}
	}
	return nil
}

// byName returns a scheme by its name, or nil.
func (s *ruleset) byName(name string) *pack {
	for _, p := range s.packs {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// today is the day in the scheme's time zone.
func (p *pack) today(now time.Time) date.Date { return date.Of(now.In(p.Zone())) }

// SchemeSystem is an identifier or code system of a scheme in force.
type SchemeSystem struct{ Scheme, Use, URI string }

// Systems lists the systems of the schemes in force, for /metadata (wire.md 2).
func (r *Registry) Systems() []SchemeSystem {
	set := r.scheme.Load()
	if set == nil {
		return nil
	}
	var out []SchemeSystem
	for _, p := range set.packs {
		for _, use := range slices.Sorted(maps.Keys(p.Pack.Systems)) {
			out = append(out, SchemeSystem{p.Name, use, p.Pack.Systems[use]})
		}
	}
	return out
}
