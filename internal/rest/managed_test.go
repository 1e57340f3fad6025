package rest_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/registry"
)

// scopes parses what a test grants.
func scopes(t *testing.T, text string) access.Scopes {
	t.Helper()
	s, err := access.ParseScopes(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// staff adds the callers of the tests of access: two facilities, an officer, a
// mediator and an administrator.
func (g *gateway) staff() {
	all := scopes(g.t, "system/*.cruds")
	facility := func(letter string) access.Principal {
		return access.Principal{Name: "facility-" + letter, Kind: access.Client, Scopes: all, Facilities: []access.Facility{{
			Ref: "Organization/" + letter, Code: "HF-" + letter, Identifiers: []access.Identifier{{System: "https://example.org/hf", Value: "HF-" + letter}},
		}}}
	}
	g.callers["a"], g.callers["b"] = facility("a"), facility("b")
	g.callers["officer"] = access.Principal{Name: "officer", Kind: access.Bearer, Subject: "officer-1", Scopes: all, AnyFacility: true}
	g.callers["mediator"] = access.Principal{Name: "mediator", Kind: access.Client, Scopes: all, AnyFacility: true}
	g.callers["administrator"] = access.Principal{Name: "administrator", Kind: access.Client, Scopes: all, AnyFacility: true}
}

// examples gives a valid resource of every type that there is one of.
func examples(t *testing.T) map[string]*fhir.Node {
	out := map[string]*fhir.Node{}
	dir := shared(t)
	if dir == "" {
		return out
	}
	files, err := filepath.Glob(filepath.Join(dir, "fhir-test-cases", "examples", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n, err := fhir.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		if _, bad := broken[filepath.Base(file)]; !bad && n.ResourceType() != "AuditEvent" {
			out[n.ResourceType()] = n
		}
	}
	return out
}

// managed puts a resource that belongs to the engine.
func (g *gateway) managed(resource string) {
	g.t.Helper()
	n, err := fhir.Parse([]byte(resource))
	if err != nil {
		g.t.Fatal(err)
	}
	if _, err := g.registry.PublishResources(g.t.Context(), []*fhir.Node{n}); err != nil {
		g.t.Fatal(err)
	}
}

// enginesTypes are what the engine itself writes (wire.md 1), in short.
var enginesTypes = []string{
	`{"resourceType":"Coverage","status":"active","beneficiary":{"display":"x"},"payor":[{"display":"x"}]}`,
	`{"resourceType":"ClaimResponse","status":"active","type":{"text":"x"},"use":"claim","patient":{"display":"x"},"created":"2026-01-01","insurer":{"display":"x"},"requestor":{"reference":"Organization/a"},"outcome":"complete"}`,
	`{"resourceType":"Claim","status":"active","type":{"text":"x"},"use":"claim","patient":{"display":"x"},"created":"2026-01-01","provider":{"reference":"Organization/a"},"priority":{"text":"n"},"insurance":[{"sequence":1,"focal":true,"coverage":{"display":"x"}}]}`,
	`{"resourceType":"EnrollmentResponse","status":"active"}`, `{"resourceType":"EnrollmentRequest","status":"active"}`,
	`{"resourceType":"CoverageEligibilityResponse","status":"active","purpose":["validation"],"patient":{"display":"x"},"created":"2026-01-01","request":{"display":"x"},"outcome":"complete","insurer":{"display":"x"}}`,
	`{"resourceType":"Invoice","status":"issued"}`, `{"resourceType":"Task","status":"completed","intent":"order"}`,
	`{"resourceType":"PaymentReconciliation","status":"active","created":"2026-01-01","paymentDate":"2026-01-01","paymentAmount":{"value":1,"currency":"NPR"}}`,
	`{"resourceType":"PaymentNotice","status":"active","created":"2026-01-01","payment":{"display":"x"},"recipient":{"display":"x"},"amount":{"value":1,"currency":"NPR"}}`,
	`{"resourceType":"InsurancePlan","name":"x"}`, `{"resourceType":"ChargeItemDefinition","url":"https://example.org/c","status":"active"}`,
	`{"resourceType":"Organization","name":"x"}`, `{"resourceType":"Location","name":"x"}`, `{"resourceType":"NamingSystem","name":"X","status":"active","kind":"identifier","date":"2026-01-01","uniqueId":[{"type":"uri","value":"https://example.org/x"}]}`,
}

// What the engine made cannot be changed or deleted like plain data, by
// nobody, in no way (wire.md 1).
func TestManagedRowsResistEveryVerb(t *testing.T) {
	list, own := examples(t), map[string]bool{}
	for _, text := range enginesTypes {
		n, err := fhir.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		list[n.ResourceType()], own[n.ResourceType()] = n, true
	}
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		g.staff()
		var nodes []*fhir.Node
		for _, typ := range definition.Resources() {
			if n := list[typ]; n != nil {
				n = n.Clone()
				n.Set("id", fhir.Str("engine"))
				n.Set("meta", fhir.Obj(fhir.Arr(fhir.Obj(fhir.Str("urn:t").As("system"), fhir.Str("engine").As("code"))).As("tag")))
				nodes = append(nodes, n)
			}
		}
		if _, err := g.registry.PublishResources(t.Context(), nodes); err != nil {
			t.Fatal(err)
		}
		for _, n := range nodes {
			users := []string{"administrator", "a"} // the facility last: it may make a resource of its own
			if own[n.ResourceType()] {
				users = []string{"officer", "mediator", "administrator", "a"}
			}
			for _, user := range users {
				g.resists(user, n)
			}
			a := g.want(200, http.MethodGet, "/"+n.ResourceType()+"/engine", "")
			if a.header.Get("ETag") != `W/"1"` {
				t.Errorf("%s was changed to %s", n.ResourceType(), a.header.Get("ETag"))
			}
		}
		if len(nodes) < 15 {
			t.Errorf("only %d types were tried", len(nodes))
		}
	})
}

// resists tries every way to write over Type/engine.
func (g *gateway) resists(user string, n *fhir.Node) {
	g.t.Helper()
	typ, body := n.ResourceType(), string(n.JSON())
	ref, where := typ+"/engine", typ+"?_tag=urn:t|engine"
	loose := n.Clone()
	loose.Remove("id")
	refused := func(way string, code int) {
		if typ == "PaymentNotice" && code == 422 { // a use case of its own, which refuses it by its rules
			return
		}
		if code != 409 && (g.callers[user].Restricted() == false || code != 403 && code != 404 && code != 400 && code != 412 && code != 201) {
			g.t.Errorf("%s of %s as %s answered %d", way, typ, user, code)
		}
	}
	refused("PUT", g.do(user, http.MethodPut, "/"+ref, body).code)
	refused("PUT If-Match", g.do(user, http.MethodPut, "/"+ref, body, `If-Match: W/"1"`).code)
	refused("DELETE", g.do(user, http.MethodDelete, "/"+ref, "").code)
	if typ != "Patient" && typ != "Group" { // a facility finds persons by identifier only: it would make a new one
		refused("conditional PUT", g.do(user, http.MethodPut, "/"+where, string(loose.JSON())).code)
		if !g.callers[user].Restricted() {
			refused("conditional DELETE", g.do(user, http.MethodDelete, "/"+where, "").code)
		}
	}
	const touch = `[{"op":"add","path":"/language","value":"en"}]`
	params := pathPatch("add", typ, `,{"name":"name","valueString":"language"},{"name":"value","valueCode":"en"}`)
	label := `{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"system":"urn:t","code":"new"},{"system":"urn:t","code":"engine"}]}}]}`
	refused("PATCH", g.do(user, http.MethodPatch, "/"+ref, touch, asPatch).code)
	refused("FHIRPath PATCH", g.do(user, http.MethodPatch, "/"+ref, params, `If-Match: W/"1"`).code)
	refused("conditional PATCH", g.do(user, http.MethodPatch, "/"+where, touch, asPatch).code)
	refused("transaction PATCH", g.do(user, http.MethodPost, "", bundleOf("transaction", fmt.Sprintf(`{"resource":%s,"request":{"method":"PATCH","url":%q}}`, params, ref))).code)
	refused("$meta-add", g.do(user, http.MethodPost, "/"+ref+"/$meta-add", label).code)
	refused("$meta-delete", g.do(user, http.MethodPost, "/"+ref+"/$meta-delete", label).code)
	a := g.do(user, http.MethodPost, "", bundleOf("batch", put(ref, body), ask("DELETE", ref)))
	for i, e := range a.body.Get("entry").Each() {
		code := 0
		if _, err := fmt.Sscan(strings.Fields(e.Path("response", "status").String())[0], &code); err != nil {
			g.t.Fatal(err)
		}
		refused(fmt.Sprint("batch entry ", i), code)
	}
	refused("transaction PUT", g.do(user, http.MethodPost, "", bundleOf("transaction", put(ref, body))).code)
	refused("transaction DELETE", g.do(user, http.MethodPost, "", bundleOf("transaction", ask("DELETE", ref))).code)
}

func TestTrailResistsEveryVerb(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		g.want(404, http.MethodGet, "/Patient/none", "")
		a := g.want(200, http.MethodGet, "/AuditEvent?_count=1", "")
		event := a.body.Get("entry").At(0).Get("resource")
		path := "/AuditEvent/" + event.Get("id").String()
		g.want(409, http.MethodPut, path, string(event.JSON()))
		g.want(409, http.MethodDelete, path, "")
		g.want(409, http.MethodPost, "", bundleOf("transaction", ask("DELETE", path[1:])))
		if got := g.want(200, http.MethodGet, path, "").body; string(got.JSON()) != string(event.JSON()) {
			t.Errorf("read and search differ: %s %s", got.JSON(), event.JSON())
		}
		g.want(200, http.MethodGet, path+"/_history/1", "")
		g.want(404, http.MethodGet, path+"/_history/2", "")
		if n := len(versions(g.want(200, http.MethodGet, path+"/_history", ""))); n != 1 {
			t.Errorf("%d versions", n)
		}
	})
}
