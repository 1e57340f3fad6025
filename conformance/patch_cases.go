package main

import (
	"fmt"
	"slices"
	"strings"
)

const jsonPatch = "Content-Type: application/json-patch+json"

// edit is a patch of a patient and the members it must leave, as JSON; "" is
// none, and "refused" as only member means that nothing may change.
type edit struct {
	name, clause, patch string
	want                map[string]string
}

// patched is what every edit starts from, beside the tag's identifier.
const patched = `{"resourceType":"Patient","identifier":[{"system":"urn:conformance","value":"{tag}"}],"active":true,"name":[{"family":"A","given":["a1","a2","a3"]},{"family":"B"}],"gender":"male","extension":[{"url":"http://x.org/e","valueDecimal":1.10}]}`

var refused = map[string]string{"refused": ""}

var jsonEdits = []edit{
	{"JSON Patch add of a member", "http.html#patch", `[{"op":"add","path":"/birthDate","value":"1990-01-01"}]`, map[string]string{"birthDate": `"1990-01-01"`}},
	{"JSON Patch add at the end of an array", "http.html#patch", `[{"op":"add","path":"/name/-","value":{"family":"C"}}]`, map[string]string{"name": `[{"family":"A","given":["a1","a2","a3"]},{"family":"B"},{"family":"C"}]`}},
	{"JSON Patch add within an array moves the others", "http.html#patch", `[{"op":"add","path":"/name/1","value":{"family":"C"}}]`, map[string]string{"name": `[{"family":"A","given":["a1","a2","a3"]},{"family":"C"},{"family":"B"}]`}},
	{"JSON Patch replace keeps the other elements", "http.html#patch", `[{"op":"replace","path":"/name/0/given/1","value":"x"}]`, map[string]string{"name": `[{"family":"A","given":["a1","x","a3"]},{"family":"B"}]`, "extension": `[{"url":"http://x.org/e","valueDecimal":1.10}]`}},
	{"JSON Patch remove of an element keeps the others", "http.html#patch", `[{"op":"remove","path":"/name/0/given/0"}]`, map[string]string{"name": `[{"family":"A","given":["a2","a3"]},{"family":"B"}]`}},
	{"JSON Patch remove of a member", "http.html#patch", `[{"op":"remove","path":"/gender"}]`, map[string]string{"gender": "", "active": "true"}},
	{"JSON Patch move", "http.html#patch", `[{"op":"move","from":"/name/1","path":"/name/0"}]`, map[string]string{"name": `[{"family":"B"},{"family":"A","given":["a1","a2","a3"]}]`}},
	{"JSON Patch copy", "http.html#patch", `[{"op":"copy","from":"/name/0/given","path":"/name/1/given"}]`, map[string]string{"name": `[{"family":"A","given":["a1","a2","a3"]},{"family":"B","given":["a1","a2","a3"]}]`}},
	{"JSON Patch test that holds", "http.html#patch", `[{"op":"test","path":"/gender","value":"male"},{"op":"replace","path":"/gender","value":"female"}]`, map[string]string{"gender": `"female"`}},
	{"JSON Patch test that fails changes nothing", "http.html#patch", `[{"op":"replace","path":"/active","value":false},{"op":"test","path":"/gender","value":"female"}]`, refused},
	{"JSON Patch remove of what is not there", "http.html#patch", `[{"op":"remove","path":"/birthDate"}]`, refused},
	{"JSON Patch replace of what is not there", "http.html#patch", `[{"op":"replace","path":"/birthDate","value":"1990"}]`, refused},
	{"JSON Patch with an index beyond the end", "http.html#patch", `[{"op":"add","path":"/name/7","value":{"family":"C"}}]`, refused},
	{"JSON Patch with an unknown op", "http.html#patch", `[{"op":"merge","path":"/active","value":false}]`, refused},
	{"JSON Patch without path", "http.html#patch", `[{"op":"remove"}]`, refused},
	{"JSON Patch that is no array", "http.html#patch", `{"op":"remove","path":"/active"}`, refused},
	{"JSON Patch that is no JSON", "http.html#patch", `[{`, refused},
	{"JSON Patch to an invalid resource", "http.html#patch", `[{"op":"replace","path":"/gender","value":"man"}]`, refused},
	{"JSON Patch of an unknown element", "http.html#patch", `[{"op":"add","path":"/colour","value":"red"}]`, refused},
	{"JSON Patch of the id", "http.html#patch", `[{"op":"replace","path":"/id","value":"other"}]`, refused},
	{"JSON Patch of the type", "http.html#patch", `[{"op":"replace","path":"/resourceType","value":"Group"}]`, refused},
}

func step(kind, path, more string) string {
	return fmt.Sprintf(`{"name":"operation","part":[{"name":"type","valueCode":%q},{"name":"path","valueString":%q}%s]}`, kind, path, more)
}

