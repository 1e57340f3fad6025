package storetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/jamii-health/jamii/internal/store"
)

func (s *suite) lookup(l store.Lookup) []store.Row {
	s.t.Helper()
	_, rows, err := s.Facts(s.ctx, nil, l)
	if err != nil {
		s.t.Fatal(err)
	}
	if len(rows) != 1 {
		s.t.Fatalf("%d answers to one question", len(rows))
	}
	return rows[0]
}

// firsts returns the first two columns of rows.
func firsts(rows []store.Row) []string {
	out := []string{}
	for _, r := range rows {
		out = append(out, fmt.Sprint(r.Values[0], "/", r.Values[1]))
	}
	return out
}

func member(policy, person, expiry string) store.Row {
	return store.Members.Make(map[string]any{"policy": policy, "person": person, "expiry": expiry})
}

// filled returns a row of a table with a different value in each column.
func filled(t *store.Table, n int) store.Row {
	row := store.Row{Table: t}
	for i, c := range t.Columns {
		switch c.Type {
		case store.Int:
			row.Values = append(row.Values, int64(i)<<40+int64(n))
		case store.Bytes:
			row.Values = append(row.Values, []byte{byte(i), 0, 0xff, byte(n)})
		default:
			row.Values = append(row.Values, fmt.Sprintf("%s-%d 'é\"", c.Name, n))
		}
	}
	return row
}

func testFacts(t *testing.T, s *suite) {
	for _, table := range store.Tables {
		empty, one, two := table.Make(nil), filled(table, 1), filled(table, 2)
		s.same(table.Name+" at first", 0, len(s.lookup(store.Lookup{Table: table})))
		s.commit(store.Unit{Facts: []store.Change{{Row: two}, {Row: one}, {Row: empty}}})
		s.same(table.Name+" in order of the key", []store.Row{empty, one, two}, s.lookup(store.Lookup{Table: table}))
		for _, columns := range append(table.Indexes, []string{table.Columns[0].Name}) {
			column := columns[0]
			s.same(table.Name+" by "+column, []store.Row{two}, s.lookup(store.Lookup{Table: table, Column: column, Values: []string{two.Text(column)}}))
		}
		changed := filled(table, 3)
		copy(changed.Values[:table.Key], one.Values[:table.Key])
		s.commit(store.Unit{Facts: []store.Change{{Row: changed}, {Row: store.Row{Table: table, Values: two.Values}, Delete: true}}})
		s.same(table.Name+" replaced and deleted", []store.Row{empty, changed}, s.lookup(store.Lookup{Table: table}))
		s.commit(store.Unit{Facts: []store.Change{{Row: two, Delete: true}}}) // deleting what is not there is no error
	}
	if versions, rows, err := s.Facts(s.ctx, nil); err != nil || len(versions) != 0 || len(rows) != 0 {
		t.Errorf("nothing asked: %v, %v, %v", versions, rows, err)
	}
}

func testFactsBetween(_ *testing.T, s *suite) {
	var changes []store.Change
	for i := range 12 {
		changes = append(changes, store.Change{Row: member(fmt.Sprintf("p%02d", 11-i), fmt.Sprint("m", i%3), fmt.Sprintf("2024-%02d-01", 1+i))})
	}
	s.commit(store.Unit{Facts: changes})
	by := func(l store.Lookup) []string {
		l.Table, l.Column = store.Members, "person"
		return firsts(s.lookup(l))
	}
	m0 := []string{"m0"}
	s.same("one value, by key", []string{"p02/m0", "p05/m0", "p08/m0", "p11/m0"}, by(store.Lookup{Values: m0}))
	s.same("limit", []string{"p02/m0", "p05/m0"}, by(store.Lookup{Values: m0, Limit: 2}))
	s.same("two values, by key", []string{"p00/m2", "p02/m0", "p03/m2"}, by(store.Lookup{Values: []string{"m2", "m0", "m9", "m2"}, Limit: 3}))
	s.same("no such value", []string{}, by(store.Lookup{Values: []string{"m"}}))
	s.same("no values", []string{}, by(store.Lookup{}))
	s.same("from, included", []string{"p02/m0", "p05/m0"}, by(store.Lookup{Values: m0, Between: "expiry", From: "2024-07-01"}))
	s.same("to, included", []string{"p08/m0", "p11/m0"}, by(store.Lookup{Values: m0, Between: "expiry", To: "2024-04-01"}))
	s.same("both", []string{"p05/m0", "p08/m0"}, by(store.Lookup{Values: m0, Between: "expiry", From: "2024-02-01", To: "2024-07-31"}))
	s.same("open", 4, len(by(store.Lookup{Values: m0, Between: "expiry"})))
	all := firsts(s.lookup(store.Lookup{Table: store.Members, Between: "expiry", From: "2024-11-01"}))
	s.same("a range alone", []string{"p00/m2", "p01/m1"}, all)
	many := make([]string, 5000)
	for i := range many {
		many[i] = fmt.Sprint("x", i)
	}
	many[4321] = "m1"
	s.same("thousands of values", []string{"p01/m1", "p04/m1", "p07/m1", "p10/m1"}, by(store.Lookup{Values: many}))
}

