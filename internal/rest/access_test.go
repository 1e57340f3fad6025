package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/internal/registry"
)

// twoFacilities puts the same set of resources for facility a and b. The text
// "hidden-b" stands in all of b's.
func (g *gateway) twoFacilities() {
	g.staff()
	for _, f := range []string{"a", "b"} {
		word := "hidden-" + f
		for _, r := range []struct{ path, body string }{
			{"Organization/{f}", `{"resourceType":"Organization","id":"{f}","identifier":[{"system":"https://example.org/hf","value":"HF-{f}"}],"name":"{f}"}`},
			{"Patient/p{f}", `{"resourceType":"Patient","id":"p{f}","identifier":[{"system":"https://example.org/n","value":"n{f}"}],"name":[{"family":"{w}"}]}`},
			{"Claim/c{f}", aClaim("c{f}", "p{f}", "{f}", "{w}")},
			{"Claim/d{f}", aClaim("d{f}", "p{f}", "{f}", "{w}")},
			{"ClaimResponse/r{f}", `{"resourceType":"ClaimResponse","id":"r{f}","identifier":[{"system":"https://example.org/r","value":"r{f}"}],"status":"active","type":{"text":"x"},"use":"claim","patient":{"reference":"Patient/p{f}"},"created":"2026-01-01","insurer":{"display":"x"},"requestor":{"reference":"Organization/{f}"},"request":{"reference":"Claim/c{f}"},"outcome":"complete","disposition":"{w}"}`},
			{"Task/t{f}", `{"resourceType":"Task","id":"t{f}","status":"requested","intent":"order","description":"{w}","focus":{"reference":"Claim/c{f}"},"for":{"reference":"Patient/p{f}"},"owner":{"reference":"Organization/{f}"}}`},
			{"Coverage/v{f}", `{"resourceType":"Coverage","id":"v{f}","status":"active","subscriberId":"{w}","beneficiary":{"reference":"Patient/p{f}"},"payor":[{"display":"x"}]}`},
			{"Basic/x{f}", `{"resourceType":"Basic","id":"x{f}","code":{"text":"{w}"},"subject":{"reference":"Patient/p{f}"}}`},
		} {
			fill := strings.NewReplacer("{f}", f, "{w}", word)
			g.want(201, http.MethodPut, "/"+fill.Replace(r.path), fill.Replace(r.body))
		}
	}
	g.want(200, http.MethodPut, "/Claim/cb", aClaim("cb", "pb", "b", "hidden-b again"))
	g.want(204, http.MethodDelete, "/Claim/db", "")
}

func aClaim(id, person, facility, word string) string {
	return fmt.Sprintf(`{"resourceType":"Claim","id":%q,"identifier":[{"system":"https://example.org/c","value":%q}],"status":"active","type":{"text":%q},"use":"claim","patient":{"reference":"Patient/%s"},"created":"2026-01-01","provider":{"reference":"Organization/%s"},"priority":{"text":"n"},"insurance":[{"sequence":1,"focal":true,"coverage":{"display":"x"}}]}`,
		id, id, word, person, facility)
}

