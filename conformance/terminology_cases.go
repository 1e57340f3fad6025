package main

import (
	"slices"
	"strings"
)

// terms is a code system with properties and a tree, its value sets and a map.
var terms = fixture{"terms", []datum{
	{"cs", `{"resourceType":"CodeSystem","url":"http://conformance.example/{tag}/cs","version":"1","status":"active","content":"complete","caseSensitive":true,"hierarchyMeaning":"is-a","property":[{"code":"weight","type":"integer"},{"code":"inactive","uri":"http://hl7.org/fhir/concept-properties#inactive","type":"boolean"}],"concept":[{"code":"animal","display":"Animal","definition":"What moves","concept":[{"code":"dog","display":"Dog","designation":[{"language":"ne","value":"kukur"}],"property":[{"code":"weight","valueInteger":20}],"concept":[{"code":"poodle","display":"Poodle"}]},{"code":"cat","display":"Cat"}]},{"code":"dodo","display":"Dodo","property":[{"code":"inactive","valueBoolean":true}]},{"code":"plant","display":"Plant"}]}`},
	{"vs", `{"resourceType":"ValueSet","url":"http://conformance.example/{tag}/vs","version":"1","status":"active","compose":{"include":[{"system":"http://conformance.example/{tag}/cs"}]}}`},
	{"some", `{"resourceType":"ValueSet","url":"http://conformance.example/{tag}/some","status":"active","compose":{"include":[{"system":"http://conformance.example/{tag}/cs","concept":[{"code":"dog","display":"Hound"},{"code":"plant"}]}]}}`},
	{"tree", `{"resourceType":"ValueSet","url":"http://conformance.example/{tag}/tree","status":"active","compose":{"include":[{"system":"http://conformance.example/{tag}/cs","filter":[{"property":"concept","op":"is-a","value":"animal"}]}],"exclude":[{"system":"http://conformance.example/{tag}/cs","concept":[{"code":"cat"}]}]}}`},
	{"below", `{"resourceType":"ValueSet","url":"http://conformance.example/{tag}/below","status":"active","compose":{"include":[{"system":"http://conformance.example/{tag}/cs","filter":[{"property":"concept","op":"descendent-of","value":"animal"}]}]}}`},
	{"both", `{"resourceType":"ValueSet","url":"http://conformance.example/{tag}/both","status":"active","compose":{"include":[{"valueSet":["http://conformance.example/{tag}/some"]}]}}`},
	{"map", `{"resourceType":"ConceptMap","url":"http://conformance.example/{tag}/map","status":"active","sourceUri":"http://conformance.example/{tag}/vs","targetUri":"http://conformance.example/{tag}/other","group":[{"source":"http://conformance.example/{tag}/cs","target":"urn:target","element":[{"code":"dog","target":[{"code":"D1","display":"Canine","equivalence":"equivalent"}]},{"code":"cat","target":[{"equivalence":"unmatched"}]}]}]}`},
}}

// answer is a terminology operation and what must be in what it says: for
// $expand the codes, for others "name=value" of the parameters out.
type answer struct{ name, clause, path, want string }

const cs = "http://conformance.example/{tag}/cs"

var expansions = []answer{
	{"$expand by url", "", "ValueSet/$expand?url=http://conformance.example/{tag}/vs", "animal cat dodo dog plant poodle"},
	{"$expand of an instance", "", "ValueSet/{vs}/$expand", "animal cat dodo dog plant poodle"},
	{"$expand of a list of codes", "", "ValueSet/{some}/$expand", "dog plant"},
	{"$expand of a filter and an exclusion", "", "ValueSet/{tree}/$expand", "animal dog poodle"},
	{"$expand of descendants", "", "ValueSet/{below}/$expand", "cat dog poodle"},
	{"$expand of another value set", "", "ValueSet/{both}/$expand", "dog plant"},
	{"$expand with filter", "", "ValueSet/{vs}/$expand?filter=dog", "dog"},
	{"$expand with filter disregards case", "", "ValueSet/{vs}/$expand?filter=POOD", "poodle"},
	{"$expand activeOnly", "", "ValueSet/{vs}/$expand?activeOnly=true", "animal cat dog plant poodle"},
	{"$expand of a core value set", "", "ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender", "female male other unknown"},
	{"$expand with url and version", "", "ValueSet/$expand?url=http://conformance.example/{tag}/vs&valueSetVersion=1", "animal cat dodo dog plant poodle"},
}