// testFactsSnapshot writes a fact and its guard together and reads them
// together: they must never differ.
func testFactsSnapshot(t *testing.T, s *suite) {
	const rounds = 60
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 3 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				versions, rows, err := s.Facts(s.ctx, []string{"policy/1"},
					store.Lookup{Table: store.Policies, Column: "number", Values: []string{"1"}},
					store.Lookup{Table: store.Members, Column: "policy", Values: []string{"1"}})
				switch {
				case err != nil:
					t.Errorf("facts: %v", err)
					return
				case versions[0] == 0 && len(rows[0]) == 0 && len(rows[1]) == 0:
				case len(rows[0]) != 1 || rows[0][0].Int("seq") != versions[0] || len(rows[1]) != int(versions[0]):
					t.Errorf("guard at %d beside %v and %d members", versions[0], rows[0], len(rows[1]))
					return
				}
			}
		})
	}
	for i := range int64(rounds) {
		s.commit(store.Unit{
			Guards: []store.Guard{{Key: "policy/1", Expect: i, Bump: true}},
			Facts: []store.Change{
				{Row: store.Policies.Make(map[string]any{"number": "1", "seq": i + 1})},
				{Row: member("1", fmt.Sprintf("m%03d", i), "")},
			},
		})
	}
	close(stop)
	wg.Wait()
}

func testCounters(t *testing.T, s *suite) {
	take := func(name string, n, want int64) {
		t.Helper()
		got, err := s.Next(s.ctx, name, n)
		if err != nil || got != want {
			t.Errorf("%s: %d numbers from %d, want %d (%v)", name, n, got, want, err)
		}
	}
	take("a", 1, 1)
	take("a", 1, 2)
	take("b", 10, 1)
	take("b", 1, 11)
	take("a", 100, 3)
	take("a", 1, 103)
	for _, n := range []int64{0, -1} {
		if _, err := s.Next(s.ctx, "a", n); err == nil {
			t.Errorf("%d numbers were given", n)
		}
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[int64]bool{}
	for range 8 {
		wg.Go(func() {
			for range 10 {
				first, err := s.Next(s.ctx, "c", 3)
				if err != nil {
					t.Errorf("next: %v", err)
					return
				}
				mu.Lock()
				for i := range int64(3) {
					if seen[first+i] {
						t.Errorf("%d given twice", first+i)
					}
					seen[first+i] = true
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	take("c", 1, 241)
}

func testSecrets(t *testing.T, s *suite) {
	var wg sync.WaitGroup
	got := make([]string, 8)
	for i := range got {
		wg.Go(func() {
			secret, err := s.Secret(s.ctx, "token")
			if err != nil || len(secret) != 32 {
				t.Errorf("secret of %d bytes, %v", len(secret), err)
			}
			got[i] = string(secret)
		})
	}
	wg.Wait()
	for _, g := range got {
		if g != got[0] {
			t.Fatal("the secret changes")
		}
	}
	other, err := s.Secret(s.ctx, "other")
	if err != nil || string(other) == got[0] {
		t.Errorf("another name has the same secret (%v)", err)
	}
}

func testPing(t *testing.T, s *suite) {
	took, err := s.Ping(s.ctx)
	if err != nil || took <= 0 {
		t.Errorf("ping: %v, %v", took, err)
	}
	t.Logf("a durable write takes %v", took)
}
