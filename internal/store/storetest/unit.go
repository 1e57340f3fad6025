package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// full returns a Unit that writes something of every kind under a name.
func (s *suite) full(name string) store.Unit {
	return store.Unit{
		Writes:   []store.Write{s.named(bird, name, token("made", "", name))},
		Guards:   []store.Guard{{Key: "guard/" + name}},
		Unique:   []store.Unique{{Space: "space", Digest: sha256.Sum256([]byte(name)), Target: "Bird/" + name}},
		Facts:    []store.Change{{Row: client(name)}},
		Audit:    []store.Audit{{At: time.Now(), Interaction: "create", Action: "C", Outcome: "0", Agent: name}},
		Messages: []store.Message{{ID: "m-" + name, Target: "hook", Kind: "k", Ref: "Bird/" + name, Created: time.Now(), NextAt: time.Now()}},
	}
}

func client(name string) store.Row {
	return store.Clients.Make(map[string]any{"name": name, "scopes": "system/*.rs"})
}

// present tells which parts of a Unit made by full are in the store.
func (s *suite) present(name string) map[string]bool {
	s.t.Helper()
	_, err := s.Read(s.ctx, bird, name)
	var fe *fhir.Error
	if err != nil && !errors.As(err, &fe) {
		s.t.Fatal(err)
	}
	_, unique, err2 := s.Unique(s.ctx, "space", sha256.Sum256([]byte(name)))
	versions, rows, err3 := s.Facts(s.ctx, []string{"guard/" + name}, store.Lookup{Table: store.Clients, Column: "name", Values: []string{name}})
	audits, err4 := s.Audits(s.ctx, store.AuditFilter{Agent: name})
	messages, err5 := s.Messages(s.ctx, store.MessageFilter{ID: "m-" + name})
	if err := errors.Join(err2, err3, err4, err5); err != nil {
		s.t.Fatal(err)
	}
	return map[string]bool{
		"resource": err == nil, "found": len(s.find(bird, is("made", "", name))) > 0, "unique": unique,
		"guard": versions[0] > 0, "fact": len(rows[0]) > 0, "audit": len(audits) > 0, "message": len(messages) > 0,
	}
}

func all(v bool) map[string]bool {
	return map[string]bool{"resource": v, "found": v, "unique": v, "guard": v, "fact": v, "audit": v, "message": v}
}

func testAtomic(t *testing.T, s *suite) {
	s.commit(s.full("old"))
	s.same("all of a unit", all(true), s.present("old"))
	for name, spoil := range map[string]func(*store.Unit){
		"stale guard":  func(u *store.Unit) { u.Guards = append(u.Guards, store.Guard{Key: "guard/old", Expect: 2}) },
		"guard exists": func(u *store.Unit) { u.Guards = append(u.Guards, store.Guard{Key: "guard/old"}) },
		"no such guard": func(u *store.Unit) {
			u.Guards = append(u.Guards, store.Guard{Key: "guard/none", Expect: 1, Bump: true})
		},
		"stale version": func(u *store.Unit) { u.Writes = append(u.Writes, s.named(bird, "old")) },
		"duplicate key": func(u *store.Unit) { u.Unique = append(u.Unique, s.full("old").Unique[0]) },
		"condition": func(u *store.Unit) {
			u.Conditions = []store.Condition{{Type: bird, Lock: "x", Expr: is("made", "", "old")}}
		},
		"a bad type": func(u *store.Unit) {
			u.Writes = append(u.Writes, store.Write{Type: "a b", ID: "x", Body: []byte("{}")})
		},
		"a message's id": func(u *store.Unit) { u.Messages = append(u.Messages, s.full("old").Messages[0]) },
	} {
		u := s.full("new")
		spoil(&u)
		if done, err := s.Commit(s.ctx, u); err == nil {
			t.Errorf("%s: committed %v", name, done)
		}
		s.same(name+": nothing of it is there", all(false), s.present("new"))
	}
	if done := s.commit(store.Unit{}); len(done) != 0 {
		t.Errorf("an empty unit wrote %v", done)
	}
	s.commit(s.full("new"))
	s.same("and in the end all of it", all(true), s.present("new"))
}

func testUnitTwice(_ *testing.T, s *suite) {
	key := sha256.Sum256([]byte("k"))
	s.commit(store.Unit{Unique: []store.Unique{{Space: "s", Digest: key, Target: "Bird/a"}}, Facts: []store.Change{{Row: client("a")}}})
	s.commit(store.Unit{
		Release: []store.Unique{{Space: "s", Digest: key}},
		Unique:  []store.Unique{{Space: "s", Digest: key, Target: "Bird/b"}},
		Facts:   []store.Change{{Row: client("a"), Delete: true}, {Row: client("b")}},
	})
	u, ok, err := s.Unique(s.ctx, "s", key)
	if err != nil || !ok || u.Target != "Bird/b" {
		s.t.Errorf("released and claimed in one unit: held by %q (%v, %v)", u.Target, ok, err)
	}
	s.dropped(store.Unit{Unique: []store.Unique{
		{Space: "s", Digest: sha256.Sum256([]byte("l")), Target: "Bird/a"},
		{Space: "s", Digest: sha256.Sum256([]byte("l")), Target: "Bird/b"},
	}}, store.Duplicate, 1)
}

