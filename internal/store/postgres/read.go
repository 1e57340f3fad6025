package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/store"
	"github.com/jamii-health/jamii/internal/store/dictionary"
)

// columns of a resource, from a current row c and a version v.
const columns = `c.fid, c.rid, c.part, v.ver, v.updated, v.deleted, v.managed, v.method, v.dict, v.body`

const (
	join = ` FROM {row} c JOIN {version} v ON v.rid = c.rid AND v.part = c.part`

	readSQL = `SELECT {columns}` + join + ` AND v.ver = c.ver WHERE c.ref = $1`
	// The id tells the place; the row must not have an id of its own.
	readPlaceSQL   = `SELECT {columns}` + join + ` AND v.ver = c.ver WHERE c.rid = $1 AND c.part = $2 AND c.fid IS NULL`
	readManySQL    = `SELECT {columns}` + join + ` AND v.ver = c.ver WHERE c.ref = ANY($1::int8[]) AND NOT c.deleted`
	readVersionSQL = `SELECT {columns}` + join + ` WHERE c.ref = $1 AND v.ver = $2::int8`
)

// methods in the order of their numbers in the column method.
var methods = []string{"", "POST", "PUT", "PATCH", "DELETE"}

// record is a row as it was read.
type record struct {
	fid              *string
	place            store.Place
	ver, updated     int64
	deleted, managed bool
	method, dict     int16
	body             []byte
}

func (r *record) fields() []any {
	return []any{&r.fid, &r.place.RID, &r.place.Part, &r.ver, &r.updated, &r.deleted, &r.managed, &r.method, &r.dict, &r.body}
}

func (r *record) id() string {
	if r.fid != nil {
		return *r.fid
	}
	return r.place.ID()
}

func (d *database) resource(typ string, r *record) (fhir.Resource, error) {
	body, err := dictionary.Decode(r.dict, r.body)
	if err != nil {
		return fhir.Resource{}, err
	}
	return fhir.Resource{
		Type: typ, ID: r.id(), Version: r.ver, Updated: moment(r.updated), Deleted: r.deleted,
		Method: methods[r.method], Managed: r.managed, Body: body,
	}, nil
}

// moment reads microseconds.
func moment(us int64) time.Time { return time.UnixMicro(us).UTC() }

// resources reads all rows of a query.
func (d *database) resources(typ string, rows pgx.Rows) ([]fhir.Resource, error) {
	defer rows.Close()
	var out []fhir.Resource
	for rows.Next() {
		var r record
		if err := rows.Scan(r.fields()...); err != nil {
			return nil, err
		}
		res, err := d.resource(typ, &r)
		if err != nil {
			return nil, err
		}
		out = append(out, res)
	}
	return out, rows.Err()
}

func notFound() error {
	return &fhir.Error{Kind: fhir.NotFound, Issue: fhir.IssueNotFound, Text: "There is no such resource."}
}

// Read tries the place that the id holds, then the id as a client's. The hash
// of "Type/id" finds the row; the id in the row decides.
func (d *database) Read(ctx context.Context, typ, id string) (fhir.Resource, error) {
	k, err := d.kind(ctx, typ)
	if err != nil {
		return fhir.Resource{}, err
	}
	if k == nil || id == "" {
		return fhir.Resource{}, notFound()
	}
	if p, ok := store.PlaceOf(id); ok {
		res, err := d.one(ctx, k, id, k.readPlace, p.RID, p.Part)
		if err == nil || !isNotFound(err) {
			return res, err
		}
	}
	return d.one(ctx, k, id, k.read, d.target(typ, id))
}

func (d *database) target(typ, id string) int64 { return d.hash.Target(typ + "/" + id) }

// ReadVersion reads one version of the resource with that id.
func (d *database) ReadVersion(ctx context.Context, typ, id string, version int64) (fhir.Resource, error) {
	k, err := d.kind(ctx, typ)
	if err != nil {
		return fhir.Resource{}, err
	}
	if k == nil || id == "" {
		return fhir.Resource{}, notFound()
	}
	return d.one(ctx, k, id, k.readVersion, d.target(typ, id), version)
}

// one returns the resource of a query whose id is really id.
func (d *database) one(ctx context.Context, k *kind, id, sql string, args ...any) (fhir.Resource, error) {
	rows, err := d.read.Query(ctx, sql, args...)
	if err != nil {
		return fhir.Resource{}, failed("reading a resource", err)
	}
	list, err := d.resources(k.name, rows)
	if err != nil {
		return fhir.Resource{}, failed("reading a resource", err)
	}
	for _, res := range list {
		if res.ID == id {
			return res, nil
		}
	}
	return fhir.Resource{}, notFound()
}

// ReadMany asks once per type, all in one round trip.
func (d *database) ReadMany(ctx context.Context, refs []string) ([]fhir.Resource, error) {
	wanted := make(map[string]bool, len(refs))
	byKind := map[*kind][]int64{}
	for _, ref := range refs {
		typ, id, ok := strings.Cut(ref, "/")
		if !ok || id == "" || wanted[ref] {
			continue
		}
		k, err := d.kind(ctx, typ)
		if err != nil {
			return nil, err
		}
		if k != nil {
			wanted[ref] = true
			byKind[k] = append(byKind[k], d.hash.Target(ref))
		}
	}
	var out []fhir.Resource
	if len(byKind) == 0 {
		return nil, nil
	}
	b := &pgx.Batch{}
	for k, hashes := range byKind {
		b.Queue(k.readMany, hashes).Query(func(rows pgx.Rows) error {
			list, err := d.resources(k.name, rows)
			for _, res := range list {
				if wanted[res.Ref()] {
					out = append(out, res)
				}
			}
			return err
		})
	}
	if err := d.read.SendBatch(ctx, b).Close(); err != nil {
		return nil, failed("reading resources", err)
	}
	return out, nil
}
