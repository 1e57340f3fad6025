package postgres

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// spread is an invoice whose parties and states are spread as they are in
// life: a large hospital, many small ones, nearly all in one state. What is
// old is of stage one and what is new of stage two.
func spread(st store.Store, n, of int64) store.Write {
	w := invoice(st, n)
	w.Body = []byte(`{"resourceType":"Invoice"}`)
	rng := rand.New(rand.NewPCG(uint64(n), 8))
	pick := func(codes []string, shares ...float64) string {
		x := rng.Float64()
		for i, s := range shares {
			if x -= s; x < 0 {
				return codes[i]
			}
		}
		return codes[len(shares)]
	}
	status := pick([]string{"active", "cancelled", "draft"}, 0.94, 0.05)
	use := pick([]string{"claim", "preauthorization"}, 0.88)
	provider := pick([]string{"o-large", "o-other", fmt.Sprint("o", rng.IntN(500))}, 0.30, 0.10)
	if n%(of/20) == 7 {
		provider = "o-small"
	}
	stage := "one"
	if n > of*3/4 {
		stage = "two"
	}
	list := slices.DeleteFunc(w.Index, func(v search.Value) bool {
		return v.Param == "status" || v.Param == "use" || v.Param == "provider"
	})
	w.Index = append(list, search.Value{Param: "provider", Kind: search.Reference, Code: "Organization/" + provider},
		search.Value{Param: "stage", Kind: search.Token, Code: stage})
	for _, p := range [][2]string{{"status", status}, {"use", use}} {
		w.Index = append(w.Index, search.Value{Param: p[0], Kind: search.Token, Code: p[1]},
			search.Value{Param: p[0], Kind: search.Token, System: "http://hl7.org/fhir/" + p[0], Code: p[1]})
	}
	return w
}

// BenchmarkSearch asks 100,000 resources, or as many as JAMII_BENCH_ROWS says.
func BenchmarkSearch(b *testing.B) {
	rows := int64(100_000)
	if s := os.Getenv("JAMII_BENCH_ROWS"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		rows = n
	}
	st := fresh(b)
	begin := time.Now()
	var half time.Time
	for n := int64(0); n < rows; {
		var writes []store.Write
		for range 1000 {
			writes = append(writes, spread(st, n, rows))
			n++
		}
		if _, err := st.Commit(b.Context(), unit(writes...)); err != nil {
			b.Fatal(err)
		}
		if half.IsZero() && n >= rows*9/10 {
			half = time.Now()
		}
	}
	b.Logf("%d resources in %s", rows, time.Since(begin).Round(time.Second))
	if _, err := st.(*database).write.Exec(b.Context(), "VACUUM (ANALYZE)"); err != nil {
		b.Fatal(err)
	}
	for _, q := range questions(rows, half) {
		b.Run(q.name, func(b *testing.B) { ask(b, st, q) })
	}
}

type question struct {
	name  string
	x     search.Expr
	sort  []store.Sort
	count bool
}

func questions(rows int64, half time.Time) []question {
	tok := func(p, code string) search.Expr {
		return search.Is{Param: p, Kind: search.Token, Code: code, AnySystem: true}
	}
	by := func(name string) search.Expr {
		return search.Is{Param: "provider", Kind: search.Reference, Code: "Organization/" + name}
	}
	patient := search.Is{Param: "patient", Kind: search.Reference, Code: "Person/p00077"}
	const begin, second = 1_700_000_000_000_000, 1_000_000
	days := func(from, to int64) search.Expr {
		return search.Between{Param: "created", Kind: search.Date, Op: search.Eq, Lo: begin + from*second, Hi: begin + to*second - 1}
	}
	since := search.Updated{Op: search.Ge, Lo: half, Hi: half.Add(time.Millisecond)}
	poll := []store.Sort{{Param: "_lastUpdated"}}
	month := days(rows/2, rows/2+rows/20)
	return []question{
		{name: "patient", x: patient},
		{name: "patient,status", x: search.And{patient, tok("status", "active")}},
		{name: "small", x: by("o-small")},
		{name: "usual", x: by("o7")},
		{name: "usual,status,month", x: search.And{by("o7"), tok("status", "active"), month}},
		{name: "large", x: by("o-large")},
		{name: "large,status", x: search.And{by("o-large"), tok("status", "active")}},
		{name: "large,rare", x: search.And{by("o-large"), tok("status", "draft")}},
		{name: "large,month", x: search.And{by("o-large"), month}},
		{name: "poll-small", x: search.And{by("o-small"), since}, sort: poll},
		{name: "poll-usual", x: search.And{by("o7"), since}, sort: poll},
		{name: "poll-large", x: search.And{by("o-large"), since}, sort: poll},
		{name: "status,use", x: search.And{tok("status", "active"), tok("use", "claim")}},
		{name: "contradiction", x: search.And{tok("status", "active"), tok("status", "draft"), tok("use", "claim")}},
		{name: "rare,use", x: search.And{tok("status", "draft"), tok("use", "claim")}},
		{name: "old,use", x: search.And{tok("stage", "one"), tok("use", "claim")}},
		{name: "item,diagnosis", x: search.And{tok("item", "S007"), tok("diagnosis", "A07.1")}},
		{name: "month", x: month},
		{name: "count-month,status", x: search.And{month, tok("status", "active")}, count: true},
		{name: "count-status", x: tok("status", "cancelled"), count: true},
		{name: "count-usual,status", x: search.And{by("o7"), tok("status", "active")}, count: true},
	}
}

func ask(b *testing.B, st store.Store, q question) {
	var took []time.Duration
	var n int64
	for b.Loop() {
		begin := time.Now()
		var err error
		if q.count {
			n, err = st.Count(b.Context(), "Invoice", q.x, 0)
		} else {
			var page store.Page
			page, err = st.Search(b.Context(), store.Query{Type: "Invoice", Expr: q.x, Sort: q.sort, Limit: 20})
			n = int64(len(page.Resources))
		}
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(ms(took[len(took)/2]), "p50-ms")
	b.ReportMetric(ms(took[len(took)*99/100]), "p99-ms")
	b.ReportMetric(float64(n), "found")
	b.ReportMetric(0, "ns/op")
}
