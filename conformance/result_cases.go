package main

import (
	"fmt"
	"slices"
	"strings"
)

// crowd has many patients with few different values: equal sort keys.
var crowd = fixture{"crowd", crowdData()}

func crowdData() (out []datum) {
	for i, name := range strings.Fields("Abel Abel Abel Baker Baker Carter abel - Baker Abel -") {
		names := fmt.Sprintf(`,"name":[{"family":%q}]`, name)
		if name == "-" {
			names = ""
		}
		out = append(out, datum{
			fmt.Sprintf("r%02d", i),
			fmt.Sprintf(`{"resourceType":"Patient","identifier":[{"system":"urn:conformance","value":"{tag}"}],"birthDate":"19%d0-01-01","gender":%q%s}`, 3+i%4, []string{"male", "female"}[i%2], names),
		})
	}
	return out
}

func resultCases() []Case {
	return slices.Concat(sortCases(), pageCases(), shapeCases(), includeCases(), scopeCases())
}

// values reads one member of every match, over all pages.
func values(t *T, path string, member ...string) (out []string) {
	for path != "" {
		r := t.Get(path)
		for _, e := range r.Body.Get("entry").Each() {
			out = append(out, e.Get("resource").Path(member...).String())
		}
		path = r.Link("next")
	}
	return out
}

func sortCases() []Case {
	const clause = "search.html#sort"
	mk := func(name, clause string, run func(t *T, own string, n names)) Case {
		return Case{"result", name, clause, func(t *T) {
			n := t.Use(crowd)
			run(t, n.in("/Patient?identifier=urn:conformance|{tag}"), n)
		}}
	}
	paged := func(sort string) func(*T, string, names) {
		return func(t *T, own string, n names) {
			want := t.All(own + "&_count=50&_sort=" + sort)
			t.Want(len(want) == 11, "%d of 11 found", len(want))
			for _, size := range []int{1, 2, 3, 4} {
				got := t.All(fmt.Sprintf("%s&_count=%d&_sort=%s", own, size, sort))
				slices.Sort(got)
				t.Want(len(got) == 11 && len(slices.Compact(got)) == 11, "pages of %d repeat or lose: %d rows", size, len(got))
			}
		}
	}
	return []Case{
		mk("_sort by a date", clause, func(t *T, own string, _ names) {
			got := values(t, own+"&_sort=birthdate", "birthDate")
			t.Want(len(got) == 11 && slices.IsSorted(got), "%v", got)
		}),
		mk("_sort by a date, descending", clause, func(t *T, own string, _ names) {
			got := values(t, own+"&_sort=-birthdate", "birthDate")
			slices.Reverse(got)
			t.Want(len(got) == 11 && slices.IsSorted(got), "%v", got)
		}),
		mk("_sort by a string disregards case and keeps those without", clause, func(t *T, own string, _ names) {
			got := values(t, own+"&_sort=family", "name", "family")
			t.Want(len(got) == 11, "%d of 11", len(got))
			got = slices.DeleteFunc(got, func(s string) bool { return s == "" })
			lower := strings.Fields(strings.ToLower(strings.Join(got, " ")))
			t.Want(len(got) == 9 && slices.IsSorted(lower), "%v", got)
		}),
		mk("_sort by a token", clause, func(t *T, own string, _ names) {
			got := values(t, own+"&_sort=gender", "gender")
			t.Want(len(got) == 11 && slices.IsSorted(got), "%v", got)
		}),
		mk("_sort by two keys", clause, func(t *T, own string, _ names) {
			gender, birth := values(t, own+"&_sort=gender,-birthdate", "gender"), values(t, own+"&_sort=gender,-birthdate", "birthDate")
			t.Want(len(gender) == 11 && slices.IsSorted(gender), "%v", gender)
			for i := 1; i < len(gender); i++ {
				t.Want(gender[i] != gender[i-1] || birth[i] <= birth[i-1], "%v %v", gender, birth)
			}
		}),
		mk("_sort by _id", clause, func(t *T, own string, _ names) {
			up, down := t.All(own+"&_sort=_id"), t.All(own+"&_sort=-_id")
			slices.Reverse(down)
			t.Want(len(up) == 11 && slices.Equal(up, down), "%v against %v", up, down)
		}),
		mk("_sort by _lastUpdated is the order of writing", clause, func(t *T, own string, n names) {
			got, want := t.All(own+"&_sort=_lastUpdated"), []string{}
			for i := range 11 {
				want = append(want, n[fmt.Sprintf("r%02d", i)])
			}
			at := values(t, own+"&_sort=_lastUpdated", "meta", "lastUpdated")
			t.Want(slices.IsSorted(at), "%v", at)
			t.Want(slices.Equal(got, want) || len(slices.Compact(at)) < 11, "%v", got)
		}),
		mk("pages of equal strings neither repeat nor lose", clause, paged("family")),
		mk("pages of equal strings, descending, neither repeat nor lose", clause, paged("-family")),
		mk("pages of equal dates neither repeat nor lose", clause, paged("birthdate")),
		mk("pages of equal tokens neither repeat nor lose", clause, paged("gender")),
		mk("pages sorted by two keys neither repeat nor lose", clause, paged("gender,-family")),
		mk("pages by _lastUpdated neither repeat nor lose", clause, paged("-_lastUpdated")),
		mk("pages without _sort neither repeat nor lose", clause, func(t *T, own string, _ names) {
			got := t.All(own + "&_count=2")
			slices.Sort(got)
			t.Want(len(got) == 11 && len(slices.Compact(got)) == 11, "%d rows", len(got))
		}),
		mk("the order over pages is the order of one page", clause, func(t *T, own string, _ names) {
			one, many := t.All(own+"&_sort=birthdate,_id&_count=50"), t.All(own+"&_sort=birthdate,_id&_count=3")
			t.Want(slices.Equal(one, many), "%v against %v", one, many)
		}),
		mk("_sort by an unknown parameter is refused when strict", clause, func(t *T, own string, _ names) {
			t.Refused(t.Do("GET", own+"&_sort=colour", "", "Prefer: handling=strict"), 400)
		}),
	}
}

