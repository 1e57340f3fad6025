package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/jamii-health/jamii/internal/store"
)

// Locks are taken in one order by everybody: conditions, guards, rows by type
// and place, uniqueness keys; within each sorted. unnest keeps the order.
const (
	lockConditionsSQL = `SELECT pg_advisory_xact_lock(l.a, l.b) FROM unnest($1::int4[], $2::int4[]) AS l(a, b)`

	// A guard that is to be made is there at version 0 first, so that whoever
	// makes it too waits.
	makeGuardsSQL = `INSERT INTO guard (key, version) SELECT k, 0 FROM unnest($1::text[]) k ON CONFLICT (key) DO NOTHING`
	lockGuardsSQL = `SELECT key, version FROM guard WHERE key = ANY($1::text[]) ORDER BY key FOR UPDATE`

	lockRowsSQL = `
SELECT ref, fid, rid, part, ver, updated, aux FROM {row}
WHERE ref = ANY($1::int8[]) ORDER BY rid, part FOR UPDATE`

	lockUniqueSQL = `
SELECT space, digest, target, content FROM submission
WHERE (space, digest) IN (SELECT * FROM unnest($1::text[], $2::bytea[])) ORDER BY space, digest FOR UPDATE`
)

// queueLocks locks everything the jobs look at, in one round trip.
func (t *txn) queueLocks(b *pgx.Batch) {
	t.held, t.grds, t.uniq = map[string]*held{}, map[string]int64{}, map[uniqueKey]*store.Unique{}
	t.queueConditionLocks(b)
	var guards, made []string
	byKind := map[*kind][]int64{}
	var spaces []string
	var digests [][]byte
	for _, j := range t.jobs {
		for _, g := range j.unit.Guards {
			guards = append(guards, g.Key)
			if g.Expect == 0 {
				made = append(made, g.Key)
			}
		}
		for _, e := range j.entries {
			byKind[e.kind] = append(byKind[e.kind], e.ref)
		}
		for i := range j.unit.Unique {
			spaces, digests = append(spaces, j.unit.Unique[i].Space), append(digests, j.unit.Unique[i].Digest[:])
		}
	}
	if len(made) > 0 {
		slices.Sort(made)
		b.Queue(makeGuardsSQL, slices.Compact(made))
	}
	if len(guards) > 0 {
		b.Queue(lockGuardsSQL, guards).Query(t.scanGuards)
	}
	for _, k := range sortedKinds(byKind) {
		b.Queue(k.lock, byKind[k]).Query(func(rows pgx.Rows) error { return t.scanRows(k, rows) })
	}
	if len(spaces) > 0 {
		b.Queue(lockUniqueSQL, spaces, digests).Query(t.scanUnique)
	}
}

func sortedKinds[V any](m map[*kind]V) []*kind {
	out := make([]*kind, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b *kind) int { return cmp.Compare(a.name, b.name) })
	return out
}

func (t *txn) queueConditionLocks(b *pgx.Batch) {
	var locks []int64
	for _, j := range t.jobs {
		for _, c := range j.unit.Conditions {
			locks = append(locks, t.d.hash.Target(c.Type+"?"+c.Lock))
		}
	}
	if len(locks) == 0 {
		return
	}
	slices.Sort(locks)
	locks = slices.Compact(locks)
	first, second := make([]int32, len(locks)), make([]int32, len(locks))
	for i, l := range locks {
		first[i], second[i] = int32(l>>32), int32(l)
	}
	b.Queue(lockConditionsSQL, first, second)
}

func (t *txn) scanGuards(rows pgx.Rows) error {
	var key string
	var version int64
	_, err := pgx.ForEachRow(rows, []any{&key, &version}, func() error { t.grds[key] = version; return nil })
	return err
}

