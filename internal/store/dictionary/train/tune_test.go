package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/store/dictionary/sample"
)

func TestTune(t *testing.T) {
	all, _ := samples(1)
	m, _ := sample.New(99)
	sets := map[string][][]byte{}
	for _, n := range []string{"Claim", "ClaimResponse", "Patient", "Coverage"} {
		for range 100 { d, _ := m.Make(n, nil); sets[n] = append(sets[n], d) }
	}
	fs, _ := filepath.Glob("../../../../../shared/synthea/*.json")
	for _, f := range fs[:6] {
		b, _ := os.ReadFile(f)
		n, err := fhir.Parse(b)
		if err != nil { continue }
		for _, e := range n.Get("entry").Each() { r := e.Get("resource"); k := "syn-" + r.ResourceType(); sets[k] = append(sets[k], fhir.Record(r.Clone())) }
	}
	for _, sz := range []int{64 << 10, 96 << 10, 112<<10} {
	for _, pc := range []int{256, 512, 1024, 2048} {
		h := newCover(all).content(sz, pc)
		for _, tl := range []zstd.EncoderLevel{zstd.SpeedDefault} {
			d, err := zstd.BuildDict(zstd.BuildDictOptions{ID: 1, Contents: all, History: h, Offsets: [3]int{1, 4, 8}, Level: tl, CompatV155: true})
			if err != nil { t.Fatal(err) }
			for _, el := range []zstd.EncoderLevel{zstd.SpeedFastest, zstd.SpeedDefault} {
				e, _ := zstd.NewWriter(nil, zstd.WithEncoderDict(d), zstd.WithEncoderLevel(el), zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(1<<20))
				p, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(el), zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true))
				fmt.Printf("size %d piece %d enc %v:", sz, pc, el)
				for _, n := range []string{"Claim", "ClaimResponse", "Patient", "Coverage", "syn-Patient", "syn-Claim", "syn-Observation", "syn-ExplanationOfBenefit"} {
					a, pl, b := 0, 0, 0
					st := time.Now()
					for _, x := range sets[n] { b += len(e.EncodeAll(x, nil)) }
					el := time.Since(st)
					for _, x := range sets[n] { a += len(x); pl += len(p.EncodeAll(x, nil)) }
					k := max(1, len(sets[n]))
					fmt.Printf(" %s %d/%d/%d %dus", n, a/k, pl/k, b/k, el.Microseconds()/int64(k))
				}
				fmt.Println()
			}
		}
	}}
}
