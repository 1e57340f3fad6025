package search_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir/search"
)

const narrated = `{"resourceType":"Basic","id":"secretid","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Yellow <b title='hidden'>fever</b>,<!-- not > seen --> caf&eacute; &amp; H1N1</div>"},
	"extension":[{"url":"http://x","valueDecimal":12.50}],"code":{"text":"Rabies, post-exposure"}}`

func TestTextOf(t *testing.T) {
	n := node(t, narrated)
	if diff := cmp.Diff(" yellow fever cafe h1n1 ", search.TextOf(n, false)); diff != "" {
		t.Errorf("narrative (-want +got):\n%s", diff)
	}
	whole := search.TextOf(n, true)
	for _, want := range []string{" yellow fever cafe ", " rabies post exposure ", " 12 50 "} {
		if !strings.Contains(whole, want) {
			t.Errorf("%q lacks %q", whole, want)
		}
	}
	if got := search.TextOf(node(t, `{"resourceType":"Basic"}`), false); got != " " {
		t.Errorf("no narrative gives %q", got)
	}
}

func TestTextSearch(t *testing.T) {
	c := catalogue(t)
	n := node(t, narrated)
	index, err := c.Index(n)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"()", "(a", "a)", `"a`, `""`, "not", "a or", "or", "a and", "...", strings.Repeat("(", 30) + "a" + strings.Repeat(")", 30), strings.Repeat("a ", 51)} {
		_, err := c.Parse("Basic", []search.Pair{{Name: "_text", Value: bad}}, search.Options{})
		if err == nil {
			t.Errorf("%s: accepted", bad)
			continue
		}
		refused(t, err, "'_text'")
	}
	for _, tt := range []struct {
		name, value string
		want        bool
	}{
		{"_text", "yellow", true},
		{"_text", "YELLOW Fever", true},
		{"_text", "fever yellow", true},
		{"_text", `"yellow fever"`, true},
		{"_text", `"fever yellow"`, false},
		{"_text", "yell", false},
		{"_text", "yell*", true},
		{"_text", "café", true},
		{"_text", "ellow", false},
		{"_text", "hidden", false},
		{"_text", "seen", false},
		{"_text", "rabies", false},
		{"_text", "rabies,yellow", true},
		{"_text", "rabies OR yellow", true},
		{"_text", "rabies or fever and cafe", true},
		{"_text", "(rabies or fever) and measles", false},
		{"_text", "fever NOT rabies", true},
		{"_text", "fever and not(cafe)", false},
		{"_text", "notable", false},
		{"_content", "rabies", true},
		{"_content", "post-exposure", true},
		{"_content", "exposure-post", false},
		{"_content", "fever", true},
		{"_content", "measles", false},
	} {
		q, err := c.Parse("Basic", []search.Pair{{Name: tt.name, Value: tt.value}}, search.Options{})
		if err != nil {
			t.Errorf("%s=%s: %v", tt.name, tt.value, err)
			continue
		}
		r := search.Context{Text: func(whole bool) string { return search.TextOf(n, whole) }}
		if got := search.Match(q.Expr, index, r); got != tt.want {
			t.Errorf("%s=%s: %v", tt.name, tt.value, got)
		}
	}
}
