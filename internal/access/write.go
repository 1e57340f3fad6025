package access

import (
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
)

// Resolver finds what a reference of the resource points at: in the same
// Bundle, or stored. nil when there is nothing.
type Resolver func(reference string) *fhir.Node

// Writable says whether the principal may create, update or delete this
// content. For an update or a deletion the stored resource must be Readable
// too; that the caller asks separately. tree is the new content, nil for a
// deletion.
//
// A facility writes requests of its own, and nothing that looks like an answer
// (wire.md 1).
func (p Principal) Writable(typ string, right Right, tree *fhir.Node, resolve Resolver) error {
	if err := p.allow(typ, right); err != nil {
		return err
	}
	if !p.Restricted() {
		return nil
	}
	w, ok := rules.Write[typ]
	if !ok || !strings.Contains(w.Rights, string(right)) || len(p.Facilities) == 0 {
		return forbidden("A facility's client may not " + verbs[right] + " " + typ + ".")
	}
	for _, tag := range ownerTags(tree) {
		if !slices.ContainsFunc(p.Facilities, func(f Facility) bool { return f.Ref == tag.Get("code").String() }) {
			return forbidden("The owner tag names another facility; leave it out.")
		}
	}
	if w.By == "" {
		return nil
	}
	for _, ref := range tree.Get(w.By).Each() {
		if !p.speaks(tree, ref, w.Site, resolve) {
			return &fhir.Error{
				Kind: fhir.Forbidden, Issue: fhir.IssueForbidden, Path: typ + "." + w.By,
				Text: "This must name the client's own facility, or a role there.",
			}
		}
	}
	return nil
}

// speaks reports whether a reference names one of the principal's facilities,
// a role there, or a practitioner at one of its sites. What the reference
// resolves to decides, because that is what the engine will take; what resolves
// to nothing is judged by its text.
func (p Principal) speaks(tree, ref *fhir.Node, site string, resolve Resolver) bool {
	target := follow(tree, ref, resolve)
	switch target.ResourceType() {
	case "":
		return p.names(ref)
	case "Organization":
		return p.is(target)
	case "PractitionerRole":
		return p.place(tree, target.Get("organization"), resolve)
	case "Practitioner":
		where := tree.Get(site)
		if site == "" || where == nil {
			return true // the client's own facility is meant
		}
		location := follow(tree, where, resolve)
		return location.ResourceType() == "Location" && p.place(tree, location.Get("managingOrganization"), resolve)
	}
	return false
}

// place reports whether a reference names one of the facilities, directly or
// as an Organization of the same Bundle.
func (p Principal) place(tree, ref *fhir.Node, resolve Resolver) bool {
	if target := follow(tree, ref, resolve); target != nil {
		return target.ResourceType() == "Organization" && p.is(target)
	}
	return p.names(ref)
}

// names reports whether the text of a Reference names one of the facilities:
// as "Organization/id", or, when it is a logical reference or points to another
// server, by its identifier. Search sees the same.
func (p Principal) names(ref *fhir.Node) bool {
	if text := ref.Get("reference").String(); text != "" {
		r, ok := fhir.ParseReference(text)
		if !ok || r.Base == "" {
			return slices.ContainsFunc(p.Facilities, func(f Facility) bool { return ok && r.Local() != "" && f.Ref == r.Local() })
		}
	}
	id := Identifier{ref.Path("identifier", "system").String(), ref.Path("identifier", "value").String()}
	return id.Value != "" && slices.ContainsFunc(p.Facilities, func(f Facility) bool { return slices.Contains(f.Identifiers, id) })
}

// is reports whether an Organization is one of the facilities: one of its
// identifiers is the facility's, and none in the same system is another's. Its
// id decides when either has no identifiers.
func (p Principal) is(org *fhir.Node) bool {
	ids := org.Get("identifier").Each()
	return slices.ContainsFunc(p.Facilities, func(f Facility) bool {
		if len(ids) == 0 || len(f.Identifiers) == 0 {
			id := org.Get("id").String()
			return id != "" && f.Ref == "Organization/"+id
		}
		found := false
		for _, n := range ids {
			id := Identifier{n.Get("system").String(), n.Get("value").String()}
			switch {
			case slices.Contains(f.Identifiers, id):
				found = true
			case slices.ContainsFunc(f.Identifiers, func(x Identifier) bool { return x.System == id.System }):
				return false
			}
		}
		return found
	})
}

