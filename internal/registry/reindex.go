package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// How search parameters that were added later take in what is stored.
const (
	// lookEvery is how often a process looks for new search parameters.
	lookEvery = 250 * time.Millisecond
	// settle is how long after a parameter took effect some process may still
	// write without it. A pass ends no sooner, so that it meets what was
	// written meanwhile.
	settle = 6 * lookEvery
	// passLease is how long a process may be silent before another takes its pass
	// over.
	passLease = 20 * time.Second
	// reindexBatch is how many resources are indexed in one transaction.
	reindexBatch = 200
)

// KeepSearch keeps the search parameters fresh, and what is stored indexed by
// them, until ctx ends. One runs in every process; a pass is made by one of
// them. Errors are logged, and tried again.
func (r *Registry) KeepSearch(ctx context.Context) {
	owner := newUUID()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := r.lookForSearchParams(ctx, owner); err != nil && ctx.Err() == nil {
			r.log.Error("search parameters", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// lookForSearchParams takes in what others changed and works on one type that
// is not indexed by all its parameters.
func (r *Registry) lookForSearchParams(ctx context.Context, owner string) error {
	last, err := r.newestSearchParam(ctx)
	if err != nil {
		return err
	}
	r.custom.mu.Lock()
	changed, pending := r.custom.last != last, r.catalogue.Building()
	r.custom.mu.Unlock()
	if changed || pending {
		if err := r.loadSearchParams(ctx); err != nil {
			return err
		}
	}
	for pending = r.catalogue.Building(); pending; {
		w, err := r.claimPass(ctx, owner)
		if err != nil || w == nil {
			return err
		}
		if err := w.run(ctx); err != nil {
			return fmt.Errorf("reindex %s: %w", w.typ, err)
		}
		if !w.through {
			return nil // too early to end: at the next look
		}
	}
	return nil
}

// walk is a pass over one type for all parameters that wait for it.
type walk struct {
	r       *Registry
	typ     string
	owner   string
	passes  []pass
	since   int64 // when the newest of the parameters took effect
	through bool
}

const reindexGuard = "reindex"

// claimPass takes the passes of one type that nobody makes; nil when there are
// none. The guard sees to it that one process takes each.
func (r *Registry) claimPass(ctx context.Context, owner string) (*walk, error) {
	versions, rows, err := r.store.Facts(ctx, []string{reindexGuard}, store.Lookup{Table: store.Reindexes})
	if err != nil {
		return nil, fmt.Errorf("read reindexing: %w", err)
	}
	w := r.pickPass(passesOf(rows[0]), owner)
	if w == nil {
		return nil, nil
	}
	total, err := r.store.Count(ctx, w.typ, nil, 0)
	if err != nil {
		return nil, err
	}
	for i := range w.passes {
		w.passes[i].total = total
	}
	u := store.Unit{Guards: []store.Guard{{Key: reindexGuard, Expect: versions[0], Bump: true}}, Facts: w.changes()}
	_, err = r.store.Commit(ctx, u)
	var d *store.Dropped
	if errors.As(err, &d) {
		return nil, nil // another process was quicker
	}
	return w, err
}

// pickPass chooses a type of which a pass can be made now, and its passes.
func (r *Registry) pickPass(rows map[passKey]pass, owner string) *walk {
	r.custom.mu.Lock()
	defer r.custom.mu.Unlock()
	now := r.now().UnixMicro()
	var w *walk
	for _, c := range r.custom.list {
		for _, typ := range search.Bases(c.def) {
			p := rows[passKey{c.def.URL, typ}]
			if p.version != c.version {
				p = pass{url: c.def.URL, typ: typ, version: c.version}
			}
			if p.finished != 0 || p.owner != owner && p.busy > now || w != nil && w.typ != typ {
				continue
			}
			if w == nil {
				w = &walk{r: r, typ: typ, owner: owner}
			}
			w.passes, w.since = append(w.passes, p), max(w.since, c.since)
		}
	}
	return w
}

// changes are the rows of the passes, held for a while.
func (w *walk) changes() []store.Change {
	out := make([]store.Change, len(w.passes))
	for i := range w.passes {
		w.passes[i].owner, w.passes[i].busy = w.owner, w.r.now().Add(passLease).UnixMicro()
		if w.through {
			w.passes[i].finished = 1
		}
		out[i] = store.Change{Row: w.passes[i].row()}
	}
	return out
}

// run indexes the type in the order of the last updates, so that what is
// written meanwhile comes at the end, and notes after each batch how far it is.
func (w *walk) run(ctx context.Context) error {
	q := store.Query{Type: w.typ, Limit: reindexBatch, Sort: []store.Sort{{Param: "_lastUpdated"}}}
	from := w.passes[0].walked
	for _, p := range w.passes {
		from = min(from, p.walked)
	}
	if from > 0 {
		at := time.UnixMicro(from).UTC()
		q.Expr = search.Updated{Op: search.Ge, Lo: at, Hi: at.Add(time.Microsecond)}
	}
	for {
		began := time.Now()
		// Asked before reading: what is written later meets a process that knows.
		settled := w.r.now().UnixMicro() > w.since+settle.Microseconds()
		page, err := w.r.store.Search(ctx, q)
		if err != nil {
			return err
		}
		if err := w.index(ctx, page.Resources); err != nil {
			return err
		}
		w.through = page.Next == nil && settled
		if _, err := w.r.store.Commit(ctx, store.Unit{Facts: w.changes()}); err != nil {
			return err
		}
		if err := w.tell(ctx); err != nil || page.Next == nil {
			return err
		}
		q.After = page.Next
		if err := breathe(ctx, time.Since(began)); err != nil { // half of the time is for others
			return err
		}
	}
}

// breathe waits, but not for long.
func breathe(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(min(d, time.Second)):
		return nil
	}
}

// index replaces what resources are found by. What cannot be indexed stays as
// it is: it was stored, and its next version will say why.
func (w *walk) index(ctx context.Context, list []fhir.Resource) error {
	out := make([]store.Reindexed, 0, len(list))
	for i := range list {
		res := &list[i]
		tree, err := res.Tree()
		if err != nil {
			return fmt.Errorf("stored %s: %w", res.Type, err)
		}
		index, err := w.r.catalogue.Index(tree)
		if err != nil {
			w.r.log.Error("resource not reindexed", "ref", res.Ref(), "error", err)
			continue
		}
		out = append(out, store.Reindexed{Type: res.Type, ID: res.ID, Version: res.Version, Index: index})
	}
	if len(out) > 0 {
		if _, err := w.r.store.Reindex(ctx, out); err != nil {
			return err
		}
	}
	for i := range w.passes {
		w.passes[i].seen += int64(len(list))
		if n := len(list); n > 0 {
			w.passes[i].walked = list[n-1].Updated.UnixMicro()
		}
	}
	return nil
}

// tell brings the progress before the searches of this process.
func (w *walk) tell(ctx context.Context) error {
	rows, err := w.r.passes(ctx)
	if err != nil {
		return err
	}
	w.r.custom.mu.Lock()
	defer w.r.custom.mu.Unlock()
	w.r.catalogue.SetBuilding(building(w.r.custom.list, rows))
	if w.through {
		codes := make([]string, len(w.passes))
		for i, p := range w.passes {
			codes[i] = p.url
		}
		slices.Sort(codes)
		w.r.log.Info("reindexed", "type", w.typ, "resources", w.passes[0].seen, "parameters", codes)
	}
	return nil
}
