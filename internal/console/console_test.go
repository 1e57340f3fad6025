package console

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
)

const asked = `{"resourceType":"Claim","item":[
 {"sequence":1,"productOrService":{"text":"Consultation"}},
 {"sequence":2,"productOrService":{"coding":[{"code":"S2","display":"Ultrasound"}]}},
 {"sequence":3,"productOrService":{"coding":[{"code":"S3"}]}}]}`

const answered = `{"resourceType":"ClaimResponse","disposition":"Partly accepted","item":[
 {"itemSequence":1,"adjudication":[{"category":{"coding":[{"code":"submitted"}]},"amount":{"value":50.00}},{"category":{"coding":[{"code":"benefit"}]},"amount":{"value":50.00}}]},
 {"itemSequence":2,"noteNumber":[1,2],"adjudication":[{"category":{"coding":[{"code":"submitted"}]},"amount":{"value":700.00}},{"category":{"coding":[{"code":"benefit"}]},"amount":{"value":450.00}}]},
 {"itemSequence":3,"noteNumber":[3],"adjudication":[{"category":{"coding":[{"code":"submitted"}]},"amount":{"value":100.00}},{"category":{"coding":[{"code":"benefit"}]},"amount":{"value":0.00}}]}],
 "total":[{"category":{"coding":[{"code":"submitted"}]},"amount":{"value":850.00,"currency":"NPR"}},{"category":{"coding":[{"code":"benefit"}]},"amount":{"value":500.00,"currency":"NPR"}}],
 "processNote":[
 {"number":1,"text":"cut","language":{"coding":[{"code":"en"}]}},{"number":2,"text":"घट्यो","language":{"coding":[{"code":"ne"}]}},
 {"number":3,"text":"<b>no</b>","language":{"coding":[{"code":"en"}]}},{"number":4,"text":"as a whole","language":{"coding":[{"code":"en"}]}}]}`

func parse(t *testing.T, text string) *fhir.Node {
	t.Helper()
	n, err := fhir.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestExplain(t *testing.T) {
	want := &claim{
		Disposition: "Partly accepted", Asked: "850.00", Paid: "500.00", Currency: "NPR",
		Lines: []line{
			{Number: "1", What: "Consultation", Asked: "50.00", Paid: "50.00", Verdict: "paid"},
			{Number: "2", What: "Ultrasound", Asked: "700.00", Paid: "450.00", Verdict: "paid in part", Notes: []note{{"en", "cut"}, {"ne", "घट्यो"}}},
			{Number: "3", What: "S3", Asked: "100.00", Paid: "0.00", Verdict: "not paid", Notes: []note{{"en", "<b>no</b>"}}},
		},
		Notes: []note{{"en", "as a whole"}},
	}
	if diff := cmp.Diff(want, explain(parse(t, asked), parse(t, answered))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	empty := explain(parse(t, `{}`), parse(t, `{}`))
	if diff := cmp.Diff(&claim{}, empty); diff != "" {
		t.Errorf("of nothing (-want +got):\n%s", diff)
	}
}

func get(h http.Handler) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	return w
}

func TestPageWithoutClaim(t *testing.T) {
	w := get(Home(nil, Page{Version: "v<1>", Commands: []Command{{"Check & see", `curl 'x?a=1&b=2'`}}}))
	body := w.Body.String()
	for _, want := range []string{"<html lang=\"en\">", "v&lt;1&gt;", "Check &amp; see", "a=1&amp;b=2", "/fhir/metadata", "/health"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(body, "<script") || strings.Contains(body, "<table") {
		t.Error("the page has what it should not have")
	}
	if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
	if body := get(Home(nil, Page{})).Body.String(); !strings.Contains(body, "jamii client add") {
		t.Error("without commands the page does not say how to begin")
	}
}

func TestPageWhenTheDatabaseIsAway(t *testing.T) {
	w := get(Home(nil, Page{Answer: func(context.Context) (fhir.Resource, error) { return fhir.Resource{}, errors.New("secret cause") }}))
	if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "secret cause") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestTemplateEscapes(t *testing.T) {
	var out strings.Builder
	view := struct {
		Page
		Claim *claim
	}{Claim: explain(parse(t, asked), parse(t, answered))}
	if err := home.Execute(&out, view); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); strings.Contains(text, "<b>no</b>") || !strings.Contains(text, "&lt;b&gt;no") || !strings.Contains(text, `<p lang="ne">घट्यो</p>`) {
		t.Error(text)
	}
}