var questions = []answer{
	{"$lookup of a code", "codesystem-operation-lookup.html", "CodeSystem/$lookup?system=" + cs + "&code=dog", "display=Dog"},
	{"$lookup with a version", "codesystem-operation-lookup.html", "CodeSystem/$lookup?system=" + cs + "&version=1&code=dog", "display=Dog version=1"},
	{"$lookup of a core code", "codesystem-operation-lookup.html", "CodeSystem/$lookup?system=http://hl7.org/fhir/administrative-gender&code=male", "display=Male"},
	{"$lookup of an unknown code", "codesystem-operation-lookup.html", "CodeSystem/$lookup?system=" + cs + "&code=fish", "refused"},
	{"$lookup of an unknown system", "codesystem-operation-lookup.html", "CodeSystem/$lookup?system=urn:none:{tag}&code=fish", "refused"},
	{"$lookup of an unknown version", "codesystem-operation-lookup.html", "CodeSystem/$lookup?system=" + cs + "&version=9&code=dog", "refused"},
	{"$lookup takes case where the system does", "codesystem-operation-lookup.html", "CodeSystem/$lookup?system=" + cs + "&code=DOG", "refused"},
	{"$lookup without code", "codesystem-operation-lookup.html", "CodeSystem/$lookup?system=" + cs, "refused"},
	{"ValueSet $validate-code of a member", "valueset-operation-validate-code.html", "ValueSet/$validate-code?url=http://conformance.example/{tag}/some&system=" + cs + "&code=dog", "result=true"},
	{"ValueSet $validate-code of no member", "valueset-operation-validate-code.html", "ValueSet/$validate-code?url=http://conformance.example/{tag}/some&system=" + cs + "&code=cat", "result=false"},
	{"ValueSet $validate-code of an instance", "valueset-operation-validate-code.html", "ValueSet/{tree}/$validate-code?system=" + cs + "&code=poodle", "result=true"},
	{"ValueSet $validate-code of an excluded code", "valueset-operation-validate-code.html", "ValueSet/{tree}/$validate-code?system=" + cs + "&code=cat", "result=false"},
	{"ValueSet $validate-code of another system", "valueset-operation-validate-code.html", "ValueSet/{vs}/$validate-code?system=urn:other&code=dog", "result=false"},
	{"ValueSet $validate-code of a core value set", "valueset-operation-validate-code.html", "ValueSet/$validate-code?url=http://hl7.org/fhir/ValueSet/administrative-gender&system=http://hl7.org/fhir/administrative-gender&code=male", "result=true"},
	{"ValueSet $validate-code of an unknown value set", "valueset-operation-validate-code.html", "ValueSet/$validate-code?url=urn:none:{tag}&system=" + cs + "&code=dog", "refused"},
	{"CodeSystem $validate-code of a code", "codesystem-operation-validate-code.html", "CodeSystem/$validate-code?url=" + cs + "&code=dog", "result=true"},
	{"CodeSystem $validate-code of no code", "codesystem-operation-validate-code.html", "CodeSystem/$validate-code?url=" + cs + "&code=fish", "result=false"},
	{"CodeSystem $validate-code of an instance", "codesystem-operation-validate-code.html", "CodeSystem/{cs}/$validate-code?code=poodle", "result=true"},
	{"$subsumes", "codesystem-operation-subsumes.html", "CodeSystem/$subsumes?system=" + cs + "&codeA=animal&codeB=poodle", "outcome=subsumes"},
	{"$subsumes the other way round", "codesystem-operation-subsumes.html", "CodeSystem/$subsumes?system=" + cs + "&codeA=poodle&codeB=animal", "outcome=subsumed-by"},
	{"$subsumes of one code", "codesystem-operation-subsumes.html", "CodeSystem/$subsumes?system=" + cs + "&codeA=dog&codeB=dog", "outcome=equivalent"},
	{"$subsumes of strangers", "codesystem-operation-subsumes.html", "CodeSystem/$subsumes?system=" + cs + "&codeA=dog&codeB=cat", "outcome=not-subsumed"},
	{"$subsumes of an instance", "codesystem-operation-subsumes.html", "CodeSystem/{cs}/$subsumes?codeA=animal&codeB=cat", "outcome=subsumes"},
	{"$subsumes of an unknown code", "codesystem-operation-subsumes.html", "CodeSystem/$subsumes?system=" + cs + "&codeA=fish&codeB=dog", "refused"},
	{"$translate by url", "conceptmap-operation-translate.html", "ConceptMap/$translate?url=http://conformance.example/{tag}/map&system=" + cs + "&code=dog", "result=true"},
	{"$translate of an instance", "conceptmap-operation-translate.html", "ConceptMap/{map}/$translate?system=" + cs + "&code=dog", "result=true"},
	{"$translate of what is unmatched", "conceptmap-operation-translate.html", "ConceptMap/{map}/$translate?system=" + cs + "&code=cat", "result=false"},
	{"$translate of what is not in the map", "conceptmap-operation-translate.html", "ConceptMap/{map}/$translate?system=" + cs + "&code=plant", "result=false"},
	{"$translate by an unknown map", "conceptmap-operation-translate.html", "ConceptMap/$translate?url=urn:none:{tag}&system=" + cs + "&code=dog", "refused"},
}

