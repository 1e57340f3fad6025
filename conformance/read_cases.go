package main

import (
	"fmt"
	"net/http"
	"strings"
)

// person is a Patient with the case's tag as identifier.
func person(t *T, extra string) string {
	if extra != "" {
		extra = "," + extra
	}
	return fmt.Sprintf(`{"resourceType":"Patient","identifier":[{"system":"urn:conformance","value":%q}],"name":[{"family":"Chalmers","given":["Peter"]}],"birthDate":"1974-12-25","gender":"male"%s}`, t.Tag, extra)
}

func readCases() []Case {
	const clause = "http.html#read"
	mk := func(name, clause string, run func(t *T)) Case { return Case{"read", name, clause, run} }
	return []Case{
		mk("a read gives the resource with ETag and Last-Modified", clause, func(t *T) {
			id, _ := t.Create(person(t, ""))
			r := t.Get("/Patient/" + id)
			t.Want(r.Body.Get("id").String() == id, "id %q", r.Body.Get("id").String())
			t.Want(r.Header.Get("ETag") == `W/"1"`, "ETag %q", r.Header.Get("ETag"))
			_, err := http.ParseTime(r.Header.Get("Last-Modified"))
			t.Want(err == nil, "Last-Modified %q", r.Header.Get("Last-Modified"))
			t.Want(r.Body.Path("meta", "versionId").String() == "1" && r.Body.Path("meta", "lastUpdated").String() != "", "meta %s", r.Body.Get("meta").JSON())
			t.Want(strings.HasPrefix(r.Header.Get("Content-Type"), "application/fhir+json"), "Content-Type %q", r.Header.Get("Content-Type"))
		}),
		mk("an unknown id is 404", clause, func(t *T) { t.Refused(t.Do("GET", "/Patient/"+t.Tag, ""), 404) }),
		mk("an unknown type is 404", clause, func(t *T) { t.Refused(t.Do("GET", "/Pazient/1", ""), 404) }),
		mk("a deleted resource is 410", clause, func(t *T) {
			id, _ := t.Create(person(t, ""))
			t.Code(t.Do("DELETE", "/Patient/"+id, ""), 200, 204)
			t.Refused(t.Do("GET", "/Patient/"+id, ""), 410)
		}),
		mk("an id that is none is refused", "datatypes.html#id", func(t *T) { t.Refused(t.Do("GET", "/Patient/a_b!", ""), 400, 404) }),
		mk("If-None-Match of the current version is 304", "http.html#cread", func(t *T) {
			id, _ := t.Create(person(t, ""))
			t.Code(t.Do("GET", "/Patient/"+id, "", `If-None-Match: W/"1"`), 304)
			t.Code(t.Do("GET", "/Patient/"+id, "", `If-None-Match: W/"2"`), 200)
		}),
		mk("If-Modified-Since after the change is 304", "http.html#cread", func(t *T) {
			id, _ := t.Create(person(t, ""))
			at := t.Get("/Patient/" + id).Header.Get("Last-Modified")
			t.Code(t.Do("GET", "/Patient/"+id, "", "If-Modified-Since: "+at), 304)
			t.Code(t.Do("GET", "/Patient/"+id, "", "If-Modified-Since: Mon, 01 Jan 2001 00:00:00 GMT"), 200)
		}),
		mk("vread gives the version asked for", "http.html#vread", func(t *T) {
			id, _ := t.Create(person(t, ""))
			t.Code(t.Do("PUT", "/Patient/"+id, strings.Replace(person(t, ""), "{", `{"id":"`+id+`",`, 1)), 200)
			r := t.Get("/Patient/" + id + "/_history/1")
			t.Want(r.Header.Get("ETag") == `W/"1"`, "ETag %q", r.Header.Get("ETag"))
			t.Want(t.Get("/Patient/"+id+"/_history/2").Body.Path("meta", "versionId").String() == "2", "versionId")
		}),
		mk("an unknown version is 404", "http.html#vread", func(t *T) {
			id, _ := t.Create(person(t, ""))
			t.Refused(t.Do("GET", "/Patient/"+id+"/_history/9", ""), 404)
			t.Refused(t.Do("GET", "/Patient/"+id+"/_history/x", ""), 400, 404)
		}),
		mk("vread of a deletion is 410", "http.html#vread", func(t *T) {
			id, _ := t.Create(person(t, ""))
			t.Code(t.Do("DELETE", "/Patient/"+id, ""), 200, 204)
			t.Refused(t.Do("GET", "/Patient/"+id+"/_history/2", ""), 410)
			t.Get("/Patient/" + id + "/_history/1")
		}),
		mk("_summary=true keeps summary elements and tags the result", "search.html#summary", func(t *T) {
			id, _ := t.Create(person(t, `"photo":[{"title":"x"}],"maritalStatus":{"text":"M"}`))
			r := t.Get("/Patient/" + id + "?_summary=true")
			t.Want(r.Body.Get("photo") == nil && r.Body.Get("name") != nil, "%s", r.Raw)
			t.Want(strings.Contains(string(r.Raw), "SUBSETTED"), "not tagged SUBSETTED")
		}),
		mk("_elements keeps what is listed and what is mandatory", "search.html#elements", func(t *T) {
			id, _ := t.Create(person(t, ""))
			r := t.Get("/Patient/" + id + "?_elements=birthDate")
			t.Want(r.Body.Get("birthDate") != nil && r.Body.Get("name") == nil, "%s", r.Raw)
		}),
		mk("_format of another kind is 406", "http.html#mime-type", func(t *T) {
			id, _ := t.Create(person(t, ""))
			t.Refused(t.Do("GET", "/Patient/"+id+"?_format=text/csv", ""), 406)
		}),
		mk("_format overrides Accept", "http.html#parameters", func(t *T) {
			id, _ := t.Create(person(t, ""))
			t.Code(t.Do("GET", "/Patient/"+id+"?_format=json", "", "Accept: text/csv"), 200)
		}),
		mk("decimals keep their precision", "datatypes.html#decimal", func(t *T) {
			for _, d := range []string{"1.10", "0.00010", "100", "1.0000000000000000001"} {
				body := fmt.Sprintf(`{"resourceType":"Observation","status":"final","code":{"text":%q},"valueQuantity":{"value":%s}}`, t.Tag, d)
				id, _ := t.Create(body)
				got := t.Get("/Observation/"+id).Body.Path("valueQuantity", "value")
				t.Want(got != nil && got.Text == d, "%s came back as %v", d, got)
			}
		}),
		mk("nothing that was sent is lost", "http.html#create", func(t *T) {
			id, _ := t.Create(person(t, `"_birthDate":{"extension":[{"url":"http://x.org/time","valueDateTime":"1974-12-25T14:35:45-05:00"}]},"contained":[{"resourceType":"Organization","id":"o","name":"In"}],"managingOrganization":{"reference":"#o"},"extension":[{"url":"http://x.org/e","valueString":"<&>\u00e9"}]`))
			r := t.Get("/Patient/" + id)
			t.Want(r.Body.Path("_birthDate", "extension") != nil, "primitive extension lost")
			t.Want(r.Body.Get("contained").At(0).Get("name").String() == "In", "contained lost")
			t.Want(r.Body.Get("extension").At(0).Get("valueString").String() == "<&>é", "extension changed")
		}),
	}
}
