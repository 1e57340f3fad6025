package fhirpath

import "sync"

// run is one evaluation: its options, the scope of the lambda that is being
// evaluated, its budget, and the memory that intermediate collections live in.
type run struct {
	opts  *Options
	root  Element
	scope scope
	steps int
	now   Temporal // set on first use
	arena arena
}

// scope is what $this, $index and $total stand for.
type scope struct {
	this  []Element
	index int
	total []Element
}

var runs = sync.Pool{New: func() any { return new(run) }}

var errBudget = "the expression takes too many steps on this resource; make it simpler"

// spend takes n steps from the budget.
func (r *run) spend(at int, n int) error {
	r.steps -= n
	if r.steps < 0 {
		return faultf(at, "%s", errBudget)
	}
	return nil
}

// one is a collection of a single item.
func (r *run) one(e Element) []Element {
	out := r.arena.alloc(1)
	return append(out, e)
}

// The collections of a boolean are shared: collections are never written to.
var (
	itemTrue  = []Element{Boolean(true)}
	itemFalse = []Element{Boolean(false)}
)

func (r *run) boolean(b bool) []Element {
	if b {
		return itemTrue
	}
	return itemFalse
}

// truth is the collection of a three-valued answer.
func (r *run) truth(t truth) []Element {
	if t == unknown {
		return nil
	}
	return r.boolean(t == yes)
}

// list makes room for about n items.
func (r *run) list(n int) []Element { return r.arena.alloc(n) }

// on evaluates e with one item as $this, as lambdas do.
func (r *run) on(e expr, item []Element, index int) ([]Element, error) {
	old := r.scope
	r.scope.this, r.scope.index = item, index
	out, err := e.eval(r, item)
	r.scope = old
	return out, err
}

// arg evaluates an argument that is no lambda: on $this, not on the input of
// the function.
func (r *run) arg(e expr) ([]Element, error) { return e.eval(r, r.scope.this) }

// arena hands out slices for collections and takes them all back at once, so
// that evaluating costs little garbage. What it hands out must be copied to
// outlive the evaluation.
type arena struct {
	chunks []chunk
	now    int // the chunk in use
}

type chunk struct {
	items []Element
	used  int
	dirty int // how much was ever in use
}

const (
	chunkSize  = 512
	keptChunks = 4 // for the next evaluation
)

// alloc returns an empty slice with room for n.
func (a *arena) alloc(n int) []Element {
	if n > chunkSize/4 {
		return make([]Element, 0, n)
	}
	if a.chunks == nil {
		a.chunks = []chunk{{items: make([]Element, chunkSize)}}
	}
	c := &a.chunks[a.now]
	if c.used+n > chunkSize {
		if a.now++; a.now == len(a.chunks) {
			a.chunks = append(a.chunks, chunk{items: make([]Element, chunkSize)})
		}
		c = &a.chunks[a.now]
		c.used = 0
	}
	out := c.items[c.used : c.used : c.used+n]
	c.used += n
	c.dirty = max(c.dirty, c.used)
	return out
}

// mark remembers how far the arena is used, release goes back to it: what was
// handed out since must no longer be needed.
func (a *arena) mark() (now, used int) {
	if a.chunks == nil {
		return 0, 0
	}
	return a.now, a.chunks[a.now].used
}

func (a *arena) release(now, used int) {
	if a.chunks != nil {
		a.now = now
		a.chunks[now].used = used
	}
}

// reset forgets all references, and all memory but a few chunks.
func (a *arena) reset() {
	if len(a.chunks) > keptChunks {
		clear(a.chunks[keptChunks:])
		a.chunks = a.chunks[:keptChunks]
	}
	for i := range a.chunks {
		c := &a.chunks[i]
		clear(c.items[:c.dirty])
		c.used, c.dirty = 0, 0
	}
	a.now = 0
}
