package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/store"
)

// version names one version and its place in the order of a history: newest
// first, then by type and place.
type version struct {
	Updated int64  `json:"u"`
	Type    string `json:"t"`
	RID     int64  `json:"r"`
	Part    int16  `json:"p"`
	Ver     int64  `json:"v"`
}

// History shows versions below the commit horizon; those of one resource need
// none, since each waits for the one before.
func (d *database) History(ctx context.Context, h store.History) (store.Page, error) {
	kinds, err := d.historyKinds(ctx, h)
	if err != nil || len(kinds) == 0 {
		return store.Page{}, err
	}
	var after *version
	if len(h.After) > 0 {
		after = &version{}
		if err := json.Unmarshal(h.After, after); err != nil {
			return store.Page{}, badCursor()
		}
	}
	b := d.builder(ctx, d.read)
	var parts []string
	for _, k := range kinds {
		part, err := b.versions(h, k, after)
		if err != nil {
			return store.Page{}, failed("preparing a history", err)
		}
		parts = append(parts, part)
	}
	bound := int64(math.MaxInt64)
	if h.ID == "" {
		if bound, err = d.horizon(ctx); err != nil {
			return store.Page{}, err
		}
	}
	limit := max(h.Limit, 1)
	// Argument numbers are known only now: each part waits for two of them.
	top, count := b.arg(bound), b.arg(limit+1)
	for i := range parts {
		parts[i] = strings.NewReplacer("{bound}", top, "{limit}", count).Replace(parts[i])
	}
	rows, err := b.query("SELECT * FROM (" + strings.Join(parts, " UNION ALL ") + ") h ORDER BY 1 DESC, 2, 3 DESC, 4 DESC LIMIT " + count)
	if err != nil {
		return store.Page{}, failed("reading a history", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (v version, err error) {
		return v, row.Scan(&v.Updated, &v.Type, &v.RID, &v.Part, &v.Ver)
	})
	if err != nil {
		return store.Page{}, failed("reading a history", err)
	}
	return d.historyPage(ctx, list, limit)
}

// historyKinds are the types a history speaks of, by name.
func (d *database) historyKinds(ctx context.Context, h store.History) ([]*kind, error) {
	if h.Type == "" && h.Types == nil {
		return d.allKinds(ctx)
	}
	names := h.Types
	if h.Type != "" {
		names = []string{h.Type}
	}
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	var out []*kind
	for _, n := range names {
		k, err := d.kind(ctx, n)
		if err != nil {
			return nil, err
		}
		if k != nil {
			out = append(out, k)
		}
	}
	return out, nil
}

// versions writes the newest versions of one type behind a cursor, without
// bodies.
func (b *builder) versions(h store.History, k *kind, after *version) (string, error) {
	where := []string{"v.updated < {bound}::int8"}
	from := k.version + " v"
	if h.ID != "" || h.Expr != nil {
		from += " JOIN " + k.row + " c ON c.rid = v.rid AND c.part = v.part"
	}
	if h.ID != "" {
		id := b.arg(h.ID) + "::text"
		where = append(where, "c.ref = "+b.arg(b.d.target(k.name, h.ID)), "coalesce(c.fid, place_id(c.part, c.rid)) = "+id)
	}
	if h.Expr != nil {
		relaxed, _ := store.Relax(h.Expr)
		c, err := b.expr(relaxed, k)
		if err != nil {
			return "", err
		}
		where = append(where, "NOT c.deleted", "("+c.sql+")")
	}
	if !h.Since.IsZero() {
		where = append(where, "v.updated >= "+b.arg(h.Since.UnixMicro()))
	}
	if !h.At.IsZero() {
		at := b.arg(h.At.UnixMicro()) + "::int8"
		where = append(where, "v.updated <= "+at, "NOT EXISTS (SELECT FROM "+k.version+
			" n WHERE n.rid = v.rid AND n.part = v.part AND n.ver = v.ver + 1 AND n.updated <= "+at+")")
	}
	if after != nil {
		where = append(where, b.behind(k, after))
	}
	return fmt.Sprintf("(SELECT v.updated, '%s'::text COLLATE \"C\", v.rid, v.part, v.ver::int8 FROM %s WHERE %s ORDER BY v.updated DESC, v.rid DESC, v.part DESC LIMIT {limit})",
		k.name, from, strings.Join(where, " AND ")), nil
}

// behind: of types that come later in the alphabet all of the same moment are
// still to be shown, of those before none.
func (b *builder) behind(k *kind, after *version) string {
	updated := b.arg(after.Updated) + "::int8"
	switch {
	case k.name < after.Type:
		return "v.updated < " + updated
	case k.name > after.Type:
		return "v.updated <= " + updated
	}
	return "(v.updated, v.rid, v.part) < (" + updated + ", " + b.arg(after.RID) + "::int8, " + b.arg(after.Part) + "::int2)"
}

const bodiesSQL = `
SELECT {columns} FROM unnest($1::int8[], $2::int2[], $3::int8[]) AS w(rid, part, ver)
JOIN {version} v ON v.rid = w.rid AND v.part = w.part AND v.ver = w.ver
JOIN {row} c ON c.rid = w.rid AND c.part = w.part`

// historyPage reads the bodies of a page, one statement per type.
func (d *database) historyPage(ctx context.Context, list []version, limit int) (store.Page, error) {
	var page store.Page
	if len(list) > limit {
		list = list[:limit]
		next, err := json.Marshal(list[limit-1])
		if err != nil {
			return page, fmt.Errorf("writing the link to the next page: %w", err)
		}
		page.Next = next
	}
	type wanted struct {
		rid, ver []int64
		part     []int16
	}
	byKind := map[*kind]*wanted{}
	for _, v := range list {
		k := d.kinds.add(v.Type, "")
		w := byKind[k]
		if w == nil {
			w = &wanted{}
			byKind[k] = w
		}
		w.rid, w.part, w.ver = append(w.rid, v.RID), append(w.part, v.Part), append(w.ver, v.Ver)
	}
	found := make(map[version]fhir.Resource, len(list))
	b := &pgx.Batch{}
	for _, k := range sortedKinds(byKind) {
		w := byKind[k]
		b.Queue(k.bodies, w.rid, w.part, w.ver).Query(func(rows pgx.Rows) error {
			defer rows.Close()
			for rows.Next() {
				var r record
				if err := rows.Scan(r.fields()...); err != nil {
					return err
				}
				res, err := d.resource(k.name, &r)
				if err != nil {
					return err
				}
				found[version{r.updated, k.name, r.place.RID, r.place.Part, r.ver}] = res
			}
			return rows.Err()
		})
	}
	if b.Len() == 0 {
		return page, nil
	}
	if err := d.read.SendBatch(ctx, b).Close(); err != nil {
		return store.Page{}, failed("reading a history", err)
	}
	for _, v := range list {
		page.Resources = append(page.Resources, found[v])
	}
	return page, nil
}
