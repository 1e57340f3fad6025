package validate

import (
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir"
)

// entries finds the resources of a bundle.
type entries struct {
	byURL map[string]*fhir.Node // fullUrl, and Type/id
	urls  map[*fhir.Node]string // resource -> its fullUrl
}

// index lists the entries of the bundle at hand.
func (w *walker) index() *entries {
	if w.entries != nil {
		return w.entries
	}
	e := &entries{byURL: map[string]*fhir.Node{}, urls: map[*fhir.Node]string{}}
	w.entries = e
	list := w.bundle.Get("entry")
	if !list.Is(fhir.KindArray) {
		return e
	}
	for i := range list.Nodes {
		url, n := list.Nodes[i].Get("fullUrl").String(), list.Nodes[i].Get("resource")
		if !n.Is(fhir.KindObject) {
			continue
		}
		if url != "" {
			e.byURL[url], e.urls[n] = n, url
		}
		if id := n.Get("id").String(); id != "" {
			if key := n.ResourceType() + "/" + id; e.byURL[key] == nil {
				e.byURL[key] = n
			}
		}
	}
	return e
}

// inBundle finds the entry that a reference points to.
//
// https://hl7.org/fhir/R4/bundle.html#references
func (w *walker) inBundle(text string) *fhir.Node {
	if w.bundle == nil {
		return nil
	}
	e := w.index()
	if ref, ok := fhir.ParseReference(text); ok && ref.Base == "" && ref.Type != "" && ref.ID != "" {
		if own, ok := fhir.ParseReference(e.urls[w.root]); ok && own.Base != "" {
			if n := e.byURL[own.Base+"/"+ref.Local()]; n != nil {
				return n
			}
		}
		text = ref.Local()
	}
	return e.byURL[text]
}

// urnTarget is the type of the entry that a URN names. Nothing outside of the
// bundle can be meant by it.
func (w *walker) urnTarget(n *fhir.Node, urn string) string {
	target := w.inBundle(urn)
	kinds := []string{"transaction", "collection", "document", "message"}
	if target == nil && !w.opts.ErrorsOnly && strings.HasPrefix(urn, "urn:uuid:") && slices.Contains(kinds, w.bundle.Get("type").String()) {
		w.report(issue{
			n: n, severity: fhir.SeverityWarning, code: fhir.IssueNotFound, rule: ruleBundleTarget, child: "reference",
			text: "No entry of this bundle has this fullUrl: correct the reference, or add the entry.",
		})
	}
	return target.ResourceType()
}

// entry checks that the fullUrl of an entry does not disagree with its
// resource. An entry that is to be created has no id yet.
//
// https://hl7.org/fhir/R4/bundle.html#bundle-unique
func (w *walker) entry(n *fhir.Node, _ *child) {
	full, resource := n.Get("fullUrl"), n.Get("resource")
	url := full.String()
	if url == "" {
		return
	}
	if !absolute(url) {
		w.report(issue{n: full, code: fhir.IssueValue, rule: ruleFullURL, child: "fullUrl", text: "A fullUrl must be absolute: begin it with the server's address, or use urn:uuid:."})
		return
	}
	ref, ok := fhir.ParseReference(url)
	id := resource.Get("id").String()
	if !ok || ref.Base == "" || ref.Type == "" || resource == nil || id == "" {
		return
	}
	if ref.Type != resource.ResourceType() || ref.ID != id {
		w.report(issue{n: full, code: fhir.IssueValue, rule: ruleFullURL, child: "fullUrl", text: "The fullUrl and the resource disagree about its type or id: correct one of them."})
	}
}
