package main

import (
	"fmt"
	"slices"
	"strings"
)

func labelled(code string) string {
	return parameters(fmt.Sprintf(`{"name":"meta","valueMeta":{"tag":[{"system":"urn:t","code":%q}]}}`, code))
}

// tags lists the codes of meta.tag, in a resource or an answer of $meta.
func tags(meta *node) (list []string) {
	for _, c := range meta.Get("tag").Each() {
		list = append(list, c.Get("code").String())
	}
	slices.Sort(list)
	return list
}

func operationCases() []Case {
	const everything, meta = "patient-operation-everything.html", "resource-operation-meta.html"
	mk := func(name, clause string, run func(t *T)) Case { return Case{"operations", name, clause, run} }
	net := func(name string, run func(t *T, n names)) Case {
		return mk(name, everything, func(t *T) { run(t, t.Use(pointing)) })
	}
	labels := func(name, clause string, run func(t *T, id string)) Case {
		return mk(name, clause, func(t *T) {
			id, _ := t.Create(person(t, `"meta":{"tag":[{"system":"urn:t","code":"red"}]}`))
			run(t, id)
		})
	}
	return []Case{
		net("Patient $everything holds the patient, what is about and what is needed", func(t *T, n names) {
			got := n.list(t.every(n.in("Patient/{p1}/$everything")))
			for _, want := range []string{"p1", "a", "d", "o1"} {
				t.Want(slices.Contains(got, want), "%s is missing in %v", want, got)
			}
			t.Want(!slices.Contains(got, "b") && !slices.Contains(got, "p2"), "another's data in %v", got)
		}),
		net("Patient $everything gives each resource once over its pages", func(t *T, n names) {
			got := t.every(n.in("Patient/{p1}/$everything?_count=1"))
			slices.Sort(got)
			t.Want(len(slices.Compact(slices.Clone(got))) == len(got), "%v", got)
			whole := t.every(n.in("Patient/{p1}/$everything"))
			t.Want(len(whole) == len(got), "%d on pages, %d at once", len(got), len(whole))
		}),
		net("Patient $everything with _type", func(t *T, n names) {
			t.Want(fmt.Sprint(n.list(t.every(n.in("Patient/{p1}/$everything?_type=Observation")))) == "[a d]", "found %v", n.list(t.every(n.in("Patient/{p1}/$everything?_type=Observation"))))
		}),
		net("Patient $everything with _since in the future", func(t *T, n names) {
			got := n.list(t.every(n.in("Patient/{p1}/$everything?_since=2099-01-01T00:00:00Z")))
			t.Want(!slices.Contains(got, "a") && !slices.Contains(got, "d"), "found %v", got)
		}),
		net("Patient $everything of an unknown id is 404", func(t *T, n names) {
			t.Refused(t.Do("GET", n.in("Patient/none-{tag}/$everything"), ""), 404)
		}),
		net("Patient $everything is a searchset", func(t *T, n names) {
			t.Want(t.Get(n.in("Patient/{p1}/$everything")).Body.Get("type").String() == "searchset", "type")
		}),
		net("Group $everything holds the members", func(t *T, n names) {
			got := n.list(t.every(n.in("Group/{g}/$everything")))
			t.Want(slices.Contains(got, "g") && slices.Contains(got, "p1") && slices.Contains(got, "p3") && slices.Contains(got, "a"), "found %v", got)
		}),
		labels("$meta of an instance", meta, func(t *T, id string) {
			t.Want(fmt.Sprint(tags(out(t.Get("/Patient/"+id+"/$meta"), "return"))) == "[red]", "tags")
		}),
		labels("$meta of a type", meta, func(t *T, _ string) {
			t.Want(slices.Contains(tags(out(t.Get("/Patient/$meta"), "return")), "red"), "tags")
		}),
		labels("$meta-add adds", "resource-operation-meta-add.html", func(t *T, id string) {
			r := t.Code(t.Do("POST", "/Patient/"+id+"/$meta-add", labelled("blue")), 200)
			t.Want(fmt.Sprint(tags(out(r, "return"))) == "[blue red]", "%s", r.Raw)
			t.Want(fmt.Sprint(tags(t.Get("/Patient/"+id).Body.Get("meta"))) == "[blue red]", "not stored")
		}),
		labels("$meta-add of what is there adds nothing", "resource-operation-meta-add.html", func(t *T, id string) {
			t.Code(t.Do("POST", "/Patient/"+id+"/$meta-add", labelled("red")), 200)
			t.Want(fmt.Sprint(tags(t.Get("/Patient/"+id).Body.Get("meta"))) == "[red]", "twice")
		}),
		labels("$meta-add makes the tag searchable", "resource-operation-meta-add.html", func(t *T, id string) {
			t.Code(t.Do("POST", "/Patient/"+id+"/$meta-add", labelled(t.Tag)), 200)
			t.Want(len(t.All("/Patient?_tag=urn:t|"+t.Tag)) == 1, "not found")
		}),
		labels("$meta-delete removes", "resource-operation-meta-delete.html", func(t *T, id string) {
			t.Code(t.Do("POST", "/Patient/"+id+"/$meta-delete", labelled("red")), 200)
			t.Want(len(tags(t.Get("/Patient/"+id).Body.Get("meta"))) == 0, "still there")
		}),
		labels("$meta-delete of what is not there changes nothing", "resource-operation-meta-delete.html", func(t *T, id string) {
			t.Code(t.Do("POST", "/Patient/"+id+"/$meta-delete", labelled("green")), 200)
			t.Want(fmt.Sprint(tags(t.Get("/Patient/"+id).Body.Get("meta"))) == "[red]", "changed")
		}),
		labels("$meta-add without meta is refused", "resource-operation-meta-add.html", func(t *T, id string) {
			r := t.Do("POST", "/Patient/"+id+"/$meta-add", parameters(param("other", "valueString", "x")))
			t.Want(!strings.Contains(string(r.Raw), "no such operation"), "the operation is not served")
			t.Refused(r, 400, 422)
		}),
		mk("an unknown operation is refused", "operations.html", func(t *T) {
			t.Refused(t.Do("POST", "/Patient/$no-such-thing", `{"resourceType":"Parameters"}`), 400, 404, 501)
			t.Refused(t.Do("GET", "/$no-such-thing", ""), 400, 404, 501)
		}),
		mk("a deleted resource has no operations", "operations.html", func(t *T) {
			id, _ := t.Create(person(t, ""))
			t.Code(t.Do("DELETE", "/Patient/"+id, ""), 200, 204)
			t.Refused(t.Do("GET", "/Patient/"+id+"/$everything", ""), 404, 410)
		}),
	}
}

// every follows the next links and returns the ids of all entries.
func (t *T) every(path string) (ids []string) {
	for range 200 {
		r := t.Get(path)
		for _, e := range r.Body.Get("entry").Each() {
			ids = append(ids, e.Path("resource", "id").String())
		}
		if path = r.Link("next"); path == "" {
			return ids
		}
	}
	t.Fail("the next links do not end")
	return nil
}
