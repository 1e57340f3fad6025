package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// withID puts an id into a resource text.
func withID(resource, id string) string {
	return strings.Replace(resource, "{", fmt.Sprintf(`{"id":%q,`, id), 1)
}

func writeCases() []Case {
	mk := func(name, clause string, run func(t *T)) Case { return Case{"write", name, clause, run} }
	return []Case{
		mk("create answers 201 with Location, ETag and Last-Modified", "http.html#create", func(t *T) {
			_, r := t.Create(person(t, ""))
			t.Want(strings.Contains(r.Header.Get("Location"), "/_history/1"), "Location %q", r.Header.Get("Location"))
			t.Want(r.Header.Get("ETag") != "" && r.Header.Get("Last-Modified") != "", "headers %v", r.Header)
		}),
		mk("create ignores the id in the body", "http.html#create", func(t *T) {
			id, _ := t.Create(withID(person(t, ""), t.Tag))
			t.Want(id != t.Tag, "the client's id was kept")
		}),
		mk("create ignores meta.versionId and meta.lastUpdated", "http.html#create", func(t *T) {
			id, _ := t.Create(person(t, `"meta":{"versionId":"77","lastUpdated":"2001-01-01T00:00:00Z","tag":[{"code":"x"}]}`))
			m := t.Get("/Patient/" + id).Body.Get("meta")
			t.Want(m.Get("versionId").String() == "1" && !strings.HasPrefix(m.Get("lastUpdated").String(), "2001"), "%s", m.JSON())
			t.Want(m.Get("tag") != nil, "tag lost")
		}),
		mk("create to the wrong type is refused", "http.html#create", func(t *T) {
			t.Refused(t.Do("POST", "/Observation", person(t, "")), 400, 422)
		}),
		mk("Prefer return=minimal has no body", "http.html#ops", func(t *T) {
			r := t.Code(t.Do("POST", "/Patient", person(t, ""), "Prefer: return=minimal"), 201)
			t.Want(len(r.Raw) == 0, "body %.100s", r.Raw)
		}),
		mk("Prefer return=OperationOutcome", "http.html#ops", func(t *T) {
			r := t.Code(t.Do("POST", "/Patient", person(t, ""), "Prefer: return=OperationOutcome"), 201)
			t.Want(r.Body.ResourceType() == "OperationOutcome", "%.100s", r.Raw)
		}),
		mk("update makes version 2", "http.html#update", func(t *T) {
			id, _ := t.Create(person(t, ""))
			r := t.Code(t.Do("PUT", "/Patient/"+id, withID(person(t, `"active":true`), id)), 200)
			t.Want(r.Header.Get("ETag") == `W/"2"`, "ETag %q", r.Header.Get("ETag"))
			t.Want(t.Get("/Patient/"+id).Body.Get("active").True(), "not updated")
		}),
		mk("update creates under the client's id", "http.html#upsert", func(t *T) {
			t.Code(t.Do("PUT", "/Patient/"+t.Tag, withID(person(t, ""), t.Tag)), 201)
			t.Get("/Patient/" + t.Tag)
		}),
		mk("update with another id in the body is 400", "http.html#update", func(t *T) {
			id, _ := t.Create(person(t, ""))
			t.Refused(t.Do("PUT", "/Patient/"+id, withID(person(t, ""), "other")), 400)
		}),
		mk("update without an id in the body is 400", "http.html#update", func(t *T) {
			id, _ := t.Create(person(t, ""))
			t.Refused(t.Do("PUT", "/Patient/"+id, person(t, "")), 400)
		}),
		mk("If-Match of an old version is 412", "http.html#concurrency", func(t *T) {
			id, _ := t.Create(person(t, ""))
			body := withID(person(t, ""), id)
			t.Code(t.Do("PUT", "/Patient/"+id, body, `If-Match: W/"1"`), 200)
			t.Refused(t.Do("PUT", "/Patient/"+id, body, `If-Match: W/"1"`), 409, 412)
		}),
		mk("of parallel updates with one If-Match one wins", "http.html#concurrency", func(t *T) {
			id, _ := t.Create(person(t, ""))
			won := many(8, func(int) bool {
				return t.Do("PUT", "/Patient/"+id, withID(person(t, ""), id), `If-Match: W/"1"`).Code == 200
			})
			t.Want(won == 1, "%d updates won", won)
		}),
		mk("delete answers 200 or 204, also the second time", "http.html#delete", func(t *T) {
			id, _ := t.Create(person(t, ""))
			t.Code(t.Do("DELETE", "/Patient/"+id, ""), 200, 204)
			t.Code(t.Do("DELETE", "/Patient/"+id, ""), 200, 204, 404)
		}),
		mk("a deleted id can be updated back to life", "http.html#delete", func(t *T) {
			id, _ := t.Create(person(t, ""))
			t.Code(t.Do("DELETE", "/Patient/"+id, ""), 200, 204)
			r := t.Code(t.Do("PUT", "/Patient/"+id, withID(person(t, ""), id)), 200, 201)
			t.Want(r.Header.Get("ETag") == `W/"3"`, "ETag %q", r.Header.Get("ETag"))
		}),
		mk("POST to an id is refused", "http.html#create", func(t *T) {
			t.Refused(t.Do("POST", "/Patient/"+t.Tag, person(t, "")), 400, 404, 405)
		}),
		mk("a body that is no JSON is 400", "http.html#Status-Codes", func(t *T) {
			for _, bad := range []string{"{", "[]", "nonsense", `{"resourceType":"Patient"} x`, `{"resourceType":"Patient","active":true,"active":false}`} {
				t.Refused(t.Do("POST", "/Patient", bad), 400, 422)
			}
		}),
		mk("another media type is 415", "http.html#mime-type", func(t *T) {
			t.Refused(t.Do("POST", "/Patient", "a,b", "Content-Type: text/csv"), 415)
		}),
	}
}

