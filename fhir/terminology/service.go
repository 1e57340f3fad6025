package terminology

import (
	"strings"
	"sync"

	"github.com/jamii-health/jamii/fhir"
)

// Expansion is a page of a value set's codes.
type Expansion struct {
	Total int // of the whole expansion
	Codes []Coded
}

// ExpandOptions are the parameters of $expand that select.
type ExpandOptions struct {
	Filter     string // text that display or code must contain, word by word
	ActiveOnly bool
	Offset     int
	Count      int // -1: all
}

// maxExpansion bounds an expansion that is not paged.
const maxExpansion = 50_000

// Expand lists the codes of a value set.
//
// https://hl7.org/fhir/R4/valueset-operation-expand.html
func (s *Service) Expand(n *fhir.Node, o ExpandOptions) (Expansion, error) {
	v, err := s.compile(n, 0)
	if err != nil {
		return Expansion{}, err
	}
	words := strings.Fields(strings.ToLower(o.Filter))
	var e Expansion
	err = v.each(func(c Coded) bool {
		if (o.ActiveOnly && c.Inactive) || !hasWords(c, words) {
			return true
		}
		if e.Total >= o.Offset && (o.Count < 0 || len(e.Codes) < o.Count) {
			e.Codes = append(e.Codes, c)
		}
		e.Total++
		return len(e.Codes) <= maxExpansion
	})
	if err == nil && len(e.Codes) > maxExpansion {
		err = &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueTooCostly, Text: "The expansion has more than 50,000 codes. Ask for pages with offset and count, or give a filter."}
	}
	return e, err
}

func hasWords(c Coded, words []string) bool {
	if len(words) == 0 {
		return true
	}
	text := strings.ToLower(c.Display + " " + c.Code)
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// Checked is the answer to $validate-code.
type Checked struct {
	OK      bool
	Unknown bool // not OK, because it cannot be told
	Message string
	Display string
}

// ValidateInSet asks whether a code is in a value set. system "" matches any.
//
// https://hl7.org/fhir/R4/valueset-operation-validate-code.html
func (s *Service) ValidateInSet(n *fhir.Node, system, code, display string) (Checked, error) {
	v, err := s.compile(n, 0)
	if err != nil {
		return Checked{}, err
	}
	in, known := v.contains(system, code)
	if !in {
		text := "The code is not in the value set."
		if !known {
			text = "It cannot be told whether the code is in the value set: its code system is not here."
		}
		return Checked{Unknown: !known, Message: text}, nil
	}
	out := Checked{OK: true}
	for i := range v.include {
		r := &v.include[i]
		if r.cs == nil || (system != "" && r.system != system) {
			continue
		}
		if c, ok := r.cs.Lookup(code); ok {
			out.Display = c.Display
			break
		}
	}
	return sameDisplay(out, display), nil
}

func sameDisplay(out Checked, display string) Checked {
	if display != "" && out.Display != "" && !strings.EqualFold(display, out.Display) {
		out.OK, out.Message = false, "The code is right, but the display is not the one of the code system."
	}
	return out
}

// ValidateInSystem asks whether a code is of a code system.
//
// https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
func (s *Service) ValidateInSystem(cs *CodeSystem, code, display string) Checked {
	c, ok := cs.Lookup(code)
	if !ok {
		return Checked{Message: "The code is not in the code system."}
	}
	return sameDisplay(Checked{OK: true, Display: c.Display}, display)
}

// Match is one answer of $translate.
type Match struct {
	Equivalence string
	Target      Coded
	Source      string // canonical of the map
}

// Translate looks a code up in a concept map.
//
// https://hl7.org/fhir/R4/conceptmap-operation-translate.html
func Translate(m *fhir.Node, system, code, target string) (matches []Match) {
	for _, g := range m.Get("group").Each() {
		if from := g.Get("source").String(); system != "" && from != "" && from != system {
			continue
		}
		to := g.Get("target").String()
		if target != "" && to != "" && to != target {
			continue
		}
		found := false
		for _, e := range g.Get("element").Each() {
			if e.Get("code").String() != code {
				continue
			}
			found = true
			for _, t := range e.Get("target").Each() {
				matches = append(matches, Match{t.Get("equivalence").String(), Coded{System: to, Code: t.Get("code").String(), Display: t.Get("display").String()}, m.Get("url").String()})
			}
		}
		if !found {
			matches = append(matches, unmapped(g.Get("unmapped"), m, to, code)...)
		}
	}
	return matches
}

func unmapped(u, m *fhir.Node, to, code string) []Match {
	switch u.Get("mode").String() {
	case "provided":
		return []Match{{"equal", Coded{System: to, Code: code}, m.Get("url").String()}}
	case "fixed":
		return []Match{{"wider", Coded{System: to, Code: u.Get("code").String(), Display: u.Get("display").String()}, m.Get("url").String()}}
	}
	return nil
}

// CoreSource is HL7's terminology of R4, embedded.
type CoreSource struct{ systems sync.Map }

// CodeSystem returns an embedded code system, read once.
func (c *CoreSource) CodeSystem(url, version string) (*CodeSystem, error) {
	if v, ok := c.systems.Load(url); ok {
		cs := v.(*CodeSystem)
		if version != "" && cs.Version != version {
			return nil, nil
		}
		return cs, nil
	}
	n := CoreResource("CodeSystem", url, version)
	if n == nil {
		return nil, nil
	}
	v, _ := c.systems.LoadOrStore(url, ReadCodeSystem(n))
	return v.(*CodeSystem), nil
}

// Resource returns an embedded ValueSet or ConceptMap.
func (c *CoreSource) Resource(kind, url, version string) (*fhir.Node, error) {
	return CoreResource(kind, url, version), nil
}
