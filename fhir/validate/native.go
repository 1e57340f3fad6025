package validate

import (
	"strings"

	"github.com/jamii-health/jamii/fhir"
)

// natives are the invariants that hold on almost every value, written in Go
// because they are most of the work; a test holds each to its FHIRPath. Nil
// means that the walk itself sees to it.
var natives = map[string]func(*walker, *fhir.Node) bool{
	"ele-1": func(_ *walker, n *fhir.Node) bool { return n.Kind != fhir.KindObject || !onlyID(n) },
	"ext-1": extensionOrValue,
	"ref-1": localReference,
	"dom-2": func(_ *walker, n *fhir.Node) bool { return noneContained(n, "contained") },
	"dom-3": containedIsUsed,
	"dom-4": func(_ *walker, n *fhir.Node) bool {
		return noneContained(n, "meta", "versionId") && noneContained(n, "meta", "lastUpdated")
	},
	"dom-5":  func(_ *walker, n *fhir.Node) bool { return noneContained(n, "meta", "security") },
	"dom-6":  func(w *walker, n *fhir.Node) bool { return n.Path("text", "div") != nil || w.resource != w.root }, // a contained one has none by intent
	"txt-1":  nil,                                                                                                // with the format of xhtml
	"txt-2":  nil,
	"qty-3":  func(_ *walker, n *fhir.Node) bool { return !has(n, "code") || has(n, "system") },
	"sqty-1": func(_ *walker, n *fhir.Node) bool { return !has(n, "comparator") },
	"cpt-2":  func(_ *walker, n *fhir.Node) bool { return !has(n, "value") || has(n, "system") },
	"att-1":  func(_ *walker, n *fhir.Node) bool { return !has(n, "data") || has(n, "contentType") },
	"per-1":  startBeforeEnd,
	"csd-1":  codesOnce,
	"rat-1": func(_ *walker, n *fhir.Node) bool {
		return has(n, "numerator") == has(n, "denominator") && (has(n, "numerator") || has(n, "extension"))
	},
}

// has reports whether an element is there, be it as an extension only.
func has(n *fhir.Node, name string) bool { return n.Get(name) != nil || shadowOf(n, name) != nil }

// onlyID reports whether an object has no member but id.
func onlyID(n *fhir.Node) bool {
	for i := range n.Nodes {
		if name := n.Nodes[i].Name; name != "id" && name != "_id" {
			return false
		}
	}
	return true
}

// extensionOrValue: an extension has a value or extensions, not both.
func extensionOrValue(_ *walker, n *fhir.Node) bool {
	extension, value := false, false
	for i := range n.Nodes {
		name := strings.TrimPrefix(n.Nodes[i].Name, "_")
		extension = extension || name == "extension"
		value = value || strings.HasPrefix(name, "value")
	}
	return extension != value
}

// localReference: "#id" names a contained resource. "#" alone, by which a
// contained resource names its container, breaks R4's expression but not its
// text, and passes.
//
// https://hl7.org/fhir/R4/references.html#contained
func localReference(w *walker, n *fhir.Node) bool {
	id, local := strings.CutPrefix(n.Get("reference").String(), "#")
	return !local || id == "" || w.contained(id) != nil
}

// noneContained reports whether no contained resource has the element.
func noneContained(n *fhir.Node, path ...string) bool {
	list := n.Get("contained")
	if !list.Is(fhir.KindArray) {
		return true
	}
	for i := range list.Nodes {
		if list.Nodes[i].Path(path...) != nil {
			return false
		}
	}
	return true
}

// containedIsUsed: each contained resource is referred to from elsewhere in
// the resource, or refers to its container. R4's expression looks at
// references, canonicals, uris and urls; these are the strings that begin with
// "#", and a display text that happens to be "#id" does no harm.
func containedIsUsed(_ *walker, n *fhir.Node) bool {
	list := n.Get("contained")
	if !list.Is(fhir.KindArray) {
		return true
	}
	used := map[string]bool{}
	n.Walk(func(x *fhir.Node) bool {
		if x.Kind == fhir.KindString && len(x.Text) > 1 && x.Text[0] == '#' {
			used[x.Text[1:]] = true
		}
		return true
	})
	for i := range list.Nodes {
		c := &list.Nodes[i]
		// Walk stops, and says false, at the first that names the container.
		if id := c.Get("id").String(); id != "" && !used[id] && c.Walk(func(x *fhir.Node) bool { return x.Kind != fhir.KindString || x.Text != "#" }) {
			return false
		}
	}
	return true
}

// startBeforeEnd: the start is not after the end. Where their precision leaves
// it open the rule is met, as in FHIRPath.
func startBeforeEnd(_ *walker, n *fhir.Node) bool {
	start, ok1 := fhir.ParseDateTime(n.Get("start").String(), nil)
	end, ok2 := fhir.ParseDateTime(n.Get("end").String(), nil)
	return !ok1 || !ok2 || start.Low().Before(end.High())
}

// codesOnce: no code is defined twice. A code system can have more codes than
// the budget of an expression allows for.
func codesOnce(_ *walker, n *fhir.Node) bool {
	seen := map[string]bool{}
	return n.Walk(func(x *fhir.Node) bool {
		if x.Kind != fhir.KindObject {
			return true
		}
		for _, c := range x.Get("concept").Each() {
			code := c.Get("code").String()
			if code != "" && seen[code] {
				return false
			}
			seen[code] = true
		}
		return true
	})
}