var pathEdits = []edit{
	{"FHIRPath Patch add of a primitive", "fhirpatch.html", parameters(step("add", "Patient", `,{"name":"name","valueString":"birthDate"},{"name":"value","valueDate":"1990-01-01"}`)), map[string]string{"birthDate": `"1990-01-01"`}},
	{"FHIRPath Patch add to a list", "fhirpatch.html", parameters(step("add", "Patient", `,{"name":"name","valueString":"name"},{"name":"value","valueHumanName":{"family":"C"}}`)), map[string]string{"name": `[{"family":"A","given":["a1","a2","a3"]},{"family":"B"},{"family":"C"}]`}},
	{"FHIRPath Patch add of nested parts", "fhirpatch.html", parameters(step("add", "Patient", `,{"name":"name","valueString":"contact"},{"name":"value","part":[{"name":"name","valueHumanName":{"text":"c"}}]}`)), map[string]string{"contact": `[{"name":{"text":"c"}}]`}},
	{"FHIRPath Patch replace", "fhirpatch.html", parameters(step("replace", "Patient.gender", `,{"name":"value","valueCode":"female"}`)), map[string]string{"gender": `"female"`}},
	{"FHIRPath Patch replace of one of a list", "fhirpatch.html", parameters(step("replace", "Patient.name[0].given[1]", `,{"name":"value","valueString":"x"}`)), map[string]string{"name": `[{"family":"A","given":["a1","x","a3"]},{"family":"B"}]`}},
	{"FHIRPath Patch replace by a filter", "fhirpatch.html", parameters(step("replace", "Patient.name.where(family='B').family", `,{"name":"value","valueString":"x"}`)), map[string]string{"name": `[{"family":"A","given":["a1","a2","a3"]},{"family":"x"}]`}},
	{"FHIRPath Patch delete", "fhirpatch.html", parameters(step("delete", "Patient.gender", "")), map[string]string{"gender": ""}},
	{"FHIRPath Patch delete of what is not there", "fhirpatch.html", parameters(step("delete", "Patient.birthDate", "")), map[string]string{"gender": `"male"`}},
	{"FHIRPath Patch delete of one of a list", "fhirpatch.html", parameters(step("delete", "Patient.name[0]", "")), map[string]string{"name": `[{"family":"B"}]`}},
	{"FHIRPath Patch insert", "fhirpatch.html", parameters(step("insert", "Patient.name", `,{"name":"index","valueInteger":1},{"name":"value","valueHumanName":{"family":"C"}}`)), map[string]string{"name": `[{"family":"A","given":["a1","a2","a3"]},{"family":"C"},{"family":"B"}]`}},
	{"FHIRPath Patch move", "fhirpatch.html", parameters(step("move", "Patient.name", `,{"name":"source","valueInteger":1},{"name":"destination","valueInteger":0}`)), map[string]string{"name": `[{"family":"B"},{"family":"A","given":["a1","a2","a3"]}]`}},
	{"FHIRPath Patch of several steps", "fhirpatch.html", parameters(step("delete", "Patient.gender", ""), step("replace", "Patient.active", `,{"name":"value","valueBoolean":false}`)), map[string]string{"gender": "", "active": "false"}},
	{"FHIRPath Patch delete of several at once", "fhirpatch.html", parameters(step("delete", "Patient.name", "")), refused},
	{"FHIRPath Patch with an index beyond the end", "fhirpatch.html", parameters(step("insert", "Patient.name", `,{"name":"index","valueInteger":9},{"name":"value","valueHumanName":{"family":"C"}}`)), refused},
	{"FHIRPath Patch with a path that cannot be read", "fhirpatch.html", parameters(step("delete", "Patient.(", "")), refused},
	{"FHIRPath Patch with an unknown type", "fhirpatch.html", parameters(step("merge", "Patient.gender", "")), refused},
	{"FHIRPath Patch to an invalid resource", "fhirpatch.html", parameters(step("replace", "Patient.gender", `,{"name":"value","valueCode":"man"}`)), refused},
	{"FHIRPath Patch that fails later changes nothing", "fhirpatch.html", parameters(step("delete", "Patient.gender", ""), step("replace", "Patient.birthDate", `,{"name":"value","valueDate":"x"}`)), refused},
}

func patchCases() []Case {
	var out []Case
	for kind, edits := range [][]edit{jsonEdits, pathEdits} {
		media := []string{jsonPatch, "Content-Type: application/fhir+json"}[kind]
		for _, e := range edits {
			out = append(out, Case{"patch", e.name, e.clause, func(t *T) { e.run(t, media) }})
		}
	}
	return slices.Concat(out, patchRequestCases())
}

