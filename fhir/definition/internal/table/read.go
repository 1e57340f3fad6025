package table

import (
	"encoding/binary"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// Split cuts a file into its packed sections, the list of strings first.
func Split(file []byte) ([][]byte, error) {
	var sections [][]byte
	for len(file) > 0 {
		n, used := binary.Uvarint(file)
		if used <= 0 || n > uint64(len(file)-used) {
			return nil, fmt.Errorf("section %d is cut short", len(sections))
		}
		file = file[used:]
		sections = append(sections, file[:n])
		file = file[n:]
	}
	return sections, nil
}

// Unpack decompresses a section.
func Unpack(section []byte) ([]byte, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("starting the decompressor: %w", err)
	}
	defer dec.Close()
	out, err := dec.DecodeAll(section, nil)
	if err != nil {
		return nil, fmt.Errorf("unpacking a section: %w", err)
	}
	return out, nil
}

// ReadStrings reads the list of strings. They share the memory of one.
func ReadStrings(raw []byte) []string {
	r := Reader{buf: raw}
	out := make([]string, r.Uint())
	ends := make([]int, len(out))
	end := 0
	for i := range ends {
		end += r.Uint()
		ends[i] = end
	}
	text, start := string(r.buf[r.pos:r.pos+end]), 0
	for i, end := range ends {
		out[i] = text[start:end]
		start = end
	}
	return out
}

// Reader reads a section that a Section wrote. It panics on one that is
// broken: the file is part of the program.
type Reader struct {
	strings []string
	buf     []byte
	pos     int
}

// NewReader reads raw, an unpacked section.
func NewReader(raw []byte, strings []string) *Reader { return &Reader{strings: strings, buf: raw} }

// Uint reads a number.
func (r *Reader) Uint() int {
	n, used := binary.Uvarint(r.buf[r.pos:])
	if used <= 0 {
		panic("definition: the embedded table is broken; run make definitions")
	}
	r.pos += used
	return int(n)
}

// String reads a string.
func (r *Reader) String() string { return r.strings[r.Uint()] }

// List reads strings; none is nil.
func (r *Reader) List() []string {
	n := r.Uint()
	if n == 0 {
		return nil
	}
	out := make([]string, n)
	for i := range out {
		out[i] = r.String()
	}
	return out
}

// Part skips a section written with Section.Part and returns its bytes, to be
// read by a Reader of its own.
func (r *Reader) Part() []byte {
	n := r.Uint()
	part := r.buf[r.pos : r.pos+n]
	r.pos += n
	return part
}
