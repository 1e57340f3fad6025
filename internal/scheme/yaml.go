package scheme

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxYAMLDepth bounds the nesting of a document.
const maxYAMLDepth = 40

var (
	jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)
	yamlLine   = regexp.MustCompile(`line ([0-9]+): *`)
)

// parseYAML reads one YAML document and returns its top mapping, nil after
// reporting what is wrong.
func parseYAML(ps *problems, file string, data []byte) *yaml.Node {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		text, line := strings.TrimPrefix(err.Error(), "yaml: "), 0
		if m := yamlLine.FindStringSubmatch(text); m != nil {
			line, _ = strconv.Atoi(m[1]) // the pattern has digits only; too many of them leave 0
			text = strings.Replace(text, m[0], "", 1)
		}
		ps.add(file, line, "not valid YAML (%s): check the indentation and the quotes here and in the line above", text)
		return nil
	}
	if len(doc.Content) == 0 {
		ps.add(file, 0, "the file is empty: write its keys, or delete it")
		return nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		ps.add(file, root.Line, "the file must hold keys with values, such as name: nepal-hib")
		return nil
	}
	return root
}

// plain turns a tree into the values that JSON Schema checks: numbers stay
// text, days stay text. What YAML allows and a pack does not (anchors, keys
// twice, odd numbers) is reported.
func plain(ps *problems, file string, n *yaml.Node, depth int) any {
	if depth > maxYAMLDepth {
		ps.add(file, n.Line, "nested too deep: at most %d levels", maxYAMLDepth)
		return nil
	}
	if n.Anchor != "" {
		ps.add(file, n.Line, "anchors (&%s) are not used in packs: write the value out, or let a later version say only what differs", n.Anchor)
	}
	switch n.Kind {
	case yaml.MappingNode:
		return plainMap(ps, file, n, depth)
	case yaml.SequenceNode:
		out := make([]any, 0, len(n.Content))
		for _, c := range n.Content {
			out = append(out, plain(ps, file, c, depth+1))
		}
		return out
	case yaml.ScalarNode:
		return plainScalar(ps, file, n)
	}
	ps.add(file, n.Line, "aliases (*%s) are not used in packs: write the value out", n.Value)
	return nil
}

func plainMap(ps *problems, file string, n *yaml.Node, depth int) map[string]any {
	out := make(map[string]any, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			ps.add(file, key.Line, "a key must be a word")
			continue
		}
		if _, twice := out[key.Value]; twice {
			ps.add(file, key.Line, "the key %s stands here twice: keep one", key.Value)
			continue
		}
		out[key.Value] = plain(ps, file, n.Content[i+1], depth+1)
	}
	return out
}

func plainScalar(ps *problems, file string, n *yaml.Node) any {
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int", "!!float":
		if !jsonNumber.MatchString(n.Value) || len(n.Value) > 20 {
			ps.add(file, n.Line, "%q is no plain number: write it as 1200 or 1200.50, or in quotes when it is a code", n.Value)
			return nil
		}
		return json.Number(n.Value)
	}
	return n.Value
}

// child returns the value under key of a mapping, nil when it has none.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// keyNode returns the node of the key itself.
func keyNode(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i]
		}
	}
	return nil
}

// at walks keys and indexes as far as the tree goes, so that a problem always
// has the nearest line.
func at(n *yaml.Node, steps ...string) *yaml.Node {
	for _, step := range steps {
		next := child(n, step)
		if n.Kind == yaml.SequenceNode {
			if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.Content) {
				next = n.Content[i]
			}
		}
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

// merge lays what a later version says over what the earlier one said:
// mappings key by key, everything else replaced.
func merge(base, over *yaml.Node) *yaml.Node {
	if base == nil || base.Kind != yaml.MappingNode || over.Kind != yaml.MappingNode {
		return over
	}
	out := *over
	out.Content = nil
	for i := 0; i+1 < len(base.Content); i += 2 {
		key, value := base.Content[i], base.Content[i+1]
		if o := child(over, key.Value); o != nil {
			key, value = keyNode(over, key.Value), merge(value, o)
		}
		out.Content = append(out.Content, key, value)
	}
	for i := 0; i+1 < len(over.Content); i += 2 {
		if child(base, over.Content[i].Value) == nil {
			out.Content = append(out.Content, over.Content[i], over.Content[i+1])
		}
	}
	return &out
}
