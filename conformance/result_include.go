package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir"
)

type node = fhir.Node

// inclusion is a search and what must be included, by short names.
type inclusion struct{ name, query, want string }

var inclusions = []inclusion{
	{"_include follows a reference", obs + "code=urn:x|b&_include=Observation:subject", "p2"},
	{"_include with a target type", obs + "subject:missing=false&_include=Observation:subject:Group", "g"},
	{"_include of several parameters", obs + "code=urn:x|b&_include=Observation:subject&_include=Observation:encounter", "e p2"},
	{"_include of one target once", obs + "code=urn:x|a&_include=Observation:subject", "p1"},
	{"_include follows an absolute reference to this server", obs + "_id={d}&_include=Observation:subject", "p1"},
	{"_include does not go on by itself", obs + "code=urn:x|b&_include=Observation:subject&_include=Patient:organization", "p2"},
	{"_include:iterate goes on", obs + "code=urn:x|b&_include=Observation:subject&_include:iterate=Patient:organization", "p2 o2"},
	{"_include:iterate follows its own type", obs + "code=urn:x|b&_include=Observation:subject&_include:iterate=Patient:organization&_include:iterate=Organization:partof", "p2 o1 o2"},
	{"_include of a wildcard", obs + "code=urn:x|b&_include=Observation:*", "e p2"},
	{"_include of a bare wildcard", obs + "code=urn:x|b&_include=*", "e p2"},
	{"_include of a reference elsewhere adds nothing", obs + "code=urn:x|f&_include=Observation:subject", ""},
	{"_include without a reference adds nothing", obs + "code=urn:x|n&_include=Observation:subject", ""},
	{"_include of several members", "Group?" + own + "_include=Group:member", "p1 p3"},
	{"_revinclude finds what points here", pat + "family=adams&_revinclude=Observation:subject", "a d"},
	{"_revinclude by a parameter for one type", pat + "family=brown&_revinclude=Observation:patient", "b"},
	{"_revinclude of several types", pat + "family=adams&_revinclude=Observation:subject&_revinclude=Group:member", "a d g"},
	{"_revinclude of a wildcard", pat + "family=brown&_revinclude=Encounter:*", "e"},
	{"_revinclude:iterate goes on", "Organization?" + own + "name=branch&_revinclude=Patient:organization&_revinclude:iterate=Observation:patient", "p2 b"},
	{"_revinclude and _include together", pat + "family=brown&_include=Patient:organization&_revinclude=Encounter:patient", "o2 e"},
	{"_include of a version finds the resource", obs + "code=urn:x|v&_include=Observation:subject", "p3"},
}

func includeCases() []Case {
	const clause = "search.html#include"
	var out []Case
	for _, i := range inclusions {
		out = append(out, Case{"result", i.name, clause, func(t *T) {
			n := t.Use(pointing)
			var ids []string
			for _, ref := range t.Get(n.in(i.query)).Modes("include") {
				_, id, _ := strings.Cut(ref, "/")
				ids = append(ids, id)
			}
			want := strings.Fields(i.want)
			slices.Sort(want)
			t.Want(slices.Equal(n.list(ids), want), "included %v, want %v", n.list(ids), want)
		}})
	}
	mk := func(name string, run func(t *T, n names)) Case {
		return Case{"result", name, clause, func(t *T) { run(t, t.Use(pointing)) }}
	}
	return append(out,
		mk("included resources do not count in total and _count", func(t *T, n names) {
			r := t.Get(n.in(obs + "code=urn:x|a,urn:x|b&_count=3&_include=Observation:subject"))
			t.Want(r.Total() == 3 && len(r.IDs()) == 3 && len(r.Modes("include")) == 2, "total %d, %d matches, %d included", r.Total(), len(r.IDs()), len(r.Modes("include")))
		}),
		mk("every page includes for its own matches", func(t *T, n names) {
			for path := n.in(obs + "code=urn:x|a,urn:x|b&_count=1&_include=Observation:subject"); path != ""; {
				r := t.Get(path)
				t.Want(len(r.IDs()) == 0 || len(r.Modes("include")) == 1, "%d matches, %d included", len(r.IDs()), len(r.Modes("include")))
				path = r.Link("next")
			}
		}),
		mk("a match is not included a second time", func(t *T, n names) {
			r := t.Get(n.in("Organization?" + own + "_include=Organization:partof"))
			t.Want(len(r.IDs()) == 2 && len(r.Modes("include")) == 0, "%d matches, included %v", len(r.IDs()), r.Modes("include"))
		}),
		mk("an _include that cannot be read is refused when strict", func(t *T, _ names) {
			for _, bad := range []string{"Observation", "Observation:colour", "Observatory:subject", "Observation:subject:Pazient"} {
				t.Refused(t.Do("GET", "/Observation?_include="+bad, "", "Prefer: handling=strict"), 400)
			}
		}),
		mk("the self link holds _include", func(t *T, n names) {
			self := t.Get(n.in(obs + "_include=Observation:subject")).Link("self")
			t.Want(strings.Contains(self, "_include="), "self %q", self)
		}))
}

