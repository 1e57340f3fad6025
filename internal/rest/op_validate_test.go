package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/registry"
)

func parametersOf(list ...string) string {
	return `{"resourceType":"Parameters","parameter":[` + strings.Join(list, ",") + `]}`
}

func resourceParam(resource string) string {
	return `{"name":"resource","resource":` + resource + `}`
}

func codeParam(name, kind, value string) string {
	return fmt.Sprintf(`{"name":%q,%q:%q}`, name, kind, value)
}

// faults lists the expressions of the errors.
func (a answer) faults() (list []string) {
	for _, i := range a.body.Get("issue").Each() {
		if s := i.Get("severity").String(); s == "error" || s == "fatal" {
			list = append(list, i.Get("expression").At(0).String())
		}
	}
	return list
}

const needsGender = `{"resourceType":"StructureDefinition","id":"g","url":"http://x.org/needs-gender","name":"G","status":"active","kind":"resource","abstract":false,"type":"Patient","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint","fhirVersion":"4.0.1","differential":{"element":[{"id":"Patient.gender","path":"Patient.gender","min":1}]}}`

func TestValidateOperation(t *testing.T) {
	const wrong = `{"resourceType":"Patient","gender":"man","birthDate":"x"}`
	profile := codeParam("profile", "valueUri", "http://x.org/needs-gender")
	good := person("", "A")
	mode := func(m string) string { return codeParam("mode", "valueCode", m) }
	tests := []struct {
		name, method, path, body string
		code                     int
		faults                   string // expressions
	}{
		{"a good one", "POST", "/Patient/$validate", good, 200, ""},
		{"in Parameters", "POST", "/Patient/$validate", parametersOf(resourceParam(good)), 200, ""},
		{"all faults", "POST", "/Patient/$validate", wrong, 200, "Patient.gender Patient.birthDate"},
		{"all faults in Parameters", "POST", "/Patient/$validate", parametersOf(resourceParam(wrong)), 200, "Patient.gender Patient.birthDate"},
		{"another type", "POST", "/Group/$validate", good, 200, "resourceType"},
		{"Parameters themselves", "POST", "/Parameters/$validate", parametersOf(codeParam("x", "valueCode", "")), 200, "Parameters.parameter[0].value"},
		{"a profile in the address", "POST", "/Patient/$validate?profile=http://x.org/needs-gender", good, 200, "Patient.gender"},
		{"a profile in Parameters", "POST", "/Patient/$validate", parametersOf(resourceParam(good), profile), 200, "Patient.gender"},
		{"an unknown profile", "POST", "/Patient/$validate?profile=http://x.org/none", good, 200, "Patient"},
		{"create", "POST", "/Patient/$validate", parametersOf(resourceParam(good), mode("create")), 200, ""},
		{"update", "POST", "/Patient/p/$validate", parametersOf(resourceParam(person("p", "A")), mode("update")), 200, ""},
		{"update of another id", "POST", "/Patient/p/$validate", parametersOf(resourceParam(person("q", "A")), mode("update")), 200, "Patient.id"},
		{"update of the engine's", "POST", "/Organization/m/$validate?mode=update", `{"resourceType":"Organization","id":"m","name":"x"}`, 200, ""},
		{"delete", "POST", "/Patient/p/$validate", parametersOf(mode("delete")), 200, ""},
		{"delete in the address", "POST", "/Patient/p/$validate?mode=delete", "", 200, ""},
		{"delete of what is not there", "POST", "/Patient/none/$validate?mode=delete", "", 404, ""},
		{"what is stored", "GET", "/Patient/p/$validate", "", 200, ""},
		{"what is stored, against a profile", "GET", "/Patient/p/$validate?mode=profile&profile=http://x.org/needs-gender", "", 200, "Patient.gender"},
		{"profile without one", "POST", "/Patient/p/$validate?mode=profile", "", 400, ""},
		{"delete of a type", "POST", "/Patient/$validate?mode=delete", "", 400, ""},
		{"update of a type", "POST", "/Patient/$validate?mode=update", good, 400, ""},
		{"update without resource", "POST", "/Patient/p/$validate?mode=update", "", 400, ""},
		{"a mode that is none", "POST", "/Patient/$validate?mode=look", good, 400, ""},
		{"no resource", "POST", "/Patient/$validate", parametersOf(mode("create")), 400, ""},
		{"no body", "POST", "/Patient/$validate", "", 400, ""},
		{"no JSON", "POST", "/Patient/$validate", "{", 400, ""},
		{"GET on a type", "GET", "/Patient/$validate", "", 405, ""},
		{"a type that is none", "POST", "/Nothing/$validate", good, 404, ""},
	}
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		g.want(201, http.MethodPut, "/Patient/p", person("p", "A"))
		g.want(201, http.MethodPut, "/StructureDefinition/g", needsGender)
		g.managed(`{"resourceType":"Organization","id":"m","name":"x"}`)
		for _, tt := range tests {
			a := g.do("admin", tt.method, tt.path, tt.body)
			if a.code != tt.code || a.body.ResourceType() != "OperationOutcome" || len(a.body.Get("issue").Each()) == 0 {
				t.Errorf("%s: %d: %s", tt.name, a.code, a.raw)
				continue
			}
			got := strings.Join(a.faults(), " ")
			if tt.name == "update of the engine's" {
				if len(a.faults()) != 1 || !strings.Contains(string(a.raw), "engine") {
					t.Errorf("%s: %s", tt.name, a.raw)
				}
			} else if tt.code == 200 && got != tt.faults {
				t.Errorf("%s: %s, want %s: %s", tt.name, got, tt.faults, a.raw)
			}
		}
		if total := g.want(200, http.MethodGet, "/Patient?_total=accurate", "").body.Get("total").Text; total != "1" {
			t.Errorf("$validate left %s patients", total)
		}
		g.callers["reader"] = access.Principal{Name: "reader", Kind: access.Client, AnyFacility: true, Scopes: scopes(t, "system/Patient.c system/Group.rs")}
		g.wantAs("reader", 403, http.MethodPost, "/Group/$validate", `{"resourceType":"Group"}`)
		if a := g.wantAs("reader", 200, http.MethodPost, "/Patient/$validate?mode=create", good); len(a.faults()) != 0 {
			t.Errorf("%s", a.raw)
		}
	})
}

