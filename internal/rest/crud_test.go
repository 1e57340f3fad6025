package rest_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/registry"
)

func person(id, family string) string {
	if id != "" {
		id = fmt.Sprintf(`"id":%q,`, id)
	}
	return fmt.Sprintf(`{"resourceType":"Patient",%s"name":[{"family":%q}]}`, id, family)
}

// numbered is a Patient with an identifier to condition on.
func numbered(value, family string) string {
	return fmt.Sprintf(`{"resourceType":"Patient","identifier":[{"system":"https://example.org/n","value":%q}],"name":[{"family":%q}]}`, value, family)
}

const byNumber = "identifier=https://example.org/n%7C"

func TestCreate(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		a := g.want(201, http.MethodPost, "/Patient", person("mine", "Ram"))
		id := a.body.Get("id").String()
		if id == "" || id == "mine" {
			t.Errorf("the id in a POSTed body must be replaced, got %q", id)
		}
		if got := a.header.Get("Location"); got != g.url+"/Patient/"+id+"/_history/1" {
			t.Errorf("Location %q", got)
		}
		if got := a.header.Get("ETag"); got != `W/"1"` {
			t.Errorf("ETag %q", got)
		}
		at, err := http.ParseTime(a.header.Get("Last-Modified"))
		if err != nil || time.Since(at) > time.Minute {
			t.Errorf("Last-Modified %q", a.header.Get("Last-Modified"))
		}
		if got := a.body.Path("meta", "versionId").String(); got != "1" {
			t.Errorf("meta.versionId %q", got)
		}
		for prefer, want := range map[string]string{"return=minimal": "", "return=OperationOutcome": "OperationOutcome", "return=representation": "Patient"} {
			a := g.want(201, http.MethodPost, "/Patient", person("", "Ram"), "Prefer: "+prefer)
			got := ""
			if a.body != nil {
				got = a.body.ResourceType()
			}
			if got != want || a.header.Get("Location") == "" || a.header.Get("ETag") == "" {
				t.Errorf("Prefer %s answered %q with %v", prefer, got, a.header)
			}
		}
		g.want(405, http.MethodPost, "/Patient/mine", person("mine", "Ram"))
		g.want(404, http.MethodGet, "/Patient/mine", "")
	})
}

func TestReadAndVersions(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		g.want(404, http.MethodGet, "/Patient/p1", "")
		first := g.want(201, http.MethodPut, "/Patient/p1", person("p1", "One"))
		if first.header.Get("Location") != g.url+"/Patient/p1/_history/1" {
			t.Errorf("update-as-create: Location %q", first.header.Get("Location"))
		}
		second := g.want(200, http.MethodPut, "/Patient/p1", person("p1", "Two"))
		if second.header.Get("ETag") != `W/"2"` || second.header.Get("Content-Location") != g.url+"/Patient/p1/_history/2" {
			t.Errorf("update: %v", second.header)
		}
		family := func(a answer) string { return a.body.Get("name").At(0).Get("family").String() }
		if got := family(g.want(200, http.MethodGet, "/Patient/p1/_history/1", "")); got != "One" {
			t.Errorf("version 1 is %q", got)
		}
		read := g.want(200, http.MethodGet, "/Patient/p1", "")
		if family(read) != "Two" || read.header.Get("ETag") != `W/"2"` {
			t.Errorf("read %q %v", family(read), read.header)
		}
		for _, path := range []string{"/Patient/p1/_history/3", "/Patient/p1/_history/0", "/Patient/p1/_history/x", "/Patient/p1/_history/-1", "/Nothing/p1", "/patient/p1", "/Patient/a_b", "/Patient/%2e%2e%2fx", "/Patient/p1%00", "/Patient/" + strings.Repeat("a", 65)} {
			g.want(404, http.MethodGet, path, "")
		}
		modified := read.header.Get("Last-Modified")
		for header, want := range map[string]int{
			`If-None-Match: W/"2"`: 304, `If-None-Match: "2"`: 304, `If-None-Match: W/"1"`: 200, `If-None-Match: *`: 304, `If-None-Match: W/"1", W/"2"`: 304,
			"If-Modified-Since: " + modified: 304, "If-Modified-Since: Mon, 02 Jan 2006 15:04:05 GMT": 200, "If-Modified-Since: yesterday": 200,
		} {
			a := g.want(want, http.MethodGet, "/Patient/p1", "", header)
			if want == 304 && (len(a.raw) > 0 || a.header.Get("ETag") != `W/"2"`) {
				t.Errorf("%s: %d bytes, %v", header, len(a.raw), a.header)
			}
		}
		head := g.want(200, http.MethodHead, "/Patient/p1", "")
		if len(head.raw) > 0 || head.header.Get("ETag") != `W/"2"` {
			t.Errorf("HEAD: %d bytes %v", len(head.raw), head.header)
		}
		g.want(404, http.MethodHead, "/Patient/none", "")
	})
}

