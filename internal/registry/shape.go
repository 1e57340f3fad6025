package registry

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// Shape renders one resource as its reader asks: a summary, chosen elements,
// notes in the reader's language first.
//
// https://hl7.org/fhir/R4/search.html#summary
func (r *Registry) Shape(c Call, res fhir.Resource, summary, elements string) ([]byte, error) {
	switch summary {
	case "", "true", "text", "data", "false":
	default:
		return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: "_summary", Text: "_summary of a read is true, text, data or false."}
	}
	var list []string
	if elements != "" {
		list = strings.Split(elements, ",")
	}
	return shape(res, summary, list, c.Languages)
}

func shape(res fhir.Resource, mode string, elements, languages []string) ([]byte, error) {
	body := res.JSON()
	notes := len(languages) > 0 && strings.Contains(string(res.Body), `"`+notesMember+`":`)
	if (mode == "" || mode == "false") && len(elements) == 0 && !notes {
		return body, nil
	}
	n, err := fhir.Parse(body)
	if err != nil {
		return nil, fmt.Errorf("stored %s: %w", res.Type, err)
	}
	if notes {
		ownLanguageFirst(n.Get(notesMember), languages)
	}
	if keep := keeper(res.Type, mode, elements); keep != nil {
		subset(n, keep, mode == "true" && len(elements) == 0)
	}
	return n.JSON(), nil
}

// notesMember holds the sentences of an answer, one per language (wire.md 5).
const notesMember = "processNote"

// ownLanguageFirst puts the notes in the language that the reader likes best
// before the others. Items point at notes by number, so order is free.
func ownLanguageFirst(notes *fhir.Node, languages []string) {
	if notes == nil {
		return
	}
	rank := func(n fhir.Node) int {
		tag := n.Path("language", "coding").At(0).Get("code").String()
		if tag == "" {
			tag = n.Path("language").String()
		}
		for i, want := range languages {
			if strings.EqualFold(tag, want) || strings.EqualFold(tag, strings.SplitN(want, "-", 2)[0]) {
				return i
			}
		}
		return len(languages)
	}
	slices.SortStableFunc(notes.Nodes, func(a, b fhir.Node) int { return rank(a) - rank(b) })
}

// keeper says which top-level members stay; nil keeps all.
func keeper(typ string, mode string, elements []string) func(*definition.Element) bool {
	switch {
	case len(elements) > 0:
		return func(e *definition.Element) bool {
			return e.Min > 0 || slices.Contains(elements, e.Name) || slices.Contains(elements, typ+"."+e.Name)
		}
	case mode == "true":
		return func(e *definition.Element) bool { return e.Summary }
	case mode == "text":
		return func(e *definition.Element) bool { return e.Name == "text" || e.Min > 0 }
	case mode == "data":
		return func(e *definition.Element) bool { return e.Name != "text" }
	}
	return nil
}

// subset removes members and says so in meta.tag.
func subset(n *fhir.Node, keep func(*definition.Element) bool, summary bool) {
	t, ok := definition.Lookup(n.ResourceType())
	if !ok {
		return
	}
	kept := n.Nodes[:0]
	for _, m := range n.Nodes {
		e, _, known := t.Element(strings.TrimPrefix(m.Name, "_"))
		if m.Name == "resourceType" || m.Name == "id" || m.Name == "meta" || (known && keep(e)) {
			kept = append(kept, m)
		}
	}
	n.Nodes = kept
	if summary {
		for i := range n.Nodes {
			summarise(&n.Nodes[i], t)
		}
	}
	subsetted(n)
}

// summarise removes from a member what is not of the summary, where its type
// is an element of the resource itself such as Claim.insurance.
func summarise(m *fhir.Node, parent *definition.Type) {
	_, typ, ok := parent.Element(m.Name)
	t, known := definition.Lookup(typ)
	if !ok || !known || !strings.Contains(typ, ".") {
		return
	}
	for _, v := range m.Each() {
		v.Nodes = slices.DeleteFunc(v.Nodes, func(c fhir.Node) bool {
			e, _, ok := t.Element(strings.TrimPrefix(c.Name, "_"))
			return ok && !e.Summary && c.Name != "id"
		})
		for i := range v.Nodes {
			summarise(&v.Nodes[i], t)
		}
	}
}

// subsetted says in meta.tag that parts are missing.
func subsetted(n *fhir.Node) {
	meta := n.Get("meta")
	if meta == nil {
		return
	}
	tag := fhir.Obj(fhir.Str("http://terminology.hl7.org/CodeSystem/v3-ObservationValue").As("system"), fhir.Str("SUBSETTED").As("code"))
	if tags := meta.Get("tag"); tags != nil {
		tags.Nodes = append(tags.Nodes, tag)
		return
	}
	meta.Set("tag", fhir.Arr(tag))
}