func (e edit) run(t *T, media string) {
	id, _ := t.Create(strings.ReplaceAll(patched, "{tag}", t.Tag))
	r := t.Do("PATCH", "/Patient/"+id, e.patch, media)
	if _, no := e.want["refused"]; no {
		t.Want(r.Code != 405 && r.Code != 501, "PATCH is not served: %d", r.Code)
		t.Refused(r)
		t.Want(t.Get("/Patient/"+id).Body.Path("meta", "versionId").String() == "1", "something changed")
		return
	}
	t.Code(r, 200)
	got := t.Get("/Patient/" + id).Body
	for member, want := range e.want {
		have := ""
		if m := got.Get(member); m != nil {
			have = string(m.JSON())
		}
		t.Want(have == want, "%s is %s, want %s", member, have, want)
	}
	t.Want(got.Get("identifier") != nil, "the identifier was lost")
}

func patchRequestCases() []Case {
	const clause = "http.html#patch"
	const off = `[{"op":"replace","path":"/active","value":false}]`
	mk := func(name string, run func(t *T, id string)) Case {
		return Case{"patch", name, clause, func(t *T) {
			id, _ := t.Create(strings.ReplaceAll(patched, "{tag}", t.Tag))
			run(t, id)
		}}
	}
	return []Case{
		mk("a patch makes a version and says so in ETag", func(t *T, id string) {
			r := t.Code(t.Do("PATCH", "/Patient/"+id, off, jsonPatch), 200)
			t.Want(r.Header.Get("ETag") == `W/"2"`, "ETag %q", r.Header.Get("ETag"))
		}),
		mk("a patch with If-Match of the current version", func(t *T, id string) {
			t.Code(t.Do("PATCH", "/Patient/"+id, off, jsonPatch, `If-Match: W/"1"`), 200)
		}),
		mk("a patch with If-Match of an old version is 412", func(t *T, id string) {
			t.Refused(t.Do("PATCH", "/Patient/"+id, off, jsonPatch, `If-Match: W/"7"`), 409, 412)
			t.Want(t.Get("/Patient/"+id).Body.Get("active").True(), "something changed")
		}),
		mk("of parallel patches with one If-Match one wins", func(t *T, id string) {
			won := many(8, func(int) bool {
				return t.Do("PATCH", "/Patient/"+id, off, jsonPatch, `If-Match: W/"1"`).Code == 200
			})
			t.Want(won == 1, "%d won", won)
		}),
		mk("a patch of an unknown id is 404", func(t *T, _ string) {
			t.Refused(t.Do("PATCH", "/Patient/none-"+t.Tag, off, jsonPatch), 404)
		}),
		mk("a patch of a deleted resource is 404 or 410", func(t *T, id string) {
			t.Code(t.Do("DELETE", "/Patient/"+id, ""), 200, 204)
			t.Refused(t.Do("PATCH", "/Patient/"+id, off, jsonPatch), 404, 410)
		}),
		mk("a patch of another media type is 415", func(t *T, id string) {
			t.Refused(t.Do("PATCH", "/Patient/"+id, "a,b", "Content-Type: text/csv"), 415)
		}),
		mk("a conditional patch with one match", func(t *T, id string) {
			t.Code(t.Do("PATCH", "/Patient?identifier=urn:conformance|"+t.Tag, off, jsonPatch), 200)
			t.Want(!t.Get("/Patient/"+id).Body.Get("active").True(), "not patched")
		}),
		mk("a conditional patch with several matches is 412", func(t *T, _ string) {
			t.Create(person(t, ""))
			t.Refused(t.Do("PATCH", "/Patient?identifier=urn:conformance|"+t.Tag, off, jsonPatch), 412)
		}),
		mk("a conditional patch with no match is 404", func(t *T, _ string) {
			t.Refused(t.Do("PATCH", "/Patient?identifier=urn:conformance|none-"+t.Tag, off, jsonPatch), 404, 412)
		}),
		mk("a FHIRPath patch as an entry of a transaction", func(t *T, id string) {
			t.Code(t.Do("POST", "", bundle("transaction", entry("PATCH", "Patient/"+id, parameters(step("delete", "Patient.gender", ""))))), 200)
			t.Want(t.Get("/Patient/"+id).Body.Get("gender") == nil, "not patched")
		}),
		mk("a JSON patch in a Binary as an entry of a transaction", func(t *T, id string) {
			binary := `{"resourceType":"Binary","contentType":"application/json-patch+json","data":"W3sib3AiOiJyZW1vdmUiLCJwYXRoIjoiL2dlbmRlciJ9XQ=="}`
			t.Code(t.Do("POST", "", bundle("transaction", entry("PATCH", "Patient/"+id, binary))), 200)
			t.Want(t.Get("/Patient/"+id).Body.Get("gender") == nil, "not patched")
		}),
	}
}
