package scheme

import (
	"testing"

	"github.com/jamii-health/jamii/profiles/schemes"
)

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if p, list := Load(schemes.NepalHIB()); p == nil {
			b.Fatal(list)
		}
	}
}

func BenchmarkResources(b *testing.B) {
	p, _ := Load(schemes.NepalHIB())
	for b.Loop() {
		p.Resources()
	}
}
