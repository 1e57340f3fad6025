package postgres

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// TestCollation: what is compared or sorted must not follow the language of
// the database.
func TestCollation(t *testing.T) {
	dsn := freshDSN(t)
	st := open(t, dsn)
	defer st.Close()
	plant(t, st)
	rows, err := connect(t, dsn).Query(t.Context(), `
SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_collation l ON l.oid = a.attcollation
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname NOT LIKE 'goose%' AND l.collname <> 'C'`)
	if err != nil {
		t.Fatal(err)
	}
	bad, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if len(bad) > 0 {
		t.Errorf("not COLLATE \"C\": %v", bad)
	}
}

// TestOpenTogether: servers that start at once, on an empty database, and
// write a new type at once.
func TestOpenTogether(t *testing.T) {
	dsn := freshDSN(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			st, err := Open(context.Background(), dsn, Options{Log: quiet})
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			plant(t, st)
			if err := st.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
	wg.Wait()
	st := open(t, dsn)
	defer st.Close()
	if n := count(t, st, nil); n != 4 {
		t.Errorf("%d found, want 4", n)
	}
}

// TestFactTablesGrow: a database of an older program lacks columns, indexes
// and tables.
func TestFactTablesGrow(t *testing.T) {
	dsn := freshDSN(t)
	if err := open(t, dsn).Close(); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, dsn)
	for _, sql := range []string{
		`INSERT INTO f_payment (plan, receipt, amount) VALUES ('p', 'r', '10.00')`,
		`ALTER TABLE f_payment DROP COLUMN state, DROP COLUMN seq`, `DROP INDEX f_payment_notice`, `DROP TABLE f_ledger`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	st := open(t, dsn)
	defer st.Close()
	_, rows, err := st.Facts(t.Context(), nil, store.Lookup{Table: store.Payments}, store.Lookup{Table: store.Ledger})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows[0]) != 1 || rows[0][0].Text("amount") != "10.00" || rows[0][0].Text("state") != "" || rows[0][0].Int("seq") != 0 {
		t.Errorf("the row of before reads %v", rows[0])
	}
	if _, err := conn.Exec(t.Context(), `DROP INDEX f_payment_notice`); err != nil {
		t.Errorf("the index was not made again: %v", err)
	}
}

func TestBadConnectionString(t *testing.T) {
	for _, dsn := range []string{"postgres://%zz", "postgres:///x?host=/nowhere", "postgres://localhost:1/x?connect_timeout=1"} {
		if st, err := Open(t.Context(), dsn, Options{Log: quiet}); err == nil {
			t.Errorf("%q was opened", dsn)
			st.Close()
		}
	}
}

