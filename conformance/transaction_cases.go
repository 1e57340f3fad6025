package main

import (
	"fmt"
	"strings"
)

const someUUID = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"

// transactionCases are the further rules of batch and transaction.
func transactionCases() []Case {
	const rules, clause = "http.html#trules", "http.html#transaction"
	mk := func(name, clause string, run func(t *T)) Case { return Case{"bundle", name, clause, run} }
	post := func(t *T, kind string, entries ...string) Reply {
		return t.Code(t.Do("POST", "", bundle(kind, entries...)), 200)
	}
	by := func(t *T) string { return "Patient?identifier=urn:conformance|" + t.Tag }
	// second stores a patient and a resource that names its fullUrl, and reads
	// the latter as stored.
	second := func(t *T, fullURL, resource string) string {
		r := post(t, "transaction", full(fullURL, entry("POST", "Patient", person(t, ""))), entry("POST", typeOf(resource), resource))
		id := idFrom("/"+r.Body.Get("entry").At(1).Path("response", "location").String(), typeOf(resource))
		return string(t.Get("/" + typeOf(resource) + "/" + id).Raw)
	}
	return []Case{
		mk("references to an http fullUrl become real ones", rules, func(t *T) {
			got := second(t, "http://other.example/fhir/Patient/7", final(`"subject":{"reference":"http://other.example/fhir/Patient/7"}`))
			t.Want(!strings.Contains(got, "other.example") && strings.Contains(got, `"Patient/`), "%s", got)
		}),
		mk("relative references to an entry's fullUrl become real ones", rules, func(t *T) {
			r := post(t, "transaction", full(t.c.base+"/Patient/7-"+t.Tag, entry("POST", "Patient", person(t, ""))), full(t.c.base+"/Observation/8", entry("POST", "Observation", final(`"subject":{"reference":"Patient/7-`+t.Tag+`"}`))))
			id := idFrom("/"+r.Body.Get("entry").At(1).Path("response", "location").String(), "Observation")
			pid := idFrom("/"+r.Body.Get("entry").At(0).Path("response", "location").String(), "Patient")
			t.Want(t.Get("/Observation/"+id).Body.Path("subject", "reference").String() == "Patient/"+pid, "%s", t.Get("/Observation/"+id).Raw)
		}),
		mk("a uri element that names a fullUrl is rewritten", rules, func(t *T) {
			got := second(t, someUUID, `{"resourceType":"DocumentReference","status":"current","content":[{"attachment":{"url":"`+someUUID+`"}}]}`)
			t.Want(!strings.Contains(got, "urn:uuid") && strings.Contains(got, "Patient/"), "%s", got)
		}),
		mk("a link in a narrative that names a fullUrl is rewritten", rules, func(t *T) {
			got := second(t, someUUID, final(`"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"`+someUUID+`\">x</a></div>"}`))
			t.Want(!strings.Contains(got, "urn:uuid") && strings.Contains(got, "Patient/"), "%s", got)
		}),
		mk("entries that refer to each other in a circle", rules, func(t *T) {
			a, b := "urn:uuid:11111111-1cbf-4d64-b04d-cd9187a4c6e1", "urn:uuid:22222222-1cbf-4d64-b04d-cd9187a4c6e2"
			link := func(to string) string {
				return person(t, `"link":[{"type":"seealso","other":{"reference":"`+to+`"}}]`)
			}
			r := post(t, "transaction", full(a, entry("POST", "Patient", link(b))), full(b, entry("POST", "Patient", link(a))))
			ids := []string{idFrom("/"+r.Body.Get("entry").At(0).Path("response", "location").String(), "Patient"), idFrom("/"+r.Body.Get("entry").At(1).Path("response", "location").String(), "Patient")}
			for i, id := range ids {
				t.Want(t.Get("/Patient/"+id).Body.Path("link", "other", "reference").String() == "Patient/"+ids[1-i], "not a circle")
			}
		}),
		mk("answers stand in the order of the entries", clause, func(t *T) {
			id, _ := t.Create(person(t, ""))
			r := post(t, "transaction", entry("GET", "Patient/"+id, ""), entry("PUT", "Patient/"+t.Tag, withID(person(t, ""), t.Tag)), entry("POST", "Patient", person(t, "")))
			t.Want(fmt.Sprint(r.statuses()) == "[200 201 201]", "%v", r.statuses())
			t.Want(r.Body.Get("entry").At(0).Path("resource", "id").String() == id, "the read is not first")
		}),
		mk("an answer to a write has status, location, etag and lastModified", clause, func(t *T) {
			re := post(t, "transaction", entry("POST", "Patient", person(t, ""))).Body.Get("entry").At(0).Get("response")
			for _, name := range []string{"status", "location", "etag", "lastModified"} {
				t.Want(re.Get(name).String() != "", "no %s: %s", name, re.JSON())
			}
		}),
		mk("conditional update in a transaction", rules, func(t *T) {
			id, _ := t.Create(person(t, ""))
			post(t, "transaction", entry("PUT", by(t), person(t, `"active":true`)))
			t.Want(t.Get("/Patient/"+id).Body.Get("active").True(), "not updated")
		}),
		mk("conditional delete in a transaction", rules, func(t *T) {
			id, _ := t.Create(person(t, ""))
			post(t, "transaction", entry("DELETE", by(t), ""))
			t.Refused(t.Do("GET", "/Patient/"+id, ""), 410)
		}),
		mk("a conditional reference with several matches fails the transaction", rules, func(t *T) {
			t.Create(person(t, ""))
			t.Create(person(t, ""))
			t.Refused(t.Do("POST", "", bundle("transaction", entry("POST", "Observation", final(`"subject":{"reference":"`+by(t)+`"}`)))), 400, 412, 422)
		}),
		mk("two entries with one fullUrl are refused", "bundle.html#bdl-7", func(t *T) {
			e := full(someUUID, entry("POST", "Patient", person(t, "")))
			t.Refused(t.Do("POST", "", bundle("transaction", e, e)), 400, 422)
		}),
		mk("a transaction that deletes and updates one resource is refused", rules, func(t *T) {
			id, _ := t.Create(person(t, ""))
			t.Refused(t.Do("POST", "", bundle("transaction", entry("DELETE", "Patient/"+id, ""), entry("PUT", "Patient/"+id, withID(person(t, ""), id)))), 400, 422)
			t.Get("/Patient/" + id)
		}),
		mk("a search in a batch answers a searchset", clause, func(t *T) {
			id, _ := t.Create(person(t, ""))
			got := post(t, "batch", entry("GET", by(t), "")).Body.Get("entry").At(0).Get("resource")
			t.Want(got.Get("type").String() == "searchset" && got.Path("entry", "resource", "id").String() == id, "%s", got.JSON())
		}),
		mk("a batch with every method", clause, func(t *T) {
			id, _ := t.Create(person(t, ""))
			other, _ := t.Create(person(t, ""))
			r := post(t, "batch", entry("GET", "Patient/"+id, ""), entry("POST", "Patient", person(t, "")), entry("PUT", "Patient/"+id, withID(person(t, ""), id)), entry("DELETE", "Patient/"+other, ""), entry("GET", "metadata", ""))
			s := r.statuses()
			t.Want(len(s) == 5 && s[0] == "200" && s[1] == "201" && s[2] == "200" && s[3][0] == '2' && s[4] == "200", "%v", s)
		}),
		mk("a read in a batch honours ifNoneMatch", clause, func(t *T) {
			id, _ := t.Create(person(t, ""))
			r := post(t, "batch", entry("GET", "Patient/"+id, "", `,"ifNoneMatch":"W/\"1\""`))
			t.Want(fmt.Sprint(r.statuses()) == "[304]", "%v", r.statuses())
		}),
		mk("a batch of which all fails is 200", clause, func(t *T) {
			r := post(t, "batch", entry("GET", "Patient/none-"+t.Tag, ""), entry("PUT", "Patient/x", person(t, "")))
			s := r.statuses()
			t.Want(len(s) == 2 && s[0][0] == '4' && s[1][0] == '4', "%v", s)
		}),
		mk("Prefer return=minimal holds for the entries", clause, func(t *T) {
			r := t.Code(t.Do("POST", "", bundle("transaction", entry("POST", "Patient", person(t, ""))), "Prefer: return=minimal"), 200)
			t.Want(r.Body.Get("entry").At(0).Get("resource") == nil && fmt.Sprint(r.statuses()) == "[201]", "%.300s", r.Raw)
		}),
		mk("the error of a transaction names the entry at fault", rules, func(t *T) {
			r := t.Refused(t.Do("POST", "", bundle("transaction", entry("POST", "Patient", person(t, "")), entry("POST", "Patient", patient(`"gender":"man"`)))))
			t.Want(strings.Contains(string(r.Raw), "entry[1]"), "%s", r.Raw)
		}),
	}
}
