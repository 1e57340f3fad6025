package definition

import (
	_ "embed"
	"sync"

	"github.com/jamii-health/jamii/fhir/definition/internal/table"
)

// r4 is what generate wrote. Nothing of it is unpacked before it is needed.
//
//go:embed r4.bin
var r4 []byte

// The sections of r4 after the list of strings, in order.
const (
	typeSection = iota + 1
	paramSection
	valueSetSection
)

// packed cuts r4 at its sections.
var packed = sync.OnceValue(func() [][]byte {
	sections, err := table.Split(r4)
	if err != nil {
		panic("definition: " + err.Error()) // the file is part of the program
	}
	return sections
})

// texts are the strings of all sections.
var texts = sync.OnceValue(func() []string { return table.ReadStrings(unpack(0)) })

func unpack(section int) []byte {
	raw, err := table.Unpack(packed()[section])
	if err != nil {
		panic("definition: " + err.Error())
	}
	return raw
}

// reader reads a section from its start.
func reader(section int) *table.Reader { return table.NewReader(unpack(section), texts()) }

// lazy is a named part of a section that is decoded when first asked for.
type lazy[T any] struct {
	once  sync.Once
	raw   []byte
	value *T
}

func (l *lazy[T]) get(decode func(*table.Reader) *T) *T {
	l.once.Do(func() {
		l.value = decode(table.NewReader(l.raw, texts()))
		l.raw = nil
	})
	return l.value
}

// parts reads the names and the undecoded bytes of a section of parts.
func parts[T any](r *table.Reader) map[string]*lazy[T] {
	n := r.Uint()
	out := make(map[string]*lazy[T], n)
	for range n {
		name := r.String()
		out[name] = &lazy[T]{raw: r.Part()}
	}
	return out
}