func pageCases() []Case {
	mk := func(name, clause string, run func(t *T, own string)) Case {
		return Case{"result", name, clause, func(t *T) { run(t, t.Use(crowd).in("/Patient?identifier=urn:conformance|{tag}")) }}
	}
	return []Case{
		mk("a page holds no more than _count", "search.html#count", func(t *T, own string) {
			r := t.Get(own + "&_count=4")
			t.Want(len(r.IDs()) == 4 && r.Link("next") != "", "%d entries, next %q", len(r.IDs()), r.Link("next"))
		}),
		mk("the last page has no next link", "search.html#count", func(t *T, own string) {
			t.Want(t.Get(own+"&_count=50").Link("next") == "", "a next link")
		}),
		mk("total counts all matches on every page", "search.html#total", func(t *T, own string) {
			r := t.Get(own + "&_count=4&_total=accurate")
			t.Want(r.Total() == 11, "total %d", r.Total())
			r = t.Get(r.Link("next"))
			t.Want(r.Total() == 11 || r.Total() == -1, "total %d on page 2", r.Total())
		}),
		mk("_count=0 gives the total and no entry", "search.html#count", func(t *T, own string) {
			r := t.Get(own + "&_count=0")
			t.Want(r.Total() == 11 && len(r.Body.Get("entry").Each()) == 0 && r.Link("next") == "", "%.300s", r.Raw)
		}),
		mk("_summary=count gives the total and no entry", "search.html#summary", func(t *T, own string) {
			r := t.Get(own + "&_summary=count")
			t.Want(r.Total() == 11 && len(r.Body.Get("entry").Each()) == 0, "%.300s", r.Raw)
		}),
		mk("_total=none needs no total", "search.html#total", func(t *T, own string) {
			t.Want(len(t.Get(own+"&_total=none&_count=50").IDs()) == 11, "not all")
		}),
		mk("_total=estimate is near", "search.html#total", func(t *T, own string) {
			n := t.Get(own + "&_total=estimate&_count=50").Total()
			t.Want(n >= 0, "no total")
		}),
		mk("_total of another word is refused", "search.html#total", func(t *T, own string) {
			t.Refused(t.Do("GET", own+"&_total=maybe", "", "Prefer: handling=strict"), 400)
		}),
		mk("_count that is no number is refused", "search.html#count", func(t *T, own string) {
			t.Refused(t.Do("GET", own+"&_count=many", "", "Prefer: handling=strict"), 400)
		}),
		mk("every searchset has a self link", "http.html#paging", func(t *T, own string) {
			self := t.Get(own + "&gender=male").Link("self")
			t.Want(strings.Contains(self, "gender=male") && strings.Contains(self, "identifier="), "self %q", self)
		}),
		mk("the self link gives the same result", "search.html#conformance", func(t *T, own string) {
			r := t.Get(own + "&gender=male&_sort=birthdate,_id&_count=3")
			t.Want(slices.Equal(t.Get(r.Link("self")).IDs(), r.IDs()), "not the same")
		}),
		mk("the self link keeps escapes", "search.html#escaping", func(t *T, own string) {
			self := t.Get(own + `&family=A\,B%26C`).Link("self")
			t.Want(len(t.Get(self).IDs()) == 0 && !strings.Contains(self, "&C"), "self %q", self)
		}),
		mk("links are absolute", "http.html#paging", func(t *T, own string) {
			r := t.Get(own + "&_count=2")
			t.Want(strings.HasPrefix(r.Link("self"), "http") && strings.HasPrefix(r.Link("next"), "http"), "%q %q", r.Link("self"), r.Link("next"))
		}),
		mk("entries have an absolute fullUrl and mode match", "search.html#modes", func(t *T, own string) {
			for _, e := range t.Get(own).Body.Get("entry").Each() {
				t.Want(e.Get("fullUrl").String() == t.c.base+"/Patient/"+e.Path("resource", "id").String(), "fullUrl %q", e.Get("fullUrl").String())
				t.Want(e.Path("search", "mode").String() == "match", "mode %q", e.Path("search", "mode").String())
			}
		}),
		mk("a page link that was tampered with is refused or harmless", "http.html#paging", func(t *T, own string) {
			next := t.Get(own + "&_count=2").Link("next")
			r := t.Do("GET", next+"x", "")
			t.Want(r.Code == 200 || r.Code >= 400 && r.Code < 500, "answered %d", r.Code)
			t.Want(len(r.Raw) > 0 && r.Body != nil, "no body")
		}),
		{"result", "paging while others write loses none of those that stay", "http.html#paging", pagingWhileWriting},
		{"result", "paging while others delete loses none of those that stay", "http.html#paging", pagingWhileDeleting},
	}
}

