package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jamii-health/jamii/internal/store"
)

// The row is locked in the order everybody locks rows in; deleted ones keep
// their empty index.
const (
	reindexLockSQL = `
SELECT ref, fid, rid, part, ver, updated, aux FROM {row}
WHERE ref = ANY($1::int8[]) AND NOT deleted ORDER BY rid, part FOR UPDATE`

	reindexRowsSQL = `
UPDATE {row} c SET aux = d.aux, keys = ($6::int8[])[d.lo:d.hi],
  hot_who = d.who, hot_by = d.by, hot_state = d.state, hot_day = d.day, hot_end = d.upto, cold = d.cold
FROM unnest($1::int8[], $2::int2[], $3::int8[], $4::int4[], $5::int4[],
  $7::int8[], $8::int8[], $9::int8[], $10::int8[], $11::int8[], $12::bool[])
  AS d(rid, part, aux, lo, hi, who, by, state, day, upto, cold)
WHERE c.rid = d.rid AND c.part = d.part`
)

// Reindex replaces the keys, words and spans of resources whose version is
// still the one that was read.
func (d *database) Reindex(ctx context.Context, list []store.Reindexed) (int, error) {
	u := store.Unit{Writes: make([]store.Write, len(list))}
	for i, r := range list {
		u.Writes[i] = store.Write{Type: r.Type, ID: r.ID, Expect: r.Version, Method: "PUT", Index: r.Index}
	}
	j, err := d.ready(ctx, &u)
	if err != nil {
		return 0, err
	}
	for i := 0; ; i++ {
		n, err := d.reindex(ctx, j)
		if err == nil {
			return n, nil
		}
		if i == attempts || !again(err) {
			return 0, failed("reindexing", err)
		}
		select {
		case <-ctx.Done():
			return 0, failed("reindexing", errors.Join(ctx.Err(), err))
		case <-time.After(time.Duration(rand.Int64N(int64(5*time.Millisecond) << i))):
		}
	}
}

// reindex is one transaction. Rows are locked kind by kind, as Units do.
func (d *database) reindex(ctx context.Context, j *job) (int, error) {
	byKind := map[*kind][]*entry{}
	for _, e := range j.entries {
		byKind[e.kind] = append(byKind[e.kind], e)
	}
	kept := map[*kind][]*entry{}
	n := 0
	err := pgx.BeginFunc(ctx, d.write, func(tx pgx.Tx) error {
		clear(kept)
		n = 0
		t := &txn{held: map[string]*held{}}
		for _, k := range sortedKinds(byKind) {
			refs := make([]int64, len(byKind[k]))
			for i, e := range byKind[k] {
				refs[i] = e.ref
			}
			rows, err := tx.Query(ctx, k.reindexLock, refs)
			if err != nil {
				return err
			}
			if err := t.scanRows(k, rows); err != nil {
				return err
			}
			for _, e := range byKind[k] {
				if h := t.held[e.Type+"/"+e.ID]; h != nil && h.ver == e.Expect {
					e.place, e.reindex = h.place, h.aux != e.aux
					kept[k] = append(kept[k], e)
					n++
				}
			}
		}
		return d.replaceIndexes(ctx, tx, kept, j)
	})
	if err != nil {
		return 0, err
	}
	for k := range kept {
		d.dirty(k)
	}
	if n > 0 { // else the dictionary was not written either
		d.seen.add(j)
	}
	return n, nil
}

func (d *database) replaceIndexes(ctx context.Context, tx pgx.Tx, kept map[*kind][]*entry, j *job) error {
	if len(kept) == 0 {
		return nil
	}
	b := &pgx.Batch{}
	for _, k := range sortedKinds(kept) {
		c := table{keys: []int64{}}
		for _, e := range kept[k] {
			c.add(e)
		}
		b.Queue(k.reindex, append([]any{c.rid, c.part, c.aux, c.lo, c.hi, c.keys}, c.hot.args()...)...)
	}
	queueValues(b, kept)
	queueDictionary(b, []*job{j})
	return tx.SendBatch(ctx, b).Close()
}
