package definition

import (
	"testing"
	"time"

	"github.com/jamii-health/jamii/fhir/definition/internal/table"
)

// The first use unpacks the tables. A server starts in 300 ms in all, so this
// must be a small part of it; the limit is wide because machines differ.
func TestFirstUseIsQuick(t *testing.T) {
	start := time.Now()
	index := typeIndex{types: parts[Type](skipResources(t))}
	index.types["Claim"].get(decodeType)
	if took := time.Since(start); took > 50*time.Millisecond {
		t.Errorf("unpacking the types and decoding one took %v", took)
	}
}

func BenchmarkFirstUse(b *testing.B) {
	for b.Loop() {
		unpack(0)
		index := parts[Type](skipResources(b))
		index["Claim"].get(decodeType)
	}
}

func BenchmarkDecodeType(b *testing.B) {
	raw := parts[Type](skipResources(b))["Claim"].raw
	for b.Loop() {
		l := lazy[Type]{raw: raw}
		l.get(decodeType)
	}
}

// skipResources returns a fresh reader of the types, past the resources' names
// and bases.
func skipResources(tb testing.TB) *table.Reader {
	tb.Helper()
	r := reader(typeSection)
	for range r.List() {
		_ = r.String()
	}
	return r
}
