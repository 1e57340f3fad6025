package dictionary_test

import (
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/jamii-health/jamii/internal/store/dictionary"
	"github.com/jamii-health/jamii/internal/store/dictionary/sample"
)

// heldOut makes resources that the dictionary has not seen.
func heldOut(tb testing.TB, name string, n int) [][]byte {
	tb.Helper()
	m, err := sample.New(99)
	if err != nil {
		tb.Fatal(err)
	}
	out := make([][]byte, n)
	for i := range out {
		if out[i], err = m.Make(name, nil); err != nil {
			tb.Fatal(err)
		}
	}
	return out
}

func plainEncoder(tb testing.TB) *zstd.Encoder {
	tb.Helper()
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true))
	if err != nil {
		tb.Fatal(err)
	}
	return enc
}

// sizes are mean bytes: of the body, plain, with the dictionary.
func sizes(tb testing.TB, bodies [][]byte) (body, plain, with float64) {
	enc := plainEncoder(tb)
	for _, b := range bodies {
		_, out := dictionary.Encode(nil, b)
		body += float64(len(b))
		plain += float64(len(enc.EncodeAll(b, nil)))
		with += float64(len(out))
	}
	n := float64(len(bodies))
	return body / n, plain / n, with / n
}

func BenchmarkBody(b *testing.B) {
	for _, name := range []string{"Claim", "ClaimResponse"} {
		bodies := heldOut(b, name, 200)
		body, plain, with := sizes(b, bodies)
		var packed [][]byte
		for _, body := range bodies {
			_, out := dictionary.Encode(nil, body)
			packed = append(packed, out)
		}
		b.Run(name+"/encode", func(b *testing.B) {
			b.ReportAllocs()
			var out []byte
			for i := 0; b.Loop(); i++ {
				_, out = dictionary.Encode(out[:0], bodies[i%len(bodies)])
			}
			b.ReportMetric(body, "body-B")
			b.ReportMetric(plain, "plain-B")
			b.ReportMetric(with, "dict-B")
		})
		enc := plainEncoder(b)
		b.Run(name+"/encode-plain", func(b *testing.B) {
			var out []byte
			for i := 0; b.Loop(); i++ {
				out = enc.EncodeAll(bodies[i%len(bodies)], out[:0])
			}
		})
		b.Run(name+"/decode", func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := dictionary.Decode(1, packed[i%len(packed)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