// What is written meets the profiles that it claims and those that are
// demanded, in every way in; a profile that changes changes the answer.
func TestProfilesAreEnforced(t *testing.T) {
	claims := func(id, more string) string {
		return fmt.Sprintf(`{"resourceType":"Patient","id":%q,"meta":{"profile":["http://x.org/needs-gender"]}%s}`, id, more)
	}
	demand := map[string][]string{"Organization": {"http://hl7.org/fhir/StructureDefinition/Organization"}}
	onBoth(t, registry.Options{Trail: noTrail{}, Demand: demand}, func(g *gateway) {
		g.want(201, http.MethodPut, "/Patient/early", claims("early", "")) // not known yet: nothing to hold it against
		g.want(201, http.MethodPut, "/StructureDefinition/g", needsGender)
		good := claims("p", `,"gender":"male"`)
		g.want(201, http.MethodPut, "/Patient/p", good)
		for name, a := range map[string]answer{
			"create":      g.do("admin", http.MethodPost, "/Patient", claims("p", "")),
			"update":      g.do("admin", http.MethodPut, "/Patient/p", claims("p", "")),
			"patch":       g.do("admin", http.MethodPatch, "/Patient/p", `[{"op":"remove","path":"/gender"}]`, asPatch),
			"transaction": g.do("admin", http.MethodPost, "", bundleOf("transaction", put("Patient/q", claims("q", "")))),
			"$meta-add":   g.do("admin", http.MethodPost, g.plain(), parametersOf(`{"name":"meta","valueMeta":{"profile":["http://x.org/needs-gender"]}}`)),
		} {
			if a.code != 422 || !strings.HasSuffix(strings.Join(a.faults(), " "), "gender") {
				t.Errorf("%s: %d %s", name, a.code, a.raw)
			}
		}
		g.want(201, http.MethodPost, "/Organization", `{"resourceType":"Organization","name":"x"}`)
		g.want(200, http.MethodPut, "/StructureDefinition/g", strings.Replace(needsGender, `"min":1`, `"min":0`, 1))
		g.want(200, http.MethodPut, "/Patient/p", claims("p", ""))
		g.want(204, http.MethodDelete, "/StructureDefinition/g", "")
		g.want(200, http.MethodPut, "/Patient/p", claims("p", ""))
	})
}

// plain makes a patient without profile and returns where $meta-add is.
func (g *gateway) plain() string {
	return "/Patient/" + g.want(201, http.MethodPost, "/Patient", person("", "A")).body.Get("id").String() + "/$meta-add"
}
