package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// sortValue is what a resource is sorted by: missing ones last.
type sortValue struct {
	missing bool
	number  int64
	text    string
}

func sortOf(r thing, by store.Sort) sortValue {
	switch by.Param {
	case "_id":
		return sortValue{text: r.ID}
	case "_lastUpdated":
		return sortValue{number: r.Updated.UnixMicro()}
	}
	var all []sortValue
	for _, v := range r.index {
		switch {
		case v.Param != by.Param:
		case v.Kind == search.String:
			all = append(all, sortValue{text: store.Norm(v.Text)})
		case v.Kind == search.Date || v.Kind == search.Number || v.Kind == search.Quantity:
			all = append(all, sortValue{number: v.Lo})
		default:
			all = append(all, sortValue{text: v.Code})
		}
	}
	if len(all) == 0 {
		return sortValue{missing: true}
	}
	if by.Desc {
		return slices.MaxFunc(all, compareValues)
	}
	return slices.MinFunc(all, compareValues)
}

func compareValues(a, b sortValue) int {
	return cmp.Or(cmp.Compare(a.number, b.number), strings.Compare(a.text, b.text))
}

// order compares two things by sort keys; 0 is a tie.
func order(a, b thing, by []store.Sort) int {
	for _, k := range by {
		x, y := sortOf(a, k), sortOf(b, k)
		c := 0
		switch {
		case x.missing != y.missing:
			c = 1
			if y.missing {
				c = -1
			}
		case k.Desc:
			c = compareValues(y, x)
		default:
			c = compareValues(x, y)
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// flock writes birds with ties, missing values and several values.
func (s *suite) flock() model {
	var m model
	names := []string{"Émil", "anna", "Bert", "anna", "Zoë", "emil b", "ANNA"}
	var writes []store.Write
	for i := range 40 {
		var index search.Index
		if i%5 != 0 {
			index = append(index, text("name", names[i%len(names)]), day("seen", 1+i%9))
		}
		if i%3 != 0 {
			index = append(index, token("code", red, fmt.Sprint("c", i%4)), number("size", int64(i%6), int64(i%6)), uri("url", fmt.Sprint("http://", i%5)))
		}
		if i%4 == 0 {
			index = append(index, text("name", names[(i+3)%len(names)]), day("seen", 10+i%7), token("code", "", fmt.Sprint("b", i%3)),
				number("size", -int64(i), -int64(i)), reference("perch", fmt.Sprint("Tree/t", i%3)))
		}
		index = append(index, token("all", "", "x"), token("odd", "", fmt.Sprint(i%2)))
		w := s.creation(bird, index...)
		if i%2 == 0 {
			w.ID = fmt.Sprintf("bird-%d", 100-i)
		}
		writes = append(writes, w)
	}
	for _, part := range [][]store.Write{writes[:25], writes[25:26], writes[26:]} {
		s.add(&m, part...)
	}
	for _, i := range []int{3, 17, 30} {
		s.change(&m, m[i].Resource, m[(i+1)%40].index)
	}
	s.delete(m[7].Resource)
	m = slices.DeleteFunc(m.live(), func(r thing) bool { return r.ID == m[7].ID })
	return m
}

var sorts = map[string][]store.Sort{
	"date":             {{Param: "seen", Kind: search.Date}},
	"date desc":        {{Param: "seen", Kind: search.Date, Desc: true}},
	"string":           {{Param: "name", Kind: search.String}},
	"string desc":      {{Param: "name", Kind: search.String, Desc: true}},
	"token":            {{Param: "code", Kind: search.Token}},
	"token desc":       {{Param: "code", Kind: search.Token, Desc: true}},
	"number":           {{Param: "size", Kind: search.Number}},
	"number desc":      {{Param: "size", Kind: search.Number, Desc: true}},
	"uri":              {{Param: "url", Kind: search.URI}},
	"reference desc":   {{Param: "perch", Kind: search.Reference, Desc: true}},
	"id":               {{Param: "_id"}},
	"id desc":          {{Param: "_id", Desc: true}},
	"updated":          {{Param: "_lastUpdated"}},
	"updated desc":     {{Param: "_lastUpdated", Desc: true}},
	"nobody has it":    {{Param: "song", Kind: search.String}},
	"two keys":         {{Param: "name", Kind: search.String}, {Param: "seen", Kind: search.Date, Desc: true}},
	"three keys":       {{Param: "code", Kind: search.Token, Desc: true}, {Param: "size", Kind: search.Number}, {Param: "_id"}},
	"missing then tie": {{Param: "size", Kind: search.Number, Desc: true}, {Param: "_lastUpdated"}},
}

func testSort(t *testing.T, s *suite) {
	m := s.flock()
	byID := map[string]thing{}
	for _, r := range m {
		byID[r.ID] = r
	}
	for name, by := range sorts {
		t.Run(name, func(t *testing.T) {
			s := &suite{s.Store, t, s.ctx}
			for _, x := range []search.Expr{nil, is("all", "", "x"), and(is("odd", "", "1"), not(is("code", red, "c1")))} {
				whole := s.pages(store.Query{Type: bird, Expr: x, Sort: by, Limit: 100})
				got := ids(whole)
				for i := 1; i < len(got); i++ {
					if a, b := byID[got[i-1]], byID[got[i]]; order(a, b, by) > 0 {
						t.Errorf("%s stands before %s:\n%v\n%v", a.ID, b.ID, a.index, b.index)
					}
				}
				for _, limit := range []int{2, 9} {
					s.same(fmt.Sprint("in pages of ", limit), got, ids(s.pages(store.Query{Type: bird, Expr: x, Sort: by, Limit: limit})))
				}
				slices.Sort(got)
				s.same("all of them", m.ids(bird, x), got)
			}
		})
	}
	// Without a sort the newest comes first.
	var made []string
	for range 5 {
		made = append([]string{s.create("Nest").ID}, made...)
	}
	s.same("newest first", made, ids(s.pages(store.Query{Type: "Nest", Limit: 2})))
}

func testPaging(t *testing.T, s *suite) {
	for i := range 60 {
		s.create(bird, token("colour", "", fmt.Sprint(i%2)))
	}
	page, err := s.Search(s.ctx, store.Query{Type: bird, Limit: 60})
	if err != nil || len(page.Resources) != 60 {
		t.Fatalf("%d resources, %v", len(page.Resources), err)
	}
	if page.Next != nil {
		t.Error("a next page is promised after all were given")
	}
	if page, err = s.Search(s.ctx, store.Query{Type: bird, Limit: 59}); err != nil || page.Next == nil {
		t.Errorf("no next page with one to come (%v)", err)
	}
	for _, bad := range [][]byte{[]byte("x"), {}, {0xff, 0xff}, []byte(`{"a":1}`), make([]byte, 1000)} {
		if page, err := s.Search(s.ctx, store.Query{Type: bird, Limit: 5, After: bad}); err == nil && len(page.Resources) > 5 {
			t.Errorf("a page of %d", len(page.Resources))
		}
	}
}

// testPagingWhileWriting pages over birds nobody touches while others are
// made, changed and deleted.
func testPagingWhileWriting(t *testing.T, s *suite) {
	var still []string
	for i := range 60 {
		still = append(still, s.create(bird, token("colour", "", "grey"), text("name", fmt.Sprint(i%7)), day("seen", 1+i%5)).ID)
	}
	slices.Sort(still)
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for range 3 {
		writers.Go(func() { s.churn(stop) })
	}
	for _, by := range [][]store.Sort{nil, sorts["string"], sorts["date desc"], sorts["updated"], sorts["updated desc"], sorts["id"], sorts["two keys"]} {
		q := store.Query{Type: bird, Expr: is("colour", "", "grey"), Sort: by, Limit: 7}
		if by == nil || by[0].Param != "_lastUpdated" {
			q.Expr = nil // the changing ones come and go between the pages
		}
		var got []string
		for {
			page, err := s.Search(s.ctx, q)
			if err != nil {
				t.Fatalf("search: %v", err)
			}
			for _, r := range page.Resources {
				if _, ok := slices.BinarySearch(still, r.ID); ok {
					got = append(got, r.ID)
				}
			}
			if page.Next == nil {
				break
			}
			q.After = page.Next
		}
		slices.Sort(got)
		s.same(fmt.Sprintf("sorted by %v", by), still, got)
	}
	close(stop)
	writers.Wait()
}

// churn makes, changes and deletes a bird until told to stop, 300 times at most.
func (s *suite) churn(stop <-chan struct{}) {
	for i := range 300 {
		select {
		case <-stop:
			return
		default:
		}
		w := s.creation(bird, token("colour", "", "black"), text("name", fmt.Sprint(i%9)), day("seen", 1+i%6))
		var r fhir.Resource
		for _, w := range []func() store.Write{
			func() store.Write { return w },
			func() store.Write { return next(r, text("name", fmt.Sprint((i+4)%9)), day("seen", 1+(i+3)%6)) },
			func() store.Write { return deletion(r) },
		} {
			w := w()
			done, err := s.Commit(s.ctx, store.Unit{Writes: []store.Write{w}})
			if err != nil {
				s.t.Errorf("churn: %v", err)
				return
			}
			r = resource(w, done[0])
		}
	}
}

func testCount(t *testing.T, s *suite) {
	for i := range 25 {
		s.create(bird, token("colour", "", fmt.Sprint(i%2)))
	}
	s.create(tree, token("colour", "", "1"))
	s.delete(s.create(bird, token("colour", "", "1")))
	for _, c := range []struct {
		x           search.Expr
		limit, want int64
	}{
		{nil, 0, 25},
		{nil, 10, 10},
		{nil, 25, 25},
		{nil, 26, 25},
		{is("colour", "", "1"), 0, 12},
		{is("colour", "", "1"), 5, 5},
		{not(is("colour", "", "1")), 100, 13},
		{is("colour", "", "7"), 3, 0},
		{or(), 0, 0},
	} {
		n, err := s.Count(s.ctx, bird, c.x, c.limit)
		if err != nil || n != c.want {
			t.Errorf("count %v up to %d: %d, want %d (%v)", c.x, c.limit, n, c.want, err)
		}
	}
	if n, err := s.Count(s.ctx, "Stone", nil, 0); err != nil || n != 0 {
		t.Errorf("count of a type never written: %d, %v", n, err)
	}
}
