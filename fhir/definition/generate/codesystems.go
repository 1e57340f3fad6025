package main

import "fmt"

// complete marks a code system whose concepts are all in the file.
const complete = "complete"

// ofSystem lists the codes that an include takes from its code system.
func ofSystem(src *source, inc include) (map[coding]bool, error) {
	out := map[coding]bool{}
	if len(inc.Concept) > 0 {
		for _, c := range inc.Concept {
			out[coding{inc.System, c.Code}] = true
		}
		return out, nil
	}
	s, ok := src.systems[inc.System]
	if !ok || s.Content != complete {
		return nil, fmt.Errorf("the codes of %s are not among the files", inc.System)
	}
	children := map[string][]string{}
	collect(s.Concept, "", children)
	descend("", children, func(code string) { out[coding{inc.System, code}] = true })
	for _, f := range inc.Filter {
		if f.Property != "concept" {
			return nil, fmt.Errorf("filter %s %s is not computed", f.Property, f.Op)
		}
		below := map[coding]bool{}
		descend(f.Value, children, func(code string) { below[coding{inc.System, code}] = true })
		self := coding{inc.System, f.Value}
		keep := func(c coding) bool { return below[c] || c == self }
		switch f.Op {
		case "is-a":
		case "descendent-of":
			keep = func(c coding) bool { return below[c] && c != self }
		case "is-not-a":
			keep = func(c coding) bool { return !below[c] && c != self }
		default:
			return nil, fmt.Errorf("filter %s %s is not computed", f.Property, f.Op)
		}
		for c := range out {
			if !keep(c) {
				delete(out, c)
			}
		}
	}
	return out, nil
}

// collect notes the children of every concept: those nested in it and those
// that v3's code systems name by property, as a concept may have two parents.
func collect(concepts []concept, parent string, children map[string][]string) {
	for _, c := range concepts {
		children[parent] = append(children[parent], c.Code)
		for _, p := range c.Property {
			switch p.Code {
			case "child":
				children[c.Code] = append(children[c.Code], p.ValueCode)
			case "parent", "subsumedBy":
				children[p.ValueCode] = append(children[p.ValueCode], c.Code)
			}
		}
		collect(c.Concept, c.Code, children)
	}
}

// descend visits every code below root once.
func descend(root string, children map[string][]string, visit func(string)) {
	seen := map[string]bool{}
	var down func(string)
	down = func(parent string) {
		for _, code := range children[parent] {
			if !seen[code] {
				seen[code] = true
				visit(code)
				down(code)
			}
		}
	}
	down(root)
}