// A facility asks for what is another's in every way there is, and learns
// nothing: no content, no number, not even whether it exists. Each line with
// {x} is asked for b's resource and for one that never was; both answers must
// be the same.
func TestFacilityLearnsNothingOfAnother(t *testing.T) {
	newClaim := aClaim("{x}", "pa", "a", "mine")
	const touch = `[{"op":"add","path":"/language","value":"en"}]`
	alien := aClaim("new", "pa", "b", "mine")
	tests := []struct {
		name, method, path, body string
		headers                  []string
		code                     int // 0: any below 500 that is the same
	}{
		{"read", "GET", "/Claim/c{x}", "", nil, 404},
		{"read If-None-Match", "GET", "/Claim/c{x}", "", []string{`If-None-Match: W/"2"`}, 404},
		{"head", "HEAD", "/Claim/c{x}", "", nil, 404},
		{"read of a deleted", "GET", "/Claim/d{x}", "", nil, 404},
		{"vread", "GET", "/Claim/c{x}/_history/1", "", nil, 404},
		{"vread of the current", "GET", "/Claim/c{x}/_history/2", "", nil, 404},
		{"vread before a deletion", "GET", "/Claim/d{x}/_history/1", "", nil, 404},
		{"vread of a deletion", "GET", "/Claim/d{x}/_history/2", "", nil, 404},
		{"history", "GET", "/Claim/c{x}/_history", "", nil, 404},
		{"history of a deleted", "GET", "/Claim/d{x}/_history", "", nil, 404},
		{"history, nothing of it", "GET", "/Claim/c{x}/_history?_count=0", "", nil, 404},
		{"history since", "GET", "/Claim/c{x}/_history?_since=2999-01-01", "", nil, 404},
		{"answer", "GET", "/ClaimResponse/r{x}", "", nil, 404},
		{"task", "GET", "/Task/t{x}", "", nil, 404},
		{"summary", "GET", "/Claim/c{x}?_summary=true", "", nil, 404},
		{"elements", "GET", "/Claim/c{x}?_elements=type", "", nil, 404},
		{"cover", "GET", "/Coverage/v{x}", "", nil, 403},
		{"a type not listed", "GET", "/Basic/x{x}", "", nil, 403},
		{"search by id", "GET", "/Claim?_id=c{x}", "", nil, 200},
		{"search by identifier", "GET", "/Claim?identifier=https://example.org/c%7Cc{x}", "", nil, 200},
		{"search by patient", "GET", "/Claim?patient=p{x}", "", nil, 200},
		{"search by provider", "GET", "/Claim?provider=Organization/{x}", "", nil, 200},
		{"search, number only", "GET", "/Claim?patient=p{x}&_summary=count", "", nil, 200},
		{"search, exact total", "GET", "/Claim?patient=p{x}&_total=accurate&_count=0", "", nil, 200},
		{"search by POST", "POST", "/Claim/_search", "patient=p{x}", []string{"Content-Type: application/x-www-form-urlencoded"}, 200},
		{"search of the system", "GET", "/?_type=Claim&_id=c{x}", "", nil, 200},
		{"search of everything", "GET", "/?_id=c{x}", "", nil, 200},
		{"search negated", "GET", "/Claim?_id=c{x}&status:not=draft", "", nil, 200},
		{"search sorted", "GET", "/Claim?_id=c{x}&_sort=patient", "", nil, 0},
		{"chain", "GET", "/ClaimResponse?request:Claim.identifier=c{x}", "", nil, 200},
		{"chain twice", "GET", "/ClaimResponse?request:Claim.patient:Patient.identifier=n{x}", "", nil, 200},
		{"chain to a hidden type", "GET", "/Claim?patient._has:Coverage:beneficiary:status=active&_id=c{x}", "", nil, 0},
		{"_has on a shared type", "GET", "/Organization?_has:Claim:provider:identifier=c{x}", "", nil, 200},
		{"_has of an answer", "GET", "/Organization?_has:ClaimResponse:requestor:identifier=r{x}", "", nil, 200},
		{"_has of a task", "GET", "/Organization?_has:Task:owner:_id=t{x}", "", nil, 200},
		{"_has negated", "GET", "/Organization?_has:Claim:provider:status:not=draft&_id={x}", "", nil, 0},
		{"persons by name", "GET", "/Patient?name=hidden-{x}", "", nil, 200},
		{"persons by claim", "GET", "/Patient?_has:Claim:patient:identifier=c{x}", "", nil, 200},
		{"persons, number only", "GET", "/Patient?family=hidden-{x}&_summary=count", "", nil, 200},
		{"persons by part of an identifier", "GET", "/Patient?identifier=https://example.org/n%7C&family=hidden-{x}", "", nil, 200},
		{"_include", "GET", "/Task?_id=t{x}&_include=Task:focus", "", nil, 200},
		{"_revinclude of claims", "GET", "/Organization?_id={x}&_revinclude=Claim:provider&_elements=id", "", nil, 0},
		{"_revinclude of everything", "GET", "/Organization?_id={x}&_revinclude=ClaimResponse:*&_revinclude:iterate=Task:*", "", nil, 0},
		{"batch read", "POST", "", bundleOf("batch", ask("GET", "Claim/c{x}"), ask("GET", "Claim?_id=c{x}")), nil, 200},
		{"transaction read", "POST", "", bundleOf("transaction", ask("GET", "Claim/c{x}"), ask("GET", "Claim?_summary=count&patient=p{x}")), nil, 200},
		{"conditional create", "POST", "/Claim", newClaim, []string{"If-None-Exist: identifier=https://example.org/c%7Cc{x}&patient=p{x}"}, 201},
		{"conditional update", "PUT", "/Claim?patient=p{x}&_id=c{x}", strings.Replace(newClaim, `"id":"{x}",`, "", 1), []string{`If-Match: W/"2"`}, 412},
		{"conditional delete", "DELETE", "/Claim?patient=p{x}&_id=c{x}", "", nil, 204},
		{"conditional reference", "POST", "", bundleOf("transaction", put("Communication/k", `{"resourceType":"Communication","id":"k","status":"completed","about":[{"reference":"Claim?identifier=c{x}"}]}`)), nil, 412},
		{"update, stale", "PUT", "/Claim/c{x}", aClaim("c{x}", "pa", "a", "mine"), []string{`If-Match: W/"1"`}, 404},
		{"update, current", "PUT", "/Claim/c{x}", aClaim("c{x}", "pa", "a", "mine"), []string{`If-Match: W/"2"`}, 404},
		{"update in a transaction", "POST", "", bundleOf("transaction", strings.Replace(put("Claim/c{x}", aClaim("c{x}", "pa", "a", "mine")), `"method"`, `"ifMatch":"W/\"2\"","method"`, 1)), nil, 404},
		{"delete", "DELETE", "/Claim/c{x}", "", nil, 404},
		{"delete of a deleted", "DELETE", "/Claim/d{x}", "", nil, 404},
		{"delete in a batch", "POST", "", bundleOf("batch", ask("DELETE", "Claim/c{x}")), nil, 200},
		{"delete in a transaction", "POST", "", bundleOf("transaction", ask("DELETE", "Claim/c{x}")), nil, 404},
		{"delete of a task", "DELETE", "/Task/t{x}", "", nil, 404},
		{"in the name of another", "POST", "/Claim", alien, nil, 403},
		{"patch", "PATCH", "/Claim/c{x}", touch, []string{asPatch}, 404},
		{"patch, current", "PATCH", "/Claim/c{x}", touch, []string{asPatch, `If-Match: W/"2"`}, 404},
		{"patch, stale", "PATCH", "/Claim/c{x}", touch, []string{asPatch, `If-Match: W/"1"`}, 404},
		{"patch that asks", "PATCH", "/Claim/c{x}", `[{"op":"test","path":"/use","value":"claim"}]`, []string{asPatch}, 404},
		{"patch of a deleted", "PATCH", "/Claim/d{x}", touch, []string{asPatch}, 404},
		{"patch of an answer", "PATCH", "/ClaimResponse/r{x}", touch, []string{asPatch}, 403},
		{"patch by FHIRPath", "PATCH", "/Claim/c{x}", pathPatch("delete", "Claim.created", ""), nil, 404},
		{"conditional patch", "PATCH", "/Claim?patient=p{x}&_id=c{x}", touch, []string{asPatch}, 404},
		{"patch in a transaction", "POST", "", bundleOf("transaction", `{"resource":`+pathPatch("delete", "Claim.created", "")+`,"request":{"method":"PATCH","url":"Claim/c{x}"}}`), nil, 404},
		{"patch in a batch", "POST", "", bundleOf("batch", `{"resource":`+pathPatch("delete", "Claim.created", "")+`,"request":{"method":"PATCH","url":"Claim/c{x}"}}`), nil, 200},
		{"meta", "GET", "/Claim/c{x}/$meta", "", nil, 403},
		{"meta of the type", "GET", "/Claim/$meta", "", nil, 403},
		{"meta of all", "GET", "/$meta", "", nil, 403},
		{"meta-add", "POST", "/Claim/c{x}/$meta-add", "{}", nil, 403},
		{"meta-delete", "POST", "/Claim/c{x}/$meta-delete", "{}", nil, 403},
		{"validate what is stored", "GET", "/Claim/c{x}/$validate?mode=profile&profile=http://hl7.org/fhir/StructureDefinition/Claim", "", nil, 404},
		{"validate a deletion", "POST", "/Claim/c{x}/$validate?mode=delete", "", nil, 404},
		{"validate the name of another", "POST", "/Claim/$validate?mode=create", alien, nil, 200},
		{"history of the server", "GET", "/_history?_type=Claim", "", nil, 403},
		{"the trail", "GET", "/AuditEvent?entity=Claim/c{x}", "", nil, 403},
		{"an operation on it", "POST", "/Claim/c{x}/$review", "{}", nil, 403},
		{"cancel", "POST", "/Claim/c{x}/$cancel", "", nil, 404},
		{"everything", "GET", "/Patient/p{x}/$everything", "", nil, 403},
		{"everything of a group", "POST", "/Group/p{x}/$everything", "", nil, 403},
		{"a compartment", "GET", "/Patient/p{x}/Claim", "", nil, 200},
		{"a compartment, number only", "GET", "/Patient/p{x}/Claim?_summary=count", "", nil, 200},
		{"a compartment of a hidden type", "GET", "/Patient/p{x}/Coverage", "", nil, 403},
		{"a compartment of every type", "GET", "/Patient/p{x}/*", "", nil, 200},
		{"a compartment by POST", "POST", "/Patient/p{x}/Claim/_search", "status=active", []string{"Content-Type: application/x-www-form-urlencoded"}, 200},
		{"a compartment with what points there", "GET", "/Patient/p{x}/Claim?_revinclude=ClaimResponse:request", "", nil, 200},
	}
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		g.twoFacilities()
		for _, tt := range tests {
			var texts [2]string
			for i, x := range []string{"b", "q"} { // b's, and nobody's
				fill := strings.NewReplacer("{x}", x)
				headers := append([]string(nil), tt.headers...)
				for k := range headers {
					headers[k] = fill.Replace(headers[k])
				}
				a := g.do("a", tt.method, fill.Replace(tt.path), fill.Replace(tt.body), headers...)
				if tt.code != 0 && a.code != tt.code || a.code >= 500 {
					t.Errorf("%s of %s answered %d, want %d: %.300s", tt.name, x, a.code, tt.code, a.raw)
				}
				if strings.Contains(string(a.raw), "hidden-b") && !strings.Contains(tt.path, "hidden-") { // else the self link repeats it
					t.Errorf("%s leaks: %.400s", tt.name, a.raw)
				}
				if tt.code != 0 && a.code != 201 {
					texts[i] = fmt.Sprint(a.code) + shape(a)
				}
			}
			if texts[0] != texts[1] {
				t.Errorf("%s tells another's from nobody's:\n%s\n%s", tt.name, texts[0], texts[1])
			}
		}
		g.untouched()
		g.ownIsSeen()
	})
}

