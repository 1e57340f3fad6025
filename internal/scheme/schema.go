package scheme

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v5"
	"go.yaml.in/yaml/v3"

	"github.com/jamii-health/jamii/profiles/schemes"
)

// A grammar is a JSON Schema, compiled, beside its own text, from which the
// hints in problems are taken.
type grammar struct {
	compiled *jsonschema.Schema
	source   map[string]any
}

var (
	schemeGrammar = sync.OnceValue(func() grammar { return compileGrammar("scheme.schema.json", schemes.SchemeSchema) })
	casesGrammar  = sync.OnceValue(func() grammar { return compileGrammar("cases.schema.json", schemes.CasesSchema) })
)

// compileGrammar panics on a bad schema: it is embedded in the program.
func compileGrammar(name string, text []byte) grammar {
	c := jsonschema.NewCompiler()
	c.LoadURL = nil
	if err := c.AddResource(name, bytes.NewReader(text)); err != nil {
		panic("scheme: " + name + ": " + err.Error())
	}
	compiled, err := c.Compile(name)
	if err != nil {
		panic("scheme: " + name + ": " + err.Error())
	}
	var source map[string]any
	if err := json.Unmarshal(text, &source); err != nil {
		panic("scheme: " + name + ": " + err.Error())
	}
	return grammar{compiled, source}
}

// check reports where the document departs from the schema, and whether it
// does not.
func (g grammar) check(ps *problems, file string, root *yaml.Node) bool {
	before := len(ps.list)
	value := plain(ps, file, root, 0)
	odd := ps.list[before:]
	if err, ok := g.compiled.Validate(value).(*jsonschema.ValidationError); ok && err != nil {
		var more problems
		g.explain(&more, file, root, err)
		for _, p := range more.list { // what is odd already need not fit as well
			if !slices.ContainsFunc(odd, func(o Problem) bool { return o.Line == p.Line }) {
				ps.list = append(ps.list, p)
			}
		}
	}
	return len(ps.list) == before
}

// explain turns the leaves of a validation error into problems. Where several
// forms were possible (oneOf) the causes speak of all of them, so the hint of
// the schema is told instead, unless one form clearly was meant.
func (g grammar) explain(ps *problems, file string, root *yaml.Node, e *jsonschema.ValidationError) {
	where := at(root, pointerSteps(e.InstanceLocation)...)
	keyword := e.KeywordLocation[strings.LastIndexByte(e.KeywordLocation, '/')+1:]
	if (keyword == "oneOf" || keyword == "anyOf") && len(e.Causes) > 0 {
		if meant := meantForm(e.Causes, e.InstanceLocation); meant != nil {
			g.explain(ps, file, root, meant)
			return
		}
		ps.add(file, where.Line, "%swrite %s", g.prefix(e), g.hint(e.AbsoluteKeywordLocation))
		return
	}
	if len(e.Causes) > 0 {
		for _, cause := range e.Causes {
			g.explain(ps, file, root, cause)
		}
		return
	}
	switch keyword {
	case "additionalProperties":
		known := g.keys(e.AbsoluteKeywordLocation)
		for _, name := range quoted(e.Message) {
			line := where.Line
			if k := keyNode(where, name); k != nil {
				line = k.Line
			}
			text := "unknown key " + name + ": "
			if near := Nearest(name, known); near != "" {
				text += "write " + near + "; "
			}
			ps.add(file, line, "%sknown here: %s", text, strings.Join(known, ", "))
		}
	case "required":
		ps.add(file, where.Line, "%sadd %s", g.prefix(e), strings.Join(quoted(e.Message), ", "))
	default:
		ps.add(file, where.Line, "%swrite %s", g.prefix(e), g.hint(e.AbsoluteKeywordLocation))
	}
}

// meantForm picks the form whose faults lie inside the value rather than in
// its kind: a mapping with a wrong key was meant as a mapping.
func meantForm(forms []*jsonschema.ValidationError, location string) *jsonschema.ValidationError {
	var meant *jsonschema.ValidationError
	for _, form := range forms {
		if wrongKind(form, location) {
			continue
		}
		if meant != nil {
			return nil
		}
		meant = form
	}
	return meant
}

func wrongKind(e *jsonschema.ValidationError, location string) bool {
	if e.InstanceLocation == location && len(e.Causes) == 0 {
		return strings.HasSuffix(e.KeywordLocation, "/type") || strings.HasSuffix(e.KeywordLocation, "/const") ||
			strings.HasSuffix(e.KeywordLocation, "/enum") || strings.HasSuffix(e.KeywordLocation, "/required")
	}
	return slices.ContainsFunc(e.Causes, func(c *jsonschema.ValidationError) bool { return wrongKind(c, location) })
}

// prefix names the key at fault: its last steps.
func (g grammar) prefix(e *jsonschema.ValidationError) string {
	steps := pointerSteps(e.InstanceLocation)
	if len(steps) == 0 {
		return ""
	}
	var b strings.Builder
	for i, s := range steps {
		switch {
		case s != "" && s[0] >= '0' && s[0] <= '9':
			fmt.Fprintf(&b, "[%s]", s)
		case i > 0:
			b.WriteString("." + s)
		default:
			b.WriteString(s)
		}
	}
	return b.String() + ": "
}

// hint is the description of the schema whose keyword failed.
func (g grammar) hint(absolute string) string {
	if s := g.parent(absolute); s != nil {
		if d, ok := s["description"].(string); ok {
			return d
		}
	}
	return "a value that the schema of the file allows"
}

// keys lists the keys that the schema knows at the place.
func (g grammar) keys(absolute string) []string {
	props, _ := g.parent(absolute)["properties"].(map[string]any)
	return slices.Sorted(maps.Keys(props))
}

// parent finds the schema object that holds the keyword, or the nearest one
// around it that has a description.
func (g grammar) parent(absolute string) map[string]any {
	_, pointer, _ := strings.Cut(absolute, "#")
	steps := pointerSteps(pointer)
	var node any = g.source
	var found, described map[string]any
	for i, step := range steps {
		m, ok := node.(map[string]any)
		if ok {
			found = m
			if _, has := m["description"]; has {
				described = m
			}
			node = m[step]
		} else if list, ok := node.([]any); ok {
			var j int
			if _, err := fmt.Sscan(step, &j); err != nil || j < 0 || j >= len(list) {
				break
			}
			node = list[j]
		}
		if i == len(steps)-1 && steps[i] != "additionalProperties" && described != nil {
			return described
		}
	}
	return found
}

func pointerSteps(pointer string) []string {
	if pointer == "" {
		return nil
	}
	steps := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, s := range steps {
		steps[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(s)
	}
	return steps
}

var inQuotes = regexp.MustCompile(`'((?:[^'\\]|\\.)*)'`)

// quoted returns the names that a message of the schema library holds.
func quoted(message string) []string {
	var out []string
	for _, m := range inQuotes.FindAllStringSubmatch(message, -1) {
		out = append(out, m[1])
	}
	return out
}