func TestUpdateConflicts(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		g.want(201, http.MethodPut, "/Patient/p1", person("p1", "One"))
		g.want(200, http.MethodPut, "/Patient/p1", person("p1", "Two"), `If-Match: W/"1"`)
		for _, bad := range []struct {
			code         int
			method, path string
			body         string
			header       string
		}{
			{412, http.MethodPut, "/Patient/p1", person("p1", "X"), `If-Match: W/"1"`},
			{412, http.MethodPut, "/Patient/p1", person("p1", "X"), `If-Match: W/"3"`},
			{412, http.MethodPut, "/Patient/p1", person("p1", "X"), `If-Match: W/"another"`},
			{400, http.MethodPut, "/Patient/p1", person("p1", "X"), `If-Match: 2`},
			{412, http.MethodPut, "/Patient/new", person("new", "X"), `If-Match: W/"1"`},
			{412, http.MethodDelete, "/Patient/p1", "", `If-Match: W/"1"`},
			{400, http.MethodPut, "/Patient/p1", person("p2", "X"), ""},
			{400, http.MethodPut, "/Patient/p1", `{"resourceType":"Patient"}`, ""},
			{400, http.MethodPut, "/Patient/p1", `{"resourceType":"Group","id":"p1","type":"person","actual":true}`, ""},
			{400, http.MethodPatch, "/Patient/p1", `[]`, ""},
		} {
			a := g.want(bad.code, bad.method, bad.path, bad.body, cut(bad.header)...)
			if code, _, text := a.issue(); code == "" || text == "" {
				t.Errorf("%s %s: outcome without code or text: %s", bad.method, bad.header, a.raw)
			}
		}
		if a := g.want(200, http.MethodGet, "/Patient/p1", ""); a.header.Get("ETag") != `W/"2"` {
			t.Errorf("a refused update left version %s", a.header.Get("ETag"))
		}
	})
}

func cut(header string) []string {
	if header == "" {
		return nil
	}
	return []string{header}
}

func TestDeleteAndBack(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		g.want(204, http.MethodDelete, "/Patient/p1", "")
		g.want(201, http.MethodPut, "/Patient/p1", person("p1", "One"))
		if a := g.want(204, http.MethodDelete, "/Patient/p1", "", `If-Match: W/"1"`); a.header.Get("ETag") != `W/"2"` {
			t.Errorf("ETag of a deletion %q", a.header.Get("ETag"))
		}
		a := g.want(410, http.MethodGet, "/Patient/p1", "")
		if code, _, _ := a.issue(); code != "deleted" {
			t.Errorf("code %q", code)
		}
		g.want(410, http.MethodGet, "/Patient/p1/_history/2", "")
		g.want(200, http.MethodGet, "/Patient/p1/_history/1", "")
		g.want(204, http.MethodDelete, "/Patient/p1", "")
		if got := g.want(200, http.MethodGet, "/Patient?_id=p1", "").ids(); len(got) != 0 {
			t.Errorf("a deleted resource is found: %v", got)
		}
		a = g.want(201, http.MethodPut, "/Patient/p1", person("p1", "Back"))
		if a.header.Get("ETag") != `W/"3"` {
			t.Errorf("re-created as %q", a.header.Get("ETag"))
		}
		g.want(200, http.MethodGet, "/Patient/p1", "")
		g.want(410, http.MethodGet, "/Patient/p1/_history/2", "")
	})
}

func TestConditionalWrites(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		none := "If-None-Exist: " + byNumber + "1"
		created := g.want(201, http.MethodPost, "/Patient", numbered("1", "A"), none)
		again := g.want(200, http.MethodPost, "/Patient", numbered("1", "B"), none)
		if diff := cmp.Diff(string(created.raw), string(again.raw)); diff != "" {
			t.Errorf("If-None-Exist must answer with what is there (-created +again):\n%s", diff)
		}
		if again.header.Get("Location") != created.header.Get("Location") {
			t.Errorf("Location %q", again.header.Get("Location"))
		}
		g.want(201, http.MethodPost, "/Patient", numbered("1", "C"))
		several := g.want(412, http.MethodPost, "/Patient", numbered("1", "D"), none)
		if code, _, _ := several.issue(); code != "multiple-matches" {
			t.Errorf("code %q", code)
		}
		g.want(412, http.MethodPut, "/Patient?"+byNumber+"1", numbered("1", "D"))
		g.want(412, http.MethodDelete, "/Patient?"+byNumber+"1", "")
		for _, condition := range []string{"", "nonsense=1", "_count=1", "identifier="} {
			g.want(400, http.MethodPut, "/Patient?"+condition, numbered("9", "X"))
			g.want(400, http.MethodDelete, "/Patient?"+condition, "")
			if condition != "" {
				g.want(400, http.MethodPost, "/Patient", numbered("9", "X"), "If-None-Exist: "+condition)
			}
		}

		up := g.want(201, http.MethodPut, "/Patient?"+byNumber+"2&_format=json", numbered("2", "A"))
		id := up.body.Get("id").String()
		up = g.want(200, http.MethodPut, "/Patient?"+byNumber+"2", numbered("2", "B"))
		if up.body.Get("id").String() != id || up.header.Get("ETag") != `W/"2"` {
			t.Errorf("conditional update wrote %s %s", up.body.Get("id").String(), up.header.Get("ETag"))
		}
		g.want(412, http.MethodPut, "/Patient?"+byNumber+"2", numbered("2", "B"), `If-Match: W/"1"`)
		g.want(400, http.MethodPut, "/Patient?"+byNumber+"2", strings.Replace(numbered("2", "B"), `{`, `{"id":"other",`, 1))
		g.want(201, http.MethodPut, "/Patient?"+byNumber+"3", strings.Replace(numbered("3", "B"), `{`, `{"id":"chosen",`, 1))
		g.want(200, http.MethodGet, "/Patient/chosen", "")
		g.want(409, http.MethodPut, "/Patient?"+byNumber+"4", strings.Replace(numbered("4", "B"), `{`, `{"id":"chosen",`, 1))
		g.want(204, http.MethodDelete, "/Patient?"+byNumber+"2", "")
		g.want(410, http.MethodGet, "/Patient/"+id, "")
		g.want(204, http.MethodDelete, "/Patient?"+byNumber+"2", "")
	})
}

