package postgres

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/jamii-health/jamii/internal/store"
)

const (
	// For ids made by the server nothing was looked at before: only a client
	// could have chosen the same.
	absentSQL = `SELECT refuse(EXISTS (SELECT FROM {row} WHERE ref = ANY($1::int8[])))`

	insertRowsSQL = `
INSERT INTO {row} (rid, part, ver, fid, ref, aux, updated, deleted, keys, hot_who, hot_by, hot_state, hot_day, hot_end, cold)
SELECT d.rid, d.part, 1, d.fid, d.ref, d.aux, ` + stampedSQL + `, d.deleted, ($9::int8[])[d.lo:d.hi], d.who, d.by, d.state, d.day, d.upto, d.cold
FROM unnest($1::int8[], $2::int2[], $3::text[], $4::int8[], $5::int8[], $6::bool[], $7::int4[], $8::int4[],
  $10::int8[], $11::int8[], $12::int8[], $13::int8[], $14::int8[], $15::bool[])
  AS d(rid, part, fid, ref, aux, deleted, lo, hi, who, by, state, day, upto, cold)`

	updateRowsSQL = `
UPDATE {row} c SET ver = d.ver, aux = d.aux, updated = greatest(d.after, ` + stampedSQL + `), deleted = d.deleted, keys = ($9::int8[])[d.lo:d.hi],
  hot_who = d.who, hot_by = d.by, hot_state = d.state, hot_day = d.day, hot_end = d.upto, cold = d.cold
FROM unnest($1::int8[], $2::int2[], $3::int4[], $4::int8[], $5::int8[], $6::bool[], $7::int4[], $8::int4[],
  $10::int8[], $11::int8[], $12::int8[], $13::int8[], $14::int8[], $15::bool[])
  AS d(rid, part, ver, after, aux, deleted, lo, hi, who, by, state, day, upto, cold)
WHERE c.rid = d.rid AND c.part = d.part`

	insertVersionsSQL = `
INSERT INTO {version} (rid, part, ver, updated, method, dict, deleted, managed, body)
SELECT d.rid, d.part, d.ver, greatest(d.after, ` + stampedSQL + `), d.method, d.dict, d.deleted, d.managed, d.body
FROM unnest($1::int8[], $2::int2[], $3::int4[], $4::int8[], $5::int2[], $6::int2[], $7::bool[], $8::bool[], $9::bytea[])
  AS d(rid, part, ver, after, method, dict, deleted, managed, body)`

	insertClientIDsSQL = `
INSERT INTO client_id (typ, fid, rid, part) SELECT * FROM unnest($1::text[], $2::text[], $3::int8[], $4::int2[])`

	deleteWordsSQL = `DELETE FROM word w USING unnest($1::int8[], $2::int2[]) AS d(rid, part) WHERE w.rid = d.rid AND w.part = d.part`
	deleteSpansSQL = `DELETE FROM span s USING unnest($1::int8[], $2::int2[]) AS d(rid, part) WHERE s.rid = d.rid AND s.part = d.part`
	insertWordsSQL = `
INSERT INTO word (param, rid, part, norm, whole, raw)
SELECT * FROM unnest($1::int8[], $2::int8[], $3::int2[], $4::text[], $5::text[], $6::text[])`
	insertSpansSQL = `
INSERT INTO span (param, lo, hi, rid, part) SELECT * FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[], $5::int2[])`

	insertTokensSQL = `
INSERT INTO token_system (param, digest, system) SELECT * FROM unnest($1::int8[], $2::int8[], $3::bytea[]) ON CONFLICT DO NOTHING`
	insertCodesSQL = `
INSERT INTO code (param, key, value) SELECT * FROM unnest($1::int8[], $2::int8[], $3::text[]) ON CONFLICT DO NOTHING`

	bumpGuardsSQL   = `UPDATE guard SET version = version + 1 WHERE key = ANY($1::text[])`
	releaseSQL      = `DELETE FROM submission WHERE (space, digest) IN (SELECT * FROM unnest($1::text[], $2::bytea[]))`
	insertUniqueSQL = `
INSERT INTO submission (space, digest, target, content) SELECT * FROM unnest($1::text[], $2::bytea[], $3::text[], $4::bytea[])`
)

