// Package table is the binary form of the definitions: sections of unsigned
// varints, in which every string is a number into one shared list. The
// generator writes it, package definition reads it; no other program does.
package table

import (
	"encoding/binary"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// Strings collects the strings of a file while it is written.
type Strings struct {
	list  []string
	index map[string]uint64
}

// Section is a run of numbers and strings being written.
type Section struct {
	strings *Strings
	buf     []byte
}

// NewStrings returns an empty list.
func NewStrings() *Strings { return &Strings{index: map[string]uint64{}} }

// Section starts a section whose strings go to this list.
func (s *Strings) Section() *Section { return &Section{strings: s} }

func (s *Strings) number(text string) uint64 {
	n, ok := s.index[text]
	if !ok {
		n = uint64(len(s.list))
		s.list, s.index[text] = append(s.list, text), n
	}
	return n
}

// bytes lays the list out as count, lengths, text.
func (s *Strings) bytes() []byte {
	out := binary.AppendUvarint(nil, uint64(len(s.list)))
	for _, text := range s.list {
		out = binary.AppendUvarint(out, uint64(len(text)))
	}
	for _, text := range s.list {
		out = append(out, text...)
	}
	return out
}

// Uint writes a number.
func (s *Section) Uint(n int) { s.buf = binary.AppendUvarint(s.buf, uint64(n)) }

// String writes a string.
func (s *Section) String(text string) {
	s.buf = binary.AppendUvarint(s.buf, s.strings.number(text))
}

// List writes strings after their count.
func (s *Section) List(texts []string) {
	s.Uint(len(texts))
	for _, text := range texts {
		s.String(text)
	}
}

// Part writes a section inside this one, after its length, so that a reader
// can skip it.
func (s *Section) Part(part *Section) {
	s.Uint(len(part.buf))
	s.buf = append(s.buf, part.buf...)
}

// File compresses the sections, the list of strings first.
func File(strings *Strings, sections ...*Section) ([]byte, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("starting the compressor: %w", err)
	}
	raw := [][]byte{strings.bytes()}
	for _, s := range sections {
		raw = append(raw, s.buf)
	}
	var out []byte
	for _, section := range raw {
		packed := enc.EncodeAll(section, nil)
		out = binary.AppendUvarint(out, uint64(len(packed)))
		out = append(out, packed...)
	}
	return out, enc.Close()
}

// Append writes a section inside this one, without its length.
func (s *Section) Append(part *Section) { s.buf = append(s.buf, part.buf...) }
