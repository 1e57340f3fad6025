package fhirpath

import "github.com/jamii-health/jamii/fhir"

func fnChildren(r *run, in []Element, c *call) ([]Element, error) {
	room := 0
	for _, e := range in {
		if owner := e.owner(); owner != nil {
			for i := range owner.Nodes {
				room += 1 + len(owner.Nodes[i].Nodes)
			}
		}
	}
	if err := r.spend(c.at(), room); err != nil {
		return nil, err
	}
	out := r.list(room)
	for _, e := range in {
		out = children(out, e)
	}
	return out, nil
}

// fnDescendants is repeat(children()), but keeps items that are equal, since
// they stand in different places (N1 5.8.2: children at any level).
func fnDescendants(r *run, in []Element, c *call) ([]Element, error) {
	room := 0
	for _, e := range in {
		room += countNodes(e.node) + countNodes(e.shadow)
	}
	if err := r.spend(c.at(), room); err != nil {
		return nil, err
	}
	out := r.list(room)
	for _, e := range in {
		out = children(out, e)
	}
	for i := 0; i < len(out); i++ {
		out = children(out, out[i])
	}
	return out, nil
}

// countNodes is at least the number of elements below n.
func countNodes(n *fhir.Node) int {
	if n == nil {
		return 0
	}
	count := len(n.Nodes)
	for i := range n.Nodes {
		count += countNodes(&n.Nodes[i])
	}
	return count
}

// fnTrace tells the caller what is there and passes it on.
func fnTrace(r *run, in []Element, c *call) ([]Element, error) {
	if r.opts.Trace == nil {
		return in, nil
	}
	items, err := r.arg(c.args[0])
	if err != nil {
		return nil, err
	}
	name, _, err := oneString(items, c.args[0].at())
	if err != nil {
		return nil, err
	}
	shown := in
	if len(c.args) == 2 {
		if shown, err = fnSelect(r, in, &call{offset: c.offset, args: c.args[1:]}); err != nil {
			return nil, err
		}
	}
	r.opts.Trace(name, append([]Element(nil), shown...))
	return in, nil
}

// clock is the time of this evaluation, the same however often it is asked.
func (r *run) clock(c *call) (Temporal, error) {
	if r.now.prec == 0 {
		if r.opts.Now.IsZero() {
			return r.now, faultf(c.at(), "%s() needs a clock, and none was given to this evaluation", c.name)
		}
		r.now = temporalOf(r.opts.Now)
	}
	return r.now, nil
}

func fnNow(r *run, _ []Element, c *call) ([]Element, error) {
	t, err := r.clock(c)
	return r.one(temporalElement(t)), err
}

func fnToday(r *run, _ []Element, c *call) ([]Element, error) {
	t, err := r.clock(c)
	return r.one(temporalElement(t.date())), err
}

func fnTimeOfDay(r *run, _ []Element, c *call) ([]Element, error) {
	t, err := r.clock(c)
	return r.one(temporalElement(t.clock())), err
}

// fnAggregate folds the items into $total (N1 7.1).
func fnAggregate(r *run, in []Element, c *call) ([]Element, error) {
	old := r.scope.total
	defer func() { r.scope.total = old }()
	var total []Element
	if len(c.args) == 2 {
		var err error
		if total, err = r.arg(c.args[1]); err != nil {
			return nil, err
		}
	}
	for i := range in {
		if err := r.spend(c.at(), 1+len(total)); err != nil {
			return nil, err
		}
		r.scope.total = total
		var err error
		if total, err = r.on(c.args[0], in[i:i+1:i+1], i); err != nil {
			return nil, err
		}
	}
	return total, nil
}

func fnType(r *run, in []Element, _ *call) ([]Element, error) {
	out := r.list(len(in))
	for _, e := range in {
		if e.typ != nil {
			out = append(out, Element{typ: typeOfType, sys: e.typ})
		}
	}
	return out, nil
}
