package registry

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// labels are the members of Meta that $meta-add and $meta-delete change.
var labels = []string{"profile", "security", "tag"}

// Meta answers $meta: the Meta of Type/id, or the profiles, security labels and
// tags in use in what the caller may see of a type (id ""), or of all (both
// "").
//
// https://hl7.org/fhir/R4/resource-operation-meta.html
func (r *Registry) Meta(ctx context.Context, c Call, typ, id string) (fhir.Node, error) {
	meta, err := r.meta(ctx, c, typ, id)
	return meta, r.audited(ctx, c, store.Audit{Interaction: "$meta", Action: "R", Type: typ, Ref: refOf(typ, id)}, err)
}

func (r *Registry) meta(ctx context.Context, c Call, typ, id string) (fhir.Node, error) {
	meta := fhir.Obj()
	if id != "" {
		res, err := r.read(ctx, c, typ, id)
		if err != nil {
			return meta, err
		}
		n, err := res.Tree()
		if err != nil {
			return meta, err
		}
		return *n.Get("meta"), nil
	}
	types := []string{typ}
	if typ == "" {
		types = definition.Resources()
	} else if err := checkType(typ); err != nil {
		return meta, err
	}
	left := r.options.Slow
	for _, t := range types {
		err := r.inUse(ctx, c, t, &meta, &left)
		var fe *fhir.Error
		if typ == "" && errors.As(err, &fe) && fe.Kind == fhir.Forbidden {
			continue // a type that the caller may not search
		}
		if err != nil {
			return meta, err
		}
	}
	return meta, nil
}

// labelled is true for what has a label.
var labelled = search.Or{
	search.Not{X: search.Missing{Param: "_profile"}}, search.Not{X: search.Missing{Param: "_security"}}, search.Not{X: search.Missing{Param: "_tag"}},
}

// inUse adds the labels of a type's resources to meta; left bounds how many
// are looked at.
func (r *Registry) inUse(ctx context.Context, c Call, typ string, meta *fhir.Node, left *int) error {
	expr, err := r.filter(c, typ, labelled)
	if err != nil {
		return err
	}
	q := store.Query{Type: typ, Expr: expr, Limit: checkedUpTo}
	for {
		list, next, err := r.collect(ctx, q)
		if err != nil {
			return err
		}
		if *left -= len(list); *left < 0 {
			return errTooCostly()
		}
		for i := range list {
			n, err := list[i].Tree()
			if err != nil {
				return err
			}
			addLabels(meta, n.Get("meta"))
		}
		if next == nil {
			return nil
		}
		q.After = next
	}
}

// ChangeMeta answers $meta-add and, with remove, $meta-delete: it adds the
// labels to Type/id, or takes them away. When nothing changes no version is
// made.
//
// https://hl7.org/fhir/R4/resource-operation-meta-add.html
func (r *Registry) ChangeMeta(ctx context.Context, c Call, typ, id string, meta *fhir.Node, remove bool, ifMatch int64) (Result, error) {
	name, apply := "$meta-add", addLabels
	if remove {
		name, apply = "$meta-delete", removeLabels
	}
	change := func(old *fhir.Node) (*fhir.Node, error) {
		n := old.Clone()
		if !n.Get("meta").Is(fhir.KindObject) {
			n.Set("meta", fhir.Obj())
		}
		if !apply(n.Get("meta"), meta) {
			return nil, nil
		}
		return n, nil
	}
	return r.oneAs(ctx, c, &intent{method: http.MethodPatch, typ: typ, id: id, change: change, ifMatch: ifMatch}, name)
}

// sameLabel compares profiles by their text and codings by system and code.
func sameLabel(a, b *fhir.Node) bool {
	if a.Is(fhir.KindString) {
		return a.Text == b.String()
	}
	return b.Is(fhir.KindObject) && a.Get("system").String() == b.Get("system").String() && a.Get("code").String() == b.Get("code").String()
}

// addLabels adds what is not there and reports whether anything was.
func addLabels(meta, more *fhir.Node) (changed bool) {
	for _, name := range labels {
		for _, label := range more.Get(name).Each() {
			have := meta.Get(name)
			if slices.ContainsFunc(have.Each(), func(n *fhir.Node) bool { return sameLabel(n, label) }) {
				continue
			}
			if !have.Is(fhir.KindArray) {
				meta.Set(name, fhir.Arr())
				have = meta.Get(name)
			}
			have.Nodes = append(have.Nodes, label.Clone().As(""))
			if beside := meta.Get("_" + name); beside.Is(fhir.KindArray) {
				beside.Nodes = append(beside.Nodes, fhir.Node{Kind: fhir.KindNull})
			}
			changed = true
		}
	}
	return changed
}

// removeLabels takes away what is there and reports whether anything was.
func removeLabels(meta, less *fhir.Node) (changed bool) {
	for _, name := range labels {
		have, beside := meta.Get(name), meta.Get("_"+name)
		for i := len(have.Each()) - 1; i >= 0; i-- {
			if !slices.ContainsFunc(less.Get(name).Each(), func(n *fhir.Node) bool { return sameLabel(n, have.At(i)) }) {
				continue
			}
			have.Nodes = slices.Delete(have.Nodes, i, i+1)
			if beside.Is(fhir.KindArray) && i < len(beside.Nodes) {
				beside.Nodes = slices.Delete(beside.Nodes, i, i+1)
			}
			changed = true
		}
		if have != nil && len(have.Nodes) == 0 {
			meta.Remove(name)
			meta.Remove("_" + name)
		}
	}
	return changed
}
