package terminology

import (
	"regexp"
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir"
)

// filter is ValueSet.compose.include.filter, compiled.
//
// https://hl7.org/fhir/R4/valueset-filter-operator.html
type filter struct {
	property, op, value string
	list                []string
	pattern             *regexp.Regexp
}

func readFilter(n *fhir.Node) (filter, error) {
	f := filter{property: n.Get("property").String(), op: n.Get("op").String(), value: n.Get("value").String()}
	switch f.op {
	case "=", "is-a", "descendent-of", "is-not-a", "generalizes", "exists":
	case "in", "not-in":
		for _, v := range strings.Split(f.value, ",") {
			f.list = append(f.list, strings.TrimSpace(v))
		}
	case "regex":
		re, err := regexp.Compile("^(?:" + f.value + ")$")
		if err != nil {
			return f, unsupported("The value set has a filter with a regular expression that cannot be read.")
		}
		f.pattern = re
	default:
		return f, unsupported("The value set has a filter that this server does not know.")
	}
	return f, nil
}

func unsupported(text string) error {
	return &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueNotSupported, Text: text}
}

// holds reports whether concept i of the system passes.
func (f *filter) holds(cs *CodeSystem, i int32) bool {
	switch f.op {
	case "is-a", "descendent-of", "is-not-a", "generalizes":
		return f.related(cs, i)
	}
	values := cs.property(i, f.property)
	switch f.op {
	case "exists":
		return (len(values) > 0) == (f.value == "true")
	case "in":
		return slices.ContainsFunc(values, func(v string) bool { return slices.Contains(f.list, v) })
	case "not-in":
		return !slices.ContainsFunc(values, func(v string) bool { return slices.Contains(f.list, v) })
	case "regex":
		return slices.ContainsFunc(values, f.pattern.MatchString)
	}
	return slices.Contains(values, f.value)
}

// related decides the operators about the hierarchy, whose property is
// "concept".
func (f *filter) related(cs *CodeSystem, i int32) bool {
	j, ok := cs.byCode[f.value]
	if !ok {
		return f.op == "is-not-a"
	}
	switch f.op {
	case "is-a":
		return i == j || cs.isA(i, j)
	case "descendent-of":
		return i != j && cs.isA(i, j)
	case "is-not-a":
		return i != j && !cs.isA(i, j)
	}
	return i == j || cs.isA(j, i) // generalizes
}

// property returns the values of a property of a concept as text.
func (cs *CodeSystem) property(i int32, name string) (out []string) {
	c := &cs.concepts[i]
	switch name {
	case "concept", "code":
		return []string{c.Code}
	case "display":
		return []string{c.Display}
	case "definition":
		return []string{c.Definition}
	case "parent":
		for _, p := range c.parents {
			out = append(out, cs.concepts[p].Code)
		}
	case "child":
		for _, k := range cs.children[i] {
			out = append(out, cs.concepts[k].Code)
		}
	}
	for _, p := range c.node.Get("property").Each() {
		if p.Get("code").String() != name {
			continue
		}
		for k := range p.Nodes {
			if v := &p.Nodes[k]; strings.HasPrefix(v.Name, "value") {
				if v.Kind == fhir.KindObject {
					v = v.Get("code")
				}
				if v != nil {
					out = append(out, v.Text)
				}
			}
		}
	}
	return out
}
