package fhirpath

func fnEmpty(r *run, in []Element, _ *call) ([]Element, error) { return r.boolean(len(in) == 0), nil }

func fnExists(r *run, in []Element, c *call) ([]Element, error) {
	if len(c.args) == 0 {
		return r.boolean(len(in) > 0), nil
	}
	for i := range in {
		holds, err := r.holds(c.args[0], in, i)
		if err != nil || holds {
			return r.boolean(holds), err
		}
	}
	return r.boolean(false), nil
}

// holds evaluates a criterion on one item, and gives back the memory it took.
func (r *run) holds(criterion expr, in []Element, i int) (bool, error) {
	if err := r.spend(criterion.at(), 1); err != nil {
		return false, err
	}
	chunk, used := r.arena.mark()
	out, err := r.on(criterion, in[i:i+1:i+1], i)
	if err != nil {
		return false, err
	}
	t, err := singleBoolean(out, criterion.at())
	r.arena.release(chunk, used)
	return t == yes, err
}

func fnAll(r *run, in []Element, c *call) ([]Element, error) {
	for i := range in {
		holds, err := r.holds(c.args[0], in, i)
		if err != nil || !holds {
			return r.boolean(false), err
		}
	}
	return r.boolean(true), nil
}

// everyIs makes allTrue() and allFalse().
func everyIs(want truth) func(*run, []Element, *call) ([]Element, error) {
	return func(r *run, in []Element, c *call) ([]Element, error) {
		answer := true
		for _, e := range in {
			b, err := boolItem(e, c)
			if err != nil {
				return nil, err
			}
			answer = answer && b == want
		}
		return r.boolean(answer), nil
	}
}

// someIs makes anyTrue() and anyFalse().
func someIs(want truth) func(*run, []Element, *call) ([]Element, error) {
	return func(r *run, in []Element, c *call) ([]Element, error) {
		answer := false
		for _, e := range in {
			b, err := boolItem(e, c)
			if err != nil {
				return nil, err
			}
			answer = answer || b == want
		}
		return r.boolean(answer), nil
	}
}

func boolItem(e Element, c *call) (truth, error) {
	v := e.value()
	if v.kind != kindBoolean {
		return unknown, faultf(c.at(), "%s() takes a collection of booleans", c.name)
	}
	return truthOf(v.b), nil
}

func fnSubsetOf(r *run, in []Element, c *call) ([]Element, error) {
	other, err := r.arg(c.args[0])
	if err != nil {
		return nil, err
	}
	answer, err := r.subset(in, other, c.at())
	return r.boolean(answer), err
}

func fnSupersetOf(r *run, in []Element, c *call) ([]Element, error) {
	other, err := r.arg(c.args[0])
	if err != nil {
		return nil, err
	}
	answer, err := r.subset(other, in, c.at())
	return r.boolean(answer), err
}

func (r *run) subset(a, b []Element, at int) (bool, error) {
	for _, e := range a {
		if found, err := r.in(e, b, at); err != nil || !found {
			return false, err
		}
	}
	return true, nil
}

func fnCount(r *run, in []Element, _ *call) ([]Element, error) {
	return r.one(Integer(int64(len(in)))), nil
}

func fnDistinct(r *run, in []Element, c *call) ([]Element, error) { return r.distinct(in, c.at()) }

func fnIsDistinct(r *run, in []Element, c *call) ([]Element, error) {
	out, err := r.distinct(in, c.at())
	return r.boolean(len(out) == len(in)), err
}

func fnNot(r *run, in []Element, c *call) ([]Element, error) {
	t, err := singleBoolean(in, c.at())
	return r.truth(t.not()), err
}
