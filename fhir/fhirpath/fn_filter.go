package fhirpath

import "slices"

func fnWhere(r *run, in []Element, c *call) ([]Element, error) {
	out := r.list(len(in))
	for i := range in {
		holds, err := r.holds(c.args[0], in, i)
		if err != nil {
			return nil, err
		}
		if holds {
			out = append(out, in[i])
		}
	}
	return out, nil
}

func fnSelect(r *run, in []Element, c *call) ([]Element, error) {
	if len(in) == 1 {
		return r.on(c.args[0], in, 0)
	}
	out := r.list(len(in))
	for i := range in {
		items, err := r.on(c.args[0], in[i:i+1:i+1], i)
		if err != nil {
			return nil, err
		}
		if err := r.spend(c.at(), 1+len(items)); err != nil {
			return nil, err
		}
		out = append(out, items...)
	}
	return out, nil
}

// fnRepeat follows a projection until it finds nothing new (N1 5.2.3).
func fnRepeat(r *run, in []Element, c *call) ([]Element, error) {
	seen := map[uint64][]Element{}
	var out []Element
	for queue := in; len(queue) > 0; {
		var found []Element
		for i := range queue {
			items, err := r.on(c.args[0], queue[i:i+1:i+1], i)
			if err != nil {
				return nil, err
			}
			for _, e := range items {
				h := hash(e)
				double, err := r.in(e, seen[h], c.at())
				if err != nil {
					return nil, err
				}
				if err := r.spend(c.at(), 5); err != nil { // they are kept twice
					return nil, err
				}
				if !double {
					seen[h] = append(seen[h], e)
					found = append(found, e)
				}
			}
		}
		out = append(out, found...)
		queue = found
	}
	return out, nil
}

func fnOfType(r *run, in []Element, c *call) ([]Element, error) { return r.ofType(in, c.typ) }

func fnIs(r *run, in []Element, c *call) ([]Element, error) { return r.isType(in, c.typ) }

// fnSort orders by the keys, or by the items themselves; a key with a minus
// sign goes down. Items without a key come last, or first when going down.
func fnSort(r *run, in []Element, c *call) ([]Element, error) {
	if err := r.spend(c.at(), len(in)*(len(c.args)+1)*8); err != nil {
		return nil, err
	}
	type row struct {
		e    Element
		keys []value
	}
	rows := make([]row, len(in))
	for i := range in {
		rows[i].e = in[i]
		if len(c.args) == 0 {
			rows[i].keys = []value{in[i].value()}
		}
		for _, a := range c.args {
			items, err := r.on(a, in[i:i+1:i+1], i)
			if err != nil {
				return nil, err
			}
			v, err := oneValue(items, a.at())
			if err != nil {
				return nil, err
			}
			rows[i].keys = append(rows[i].keys, v)
		}
	}
	var mixed bool
	slices.SortStableFunc(rows, func(a, b row) int {
		for i := range a.keys {
			order, ok := orderKeys(a.keys[i], b.keys[i])
			mixed = mixed || !ok
			if order != 0 && i < len(c.desc) && c.desc[i] {
				return -order
			}
			if order != 0 {
				return order
			}
		}
		return 0
	})
	if mixed {
		return nil, faultf(c.at(), "sort() cannot order values of different types")
	}
	out := r.list(len(rows))
	for _, row := range rows {
		out = append(out, row.e)
	}
	return out, nil
}

func orderKeys(a, b value) (order int, ok bool) {
	switch {
	case a.kind == kindNone && b.kind == kindNone:
		return 0, true
	case a.kind == kindNone:
		return 1, true
	case b.kind == kindNone:
		return -1, true
	}
	order, _, ok = orderValues(a, b)
	return order, ok
}

func fnSingle(_ *run, in []Element, c *call) ([]Element, error) {
	if len(in) > 1 {
		return nil, faultf(c.at(), "single() found several items")
	}
	return in, nil
}

func fnFirst(_ *run, in []Element, _ *call) ([]Element, error) {
	return in[:min(1, len(in)):min(1, len(in))], nil
}

func fnLast(_ *run, in []Element, _ *call) ([]Element, error) { return in[max(0, len(in)-1):], nil }

func fnTail(_ *run, in []Element, _ *call) ([]Element, error) { return in[min(1, len(in)):], nil }

func fnSkip(r *run, in []Element, c *call) ([]Element, error) {
	n, err := r.number(c, 0)
	return in[min(max(n, 0), len(in)):], err
}

func fnTake(r *run, in []Element, c *call) ([]Element, error) {
	n, err := r.number(c, 0)
	n = min(max(n, 0), len(in))
	return in[:n:n], err
}

// number reads an argument that is a count.
func (r *run) number(c *call, i int) (int, error) {
	items, err := r.arg(c.args[i])
	if err != nil {
		return 0, err
	}
	n, _, err := oneInteger(items, c.args[i].at())
	return int(n), err
}

func fnIntersect(r *run, in []Element, c *call) ([]Element, error) {
	kept, err := r.sift(in, c, true)
	if err != nil {
		return nil, err
	}
	return r.distinct(kept, c.at())
}

func fnExclude(r *run, in []Element, c *call) ([]Element, error) { return r.sift(in, c, false) }

// sift keeps the items that are, or are not, in the argument.
func (r *run) sift(in []Element, c *call, want bool) ([]Element, error) {
	other, err := r.arg(c.args[0])
	if err != nil {
		return nil, err
	}
	out := r.list(len(in))
	for _, e := range in {
		found, err := r.in(e, other, c.at())
		if err != nil {
			return nil, err
		}
		if found == want {
			out = append(out, e)
		}
	}
	return out, nil
}

func fnUnion(r *run, in []Element, c *call) ([]Element, error) {
	both, err := fnCombine(r, in, c)
	if err != nil {
		return nil, err
	}
	return r.distinct(both, c.at())
}

func fnCombine(r *run, in []Element, c *call) ([]Element, error) {
	other, err := r.arg(c.args[0])
	if err != nil {
		return nil, err
	}
	if err := r.spend(c.at(), len(in)+len(other)); err != nil {
		return nil, err
	}
	out := r.list(len(in) + len(other))
	return append(append(out, in...), other...), nil
}
