package sqlite

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// A search that would take for ever ends after the time it may take, with a
// reason; one whose caller gives up ends with that.
func TestSearchTimeout(t *testing.T) {
	s := open(t, Options{SearchTimeout: 200 * time.Millisecond})
	var u store.Unit
	for i := range 1500 {
		place := s.NewPlace(0)
		u.Writes = append(u.Writes, store.Write{
			Type: "Bird", ID: place.ID(), Place: place, Method: "POST", Body: []byte(`{}`),
			Index: search.Index{{Param: "name", Kind: search.String, Text: fmt.Sprint("bird ", i)}, {Param: "follows", Kind: search.Reference, Code: "Bird/" + place.ID(), Type: "Bird"}},
		})
	}
	if _, err := s.Commit(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	var x search.Expr = search.Or{}
	for i := range 3000 { // no index helps to find what contains a text
		x = append(x.(search.Or), search.Word{Param: "name", Kind: search.String, Mode: search.Contains, Text: fmt.Sprint("none ", i)})
	}
	tooCostly := func(what string, err error) {
		t.Helper()
		var fe *fhir.Error
		if !errors.As(err, &fe) || fe.Kind != fhir.Unprocessable || fe.Issue != fhir.IssueTooCostly {
			t.Errorf("%s: %v", what, err)
		}
	}
	began := time.Now()
	_, err := s.Search(t.Context(), store.Query{Type: "Bird", Expr: x, Limit: 1})
	tooCostly("search", err)
	_, err = s.Count(t.Context(), "Bird", x, 0)
	tooCostly("count", err)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("they took %s", took)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Search(gone, store.Query{Type: "Bird", Limit: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("the caller gave up, yet: %v", err)
	}
	if n, err := s.Count(t.Context(), "Bird", nil, 0); err != nil || n != 1500 {
		t.Errorf("%d found afterwards: %v", n, err)
	}
}
