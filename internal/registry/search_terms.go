package registry

import (
	"context"
	"errors"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/fhir/terminology"
)

// codeLists implements search.Terminology for the time of a request.
type codeLists struct {
	ctx context.Context
	r   *Registry
	c   Call
}

// Subsumed lists a code and what is below or above it in its code system.
//
// https://hl7.org/fhir/R4/codesystem.html#subsumption
func (l codeLists) Subsumed(system, code string, above bool, most int) ([]search.Coded, error) {
	cs, err := l.r.Terminology(l.ctx).Source.CodeSystem(system, "")
	if err != nil || cs == nil {
		return nil, err
	}
	if _, ok := cs.Lookup(code); !ok {
		return nil, nil
	}
	next := "child"
	if above {
		next = "parent"
	}
	out := []search.Coded{{System: system, Code: code}}
	seen := map[string]bool{code: true}
	for i := 0; i < len(out); i++ {
		concept, ok := cs.Lookup(out[i].Code)
		if !ok {
			continue
		}
		for _, p := range cs.Properties(concept) {
			related := p.Value.String()
			if p.Code != next || seen[related] {
				continue
			}
			seen[related] = true
			if out = append(out, search.Coded{System: system, Code: related}); len(out) > most {
				return nil, errManyCodes()
			}
		}
	}
	return out, nil
}

// Members lists the codes of a value set.
func (l codeLists) Members(name string, most int) ([]search.Coded, error) {
	n, err := l.valueSet(name)
	if err != nil || n == nil {
		return nil, err
	}
	if systems := wholeSystems(n); systems != nil {
		return systems, nil
	}
	e, err := l.r.Terminology(l.ctx).Expand(n, terminology.ExpandOptions{Count: most + 1})
	if err != nil {
		return nil, err
	}
	if e.Total > most {
		return nil, errManyCodes()
	}
	out := make([]search.Coded, len(e.Codes))
	for i, c := range e.Codes {
		out[i] = search.Coded{System: c.System, Code: c.Code}
	}
	return out, nil
}

// valueSet finds a value set by its id on this server, as far as the caller
// may read it, or by its url.
func (l codeLists) valueSet(name string) (*fhir.Node, error) {
	if l.c.Base != "" {
		name = strings.TrimPrefix(name, l.c.Base+"/")
	}
	if id, ok := strings.CutPrefix(name, valueSet+"/"); ok && fhir.ValidID(id) {
		res, err := l.r.read(l.ctx, l.c, valueSet, id)
		var fe *fhir.Error
		if errors.As(err, &fe) && (fe.Kind == fhir.NotFound || fe.Kind == fhir.Gone) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return res.Tree()
	}
	url, version, _ := strings.Cut(name, "|")
	return l.r.Terminology(l.ctx).Source.Resource(valueSet, url, version)
}

// wholeSystems are the code systems of a value set that takes all codes of
// them and nothing else: they need not be listed, nor be here.
func wholeSystems(n *fhir.Node) []search.Coded {
	compose := n.Get("compose")
	if compose.Get("exclude") != nil {
		return nil
	}
	var out []search.Coded
	for _, inc := range compose.Get("include").Each() {
		system := inc.Get("system").String()
		if system == "" || inc.Get("concept") != nil || inc.Get("filter") != nil || inc.Get("valueSet") != nil {
			return nil
		}
		out = append(out, search.Coded{System: system})
	}
	return out
}

func errManyCodes() error {
	return &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueTooCostly, Text: "The modifier stands for more codes than a search may ask for. Name a narrower code or value set."}
}