// follow finds what a reference points at: contained, or by the resolver.
func follow(tree, ref *fhir.Node, resolve Resolver) *fhir.Node {
	text := ref.Get("reference").String()
	if id, ok := strings.CutPrefix(text, "#"); ok {
		for _, c := range tree.Get("contained").Each() {
			if c.Get("id").String() == id {
				return c
			}
		}
		return nil
	}
	if text == "" || resolve == nil {
		return nil
	}
	return resolve(text)
}

// Changeable says which of the persons and households that the principal may
// see it may change too: nil is all, else what matches the expression. Who
// knows an identifier may read the record; to rewrite it takes more.
func (p Principal) Changeable(typ string) search.Expr {
	who, ok := rules.Persons[typ]
	if !p.Restricted() || !ok {
		return nil
	}
	return rules.expr(who.Change, p.Facilities)
}

// Stamp tags new content of a facility's client with its owners, where no
// element names one of them. Call it on what Writable allowed, before it is
// indexed. Use cases give answers the same tags with CopyOwner.
func (p Principal) Stamp(typ string, tree *fhir.Node) {
	if !p.Restricted() || tree == nil {
		return
	}
	if _, ok := rules.Own[typ]; !ok && len(rules.Persons[typ].Change) == 0 {
		return
	}
	w := rules.Write[typ]
	if w.By != "" && seenBy(typ, w.By) {
		for _, ref := range tree.Get(w.By).Each() {
			if p.names(ref) {
				return
			}
		}
	}
	for _, f := range p.Facilities {
		tag(tree, f.Ref)
	}
}

// seenBy reports whether the element that says who asks is also what makes the
// resource visible: then it needs no tag.
func seenBy(typ, element string) bool {
	return slices.ContainsFunc(rules.Own[typ], func(t term) bool { return t.param == element && t.value == "facility" })
}

// CopyOwner gives an answer the owner tags of the request.
func CopyOwner(answer, request *fhir.Node) {
	for _, t := range ownerTags(request) {
		tag(answer, t.Get("code").String())
	}
}

// SetOwner tags a resource with the facility for which somebody else makes it:
// a mediator acts for many (wire.md 7).
func SetOwner(tree *fhir.Node, facility string) { tag(tree, facility) }

// DropOwner takes out of new content the owner tags that the old content has.
// They stay what they were, so nobody has to answer for them; CopyOwner puts
// them back.
func DropOwner(tree, old *fhir.Node) {
	list := tree.Path("meta", "tag")
	if !list.Is(fhir.KindArray) {
		return
	}
	for _, t := range ownerTags(old) {
		list.Nodes = slices.DeleteFunc(list.Nodes, func(n fhir.Node) bool {
			return n.Get("system").String() == OwnerSystem && n.Get("code").String() == t.Get("code").String()
		})
	}
}

func ownerTags(tree *fhir.Node) []*fhir.Node {
	var out []*fhir.Node
	for _, t := range tree.Path("meta", "tag").Each() {
		if t.Get("system").String() == OwnerSystem {
			out = append(out, t)
		}
	}
	return out
}

func tag(tree *fhir.Node, owner string) {
	for _, t := range ownerTags(tree) {
		if t.Get("code").String() == owner {
			return
		}
	}
	if !tree.Get("meta").Is(fhir.KindObject) {
		tree.Set("meta", fhir.Obj())
	}
	meta := tree.Get("meta")
	if !meta.Get("tag").Is(fhir.KindArray) {
		meta.Set("tag", fhir.Arr())
	}
	tags := meta.Get("tag")
	tags.Nodes = append(tags.Nodes, fhir.Obj(fhir.Str(OwnerSystem).As("system"), fhir.Str(owner).As("code")))
}
