package main

import (
	"fmt"
	"strings"
)

// errors counts the issues of severity error or fatal of an outcome, which may
// stand in Parameters.
func (t *T) errors(r Reply) (n int) {
	o := r.Body
	if o.ResourceType() == "Parameters" {
		o = o.Get("parameter").At(0).Get("resource")
	}
	t.Want(o.ResourceType() == "OperationOutcome" && o.Get("issue").At(0) != nil, "no OperationOutcome with an issue: %.200s", r.Raw)
	for _, i := range o.Get("issue").Each() {
		if s := i.Get("severity").String(); s == "error" || s == "fatal" {
			n++
		}
	}
	return n
}

func parameters(list ...string) string {
	return `{"resourceType":"Parameters","parameter":[` + strings.Join(list, ",") + `]}`
}

func param(name, kind, value string) string {
	return fmt.Sprintf(`{"name":%q,%q:%q}`, name, kind, value)
}

func given(name, resource string) string {
	return fmt.Sprintf(`{"name":%q,"resource":%s}`, name, resource)
}

func validateCases() []Case {
	const clause = "resource-operation-validate.html"
	mk := func(name, clause string, run func(t *T)) Case { return Case{"validation", name, clause, run} }
	valid := func(t *T, path, body string, want bool) Reply {
		r := t.Code(t.Do("POST", path, body), 200)
		t.Want((t.errors(r) == 0) == want, "%d errors: %.400s", t.errors(r), r.Raw)
		return r
	}
	const wrong = `{"resourceType":"Patient","gender":"man"}`
	return []Case{
		mk("an issue names the element at fault", "operationoutcome.html", func(t *T) {
			r := t.Refused(t.Do("POST", "/Patient", patient(`"gender":"man"`)), 400, 422)
			t.Want(strings.HasSuffix(r.Body.Get("issue").At(0).Get("expression").At(0).String(), "gender"), "expression %s", r.Body.Get("issue").JSON())
		}),
		mk("an issue names the index of a repeating element", "operationoutcome.html", func(t *T) {
			r := t.Refused(t.Do("POST", "/Patient", patient(`"name":[{"family":"a"},{"use":"main"}]`)), 400, 422)
			t.Want(strings.Contains(r.Body.Get("issue").At(0).Get("expression").At(0).String(), "name[1]"), "expression %s", r.Body.Get("issue").JSON())
		}),
		mk("every problem is told at once", "operationoutcome.html", func(t *T) {
			r := t.Refused(t.Do("POST", "/Patient", patient(`"gender":"man","birthDate":"x"`)), 400, 422)
			t.Want(strings.Contains(string(r.Raw), "gender") && strings.Contains(string(r.Raw), "birthDate"), "%s", r.Raw)
		}),
		mk("an update is validated, and a wrong one changes nothing", "http.html#update", func(t *T) {
			id, _ := t.Create(person(t, ""))
			t.Refused(t.Do("PUT", "/Patient/"+id, withID(wrong, id)), 400, 422)
			t.Want(t.Get("/Patient/"+id).Body.Path("meta", "versionId").String() == "1", "a version was made")
		}),
		mk("a conditional create is validated", "http.html#ccreate", func(t *T) {
			t.Refused(t.Do("POST", "/Patient", wrong, "If-None-Exist: identifier=urn:conformance|"+t.Tag), 400, 422)
		}),
		mk("$validate finds no fault", clause, func(t *T) { valid(t, "/Patient/$validate", person(t, ""), true) }),
		mk("$validate tells a fault with status 200", clause, func(t *T) {
			r := valid(t, "/Patient/$validate", wrong, false)
			t.Want(strings.Contains(string(r.Raw), "gender"), "%s", r.Raw)
		}),
		mk("$validate of Parameters", clause, func(t *T) {
			valid(t, "/Patient/$validate", parameters(given("resource", wrong)), false)
			valid(t, "/Patient/$validate", parameters(given("resource", person(t, ""))), true)
		}),
		mk("$validate stores nothing", clause, func(t *T) {
			valid(t, "/Patient/$validate", person(t, ""), true)
			t.Want(t.Get("/Patient?identifier="+t.Tag).Total() == 0, "stored")
		}),
		mk("$validate mode=create", clause, func(t *T) {
			valid(t, "/Patient/$validate", parameters(given("resource", person(t, "")), param("mode", "valueCode", "create")), true)
		}),
		mk("$validate mode=update of an instance", clause, func(t *T) {
			id, _ := t.Create(person(t, ""))
			valid(t, "/Patient/"+id+"/$validate", parameters(given("resource", withID(person(t, ""), id)), param("mode", "valueCode", "update")), true)
		}),
		mk("$validate mode=delete of an instance needs no resource", clause, func(t *T) {
			id, _ := t.Create(person(t, ""))
			valid(t, "/Patient/"+id+"/$validate", parameters(param("mode", "valueCode", "delete")), true)
			t.Get("/Patient/" + id)
		}),
		mk("$validate mode that is none is refused", clause, func(t *T) {
			r := t.Do("POST", "/Patient/$validate", parameters(given("resource", person(t, "")), param("mode", "valueCode", "look")))
			t.Want(r.Code >= 400 || t.errors(r) > 0, "accepted")
		}),
		mk("$validate without resource is refused", clause, func(t *T) {
			t.Refused(t.Do("POST", "/Patient/$validate", parameters(param("mode", "valueCode", "create"))), 400, 422)
		}),
		mk("$validate of another type is an error", clause, func(t *T) {
			r := t.Do("POST", "/Observation/$validate", person(t, ""))
			t.Want(r.Code >= 400 || t.errors(r) > 0, "accepted")
		}),
		mk("$validate against an unknown profile is an error", clause, func(t *T) {
			r := t.Do("POST", "/Patient/$validate?profile=http://conformance.example/none/"+t.Tag, person(t, ""))
			t.Want(r.Code >= 400 || t.errors(r) > 0, "accepted")
		}),
		mk("$validate tells every fault", clause, func(t *T) {
			r := t.Code(t.Do("POST", "/Patient/$validate", patient(`"gender":"man","birthDate":"x","colour":"red"`)), 200)
			t.Want(t.errors(r) >= 3, "%d errors: %s", t.errors(r), r.Raw)
		}),
	}
}