func TestFormats(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		g.want(201, http.MethodPut, "/Patient/p1", person("p1", strings.Repeat("Long", 400)))
		for _, ok := range []string{"_format=json", "_format=application/json", "_format=application/fhir%2Bjson", "_format=application/fhir+json", "_format=text/json"} {
			g.want(200, http.MethodGet, "/Patient/p1?"+ok, "", "Accept: application/fhir+xml")
		}
		for _, ok := range []string{"*/*", "application/fhir+json", "application/json;q=0.5", "text/html,application/xhtml+xml,*/*;q=0.8", "application/fhir+json; fhirVersion=4.0"} {
			a := g.want(200, http.MethodGet, "/Patient/p1", "", "Accept: "+ok)
			if got := a.header.Get("Content-Type"); got != "application/fhir+json; charset=utf-8" {
				t.Errorf("Content-Type %q", got)
			}
		}
		g.want(406, http.MethodGet, "/Patient/p1", "", "Accept: text/turtle")
		g.want(406, http.MethodGet, "/Patient/p1?_format=ttl", "")
		g.want(406, http.MethodPost, "/Patient/_search", "_format=ttl", "Content-Type: application/x-www-form-urlencoded")
		g.want(415, http.MethodPost, "/Patient", person("", "X"), "Content-Type: text/plain")
		g.want(415, http.MethodPost, "/Patient", person("", "X"), "Content-Encoding: br")
		g.want(415, http.MethodPost, "/Patient/_search", `{}`, "Content-Type: application/json")
		g.want(400, http.MethodPost, "/Patient", person("", "X"), "Content-Encoding: gzip")
		a := g.want(200, http.MethodGet, "/Patient/p1?_pretty=true", "")
		if !bytes.Contains(a.raw, []byte("{\n  \"resourceType\"")) {
			t.Errorf("not pretty: %.100s", a.raw)
		}

		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		if _, err := z.Write([]byte(person("p2", "Packed"))); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		g.want(201, http.MethodPut, "/Patient/p2", packed.String(), "Content-Encoding: gzip")
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.url+"/Patient/p1", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth("admin", "x")
		req.Header.Set("Accept-Encoding", "gzip") // set by hand, so that the client leaves it packed
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if res.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("a long answer is not packed: %v", res.Header)
		}
	})
}

func TestRecordIsKept(t *testing.T) {
	const sent = `{"resourceType":"Observation","status":"final","meta":{"tag":[{"code":"x"}]},"code":{"text":"<b>&'\" 𐍈"},"_status":{"extension":[{"url":"https://example.org/e","valueDecimal":0.00010}]},"contained":[{"resourceType":"Patient","id":"c","_birthDate":{"extension":[{"url":"https://example.org/e","valueString":"?"}]},"name":[{"given":["B",null],"_given":[null,{"extension":[{"url":"https://example.org/e","valueString":"?"}]}]}]}],"subject":{"reference":"#c"},"valueQuantity":{"value":1.10,"unit":"mg"},"component":[{"code":{"text":"n"},"valueQuantity":{"value":12345678901234567890.10}}]}`
	onBoth(t, registry.Options{}, func(g *gateway) {
		a := g.want(201, http.MethodPost, "/Observation", sent)
		got := g.want(200, http.MethodGet, "/Observation/"+a.body.Get("id").String(), "")
		n, err := fhir.Parse([]byte(sent))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(plain(n, nil, nil), plain(got.body, nil, nil)); diff != "" {
			t.Errorf("(-sent +read):\n%s", diff)
		}
	})
}
