package storetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jamii-health/jamii/internal/store"
)

func row(agent string) store.Audit {
	return store.Audit{At: time.Now(), Interaction: "read", Action: "R", Outcome: "0", Type: bird, Agent: agent}
}

func (s *suite) audits(f store.AuditFilter) []store.Audit {
	s.t.Helper()
	list, err := s.Audits(s.ctx, f)
	if err != nil {
		s.t.Fatalf("audits: %v", err)
	}
	return list
}

func testAudit(t *testing.T, s *suite) {
	whole := store.Audit{
		ID: "given", At: time.Date(2024, 2, 29, 23, 59, 59, 123456000, time.UTC), Interaction: "$submit", Action: "E", Outcome: "4", Type: bird,
		Ref: "Bird/a/_history/2", Patient: "Tree/p", Agent: "clinic 'é\"", User: "u", Network: "2001:db8::1", Request: "r", Query: "a=b&c=%" + strings.Repeat("x", 4000),
	}
	if err := s.Record(s.ctx, []store.Audit{whole, row("reader")}); err != nil {
		t.Fatal(err)
	}
	s.commit(store.Unit{Writes: []store.Write{s.creation(bird)}, Audit: []store.Audit{row("writer"), row("writer")}})
	if err := s.Record(s.ctx, nil); err != nil {
		t.Errorf("nothing to record: %v", err)
	}
	list := s.audits(store.AuditFilter{})
	if len(list) != 4 {
		t.Fatalf("%d rows", len(list))
	}
	made := map[string]bool{}
	for i, a := range list {
		if i > 0 && a.Seq >= list[i-1].Seq {
			t.Errorf("row %d after %d", a.Seq, list[i-1].Seq)
		}
		if a.ID == "" || made[a.ID] {
			t.Errorf("id %q is empty or used twice", a.ID)
		}
		made[a.ID] = true
	}
	whole.Seq = list[3].Seq
	s.same("a row comes back", whole, list[3])
	s.same("by its id", []store.Audit{list[1]}, s.audits(store.AuditFilter{ID: list[1].ID}))
	s.same("by no such id", 0, len(s.audits(store.AuditFilter{ID: "x"})))
}

func testAuditFilters(_ *testing.T, s *suite) {
	at := func(minute int) time.Time { return noon.Add(time.Duration(minute) * time.Minute) }
	var rows []store.Audit
	for i := range 24 {
		rows = append(rows, store.Audit{
			ID: fmt.Sprint("a", i), At: at(i), Interaction: []string{"read", "search-type", "create"}[i%3], Action: []string{"R", "E", "C"}[i%3],
			Outcome: []string{"0", "4"}[i%2], Type: []string{bird, tree}[i%2], Ref: []string{"Bird/b", "Bird/b/_history/1", "", "Bird/b2"}[i%4],
			Patient: fmt.Sprint("Tree/p", i%5), Agent: fmt.Sprint("agent", i%4),
		})
	}
	for i := 0; i < len(rows); i += 8 {
		if err := s.Record(s.ctx, rows[i:i+8]); err != nil {
			s.t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		f    store.AuditFilter
		want func(i int) bool
	}{
		"all":              {store.AuditFilter{}, func(int) bool { return true }},
		"from, included":   {store.AuditFilter{From: at(20)}, func(i int) bool { return i >= 20 }},
		"to, not":          {store.AuditFilter{To: at(3)}, func(i int) bool { return i < 3 }},
		"from and to":      {store.AuditFilter{From: at(3), To: at(5)}, func(i int) bool { return i == 3 || i == 4 }},
		"action":           {store.AuditFilter{Action: "C"}, func(i int) bool { return i%3 == 2 }},
		"interaction":      {store.AuditFilter{Interaction: "search-type"}, func(i int) bool { return i%3 == 1 }},
		"outcome":          {store.AuditFilter{Outcome: "4"}, func(i int) bool { return i%2 == 1 }},
		"type":             {store.AuditFilter{Type: tree}, func(i int) bool { return i%2 == 1 }},
		"ref, any version": {store.AuditFilter{Ref: "Bird/b"}, func(i int) bool { return i%4 < 2 }},
		"patient":          {store.AuditFilter{Patient: "Tree/p3"}, func(i int) bool { return i%5 == 3 }},
		"agent":            {store.AuditFilter{Agent: "agent2"}, func(i int) bool { return i%4 == 2 }},
		"several":          {store.AuditFilter{Agent: "agent2", Patient: "Tree/p1", From: at(1)}, func(i int) bool { return i%4 == 2 && i%5 == 1 && i >= 1 }},
		"nobody":           {store.AuditFilter{Agent: "agent"}, func(int) bool { return false }},
	} {
		want := []string{}
		for i := len(rows) - 1; i >= 0; i-- {
			if c.want(i) {
				want = append(want, rows[i].ID)
			}
		}
		for _, limit := range []int{0, 3} {
			got := []string{}
			f := c.f
			f.Limit = limit
			for {
				list := s.audits(f)
				for _, a := range list {
					got = append(got, a.ID)
				}
				if limit == 0 || len(list) < limit {
					break
				}
				f.BeforeSeq = list[len(list)-1].Seq
			}
			s.same(fmt.Sprint(name, " in pages of ", limit), want, got)
		}
	}
}

func (s *suite) seal(want int) {
	s.t.Helper()
	if n, err := s.Seal(s.ctx, time.Now()); err != nil || n != want {
		s.t.Fatalf("sealed %d rows, want %d (%v)", n, want, err)
	}
}

func (s *suite) verify(want int64) {
	s.t.Helper()
	if n, err := s.VerifySeals(s.ctx); err != nil || n != want {
		s.t.Fatalf("%d rows verified, want %d (%v)", n, want, err)
	}
}

func (s *suite) record(n int, agent string) {
	s.t.Helper()
	rows := make([]store.Audit, n)
	for i := range rows {
		rows[i] = row(agent)
	}
	if err := s.Record(s.ctx, rows); err != nil {
		s.t.Fatal(err)
	}
}

func testSeal(t *testing.T, s *suite) {
	s.seal(0)
	s.verify(0)
	s.record(5, "a")
	s.verify(0)
	s.seal(5)
	s.seal(0)
	s.record(1, "b")
	s.commit(store.Unit{Audit: []store.Audit{row("c")}})
	s.verify(5)
	s.seal(2)
	s.verify(7)
	// Writers and sealers at once: in the end every row is in one block.
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				if _, err := s.Commit(s.ctx, store.Unit{Audit: []store.Audit{row("d"), row("d")}}); err != nil {
					t.Errorf("commit: %v", err)
				}
			}
		})
	}
	for range 2 {
		wg.Go(func() {
			for range 15 {
				if _, err := s.Seal(s.ctx, time.Now()); err != nil {
					t.Errorf("seal: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if _, err := s.Seal(s.ctx, time.Now()); err != nil {
		t.Fatal(err)
	}
	s.verify(167)
	s.seal(0)
}

func testTampering(t *testing.T, s *suite, tamper func() error) {
	for range 3 {
		s.record(4, "a")
		s.seal(4)
	}
	s.verify(12)
	if err := tamper(); err != nil {
		t.Fatal(err)
	}
	if n, err := s.VerifySeals(s.ctx); err == nil {
		t.Errorf("%d rows verified, nothing was found", n)
	} else {
		t.Logf("found: %v", err)
	}
}