// plan explains the statement of a page.
func plan(t *testing.T, d *database, q store.Query) string {
	t.Helper()
	k, err := d.kind(t.Context(), q.Type)
	if err != nil {
		t.Fatal(err)
	}
	b := d.builder(t.Context(), d.read)
	o, err := b.order(q.Sort, k)
	if err != nil {
		t.Fatal(err)
	}
	base, err := b.candidates(q.Expr, k, o.byTime())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := b.query("EXPLAIN " + b.page(base, k, o, nil, 21))
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// TestPlans holds the shapes that keep searches fast, on a few thousand rows.
func TestPlans(t *testing.T) {
	st := fresh(t)
	d := st.(*database)
	var writes []store.Write
	for i := range int64(4000) {
		w := invoice(st, i)
		w.Body = []byte("{}")
		writes = append(writes, w)
	}
	if _, err := st.Commit(t.Context(), unit(writes...)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.write.Exec(t.Context(), "ANALYZE"); err != nil {
		t.Fatal(err)
	}
	item := search.Is{Param: "item", Kind: search.Token, Code: "S007", AnySystem: true}
	active := search.Is{Param: "status", Kind: search.Token, Code: "active"}
	none := search.Is{Param: "use", Kind: search.Token, Code: "none"}
	byTime := []store.Sort{{Param: "_lastUpdated", Desc: true}}
	created := search.Between{Param: "created", Kind: search.Date, Op: search.Eq, Lo: 1_700_000_000_000_000, Hi: 1_700_000_009_999_999}
	for _, c := range []struct {
		name      string
		q         store.Query
		has, lack string
	}{
		{"newest first walks the key", store.Query{}, `Index Scan Backward using "r_Invoice_pkey"`, "Sort"},
		{"what is not walks too", store.Query{Expr: search.Not{X: none}}, `Index Scan Backward using "r_Invoice_pkey"`, "Seq Scan"},
		{"a token begins with its index", store.Query{Expr: item}, `Bitmap Index Scan on "r_Invoice_keys"`, "Backward"},
		{"keys that never meet do not walk", store.Query{Expr: search.And{active, none}}, `Bitmap Index Scan on "r_Invoice_keys"`, "Backward"},
		{"by time walks the versions", store.Query{Sort: byTime}, `Index Scan Backward using "r_Invoice_updated"`, "Seq Scan"},
		{"a token by time sorts what it finds", store.Query{Expr: item, Sort: byTime}, `Bitmap Index Scan on "r_Invoice_keys"`, `"r_Invoice_updated"`},
		{"a range begins with its index", store.Query{Expr: created}, "span_value", "Seq Scan"},
	} {
		c.q.Type = "Invoice"
		p := plan(t, d, c.q)
		if !strings.Contains(p, c.has) || strings.Contains(p, c.lack) {
			t.Errorf("%s: want %s and no %s:\n%s", c.name, c.has, c.lack, p)
		}
	}
}

// TestHotPlans: with a plan that knows no values, a hot reference walks its
// index in order and stops when the page is full, and a count does not read
// rows.
func TestHotPlans(t *testing.T) {
	st := fresh(t)
	d := st.(*database)
	var writes []store.Write
	for i := range int64(4000) {
		w := invoice(st, i)
		w.Body = []byte("{}")
		writes = append(writes, w)
	}
	if _, err := st.Commit(t.Context(), unit(writes...)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.write.Exec(t.Context(), "VACUUM (ANALYZE)"); err != nil {
		t.Fatal(err)
	}
	k, err := d.kind(t.Context(), "Invoice")
	if err != nil {
		t.Fatal(err)
	}
	by := search.Is{Param: "provider", Kind: search.Reference, Code: "Organization/o7"}
	active := search.Is{Param: "status", Kind: search.Token, Code: "active", AnySystem: true}
	created := search.Between{Param: "created", Kind: search.Date, Op: search.Eq, Lo: 1_700_000_000_000_000, Hi: 1_700_000_009_999_999}
	d.sampleOf(t, k)
	for _, c := range []struct {
		name      string
		x         search.Expr
		count     bool
		has, lack string
	}{
		{"a reference", by, false, `Index Scan Backward using "r_Invoice_by"`, "Sort  "},
		{"with state and day", search.And{created, by, active}, false, `Index Scan Backward using "r_Invoice_by"`, "Sort  "},
		{"a count of state and day", search.And{active, created}, true, `Index Only Scan using "r_Invoice_state"`, "Seq Scan"},
	} {
		var base string
		b := d.builder(t.Context(), d.read)
		if c.count {
			base, err = b.countable(c.x, k)
			base = "SELECT count(*) FROM (" + base + ") c"
		} else {
			base = hotPage(t, b, c.x, k)
		}
		if err != nil {
			t.Fatal(err)
		}
		if p := generic(t, d, b, base, c.count); !strings.Contains(p, c.has) || strings.Contains(p, c.lack) {
			t.Errorf("%s: want %s and no %s:\n%s", c.name, c.has, c.lack, p)
		}
	}
}

// sampleOf takes the sample that a search would take.
func (d *database) sampleOf(t *testing.T, k *kind) {
	t.Helper()
	if _, err := d.known(t.Context(), k); err != nil {
		t.Fatal(err)
	}
}

// hotPage writes the page that begins with a hot reference.
func hotPage(t *testing.T, b *builder, x search.Expr, k *kind) string {
	t.Helper()
	p, err := b.takeApart(x, k)
	if err != nil {
		t.Fatal(err)
	}
	base, err := b.base(byHot, x, p, k, order{desc: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b.page(base, k, order{desc: true}, nil, 21)
}

// generic explains a statement; planned without its values but for counts.
func generic(t *testing.T, d *database, b *builder, sql string, custom bool) string {
	t.Helper()
	var lines []string
	err := pgx.BeginFunc(t.Context(), d.read, func(tx pgx.Tx) error {
		mode := "force_generic_plan"
		if custom {
			mode = "force_custom_plan"
		}
		if _, err := tx.Exec(t.Context(), "SET LOCAL plan_cache_mode = "+mode); err != nil {
			return err
		}
		rows, err := tx.Query(t.Context(), "EXPLAIN "+sql, b.args...)
		if err != nil {
			return err
		}
		lines, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

func tooExpensive(t *testing.T, err error) {
	t.Helper()
	var e *fhir.Error
	if !errors.As(err, &e) || e.Kind != fhir.Unprocessable || e.Issue != fhir.IssueTooCostly {
		t.Errorf("error %v, want one that is too costly", err)
	}
}

func TestTooManyToSort(t *testing.T) {
	st := fresh(t)
	st.(*database).sortable = 5
	for i := range 6 {
		q := store.Query{Type: "Sapling", Limit: 2, Sort: []store.Sort{{Param: "kind", Kind: search.Token}}}
		if _, err := st.Search(t.Context(), q); err != nil {
			t.Errorf("sorting %d: %v", i, err)
		}
		plant(t, st)
	}
	for _, by := range []store.Sort{{Param: "kind", Kind: search.Token}, {Param: "_id"}} {
		_, err := st.Search(t.Context(), store.Query{Type: "Sapling", Limit: 2, Sort: []store.Sort{by}})
		tooExpensive(t, err)
	}
	if _, err := st.Search(t.Context(), store.Query{Type: "Sapling", Limit: 2, Sort: []store.Sort{{Param: "_lastUpdated"}}}); err != nil {
		t.Errorf("by time any number is sorted: %v", err)
	}
	_, err := st.Search(t.Context(), store.Query{Type: "Sapling", Limit: 2, Sort: []store.Sort{{Param: "x", Kind: search.Composite}}})
	var e *fhir.Error
	if !errors.As(err, &e) || e.Kind != fhir.Invalid {
		t.Errorf("sorting by a composite: %v", err)
	}
}

func TestSearchTimeout(t *testing.T) {
	dsn := freshDSN(t)
	st, err := Open(t.Context(), dsn, Options{Log: quiet, SearchTimeout: 150 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	plant(t, st)
	// Somebody holds the table, so the search cannot end.
	tx, err := connect(t, dsn).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `LOCK TABLE "r_Sapling" IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	_, err = st.Search(t.Context(), store.Query{Type: "Sapling", Limit: 1})
	tooExpensive(t, err)
	_, err = st.Count(t.Context(), "Sapling", nil, 0)
	tooExpensive(t, err)
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count(t, st, nil); n != 1 {
		t.Errorf("%d found afterwards", n)
	}
}

func TestTooDeep(t *testing.T) {
	st := fresh(t)
	plant(t, st)
	var x search.Expr = search.IDs{"a"}
	for range 10_000 {
		x = search.Not{X: search.Or{x, search.Missing{Param: "kind"}}}
	}
	_, err := st.Search(t.Context(), store.Query{Type: "Sapling", Expr: x, Limit: 1})
	tooExpensive(t, err)
}
