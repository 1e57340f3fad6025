package main

import (
	"slices"
	"strings"
)

// rich has narrative, summary elements and others.
var rich = fixture{"rich", []datum{
	{"a", `{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">told</div>"},"identifier":[{"system":"urn:conformance","value":"{tag}"}],"name":[{"family":"Shown"}],"birthDate":"1990-01-01","_birthDate":{"extension":[{"url":"http://x.org/e","valueString":"x"}]},"maritalStatus":{"text":"hidden"},"photo":[{"title":"hidden"}]}`},
	{"o", observation(`{"text":"x"}`, `"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">told</div>"},"subject":{"reference":"Patient/{a}"},"note":[{"text":"hidden"}]`)},
}}

func shapeCases() []Case {
	// Each gets the first match of a search with the parameters.
	mk := func(name, clause, params string, run func(t *T, r Reply)) Case {
		return Case{"result", name, clause, func(t *T) {
			r := t.Get(t.Use(rich).in("/Patient?identifier=urn:conformance|{tag}&" + params))
			t.Want(len(r.IDs()) == 1, "%d matches", len(r.IDs()))
			run(t, r)
		}}
	}
	has := func(r Reply, member string) bool {
		return r.Body.Get("entry").At(0).Path("resource", member) != nil
	}
	// members wants those given and not the others, and the tag.
	members := func(with, without string) func(t *T, r Reply) {
		return func(t *T, r Reply) {
			for _, m := range strings.Fields(with) {
				t.Want(has(r, m), "%s is missing", m)
			}
			for _, m := range strings.Fields(without) {
				t.Want(!has(r, m), "%s is there", m)
			}
			t.Want(strings.Contains(string(r.Raw), "SUBSETTED") == (without != ""), "tag SUBSETTED in %.300s", r.Raw)
		}
	}
	return []Case{
		mk("search _summary=true", "search.html#summary", "_summary=true", members("id meta identifier name birthDate", "text photo maritalStatus")),
		mk("search _summary=text", "search.html#summary", "_summary=text", members("id meta text", "photo maritalStatus name")),
		mk("search _summary=data", "search.html#summary", "_summary=data", members("id meta name photo maritalStatus", "text")),
		mk("search _summary=false", "search.html#summary", "_summary=false", members("id meta text name photo maritalStatus", "")),
		mk("search _elements", "search.html#elements", "_elements=birthDate,gender", members("id birthDate", "name photo text")),
		mk("search _elements keeps the extensions of a primitive", "search.html#elements", "_elements=birthDate", members("birthDate _birthDate", "name")),
		mk("search _elements with the type in front", "search.html#elements", "_elements=Patient.name", members("name", "birthDate photo")),
		mk("search _summary=text is tagged so that it is not stored back", "search.html#summary", "_summary=text", func(t *T, r Reply) {
			tag := r.Body.Get("entry").At(0).Path("resource", "meta", "tag")
			t.Want(slices.ContainsFunc(tag.Each(), func(c *node) bool { return c.Get("code").String() == "SUBSETTED" }), "meta.tag %s", tag.JSON())
		}),
		{"result", "search _summary of another word is refused", "search.html#summary", func(t *T) {
			t.Refused(t.Do("GET", "/Patient?_summary=short", "", "Prefer: handling=strict"), 400)
		}},
		{"result", "search _elements keeps mandatory elements", "search.html#elements", func(t *T) {
			r := t.Get(t.Use(rich).in("/Observation?identifier=urn:conformance|{tag}&_elements=subject"))
			t.Want(len(r.IDs()) == 1 && has(r, "status") && has(r, "code") && has(r, "subject") && !has(r, "note"), "%.400s", r.Raw)
		}},
		{"result", "_contained=false does not return contained resources", "search.html#contained", func(t *T) {
			t.Create(`{"resourceType":"Observation","status":"final","code":{"text":"x"},"contained":[{"resourceType":"Patient","id":"p","identifier":[{"value":"` + t.Tag + `"}]}],"subject":{"reference":"#p"}}`)
			t.Want(len(t.All("/Patient?identifier="+t.Tag)) == 0, "a contained one was found")
		}},
		{"result", "_format=json on a search", "http.html#parameters", func(t *T) {
			r := t.Get("/Patient?_format=json&identifier="+t.Tag, "Accept: text/html")
			t.Want(strings.HasPrefix(r.Header.Get("Content-Type"), "application/fhir+json"), "Content-Type %q", r.Header.Get("Content-Type"))
		}},
		{"result", "_pretty=true changes white space only", "http.html#parameters", func(t *T) {
			path := t.Use(rich).in("/Patient/{a}")
			plain, pretty := t.Get(path), t.Get(path+"?_pretty=true")
			t.Want(string(plain.Body.JSON()) == string(pretty.Body.JSON()), "content changed")
			t.Want(strings.Count(string(pretty.Raw), "\n") > 5, "not indented")
		}},
	}
}
