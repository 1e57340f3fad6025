package search

import (
	"strings"
	"sync"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// token adds the values of an element under a token parameter.
//
// https://hl7.org/fhir/R4/search.html#token
func (x *indexer) token(e element) {
	n := e.node
	switch e.typ {
	case "CodeableConcept":
		for _, coding := range each(n.Get("coding")) {
			x.coding(&coding)
		}
		if text := n.Get("text").String(); text != "" {
			x.add(Value{Text: text})
		}
	case "Coding":
		x.coding(n)
	case "Identifier":
		x.identifier(n)
	case "ContactPoint":
		value := n.Get("value").String()
		if value == "" {
			return
		}
		x.add(Value{Code: value})
		if system := n.Get("system").String(); system != "" { // not a uri, but clients ask phone|...
			x.add(Value{System: system, Code: value})
		}
	default:
		x.code(e)
	}
}

// code adds a primitive. The system of a code is the one of its value set;
// it also has none, for "|code".
func (x *indexer) code(e element) {
	switch e.node.Kind {
	case fhir.KindString, fhir.KindBool, fhir.KindNumber:
	default:
		return
	}
	text := e.node.Text
	if text == "" {
		return
	}
	x.add(Value{Code: text})
	if e.binding != "" {
		if system := systemOf(e.binding, text); system != "" {
			x.add(Value{System: system, Code: text})
		}
	}
}

var implied sync.Map // value set -> map[string]string, code -> system

func systemOf(valueSet, code string) string {
	systems, ok := implied.Load(valueSet)
	if !ok {
		m := map[string]string{}
		codes, _ := definition.ValueSet(valueSet) // one that cannot be listed has no implied system
		for _, c := range codes {
			if m[c.Code] == "" {
				m[c.Code] = c.System
			}
		}
		systems, _ = implied.LoadOrStore(valueSet, m)
	}
	return systems.(map[string]string)[code]
}

func (x *indexer) coding(n *fhir.Node) {
	v := Value{System: n.Get("system").String(), Code: n.Get("code").String(), Text: n.Get("display").String()}
	if v.System != "" || v.Code != "" || v.Text != "" {
		x.add(v)
	}
}

// identifier adds one value, and one for each further coding of its type.
func (x *indexer) identifier(n *fhir.Node) {
	typ := n.Get("type")
	v := Value{System: n.Get("system").String(), Code: n.Get("value").String(), Text: typ.Get("text").String()}
	if v.Code == "" && v.System == "" {
		return
	}
	typed := false
	for _, coding := range each(typ.Get("coding")) {
		if code := coding.Get("code").String(); code != "" {
			v.Ident = coding.Get("system").String() + "|" + code
			x.add(v)
			typed = true
		}
	}
	if !typed {
		x.add(v)
	}
}

// reference adds the values of an element under a reference parameter.
//
// https://hl7.org/fhir/R4/search.html#reference
func (x *indexer) reference(e element) {
	n := e.node
	switch e.typ {
	case "Reference":
		v := Value{Type: referenceType(n, x.root), Text: n.Get("display").String()}
		v.Code = x.c.local(n.Get("reference").String())
		if id := n.Get("identifier"); id.Get("value").String() != "" {
			v.Ident = id.Get("system").String() + "|" + id.Get("value").String()
		}
		if v.Code != "" || v.Ident != "" || v.Text != "" {
			x.add(v)
		}
	case "canonical", "uri", "url", "uuid", "oid":
		x.canonical(n.String())
	default:
		// A resource within a resource: Bundle.entry[0].resource.
		if id := n.Get("id").String(); fhir.ValidID(id) && definition.IsResource(e.typ) {
			x.add(Value{Code: e.typ + "/" + id, Type: e.typ})
		}
	}
}

// local is a reference as it is indexed and searched: without version, and
// relative when it points at this server.
func (c *Catalogue) local(text string) string {
	ref, ok := fhir.ParseReference(text)
	switch {
	case !ok || ref.Local() == "":
		return text
	case ref.Base == "" || c.Base != "" && strings.EqualFold(ref.Base, c.Base):
		return ref.Local()
	}
	return ref.Base + "/" + ref.Local()
}

// canonical adds the forms under which a canonical is found: as written,
// without its version, and relative when it is on this server.
func (x *indexer) canonical(text string) {
	if text == "" {
		return
	}
	plain, _, _ := strings.Cut(text, "|")
	ref, _ := fhir.ParseReference(plain) // most name no type
	x.add(Value{Code: text, Type: ref.Type})
	if plain != "" {
		x.add(Value{Code: plain, Type: ref.Type})
	}
	if x.c.Base != "" && strings.HasPrefix(plain, x.c.Base+"/") {
		x.add(Value{Code: x.c.local(plain), Type: ref.Type})
	}
}

// uri adds the values of an element under a uri parameter.
//
// https://hl7.org/fhir/R4/search.html#uri
func (x *indexer) uri(e element) {
	text := e.node.String()
	if text == "" {
		return
	}
	x.add(Value{Code: text})
	if e.typ == "canonical" {
		if plain, _, versioned := strings.Cut(text, "|"); versioned && plain != "" {
			x.add(Value{Code: plain})
		}
	}
}

// text adds the values of an element under a string parameter.
//
// https://hl7.org/fhir/R4/search.html#string
func (x *indexer) text(e element) {
	parts, ok := textParts[e.typ]
	if !ok {
		x.string(e.node)
		return
	}
	for _, name := range parts {
		part := e.node.Get(name)
		if part.Is(fhir.KindArray) {
			for i := range part.Nodes {
				x.string(&part.Nodes[i])
			}
			continue
		}
		x.string(part)
	}
}

// textParts are the elements of complex types that strings search.
var textParts = map[string][]string{
	"HumanName":       {"text", "family", "given", "prefix", "suffix"},
	"Address":         {"text", "line", "city", "district", "state", "postalCode", "country"},
	"CodeableConcept": {"text"},
	"Coding":          {"display"},
	"Annotation":      {"text"},
	"Identifier":      {"value"},
	"ContactPoint":    {"value"},
	"Reference":       {"display"},
}

func (x *indexer) string(n *fhir.Node) {
	if text := n.String(); text != "" {
		x.add(Value{Text: text})
	}
}

// each returns the elements of an array, or a lone object as its only one,
// without making pointers to them.
func each(n *fhir.Node) []fhir.Node {
	switch {
	case n == nil:
		return nil
	case n.Kind == fhir.KindArray:
		return n.Nodes
	}
	return []fhir.Node{*n}
}