// shape is what an answer tells: its status, total, and entries.
func shape(a answer) string {
	var b strings.Builder
	fmt.Fprint(&b, " total ", a.body.Get("total").String())
	if n := a.body.Get("total"); n != nil {
		b.WriteString(n.Text)
	}
	for _, e := range a.body.Get("entry").Each() {
		fmt.Fprint(&b, " ", e.Path("response", "status").String(), " ", e.Path("resource", "resourceType").String(), e.Path("resource", "id").String())
		if n := e.Path("resource", "total"); n != nil {
			b.WriteString(n.Text)
		}
	}
	code, at, text := a.issue()
	return b.String() + code + at + text
}

// untouched checks that b's resources are as they were.
func (g *gateway) untouched() {
	g.t.Helper()
	for path, version := range map[string]string{"/Claim/cb": "2", "/ClaimResponse/rb": "1", "/Task/tb": "1", "/Patient/pb": "1"} {
		if a := g.want(200, http.MethodGet, path, ""); a.header.Get("ETag") != `W/"`+version+`"` {
			g.t.Errorf("%s is now %s", path, a.header.Get("ETag"))
		}
	}
	if a := g.want(200, http.MethodGet, "/Claim/db/_history", ""); len(versions(a)) != 2 {
		g.t.Errorf("the deleted claim has %d versions", len(versions(a)))
	}
}

