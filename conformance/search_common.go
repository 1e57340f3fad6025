package main

import (
	"fmt"
	"strings"
	"time"
)

func basic(code, more string) string {
	return fmt.Sprintf(`{"resourceType":"Basic","code":{"coding":[{"system":"urn:conformance","code":"{tag}"},{"system":"urn:kind","code":%q}]},%s}`, code, more)
}

func said(words string) string {
	return fmt.Sprintf(`"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">%s</div>"}`, words)
}

// tagged are Basic resources that differ in meta and text, and a List of two.
var tagged = fixture{"tagged", []datum{
	{"a", basic("one", `"meta":{"tag":[{"system":"urn:t","code":"red"}],"profile":["http://conformance.example/{tag}/p"],"source":"http://conformance.example/{tag}/source"},`+said("yellow fever {tag}"))},
	{"b", basic("two", `"meta":{"tag":[{"system":"urn:t","code":"red"},{"system":"urn:t","code":"blue"}],"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]},`+said("rabies {tag}"))},
	{"c", basic("three", `"created":"2019-02-03"`)},
	{"l", `{"resourceType":"List","identifier":[{"system":"urn:conformance","value":"{tag}"}],"status":"current","mode":"working","entry":[{"item":{"reference":"Basic/{a}"}},{"item":{"reference":"Basic/{c}"}}]}`},
}}

var commonRows = []row{
	{"_id finds one", "search.html#all", "_id={b}", "b"},
	{"_id with comma is either", "search.html#all", "_id={a},{c},none", "a c"},
	{"_id twice is both", "search.html#combining", "_id={a}&_id={b}", ""},
	{"_tag by system and code", "search.html#all", "_tag=urn:t|red", "a b"},
	{"_tag by code", "search.html#all", "_tag=blue", "b"},
	{"_tag :not", "search.html#modifiers", "_tag:not=urn:t|red", "c"},
	{"_security", "search.html#all", "_security=http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R", "b"},
	{"_profile", "search.html#all", "_profile=http://conformance.example/{tag}/p", "a"},
	{"_source", "search.html#all", "_source=http://conformance.example/{tag}/source", "a"},
	{"_lastUpdated since long ago", "search.html#lastUpdated", "_lastUpdated=gt2000-01-01", "a b c"},
	{"_lastUpdated in the future", "search.html#lastUpdated", "_lastUpdated=gt2099-01-01", ""},
	{"_list finds the members of a List", "search.html#list", "_list={l}", "a c"},
	{"_list of an unknown List finds nothing", "search.html#list", "_list=none-{tag}", ""},
	{"_text searches the narrative", "search.html#text", "_text=yellow", "a"},
	{"_text with OR", "search.html#text", "_text=yellow OR rabies", "a b"},
	{"_content searches the whole", "search.html#text", "_content=rabies", "b"},
}

const basics = "Basic?code=urn:conformance|{tag}&_filter="

var filterRows = []row{
	{"_filter with eq", "search_filter.html", basics + "code eq urn:kind|one", "a"},
	{"_filter with ne", "search_filter.html", basics + "not(code eq urn:kind|one)", "b c"},
	{"_filter with or", "search_filter.html", basics + "code eq urn:kind|one or code eq urn:kind|two", "a b"},
	{"_filter with and", "search_filter.html", basics + "code eq urn:kind|one and created gt 2000-01-01", ""},
	{"_filter with brackets", "search_filter.html", basics + "(code eq urn:kind|one or code eq urn:kind|three) and created gt 2000-01-01", "c"},
	{"_filter that cannot be read is refused", "search_filter.html", basics + "code eq", "refused"},
	{"_filter naming an unknown parameter is refused", "search_filter.html", basics + "colour eq red", "refused"},
}

