package registry

import (
	"context"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/search"
)

// linker rewrites what points at entries of a transaction, at this server by
// its absolute address, or at what a condition finds.
//
// https://hl7.org/fhir/R4/http.html#trules
type linker struct {
	ctx         context.Context
	r           *Registry
	c           Call
	targets     map[string]string // fullUrl -> "Type/id"
	conditional map[string]string // "Type?query" -> "Type/id"
	transaction bool
	root        string // base URL in the fullUrl of the entry being walked, with its slash
	base        string // path of the resource being walked
	steps       []step
	seen        []seen
	intents     []*intent
	err         error
}

// seen is a relative reference, for reference enforcement.
type seen struct{ ref, path string }

// link rewrites the references of all intents.
func (r *Registry) link(ctx context.Context, c Call, intents []*intent, transaction bool) error {
	l := &linker{ctx: ctx, r: r, c: c, intents: intents, targets: map[string]string{}, conditional: map[string]string{}, transaction: transaction}
	own := map[string]bool{}
	for _, in := range intents {
		if in.id == "" || in.method == http.MethodDelete {
			continue
		}
		own[in.typ+"/"+in.id] = true
		if in.fullURL != "" {
			l.targets[in.fullURL] = in.typ + "/" + in.id
		}
	}
	for _, in := range intents {
		if in.node == nil || in.exists {
			continue
		}
		if l.base = in.path; l.base == "" {
			l.base = in.typ
		}
		l.root = ""
		if full, ok := fhir.ParseReference(in.fullURL); ok && full.Base != "" {
			l.root = full.Base + "/"
		}
		l.walk(in.node, in.typ)
		if l.err != nil {
			return l.err
		}
	}
	if r.options.EnforceReferences {
		return l.enforce(own)
	}
	return nil
}

// step is one step down from the root of a resource.
type step struct {
	name  string
	index int // -1: not in a list
}

// path renders where the walk stands.
func (l *linker) path() string {
	path := l.base
	for _, s := range l.steps {
		path = fhir.JoinPath(path, s.name)
		if s.index >= 0 {
			path += "[" + strconv.Itoa(s.index) + "]"
		}
	}
	return path
}

// walk visits the elements of n, whose FHIR type is typ.
func (l *linker) walk(n *fhir.Node, typ string) {
	t, ok := definition.Lookup(typ)
	if !ok {
		return
	}
	for i := range n.Nodes {
		m := &n.Nodes[i]
		e, child, ok := t.Element(strings.TrimPrefix(m.Name, "_"))
		if !ok {
			continue
		}
		if strings.HasPrefix(m.Name, "_") {
			child = "Element"
		}
		l.steps = append(l.steps, step{m.Name, -1})
		at := len(l.steps) - 1
		if m.Kind != fhir.KindArray {
			l.value(m, typ, e, child)
		} else {
			for k := range m.Nodes {
				l.steps[at].index = k
				l.value(&m.Nodes[k], typ, e, child)
			}
		}
		l.steps = l.steps[:at]
		if l.err != nil {
			return
		}
	}
}

func (l *linker) value(v *fhir.Node, parent string, e *definition.Element, typ string) {
	switch v.Kind {
	case fhir.KindObject:
		if typ == "Resource" {
			typ = v.ResourceType()
		}
		l.walk(v, typ)
	case fhir.KindString:
		switch {
		case parent == "Reference" && e.Name == "reference":
			v.Text = l.reference(v.Text)
		case typ == "url" || strings.HasPrefix(v.Text, "urn:") && (typ == "uri" || typ == "uuid" || typ == "oid"):
			// A canonical is left as it is, says the standard. So is a uri that
			// is a web address: a resource's own url would be lost.
			if to, ok := l.targets[v.Text]; ok {
				v.Text = to
			}
		case typ == "xhtml":
			v.Text = l.narrative(v.Text)
		}
	}
}

// reference returns the text that is stored for a reference.
func (l *linker) reference(text string) string {
	plain, fragment, hasFragment := strings.Cut(text, "#")
	if to, ok := l.targets[plain]; ok && plain != "" {
		if hasFragment {
			return to + "#" + fragment
		}
		return to
	}
	if rest, ok := strings.CutPrefix(text, l.c.Base+"/"); ok && l.c.Base != "" {
		text = rest
	}
	ref, ok := fhir.ParseReference(text)
	if to, known := l.targets[l.root+ref.Local()]; known && ok && ref.Base == "" && ref.Type != "" && l.root != "" {
		return to // relative to the entry's own fullUrl
	}
	switch {
	case !ok || ref.Fragment != "":
		return text
	case ref.URN != "" && l.transaction:
		l.err = &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueNotFound, Path: l.path(), Text: "The reference points at no entry of the transaction. Give the entry it means this fullUrl."}
	case ref.Condition != "":
		return l.condition(ref, text)
	case ref.Base == "" && l.r.options.EnforceReferences:
		l.seen = append(l.seen, seen{ref.Local(), l.path()})
	}
	return text
}