func (t *txn) scanRows(k *kind, rows pgx.Rows) error {
	var h held
	var ref int64
	var fid *string
	fields := []any{&ref, &fid, &h.place.RID, &h.place.Part, &h.ver, &h.updated, &h.aux}
	_, err := pgx.ForEachRow(rows, fields, func() error {
		found := h
		r := record{fid: fid, place: h.place}
		t.held[k.name+"/"+r.id()] = &found
		return nil
	})
	return err
}

func (t *txn) scanUnique(rows pgx.Rows) error {
	var digest, content []byte
	var u store.Unique
	_, err := pgx.ForEachRow(rows, []any{&u.Space, &digest, &u.Target, &content}, func() error {
		found := u
		copy(found.Digest[:], digest)
		copy(found.Content[:], content)
		t.uniq[uniqueKey{found.Space, found.Digest}] = &found
		return nil
	})
	return err
}

// judge drops the jobs whose keys, guards, versions or conditions fail, before
// anything is written.
func (t *txn) judge(ctx context.Context) error {
	left := make([]*job, 0, len(t.jobs))
	for _, j := range t.jobs {
		dropped := t.judgeUnique(j)
		if dropped == nil {
			dropped = t.judgeGuards(j)
		}
		if dropped == nil {
			dropped = t.judgeWrites(j)
		}
		if dropped == nil {
			var err error
			if dropped, err = t.judgeConditions(ctx, j); err != nil {
				return err
			}
		}
		if dropped != nil {
			j.err = dropped
			continue
		}
		left = append(left, j)
	}
	t.jobs = left
	return nil
}

func (t *txn) judgeUnique(j *job) *store.Dropped {
	released := map[uniqueKey]bool{}
	for _, u := range j.unit.Release {
		released[uniqueKey{u.Space, u.Digest}] = true
	}
	own := map[uniqueKey]*store.Unique{}
	for i := range j.unit.Unique {
		u := &j.unit.Unique[i]
		key := uniqueKey{u.Space, u.Digest}
		if h := t.uniq[key]; h != nil && !released[key] {
			return &store.Dropped{Why: store.Duplicate, Index: i, Held: h}
		}
		if own[key] != nil {
			return &store.Dropped{Why: store.Duplicate, Index: i, Held: own[key]}
		}
		own[key] = u
	}
	return nil
}

func (t *txn) judgeGuards(j *job) *store.Dropped {
	for i, g := range j.unit.Guards {
		if t.grds[g.Key] != g.Expect { // 0 when there is none
			return &store.Dropped{Why: store.StaleGuard, Index: i}
		}
	}
	return nil
}

func (t *txn) judgeWrites(j *job) *store.Dropped {
	for i, e := range j.entries {
		h := t.held[e.Type+"/"+e.ID]
		if h == nil && e.Expect == 0 {
			continue
		}
		if h == nil || h.ver != e.Expect {
			return &store.Dropped{Why: store.StaleVersion, Index: i}
		}
		e.place, e.after, e.reindex = h.place, h.updated+1, h.aux != e.aux
	}
	return nil
}

// judgeConditions searches again, in a statement that begins after the locks
// were taken.
func (t *txn) judgeConditions(ctx context.Context, j *job) (*store.Dropped, error) {
	for i, c := range j.unit.Conditions {
		found, err := t.d.find(ctx, t.conn, c.Type, c.Expr, 3)
		if err != nil {
			return nil, fmt.Errorf("searching for a condition: %w", err)
		}
		if !sameIDs(c.Want, found) {
			return &store.Dropped{Why: store.Changed, Index: i}, nil
		}
	}
	return nil, nil
}

// sameIDs compares what was found, of which there may be more, with what is
// wanted: none, that one, or at least those two.
func sameIDs(want, found []string) bool {
	if len(want) < 2 {
		return slices.Equal(want, found)
	}
	if len(found) < 2 {
		return false
	}
	for _, id := range want[:2] {
		if !slices.Contains(found, id) && len(found) < 3 {
			return false
		}
	}
	return true
}
