package postgres

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// invoice is a write the size and shape of a claim: 6 kB, some thirty values.
func invoice(st store.Store, n int64) store.Write {
	patient := fmt.Sprintf("Person/p%05d", n%20_000)
	rng := rand.New(rand.NewPCG(uint64(n), 7))
	var body strings.Builder
	fmt.Fprintf(&body, `{"resourceType":"Invoice","identifier":[{"system":"http://example.org/claim","value":"C-%09d"}],"status":"active","patient":{"reference":%q}`, n, patient)
	index := search.Index{
		{Param: "identifier", Kind: search.Token, System: "http://example.org/claim", Code: fmt.Sprintf("C-%09d", n)},
		{Param: "status", Kind: search.Token, Code: "active"},
		{Param: "status", Kind: search.Token, System: "http://hl7.org/fhir/fm-status", Code: "active"},
		{Param: "use", Kind: search.Token, Code: "claim"},
		{Param: "use", Kind: search.Token, System: "http://hl7.org/fhir/claim-use", Code: "claim"},
		{Param: "priority", Kind: search.Token, System: "http://example.org/priority", Code: "normal"},
		{Param: "patient", Kind: search.Reference, Code: patient},
		{Param: "provider", Kind: search.Reference, Code: fmt.Sprintf("Organization/o%d", rng.IntN(500))},
		{Param: "insurer", Kind: search.Reference, Code: "Organization/insurer"},
		{Param: "coverage", Kind: search.Reference, Code: fmt.Sprintf("Cover/c%05d", n%20_000)},
		{Param: "facility", Kind: search.Reference, Code: fmt.Sprintf("Location/l%d", rng.IntN(500))},
		{Param: "created", Kind: search.Date, Lo: 1_700_000_000_000_000 + n*1_000_000, Hi: 1_700_000_000_999_999 + n*1_000_000},
	}
	for i := range 3 {
		index = append(index, search.Value{Param: "diagnosis", Kind: search.Token, System: "http://hl7.org/fhir/sid/icd-10", Code: fmt.Sprintf("A%02d.%d", rng.IntN(99), i)})
	}
	for i := range 6 {
		code := fmt.Sprintf("S%03d", rng.IntN(500))
		index = append(index, search.Value{Param: "item", Kind: search.Token, System: "http://example.org/service", Code: code})
		fmt.Fprintf(&body, `,"item%d":{"sequence":%d,"productOrService":{"coding":[{"system":"http://example.org/service","code":%q,"display":"Outpatient consultation and simple dressing %d"}]},`+
			`"quantity":{"value":%d.00},"unitPrice":{"value":%d.50,"currency":"NPR"},"net":{"value":%d.50,"currency":"NPR"},"note":%q}`,
			i, i+1, code, rng.IntN(10_000), 1+rng.IntN(5), rng.IntN(1000), rng.IntN(5000), strings.Repeat(fmt.Sprintf("remark %d; ", rng.IntN(1_000_000)), 38))
	}
	body.WriteString("}")
	p := st.NewPlace(store.HashPart(patient))
	return store.Write{Type: "Invoice", ID: p.ID(), Place: p, Method: "POST", Body: []byte(body.String()), Index: index}
}

func unit(w ...store.Write) store.Unit {
	u := store.Unit{Writes: w}
	for _, w := range w {
		u.Audit = append(u.Audit, store.Audit{At: time.Now(), Interaction: "create", Action: "C", Outcome: "0", Type: w.Type, Ref: w.Type + "/" + w.ID, Agent: "clinic"})
	}
	return u
}

// fsync reports what a durable write takes, without which a rate says nothing.
func fsync(b *testing.B, st store.Store) {
	b.Helper()
	best := time.Hour
	for range 20 {
		took, err := st.Ping(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		best = min(best, took)
	}
	b.ReportMetric(float64(best.Microseconds()), "µs/fsync")
}

func BenchmarkCreate(b *testing.B) {
	for _, clients := range []int{1, 8, 64} {
		b.Run(fmt.Sprint(clients), func(b *testing.B) {
			st := fresh(b)
			writes := make([]store.Write, b.N)
			for i := range writes {
				writes[i] = invoice(st, int64(i))
			}
			b.SetBytes(int64(len(writes[0].Body)))
			var next atomic.Int64
			work := make(chan struct{})
			done := make(chan error, clients)
			b.ResetTimer()
			for range clients {
				go func() {
					<-work
					for {
						i := next.Add(1) - 1
						if i >= int64(b.N) {
							done <- nil
							return
						}
						if _, err := st.Commit(b.Context(), unit(writes[i])); err != nil {
							done <- err
							return
						}
					}
				}()
			}
			close(work)
			for range clients {
				if err := <-done; err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "creates/s")
			fsync(b, st)
		})
	}
}

func BenchmarkBulk(b *testing.B) {
	st := fresh(b)
	const size = 1000
	n := int64(0)
	for b.Loop() {
		b.StopTimer()
		writes := make([]store.Write, size)
		for i := range writes {
			writes[i] = invoice(st, n)
			n++
		}
		b.StartTimer()
		if _, err := st.Commit(b.Context(), unit(writes...)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "resources/s")
	fsync(b, st)
}

func BenchmarkRead(b *testing.B) {
	st := fresh(b)
	var ids []string
	var writes []store.Write
	for i := range int64(2000) {
		w := invoice(st, i)
		writes, ids = append(writes, w), append(ids, w.ID)
	}
	if _, err := st.Commit(b.Context(), unit(writes...)); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if _, err := st.Read(b.Context(), "Invoice", ids[i%len(ids)]); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reads/s")
}
