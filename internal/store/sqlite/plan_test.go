package sqlite

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// steps returns how SQLite would run a statement.
func steps(t *testing.T, s *database, query string, args ...any) []string {
	t.Helper()
	rows, err := s.reads.Query("EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		out = append(out, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestPlans: no statement of the hot paths reads a whole table. A plan cannot
// change with the data, since SQLite keeps no statistics unless told to.
func TestPlans(t *testing.T) {
	s := filled(t, 20)
	tr := &translator{s: s, ctx: t.Context(), q: s.reads}
	status := search.Is{Param: "status", Kind: search.Token, Code: "active", AnySystem: true}
	conditions := map[string]search.Expr{
		"token":     status,
		"reference": search.Is{Param: "ref1", Kind: search.Reference, Code: "Tree/t1"},
		"date":      search.Between{Param: "created", Kind: search.Date, Op: search.Ge, Lo: 5, Hi: 6},
		"chain":     search.Chain{Param: "ref1", Types: []string{"Bird"}, X: status},
		"has":       search.Has{Type: "Bird", Param: "ref1", X: status},
		"ids":       search.IDs{"a", "b"},
		"or":        search.Or{status, search.IDs{"a"}},
		"and":       search.And{status, search.Not{X: search.Missing{Param: "total"}}},
	}
	for name, x := range conditions {
		c, ok, err := tr.candidates("Bird", x)
		if err != nil || !ok {
			t.Fatalf("%s: %v, %v", name, ok, err)
		}
		from := c.from("resource_live")
		checkSteps(t, name, steps(t, s, "SELECT r.id FROM "+from.sql+" WHERE "+c.where.sql+" ORDER BY "+c.rid()+" DESC", append(from.args, c.where.args...)...))
	}
	for name, query := range map[string]string{"read": readSQL, "version": versionSQL, "many": readManySQL, "due": dueSQL, "settle": settleSQL} {
		checkSteps(t, name, steps(t, s, query, make([]any, strings.Count(query, "?"))...))
	}
}

// checkSteps finds a SCAN of a table of the schema. Scanning a part of the
// statement itself, or walking an index in the order of the answer, is right.
func checkSteps(t *testing.T, name string, plan []string) {
	t.Helper()
	for _, step := range plan {
		what, ok := strings.CutPrefix(step, "SCAN ")
		if ok && !strings.Contains(what, "INDEX") && what != "c" && !strings.HasPrefix(what, "(") && what != "asked" {
			t.Errorf("%s: %s\n%s", name, step, strings.Join(plan, "\n"))
		}
	}
}

// TestWalkInOrder: a page in the default order, or by date, is walked and not
// sorted when there are many candidates.
func TestWalkInOrder(t *testing.T) {
	s := filled(t, 50)
	s.few = 5
	tr := &translator{s: s, ctx: t.Context(), q: s.reads}
	c, ok, err := tr.candidates("Bird", search.Is{Param: "use", Kind: search.Token, Code: "claim", AnySystem: true})
	if err != nil || !ok || c.few() {
		t.Fatalf("%v, %v", ok, err)
	}
	from := c.from("resource_live")
	plan := steps(t, s, "SELECT r.id FROM "+from.sql+" WHERE "+c.where.sql+" ORDER BY "+c.rid()+" DESC LIMIT 20", append(from.args, c.where.args...)...)
	if strings.Contains(strings.Join(plan, "\n"), "TEMP B-TREE") {
		t.Errorf("sorted:\n%s", strings.Join(plan, "\n"))
	}
}

func TestTooCostly(t *testing.T) {
	s := filled(t, 50)
	s.few, s.sortable = 5, 40
	sorted := func(param string, kind search.Kind, x search.Expr) error {
		_, err := s.Search(t.Context(), store.Query{Type: "Bird", Expr: x, Sort: []store.Sort{{Param: param, Kind: kind}}, Limit: 5})
		return err
	}
	var e *fhir.Error
	if err := sorted("identifier", search.Token, nil); !errors.As(err, &e) || e.Issue != fhir.IssueTooCostly {
		t.Errorf("50 sorted by token, at most 40 allowed: %v", err)
	}
	draft := search.Is{Param: "status", Kind: search.Token, Code: "draft", AnySystem: true}
	if err := sorted("identifier", search.Token, draft); err != nil {
		t.Errorf("few sorted by token: %v", err)
	}
	if err := sorted("created", search.Date, nil); err != nil {
		t.Errorf("walked by date: %v", err)
	}
}

func TestFactSchemaGrows(t *testing.T) {
	table := &store.Table{Name: "thing", Key: 1, Columns: []store.Column{{Name: "id", Type: store.Text}, {Name: "order", Type: store.Int}}, Indexes: [][]string{{"id", "order"}}}
	made := factDDL(table, nil, nil)
	want := []string{
		`CREATE TABLE "thing" ("id" TEXT NOT NULL DEFAULT '', "order" INTEGER NOT NULL DEFAULT 0, PRIMARY KEY ("id")) WITHOUT ROWID`,
		`CREATE INDEX "thing_by_id_order" ON "thing" ("id", "order")`,
	}
	if fmt.Sprint(made) != fmt.Sprint(want) {
		t.Errorf("made %q, want %q", made, want)
	}
	grown := factDDL(table, map[string]bool{"id": true}, map[string]bool{"thing_by_id_order": true})
	if want := []string{`ALTER TABLE "thing" ADD COLUMN "order" INTEGER NOT NULL DEFAULT 0`}; fmt.Sprint(grown) != fmt.Sprint(want) {
		t.Errorf("grown by %q, want %q", grown, want)
	}
	if done := factDDL(table, map[string]bool{"id": true, "order": true}, map[string]bool{"thing_by_id_order": true}); len(done) != 0 {
		t.Errorf("nothing is missing, but %q", done)
	}
}
