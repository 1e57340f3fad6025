package main

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir"
)

// A set that changes, and changes back, is stored each time; one that stays is
// not looked at.
func TestPublishSet(t *testing.T) {
	r := demoRegistry(t)
	set := func(title string) []*fhir.Node {
		n, err := fhir.Parse([]byte(`{"resourceType":"CodeSystem","id":"x","status":"active","content":"complete","title":"` + title + `"}`))
		if err != nil {
			t.Fatal(err)
		}
		return []*fhir.Node{n}
	}
	for i, step := range []struct {
		title   string
		version int64
	}{{"A", 1}, {"A", 1}, {"B", 2}, {"B", 2}, {"A", 3}} {
		if err := publishSet(t.Context(), r, "test", set(step.title)); err != nil {
			t.Fatal(err)
		}
		res, err := r.Store().Read(t.Context(), "CodeSystem", "x")
		if err != nil || res.Version != step.version || !strings.Contains(string(res.Body), `"`+step.title+`"`) {
			t.Errorf("step %d: version %d, %v", i, res.Version, err)
		}
	}
	bad, err := fhir.Parse([]byte(`{"resourceType":"CodeSystem","id":"y","status":"perhaps","content":"complete"}`))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // what failed is not taken for published
		if err := publishSet(t.Context(), r, "bad", []*fhir.Node{bad}); err == nil {
			t.Error("a resource that is not valid was published")
		}
	}
}

func TestHealthOfAClosedDatabase(t *testing.T) {
	db := newDatabase(t)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	newHealth(db).ServeHTTP(w, httptest.NewRequest("GET", "/health", nil))
	if w.Code != 503 || !strings.Contains(w.Body.String(), "does not answer") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
