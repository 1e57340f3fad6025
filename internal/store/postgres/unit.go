package postgres

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
	"github.com/jamii-health/jamii/internal/store/dictionary"
)

// entry is a Write made ready before its transaction begins.
type entry struct {
	*store.Write
	kind   *kind
	ref    int64   // hash of "Type/id"
	fid    *string // the id, unless it is the place's
	keys   []int64
	words  []word
	spans  []span
	aux    int64 // hash of words and spans
	hot    hot
	body   []byte
	method int16
	dict   int16 // of the body

	// Found when the row was locked.
	place   store.Place
	after   int64 // updated must be at least this
	reindex bool  // words and spans differ from those in the database
}

type word struct {
	param      int64
	norm       string
	whole, raw *string
}

type span struct{ param, lo, hi int64 }

// token is a (parameter, system) pair and code the text behind a key.
type (
	token struct {
		param, digest int64
		system        string
	}
	code struct {
		param, key int64
		value      string
	}
)

// job is a Unit on its way through the queue.
type job struct {
	unit    *store.Unit
	entries []*entry
	tokens  []token
	codes   []code
	touches []string // what no two Units in flight may share
	done    chan result
	written []store.Written
	err     error
}

type result struct {
	written []store.Written
	err     error
}

// maxWord is how many bytes of a folded text an index entry holds.
const maxWord = 400

// ready makes the job of a Unit: hashes, compressed bodies, tables that exist.
func (d *database) ready(ctx context.Context, u *store.Unit) (*job, error) {
	j := &job{unit: u, done: make(chan result, 1)}
	seen := make(map[string]bool, len(u.Writes))
	for i := range u.Writes {
		w := &u.Writes[i]
		k, err := d.ensure(ctx, w.Type)
		if err != nil {
			return nil, err
		}
		e, err := d.entry(w, k)
		if err != nil {
			return nil, err
		}
		ref := w.Type + "/" + w.ID
		if seen[ref] {
			return nil, fmt.Errorf("unit writes %s twice", ref)
		}
		seen[ref] = true
		j.entries = append(j.entries, e)
		d.dictionary(j, w)
		// A new resource with an id of the server's touches nothing known.
		if w.Expect > 0 || e.fid != nil {
			j.touches = append(j.touches, "r\x00"+ref)
		}
	}
	for _, g := range u.Guards {
		j.touches = append(j.touches, "g\x00"+g.Key)
	}
	for _, list := range [][]store.Unique{u.Unique, u.Release} {
		for i := range list {
			j.touches = append(j.touches, "u\x00"+list[i].Space+"\x00"+string(list[i].Digest[:]))
		}
	}
	for _, c := range u.Conditions {
		j.touches = append(j.touches, "c\x00"+c.Type+"\x00"+c.Lock)
	}
	return j, nil
}

func (d *database) entry(w *store.Write, k *kind) (*entry, error) {
	if w.ID == "" || w.Expect < 0 || w.Expect >= math.MaxInt32 {
		return nil, fmt.Errorf("write of %s has no id or an impossible version", w.Type)
	}
	m := slices.Index(methods, w.Method)
	if m < 0 {
		return nil, fmt.Errorf("write of %s by an unknown method", w.Type)
	}
	e := &entry{
		Write: w, kind: k, ref: d.target(w.Type, w.ID), method: int16(m), place: w.Place,
		keys: d.hash.Keys(w.Index), hot: d.heat(k.layout, w.Index),
	}
	e.dict, e.body = dictionary.Encode([]byte{}, w.Body)
	if w.Expect == 0 && (w.Place.Part < 0 || w.Place.Part >= store.Parts || w.Place.RID < 0) {
		return nil, fmt.Errorf("write of %s at an impossible place", w.Type)
	}
	if w.ID != w.Place.ID() {
		e.fid = &w.ID
	}
	for i := range w.Index {
		d.measure(e, w.Type, &w.Index[i])
	}
	e.sum(d)
	return e, nil
}