// out is the value of a parameter of an operation's answer.
func out(r Reply, name string) *node {
	for _, p := range r.Body.Get("parameter").Each() {
		if p.Get("name").String() == name {
			for i := range p.Nodes {
				if strings.HasPrefix(p.Nodes[i].Name, "value") {
					return &p.Nodes[i]
				}
			}
		}
	}
	return nil
}

// codes lists the codes of an expansion, also nested ones.
func codes(contains *node) (list []string) {
	for _, c := range contains.Each() {
		if code := c.Get("code").String(); code != "" && !c.Get("abstract").True() {
			list = append(list, code)
		}
		list = append(list, codes(c.Get("contains"))...)
	}
	return list
}

func (a answer) expand(t *T) {
	n := t.Use(terms)
	r := t.Get(n.in(a.path))
	t.Want(r.Body.ResourceType() == "ValueSet" && r.Body.Path("expansion", "timestamp").String() != "", "no expansion: %.200s", r.Raw)
	got := codes(r.Body.Path("expansion", "contains"))
	slices.Sort(got)
	t.Want(strings.Join(got, " ") == a.want, "%v, want %s", got, a.want)
}

func (a answer) ask(t *T) {
	n := t.Use(terms)
	if a.want == "refused" {
		r := t.Do("GET", n.in(a.path), "")
		t.Want(!strings.Contains(string(r.Raw), "no such operation"), "the operation is not served")
		t.Refused(r)
		return
	}
	r := t.Get(n.in(a.path))
	t.Want(r.Body.ResourceType() == "Parameters", "no Parameters: %.200s", r.Raw)
	for _, w := range strings.Fields(a.want) {
		name, value, _ := strings.Cut(w, "=")
		got := out(r, name)
		t.Want(got != nil && got.Text == value, "%s is %s, want %s", name, got.JSON(), value)
	}
}

