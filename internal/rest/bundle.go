package rest

import (
	"fmt"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/validate"
)

// maxEntries bounds a Bundle.
const maxEntries = 20_000

// bundle serves POST [base]: a batch or a transaction.
//
// https://hl7.org/fhir/R4/http.html#transaction
func (s *server) bundle(c echo.Context) error {
	if inner(c) {
		return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueNotSupported, Text: "A batch cannot hold another Bundle to carry out. Send it by itself."}
	}
	n, err := s.body(c)
	if err != nil {
		return err
	}
	if n.ResourceType() != "Bundle" {
		return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueStructure, Path: "resourceType", Text: "Send a Bundle to the base address, and a single resource to its type's address."}
	}
	entries := n.Get("entry")
	if entries != nil && (entries.Kind != fhir.KindArray || len(entries.Nodes) > maxEntries) {
		return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueStructure, Path: "Bundle.entry", Text: fmt.Sprintf("entry is a list of at most %d. Send smaller bundles.", maxEntries)}
	}
	typ := n.Get("type").String()
	if typ != "batch" && typ != "transaction" {
		return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: "Bundle.type", Text: "Only a batch or a transaction can be sent to the base address."}
	}
	list := entries.Each()
	n.Remove("entry")
	if err := checkShell(*n, "Bundle"); err != nil {
		return err
	}
	if typ == "batch" {
		return s.batch(c, list)
	}
	return s.transaction(c, list)
}

// checkShell validates a Bundle, or one entry in it, without the resources,
// which are validated where they are written. Issues are moved to path.
func checkShell(shell fhir.Node, path string) error {
	issues := validate.Resource(&shell, validate.Options{ErrorsOnly: true})
	for i := range issues {
		for _, from := range []string{"Bundle.entry[0]", "Bundle"} {
			if rest, ok := strings.CutPrefix(issues[i].Path, from); ok {
				issues[i].Path = path + rest
				break
			}
		}
	}
	return fhir.NewError(fhir.Invalid, issues)
}

// request is Bundle.entry.request.
type request struct {
	method, url                     string
	ifMatch, ifNoneMatch, noneExist string
	modifiedSince                   string
	path                            string
	resource                        *fhir.Node
	fullURL                         string
}

// requestOf reads an entry and checks all of it but the resource.
func requestOf(e *fhir.Node, i int) (request, error) {
	path := fmt.Sprintf("Bundle.entry[%d]", i)
	if e.Kind != fhir.KindObject {
		return request{path: path}, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueStructure, Path: path, Text: "An entry is a JSON object."}
	}
	q := e.Get("request")
	r := request{
		method: q.Get("method").String(), url: q.Get("url").String(), path: path,
		ifMatch: q.Get("ifMatch").String(), ifNoneMatch: q.Get("ifNoneMatch").String(), noneExist: q.Get("ifNoneExist").String(),
		modifiedSince: q.Get("ifModifiedSince").String(),
		resource:      e.Get("resource"), fullURL: e.Get("fullUrl").String(),
	}
	switch {
	case r.method == "":
		return r, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueRequired, Path: path + ".request.method", Text: "Each entry says its method."}
	case r.url == "":
		return r, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueRequired, Path: path + ".request.url", Text: "Each entry says its url, such as \"Patient\" or \"Patient/123\"."}
	case r.resource != nil && r.resource.Kind != fhir.KindObject:
		return r, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueStructure, Path: path + ".resource", Text: "A resource is a JSON object."}
	}
	return r, checkShell(shellOf(e), path)
}

// shellOf is a Bundle with an entry that has no resource.
func shellOf(e *fhir.Node) fhir.Node {
	bare := fhir.Obj()
	for _, m := range e.Nodes {
		if m.Name != "resource" {
			bare.Nodes = append(bare.Nodes, m)
		}
	}
	return fhir.Obj(fhir.Str("Bundle").As("resourceType"), fhir.Str("batch").As("type"), fhir.Arr(bare).As("entry"))
}

// local strips the base from an entry's url; what is elsewhere is refused.
func (r request) local(base string) (string, error) {
	u := strings.TrimPrefix(r.url, "/")
	if rest, ok := strings.CutPrefix(r.url, base); ok && (rest == "" || rest[0] == '/' || rest[0] == '?') {
		u = strings.TrimPrefix(rest, "/")
	}
	path, _, _ := strings.Cut(u, "?")
	if strings.Contains(path, ":") || strings.Contains(path, "..") || strings.ContainsAny(path, "#%\\ ") {
		return "", &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: r.path + ".request.url", Text: "The url is relative to this server, such as \"Patient/123\"."}
	}
	return u, nil
}