// ownIsSeen checks that a facility sees all of its own: nothing above passed
// because everything is refused.
func (g *gateway) ownIsSeen() {
	g.t.Helper()
	for path, n := range map[string]string{
		"/Claim?patient=pa&identifier=ca": "1", "/ClaimResponse?request:Claim.identifier=ca": "1", "/Patient/pa/Claim?identifier=ca": "1", "/Organization?_has:Claim:provider:identifier=ca": "1",
		"/Task?_id=ta": "1", "/Patient?family=hidden": "1", "/Patient?identifier=nb": "1",
	} {
		if a := g.wantAs("a", 200, http.MethodGet, path, ""); a.body.Get("total").Text != n {
			g.t.Errorf("%s: total %s, want %s", path, a.body.Get("total").Text, n)
		}
	}
	for _, path := range []string{"/Claim/ca", "/Claim/ca/_history", "/Claim/ca/_history/1", "/ClaimResponse/ra", "/Task/ta", "/Patient/pa", "/Patient/pb"} {
		g.wantAs("a", 200, http.MethodGet, path, "")
	}
	all := g.wantAs("a", 200, http.MethodGet, "/Claim/_history", "")
	for _, line := range versions(all) {
		if strings.Contains(line, "Claim/cb") || strings.Contains(line, "Claim/db") {
			g.t.Errorf("history of the type: %s", line)
		}
	}
	include := modes(g.wantAs("a", 200, http.MethodGet, "/Task?_include=Task:focus&_include=Task:patient&_include:iterate=Claim:provider", ""))
	if include != "i Claim/ca, i Organization/a, i Patient/pa, m Task/ta" {
		g.t.Errorf("_include: %s", include)
	}
}

