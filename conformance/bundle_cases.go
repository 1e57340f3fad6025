package main

import (
	"fmt"
	"strings"
)

func bundle(kind string, entries ...string) string {
	return fmt.Sprintf(`{"resourceType":"Bundle","type":%q,"entry":[%s]}`, kind, strings.Join(entries, ","))
}

func entry(method, url, resource string, more ...string) string {
	parts := []string{fmt.Sprintf(`"request":{"method":%q,"url":%q%s}`, method, url, strings.Join(more, ""))}
	if resource != "" {
		parts = append(parts, `"resource":`+resource)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func full(url, entry string) string {
	return strings.Replace(entry, "{", fmt.Sprintf(`{"fullUrl":%q,`, url), 1)
}

func (r Reply) statuses() (out []string) {
	for _, e := range r.Body.Get("entry").Each() {
		s := e.Path("response", "status").String()
		out = append(out, s[:min(3, len(s))])
	}
	return out
}

func bundleCases() []Case {
	mk := func(name, clause string, run func(t *T)) Case { return Case{"bundle", name, clause, run} }
	const rules = "http.html#trules"
	return append(transactionCases(), []Case{
		mk("a batch answers each entry by itself", "http.html#transaction", func(t *T) {
			r := t.Code(t.Do("POST", "", bundle("batch", entry("POST", "Patient", person(t, "")), entry("GET", "Patient/"+t.Tag, ""), entry("POST", "Patient", `{"resourceType":"Patient","active":"x"}`))), 200)
			t.Want(r.Body.Get("type").String() == "batch-response", "type")
			s := r.statuses()
			t.Want(len(s) == 3 && s[0] == "201" && s[1] == "404" && s[2][0] == '4', "%v", s)
			t.Want(r.Body.Get("entry").At(1).Path("response", "outcome") != nil, "no outcome for the failure")
		}),
		mk("a transaction writes all", "http.html#transaction", func(t *T) {
			r := t.Code(t.Do("POST", "", bundle("transaction", entry("POST", "Patient", person(t, "")), entry("PUT", "Patient/"+t.Tag, withID(person(t, ""), t.Tag)))), 200)
			t.Want(r.Body.Get("type").String() == "transaction-response" && fmt.Sprint(r.statuses()) == "[201 201]", "%v", r.statuses())
			t.Want(r.Body.Get("entry").At(0).Path("response", "location").String() != "", "no location")
		}),
		mk("a transaction writes nothing when an entry fails", rules, func(t *T) {
			t.Refused(t.Do("POST", "", bundle("transaction", entry("POST", "Patient", person(t, "")), entry("POST", "Patient", `{"resourceType":"Patient","active":"x"}`))))
			t.Want(t.Get("/Patient?identifier="+t.Tag).Total() == 0, "something was stored")
		}),
		mk("entries of a transaction are validated", rules, func(t *T) {
			t.Refused(t.Do("POST", "", bundle("transaction", entry("POST", "Observation", `{"resourceType":"Observation","code":{"text":"x"}}`))))
		}),
		mk("urn:uuid references become real ones", rules, func(t *T) {
			obs := `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"},"contained":[{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},"subject":{"reference":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}}],"encounter":{"reference":"#e"},"extension":[{"url":"http://x.org/r","valueReference":{"reference":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}}]}`
			r := t.Code(t.Do("POST", "", bundle("transaction", full("urn:uuid:1c3151bd-1cbf-4d64-b04d-cd9187a4c6e1", entry("POST", "Observation", obs)), full("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", entry("POST", "Patient", person(t, ""))))), 200)
			id := idFrom("/"+r.Body.Get("entry").At(0).Path("response", "location").String(), "Observation")
			got := string(t.Get("/Observation/" + id).Raw)
			t.Want(!strings.Contains(got, "urn:uuid") && strings.Count(got, `"Patient/`) == 3, "%s", got)
		}),
		mk("a urn:uuid that no entry has is refused", rules, func(t *T) {
			t.Refused(t.Do("POST", "", bundle("transaction", entry("POST", "Observation", `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e9"}}`))))
		}),
		mk("conditional references are resolved", rules, func(t *T) {
			id, _ := t.Create(person(t, ""))
			obs := fmt.Sprintf(`{"resourceType":"Observation","status":"final","code":{"text":%q},"subject":{"reference":"Patient?identifier=urn:conformance|%s"}}`, t.Tag, t.Tag)
			r := t.Code(t.Do("POST", "", bundle("transaction", entry("POST", "Observation", obs))), 200)
			oid := idFrom("/"+r.Body.Get("entry").At(0).Path("response", "location").String(), "Observation")
			t.Want(t.Get("/Observation/"+oid).Body.Path("subject", "reference").String() == "Patient/"+id, "not resolved")
		}),
		mk("a conditional reference that finds nothing is refused", rules, func(t *T) {
			t.Refused(t.Do("POST", "", bundle("transaction", entry("POST", "Observation", `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient?identifier=urn:conformance|nobody-`+t.Tag+`"}}`))), 400, 412, 422)
		}),
		mk("ifNoneExist in a transaction", rules, func(t *T) {
			id, _ := t.Create(person(t, ""))
			none := fmt.Sprintf(`,"ifNoneExist":"identifier=urn:conformance|%s"`, t.Tag)
			obs := `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}}`
			r := t.Code(t.Do("POST", "", bundle("transaction", full("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", entry("POST", "Patient", person(t, ""), none)), entry("POST", "Observation", obs))), 200)
			t.Want(fmt.Sprint(r.statuses()) == "[200 201]", "%v", r.statuses())
			oid := idFrom("/"+r.Body.Get("entry").At(1).Path("response", "location").String(), "Observation")
			t.Want(t.Get("/Observation/"+oid).Body.Path("subject", "reference").String() == "Patient/"+id, "reference to the found one")
		}),
		mk("the same target twice is refused", rules, func(t *T) {
			e := entry("PUT", "Patient/"+t.Tag, withID(person(t, ""), t.Tag))
			t.Refused(t.Do("POST", "", bundle("transaction", e, e)), 400, 422)
		}),
		mk("deletes come before creates, gets come last", rules, func(t *T) {
			id, _ := t.Create(person(t, ""))
			r := t.Code(t.Do("POST", "", bundle("transaction", entry("GET", "Patient?identifier=urn:conformance|"+t.Tag, ""), entry("POST", "Patient", person(t, ""), fmt.Sprintf(`,"ifNoneExist":"identifier=urn:conformance|%s&active=true"`, t.Tag)), entry("DELETE", "Patient/"+id, ""))), 200)
			found := r.Body.Get("entry").At(0).Path("resource", "entry")
			t.Want(len(found.Each()) == 1 && found.At(0).Path("resource", "id").String() != id, "%s", r.Raw)
		}),
		mk("ifMatch of an old version fails the transaction", rules, func(t *T) {
			id, _ := t.Create(person(t, ""))
			t.Refused(t.Do("POST", "", bundle("transaction", entry("PUT", "Patient/"+id, withID(person(t, ""), id), `,"ifMatch":"W/\"7\""`))), 409, 412)
		}),
		mk("crossing transactions are never a 500", rules, func(t *T) {
			a, b := t.Tag+"a", t.Tag+"b"
			many(12, func(i int) bool {
				x, y := a, b
				if i%2 == 1 {
					x, y = b, a
				}
				r := t.Do("POST", "", bundle("transaction", entry("PUT", "Patient/"+x, withID(person(t, ""), x)), entry("PUT", "Patient/"+y, withID(person(t, ""), y))))
				return r.Code == 200
			})
			t.Get("/Patient/" + a)
			t.Get("/Patient/" + b)
		}),
		mk("a url that does not fit the method is refused", rules, func(t *T) {
			t.Refused(t.Do("POST", "", bundle("transaction", entry("POST", "Patient/1", person(t, "")))), 400, 422)
			t.Refused(t.Do("POST", "", bundle("transaction", entry("PUT", "Patient", withID(person(t, ""), "x")))), 400, 412, 422)
		}),
		mk("an entry's type must be that of its url", rules, func(t *T) {
			t.Refused(t.Do("POST", "", bundle("transaction", entry("POST", "Observation", person(t, "")))), 400, 422)
		}),
		mk("another kind of Bundle is refused at the base", "http.html#transaction", func(t *T) {
			t.Refused(t.Do("POST", "", bundle("collection")), 400, 422)
			t.Refused(t.Do("POST", "", person(t, "")), 400, 422)
		}),
		mk("an empty transaction succeeds", "http.html#transaction", func(t *T) {
			t.Code(t.Do("POST", "", `{"resourceType":"Bundle","type":"transaction"}`), 200)
		}),
	}...)
}