func searchCommonCases() []Case {
	mk := func(name, clause string, run func(t *T)) Case { return Case{"search", name, clause, run} }
	return []Case{
		mk("_lastUpdated finds the very instant", "search.html#lastUpdated", func(t *T) {
			id, _ := t.Create(person(t, ""))
			at := strings.ReplaceAll(t.Get("/Patient/"+id).Body.Path("meta", "lastUpdated").String(), "+", "%2B")
			own := "/Patient?identifier=urn:conformance|" + t.Tag + "&_lastUpdated="
			t.Want(len(t.All(own+at)) == 1 && len(t.All(own+"ge"+at)) == 1 && len(t.All(own+"le"+at)) == 1, "not found by %s", at)
			t.Want(len(t.All(own+"gt"+at)) == 0 && len(t.All(own+"lt"+at)) == 0, "found outside %s", at)
		}),
		mk("a search sees a create, an update and a delete at once", "http.html#search", func(t *T) {
			own := "/Patient?identifier=urn:conformance|" + t.Tag + "&active="
			id, _ := t.Create(person(t, `"active":true`))
			t.Want(len(t.All(own+"true")) == 1, "not found after create")
			t.Code(t.Do("PUT", "/Patient/"+id, withID(person(t, `"active":false`), id)), 200)
			t.Want(len(t.All(own+"true")) == 0 && len(t.All(own+"false")) == 1, "old value found after update")
			t.Code(t.Do("DELETE", "/Patient/"+id, ""), 200, 204)
			t.Want(len(t.All(own+"false")) == 0, "found after delete")
		}),
		mk("a custom SearchParameter takes effect", "searchparameter.html", func(t *T) {
			t.Create(fmt.Sprintf(`{"resourceType":"SearchParameter","url":"http://conformance.example/%s","name":"Marital%s","status":"active","description":"x","code":%q,"base":["Patient"],"type":"token","expression":"Patient.maritalStatus"}`, t.Tag, t.Tag, "m-"+t.Tag))
			id, _ := t.Create(person(t, `"maritalStatus":{"coding":[{"code":"M"}]}`))
			var r Reply
			for range 50 { // a server may need a moment to index what is there
				r = t.Do("GET", "/Patient?m-"+t.Tag+"=M", "", "Prefer: handling=strict")
				if r.Code == 200 && len(r.IDs()) > 0 {
					break
				}
				time.Sleep(100 * time.Millisecond)
			}
			t.Want(r.Code == 200 && fmt.Sprint(r.IDs()) == "["+id+"]", "after 5 s it answers %d: %.200s", r.Code, r.Raw)
		}),
	}
}

func searchRequestCases() []Case {
	const clause = "http.html#search"
	mk := func(name, clause string, run func(t *T)) Case { return Case{"search", name, clause, run} }
	const form = "Content-Type: application/x-www-form-urlencoded"
	own := func(t *T) string { return "identifier=urn:conformance|" + t.Tag }
	return []Case{
		mk("POST _search is as GET", clause, func(t *T) {
			id, _ := t.Create(person(t, ""))
			r := t.Code(t.Do("POST", "/Patient/_search", escape(own(t)), form), 200)
			t.Want(fmt.Sprint(r.IDs()) == "["+id+"]", "found %v", r.IDs())
		}),
		mk("POST _search takes parameters of the url too", clause, func(t *T) {
			t.Create(person(t, ""))
			r := t.Code(t.Do("POST", "/Patient/_search?gender=female", escape(own(t)), form), 200)
			t.Want(len(r.IDs()) == 0, "the url's parameter was ignored")
		}),
		mk("POST _search of another media type is refused", clause, func(t *T) {
			t.Refused(t.Do("POST", "/Patient/_search", "gender=male", "Content-Type: text/csv"), 400, 415)
		}),
		mk("handling=strict refuses an unknown parameter and names it", "search.html#errors", func(t *T) {
			r := t.Refused(t.Do("GET", "/Patient?colour=red", "", "Prefer: handling=strict"), 400)
			t.Want(strings.Contains(string(r.Raw), "colour"), "not named: %s", r.Raw)
		}),
		mk("handling=lenient ignores an unknown parameter and leaves it out of self", "search.html#errors", func(t *T) {
			t.Create(person(t, ""))
			r := t.Get("/Patient?colour=red&"+own(t), "Prefer: handling=lenient")
			t.Want(len(r.IDs()) == 1 && !strings.Contains(r.Link("self"), "colour"), "ids %v self %s", r.IDs(), r.Link("self"))
		}),
		mk("a modifier that is not supported is refused, also when lenient", "search.html#modifiers", func(t *T) {
			t.Refused(t.Do("GET", "/Patient?gender:colour=male", "", "Prefer: handling=lenient"), 400)
		}),
		mk("a value that cannot be read is refused", "search.html#errors", func(t *T) {
			t.Refused(t.Do("GET", "/Patient?birthdate=abc", "", "Prefer: handling=strict"), 400)
		}),
		mk("a search that finds nothing is 200 with an empty Bundle", clause, func(t *T) {
			r := t.Get("/Patient?" + own(t))
			t.Want(r.Body.ResourceType() == "Bundle" && r.Body.Get("entry") == nil && r.Total() == 0, "%s", r.Raw)
		}),
		mk("search of an unknown type is 404", clause, func(t *T) { t.Refused(t.Do("GET", "/Pazient?_id=1", ""), 404, 400) }),
		mk("parameter names take case", "search.html#general", func(t *T) {
			t.Refused(t.Do("GET", "/Patient?Gender=male", "", "Prefer: handling=strict"), 400)
		}),
		mk("percent-encoded separators are as plain ones", "search.html#escaping", func(t *T) {
			t.Create(person(t, ""))
			t.Want(len(t.All("/Patient?identifier=urn%3Aconformance%7C"+t.Tag+"%2Cother")) == 1, "not found")
		}),
	}
}
