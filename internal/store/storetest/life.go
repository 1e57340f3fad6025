package storetest

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

func testUnknown(t *testing.T, s *suite) {
	r := s.create(bird)
	for _, c := range []struct{ name, typ, id string }{
		{"no such id", bird, "nobody"},
		{"no such id in the server's form", bird, s.NewPlace(3).ID()},
		{"another type", tree, r.ID},
		{"a type never written", "Stone", r.ID},
		{"another case", bird, strings.ToUpper(r.ID)},
		{"no id", bird, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &suite{s.Store, t, s.ctx}
			_, err := s.Read(s.ctx, c.typ, c.id)
			s.notFound(err)
			_, err = s.ReadVersion(s.ctx, c.typ, c.id, 1)
			s.notFound(err)
		})
	}
	for _, version := range []int64{-1, 0, 2, 1 << 40} {
		_, err := s.ReadVersion(s.ctx, bird, r.ID, version)
		s.notFound(err)
	}
	s.same("search in a type never written", []string{}, s.find("Stone", nil))
}

func testLife(t *testing.T, s *suite) {
	one := s.create(bird, token("colour", "", "red"))
	s.same("created", one, s.read(bird, one.ID))
	if one.Version != 1 {
		t.Errorf("first version is %d", one.Version)
	}
	two := s.update(one, token("colour", "", "blue"))
	s.same("updated", two, s.read(bird, one.ID))
	three := s.delete(two)
	s.same("deleted", three, s.read(bird, one.ID))
	if !three.Deleted || three.Version != 3 {
		t.Errorf("deletion is version %d, deleted %v", three.Version, three.Deleted)
	}
	s.same("a deleted resource is not found", []string{}, s.find(bird, nil))
	s.same("nor by what it was", []string{}, s.find(bird, is("colour", "", "blue")))
	s.same("nor by what it is not", []string{}, s.find(bird, not(is("colour", "", "red"))))
	four := s.update(three, token("colour", "", "green"))
	s.same("created again", four, s.read(bird, one.ID))
	s.same("and found", []string{one.ID}, s.find(bird, is("colour", "", "green")))
	for i, want := range []fhir.Resource{one, two, three, four} {
		got, err := s.ReadVersion(s.ctx, bird, one.ID, int64(i+1))
		if err != nil {
			t.Fatalf("version %d: %v", i+1, err)
		}
		s.same("version", want, got)
	}
}

func testStaleVersion(_ *testing.T, s *suite) {
	one := s.create(bird)
	two := s.update(one)
	drop := func(w store.Write) {
		s.t.Helper()
		s.dropped(store.Unit{Writes: []store.Write{s.creation(bird), w}}, store.StaleVersion, 1)
	}
	drop(next(one))
	drop(deletion(one))
	ahead := next(two)
	ahead.Expect = 9
	drop(ahead)
	again := s.named(bird, two.ID) // exists already
	drop(again)
	drop(store.Write{Type: bird, ID: "nobody", Expect: 1, Method: "PUT", Body: body(bird, "x")})
	gone := s.delete(two)
	drop(next(two))
	drop(s.named(bird, gone.ID)) // a deleted one is not made by Expect 0
	s.same("nothing changed", gone, s.read(bird, one.ID))
	s.same("nothing was made", []string{}, s.find(bird, nil))
}

func testBodies(_ *testing.T, s *suite) {
	random := make([]byte, 300_000)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range random {
		random[i] = byte(rng.Uint32())
	}
	for name, want := range map[string][]byte{
		"short":       []byte(`{}`),
		"decimals":    []byte(`{"resourceType":"Bird","a":1.10,"b":0.00010,"c":12345678901234567890}`),
		"escapes":     []byte(`{"resourceType":"Bird","t":"é \u00e9 \/ < > & 🐦 \ud83d\udc26"}`),
		"any bytes":   {0, 1, 2, 0xff, 0xfe, 0},
		"large":       bytes.Repeat([]byte(`{"a":"b"},`), 200_000),
		"not regular": random,
	} {
		w := s.creation(bird)
		w.Body = want
		r := s.write(w)
		if got := s.read(bird, r.ID).Body; !bytes.Equal(want, got) {
			s.t.Errorf("%s: %d bytes read, %d written, not the same", name, len(got), len(want))
		}
		got, err := s.ReadVersion(s.ctx, bird, r.ID, 1)
		if err != nil || !bytes.Equal(want, got.Body) {
			s.t.Errorf("%s: version read differs (%v)", name, err)
		}
	}
}

func testFlags(_ *testing.T, s *suite) {
	w := s.creation(bird)
	w.Managed = true
	r := s.write(w)
	s.same("managed", r, s.read(bird, r.ID))
	for _, method := range []string{"PUT", "PATCH", "POST"} {
		n := next(r)
		n.Method = method
		r = s.write(n)
		s.same("method "+method, r, s.read(bird, r.ID))
	}
	page, err := s.History(s.ctx, store.History{Type: bird, ID: r.ID, Limit: 10})
	if err != nil {
		s.t.Fatal(err)
	}
	var got []string
	for _, v := range page.Resources {
		got = append(got, v.Method)
	}
	s.same("methods in the history", []string{"POST", "PATCH", "PUT", "POST"}, got)
}

