package sqlite

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// likeClaim makes an index of the size and spread of a Claim's: 30 tokens, 8
// references, dates and an amount.
func likeClaim(rng *rand.Rand, i int) search.Index {
	const system = "http://example.org/system/"
	index := search.Index{
		{Param: "identifier", Kind: search.Token, System: system + "claim", Code: fmt.Sprint("c-", i)},
		{Param: "status", Kind: search.Token, System: system + "status", Code: []string{"active", "draft"}[rng.IntN(10)/9]},
		{Param: "use", Kind: search.Token, System: system + "use", Code: "claim"},
		{Param: "created", Kind: search.Date, Lo: int64(i) * 1e6, Hi: int64(i)*1e6 + 999_999},
		{Param: "total", Kind: search.Quantity, Lo: int64(rng.IntN(1e6)), Hi: int64(rng.IntN(1e6)) + 1e6, Code: "NPR"},
	}
	for j := range 8 {
		index = append(index, search.Value{Param: fmt.Sprint("ref", j), Kind: search.Reference, Code: fmt.Sprintf("Tree/t%d", rng.IntN(20_000))})
	}
	for range 12 {
		index = append(index,
			search.Value{Param: "item", Kind: search.Token, System: system + "item", Code: fmt.Sprint("s", rng.IntN(500))},
			search.Value{Param: "diagnosis", Kind: search.Token, System: system + "icd", Code: fmt.Sprint("d", rng.IntN(2000))})
	}
	return index
}

// likeBody makes about 6 kB that compress about as well as a Claim.
func likeBody(rng *rand.Rand) []byte {
	var b strings.Builder
	b.WriteString(`{"resourceType":"Bird","item":[`)
	for b.Len() < 6000 {
		fmt.Fprintf(&b, `{"sequence":%d,"productOrService":{"coding":[{"system":"http://example.org/system/item","code":"s%d"}]},"quantity":{"value":%d},"unitPrice":{"value":%d.%02d,"currency":"NPR"}},`,
			rng.IntN(100), rng.IntN(1000), rng.IntN(9), rng.IntN(10_000), rng.IntN(100))
	}
	b.WriteString(`{}]}`)
	return []byte(b.String())
}

// BenchmarkCreate commits Units of one resource and one audit row from 64
// goroutines. Read its figure beside that of the bare durable write.
func BenchmarkCreate(b *testing.B) {
	s := open(b, Options{})
	bare := time.Duration(0)
	for range 20 {
		took, err := s.Ping(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		bare += took / 20
	}
	var n atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for worker := range 64 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(worker), 1))
			body := likeBody(rng)
			for {
				i := int(n.Add(1))
				if i > b.N {
					return
				}
				place := s.NewPlace(int16(i % store.Parts))
				_, err := s.Commit(context.Background(), store.Unit{
					Writes: []store.Write{{Type: "Bird", ID: place.ID(), Place: place, Method: "POST", Body: body, Index: likeClaim(rng, i)}},
					Audit:  []store.Audit{{At: time.Now(), Interaction: "create", Action: "C", Outcome: "0", Type: "Bird", Ref: "Bird/" + place.ID(), Patient: "Tree/t1", Agent: "bench"}},
				})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "creates/s")
	b.ReportMetric(float64(bare.Nanoseconds()), "fsync-ns")
}

// filled is a store with n birds.
func filled(b testing.TB, n int) *database {
	s := open(b, Options{})
	rng := rand.New(rand.NewPCG(1, 1))
	for i := 0; i < n; {
		var u store.Unit
		for range min(500, n-i) {
			place := s.NewPlace(0)
			u.Writes = append(u.Writes, store.Write{Type: "Bird", ID: place.ID(), Place: place, Method: "POST", Body: likeBody(rng), Index: likeClaim(rng, i)})
			i++
		}
		if _, err := s.Commit(context.Background(), u); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

func BenchmarkRead(b *testing.B) {
	s := filled(b, 5000)
	page, err := s.Search(b.Context(), store.Query{Type: "Bird", Limit: 500})
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if _, err := s.Read(context.Background(), "Bird", page.Resources[i%500].ID); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkSearch(b *testing.B) {
	s := filled(b, 10_000)
	token := func(param, system, code string) search.Expr {
		return search.Is{Param: param, Kind: search.Token, System: "http://example.org/system/" + system, Code: code}
	}
	for name, q := range map[string]store.Query{
		"identifier":      {Expr: token("identifier", "claim", "c-777"), Limit: 20},
		"reference":       {Expr: search.Is{Param: "ref1", Kind: search.Reference, Code: "Tree/t7"}, Limit: 20},
		"two common":      {Expr: search.And{token("status", "status", "active"), token("use", "use", "claim")}, Limit: 20},
		"item, diagnosis": {Expr: search.And{token("item", "item", "s7"), token("diagnosis", "icd", "d70")}, Limit: 20},
		"sorted by date":  {Expr: token("status", "status", "active"), Sort: []store.Sort{{Param: "created", Kind: search.Date, Desc: true}}, Limit: 20},
		"contradiction":   {Expr: search.And{token("status", "status", "active"), token("status", "status", "draft")}, Limit: 20},
	} {
		q.Type = "Bird"
		b.Run(name, func(b *testing.B) {
			for range b.N {
				if _, err := s.Search(context.Background(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
