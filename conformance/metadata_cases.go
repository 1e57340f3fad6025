package main

import (
	"slices"
	"strings"
)

// rest is the server's part of its CapabilityStatement.
func (t *T) rest() *node {
	r := t.Get("/metadata")
	t.Want(r.Body.ResourceType() == "CapabilityStatement", "%.100s", r.Raw)
	for _, part := range r.Body.Get("rest").Each() {
		if part.Get("mode").String() == "server" {
			return part
		}
	}
	t.Fail("no rest part of mode server")
	return nil
}

// claims reports whether a resource or the system lists an interaction.
func claims(n *node, interaction string) bool {
	return slices.ContainsFunc(n.Get("interaction").Each(), func(i *node) bool { return i.Get("code").String() == interaction })
}

func metadataCases() []Case {
	const clause = "http.html#capabilities"
	mk := func(name, clause string, run func(t *T)) Case { return Case{"metadata", name, clause, run} }
	// each runs for every type that claims an interaction.
	each := func(t *T, interaction string, run func(typ string, n *node)) {
		found := 0
		for _, n := range t.rest().Get("resource").Each() {
			if claims(n, interaction) {
				found++
				run(n.Get("type").String(), n)
			}
		}
		t.Want(found > 0, "no type claims %s", interaction)
	}
	return []Case{
		mk("the CapabilityStatement has what it must have", "capabilitystatement.html", func(t *T) {
			b := t.Get("/metadata").Body
			for _, name := range []string{"status", "date", "kind", "fhirVersion", "format", "rest"} {
				t.Want(b.Get(name) != nil, "%s is missing", name)
			}
			t.Want(b.Get("kind").String() == "instance" && b.Get("software") != nil && b.Path("implementation", "description").String() != "", "cpb-14, cpb-15: kind %s", b.Get("kind").JSON())
		}),
		mk("fhirVersion is 4.0.1", clause, func(t *T) {
			t.Want(t.Get("/metadata").Body.Get("fhirVersion").String() == "4.0.1", "version")
		}),
		mk("metadata needs no login", "security.html", func(t *T) {
			stranger := &T{c: &client{base: t.c.base}, Tag: t.Tag}
			stranger.Get("/metadata")
		}),
		mk("metadata with a fhirVersion in Accept", "http.html#version-parameter", func(t *T) {
			t.Get("/metadata", "Accept: application/fhir+json; fhirVersion=4.0")
		}),
		mk("no type is listed twice", "capabilitystatement.html#cpb-9", func(t *T) {
			var types []string
			for _, n := range t.rest().Get("resource").Each() {
				types = append(types, n.Get("type").String())
			}
			all := len(types)
			slices.Sort(types)
			t.Want(all > 0 && len(slices.Compact(types)) == all, "twice")
		}),
		mk("no search parameter of a type is listed twice", "capabilitystatement.html#cpb-12", func(t *T) {
			for _, n := range t.rest().Get("resource").Each() {
				seen := map[string]bool{}
				for _, p := range n.Get("searchParam").Each() {
					name := p.Get("name").String()
					t.Want(!seen[name], "%s.%s", n.Get("type").String(), name)
					seen[name] = true
				}
			}
		}),
		mk("every type that claims search-type is searched", clause, func(t *T) {
			each(t, "search-type", func(typ string, _ *node) {
				t.Want(t.Get("/"+typ+"?_count=0").Body.Get("type").String() == "searchset", "%s", typ)
			})
		}),
		mk("every type that claims read answers an unknown id with 404", clause, func(t *T) {
			each(t, "read", func(typ string, _ *node) { t.Refused(t.Do("GET", "/"+typ+"/none-"+t.Tag, ""), 404) })
		}),
		mk("every type that claims history-type has one", clause, func(t *T) {
			each(t, "history-type", func(typ string, _ *node) {
				t.Want(t.Get("/"+typ+"/_history?_count=1").Body.Get("type").String() == "history", "%s", typ)
			})
		}),
		mk("every claimed search parameter of some types is taken", clause, func(t *T) {
			each(t, "search-type", func(typ string, n *node) {
				if !strings.Contains(" Patient Observation Claim Coverage Encounter Organization Bundle ", " "+typ+" ") {
					return
				}
				for _, p := range n.Get("searchParam").Each() {
					name := p.Get("name").String()
					if kind := p.Get("type").String(); kind == "composite" || kind == "special" || strings.HasPrefix(name, "_") {
						continue
					}
					t.Get("/"+typ+"?_count=1&"+name+":missing=true", "Prefer: handling=strict")
				}
			})
		}),
		mk("every claimed include of some types is taken", clause, func(t *T) {
			each(t, "search-type", func(typ string, n *node) {
				if typ == "Patient" || typ == "Observation" {
					for _, i := range n.Get("searchInclude").Each() {
						t.Get("/"+typ+"?_count=1&_include="+i.String(), "Prefer: handling=strict")
					}
				}
			})
		}),
		mk("every claimed format is served", clause, func(t *T) {
			for _, f := range t.Get("/metadata").Body.Get("format").Each() {
				t.Get("/metadata?_format=" + strings.ReplaceAll(f.String(), "+", "%2B"))
			}
		}),
		mk("every claimed operation is there", clause, func(t *T) {
			for _, n := range t.rest().Get("resource").Each() {
				for _, op := range n.Get("operation").Each() {
					path := "/" + n.Get("type").String() + "/$" + strings.TrimPrefix(op.Get("name").String(), "$")
					r, one := t.Do("POST", path, `{"resourceType":"Parameters"}`), Reply{}
					if r.Code == 404 || r.Code == 405 {
						one = t.Do("POST", strings.Replace(path, "/$", "/none-"+t.Tag+"/$", 1), `{"resourceType":"Parameters"}`)
						t.Want(one.Code != 405 && one.Code != 501 && !strings.Contains(string(one.Raw), "not-supported"), "%s answers %d", path, one.Code)
					}
				}
			}
		}),
		mk("a claimed patch is served and one that is served is claimed", clause, func(t *T) {
			id, _ := t.Create(person(t, ""))
			r := t.Do("PATCH", "/Patient/"+id, `[{"op":"test","path":"/resourceType","value":"Patient"}]`, jsonPatch)
			for _, n := range t.rest().Get("resource").Each() {
				if n.Get("type").String() == "Patient" {
					t.Want(claims(n, "patch") == (r.Code == 200), "patch is claimed: %v, answered %d", claims(n, "patch"), r.Code)
				}
			}
		}),
		mk("the system interactions claimed are served", clause, func(t *T) {
			rest := t.rest()
			if claims(rest, "transaction") {
				t.Code(t.Do("POST", "", `{"resourceType":"Bundle","type":"transaction"}`), 200)
			}
			if claims(rest, "batch") {
				t.Code(t.Do("POST", "", `{"resourceType":"Bundle","type":"batch"}`), 200)
			}
			if claims(rest, "history-system") {
				t.Get("/_history?_count=1")
			}
			if claims(rest, "search-system") {
				t.Get("?_type=Patient&_count=1")
			}
			t.Want(claims(rest, "transaction") || claims(rest, "batch"), "neither transaction nor batch")
		}),
		mk("a mode of metadata that is none is refused", clause, func(t *T) {
			t.Refused(t.Do("GET", "/metadata?mode=everything", ""), 400)
		}),
		mk("HEAD is as GET without the body", "http.html#operations", func(t *T) {
			id, _ := t.Create(person(t, ""))
			r := t.Code(t.Do("HEAD", "/Patient/"+id, ""), 200)
			t.Want(len(r.Raw) == 0 && r.Header.Get("ETag") == `W/"1"`, "ETag %q", r.Header.Get("ETag"))
			t.Code(t.Do("HEAD", "/Patient/none-"+t.Tag, ""), 404)
		}),
		mk("HEAD of a search and of metadata", "http.html#operations", func(t *T) {
			t.Code(t.Do("HEAD", "/Patient?identifier="+t.Tag, ""), 200)
			t.Code(t.Do("HEAD", "/metadata", ""), 200)
		}),
		mk("a page of another origin may ask", "security.html#cors", func(t *T) {
			r := t.Do("OPTIONS", "/Patient", "", "Origin: https://app.example", "Access-Control-Request-Method: GET", "Access-Control-Request-Headers: authorization")
			t.Code(r, 200, 204)
			t.Want(r.Header.Get("Access-Control-Allow-Origin") != "", "no Access-Control-Allow-Origin")
		}),
		mk("a stranger is 401 with an OperationOutcome", "security.html", func(t *T) {
			if t.c.user == "" && t.c.token == "" {
				return // an open server has no strangers
			}
			stranger := &T{c: &client{base: t.c.base}, Tag: t.Tag}
			r := stranger.Refused(stranger.Do("GET", "/Patient?identifier="+t.Tag, ""), 401)
			t.Want(r.Header.Get("WWW-Authenticate") != "", "no WWW-Authenticate")
		}),
	}
}