// A page link is good for its client only, and shows only what he may see.
func TestPageLinksOfAnother(t *testing.T) {
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		g.twoFacilities()
		for _, path := range []string{"/Claim?_count=1", "/Claim/_history?_count=1"} {
			next := strings.TrimPrefix(g.want(200, http.MethodGet, path, "").link("next"), g.url)
			g.wantAs("a", 400, http.MethodGet, next, "")
			mine := g.wantAs("b", 200, http.MethodGet, strings.Replace(path, "=1", "=50", 1), "")
			if strings.Contains(string(mine.raw), "hidden-a") {
				t.Errorf("%s shows a's to b", path)
			}
		}
	})
}

// A version that was another's stays hidden when the resource has moved on.
func TestOldVersionsOfAnother(t *testing.T) {
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		g.twoFacilities()
		g.want(200, http.MethodPut, "/Claim/cb", aClaim("cb", "pb", "a", "moved"))
		g.wantAs("a", 200, http.MethodGet, "/Claim/cb", "")
		g.wantAs("a", 404, http.MethodGet, "/Claim/cb/_history/1", "")
		for _, path := range []string{"/Claim/cb/_history", "/Claim/_history"} {
			if a := g.wantAs("a", 200, http.MethodGet, path, ""); strings.Contains(string(a.raw), "hidden-b") {
				t.Errorf("%s shows the versions of another", path)
			}
		}
		g.wantAs("b", 404, http.MethodGet, "/Claim/cb", "")
		g.wantAs("b", 404, http.MethodGet, "/Claim/cb/_history", "")
	})
}
