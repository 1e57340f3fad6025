package store

import (
	"encoding/base32"
	"encoding/binary"
	"hash/fnv"
)

// Parts is the number of virtual shards.
const Parts = 1024

// Place is where a resource lives: its shard and its number. Both are in every
// primary key and never change.
type Place struct {
	Part int16 // 0 to Parts-1: the hash of the patient's compartment
	RID  int64 // milliseconds | node | sequence: grows with time
}

var placeEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// ID returns the server-made logical id: base32 of part and rid, 16 characters.
func (p Place) ID() string {
	var b [10]byte
	binary.BigEndian.PutUint16(b[:2], uint16(p.Part))
	binary.BigEndian.PutUint64(b[2:], uint64(p.RID))
	return placeEncoding.EncodeToString(b[:])
}

// PlaceOf decodes a server-made id. ok says only that the text could be one: a
// client may have chosen an id of the same form, so the row decides.
func PlaceOf(id string) (p Place, ok bool) {
	if len(id) != 16 {
		return p, false
	}
	b, err := placeEncoding.DecodeString(id)
	if err != nil {
		return p, false
	}
	part, rid := binary.BigEndian.Uint16(b[:2]), binary.BigEndian.Uint64(b[2:])
	if part >= Parts || rid>>63 != 0 {
		return p, false
	}
	return Place{Part: int16(part), RID: int64(rid)}, true
}

// PartOf returns the part of a compartment by the id of its patient: the part
// in a server-made id, else a hash of the id.
func PartOf(id string) int16 {
	if p, ok := PlaceOf(id); ok {
		return p.Part
	}
	return HashPart(id)
}

// HashPart is the part of anything that has no patient, by its own id.
func HashPart(id string) int16 {
	h := fnv.New64a()
	h.Write([]byte(id)) // never fails
	return int16(h.Sum64() % Parts)
}
