package rest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/internal/registry"
)

// found are the sorted ids that a query finds, with its values as people write
// them.
func (g *gateway) found(query string) string {
	g.t.Helper()
	typ, raw, _ := strings.Cut(query, "?")
	var pairs []string
	for _, p := range strings.Split(raw, "&") {
		name, value, _ := strings.Cut(p, "=")
		pairs = append(pairs, url.QueryEscape(name)+"="+url.QueryEscape(value))
	}
	ids := g.want(200, http.MethodGet, "/"+typ+"?"+strings.Join(pairs, "&"), "").ids()
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

func TestSearchByTerminology(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		g.want(201, http.MethodPut, "/CodeSystem/pets", `{"resourceType":"CodeSystem","id":"pets","url":"http://x.org/pets","status":"active","content":"complete","hierarchyMeaning":"is-a","concept":[{"code":"animal","concept":[{"code":"dog","concept":[{"code":"poodle"}]},{"code":"cat"}]}]}`)
		g.want(201, http.MethodPut, "/ValueSet/some", `{"resourceType":"ValueSet","id":"some","url":"http://x.org/some","status":"active","compose":{"include":[{"system":"http://x.org/pets","filter":[{"property":"concept","op":"is-a","value":"dog"}]}]}}`)
		g.want(201, http.MethodPut, "/ValueSet/whole", `{"resourceType":"ValueSet","id":"whole","url":"http://x.org/whole","status":"active","compose":{"include":[{"system":"http://not-here.org"}]}}`)
		for i, code := range []string{"http://x.org/pets|animal", "http://x.org/pets|dog", "http://x.org/pets|poodle", "http://x.org/pets|cat", "http://not-here.org|dog"} {
			system, code, _ := strings.Cut(code, "|")
			g.want(201, http.MethodPut, fmt.Sprintf("/Basic/b%d", i), fmt.Sprintf(`{"resourceType":"Basic","id":"b%d","code":{"coding":[{"system":%q,"code":%q}]}}`, i, system, code))
		}
		for query, want := range map[string]string{
			"Basic?code:below=http://x.org/pets|dog":                               "b1 b2",
			"Basic?code:above=http://x.org/pets|dog":                               "b0 b1",
			"Basic?code:in=http://x.org/some":                                      "b1 b2",
			"Basic?code:in=ValueSet/some":                                          "b1 b2",
			"Basic?code:in=" + g.url + "/ValueSet/some":                            "b1 b2",
			"Basic?code:in=http://x.org/whole":                                     "b4",
			"Basic?code:not-in=http://x.org/some":                                  "b0 b3 b4",
			"Basic?_filter=code ss http://x.org/pets|dog":                          "b1 b2",
			"Basic?_filter=code in http://x.org/some":                              "b1 b2",
			"Basic?_filter=code ni http://x.org/some":                              "b0 b3 b4",
			"Patient?gender:in=http://hl7.org/fhir/ValueSet/administrative-gender": "",
		} {
			if got := g.found(query); got != want {
				g.t.Errorf("%s: %q, want %q", query, got, want)
			}
		}
		for _, query := range []string{"Basic?code:in=http://x.org/none", "Basic?code:in=ValueSet/none", "Basic?code:below=http://x.org/pets|cow", "Basic?code:below=dog"} {
			g.want(400, http.MethodGet, "/"+query, "", "Prefer: handling=lenient")
		}
		// A conditional create asks the same way.
		body := `{"resourceType":"Basic","code":{"coding":[{"system":"http://x.org/pets","code":"poodle"}]}}`
		g.want(412, http.MethodPost, "/Basic", body, "If-None-Exist: code:below=http://x.org/pets|dog")
	})
}

