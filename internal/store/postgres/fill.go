package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jamii-health/jamii/internal/store"
)

// Rows that were written by another layout of hot columns are filled in the
// background, a batch per transaction, by one server at a time; it goes on
// where it was left. What is written meanwhile has its columns. All servers
// on a database must run the same hot.csv.

const (
	fillLock    = 7302
	tryFillSQL  = `SELECT pg_try_advisory_lock($1)`
	endFillSQL  = `SELECT pg_advisory_unlock($1)`
	fillBatch   = 500
	progressSQL = `SELECT hot, filling, fill_rid, fill_part FROM resource_type WHERE name = $1`
	advanceSQL  = `UPDATE resource_type SET hot = $2, filling = $3, fill_rid = $4, fill_part = $5 WHERE name = $1`

	fillRowsSQL = `SELECT rid, part FROM {row} WHERE (rid, part) > ($1, $2) ORDER BY rid, part LIMIT $3 FOR UPDATE`

	fillCodesSQL = `
SELECT w.n, d.param, d.key, d.value
FROM unnest($1::int8[], $2::int2[]) WITH ORDINALITY AS w(rid, part, n)
JOIN {row} c ON c.rid = w.rid AND c.part = w.part, unnest(c.keys) AS l(key)
JOIN code d ON d.param = ANY($3::int8[]) AND d.key = l.key`

	fillSpansSQL = `
SELECT w.n, s.lo, s.hi
FROM unnest($1::int8[], $2::int2[]) WITH ORDINALITY AS w(rid, part, n)
JOIN span s ON s.rid = w.rid AND s.part = w.part AND s.param = $3`

	fillSQL = `
UPDATE {row} c SET hot_who = d.who, hot_by = d.by, hot_state = d.state, hot_day = d.day, hot_end = d.upto, cold = d.cold
FROM unnest($1::int8[], $2::int2[], $3::int8[], $4::int8[], $5::int8[], $6::int8[], $7::int8[], $8::bool[])
  AS d(rid, part, who, by, state, day, upto, cold)
WHERE c.rid = d.rid AND c.part = d.part`
)

// fill brings every type to the layout of this program.
func (d *database) fill(ctx context.Context, _ *database) error {
	for _, k := range d.kinds.all() {
		if k.filled.Load() {
			continue
		}
		if err := d.fillKind(ctx, k); err != nil {
			return fmt.Errorf("filling hot columns: %w", err)
		}
	}
	return nil
}

func (d *database) fillKind(ctx context.Context, k *kind) error {
	conn, err := d.write.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	var mine bool
	if err := conn.QueryRow(ctx, tryFillSQL, fillLock).Scan(&mine); err != nil || !mine {
		return err // another server is at it; look again later
	}
	defer func() {
		if conn.Conn().IsClosed() { // and the lock with it
			return
		}
		if _, err := conn.Exec(context.WithoutCancel(ctx), endFillSQL, fillLock); err != nil {
			d.opts.Log.Error("giving the lock of filling back", "error", err)
		}
	}()
	for ctx.Err() == nil {
		done, err := d.fillSome(ctx, conn, k)
		if err != nil || done {
			return err
		}
		d.dirty(k)
	}
	return ctx.Err()
}

// fillSome fills the next batch of a type and tells whether it was the last.
func (d *database) fillSome(ctx context.Context, conn *pgxpool.Conn, k *kind) (done bool, err error) {
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		var was, filling string
		var at store.Place
		if err := tx.QueryRow(ctx, progressSQL, k.name).Scan(&was, &filling, &at.RID, &at.Part); err != nil {
			return err
		}
		if was == k.layout.text {
			done = true
			return nil
		}
		if filling != k.layout.text {
			at = store.Place{RID: -1, Part: -1}
		}
		var t table
		rows, err := tx.Query(ctx, k.sql(fillRowsSQL), at.RID, at.Part, fillBatch)
		if err != nil {
			return err
		}
		_, err = pgx.ForEachRow(rows, []any{&at.RID, &at.Part}, func() error {
			t.rid, t.part = append(t.rid, at.RID), append(t.part, at.Part)
			return nil
		})
		if err != nil {
			return err
		}
		if err := d.fillRows(ctx, tx, k, &t); err != nil {
			return err
		}
		now := ""
		if len(t.rid) < fillBatch {
			now, done = k.layout.text, true
		}
		_, err = tx.Exec(ctx, advanceSQL, k.name, now, k.layout.text, at.RID, at.Part)
		return err
	})
	if err == nil && done {
		k.filled.Store(true)
	}
	return done, err
}

// fillRows writes the hot columns of rows from their keys and spans.
func (d *database) fillRows(ctx context.Context, tx pgx.Tx, k *kind, t *table) error {
	list := make([]values, len(t.rid))
	links := map[int64]func(*values, int64, string){}
	var params []int64
	add := func(param string, put func(*values, int64, string)) {
		p := d.param(k.name, param)
		params = append(params, p)
		links[p] = put
	}
	for _, p := range k.layout.who {
		link := d.hash.Link(p)
		add(p, func(v *values, key int64, _ string) { v.who = append(v.who, key^link) })
	}
	for _, p := range k.layout.by {
		link := d.hash.Link(p)
		add(p, func(v *values, key int64, _ string) { v.by = append(v.by, key^link) })
	}
	if k.layout.state != "" {
		add(k.layout.state, func(v *values, _ int64, code string) { v.addState(d.hash, code) })
	}
	rows, err := tx.Query(ctx, k.sql(fillCodesSQL), t.rid, t.part, params)
	if err != nil {
		return err
	}
	var n, param, key int64
	var value string
	_, err = pgx.ForEachRow(rows, []any{&n, &param, &key, &value}, func() error {
		links[param](&list[n-1], key, value)
		return nil
	})
	if err != nil {
		return err
	}
	rows, err = tx.Query(ctx, fillSpansSQL, t.rid, t.part, d.param(k.name, k.layout.day))
	if err != nil {
		return err
	}
	var s span
	if _, err := pgx.ForEachRow(rows, []any{&n, &s.lo, &s.hi}, func() error {
		list[n-1].days = append(list[n-1].days, s)
		return nil
	}); err != nil {
		return err
	}
	for i := range list {
		t.hot.add(list[i].columns())
	}
	_, err = tx.Exec(ctx, k.sql(fillSQL), append([]any{t.rid, t.part}, t.hot.args()...)...)
	return err
}
