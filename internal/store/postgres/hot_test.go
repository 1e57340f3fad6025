package postgres

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
	"github.com/jamii-health/jamii/internal/store/pgtest"
	"github.com/jamii-health/jamii/internal/store/storetest"
)

// suiteLayouts make hot what the suite searches, often with several values.
const suiteLayouts = "type,who,by,state,day\nBird,perch fp,fq,colour,seen\n*,fr,fp fq,tp,dp\n"

// TestSuiteHot runs the suite with bounds so low that every way is taken.
func TestSuiteHot(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		t.Parallel()
		st, err := Open(t.Context(), pgtest.DSN(t), Options{
			Log: quiet, layouts: readLayouts(suiteLayouts), tuning: &tuning{walked: 12, begun: 2, cold: 1e9},
		})
		if err != nil {
			t.Fatalf("open: %v", err)
		}
		t.Cleanup(func() {
			if err := st.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
		return st
	})
}

func TestReadLayouts(t *testing.T) {
	for _, bad := range []string{"", "type,who\nA,b\n", "type,who,by,state,day\nA,b\n", "type,who,by,state,day\n[,a,b,c,d\n"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q was read", bad)
				}
			}()
			readLayouts(bad)
		}()
	}
	if got := (layouts{}).of("Bird"); len(got.who) > 0 || got.state != "" {
		t.Errorf("a type of no line has %v", got)
	}
	got := readLayouts(suiteLayouts).of("Bird")
	if diff := cmp.Diff([]string{"perch", "fp"}, got.who); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestHotParameters: what hot.csv names for a type is a parameter of it, of
// the right kind.
func TestHotParameters(t *testing.T) {
	for _, l := range builtin() {
		if strings.Contains(l.types, "*") {
			continue
		}
		kinds := map[string]string{}
		for _, p := range definition.SearchParams(l.types) {
			kinds[p.Code] = fmt.Sprint(p.Type)
		}
		for _, p := range append(slices.Clone(l.who), l.by...) {
			if kinds[p] != "reference" {
				t.Errorf("%s: %s is %q", l.types, p, kinds[p])
			}
		}
		if p := l.state; p != "" && kinds[p] != "token" {
			t.Errorf("%s: %s is %q", l.types, p, kinds[p])
		}
		if p := l.day; p != "" && kinds[p] != "date" {
			t.Errorf("%s: %s is %q", l.types, p, kinds[p])
		}
	}
}

