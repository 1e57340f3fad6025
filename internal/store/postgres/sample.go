package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jamii-health/jamii/fhir/search"
)

// A sample of the rows of a type tells how common keys are, alone and
// together, so that a search begins where it finds few rows. It only decides
// which way is taken, never what is found.
type sample struct {
	taken time.Time
	total float64   // rows of the type, about
	cold  float64   // of them cold
	rows  []sampled // newest first
}

type sampled struct {
	rid      int64
	keys     []int64
	day, end *int64
}

const (
	samplePages = 64 // some 1300 rows
	sampleAge   = 30 * time.Second

	sizeSQL   = `SELECT pg_relation_size('{row}') / current_setting('block_size')::int8`
	sampleSQL = `SELECT rid, keys, hot_day, hot_end, cold FROM {row} TABLESAMPLE SYSTEM ($1) WHERE NOT deleted`
)

// samples remembers which types are searched, so that only those are looked
// at again.
type samples struct {
	mu     sync.Mutex
	wanted map[*kind]struct{}
}

// known returns the sample of a type; the first search takes it.
func (d *database) known(ctx context.Context, k *kind) (*sample, error) {
	s := k.sample.Load()
	if s == nil {
		return d.take(ctx, k)
	}
	if time.Since(s.taken) > min(sampleAge, time.Duration(1+s.total)*10*time.Millisecond) {
		d.samples.mu.Lock()
		defer d.samples.mu.Unlock()
		if d.samples.wanted == nil {
			d.samples.wanted = map[*kind]struct{}{}
		}
		d.samples.wanted[k] = struct{}{}
	}
	return s, nil
}

// resample takes the samples anew that were used when they were old.
func (d *database) resample(ctx context.Context, _ *database) error {
	d.samples.mu.Lock()
	wanted := d.samples.wanted
	d.samples.wanted = nil
	d.samples.mu.Unlock()
	for k := range wanted {
		if _, err := d.take(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

func (d *database) take(ctx context.Context, k *kind) (*sample, error) {
	s := &sample{taken: time.Now()}
	var pages int64
	if err := d.read.QueryRow(ctx, k.sql(sizeSQL)).Scan(&pages); err != nil {
		return nil, fmt.Errorf("sampling keys: %w", err)
	}
	share := min(1, samplePages/float64(max(pages, 1)))
	rows, err := d.read.Query(ctx, k.sql(sampleSQL), 100*share)
	if err != nil {
		return nil, fmt.Errorf("sampling keys: %w", err)
	}
	var r sampled
	var cold bool
	_, err = pgx.ForEachRow(rows, []any{&r.rid, &r.keys, &r.day, &r.end, &cold}, func() error {
		s.rows = append(s.rows, r)
		s.total += 1 / share
		if cold {
			s.cold += 1 / share
		}
		r = sampled{}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("sampling keys: %w", err)
	}
	slices.SortFunc(s.rows, func(a, b sampled) int { return cmp.Compare(b.rid, a.rid) })
	k.sample.Store(s)
	return s, nil
}

// test is a condition that a sampled row can be asked.
type test func(*sampled) bool

func hasOne(keys []int64) test {
	return func(r *sampled) bool {
		return slices.ContainsFunc(keys, func(key int64) bool {
			_, ok := slices.BinarySearch(r.keys, key)
			return ok
		})
	}
}

// meets is overlap in Go, on the hot day; a row without one may be
// anything.
func meets(x search.Between) test {
	return func(r *sampled) bool {
		if r.day == nil {
			return false
		}
		lo, hi := *r.day, *r.end
		within := lo >= x.Lo && hi <= x.Hi
		switch x.Op {
		case search.Eq:
			return within
		case search.Ne:
			return !within
		case search.Gt:
			return hi > x.Hi
		case search.Lt:
			return lo < x.Lo
		case search.Ge:
			return hi > x.Hi || within
		case search.Le:
			return lo < x.Lo || within
		case search.Sa:
			return lo > x.Hi
		case search.Eb:
			return hi < x.Lo
		}
		return lo <= x.Hi && hi >= x.Lo
	}
}

// each is how many rows one of the sample stands for.
func (s *sample) each() float64 { return s.total / float64(max(len(s.rows), 1)) }

// matches lists the sampled rows, newest first, that pass all tests.
func (s *sample) matches(tests ...test) []int {
	var out []int
	for i := range s.rows {
		if !slices.ContainsFunc(tests, func(t test) bool { return !t(&s.rows[i]) }) {
			out = append(out, i)
		}
	}
	return out
}

// count estimates how many rows pass all tests.
func (s *sample) count(tests ...test) float64 { return s.each() * float64(len(s.matches(tests...))) }

// behind leaves the rows that stand behind a cursor in the order newest first.
func (s *sample) behind(after *cursor) *sample {
	i := slices.IndexFunc(s.rows, func(r sampled) bool { return r.rid < after.RID })
	if i < 0 {
		i = len(s.rows)
	}
	return &sample{total: s.each() * float64(len(s.rows)-i), cold: s.cold, rows: s.rows[i:]}
}
