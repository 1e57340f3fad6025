package access

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
)

//go:embed compartments.yaml
var compartmentsYAML []byte

// book is compartments.yaml, checked.
type book struct {
	Shared     []string             `yaml:"shared"`
	Narrowed   map[string]narrowing `yaml:"narrowed"`
	Own        map[string]condition `yaml:"own"`
	Persons    map[string]person    `yaml:"persons"`
	Write      map[string]writing   `yaml:"write"`
	Operations map[string]operation `yaml:"operations"`
}

type narrowing struct {
	Unless []string  `yaml:"unless"`
	Show   condition `yaml:"show"`
}

type person struct {
	Exact  []string  `yaml:"exact"`
	Else   condition `yaml:"else"`
	Change condition `yaml:"change"`
}

type writing struct {
	Rights string `yaml:"rights"`
	By     string `yaml:"by"`
	Site   string `yaml:"site"`
}

type operation struct {
	Type     string `yaml:"type"`
	Right    string `yaml:"right"`
	Facility bool   `yaml:"facility"`
}

// condition is a list of alternatives; one must hold.
type condition []term

// term is one alternative.
type term struct {
	param string // the reference or token
	value string // "facility", "code" or "owner"; "" for a link
	typ   string // link: the type pointed at, or, with has, the type that points
	has   bool
}

// UnmarshalYAML reads the small language described in compartments.yaml.
func (c *condition) UnmarshalYAML(data []byte) error {
	var text string
	if err := yaml.Unmarshal(data, &text); err != nil {
		return err
	}
	parsed, err := parseCondition(text)
	*c = parsed
	return err
}

func parseCondition(text string) (condition, error) {
	var out condition
	for part := range strings.SplitSeq(text, "|") {
		part = strings.TrimSpace(part)
		var t term
		name, value, ok := strings.Cut(part, "=")
		link := strings.Split(part, ":")
		switch {
		case ok && strings.HasPrefix(value, "{") && strings.HasSuffix(value, "}"):
			t = term{param: name, value: value[1 : len(value)-1]}
			if !slices.Contains([]string{"facility", "code", "owner"}, t.value) {
				return nil, fmt.Errorf("condition %q: {facility}, {code} or {owner}", part)
			}
		case !ok && len(link) == 3 && link[0] == "_has":
			t = term{typ: link[1], param: link[2], has: true}
		case !ok && len(link) == 2:
			t = term{param: link[0], typ: link[1]}
		default:
			return nil, fmt.Errorf("condition %q: cannot be read", part)
		}
		if t.param == "" || t.typ != "" && !fhir.ValidTypeName(t.typ) {
			return nil, fmt.Errorf("condition %q: cannot be read", part)
		}
		out = append(out, t)
	}
	return out, nil
}

// rules is the embedded book; a mistake in it is a programmer's, and stops the
// program at its start.
var rules = mustBook(compartmentsYAML)

func mustBook(data []byte) *book {
	b, err := readBook(data)
	if err != nil {
		panic("access: compartments.yaml: " + err.Error())
	}
	return b
}

func readBook(data []byte) (*book, error) {
	b := &book{}
	if err := yaml.UnmarshalWithOptions(data, b, yaml.Strict()); err != nil {
		return nil, err
	}
	for name, op := range b.Operations {
		if len(op.Right) != 1 || !strings.Contains(allRights, op.Right) || op.Type != every && !fhir.ValidTypeName(op.Type) {
			return nil, fmt.Errorf("operation %s: needs a type and one right", name)
		}
	}
	for typ, w := range b.Write {
		if slices.Contains(b.Shared, typ) {
			return nil, fmt.Errorf("%s is shared and so cannot be written", typ)
		}
		if strings.Trim(w.Rights, "cud") != "" || w.Rights == "" {
			return nil, fmt.Errorf("write %s: rights are some of cud", typ)
		}
	}
	for typ := range b.Narrowed {
		if !slices.Contains(b.Shared, typ) {
			return nil, fmt.Errorf("narrowed %s is not shared", typ)
		}
	}
	return b, b.links()
}

// links checks that every linked type has a condition of its own, and that
// conditions do not go round in circles.
func (b *book) links() error {
	var visit func(c condition, depth int) error
	visit = func(c condition, depth int) error {
		for _, t := range c {
			if t.typ == "" {
				continue
			}
			next, ok := b.Own[t.typ]
			if !ok || depth > len(b.Own) {
				return fmt.Errorf("a condition links to %s, which has none of its own, or in a circle", t.typ)
			}
			if err := visit(next, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	for _, c := range b.Own {
		if err := visit(c, 0); err != nil {
			return err
		}
	}
	for _, who := range b.Persons {
		if err := visit(slices.Concat(who.Else, who.Change), 0); err != nil {
			return err
		}
	}
	return nil
}

// expr compiles a condition for a principal's facilities. It never gives nil,
// which would mean all: without facilities it is false.
func (b *book) expr(c condition, facilities []Facility) search.Expr {
	out := search.Or{}
	for _, t := range c {
		switch {
		case t.has:
			out = append(out, search.Has{Type: t.typ, Param: t.param, X: b.expr(b.Own[t.typ], facilities)})
		case t.typ != "":
			out = append(out, search.Chain{Param: t.param, Types: []string{t.typ}, X: b.expr(b.Own[t.typ], facilities)})
		default:
			for _, f := range facilities {
				out = append(out, t.match(f)...)
			}
		}
	}
	if len(out) == 1 {
		return out[0]
	}
	return out
}

func (t term) match(f Facility) []search.Expr {
	switch t.value {
	case "owner":
		if f.Ref == "" {
			return nil
		}
		return []search.Expr{search.Is{Param: t.param, Kind: search.Token, System: OwnerSystem, Code: f.Ref}}
	case "code":
		if f.Code == "" {
			return nil
		}
		return []search.Expr{search.Is{Param: t.param, Kind: search.Token, Code: f.Code, AnySystem: true}}
	}
	var out []search.Expr
	if f.Ref != "" {
		out = append(out, search.Is{Param: t.param, Kind: search.Reference, Code: f.Ref})
	}
	for _, id := range f.Identifiers {
		if id.Value != "" {
			out = append(out, search.Is{Param: t.param, Kind: search.Reference, System: id.System, Code: id.Value, Ident: true})
		}
	}
	return out
}