func pagingWhileWriting(t *T) {
	own := "/Patient?identifier=urn:conformance|" + t.Tag
	var want []string
	for range 6 {
		id, _ := t.Create(person(t, ""))
		want = append(want, id)
	}
	seen := map[string]int{}
	path := own + "&_count=2&_sort=family"
	for page := 0; path != ""; page++ {
		t.Want(page < 40, "the pages do not end")
		r := t.Get(path)
		for _, id := range r.IDs() {
			seen[id]++
		}
		if page < 4 { // a newcomer with an equal key, and a new version of an old one
			t.Create(person(t, ""))
			t.Code(t.Do("PUT", "/Patient/"+want[5], withID(person(t, fmt.Sprintf(`"active":%v`, page%2 == 0)), want[5])), 200)
		}
		path = r.Link("next")
	}
	for _, id := range want {
		t.Want(seen[id] == 1, "one was seen %d times", seen[id])
	}
}

func pagingWhileDeleting(t *T) {
	own := "/Patient?identifier=urn:conformance|" + t.Tag
	var made []string
	for range 8 {
		id, _ := t.Create(person(t, ""))
		made = append(made, id)
	}
	r := t.Get(own + "&_count=3&_sort=_id")
	seen := r.IDs()
	t.Want(len(seen) == 3, "%d on the first page", len(seen))
	t.Code(t.Do("DELETE", "/Patient/"+seen[0], ""), 200, 204)
	seen = append(seen, t.All(r.Link("next"))...)
	for _, id := range made {
		n := 0
		for _, s := range seen {
			if s == id {
				n++
			}
		}
		t.Want(n == 1, "one was seen %d times", n)
	}
}