// write sends all statements and the commit in one round trip.
func (t *txn) write(ctx context.Context, b *pgx.Batch) error {
	var stamp int64
	b.Queue(stampSQL).QueryRow(func(row pgx.Row) error { return row.Scan(&stamp) })
	b, err := t.paused(ctx, b, "stamped")
	if err != nil {
		return err
	}
	byKind := map[*kind][]*entry{}
	for _, j := range t.jobs {
		for _, e := range j.entries {
			byKind[e.kind] = append(byKind[e.kind], e)
		}
	}
	for _, k := range sortedKinds(byKind) {
		queueRows(b, k, byKind[k], t.held == nil)
	}
	queueClientIDs(b, t.jobs)
	queueValues(b, byKind)
	queueDictionary(b, t.jobs)
	queueKeys(b, t.jobs)
	t.d.queueFacts(b, t.jobs)
	queueMessages(b, t.jobs)
	queueAudit(b, t.jobs)
	b.Queue("COMMIT")
	if err := t.conn.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	for _, j := range t.jobs {
		j.written = make([]store.Written, len(j.entries))
		for i, e := range j.entries {
			j.written[i] = store.Written{Version: e.Expect + 1, Updated: moment(max(stamp, e.after))}
			t.d.dirty(e.kind)
		}
		t.d.seen.add(j)
	}
	return nil
}

// table collects the columns that new and changed rows have in common.
type table struct {
	rid, ref, aux, after []int64
	part                 []int16
	ver, lo, hi          []int32
	fid                  []*string
	deleted              []bool
	keys                 []int64
	hot                  hotTable
}

// hotTable collects hot columns.
type hotTable struct {
	who, by, state, day, end []*int64
	cold                     []bool
}

func (t *hotTable) add(h hot) {
	t.who, t.by, t.state = append(t.who, h.who), append(t.by, h.by), append(t.state, h.state)
	t.day, t.end, t.cold = append(t.day, h.day), append(t.end, h.end), append(t.cold, h.cold)
}

func (t *hotTable) args() []any { return []any{t.who, t.by, t.state, t.day, t.end, t.cold} }

func (c *table) add(e *entry) {
	c.rid, c.part = append(c.rid, e.place.RID), append(c.part, e.place.Part)
	c.ref, c.aux, c.after = append(c.ref, e.ref), append(c.aux, e.aux), append(c.after, e.after)
	c.ver, c.fid, c.deleted = append(c.ver, int32(e.Expect+1)), append(c.fid, e.fid), append(c.deleted, e.Deleted)
	// The keys of all rows travel in one array; a row takes its slice.
	c.lo, c.hi = append(c.lo, int32(len(c.keys)+1)), append(c.hi, int32(len(c.keys)+len(e.keys)))
	c.keys = append(c.keys, e.keys...)
	c.hot.add(e.hot)
}

// queueRows writes the current rows and the versions of one type.
func queueRows(b *pgx.Batch, k *kind, entries []*entry, blind bool) {
	var made, changed, all table
	made.keys, changed.keys = []int64{}, []int64{} // nil would be NULL
	method, dict, managed, body := make([]int16, len(entries)), make([]int16, len(entries)), make([]bool, len(entries)), make([][]byte, len(entries))
	for i, e := range entries {
		method[i], dict[i], managed[i], body[i] = e.method, e.dict, e.Managed, e.body
		all.add(e)
		if e.Expect == 0 {
			made.add(e)
		} else {
			changed.add(e)
		}
	}
	if blind {
		b.Queue(k.absent, made.ref)
	}
	if len(made.rid) > 0 {
		args := []any{made.rid, made.part, made.fid, made.ref, made.aux, made.deleted, made.lo, made.hi, made.keys}
		b.Queue(k.insert, append(args, made.hot.args()...)...)
	}
	if len(changed.rid) > 0 {
		args := []any{changed.rid, changed.part, changed.ver, changed.after, changed.aux, changed.deleted, changed.lo, changed.hi, changed.keys}
		b.Queue(k.update, append(args, changed.hot.args()...)...)
	}
	b.Queue(k.insertVersion, all.rid, all.part, all.ver, all.after, method, dict, all.deleted, managed, body)
}

func queueClientIDs(b *pgx.Batch, jobs []*job) {
	var made []*entry
	for _, j := range jobs {
		for _, e := range j.entries {
			if e.fid != nil && e.Expect == 0 {
				made = append(made, e)
			}
		}
	}
	if len(made) == 0 {
		return
	}
	slices.SortFunc(made, func(a, b *entry) int { return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.ID, b.ID)) })
	typ, fid := make([]string, len(made)), make([]string, len(made))
	rid, part := make([]int64, len(made)), make([]int16, len(made))
	for i, e := range made {
		typ[i], fid[i], rid[i], part[i] = e.Type, e.ID, e.place.RID, e.place.Part
	}
	b.Queue(insertClientIDsSQL, typ, fid, rid, part)
}

