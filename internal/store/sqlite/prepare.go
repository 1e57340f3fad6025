package sqlite

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
	"github.com/jamii-health/jamii/internal/store/dictionary"
)

// prepared is a Write with all that can be computed outside the transaction.
type prepared struct {
	*store.Write
	typ     int64
	ref     int64
	dict    int16 // of the body
	body    []byte
	rows    indexRows
	keys    []int64
	packed  []byte // keys, as kept in search_entry
	codes   []byte
	systems []tokenSystem
}

type tokenSystem struct {
	tp     int64
	system string
}

// indexRows are the rows of a resource beside its keys.
type indexRows struct {
	links  []linkRow
	ranges []rangeRow
	words  []wordRow
	hash   int64
}

type (
	linkRow  struct{ tp, target int64 }
	rangeRow struct{ tp, lo, hi int64 }
	wordRow  struct {
		tp         int64
		norm, text string
	}
	keyRow struct{ key, rid int64 }
)

// mix makes the keys of different types differ. The numbers of types are
// small; the constant is splitmix64's.
func mix(key, typ int64) int64 {
	z := uint64(typ) * 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return key ^ int64(z^z>>31)
}

func badWrite(text string) error {
	return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueInvalid, Text: text}
}

// prepare computes what the Unit's Writes need. It makes numbers for names seen
// for the first time, which is harmless when the Unit is dropped.
func (s *database) prepare(ctx context.Context, writes []store.Write) ([]prepared, error) {
	out := make([]prepared, len(writes))
	ids := map[string]int64{}
	seen := make(map[string]bool, len(writes))
	for i := range writes {
		w := &writes[i]
		if !fhir.ValidTypeName(w.Type) {
			return nil, badWrite("the resource type is not a type name; correct resourceType")
		}
		if !fhir.ValidID(w.ID) {
			return nil, badWrite("the id is not a FHIR id; use up to 64 letters, digits, - and .")
		}
		if ref := w.Type + "/" + w.ID; seen[ref] {
			return nil, badWrite("one transaction writes a resource twice; write it once")
		} else {
			seen[ref] = true
		}
		ids[w.Type] = 0
		for j := range w.Index {
			ids[paramName(w.Type, w.Index[j].Param)] = 0
		}
	}
	if err := s.names.intern(ctx, ids); err != nil {
		return nil, err
	}
	for i := range writes {
		s.prepareWrite(&out[i], &writes[i], ids)
	}
	return out, nil
}

func (s *database) prepareWrite(p *prepared, w *store.Write, ids map[string]int64) {
	p.Write, p.typ = w, ids[w.Type]
	p.ref = s.hasher.Target(w.Type + "/" + w.ID)
	p.dict, p.body = dictionary.Encode([]byte{}, w.Body)
	tp := func(v *search.Value) int64 { return ids[paramName(w.Type, v.Param)] }

	// References have rows of their own, so they make no key.
	index := slices.Clone(w.Index)
	for i := range index {
		v := &index[i]
		switch v.Kind {
		case search.Reference:
			if v.Code != "" {
				p.rows.links = append(p.rows.links, linkRow{tp(v), s.hasher.Target(v.Code)})
			}
			v.Code = ""
		case search.String:
			p.rows.words = append(p.rows.words, wordRow{tp(v), store.Norm(v.Text), v.Text})
		case search.URI:
			p.rows.words = append(p.rows.words, wordRow{tp(v), store.Norm(v.Code), v.Code})
		case search.Date, search.Number, search.Quantity:
			p.rows.ranges = append(p.rows.ranges, rangeRow{tp(v), v.Lo, v.Hi})
		case search.Token:
			if system := (tokenSystem{tp(v), v.System}); v.System != "" && !slices.Contains(p.systems, system) {
				p.systems = append(p.systems, system)
			}
		}
	}
	p.keys = s.hasher.Keys(index)
	p.packed = make([]byte, 0, 8*len(p.keys))
	for i, k := range p.keys {
		p.keys[i] = mix(k, p.typ)
		p.packed = binary.BigEndian.AppendUint64(p.packed, uint64(p.keys[i]))
	}
	p.codes = packCodes(w.Index, tp)
	p.rows.sort()
	p.rows.hash = p.rows.sum(s.hasher)
}

// sort puts the rows in the order of their tables and takes doubles out.
func (r *indexRows) sort() {
	slices.SortFunc(r.links, func(a, b linkRow) int {
		return cmp.Or(cmp.Compare(a.tp, b.tp), cmp.Compare(a.target, b.target))
	})
	r.links = slices.Compact(r.links)
	slices.SortFunc(r.ranges, func(a, b rangeRow) int {
		return cmp.Or(cmp.Compare(a.tp, b.tp), cmp.Compare(a.lo, b.lo), cmp.Compare(a.hi, b.hi))
	})
	r.ranges = slices.Compact(r.ranges)
	slices.SortFunc(r.words, func(a, b wordRow) int {
		return cmp.Or(cmp.Compare(a.tp, b.tp), cmp.Compare(a.norm, b.norm), cmp.Compare(a.text, b.text))
	})
	r.words = slices.Compact(r.words)
}

// sum is a hash of the rows that is the same in every process.
func (r *indexRows) sum(h store.Hasher) int64 {
	buf := make([]byte, 0, 512)
	add := func(list ...int64) {
		for _, v := range list {
			buf = binary.BigEndian.AppendUint64(buf, uint64(v))
		}
	}
	add(int64(len(r.links)), int64(len(r.ranges)), int64(len(r.words)))
	for _, l := range r.links {
		add(l.tp, l.target)
	}
	for _, v := range r.ranges {
		add(v.tp, v.lo, v.hi)
	}
	for _, w := range r.words {
		add(w.tp, int64(len(w.text)))
		buf = append(buf, w.text...)
	}
	return h.Target(string(buf))
}
