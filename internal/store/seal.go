package store

import (
	"crypto/sha256"
	"encoding/binary"
)

// SealHash chains a block of audit rows: SHA-256 over the hash of the block
// before and the hash of each row in order of Seq.
func SealHash(previous [32]byte, rows []Audit) [32]byte {
	h := sha256.New()
	h.Write(previous[:])
	for i := range rows {
		rh := rowHash(&rows[i])
		h.Write(rh[:])
	}
	var out [32]byte
	h.Sum(out[:0])
	return out
}

// rowHash is SHA-256 over the fields of a row, each with its length.
func rowHash(a *Audit) [32]byte {
	h := sha256.New()
	var n [8]byte
	num := func(v int64) {
		binary.BigEndian.PutUint64(n[:], uint64(v))
		h.Write(n[:])
	}
	num(a.Seq)
	num(a.At.UnixMicro())
	for _, s := range []string{a.ID, a.Interaction, a.Action, a.Outcome, a.Type, a.Ref, a.Patient, a.Agent, a.User, a.Network, a.Request, a.Query} {
		num(int64(len(s)))
		h.Write([]byte(s))
	}
	var out [32]byte
	h.Sum(out[:0])
	return out
}
