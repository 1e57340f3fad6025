// Package terminology answers questions about code systems, value sets and
// concept maps: look-up, expansion, validation, translation, subsumption.
//
// HL7's own of R4 are embedded, packed by make definitions; others come from a
// Source that the caller has, such as the resources of a store. The package
// itself does no I/O.
//
// https://hl7.org/fhir/R4/terminology-service.html
package terminology

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/jamii-health/jamii/fhir"
)

// core holds HL7's CodeSystems, ValueSets and ConceptMaps of R4.
//
//go:embed core.bin
var core []byte

// place is where a resource stands in the packed file.
type place struct {
	kind, url, version string
	chunk, from, size  int
}

// chunkSize is about how much is compressed together: larger packs better,
// smaller opens faster.
const chunkSize = 256 << 10

// Pack writes resources in the form of the embedded file: an index, then
// chunks compressed with zstd. The order is by kind and url, so that the same
// resources give the same bytes.
func Pack(list []*fhir.Node) ([]byte, error) {
	slices.SortFunc(list, func(a, b *fhir.Node) int {
		return strings.Compare(a.ResourceType()+" "+a.Get("url").String(), b.ResourceType()+" "+b.Get("url").String())
	})
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	var index []byte
	var chunks [][]byte
	var open []byte
	for _, n := range list {
		body := n.JSON()
		for _, s := range []string{n.ResourceType(), n.Get("url").String(), n.Get("version").String()} {
			index = append(binary.AppendUvarint(index, uint64(len(s))), s...)
		}
		for _, v := range []int{len(chunks), len(open), len(body)} {
			index = binary.AppendUvarint(index, uint64(v))
		}
		if open = append(open, body...); len(open) >= chunkSize {
			chunks, open = append(chunks, enc.EncodeAll(open, nil)), nil
		}
	}
	chunks = append(chunks, enc.EncodeAll(open, nil))
	head := enc.EncodeAll(index, nil)
	out := binary.AppendUvarint(nil, uint64(len(list)))
	out = append(binary.AppendUvarint(out, uint64(len(head))), head...)
	out = binary.AppendUvarint(out, uint64(len(chunks)))
	for _, c := range chunks {
		out = append(binary.AppendUvarint(out, uint64(len(c))), c...)
	}
	return out, nil
}

// library opens a packed file and hands out its resources.
type library struct {
	places map[string]place // "kind url"
	chunks [][]byte
	dec    *zstd.Decoder
}

var errPacked = errors.New("the packed terminology cannot be read")

func openLibrary(data []byte) (*library, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	r := bytes.NewReader(data)
	block := func() ([]byte, error) {
		n, err := binary.ReadUvarint(r)
		if err != nil || n > uint64(r.Len()) {
			return nil, errPacked
		}
		b := make([]byte, n)
		_, err = r.Read(b)
		return b, err
	}
	count, err := binary.ReadUvarint(r)
	if err != nil {
		return nil, errPacked
	}
	head, err := block()
	if err != nil {
		return nil, err
	}
	index, err := dec.DecodeAll(head, nil)
	if err != nil {
		return nil, fmt.Errorf("terminology index: %w", err)
	}
	l := &library{dec: dec, places: make(map[string]place, count)}
	n, err := binary.ReadUvarint(r)
	if err != nil {
		return nil, errPacked
	}
	for range n {
		c, err := block()
		if err != nil {
			return nil, err
		}
		l.chunks = append(l.chunks, c)
	}
	return l, l.readIndex(bytes.NewReader(index), int(count))
}

func (l *library) readIndex(r *bytes.Reader, count int) error {
	text := func() (string, error) {
		n, err := binary.ReadUvarint(r)
		if err != nil || n > uint64(r.Len()) {
			return "", errPacked
		}
		b := make([]byte, n)
		if n > 0 {
			_, err = r.Read(b)
		}
		return string(b), err
	}
	for range count {
		var p place
		for _, to := range []*string{&p.kind, &p.url, &p.version} {
			s, err := text()
			if err != nil {
				return err
			}
			*to = s
		}
		for _, to := range []*int{&p.chunk, &p.from, &p.size} {
			v, err := binary.ReadUvarint(r)
			if err != nil {
				return errPacked
			}
			*to = int(v)
		}
		l.places[p.kind+" "+p.url] = p
	}
	return nil
}

// node reads a resource; nil when there is none, or not in that version.
func (l *library) node(kind, url, version string) *fhir.Node {
	p, ok := l.places[kind+" "+url]
	if !ok || (version != "" && version != p.version) {
		return nil
	}
	chunk, err := l.dec.DecodeAll(l.chunks[p.chunk], nil)
	if err != nil || p.from+p.size > len(chunk) {
		return nil // the file is embedded and tested
	}
	n, err := fhir.Parse(chunk[p.from : p.from+p.size])
	if err != nil {
		return nil
	}
	return n
}

var embedded = sync.OnceValues(func() (*library, error) { return openLibrary(core) })

// Core lists the embedded resources of a kind ("CodeSystem", "ValueSet",
// "ConceptMap") by url.
func Core(kind string) ([]string, error) {
	l, err := embedded()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, p := range l.places {
		if p.kind == kind {
			out = append(out, p.url)
		}
	}
	slices.Sort(out)
	return out, nil
}

// CoreResource returns an embedded resource; nil when there is none.
func CoreResource(kind, url, version string) *fhir.Node {
	l, err := embedded()
	if err != nil {
		return nil
	}
	return l.node(kind, url, version)
}