// many runs do n times at once and counts the successes.
func many(n int, do func(i int) bool) (won int) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	var broken any
	for i := range n {
		wg.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					mu.Lock()
					broken = r
					mu.Unlock()
				}
			}()
			if do(i) {
				mu.Lock()
				won++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if broken != nil {
		panic(broken)
	}
	return won
}

func conditionalCases() []Case {
	mk := func(name, clause string, run func(t *T)) Case { return Case{"conditional", name, clause, run} }
	by := func(t *T) string { return "identifier=urn:conformance|" + t.Tag }
	return []Case{
		mk("If-None-Exist with no match creates", "http.html#ccreate", func(t *T) {
			t.Create(person(t, ""), "If-None-Exist: "+by(t))
		}),
		mk("If-None-Exist with one match answers 200 and creates nothing", "http.html#ccreate", func(t *T) {
			t.Create(person(t, ""))
			t.Code(t.Do("POST", "/Patient", person(t, ""), "If-None-Exist: "+by(t)), 200)
			t.Want(t.Get("/Patient?"+by(t)).Total() == 1, "a second one was made")
		}),
		mk("If-None-Exist with several matches is 412", "http.html#ccreate", func(t *T) {
			t.Create(person(t, ""))
			t.Create(person(t, ""))
			t.Refused(t.Do("POST", "/Patient", person(t, ""), "If-None-Exist: "+by(t)), 412)
		}),
		mk("sixteen parallel conditional creates make one", "http.html#ccreate", func(t *T) {
			many(16, func(int) bool {
				return t.Code(t.Do("POST", "/Patient", person(t, ""), "If-None-Exist: "+by(t)), 200, 201).Code == 201
			})
			t.Want(t.Get("/Patient?"+by(t)).Total() == 1, "%d were made", t.Get("/Patient?"+by(t)).Total())
		}),
		mk("conditional update with no match creates", "http.html#cond-update", func(t *T) {
			t.Code(t.Do("PUT", "/Patient?"+by(t), person(t, "")), 201)
		}),
		mk("conditional update with one match updates", "http.html#cond-update", func(t *T) {
			id, _ := t.Create(person(t, ""))
			t.Code(t.Do("PUT", "/Patient?"+by(t), person(t, `"active":true`)), 200)
			t.Want(t.Get("/Patient/"+id).Body.Get("active").True(), "not updated")
		}),
		mk("conditional update with several matches is 412", "http.html#cond-update", func(t *T) {
			t.Create(person(t, ""))
			t.Create(person(t, ""))
			t.Refused(t.Do("PUT", "/Patient?"+by(t), person(t, "")), 412)
		}),
		mk("conditional update with another id in the body is 400", "http.html#cond-update", func(t *T) {
			t.Create(person(t, ""))
			t.Refused(t.Do("PUT", "/Patient?"+by(t), withID(person(t, ""), "other")), 400)
		}),
		mk("sixteen parallel conditional updates make one", "http.html#cond-update", func(t *T) {
			many(16, func(int) bool {
				r := t.Do("PUT", "/Patient?"+by(t), person(t, ""))
				return t.Code(r, 200, 201, 409, 412, 503).Code < 300
			})
			t.Want(t.Get("/Patient?"+by(t)).Total() == 1, "%d were made", t.Get("/Patient?"+by(t)).Total())
		}),
		mk("conditional delete of one match deletes it", "http.html#cdelete", func(t *T) {
			id, _ := t.Create(person(t, ""))
			t.Code(t.Do("DELETE", "/Patient?"+by(t), ""), 200, 204)
			t.Refused(t.Do("GET", "/Patient/"+id, ""), 410)
		}),
		mk("conditional delete of several matches is 412 where single is declared", "http.html#cdelete", func(t *T) {
			t.Create(person(t, ""))
			t.Create(person(t, ""))
			t.Refused(t.Do("DELETE", "/Patient?"+by(t), ""), 412)
		}),
		mk("conditional update with the match's own id in the body updates", "http.html#cond-update", func(t *T) {
			id, _ := t.Create(person(t, ""))
			t.Code(t.Do("PUT", "/Patient?"+by(t), withID(person(t, `"active":true`), id)), 200)
		}),
		mk("conditional update with no match and an id creates under that id", "http.html#cond-update", func(t *T) {
			t.Code(t.Do("PUT", "/Patient?"+by(t), withID(person(t, ""), t.Tag)), 201)
			t.Get("/Patient/" + t.Tag)
		}),
		mk("conditional update with If-Match of an old version is 412", "http.html#concurrency", func(t *T) {
			t.Create(person(t, ""))
			t.Refused(t.Do("PUT", "/Patient?"+by(t), person(t, ""), `If-Match: W/"9"`), 409, 412)
		}),
		mk("conditional delete of no match deletes nothing", "http.html#cdelete", func(t *T) {
			id, _ := t.Create(person(t, ""))
			t.Code(t.Do("DELETE", "/Patient?"+by(t)+"-none", ""), 200, 204, 404)
			t.Get("/Patient/" + id)
		}),
		mk("a conditional create that found one says where it is", "http.html#ccreate", func(t *T) {
			id, _ := t.Create(person(t, ""))
			r := t.Code(t.Do("POST", "/Patient", person(t, ""), "If-None-Exist: "+by(t)), 200)
			t.Want(strings.Contains(r.Header.Get("Location")+r.Header.Get("Content-Location"), "/Patient/"+id), "Location %q", r.Header.Get("Location"))
		}),
		mk("a deleted resource is no match of a condition", "http.html#ccreate", func(t *T) {
			id, _ := t.Create(person(t, ""))
			t.Code(t.Do("DELETE", "/Patient/"+id, ""), 200, 204)
			t.Create(person(t, ""), "If-None-Exist: "+by(t))
		}),
		mk("a condition with an unknown parameter is refused", "http.html#ccreate", func(t *T) {
			t.Refused(t.Do("POST", "/Patient", person(t, ""), "If-None-Exist: colour=red"), 400, 412)
			t.Refused(t.Do("DELETE", "/Patient?colour=red", ""), 400, 412)
		}),
		mk("an empty condition is refused", "http.html#cdelete", func(t *T) {
			t.Refused(t.Do("DELETE", "/Patient", ""), 400, 405, 412)
			t.Refused(t.Do(http.MethodPut, "/Patient", person(t, "")), 400, 405, 412)
		}),
	}
}