// queueValues replaces the words and spans of changed resources, where they
// differ, and writes those of new ones.
func queueValues(b *pgx.Batch, byKind map[*kind][]*entry) {
	var old table
	var wp, wr, sp, lo, hi, sr []int64
	var wpart, spart []int16
	var norm []string
	var whole, raw []*string
	for _, k := range sortedKinds(byKind) {
		for _, e := range byKind[k] {
			if e.Expect > 0 && !e.reindex {
				continue
			}
			if e.Expect > 0 {
				old.add(e)
			}
			for _, w := range e.words {
				wp, wr, wpart = append(wp, w.param), append(wr, e.place.RID), append(wpart, e.place.Part)
				norm, whole, raw = append(norm, w.norm), append(whole, w.whole), append(raw, w.raw)
			}
			for _, s := range e.spans {
				sp, lo, hi = append(sp, s.param), append(lo, s.lo), append(hi, s.hi)
				sr, spart = append(sr, e.place.RID), append(spart, e.place.Part)
			}
		}
	}
	if len(old.rid) > 0 {
		b.Queue(deleteWordsSQL, old.rid, old.part)
		b.Queue(deleteSpansSQL, old.rid, old.part)
	}
	if len(wp) > 0 {
		b.Queue(insertWordsSQL, wp, wr, wpart, norm, whole, raw)
	}
	if len(sp) > 0 {
		b.Queue(insertSpansSQL, sp, lo, hi, sr, spart)
	}
}

// queueDictionary writes systems and codes, sorted, so that two transactions
// that add the same ones wait for each other in one order.
func queueDictionary(b *pgx.Batch, jobs []*job) {
	var tokens []token
	var codes []code
	for _, j := range jobs {
		tokens, codes = append(tokens, j.tokens...), append(codes, j.codes...)
	}
	if len(tokens) > 0 {
		slices.SortFunc(tokens, func(a, b token) int { return cmp.Or(cmp.Compare(a.param, b.param), cmp.Compare(a.digest, b.digest)) })
		param, digest, system := make([]int64, len(tokens)), make([]int64, len(tokens)), make([][]byte, len(tokens))
		for i, t := range tokens {
			param[i], digest[i], system[i] = t.param, t.digest, []byte(t.system)
		}
		b.Queue(insertTokensSQL, param, digest, system)
	}
	if len(codes) > 0 {
		slices.SortFunc(codes, func(a, b code) int { return cmp.Or(cmp.Compare(a.param, b.param), cmp.Compare(a.key, b.key)) })
		codes = slices.CompactFunc(codes, func(a, b code) bool { return a.param == b.param && a.key == b.key })
		param, key, value := make([]int64, len(codes)), make([]int64, len(codes)), make([]string, len(codes))
		for i, c := range codes {
			param[i], key[i], value[i] = c.param, c.key, c.value
		}
		b.Queue(insertCodesSQL, param, key, value)
	}
}

// queueKeys raises guards and writes uniqueness keys.
func queueKeys(b *pgx.Batch, jobs []*job) {
	var bump, spaces, gone, targets []string
	var digests, goneDigests, contents [][]byte
	for _, j := range jobs {
		for _, g := range j.unit.Guards {
			if g.Bump || g.Expect == 0 {
				bump = append(bump, g.Key)
			}
		}
		for i := range j.unit.Release {
			u := &j.unit.Release[i]
			gone, goneDigests = append(gone, u.Space), append(goneDigests, u.Digest[:])
		}
		for i := range j.unit.Unique {
			u := &j.unit.Unique[i]
			spaces, digests = append(spaces, u.Space), append(digests, u.Digest[:])
			targets, contents = append(targets, u.Target), append(contents, u.Content[:])
		}
	}
	if len(bump) > 0 {
		b.Queue(bumpGuardsSQL, bump)
	}
	if len(gone) > 0 {
		b.Queue(releaseSQL, gone, goneDigests)
	}
	if len(spaces) > 0 {
		b.Queue(insertUniqueSQL, spaces, digests, targets, contents)
	}
}
