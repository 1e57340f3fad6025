package rest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/registry"
)

// labels lists what is in a Meta.
func labels(meta *fhir.Node) string {
	var list []string
	for _, p := range meta.Get("profile").Each() {
		list = append(list, p.String())
	}
	for _, name := range []string{"security", "tag"} {
		for _, c := range meta.Get(name).Each() {
			list = append(list, name+":"+c.Get("system").String()+"|"+c.Get("code").String())
		}
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// returned is the Meta in the answer of an operation.
func (a answer) returned() *fhir.Node {
	return a.body.Get("parameter").At(0).Get("valueMeta")
}

func metaParam(meta string) string { return parametersOf(`{"name":"meta","valueMeta":` + meta + `}`) }

func TestMeta(t *testing.T) {
	const red, blue = `{"tag":[{"system":"urn:t","code":"red"}]}`, `{"tag":[{"system":"urn:t","code":"blue","display":"Blue"}],"security":[{"system":"urn:s","code":"R"}],"profile":["http://x.org/p"]}`
	onBoth(t, registry.Options{}, func(g *gateway) {
		g.want(201, http.MethodPut, "/Patient/p", `{"resourceType":"Patient","id":"p","meta":`+red+`}`)
		g.want(201, http.MethodPut, "/Basic/b", `{"resourceType":"Basic","id":"b","meta":{"tag":[{"system":"urn:t","code":"green"}]},"code":{"text":"x"}}`)
		g.want(201, http.MethodPut, "/Patient/bare", person("bare", "A"))
		a := g.want(200, http.MethodPost, "/Patient/p/$meta-add", metaParam(blue))
		all := "http://x.org/p security:urn:s|R tag:urn:t|blue tag:urn:t|red"
		if got := labels(a.returned()); got != all || a.header.Get("ETag") != `W/"2"` {
			t.Errorf("$meta-add: %s %s", got, a.header.Get("ETag"))
		}
		if row := g.trail()[0]; row.Interaction != "$meta-add" || row.Ref != "Patient/p" || row.Action != "U" {
			t.Errorf("trail: %+v", row)
		}
		g.want(200, http.MethodPost, "/Patient/p/$meta-add", metaParam(blue)) // again: nothing to do
		a = g.want(200, http.MethodGet, "/Patient/p/$meta", "")
		if got := labels(a.returned()); got != all || a.returned().Get("versionId").String() != "2" {
			t.Errorf("$meta: %s", a.raw)
		}
		for path, want := range map[string]string{"/Patient/$meta": all, "/$meta": strings.Replace(all, "tag:urn:t|red", "tag:urn:t|green tag:urn:t|red", 1)} {
			if got := labels(g.want(200, http.MethodGet, path, "").returned()); got != want {
				t.Errorf("%s: %s, want %s", path, got, want)
			}
		}
		if got := g.want(200, http.MethodGet, "/Patient?_tag=urn:t%7Cblue&_profile=http://x.org/p", "").ids(); len(got) != 1 {
			t.Errorf("found by label: %v", got)
		}
		g.want(412, http.MethodPost, "/Patient/p/$meta-delete", metaParam(red), `If-Match: W/"1"`)
		a = g.want(200, http.MethodPost, "/Patient/p/$meta-delete", metaParam(blue))
		if got := labels(a.returned()); got != "tag:urn:t|red" {
			t.Errorf("$meta-delete: %s", a.raw)
		}
		g.want(200, http.MethodPost, "/Patient/p/$meta-delete", metaParam(red))
		g.want(200, http.MethodPost, "/Patient/p/$meta-delete", metaParam(red))
		if a := g.want(200, http.MethodGet, "/Patient/p", ""); a.header.Get("ETag") != `W/"4"` || labels(a.body.Get("meta")) != "" || a.body.Path("meta", "tag") != nil {
			t.Errorf("%s", a.raw)
		}
		for path, code := range map[string]int{
			"/Patient/none/$meta-add": 404, "/Patient/p/$meta-add": 400, "/Patient/$meta-add": 404, "/$meta-add": 404, "/Nothing/$meta": 404,
		} {
			body := metaParam(blue)
			if code == 400 {
				body = parametersOf(codeParam("other", "valueString", "x"))
			}
			g.want(code, http.MethodPost, path, body)
		}
		g.want(404, http.MethodGet, "/Patient/none/$meta", "")
		g.want(405, http.MethodGet, "/Patient/p/$meta-add", "")
		g.callers["reader"] = access.Principal{Name: "reader", Kind: access.Client, AnyFacility: true, Scopes: scopes(t, "system/Basic.rs")}
		g.wantAs("reader", 403, http.MethodGet, "/Patient/$meta", "")
		g.wantAs("reader", 403, http.MethodGet, "/$meta", "")
		g.wantAs("reader", 403, http.MethodPost, "/Basic/b/$meta-add", metaParam(blue))
		if got := labels(g.wantAs("reader", 200, http.MethodGet, "/Basic/$meta", "").returned()); got != "tag:urn:t|green" {
			t.Errorf("as a reader: %s", got)
		}
	})
}