func testMonotone(t *testing.T, s *suite) {
	before := time.Now().Add(-time.Second)
	r := s.create(bird)
	if r.Updated.Before(before) || r.Updated.After(time.Now().Add(time.Second)) {
		t.Errorf("updated %v is not now", r.Updated)
	}
	for range 50 {
		n := s.update(r)
		if n.Version != r.Version+1 || !n.Updated.After(r.Updated) {
			t.Fatalf("version %d at %v follows %d at %v", n.Version, n.Updated, r.Version, r.Updated)
		}
		if n.Updated.Nanosecond()%1000 != 0 {
			t.Fatalf("updated %v is finer than a microsecond", n.Updated)
		}
		r = n
	}
	s.same("what Commit said is what is read", r, s.read(bird, r.ID))
}

func testIDs(t *testing.T, s *suite) {
	server := s.create(bird)
	client := s.createAs(bird, "robin-1")
	upper := s.createAs(bird, "Robin-1") // ids differ by case
	lookalike := s.NewPlace(7).ID()      // a client chose what the server could have made
	odd := s.createAs(bird, lookalike)
	twin := s.createAs(tree, lookalike) // the same id in another type
	for _, want := range []fhir.Resource{server, client, upper, odd, twin} {
		s.same(want.Ref(), want, s.read(want.Type, want.ID))
	}
	if p, ok := store.PlaceOf(server.ID); !ok || p.ID() != server.ID {
		t.Errorf("server's id %q does not hold a place", server.ID)
	}
	taken := s.named(bird, server.ID) // a client creates under an id the server made
	s.dropped(store.Unit{Writes: []store.Write{taken}}, store.StaleVersion, 0)
	// A client holds the id that the server then makes: the row decides.
	place := s.NewPlace(9)
	s.createAs(bird, place.ID())
	made := store.Write{Type: bird, ID: place.ID(), Place: place, Method: "POST", Body: body(bird, "late")}
	s.dropped(store.Unit{Writes: []store.Write{made}}, store.StaleVersion, 0)
	s.same("by id", []string{"robin-1"}, s.find(bird, search.IDs{"robin-1", "nobody"}))
	want := []string{server.ID, lookalike}
	slices.Sort(want)
	s.same("by server ids", want, s.find(bird, search.IDs{server.ID, lookalike}))
	s.same("in another type", []string{}, s.find(tree, search.IDs{server.ID}))
	s.same("by no id", []string{}, s.find(bird, search.IDs{}))
}

func testReadMany(t *testing.T, s *suite) {
	var refs []string
	want := map[string]fhir.Resource{}
	for i := range 30 {
		r := s.create([]string{bird, tree}[i%2])
		refs = append(refs, r.Ref())
		want[r.Ref()] = r
	}
	gone := s.delete(s.create(bird))
	named := s.createAs(bird, "named")
	want[named.Ref()] = named
	refs = append(refs, gone.Ref(), named.Ref(), "Bird/nobody", "Stone/x", "Bird", "", "Bird/a/b", refs[0])
	list, err := s.ReadMany(s.ctx, refs)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]fhir.Resource{}
	for _, r := range list {
		if _, twice := got[r.Ref()]; twice {
			t.Errorf("%s twice", r.Ref())
		}
		got[r.Ref()] = r
	}
	s.same("read", want, got)
	if none, err := s.ReadMany(s.ctx, nil); err != nil || len(none) != 0 {
		t.Errorf("nothing asked: %d, %v", len(none), err)
	}
}

// oddTypes could break out of a statement that holds a type's name.
var oddTypes = []string{"", "bird", "B", "Bird;", `Bird"`, "Bird'", "Bird Tree", "Bird--", "Bird\x00", "Bírd", "Bird1", strings.Repeat("B", 65)}

func testOddTypes(t *testing.T, s *suite) {
	for _, typ := range oddTypes {
		w := s.creation(bird)
		w.Type = typ
		if _, err := s.Commit(s.ctx, store.Unit{Writes: []store.Write{w}}); err == nil {
			t.Errorf("type %q written", typ)
		}
		if _, err := s.Read(s.ctx, typ, w.ID); err == nil {
			t.Errorf("type %q read", typ)
		}
		if page, err := s.Search(s.ctx, store.Query{Type: typ, Limit: 1}); err == nil && len(page.Resources) > 0 {
			t.Errorf("type %q found", typ)
		}
		if n, err := s.Count(s.ctx, typ, nil, 0); err == nil && n > 0 {
			t.Errorf("type %q counted", typ)
		}
	}
}

func testReservedTypes(_ *testing.T, s *suite) {
	for _, typ := range []string{"Select", "Table", "Index", "Order", "Where"} {
		r := s.create(typ, token("from", "", "x"), text("order", "y"))
		s.same(typ, r, s.read(typ, r.ID))
		s.same(typ, []string{r.ID}, s.find(typ, and(is("from", "", "x"), word("order", search.Exact, "y"))))
	}
}

func testPlaces(t *testing.T, s *suite) {
	const workers, each = 8, 2000
	out := make(chan []store.Place, workers)
	for i := range workers {
		go func() {
			list := make([]store.Place, each)
			for j := range list {
				list[j] = s.NewPlace(int16((i*each + j) % store.Parts))
			}
			out <- list
		}()
	}
	seen := map[int64]bool{}
	for range workers {
		last := int64(-1)
		for _, p := range <-out {
			if p.RID <= last {
				t.Fatalf("place %d given after %d", p.RID, last)
			}
			if seen[p.RID] {
				t.Fatalf("place %d given twice", p.RID)
			}
			seen[p.RID], last = true, p.RID
			if back, ok := store.PlaceOf(p.ID()); !ok || back != p {
				t.Fatalf("place %v reads back as %v", p, back)
			}
		}
	}
}
