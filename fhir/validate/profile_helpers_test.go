package validate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/validate"
)

const core = "http://hl7.org/fhir/StructureDefinition/"

func parsed(t testing.TB, text string) *fhir.Node {
	t.Helper()
	n, err := fhir.Parse([]byte(text))
	if err != nil {
		t.Fatalf("the test's own JSON: %v\n%s", err, text)
	}
	return n
}

// differential writes a StructureDefinition. Base is a type or a canonical.
func differential(url, typ, base string, elements ...string) string {
	if !strings.Contains(base, ":") {
		base = core + base
	}
	return fmt.Sprintf(`{"resourceType":"StructureDefinition","url":%q,"name":"P","status":"active","kind":"resource","abstract":false,
		"type":%q,"baseDefinition":%q,"derivation":"constraint","differential":{"element":[%s]}}`, url, typ, base, strings.Join(elements, ","))
}

// registry makes profiles of StructureDefinitions.
func registry(t testing.TB, texts ...string) *validate.Profiles {
	t.Helper()
	byURL := map[string]*fhir.Node{}
	for _, text := range texts {
		n := parsed(t, text)
		byURL[n.Get("url").String()] = n
	}
	return validate.NewProfiles(func(url string) (*fhir.Node, bool) {
		n, ok := byURL[url]
		return n, ok
	})
}

// rules lists issues as "rule path", without those of base R4 that every short
// example has.
func rules(issues []fhir.Issue) []string {
	var out []string
	for _, i := range issues {
		if i.Rule != "dom-6" {
			out = append(out, i.Rule+" "+i.Path)
		}
	}
	return out
}

// snapshot rewrites the differential of a profile on a core type as the
// snapshot that a publisher would make of it: every element of R4 to some
// depth, with what the differential says laid over.
func snapshot(t testing.TB, text string) string {
	t.Helper()
	n := parsed(t, text)
	list := n.Path("differential", "element")
	typ := n.Get("type").String()
	full := fhir.Node{Kind: fhir.KindArray}
	full.Nodes = append(full.Nodes, fhir.Obj(fhir.Str(typ).As("id"), fhir.Str(typ).As("path"), fhir.Num("0").As("min"), fhir.Str("*").As("max")))
	baseElements(&full, typ, typ, 0)
	for i := range list.Nodes {
		overlay(&full, &list.Nodes[i])
	}
	n.Remove("differential")
	n.Set("snapshot", fhir.Obj(full.As("element")))
	return string(n.JSON())
}

func baseElements(out *fhir.Node, typ, path string, depth int) {
	def, ok := definition.Lookup(typ)
	if !ok || depth > 1 {
		return
	}
	for i := range def.Elements {
		e := &def.Elements[i]
		id := path + "." + e.Name
		if e.Choice {
			id += "[x]"
		}
		most := fmt.Sprint(e.Max)
		if e.Max == definition.Unbounded {
			most = "*"
		}
		ed := fhir.Obj(fhir.Str(id).As("id"), fhir.Str(id).As("path"), fhir.Num(fmt.Sprint(e.Min)).As("min"), fhir.Str(most).As("max"))
		types := fhir.Node{Kind: fhir.KindArray}
		for _, ref := range e.Types {
			types.Nodes = append(types.Nodes, baseType(ref))
		}
		ed.Set("type", types)
		if b := e.Binding; b != nil {
			ed.Set("binding", fhir.Obj(fhir.Str(b.Strength).As("strength"), fhir.Str(b.ValueSet+"|4.0.1").As("valueSet")))
		}
		constraints := fhir.Node{Kind: fhir.KindArray}
		for _, inv := range e.Invariants {
			constraints.Nodes = append(constraints.Nodes, fhir.Obj(fhir.Str(inv.Key).As("key"), fhir.Str(inv.Severity).As("severity"), fhir.Str(inv.Human).As("human"), fhir.Str(inv.Expression).As("expression")))
		}
		if len(constraints.Nodes) > 0 {
			ed.Set("constraint", constraints)
		}
		out.Nodes = append(out.Nodes, ed)
		if strings.Contains(e.Types[0].Code, ".") {
			baseElements(out, e.Types[0].Code, id, depth+1)
		}
	}
}

func baseType(ref definition.TypeRef) fhir.Node {
	code := ref.Code
	if strings.Contains(code, ".") {
		code = "BackboneElement"
	}
	t := fhir.Obj(fhir.Str(code).As("code"))
	if ref.Profile != "" {
		t.Set("profile", fhir.Arr(fhir.Str(core+ref.Profile)))
	}
	targets := fhir.Node{Kind: fhir.KindArray}
	for _, name := range ref.Targets {
		targets.Nodes = append(targets.Nodes, fhir.Str(core+name))
	}
	if len(targets.Nodes) > 0 {
		t.Set("targetProfile", targets)
	}
	return t
}

// overlay puts an element of a differential into the list of a snapshot.
func overlay(full, ed *fhir.Node) {
	id := ed.Get("id").String()
	if id == "" {
		id = ed.Get("path").String()
	}
	for i := range full.Nodes {
		if full.Nodes[i].Get("id").String() != id || (ed.Get("id") == nil && ed.Get("sliceName") != nil) {
			continue
		}
		for _, m := range ed.Nodes {
			if old := full.Nodes[i].Get(m.Name); m.Name == "constraint" && old != nil {
				m = fhir.Arr(append(old.Nodes, m.Nodes...)...).As(m.Name)
			}
			full.Nodes[i].Set(m.Name, m)
		}
		return
	}
	full.Nodes = append(full.Nodes, *ed.Clone())
}
