package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/jamii-health/jamii/fhir"
)

// Case is one clause of the standard, tried on a server.
type Case struct {
	Area   string
	Name   string // what must hold
	Clause string // where it is written
	Run    func(t *T)
}

// T is a running case. Its methods stop the case at the first fault.
type T struct {
	c *client
	// Tag is new for each case, so that cases do not see each other's data.
	Tag string
}

type fault struct{ error }

// try runs the case and returns what was wrong.
func (k Case) try(c *client) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case fault:
			err = r.error
		default:
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	k.Run(&T{c: c, Tag: unique()})
	return nil
}

func unique() string {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err)
	}
	return "c" + hex.EncodeToString(b[:])
}

// Fail stops the case.
func (t *T) Fail(format string, args ...any) { panic(fault{fmt.Errorf(format, args...)}) }

// Want stops the case unless ok.
func (t *T) Want(ok bool, format string, args ...any) {
	if !ok {
		t.Fail(format, args...)
	}
}

// client calls the server under test.
type client struct {
	base, user, token string
	http              http.Client
	loaded            map[string]names // fixtures by name
}

// Reply is what the server answered.
type Reply struct {
	Method, Path string
	Code         int
	Header       http.Header
	Raw          []byte
	Body         *fhir.Node // nil when it is no JSON
}

// Do sends a request. Headers are "Name: value"; a body is FHIR JSON unless a
// Content-Type says otherwise. A path that begins with http is used as it is.
func (t *T) Do(method, path, body string, headers ...string) Reply {
	url := path
	if !strings.HasPrefix(path, "http") {
		url = t.c.address(path)
	}
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fail("%s %s: %v", method, path, err)
	}
	req.Header.Set("Accept", "application/fhir+json")
	if body != "" {
		req.Header.Set("Content-Type", "application/fhir+json")
	}
	if name, secret, ok := strings.Cut(t.c.user, ":"); ok {
		req.SetBasicAuth(name, secret)
	}
	if t.c.token != "" {
		req.Header.Set("Authorization", "Bearer "+t.c.token)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	t.c.http.Timeout = time.Minute
	res, err := t.c.http.Do(req)
	if err != nil {
		t.Fail("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fail("%s %s: %v", method, path, err)
	}
	r := Reply{Method: method, Path: path, Code: res.StatusCode, Header: res.Header, Raw: raw}
	if len(bytes.TrimSpace(raw)) > 0 {
		if n, err := fhir.Parse(raw); err == nil {
			r.Body = n
		}
	}
	if r.Code >= 500 {
		t.Fail("%s %s answered %d: %.300s", method, path, r.Code, raw)
	}
	return r
}

// address is where a path of the tables stands: "/Patient", "Patient", "?_id=1"
// or "", under the base.
func (c *client) address(path string) string {
	if path != "" && path[0] != '/' && path[0] != '?' {
		path = "/" + path
	}
	return c.base + escape(path)
}

// Code wants one of the statuses.
func (t *T) Code(r Reply, codes ...int) Reply {
	for _, c := range codes {
		if r.Code == c {
			return r
		}
	}
	t.Fail("%s %s answered %d, want %v: %.300s", r.Method, r.Path, r.Code, codes, r.Raw)
	return r
}

// Get wants 200.
func (t *T) Get(path string, headers ...string) Reply {
	return t.Code(t.Do(http.MethodGet, path, "", headers...), 200)
}

// Create posts a resource, wants 201 and returns its id.
func (t *T) Create(resource string, headers ...string) (id string, r Reply) {
	n, err := fhir.Parse([]byte(resource))
	if err != nil {
		t.Fail("the case itself is wrong: %v", err)
	}
	typ := n.ResourceType()
	r = t.Code(t.Do(http.MethodPost, "/"+typ, resource, headers...), 201)
	if id = r.Body.Get("id").String(); id == "" {
		id = idFrom(r.Header.Get("Location"), typ)
	}
	t.Want(id != "", "no id in body or Location")
	return id, r
}

func idFrom(location, typ string) string {
	_, rest, found := strings.Cut(location, "/"+typ+"/")
	if !found {
		return ""
	}
	id, _, _ := strings.Cut(rest, "/")
	return id
}

// Refused wants a status of 4xx with an OperationOutcome that has an error.
func (t *T) Refused(r Reply, codes ...int) Reply {
	if len(codes) > 0 {
		t.Code(r, codes...)
	}
	t.Want(r.Code >= 400 && r.Code < 500, "%s %s answered %d, want 4xx: %.200s", r.Method, r.Path, r.Code, r.Raw)
	t.Want(r.Body.ResourceType() == "OperationOutcome", "no OperationOutcome: %.200s", r.Raw)
	found := false
	for _, i := range r.Body.Get("issue").Each() {
		t.Want(i.Get("code").String() != "", "issue without code")
		found = found || i.Get("severity").String() == "error" || i.Get("severity").String() == "fatal"
	}
	t.Want(found, "no issue of severity error: %.300s", r.Raw)
	return r
}

// IDs are the ids of the matches of a searchset, in order.
func (r Reply) IDs() []string {
	var ids []string
	for _, e := range r.Body.Get("entry").Each() {
		if m := e.Path("search", "mode").String(); m == "match" || m == "" {
			ids = append(ids, e.Path("resource", "id").String())
		}
	}
	return ids
}

// Modes are the resources of a searchset with a search.mode, as "Type/id".
func (r Reply) Modes(mode string) []string {
	var refs []string
	for _, e := range r.Body.Get("entry").Each() {
		if e.Path("search", "mode").String() == mode {
			refs = append(refs, e.Get("resource").ResourceType()+"/"+e.Path("resource", "id").String())
		}
	}
	return refs
}

// Link is a link of a Bundle.
func (r Reply) Link(relation string) string {
	for _, l := range r.Body.Get("link").Each() {
		if l.Get("relation").String() == relation {
			return l.Get("url").String()
		}
	}
	return ""
}

// Total is Bundle.total, -1 when there is none.
func (r Reply) Total() int {
	n := r.Body.Get("total")
	if n == nil {
		return -1
	}
	v := 0
	for _, c := range n.Text {
		v = v*10 + int(c-'0')
	}
	return v
}