// scopeCases search the whole system and compartments.
func scopeCases() []Case {
	const compartment, system = "compartmentdefinition.html", "http.html#search"
	mk := func(name, clause string, run func(t *T, n names)) Case {
		return Case{"result", name, clause, func(t *T) { run(t, t.Use(pointing)) }}
	}
	found := func(query, want string) func(t *T, n names) {
		return func(t *T, n names) { t.find(n, n.in(query), want) }
	}
	return []Case{
		mk("a search of the whole system by _id", system, found("?_id={p1}", "p1")),
		mk("a search of the whole system by _type", system, found("?_type=Patient,Group&_id={p1},{g},{a}", "p1 g")),
		mk("a search of the whole system with a parameter of the types", system, found("?_type=Patient,Organization&identifier=urn:conformance|{tag}", "p1 p2 p3 o1 o2")),
		mk("a search of the whole system by POST", system, func(t *T, n names) {
			r := t.Code(t.Do("POST", "/_search", n.in("_type=Patient&_id={p1}"), "Content-Type: application/x-www-form-urlencoded"), 200)
			t.Want(len(r.IDs()) == 1, "%d found", len(r.IDs()))
		}),
		mk("_type that is none is refused", system, func(t *T, n names) {
			t.Refused(t.Do("GET", "?_type=Pazient&_id="+n["p1"], "", "Prefer: handling=strict"), 400, 404)
		}),
		mk("_id takes in no other type", system, found("Observation?_id={p1}", "")),
		mk("a compartment search by type", compartment, found("Patient/{p1}/Observation", "a d")),
		mk("a compartment search by type with a parameter", compartment, found("Patient/{p2}/Observation?code=urn:x|b", "b")),
		mk("a compartment search that finds nothing", compartment, found("Patient/{p2}/Observation?code=urn:x|a", "")),
		mk("a compartment search of every type", compartment, found("Patient/{p2}/*", "+b +e -a -o2")),
		mk("a compartment search of a Group's membership", compartment, found("Patient/{p1}/Group", "g")),
		mk("a compartment search by POST", compartment, func(t *T, n names) {
			r := t.Code(t.Do("POST", n.in("Patient/{p1}/Observation/_search"), "code=urn:x|a", "Content-Type: application/x-www-form-urlencoded"), 200)
			t.Want(fmt.Sprint(n.list(r.IDs())) == "[a d]", "found %v", n.list(r.IDs()))
		}),
		mk("a compartment that is none is refused", compartment, found("Medication/{p1}/Observation", "refused")),
		mk("a type outside the compartment is refused", compartment, found("Patient/{p1}/Organization", "refused")),
		mk("a compartment search of an Encounter", compartment, found("Encounter/{e}/Observation", "b")),
	}
}
