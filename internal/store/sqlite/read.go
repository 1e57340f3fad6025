package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/store/dictionary"
)

// versionColumns are what a fhir.Resource is made of, beside its type and id.
const versionColumns = "v.ver, v.updated, v.deleted, v.method, v.managed, v.dict, v.body"

const readSQL = `
SELECT ` + versionColumns + `
FROM   resource r
JOIN   name t ON t.id = r.type
JOIN   version v ON v.updated = r.updated
WHERE  r.ref = ? AND r.id = ? AND t.name = ?`

const versionSQL = `
SELECT ` + versionColumns + `
FROM   resource r
JOIN   name t ON t.id = r.type
JOIN   version v ON v.rid = r.rid AND v.ver = ?
WHERE  r.ref = ? AND r.id = ? AND t.name = ?`

// Read returns the newest version of a resource.
func (s *database) Read(ctx context.Context, typ, id string) (fhir.Resource, error) {
	return s.readOne(typ, id, s.readStmt.QueryRowContext(ctx, s.hasher.Target(typ+"/"+id), id, typ))
}

// ReadVersion returns one version of a resource.
func (s *database) ReadVersion(ctx context.Context, typ, id string, version int64) (fhir.Resource, error) {
	return s.readOne(typ, id, s.versionStmt.QueryRowContext(ctx, version, s.hasher.Target(typ+"/"+id), id, typ))
}

func (s *database) readOne(typ, id string, row scanner) (fhir.Resource, error) {
	r := fhir.Resource{Type: typ, ID: id}
	err := scanVersion(row, &r)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fhir.Resource{}, &fhir.Error{Kind: fhir.NotFound, Issue: fhir.IssueNotFound, Text: "no such resource"}
	case err != nil:
		return fhir.Resource{}, fmt.Errorf("reading resource: %w", err)
	}
	return r, nil
}

// scanVersion reads versionColumns, after more columns if there are.
func scanVersion(row scanner, r *fhir.Resource, before ...any) error {
	var updated int64
	var dict int16
	var body []byte
	if err := row.Scan(append(before, &r.Version, &updated, &r.Deleted, &r.Method, &r.Managed, &dict, &body)...); err != nil {
		return err
	}
	r.Updated = time.UnixMicro(updated).UTC()
	if r.Deleted {
		return nil
	}
	var err error
	r.Body, err = dictionary.Decode(dict, body)
	return err
}

// readManySQL finds resources by the hashes of their references.
const readManySQL = `
SELECT t.name, r.id, ` + versionColumns + `
FROM   (SELECT DISTINCT value AS ref FROM json_each(?)) asked
CROSS JOIN resource r ON r.ref = asked.ref
JOIN   name t ON t.id = r.type
JOIN   version v ON v.updated = r.updated
WHERE  r.deleted = 0`

// ReadMany returns those of the resources that exist.
func (s *database) ReadMany(ctx context.Context, refs []string) ([]fhir.Resource, error) {
	hashes := make([]int64, 0, len(refs))
	asked := make(map[string]bool, len(refs))
	for _, ref := range refs {
		if typ, id, ok := strings.Cut(ref, "/"); ok && fhir.ValidTypeName(typ) && fhir.ValidID(id) {
			hashes = append(hashes, s.hasher.Target(ref))
			asked[ref] = true
		}
	}
	if len(hashes) == 0 {
		return nil, nil
	}
	rows, err := s.reads.QueryContext(ctx, readManySQL, jsonList(hashes))
	if err != nil {
		return nil, fmt.Errorf("reading resources: %w", err)
	}
	defer rows.Close()
	var out []fhir.Resource
	for rows.Next() {
		var r fhir.Resource
		if err := scanVersion(rows, &r, &r.Type, &r.ID); err != nil {
			return nil, fmt.Errorf("reading resources: %w", err)
		}
		if asked[r.Ref()] {
			out = append(out, r)
		}
	}
	return out, rows.Err()
}