// profile is a StructureDefinition on a type with differential elements.
func profile(t *T, typ, elements string) (url string) {
	url = "http://conformance.example/StructureDefinition/" + t.Tag
	t.Create(fmt.Sprintf(`{"resourceType":"StructureDefinition","url":%q,"name":"P%s","status":"active","kind":"resource","abstract":false,"type":%q,"baseDefinition":"http://hl7.org/fhir/StructureDefinition/%s","derivation":"constraint","fhirVersion":"4.0.1","differential":{"element":[%s]}}`, url, t.Tag, typ, typ, elements))
	return url
}

func profileCases() []Case {
	const clause = "profiling.html"
	// Each profile has a resource that meets it and one that does not.
	mk := func(name, clause, typ, elements, good, bad string) Case {
		return Case{"validation", name, clause, func(t *T) {
			url := profile(t, typ, elements)
			r := t.Code(t.Do("POST", "/"+typ+"/$validate?profile="+url, good), 200)
			t.Want(t.errors(r) == 0, "the good one has errors: %.400s", r.Raw)
			r = t.Code(t.Do("POST", "/"+typ+"/$validate?profile="+url, bad), 200)
			t.Want(t.errors(r) > 0, "the bad one has none")
		}}
	}
	return []Case{
		mk("a profile raises a minimum", clause, "Patient", `{"id":"Patient.gender","path":"Patient.gender","min":1}`, patient(`"gender":"male"`), patient(`"active":true`)),
		mk("a profile lowers a maximum", clause, "Patient", `{"id":"Patient.name","path":"Patient.name","max":"1"}`, patient(`"name":[{"family":"a"}]`), patient(`"name":[{"family":"a"},{"family":"b"}]`)),
		mk("a profile forbids an element", clause, "Patient", `{"id":"Patient.photo","path":"Patient.photo","max":"0"}`, patient(`"active":true`), patient(`"photo":[{"title":"x"}]`)),
		mk("a profile fixes a value", "elementdefinition.html#ElementDefinition.fixed[x]", "Patient", `{"id":"Patient.active","path":"Patient.active","fixedBoolean":true}`, patient(`"active":true`), patient(`"active":false`)),
		mk("a profile has a pattern", "elementdefinition.html#ElementDefinition.pattern[x]", "Observation", `{"id":"Observation.code","path":"Observation.code","patternCodeableConcept":{"coding":[{"system":"urn:x","code":"a"}]}}`, observation(`{"coding":[{"system":"urn:x","code":"a","display":"A"}]}`, ""), observation(`{"coding":[{"system":"urn:x","code":"b"}]}`, "")),
		mk("a profile narrows a choice", clause, "Observation", `{"id":"Observation.value[x]","path":"Observation.value[x]","type":[{"code":"Quantity"}]}`, final(`"valueQuantity":{"value":5}`), final(`"valueString":"x"`)),
		mk("a profile has an invariant", "elementdefinition.html#ElementDefinition.constraint", "Patient", `{"id":"Patient","path":"Patient","constraint":[{"key":"t-1","severity":"error","human":"born","expression":"birthDate.exists()"}]}`, patient(`"birthDate":"1990"`), patient(`"active":true`)),
		mk("a profile slices by value", clause+"#slicing", "Patient", `{"id":"Patient.identifier","path":"Patient.identifier","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"open"}},{"id":"Patient.identifier:n","path":"Patient.identifier","sliceName":"n","min":1,"max":"1"},{"id":"Patient.identifier:n.system","path":"Patient.identifier.system","min":1,"fixedUri":"urn:n"}`, patient(`"identifier":[{"system":"urn:n","value":"1"},{"system":"urn:o","value":"1"}]`), patient(`"identifier":[{"system":"urn:o","value":"1"}]`)),
		mk("a profile closes its slices", "profiling.html#slicing", "Patient", `{"id":"Patient.identifier","path":"Patient.identifier","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"closed"}},{"id":"Patient.identifier:n","path":"Patient.identifier","sliceName":"n","min":0,"max":"1"},{"id":"Patient.identifier:n.system","path":"Patient.identifier.system","min":1,"fixedUri":"urn:n"}`, patient(`"identifier":[{"system":"urn:n","value":"1"}]`), patient(`"identifier":[{"system":"urn:o","value":"1"}]`)),
		mk("a profile limits a slice", "profiling.html#slicing", "Patient", `{"id":"Patient.identifier","path":"Patient.identifier","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"open"}},{"id":"Patient.identifier:n","path":"Patient.identifier","sliceName":"n","min":0,"max":"1"},{"id":"Patient.identifier:n.system","path":"Patient.identifier.system","min":1,"fixedUri":"urn:n"}`, patient(`"identifier":[{"system":"urn:n","value":"1"},{"system":"urn:o","value":"2"}]`), patient(`"identifier":[{"system":"urn:n","value":"1"},{"system":"urn:n","value":"2"}]`)),
		mk("a profile slices by pattern", "profiling.html#discriminator", "Observation", `{"id":"Observation.category","path":"Observation.category","slicing":{"discriminator":[{"type":"pattern","path":"$this"}],"rules":"open"}},{"id":"Observation.category:lab","path":"Observation.category","sliceName":"lab","min":1,"max":"1","patternCodeableConcept":{"coding":[{"system":"urn:cat","code":"lab"}]}}`, final(`"category":[{"coding":[{"system":"urn:cat","code":"lab","display":"Lab"}]},{"text":"x"}]`), final(`"category":[{"coding":[{"system":"urn:cat","code":"other"}]}]`)),
		mk("a profile slices by type", "profiling.html#discriminator", "Observation", `{"id":"Observation.value[x]","path":"Observation.value[x]","slicing":{"discriminator":[{"type":"type","path":"$this"}],"rules":"closed"}},{"id":"Observation.value[x]:valueQuantity","path":"Observation.value[x]","sliceName":"valueQuantity","min":0,"max":"1","type":[{"code":"Quantity"}]}`, final(`"valueQuantity":{"value":5}`), final(`"valueString":"x"`)),
		mk("a profile slices by existence", "profiling.html#discriminator", "Patient", `{"id":"Patient.name","path":"Patient.name","slicing":{"discriminator":[{"type":"exists","path":"period"}],"rules":"open"}},{"id":"Patient.name:old","path":"Patient.name","sliceName":"old","min":1,"max":"*"},{"id":"Patient.name:old.period","path":"Patient.name.period","min":1},{"id":"Patient.name:now","path":"Patient.name","sliceName":"now","min":0,"max":"*"},{"id":"Patient.name:now.period","path":"Patient.name.period","max":"0"}`, patient(`"name":[{"family":"a","period":{"start":"2000"}},{"family":"b"}]`), patient(`"name":[{"family":"b"}]`)),
		mk("a profile requires an extension", "profiling.html#extensions", "Patient", `{"id":"Patient.extension","path":"Patient.extension","slicing":{"discriminator":[{"type":"value","path":"url"}],"rules":"open"},"min":1},{"id":"Patient.extension:e","path":"Patient.extension","sliceName":"e","min":1,"max":"1"},{"id":"Patient.extension:e.url","path":"Patient.extension.url","fixedUri":"http://x.org/e"}`, patient(`"extension":[{"url":"http://x.org/e","valueString":"x"}]`), patient(`"extension":[{"url":"http://x.org/f","valueString":"x"}]`)),
		mk("a profile binds a code to a smaller value set", "elementdefinition.html#ElementDefinition.binding", "Observation", `{"id":"Observation.code","path":"Observation.code","binding":{"strength":"required","valueSet":"http://hl7.org/fhir/ValueSet/administrative-gender"}}`, observation(`{"coding":[{"system":"http://hl7.org/fhir/administrative-gender","code":"male"}]}`, ""), observation(`{"coding":[{"system":"urn:x","code":"male"}]}`, "")),
		mk("a profile narrows the targets of a reference", "elementdefinition.html#ElementDefinition.type.targetProfile", "Observation", `{"id":"Observation.subject","path":"Observation.subject","type":[{"code":"Reference","targetProfile":["http://hl7.org/fhir/StructureDefinition/Group"]}]}`, final(`"subject":{"reference":"Group/1"}`), final(`"subject":{"reference":"Patient/1"}`)),
		mk("a profile limits the length of a string", "elementdefinition.html#ElementDefinition.maxLength", "Patient", `{"id":"Patient.name.family","path":"Patient.name.family","maxLength":3}`, patient(`"name":[{"family":"abc"}]`), patient(`"name":[{"family":"abcd"}]`)),
		mk("a profile bounds a number", "elementdefinition.html#ElementDefinition.maxValue[x]", "Patient", `{"id":"Patient.multipleBirth[x]","path":"Patient.multipleBirth[x]","type":[{"code":"integer"}],"maxValueInteger":3}`, patient(`"multipleBirthInteger":3`), patient(`"multipleBirthInteger":4`)),
		{"validation", "$validate takes the profile as a parameter of Parameters", "resource-operation-validate.html", func(t *T) {
			url := profile(t, "Patient", `{"id":"Patient.gender","path":"Patient.gender","min":1}`)
			r := t.Code(t.Do("POST", "/Patient/$validate", parameters(given("resource", patient(`"active":true`)), param("profile", "valueUri", url))), 200)
			t.Want(t.errors(r) > 0, "no error")
			r = t.Code(t.Do("POST", "/Patient/$validate", parameters(given("resource", patient(`"gender":"male"`)), param("profile", "valueUri", url))), 200)
			t.Want(t.errors(r) == 0, "%s", r.Raw)
		}},
		{"validation", "a profile built on a profile keeps its rules", clause, func(t *T) {
			base := profile(t, "Patient", `{"id":"Patient.gender","path":"Patient.gender","min":1}`)
			url := base + "-2"
			t.Create(fmt.Sprintf(`{"resourceType":"StructureDefinition","url":%q,"name":"Q%s","status":"active","kind":"resource","abstract":false,"type":"Patient","baseDefinition":%q,"derivation":"constraint","fhirVersion":"4.0.1","differential":{"element":[{"id":"Patient.name","path":"Patient.name","min":1}]}}`, url, t.Tag, base))
			for body, good := range map[string]bool{`"gender":"male","name":[{"family":"x"}]`: true, `"gender":"male"`: false, `"name":[{"family":"x"}]`: false} {
				r := t.Code(t.Do("POST", "/Patient/$validate?profile="+url, patient(body)), 200)
				t.Want((t.errors(r) == 0) == good, "%s: %s", body, r.Raw)
			}
		}},
		{"validation", "a profile claimed in meta.profile is enforced", clause, func(t *T) {
			url := profile(t, "Patient", `{"id":"Patient.gender","path":"Patient.gender","min":1}`)
			t.Create(patient(fmt.Sprintf(`"meta":{"profile":[%q]},"gender":"male"`, url)))
			t.Refused(t.Do("POST", "/Patient", patient(fmt.Sprintf(`"meta":{"profile":[%q]},"active":true`, url))), 400, 422)
		}},
	}
}
