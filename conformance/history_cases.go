package main

import (
	"fmt"
	"strings"
	"time"
)

// lived creates a patient, updates and deletes it: three versions.
func lived(t *T) (id string) {
	id, _ = t.Create(person(t, ""))
	t.Code(t.Do("PUT", "/Patient/"+id, withID(person(t, `"active":true`), id)), 200)
	t.Code(t.Do("DELETE", "/Patient/"+id, ""), 200, 204)
	return id
}

func versions(r Reply) (out []string) {
	for _, e := range r.Body.Get("entry").Each() {
		out = append(out, e.Path("resource", "meta", "versionId").String())
	}
	return out
}

func historyCases() []Case {
	const clause = "http.html#history"
	mk := func(name, clause string, run func(t *T)) Case { return Case{"history", name, clause, run} }
	return []Case{
		mk("instance history is a Bundle of type history, newest first", clause, func(t *T) {
			r := t.Get("/Patient/" + lived(t) + "/_history")
			t.Want(r.Body.Get("type").String() == "history", "type %q", r.Body.Get("type").String())
			t.Want(len(r.Body.Get("entry").Each()) == 3 && r.Total() == 3, "%d entries, total %d", len(r.Body.Get("entry").Each()), r.Total())
			v := versions(r)
			t.Want(v[1] == "2" && v[2] == "1", "versions %v", v)
		}),
		mk("history of an unknown id is 404", clause, func(t *T) { t.Refused(t.Do("GET", "/Patient/"+t.Tag+"/_history", ""), 404) }),
		mk("every history entry has its request", clause, func(t *T) {
			id := lived(t)
			var got []string
			for _, e := range t.Get("/Patient/" + id + "/_history").Body.Get("entry").Each() {
				got = append(got, e.Path("request", "method").String()+" "+strings.TrimPrefix(e.Path("request", "url").String(), t.c.base+"/"))
			}
			t.Want(len(got) == 3 && strings.HasPrefix(got[0], "DELETE Patient/"+id) && strings.HasPrefix(got[1], "PUT Patient/"+id) && strings.HasPrefix(got[2], "POST Patient"), "%v", got)
		}),
		mk("every history entry has its response with status, etag and lastModified", "bundle.html#bdl-4", func(t *T) {
			for i, e := range t.Get("/Patient/" + lived(t) + "/_history").Body.Get("entry").Each() {
				re := e.Get("response")
				t.Want(re.Get("status").String() != "" && re.Get("etag").String() == fmt.Sprintf(`W/"%d"`, 3-i) && re.Get("lastModified").String() != "", "entry %d: %s", i, re.JSON())
			}
		}),
		mk("a deletion in the history has no resource", clause, func(t *T) {
			first := t.Get("/Patient/" + lived(t) + "/_history").Body.Get("entry").At(0)
			t.Want(first.Get("resource") == nil, "a resource stands in the deletion")
		}),
		mk("history entries name their fullUrl without the version", "bundle.html#bdl-8", func(t *T) {
			id := lived(t)
			for _, e := range t.Get("/Patient/" + id + "/_history").Body.Get("entry").Each() {
				t.Want(e.Get("fullUrl").String() == t.c.base+"/Patient/"+id, "fullUrl %q", e.Get("fullUrl").String())
			}
		}),
		mk("history _count pages through every version once", clause, func(t *T) {
			path, seen := "/Patient/"+lived(t)+"/_history?_count=1", 0
			for range 10 {
				r := t.Get(path)
				n := len(r.Body.Get("entry").Each())
				t.Want(n <= 1, "%d entries on a page of 1", n)
				seen += n
				if path = r.Link("next"); path == "" {
					break
				}
			}
			t.Want(seen == 3, "%d versions seen", seen)
		}),
		mk("history _since leaves out what is older", clause, func(t *T) {
			id, _ := t.Create(person(t, ""))
			time.Sleep(20 * time.Millisecond)
			t.Code(t.Do("PUT", "/Patient/"+id, withID(person(t, `"active":true`), id)), 200)
			at := t.Get("/Patient/"+id).Body.Path("meta", "lastUpdated").String()
			r := t.Get("/Patient/" + id + "/_history?_since=" + strings.ReplaceAll(at, "+", "%2B"))
			t.Want(fmt.Sprint(versions(r)) == "[2]", "versions %v", versions(r))
		}),
		mk("history _since in the future is empty", clause, func(t *T) {
			id, _ := t.Create(person(t, ""))
			r := t.Get("/Patient/" + id + "/_history?_since=2099-01-01T00:00:00Z")
			t.Want(len(r.Body.Get("entry").Each()) == 0, "%d entries", len(r.Body.Get("entry").Each()))
		}),
		mk("history _at gives what was current then", clause, func(t *T) {
			id, _ := t.Create(person(t, ""))
			at := t.Get("/Patient/"+id).Body.Path("meta", "lastUpdated").String()
			time.Sleep(20 * time.Millisecond)
			t.Code(t.Do("PUT", "/Patient/"+id, withID(person(t, `"active":true`), id)), 200)
			r := t.Get("/Patient/" + id + "/_history?_at=" + strings.ReplaceAll(at, "+", "%2B"))
			t.Want(fmt.Sprint(versions(r)) == "[1]", "versions %v", versions(r))
		}),
		mk("history _since that is no instant is refused", clause, func(t *T) {
			id, _ := t.Create(person(t, ""))
			t.Refused(t.Do("GET", "/Patient/"+id+"/_history?_since=yesterday", ""), 400)
		}),
		mk("type history holds versions of that type only", clause, func(t *T) {
			id := lived(t)
			r := t.Get("/Patient/_history?_count=20")
			found := false
			for _, e := range r.Body.Get("entry").Each() {
				found = found || strings.HasSuffix(e.Get("fullUrl").String(), "/Patient/"+id)
				t.Want(strings.Contains(e.Get("fullUrl").String(), "/Patient/"), "fullUrl %q", e.Get("fullUrl").String())
			}
			t.Want(found && r.Body.Get("type").String() == "history", "the new patient is not there")
		}),
		mk("system history holds every type", clause, func(t *T) {
			p, _ := t.Create(person(t, ""))
			o, _ := t.Create(`{"resourceType":"Observation","status":"final","code":{"text":"x"}}`)
			all := string(t.Get("/_history?_count=20").Raw)
			t.Want(strings.Contains(all, "/Patient/"+p) && strings.Contains(all, "/Observation/"+o), "not both are there")
		}),
		mk("versions in the history are as they were", clause, func(t *T) {
			e := t.Get("/Patient/" + lived(t) + "/_history").Body.Get("entry")
			t.Want(e.At(1).Path("resource", "active").True() && e.At(2).Path("resource", "active") == nil, "content of a version changed")
		}),
		mk("an update to the same content may make a version and always answers", "http.html#update", func(t *T) {
			id, _ := t.Create(person(t, ""))
			t.Code(t.Do("PUT", "/Patient/"+id, withID(person(t, ""), id)), 200)
			n := len(t.Get("/Patient/" + id + "/_history").Body.Get("entry").Each())
			t.Want(n == 1 || n == 2, "%d versions", n)
		}),
	}
}
