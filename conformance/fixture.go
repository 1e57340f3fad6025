package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir"
)

// fixture is data that several cases search and none changes. The first case
// that needs it makes it, under a tag of its own; it is kept for the run.
type fixture struct {
	name string
	data []datum
}

// datum is a resource with the short name that the tables call it by. In its
// text {tag} stands for the fixture's tag, {base} for the server's address and
// {name} for the id of an earlier datum.
type datum struct{ name, resource string }

// names maps short names to ids, and "tag" and "base".
type names map[string]string

// in fills the names into a text.
func (n names) in(text string) string {
	for name, id := range n {
		text = strings.ReplaceAll(text, "{"+name+"}", id)
	}
	return text
}

// list says ids by their short names, sorted.
func (n names) list(ids []string) []string {
	back := map[string]string{}
	for name, id := range n {
		back[id] = name
	}
	out := []string{}
	for _, id := range ids {
		if name, ok := back[id]; ok {
			out = append(out, name)
		} else {
			out = append(out, "?"+id)
		}
	}
	slices.Sort(out)
	return out
}

// Use makes the fixture unless it is there.
func (t *T) Use(f fixture) names {
	if n, ok := t.c.loaded[f.name]; ok {
		return n
	}
	n := t.make(f.data)
	if t.c.loaded == nil {
		t.c.loaded = map[string]names{}
	}
	t.c.loaded[f.name] = n
	return n
}

// make creates the data one by one.
func (t *T) make(data []datum) names {
	n := names{"tag": t.Tag, "base": t.c.base}
	for _, d := range data {
		id, _ := t.Create(n.in(d.resource))
		n[d.name] = id
	}
	return n
}

// row is a search on a fixture and what it must find: short names ("a b"), at
// least and not ("+a -b"), or "refused".
type row struct{ name, clause, query, want string }

// table turns rows into cases. Every query begins with scope.
func table(area string, f fixture, scope string, rows []row) []Case {
	var out []Case
	for _, r := range rows {
		out = append(out, Case{area, r.name, r.clause, func(t *T) {
			n := t.Use(f)
			t.find(n, n.in(scope+r.query), r.want)
		}})
	}
	return out
}

// find searches and compares.
func (t *T) find(n names, path, want string) {
	if want == "refused" {
		t.Refused(t.Do("GET", path, "", "Prefer: handling=strict"))
		return
	}
	got := n.list(t.All(path, "Prefer: handling=strict"))
	if strings.HasPrefix(want, "+") {
		for _, w := range strings.Fields(want) {
			t.Want(slices.Contains(got, w[1:]) == (w[0] == '+'), "%s found %v, want %s", path, got, want)
		}
		return
	}
	wanted := strings.Fields(want)
	slices.Sort(wanted)
	t.Want(slices.Equal(got, wanted), "%s found %v, want %v", path, got, wanted)
}

// All follows the next links and returns the ids of all matches, in order.
func (t *T) All(path string, headers ...string) []string {
	var ids []string
	for range 200 {
		r := t.Get(path, headers...)
		t.Want(r.Body.ResourceType() == "Bundle" && r.Body.Get("type").String() == "searchset", "no searchset: %.200s", r.Raw)
		ids = append(ids, r.IDs()...)
		if path = r.Link("next"); path == "" {
			return ids
		}
	}
	t.Fail("the next links do not end")
	return nil
}

// escape writes a path as it must stand in a request line; % is taken to be
// escaped already.
func escape(path string) string {
	var b strings.Builder
	for i := range len(path) {
		c := path[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// observation is a final Observation of the fixture with further members.
func observation(code, more string) string {
	if more != "" {
		more = "," + more
	}
	return fmt.Sprintf(`{"resourceType":"Observation","identifier":[{"system":"urn:conformance","value":"{tag}"}],"status":"final","code":%s%s}`, code, more)
}

const plainCode = `{"text":"x"}`

// must parses JSON that the suite itself wrote.
func must(text string) *fhir.Node {
	n, err := fhir.Parse([]byte(text))
	if err != nil {
		panic(fmt.Sprintf("the case itself is wrong: %v", err))
	}
	return n
}
