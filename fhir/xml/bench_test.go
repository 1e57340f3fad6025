package xml_test

import (
	"path/filepath"
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/xml"
)

// claim returns the Claim closest to 6 kB in a Synthea bundle.
func claim(b *testing.B) *fhir.Node {
	b.Helper()
	dir := shared(b, "synthea")
	if dir == "" {
		return nil
	}
	bundle := fromJSON(b, read(b, filepath.Join(dir, "Alix.json")))
	var best *fhir.Node
	for _, e := range bundle.Get("entry").Each() {
		r := e.Get("resource")
		if r.ResourceType() == "Claim" && (best == nil || distance(r) < distance(best)) {
			best = r
		}
	}
	return best
}

func distance(n *fhir.Node) int {
	d := len(n.JSON()) - 6000
	return max(d, -d)
}

func BenchmarkParse(b *testing.B) {
	n := claim(b)
	if n == nil {
		return
	}
	data, err := xml.Append(nil, n)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := xml.Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	n := claim(b)
	if n == nil {
		return
	}
	b.Logf("%d bytes of JSON", len(n.JSON()))
	buf := make([]byte, 0, 16<<10)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := xml.Append(buf, n); err != nil {
			b.Fatal(err)
		}
	}
}
