package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/internal/registry"
)

// value is a parameter of a Parameters answer.
func (a answer) value(name string) string {
	for _, p := range a.body.Get("parameter").Each() {
		if p.Get("name").String() == name {
			for i := range p.Nodes {
				if strings.HasPrefix(p.Nodes[i].Name, "value") {
					return p.Nodes[i].Text
				}
			}
		}
	}
	return ""
}

func TestTerminologyOperations(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		g.want(201, http.MethodPost, "/CodeSystem", `{"resourceType":"CodeSystem","url":"http://x.org/cs","version":"2","name":"Own","status":"active","content":"complete","hierarchyMeaning":"is-a","concept":[{"code":"a","display":"A","concept":[{"code":"b","display":"B","designation":[{"language":"ne","value":"बि"}]}]}]}`)
		vs := g.want(201, http.MethodPost, "/ValueSet", `{"resourceType":"ValueSet","url":"http://x.org/vs","status":"active","compose":{"include":[{"system":"http://x.org/cs","filter":[{"property":"concept","op":"is-a","value":"a"}]}]}}`)
		cm := g.want(201, http.MethodPost, "/ConceptMap", `{"resourceType":"ConceptMap","url":"http://x.org/cm","status":"active","group":[{"source":"http://x.org/cs","target":"http://y.org","element":[{"code":"a","target":[{"code":"1","equivalence":"equivalent"}]}]}]}`)
		tests := []struct{ path, parameter, want string }{
			{"/CodeSystem/$lookup?system=http://x.org/cs&code=b", "display", "B"},
			{"/CodeSystem/$lookup?system=http://hl7.org/fhir/administrative-gender&code=male", "display", "Male"},
			{"/CodeSystem/$validate-code?url=http://x.org/cs&code=a", "result", "true"},
			{"/CodeSystem/$validate-code?url=http://x.org/cs&code=z", "result", "false"},
			{"/CodeSystem/$subsumes?system=http://x.org/cs&codeA=a&codeB=b", "outcome", "subsumes"},
			{"/ValueSet/$validate-code?url=http://x.org/vs&system=http://x.org/cs&code=b", "result", "true"},
			{"/ValueSet/" + vs.body.Get("id").String() + "/$validate-code?system=http://x.org/cs&code=c", "result", "false"},
			{"/ConceptMap/$translate?url=http://x.org/cm&system=http://x.org/cs&code=a", "result", "true"},
			{"/ConceptMap/" + cm.body.Get("id").String() + "/$translate?system=http://x.org/cs&code=b", "result", "false"},
		}
		for _, tt := range tests {
			if got := g.want(200, http.MethodGet, tt.path, "").value(tt.parameter); got != tt.want {
				t.Errorf("%s: %s is %q, want %q", tt.path, tt.parameter, got, tt.want)
			}
		}
		e := g.want(200, http.MethodGet, "/ValueSet/$expand?url=http://x.org/vs&count=1&offset=1", "")
		list := e.body.Path("expansion", "contains")
		if e.body.Path("expansion", "total").Text != "2" || len(list.Each()) != 1 || list.At(0).Get("code").String() != "b" {
			t.Errorf("%s", e.raw)
		}
		body := `{"resourceType":"Parameters","parameter":[{"name":"url","valueUri":"http://x.org/vs"},{"name":"coding","valueCoding":{"system":"http://x.org/cs","code":"a"}}]}`
		if got := g.want(200, http.MethodPost, "/ValueSet/$validate-code", body).value("result"); got != "true" {
			t.Errorf("POST: %s", got)
		}
		for path, code := range map[string]int{
			"/CodeSystem/$lookup?system=http://x.org/none&code=a": 404, "/CodeSystem/$lookup?system=http://x.org/cs&code=zz": 404,
			"/CodeSystem/$lookup?system=http://x.org/cs": 400, "/ValueSet/$expand": 400, "/ValueSet/$expand?url=http://x.org/none": 404,
			"/ValueSet/$expand?url=http://x.org/vs&count=-1": 400, "/CodeSystem/$subsumes?system=http://x.org/cs&codeA=a": 400,
		} {
			if a := g.do("admin", http.MethodGet, path, ""); a.code != code || a.body.ResourceType() != "OperationOutcome" {
				t.Errorf("%s answered %d, want %d: %s", path, a.code, code, fmt.Sprintf("%.200s", a.raw))
			}
		}
	})
}
