package main

import (
	"fmt"
	"strings"
)

// nasty is a request that must be refused: 4xx with an OperationOutcome.
type nasty struct{ name, method, path, body string }

func robustRequests() []nasty {
	deep := func(open, shut string, n int) string { return strings.Repeat(open, n) + strings.Repeat(shut, n) }
	return []nasty{
		{"a query of 5 MB", "GET", "/Patient?family=" + strings.Repeat("a", 5<<20), ""},
		{"a path of 100 kB", "GET", "/Patient/" + strings.Repeat("a", 100<<10), ""},
		{"an id of 65 letters", "GET", "/Patient/" + strings.Repeat("a", 65), ""},
		{"NUL in an id", "GET", "/Patient/a%00b", ""},
		{"NUL in a search value", "GET", "/Patient?family=a%00b", ""},
		{"NUL in a token", "GET", "/Patient?identifier=a|b%00", ""},
		{"NUL in a reference", "GET", "/Observation?subject=Patient/%00", ""},
		{"NUL in a parameter's name", "GET", "/Patient?fam%00ily=a", ""},
		{"bytes that are no UTF-8 in a search value", "GET", "/Patient?family=%ff%fe", ""},
		{"_count=-1", "GET", "/Patient?_count=-1", ""},
		{"_count with a fraction", "GET", "/Patient?_count=1.5", ""},
		{"a bad escape in the query", "GET", "/Patient?family=%zz", ""},
		{"a cut escape in the query", "GET", "/Patient?family=%4", ""},
		{"a date of the year 99999", "GET", "/Patient?birthdate=99999-01-01", ""},
		{"an id that climbs", "GET", "/Patient/..%2f..%2fetc%2fpasswd", ""},
		{"an id with quotes", "GET", "/Patient/a'b", ""},
		{"an _id that is none", "GET", "/Patient/_history/a/b", ""},
		{"a type that is a table", "GET", "/resources?x=1", ""},
		{"a _sort that is SQL", "GET", "/Patient?_sort=family;drop", ""},
		{"a deep object", "POST", "/Patient", deep(`{"extension":[`, `]}`, 20000)},
		{"a deep array", "POST", "/Patient", deep("[", "]", 200000)},
		{"a deep array in a resource", "POST", "/Patient", `{"resourceType":"Patient","name":` + deep("[", "]", 50000) + `}`},
		{"deep extensions", "POST", "/Patient", `{"resourceType":"Patient",` + strings.Repeat(`"extension":[{"url":"u",`, 5000) + `"valueBoolean":true` + strings.Repeat("}]", 5000) + `}`},
		{"a byte that is no UTF-8", "POST", "/Patient", "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"\xff\"}]}"},
		{"a NUL byte", "POST", "/Patient", "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"\x00\"}]}"},
		{"a resource that is a string", "POST", "/Patient", `"Patient"`},
		{"a resource that is null", "POST", "/Patient", `null`},
		{"a resourceType that is a number", "POST", "/Patient", `{"resourceType":5}`},
		{"an entry that is null", "POST", "", `{"resourceType":"Bundle","type":"transaction","entry":[null]}`},
		{"an entry without request", "POST", "", `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient"}}]}`},
		{"an entry of a method that is none", "POST", "", `{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"BREW","url":"Patient"}}]}`},
		{"an entry with an absolute url elsewhere", "POST", "", `{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"http://other.example/fhir/Patient/1"}}]}`},
		{"a transaction in a transaction", "POST", "", `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Bundle","type":"transaction"},"request":{"method":"POST","url":""}}]}`},
		{"no body", "POST", "/Patient", ""},
		{"a body of spaces", "POST", "/Patient", "   "},
		{"PUT at the base", "PUT", "", `{"resourceType":"Patient"}`},
		{"DELETE at the base", "DELETE", "", ""},
		{"DELETE of a version", "DELETE", "/Patient/1/_history/1", ""},
		{"PUT to metadata", "PUT", "/metadata", `{"resourceType":"Patient"}`},
		{"a chain of 200", "GET", "/Observation?" + strings.Repeat("subject:Patient.", 200) + "family=x", ""},
		{"a _has of 200", "GET", "/Patient?" + strings.Repeat("_has:Observation:patient:", 200) + "code=x", ""},
		{"an If-Match that is none", "PUT", "/Patient/x", `{"resourceType":"Patient","id":"x"}`},
		{"a _since that is none", "GET", "/Patient/_history?_since=x", ""},
	}
}