// condition resolves "Type?query" to the one resource it finds.
func (l *linker) condition(ref fhir.Reference, text string) string {
	if to, ok := l.conditional[text]; ok {
		return to
	}
	path := l.path()
	if !definition.IsResource(ref.Type) {
		l.err = &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: path, Text: "The conditional reference names no resource type of R4."}
		return text
	}
	found, err := l.finds(ref)
	switch {
	case err != nil:
		l.err = at(err, path)
		return text
	case len(found) == 1:
		l.conditional[text] = found[0]
		return found[0]
	case len(found) == 0:
		l.err = &fhir.Error{Kind: fhir.PreconditionFailed, Issue: fhir.IssueNotFound, Path: path, Text: "The conditional reference finds nothing. Create the target first, or put it into the same transaction."}
	default:
		l.err = &fhir.Error{Kind: fhir.PreconditionFailed, Issue: fhir.IssueMultiple, Path: path, Text: "The conditional reference finds several resources. Make it more specific."}
	}
	return text
}

// hyperlink finds the attributes of a narrative that can point at an entry.
var hyperlink = regexp.MustCompile(`\b(?:href|src)\s*=\s*(?:"[^"]*"|'[^']*')`)

// narrative rewrites href="fullUrl" and src="fullUrl".
func (l *linker) narrative(div string) string {
	if len(l.targets) == 0 {
		return div
	}
	return hyperlink.ReplaceAllStringFunc(div, func(attribute string) string {
		open := strings.IndexAny(attribute, `"'`)
		if to, ok := l.targets[attribute[open+1:len(attribute)-1]]; ok {
			return attribute[:open+1] + to + attribute[len(attribute)-1:]
		}
		return attribute
	})
}

// enforce refuses references to what is not here.
func (l *linker) enforce(own map[string]bool) error {
	var refs []string
	for _, s := range l.seen {
		if !own[s.ref] {
			refs = append(refs, s.ref)
		}
	}
	if len(refs) == 0 {
		return nil
	}
	found, err := l.r.store.ReadMany(l.ctx, refs)
	if err != nil {
		return err
	}
	for i := range found {
		own[found[i].Ref()] = true
	}
	var issues []fhir.Issue
	for _, s := range l.seen {
		if !own[s.ref] {
			issues = append(issues, fhir.Issue{Severity: fhir.SeverityError, Code: fhir.IssueNotFound, Path: s.path, Text: "The reference points at nothing on this server. Create the target first."})
		}
	}
	return fhir.NewError(fhir.Unprocessable, issues)
}

// finds lists what a conditional reference finds when the writes of the
// transaction are done: what is stored and not written here, and what is
// written here and matches.
//
// https://hl7.org/fhir/R4/http.html#trules, step 5
func (l *linker) finds(ref fhir.Reference) ([]string, error) {
	_, stored, err := l.r.match(l.ctx, l.c, ref.Type, ref.Condition)
	if err != nil {
		return nil, err
	}
	written := map[string]bool{}
	var out []string
	for _, in := range l.intents {
		if in.typ != ref.Type || in.id == "" || in.exists {
			continue
		}
		written[in.typ+"/"+in.id] = true
		if in.node == nil {
			continue
		}
		ok, err := l.r.meets(l.ctx, l.c, in, ref)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, in.typ+"/"+in.id)
		}
	}
	for i := range stored {
		if !written[stored[i].Ref()] {
			out = append(out, stored[i].Ref())
		}
	}
	return out, nil
}

// meets reports whether what an intent writes matches a condition.
func (r *Registry) meets(ctx context.Context, c Call, in *intent, ref fhir.Reference) (bool, error) {
	expr, _, err := r.catalogue.ParseCondition(ref.Type, ref.Condition, codeLists{ctx, r, c})
	if err != nil {
		return false, err
	}
	index, err := r.catalogue.Index(in.node)
	if err != nil {
		return false, err
	}
	return search.Match(expr, index, search.Context{ID: in.id, Updated: r.now()}), nil
}
