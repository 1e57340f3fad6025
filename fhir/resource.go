package fhir

import (
	"strconv"
	"time"
)

// Resource is one version of a resource.
type Resource struct {
	Type    string
	ID      string
	Version int64 // counts from 1
	Updated time.Time
	Deleted bool   // this version is the deletion; Body is empty
	Method  string // the HTTP method that made this version: POST, PUT, PATCH, DELETE
	Managed bool   // written by a use case: the generic interactions may not change it (wire.md 1)
	Body    []byte // the record: compact JSON without id, meta.versionId and meta.lastUpdated (see Record)
}

// Ref returns "Type/id".
func (r Resource) Ref() string { return r.Type + "/" + r.ID }

// ETag returns the weak entity tag of the version.
func (r Resource) ETag() string { return `W/"` + strconv.FormatInt(r.Version, 10) + `"` }

// JSON returns the resource as a client reads it: the record with id,
// meta.versionId and meta.lastUpdated spliced in. The bytes of the record are
// copied, never re-marshalled.
func (r Resource) JSON() []byte {
	out := make([]byte, 0, len(r.Body)+160)
	return r.AppendJSON(out)
}

// AppendJSON appends what JSON returns to dst.
//
// The record begins with {"resourceType":"T" and, when it has a meta, goes on
// with ,"meta":{ : Record keeps it in that form.
func (r Resource) AppendJSON(dst []byte) []byte {
	head := len(`{"resourceType":"`) + len(r.Type) + 1
	if len(r.Body) <= head {
		return append(dst, r.Body...)
	}
	dst = append(dst, r.Body[:head]...)
	dst = append(dst, `,"id":"`...)
	dst = append(dst, r.ID...)
	dst = append(dst, `","meta":{"versionId":"`...)
	dst = strconv.AppendInt(dst, r.Version, 10)
	dst = append(dst, `","lastUpdated":"`...)
	dst = append(dst, Instant(r.Updated)...)
	dst = append(dst, '"')
	rest := r.Body[head:]
	const meta = `,"meta":{`
	if len(rest) > len(meta) && string(rest[:len(meta)]) == meta {
		rest = rest[len(meta):]
		if rest[0] != '}' {
			dst = append(dst, ',')
		}
		return append(dst, rest...)
	}
	dst = append(dst, '}')
	return append(dst, rest...)
}

// Tree parses the resource as a client reads it.
func (r Resource) Tree() (*Node, error) { return Parse(r.JSON()) }

// Record takes id, meta.versionId and meta.lastUpdated out of an accepted
// resource, puts resourceType and meta first, and returns the bytes to keep.
// All other members keep their order and their text. The tree is changed to
// match the bytes.
func Record(n *Node) []byte {
	typ := n.ResourceType()
	n.Remove("resourceType")
	n.Remove("id")
	meta := n.Get("meta")
	members := make([]Node, 0, len(n.Nodes)+1)
	members = append(members, Str(typ).As("resourceType"))
	if meta != nil {
		meta.Remove("versionId")
		meta.Remove("lastUpdated")
		if meta.Kind != KindObject || len(meta.Nodes) > 0 {
			members = append(members, *meta)
		}
	}
	for _, m := range n.Nodes {
		if m.Name != "meta" {
			members = append(members, m)
		}
	}
	n.Nodes = members
	return n.JSON()
}