// param is the hash of a parameter of a type.
func (d *database) param(typ, param string) int64 { return d.hash.Present(typ + "." + param) }

// measure adds the words and spans of a value.
func (d *database) measure(e *entry, typ string, v *search.Value) {
	switch v.Kind {
	case search.String:
		e.words = append(e.words, newWord(d.param(typ, v.Param), v.Text))
	case search.URI:
		e.words = append(e.words, newWord(d.param(typ, v.Param), v.Code))
	case search.Date, search.Number, search.Quantity:
		e.spans = append(e.spans, span{d.param(typ, v.Param), v.Lo, v.Hi})
	}
}

// clean makes text that PostgreSQL takes: without NUL, valid UTF-8.
func clean(s string) string {
	if strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
}

// head cuts a text so that it fits an index entry.
func head(s string) string {
	if len(s) <= maxWord {
		return s
	}
	n := maxWord
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func newWord(param int64, text string) word {
	text = clean(text)
	norm := search.Norm(text)
	w := word{param: param, norm: head(norm)}
	if w.norm != norm {
		w.whole = &norm
	}
	if text != norm {
		w.raw = &text
	}
	return w
}

// sum sorts words and spans, drops repetitions and hashes them.
func (e *entry) sum(d *database) {
	if len(e.words)+len(e.spans) == 0 {
		return
	}
	text := func(p *string) string {
		if p == nil {
			return "\x00"
		}
		return *p
	}
	slices.SortFunc(e.words, func(a, b word) int {
		return cmp.Or(cmp.Compare(a.param, b.param), strings.Compare(a.norm, b.norm),
			strings.Compare(text(a.whole), text(b.whole)), strings.Compare(text(a.raw), text(b.raw)))
	})
	e.words = slices.CompactFunc(e.words, func(a, b word) bool {
		return a.param == b.param && a.norm == b.norm && text(a.whole) == text(b.whole) && text(a.raw) == text(b.raw)
	})
	slices.SortFunc(e.spans, func(a, b span) int {
		return slices.Compare([]int64{a.param, a.lo, a.hi}, []int64{b.param, b.lo, b.hi})
	})
	e.spans = slices.Compact(e.spans)
	buf := make([]byte, 0, 256)
	for _, w := range e.words {
		buf = binary.BigEndian.AppendUint64(buf, uint64(w.param))
		for _, s := range []string{w.norm, text(w.whole), text(w.raw)} {
			buf = append(append(buf, s...), 0xff)
		}
	}
	for _, s := range e.spans {
		for _, n := range []int64{s.param, s.lo, s.hi} {
			buf = binary.BigEndian.AppendUint64(buf, uint64(n))
		}
	}
	e.aux = d.hash.Target(string(buf))
}

// dictionary adds what the tables token_system and code must hold for a
// Write, but for what this process knows to be there.
func (d *database) dictionary(j *job, w *store.Write) {
	for _, pair := range store.Systems(w.Index) {
		t := token{d.param(w.Type, pair[0]), d.hash.Target(pair[1]), pair[1]}
		if !d.seen.has(t.param, t.digest) {
			j.tokens = append(j.tokens, t)
		}
	}
	for i := range w.Index {
		v := &w.Index[i]
		var is search.Is
		switch {
		case v.Kind == search.Token:
			is = search.Is{Param: v.Param, Kind: v.Kind, System: v.System, Code: v.Code}
		case v.Kind == search.Reference && v.Code != "":
			is = search.Is{Param: v.Param, Kind: v.Kind, Code: v.Code}
		default:
			continue
		}
		c := code{d.param(w.Type, v.Param), d.hash.Alternatives(is, nil)[0], head(clean(v.Code))}
		if !d.seen.has(c.param, c.key) {
			j.codes = append(j.codes, c)
		}
	}
}
