package scheme

import (
	"encoding/csv"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

var nameColumn = regexp.MustCompile(`^name_([a-z]{2,3}(?:-[A-Z]{2})?)$`)

// outline takes from a scheme.yaml that has faults what the other files are
// read by, so that their faults are told beside its own. What it does not say
// is taken from the tables or left open.
func (l *loader) outline(root *yaml.Node) {
	p := l.pack
	p.Languages = words(child(root, "languages"))
	if len(p.Languages) == 0 {
		p.Languages = l.namedLanguages()
	}
	p.AreaLevels = words(child(root, "area_levels"))
	digits := 4 // the most that the schema allows
	if n := child(root, "decimals"); n != nil {
		if d, err := strconv.Atoi(n.Value); err == nil && d >= 0 && d < digits {
			digits = d
		}
	} else if root != nil {
		digits = 2
	}
	p.Decimals = &digits
}

// words are the texts of a list.
func words(n *yaml.Node) []string {
	var out []string
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	for _, c := range n.Content {
		if c.Kind == yaml.ScalarNode && c.Tag == "!!str" && c.Value != "" && !slices.Contains(out, c.Value) {
			out = append(out, c.Value)
		}
	}
	return out
}

// namedLanguages are the languages in which the tables have names, English
// without any.
func (l *loader) namedLanguages() []string {
	var out []string
	for _, f := range csvFiles {
		data, err := readFile(l.fsys, f.name)
		if err != nil {
			continue // told when the file is read
		}
		header, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(data), "\ufeff"))).Read()
		if err != nil {
			continue // so is this
		}
		for _, name := range header {
			if m := nameColumn.FindStringSubmatch(strings.TrimSpace(name)); m != nil && !slices.Contains(out, m[1]) {
				out = append(out, m[1])
			}
		}
	}
	if len(out) == 0 {
		out = []string{"en"}
	}
	return out
}
