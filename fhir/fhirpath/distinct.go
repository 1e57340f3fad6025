package fhirpath

import (
	"hash/maphash"

	"github.com/jamii-health/jamii/fhir"
)

// fewItems is up to where comparing each with each is faster than hashing.
const fewItems = 8

// distinct removes items that equal an earlier one (N1 5.1.11).
func (r *run) distinct(items []Element, at int) ([]Element, error) {
	if len(items) < 2 {
		return items, nil
	}
	if err := r.spend(at, len(items)); err != nil {
		return nil, err
	}
	out := r.list(len(items))
	var seen map[uint64][]int
	if len(items) > fewItems {
		seen = make(map[uint64][]int, len(items))
	}
	for _, e := range items {
		var h uint64
		double, err := false, error(nil)
		if seen == nil {
			double, err = r.in(e, out, at)
		} else {
			h = hash(e)
			for _, i := range seen[h] {
				if double, err = r.in(e, out[i:i+1], at); double || err != nil {
					break
				}
			}
		}
		if err != nil {
			return nil, err
		}
		if double {
			continue
		}
		if seen != nil {
			seen[h] = append(seen[h], len(out))
		}
		out = append(out, e)
	}
	return out, nil
}

// in reports whether an item equals one of the list.
func (r *run) in(e Element, list []Element, at int) (bool, error) {
	for i := range list {
		t, err := r.equalItems(e, list[i], at)
		if err != nil || t == yes {
			return t == yes, err
		}
	}
	return false, nil
}

var seed = maphash.MakeSeed()

// hash is the same for equal items.
func hash(e Element) uint64 {
	if s, ok := e.str(); ok {
		return maphash.String(seed, s)
	}
	switch v := e.value(); {
	case v.kind.number():
		return maphash.String(seed, reduced(v.decimal()).Text('e'))
	case v.kind.temporal():
		return uint64(kindDateTime) // their equality depends on precision and offset
	case v.kind != kindNone:
		return uint64(v.kind)
	}
	return hashNode(e.node) ^ hashNode(e.shadow)
}

func hashNode(n *fhir.Node) uint64 {
	if n == nil {
		return 0
	}
	switch n.Kind {
	case fhir.KindObject, fhir.KindArray:
		h := uint64(n.Kind)
		for i := range n.Nodes {
			h += hashNode(&n.Nodes[i]) * 31 // the order of members is free
		}
		return h
	case fhir.KindNumber:
		if d, ok := parseDecimal(n.Text); ok {
			return maphash.String(seed, reduced(d).Text('e'))
		}
	}
	return maphash.String(seed, n.Text)
}