func terminologyCases() []Case {
	var list []Case
	for _, a := range expansions {
		list = append(list, Case{"terminology", a.name, "valueset-operation-expand.html", a.expand})
	}
	for _, a := range questions {
		list = append(list, Case{"terminology", a.name, a.clause, a.ask})
	}
	const expand, lookup = "valueset-operation-expand.html", "codesystem-operation-lookup.html"
	mk := func(name, clause string, run func(t *T, n names)) Case {
		return Case{"terminology", name, clause, func(t *T) { run(t, t.Use(terms)) }}
	}
	return append(list,
		mk("$expand by pages", expand, func(t *T, n names) {
			var got []string
			for _, offset := range []string{"0", "2", "4"} {
				r := t.Get(n.in("ValueSet/{vs}/$expand?count=2&offset=" + offset))
				page := codes(r.Body.Path("expansion", "contains"))
				t.Want(len(page) == 2 && r.Body.Path("expansion", "total").Text == "6", "offset %s: %v", offset, page)
				got = append(got, page...)
			}
			slices.Sort(got)
			t.Want(len(slices.Compact(got)) == 6, "%v", got)
		}),
		mk("$expand count=0 gives the total", expand, func(t *T, n names) {
			r := t.Get(n.in("ValueSet/{vs}/$expand?count=0"))
			t.Want(r.Body.Path("expansion", "total").Text == "6" && r.Body.Path("expansion", "contains") == nil, "%.300s", r.Raw)
		}),
		mk("$expand takes displays of the value set", expand, func(t *T, n names) {
			r := t.Get(n.in("ValueSet/{some}/$expand"))
			t.Want(strings.Contains(string(r.Raw), "Hound") && strings.Contains(string(r.Raw), `"Plant"`), "%.400s", r.Raw)
		}),
		mk("$expand of a value set in Parameters", expand, func(t *T, n names) {
			vs := n.in(`{"resourceType":"ValueSet","status":"draft","compose":{"include":[{"system":"` + cs + `","concept":[{"code":"cat"}]}]}}`)
			r := t.Code(t.Do("POST", "ValueSet/$expand", parameters(given("valueSet", vs))), 200)
			t.Want(strings.Join(codes(r.Body.Path("expansion", "contains")), " ") == "cat", "%.300s", r.Raw)
		}),
		mk("$expand of an unknown value set is refused", expand, func(t *T, n names) {
			t.Refused(t.Do("GET", n.in("ValueSet/$expand?url=urn:none:{tag}"), ""), 404, 400, 422)
		}),
		mk("$lookup gives properties and designations", lookup, func(t *T, n names) {
			r := t.Get(n.in("CodeSystem/$lookup?system=" + cs + "&code=dog"))
			for _, want := range []string{"kukur", "weight", "20", "animal"} {
				t.Want(strings.Contains(string(r.Raw), want), "no %s: %.500s", want, r.Raw)
			}
		}),
		mk("$lookup of a Coding by POST", lookup, func(t *T, n names) {
			r := t.Code(t.Do("POST", "CodeSystem/$lookup", n.in(parameters(`{"name":"coding","valueCoding":{"system":"`+cs+`","code":"cat"}}`))), 200)
			t.Want(out(r, "display").String() == "Cat", "%.300s", r.Raw)
		}),
		mk("$validate-code of a CodeableConcept", "valueset-operation-validate-code.html", func(t *T, n names) {
			r := t.Code(t.Do("POST", n.in("ValueSet/{some}/$validate-code"), n.in(parameters(`{"name":"codeableConcept","valueCodeableConcept":{"coding":[{"system":"urn:x","code":"y"},{"system":"`+cs+`","code":"dog"}]}}`))), 200)
			t.Want(out(r, "result").True(), "%.300s", r.Raw)
		}),
		mk("$validate-code of a wrong display is false or says so", "valueset-operation-validate-code.html", func(t *T, n names) {
			r := t.Get(n.in("ValueSet/{vs}/$validate-code?system=" + cs + "&code=dog&display=Whale"))
			t.Want(out(r, "result") != nil && (!out(r, "result").True() || out(r, "message").String() != ""), "%s", r.Raw)
		}),
		mk("$validate-code says why not", "valueset-operation-validate-code.html", func(t *T, n names) {
			r := t.Get(n.in("ValueSet/{some}/$validate-code?system=" + cs + "&code=cat"))
			t.Want(out(r, "message").String() != "", "no message: %s", r.Raw)
		}),
		mk("$translate gives the match", "conceptmap-operation-translate.html", func(t *T, n names) {
			r := t.Get(n.in("ConceptMap/{map}/$translate?system=" + cs + "&code=dog"))
			t.Want(strings.Contains(string(r.Raw), "D1") && strings.Contains(string(r.Raw), "urn:target") && strings.Contains(string(r.Raw), "equivalent"), "%.400s", r.Raw)
		}),
		mk("a changed CodeSystem changes the answers", lookup, func(t *T, _ names) {
			body := `{"resourceType":"CodeSystem","url":"http://conformance.example/` + t.Tag + `/live","status":"active","content":"complete","concept":[{"code":"a","display":"A"}]}`
			id, _ := t.Create(body)
			path := "CodeSystem/$lookup?system=http://conformance.example/" + t.Tag + "/live&code=a"
			t.Want(out(t.Get(path), "display").String() == "A", "display")
			t.Code(t.Do("PUT", "/CodeSystem/"+id, withID(strings.Replace(body, `"A"`, `"B"`, 1), id)), 200)
			t.Want(out(t.Get(path), "display").String() == "B", "the old display")
		}))
}
