package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/terminology"
)

// terminologyFiles are the files that hold code systems, value sets and maps.
var terminologyFiles = []string{"valuesets.json", "v3-codesystems.json", "v2-tables.json", "conceptmaps.json"}

// kept are the members of a terminology resource that questions are answered
// from; narrative, publisher and the like would only weigh.
var kept = []string{
	"resourceType", "id", "url", "identifier", "version", "name", "title", "status", "experimental", "date", "description",
	"caseSensitive", "valueSet", "hierarchyMeaning", "compositional", "versionNeeded", "content", "supplements", "count", "filter", "property",
	"concept", "immutable", "compose", "sourceUri", "sourceCanonical", "targetUri", "targetCanonical", "group",
}

// packTerminology writes package terminology's embedded file.
func packTerminology(dir, out string) error {
	var list []*fhir.Node
	seen := map[string]bool{}
	for _, name := range terminologyFiles {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return fmt.Errorf("terminology: %w", err)
		}
		n, err := fhir.Parse(data)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, e := range n.Get("entry").Each() {
			res := e.Get("resource")
			switch res.ResourceType() {
			case "CodeSystem", "ValueSet", "ConceptMap":
			default:
				continue
			}
			key := res.ResourceType() + " " + res.Get("url").String()
			if res.Get("url").String() == "" || seen[key] {
				continue
			}
			seen[key] = true
			slim(res)
			list = append(list, res)
		}
	}
	file, err := terminology.Pack(list)
	if err != nil {
		return fmt.Errorf("terminology: %w", err)
	}
	if err := os.WriteFile(out, file, 0o644); err != nil {
		return fmt.Errorf("terminology: %w", err)
	}
	fmt.Printf("%s: %d resources, %d bytes\n", out, len(list), len(file))
	return nil
}

func slim(n *fhir.Node) {
	n.Nodes = slices.DeleteFunc(n.Nodes, func(m fhir.Node) bool { return !slices.Contains(kept, m.Name) })
	if h := n.Get("description"); h != nil && len(h.Text) > 400 {
		n.Remove("description")
	}
	n.Remove("copyright")
	n.Remove("purpose")
	strip(n)
}

// strip removes extensions below the resource.
func strip(n *fhir.Node) {
	n.Nodes = slices.DeleteFunc(n.Nodes, func(m fhir.Node) bool { return m.Name == "extension" || m.Name == "modifierExtension" })
	for i := range n.Nodes {
		strip(&n.Nodes[i])
	}
}