// testStrangers commits good Units beside bad ones of every sort, all at once,
// so that a store that joins them is caught when one harms another.
func testStrangers(t *testing.T, s *suite) {
	s.commit(s.full("old"))
	var wg sync.WaitGroup
	var good atomic.Int64
	for i := range 120 {
		name := fmt.Sprint("n", i)
		u := s.full(name)
		bad := i%3 == 0
		switch {
		case i%9 == 0:
			u.Guards = append(u.Guards, store.Guard{Key: "guard/old", Expect: 7, Bump: true})
		case i%9 == 3:
			u.Messages = append(u.Messages, s.full("old").Messages[0])
		case i%9 == 6:
			u.Writes = append(u.Writes, store.Write{Type: bird, ID: "old", Expect: 3, Body: []byte("{}")})
		}
		wg.Go(func() {
			_, err := s.Commit(s.ctx, u)
			if bad == (err == nil) {
				t.Errorf("unit %d: bad %v, error %v", i, bad, err)
			}
			if err == nil {
				good.Add(1)
			}
		})
	}
	wg.Wait()
	for i := range 120 {
		s.same(fmt.Sprint("unit ", i), all(i%3 != 0), s.present(fmt.Sprint("n", i)))
	}
	if n, err := s.Count(s.ctx, bird, nil, 0); err != nil || n != good.Load()+1 {
		t.Errorf("%d birds, %d units succeeded (%v)", n, good.Load(), err)
	}
}

func testBigUnit(t *testing.T, s *suite) {
	var writes []store.Write
	var want []string
	for i := range 1000 {
		typ := []string{bird, tree}[i%2]
		w := s.creation(typ, token("n", "", fmt.Sprint(i%10)), text("name", fmt.Sprint("name ", i)), day("seen", 1+i%28), reference("perch", "Tree/x"))
		if i%3 == 0 {
			w.ID = fmt.Sprint("client-", i)
		}
		writes = append(writes, w)
		if i%10 == 4 {
			want = append(want, w.ID)
		}
	}
	done := s.commit(store.Unit{Writes: writes})
	slices.Sort(want)
	s.same("found", want, s.find(bird, is("n", "", "4")))
	for _, i := range []int{0, 1, 499, 999} {
		w := resource(writes[i], done[i])
		s.same("read", w, s.read(w.Type, w.ID))
	}
	for i, w := range writes {
		writes[i] = next(resource(w, done[i]), token("n", "", "updated"))
	}
	s.commit(store.Unit{Writes: writes})
	if n, err := s.Count(s.ctx, bird, is("n", "", "updated"), 0); err != nil || n != 500 {
		t.Errorf("%d birds updated (%v)", n, err)
	}
	s.same("not found any more", []string{}, s.find(bird, is("n", "", "4")))
}

func testContext(t *testing.T, s *suite) {
	ended, cancel := context.WithCancel(s.ctx)
	cancel()
	w := s.creation(bird)
	if _, err := s.Commit(ended, store.Unit{Writes: []store.Write{w}}); err == nil {
		t.Error("committed under an ended context")
	}
	if _, err := s.Read(ended, bird, w.ID); !errors.Is(err, context.Canceled) {
		t.Errorf("read: %v", err)
	}
	if _, err := s.Search(ended, store.Query{Type: bird, Limit: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("search: %v", err)
	}
	s.write(w) // and the store still works
}

func testUpdateRace(t *testing.T, s *suite) {
	r := s.create(bird)
	for range 5 {
		var wg sync.WaitGroup
		var won atomic.Int64
		for i := range 12 {
			wg.Go(func() {
				_, err := s.Commit(s.ctx, store.Unit{Writes: []store.Write{next(r, token("by", "", fmt.Sprint(i)))}})
				var d *store.Dropped
				switch {
				case err == nil:
					won.Add(1)
				case !errors.As(err, &d) || d.Why != store.StaleVersion:
					t.Errorf("update: %v", err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d of 12 parallel updates of one version won", won.Load())
		}
		n := s.read(bird, r.ID)
		if n.Version != r.Version+1 {
			t.Fatalf("version %d follows %d", n.Version, r.Version)
		}
		r = n
	}
	s.same("one set of values is left", 1, len(s.find(bird, not(search.Missing{Param: "by"}))))
}