func TestHotColumns(t *testing.T) {
	one := ptr[int64]
	for name, c := range map[string]struct {
		v    values
		want hot
	}{
		"nothing":         {values{}, hot{}},
		"one of each":     {values{who: []int64{1}, by: []int64{2}, state: []int64{3}, days: []span{{lo: 4, hi: 5}}}, hot{one(1), one(2), one(3), one(4), one(5), false}},
		"the same twice":  {values{who: []int64{1, 1}, days: []span{{lo: 4, hi: 5}, {lo: 4, hi: 5}}}, hot{who: one(1), day: one(4), end: one(5)}},
		"two":             {values{who: []int64{1, 2}, by: []int64{2}}, hot{by: one(2), cold: true}},
		"two days":        {values{state: []int64{1}, days: []span{{lo: 4, hi: 5}, {lo: 4, hi: 6}}}, hot{state: one(1), cold: true}},
		"a strange state": {values{who: []int64{1}, state: []int64{1}, strange: true}, hot{who: one(1), cold: true}},
	} {
		if diff := cmp.Diff(c.want, c.v.columns(), cmp.AllowUnexported(hot{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for code, want := range map[string]bool{"": true, "active": true, "a\x00": false, "\ufffd": false, strings.Repeat("a", 500): false} {
		if got := ordinary(code); got != want {
			t.Errorf("ordinary(%.10q) = %v", code, got)
		}
	}
}

// dump reads the hot columns of birds, by place.
func dump(t *testing.T, dsn string) []string {
	t.Helper()
	rows, err := connect(t, dsn).Query(t.Context(), `SELECT concat_ws('/', fid, hot_who, hot_by, hot_state, hot_day, hot_end, cold) FROM "r_Bird" ORDER BY rid`)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// flock writes birds with none, one and several values of each parameter.
func flock(t *testing.T, st store.Store, n int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, uint64(n)))
	var writes []store.Write
	for i := range n {
		var index search.Index
		for range rng.IntN(5) {
			switch rng.IntN(4) {
			case 0:
				index = append(index, search.Value{Param: []string{"perch", "fp"}[rng.IntN(2)], Kind: search.Reference, Code: fmt.Sprint("Tree/", rng.IntN(9))})
			case 1:
				index = append(index, search.Value{Param: "fq", Kind: search.Reference, Code: fmt.Sprint("Tree/", rng.IntN(9)), Ident: "a|b"}, search.Value{Param: "fq", Kind: search.Reference, Ident: "a|c"})
			case 2:
				code := []string{"red", "blue", "", strings.Repeat("long", 120)}[rng.IntN(4)]
				index = append(index, search.Value{Param: "colour", Kind: search.Token, Code: code}, search.Value{Param: "colour", Kind: search.Token, System: "s", Code: code})
			case 3:
				index = append(index, search.Value{Param: "seen", Kind: search.Date, Lo: 5, Hi: 6 + int64(rng.IntN(3))})
			}
		}
		p := st.NewPlace(1)
		writes = append(writes, store.Write{Type: "Bird", ID: fmt.Sprint("b", i), Place: p, Method: "PUT", Body: []byte("{}"), Index: index})
	}
	if _, err := st.Commit(t.Context(), store.Unit{Writes: writes}); err != nil {
		t.Fatal(err)
	}
}

// filled waits until the rows of birds stand by the layout.
func filled(t *testing.T, st store.Store) {
	t.Helper()
	d := st.(*database)
	k, err := d.kind(t.Context(), "Bird")
	if err != nil {
		t.Fatal(err)
	}
	for range 2000 {
		if k.filled.Load() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the columns were never filled")
}

// TestFill: the columns filled from keys are those written, whether a database
// of before had none, others, or was left half way; and until then searches
// find the same.
func TestFill(t *testing.T) {
	dsn := freshDSN(t)
	hotOpen := func(l string) store.Store {
		st, err := Open(t.Context(), dsn, Options{Log: quiet, layouts: readLayouts(l)})
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	st := hotOpen(suiteLayouts)
	flock(t, st, 1200)
	want := dump(t, dsn)
	x := search.And{search.Is{Param: "perch", Kind: search.Reference, Code: "Tree/3"}, search.Is{Param: "colour", Kind: search.Token, Code: "red", AnySystem: true}}
	found := func(st store.Store) (out int64) {
		page, err := st.Search(t.Context(), store.Query{Type: "Bird", Expr: x, Limit: 1000})
		n, cerr := st.Count(t.Context(), "Bird", x, 0)
		if err != nil || cerr != nil || n != int64(len(page.Resources)) || n == 0 {
			t.Errorf("%d found, %d counted: %v, %v", len(page.Resources), n, err, cerr)
		}
		return n
	}
	all := found(st)
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, dsn)
	for _, before := range []string{
		`UPDATE "r_Bird" SET hot_who = NULL, hot_by = NULL, hot_state = NULL, hot_day = NULL, hot_end = NULL, cold = true`,
		`UPDATE "r_Bird" SET hot_who = 1, hot_by = 2, hot_state = 3, hot_day = 4, hot_end = 5, cold = false`,
		`UPDATE "r_Bird" SET hot_who = 1, hot_day = NULL WHERE rid > (SELECT fill_rid FROM resource_type WHERE name = 'Bird')`,
	} {
		if _, err := conn.Exec(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		reset := `UPDATE resource_type SET hot = 'another', filling = '', fill_rid = -1, fill_part = -1`
		if strings.Contains(before, "fill_rid") { // half way
			reset = `UPDATE resource_type SET hot = ''`
		} else if _, err := conn.Exec(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), reset); err != nil {
			t.Fatal(err)
		}
		st := hotOpen(suiteLayouts)
		if n := found(st); n != all {
			t.Errorf("while columns are filled %d are found, want %d", n, all)
		}
		filled(t, st)
		if n := found(st); n != all {
			t.Errorf("afterwards %d are found, want %d", n, all)
		}
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, dump(t, dsn)); diff != "" {
			t.Errorf("columns after %s (-want +got):\n%s", before, diff)
		}
		if _, err := conn.Exec(t.Context(), `UPDATE resource_type SET fill_rid = (SELECT rid FROM "r_Bird" ORDER BY rid OFFSET 700 LIMIT 1)`); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOldTables: types that were there before hot columns get them.
func TestOldTables(t *testing.T) {
	dsn := freshDSN(t)
	st := open(t, dsn)
	plant(t, st)
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, dsn)
	for _, sql := range []string{
		`ALTER TABLE "r_Sapling" DROP COLUMN hot_who, DROP COLUMN hot_by, DROP COLUMN hot_state, DROP COLUMN hot_day, DROP COLUMN hot_end, DROP COLUMN cold`,
		`ALTER TABLE resource_type DROP COLUMN hot, DROP COLUMN filling, DROP COLUMN fill_rid, DROP COLUMN fill_part`,
		`DELETE FROM goose_db_version WHERE version_id = 2`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	st = open(t, dsn)
	defer st.Close()
	plant(t, st)
	if n := count(t, st, nil); n != 2 {
		t.Errorf("%d found, want 2", n)
	}
}
