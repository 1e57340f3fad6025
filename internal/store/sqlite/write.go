package sqlite

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/jamii-health/jamii/internal/store"
)

var errNoPlace = errors.New("a new resource needs a place")

// write writes one version and returns its moment.
func (s *database) write(tx *tx, w *prepared, was current) (updated int64, err error) {
	updated = tx.tick()
	rid := was.rid
	if rid == 0 {
		rid = w.Place.RID
		if rid <= 0 || w.Place.Part < 0 || w.Place.Part >= store.Parts {
			return 0, errNoPlace
		}
		err = tx.exec("INSERT INTO resource (rid, part, type, id, ref, ver, updated, deleted) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			rid, int64(w.Place.Part), w.typ, w.ID, w.ref, was.ver+1, updated, w.Deleted)
	} else {
		err = tx.exec("UPDATE resource SET ver = ?, updated = ?, deleted = ? WHERE rid = ?", was.ver+1, updated, w.Deleted, rid)
	}
	if err != nil {
		return 0, err
	}
	err = tx.exec("INSERT INTO version (updated, rid, ver, type, method, deleted, managed, dict, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		updated, rid, was.ver+1, w.typ, w.Method, w.Deleted, w.Managed, w.dict, w.body)
	if err != nil {
		return 0, err
	}
	if err := s.systems.write(tx, w.systems); err != nil {
		return 0, err
	}
	if was.rid == 0 {
		return updated, insertIndex(tx, w, rid)
	}
	return updated, replaceIndex(tx, w, rid)
}

func insertIndex(tx *tx, w *prepared, rid int64) error {
	for _, k := range w.keys {
		tx.keys = append(tx.keys, keyRow{k, rid})
	}
	if err := tx.exec("INSERT INTO search_entry (rid, keys, codes, rest) VALUES (?, ?, ?, ?)", rid, w.packed, w.codes, w.rows.hash); err != nil {
		return err
	}
	return insertRows(tx, &w.rows, rid)
}

// replaceIndex writes only what differs: most updates change few keys.
func replaceIndex(tx *tx, w *prepared, rid int64) error {
	var packed []byte
	var rest int64
	if err := tx.row("SELECT keys, rest FROM search_entry WHERE rid = ?", rid).Scan(&packed, &rest); err != nil {
		return err
	}
	have := make(map[int64]bool, len(packed)/8)
	for ; len(packed) >= 8; packed = packed[8:] {
		have[int64(binary.BigEndian.Uint64(packed))] = true
	}
	for _, k := range w.keys {
		if !have[k] {
			tx.keys = append(tx.keys, keyRow{k, rid})
		}
		delete(have, k)
	}
	if len(have) > 0 {
		if err := tx.flush(); err != nil { // a key may wait that is to go
			return err
		}
	}
	for k := range have {
		if err := tx.exec("DELETE FROM search_key WHERE key = ? AND rid = ?", k, rid); err != nil {
			return err
		}
	}
	if err := tx.exec("UPDATE search_entry SET keys = ?, codes = ?, rest = ? WHERE rid = ?", w.packed, w.codes, w.rows.hash, rid); err != nil {
		return err
	}
	if rest == w.rows.hash {
		return nil
	}
	for _, query := range []string{
		"DELETE FROM search_link WHERE rid = ?", "DELETE FROM search_range WHERE rid = ?", "DELETE FROM search_word WHERE rid = ?",
	} {
		if err := tx.exec(query, rid); err != nil {
			return err
		}
	}
	return insertRows(tx, &w.rows, rid)
}

func insertRows(tx *tx, rows *indexRows, rid int64) error {
	values := make([]any, 0, 64)
	for _, l := range rows.links {
		values = append(values, rid, l.tp, l.target)
	}
	if err := tx.insert("INSERT INTO search_link (rid, tp, target)", 3, values); err != nil {
		return err
	}
	values = values[:0]
	for _, r := range rows.ranges {
		values = append(values, rid, r.tp, r.lo, r.hi)
	}
	if err := tx.insert("INSERT INTO search_range (rid, tp, lo, hi)", 4, values); err != nil {
		return err
	}
	values = values[:0]
	for i, w := range rows.words {
		values = append(values, rid, w.tp, int64(i), w.norm, w.text)
	}
	return tx.insert("INSERT INTO search_word (rid, tp, n, norm, text)", 5, values)
}

// flush inserts the waiting keys in the order of the index, which touches each
// of its pages once for all Units of the transaction.
func (t *tx) flush() error {
	if len(t.keys) == 0 {
		return nil
	}
	slices.SortFunc(t.keys, func(a, b keyRow) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.rid, b.rid))
	})
	values := make([]any, 0, 2*len(t.keys))
	for _, k := range t.keys {
		values = append(values, k.key, k.rid)
	}
	t.keys = t.keys[:0]
	return t.insert("INSERT INTO search_key (key, rid)", 2, values)
}