func robustCases() []Case {
	const clause = "http.html#Status-Codes"
	var out []Case
	for _, n := range robustRequests() {
		out = append(out, Case{"robustness", n.name, clause, func(t *T) {
			var headers []string
			if strings.HasPrefix(n.name, "an If-Match") {
				headers = []string{"If-Match: nonsense"}
			}
			r := t.Do(n.method, n.path, n.body, headers...)
			r.Path = n.name // the path may be long
			t.Refused(r)
		}})
	}
	mk := func(name string, run func(t *T)) Case { return Case{"robustness", name, clause, run} }
	return append(out,
		mk("an error tells nothing of the inside", func(t *T) {
			t.Refused(t.Do("GET", "/Patient/none-"+t.Tag, ""), 404)
			for _, path := range []string{"/Patient/a'b", "/Patient?family=%00", "/Patient?_sort='", "/Patient?_count=x", "/Patient/%00"} {
				body := strings.ToLower(string(t.Do("GET", path, "").Raw))
				for _, word := range []string{"sql", "panic", "goroutine", "stack", ".go:", "exception", "java.", "pq:"} {
					t.Want(!strings.Contains(body, word), "%s says %q", path, word)
				}
			}
		}),
		mk("quotes and SQL in values are values", func(t *T) {
			for _, v := range []string{"'", "''", "%27%20OR%201%3D1%20--", "%22", ";drop", "%25", "$1", "?", "@x"} {
				t.Want(len(t.All("/Patient?identifier=urn:conformance|"+t.Tag+"&family="+v)) == 0, "%s found something", v)
				t.Code(t.Do("GET", "/Patient?identifier="+v, ""), 200, 400)
			}
		}),
		mk("5,000 values in one parameter are answered or refused", func(t *T) {
			id, _ := t.Create(person(t, ""))
			r := t.Do("GET", "/Patient?_id="+strings.Repeat("x,", 5000)+id, "")
			t.Want(r.Code == 200 && len(r.IDs()) == 1 || r.Code >= 400, "answered %d with %d", r.Code, len(r.IDs()))
		}),
		mk("500 parameters are answered or refused", func(t *T) {
			t.served(t.Do("GET", "/Patient?identifier="+t.Tag+strings.Repeat("&identifier=x", 500), ""))
		}),
		mk("an exponent in a search is answered or refused", func(t *T) {
			for _, v := range []string{"1e99999", "1e-99999", "1e999999999", strings.Repeat("9", 5000)} {
				t.served(t.Do("GET", "/Observation?_count=1&value-quantity="+v, ""))
			}
		}),
		mk("a backslash at the end of a value is answered or refused", func(t *T) {
			t.served(t.Do("GET", `/Patient?family=`+t.Tag+`\`, ""))
		}),
		mk("_count beyond 64 bits is answered or refused", func(t *T) {
			t.served(t.Do("GET", "/Patient?_count=99999999999999999999&identifier="+t.Tag, ""))
		}),
		mk("a decimal of any size is kept as it is or refused", func(t *T) {
			for _, d := range []string{strings.Repeat("9", 100000), "1e999999999999999999999999999999", "-1e-999999999", "0." + strings.Repeat("0", 5000) + "1"} {
				r := t.Do("POST", "/Observation", strings.Replace(observation(plainCode, `"valueQuantity":{"value":`+d+`}`), "{tag}", t.Tag, 1))
				if r.Code == 201 {
					got := t.Get("/Observation/"+idFrom(r.Header.Get("Location"), "Observation")).Body.Path("valueQuantity", "value")
					t.Want(got != nil && got.Text == d, "a decimal changed")
				} else {
					t.Refused(r)
				}
			}
			for _, p := range []string{"", "gt", "lt", "ap"} {
				t.served(t.Do("GET", "/Observation?identifier="+t.Tag+"&value-quantity="+p+"5", ""))
			}
		}),
		mk("a bundle of 1,000 wrong entries is refused", func(t *T) {
			e := entry("POST", "Patient", `{"resourceType":"Patient","gender":"man"}`)
			t.Refused(t.Do("POST", "", bundle("transaction", strings.Split(strings.TrimSuffix(strings.Repeat(e+"\n", 1000), "\n"), "\n")...)))
		}),
		mk("an update race over one new id makes no 500", func(t *T) {
			many(16, func(i int) bool {
				return t.Do("PUT", "/Patient/"+t.Tag, withID(person(t, fmt.Sprintf(`"active":%v`, i%2 == 0)), t.Tag)).Code < 300
			})
			t.Get("/Patient/" + t.Tag)
		}),
		mk("creates and deletes at once make no 500", func(t *T) {
			id, _ := t.Create(person(t, ""))
			many(12, func(i int) bool {
				if i%2 == 0 {
					return t.Do("DELETE", "/Patient/"+id, "").Code < 300
				}
				return t.Do("PUT", "/Patient/"+id, withID(person(t, ""), id)).Code < 300
			})
		}),
	)
}

// served wants a searchset, or a refusal.
func (t *T) served(r Reply) {
	if r.Code == 200 {
		t.Want(r.Body.ResourceType() == "Bundle" && r.Body.Get("type").String() == "searchset", "no searchset: %.200s", r.Raw)
		return
	}
	t.Refused(r)
	t.Want(r.Code != 404, "%.200s", r.Raw)
}