func TestSearchByWords(t *testing.T) {
	onBoth(t, registry.Options{Slow: 100}, func(g *gateway) {
		basic := func(id, told, more string) {
			g.want(201, http.MethodPut, "/Basic/"+id, fmt.Sprintf(`{"resourceType":"Basic","id":%q,"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">%s</div>"},"code":{"coding":[{"code":%q}]}%s}`, id, told, id, more))
		}
		basic("a", "<b>Yellow</b> fever", `,"created":"2020-01-01"`)
		basic("b", "rabies", `,"created":"2020-02-01","subject":{"reference":"Patient/p"}`)
		basic("c", "nothing", `,"created":"2021","author":{"display":"Rabies Unit"}`)
		g.want(201, http.MethodPut, "/Patient/p", `{"resourceType":"Patient","id":"p","name":[{"family":"Peterson","given":["Ann"]}],"active":true}`)
		g.want(201, http.MethodPut, "/List/l", `{"resourceType":"List","id":"l","status":"current","mode":"working","entry":[{"item":{"reference":"Basic/a"}},{"item":{"reference":"Patient/p"}}]}`)
		for query, want := range map[string]string{
			"Basic?_text=yellow":                                               "a",
			"Basic?_text=yellow or rabies":                                     "a b",
			"Basic?_text=\"fever yellow\"":                                     "",
			"Basic?_content=rabies":                                            "b c",
			"Basic?_content=rabies&_text=nothing":                              "c",
			"Basic?_list=l":                                                    "a",
			"Patient?_list=l":                                                  "p",
			"Basic?_list=none":                                                 "",
			"Basic?_filter=created ge 2020-02-01":                              "b c",
			"Basic?_filter=created po 2021-03":                                 "c",
			"Basic?_filter=not(created eq 2020) and code eq c":                 "c",
			"Basic?_filter=subject:x pr true":                                  "refused",
			"Basic?_filter=subject.name co \"TERS\"":                           "b",
			"Basic?_filter=subject[active eq true].family eq peterson":         "b",
			"Basic?_filter=subject[active eq false].family eq peterson":        "",
			"Basic?_filter=subject re Patient/p or (code eq a)":                "a b",
			"Patient?_filter=family eq peter":                                  "",
			"Patient?_filter=family ew SON":                                    "p",
			"Patient?_filter=name ne ann":                                      "p",
			"Patient?_filter=gender ne male":                                   "",
			"Patient?_has:Basic:subject:_filter=code eq b":                     "p",
			"Basic?_summary=count&_text=yellow":                                "",
			"Basic?_filter=_lastUpdated gt 2000-01-01 and _id eq a&_sort=code": "a",
		} {
			if want == "refused" {
				g.want(400, http.MethodGet, "/"+strings.ReplaceAll(query, " ", "+"), "")
				continue
			}
			if got := g.found(query); got != want {
				g.t.Errorf("%s: %q, want %q", query, got, want)
			}
		}
		if n := g.want(200, http.MethodGet, "/Basic?_summary=count&_content=rabies", "").body.Get("total").Text; n != "2" {
			g.t.Errorf("total %s of _content, want 2", n)
		}
		// Words alone cannot be looked for in everything.
		g.crowd(120)
		a := g.want(422, http.MethodGet, "/Patient?_content=nobody&_count=10", "")
		if code, _, _ := a.issue(); code != "too-costly" {
			g.t.Errorf("issue %s, want too-costly", code)
		}
	})
}

func TestIncludeDetails(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		for ref, body := range map[string]string{
			"Organization/o":          `{"resourceType":"Organization","id":"o","name":"O"}`,
			"Patient/p":               `{"resourceType":"Patient","id":"p","managingOrganization":{"reference":"Organization/o"}}`,
			"Questionnaire/q1":        `{"resourceType":"Questionnaire","id":"q1","url":"http://x.org/q","version":"1","status":"active"}`,
			"Questionnaire/q2":        `{"resourceType":"Questionnaire","id":"q2","url":"http://x.org/q","version":"2","status":"active"}`,
			"QuestionnaireResponse/r": `{"resourceType":"QuestionnaireResponse","id":"r","questionnaire":"http://x.org/q|2","status":"completed","subject":{"reference":"Patient/p"}}`,
			"QuestionnaireResponse/s": `{"resourceType":"QuestionnaireResponse","id":"s","questionnaire":"http://x.org/q","status":"completed"}`,
		} {
			g.want(201, http.MethodPut, "/"+ref, body)
		}
		for query, want := range map[string]string{
			"QuestionnaireResponse?_id=r&_include=QuestionnaireResponse:questionnaire":                                                                                           "q2",
			"QuestionnaireResponse?_id=s&_include=QuestionnaireResponse:questionnaire":                                                                                           "q1 q2",
			"QuestionnaireResponse?_id=r&_include=QuestionnaireResponse:subject&_include=Patient:organization":                                                                   "p",
			"QuestionnaireResponse?_id=r&_include=QuestionnaireResponse:subject&_include:iterate=Patient:organization":                                                           "p o",
			"QuestionnaireResponse?_id=r&_include=QuestionnaireResponse:*":                                                                                                       "p q2",
			"QuestionnaireResponse?_id=r&_include=Encounter:subject":                                                                                                             "",
			"QuestionnaireResponse?_id=r&_revinclude=Encounter:service-provider":                                                                                                 "",
			"Organization?_id=o&_revinclude=Patient:organization&_revinclude:iterate=QuestionnaireResponse:subject":                                                              "p r",
			"Organization?_id=o&_revinclude=Patient:organization&_revinclude:iterate=QuestionnaireResponse:*&_include:iterate=QuestionnaireResponse:questionnaire:Questionnaire": "p q2 r",
		} {
			a := g.want(200, http.MethodGet, "/"+query, "")
			var got []string
			for _, e := range a.body.Get("entry").Each() {
				if e.Path("search", "mode").String() == "include" {
					got = append(got, e.Path("resource", "id").String())
				}
			}
			slices.Sort(got)
			wanted := strings.Fields(want)
			slices.Sort(wanted)
			if !slices.Equal(got, wanted) {
				g.t.Errorf("%s includes %v, want %v", query, got, wanted)
			}
		}
	})
}
