package main

import (
	"net/http"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/registry"
)

// piece is what is committed together: where it stands, and its entries.
type piece struct {
	file    string
	entries []registry.Entry
	at      []int    // where each stands in the file: entry or line, from 0
	places  []string // the same for the report: "line 3"
	next    int      // where to go on after the piece
}

func (p *piece) add(e registry.Entry, at int, place string) {
	p.entries, p.at, p.places = append(p.entries, e), append(p.at, at), append(p.places, place)
}

// only is the piece with one of its entries.
func (p *piece) only(i int) piece {
	return piece{file: p.file, entries: p.entries[i : i+1], at: p.at[i : i+1], places: p.places[i : i+1], next: p.at[i] + 1}
}

// entryAsked reads an entry with a request.
func entryAsked(e *fhir.Node, path string) (registry.Entry, bool) {
	q := e.Get("request")
	w := registry.Entry{Method: q.Get("method").String(), FullURL: e.Get("fullUrl").String(), Resource: e.Get("resource"), Path: path, Condition: q.Get("ifNoneExist").String()}
	target, query, _ := strings.Cut(q.Get("url").String(), "?")
	typ, id, _ := strings.Cut(strings.Trim(target, "/"), "/")
	w.Type = typ
	switch {
	case w.Method == http.MethodPost && id == "" && query == "":
	case w.Method != http.MethodPut && w.Method != http.MethodDelete, strings.Contains(id, "/"), (id == "") == (query == ""):
		return w, false
	case id != "":
		w.ID = id
	default:
		w.Condition = query
	}
	return w, true
}

// entryOf stores a resource under its id; one without an id gets one.
func entryOf(n *fhir.Node, path string) registry.Entry {
	e := registry.Entry{Method: http.MethodPost, Type: n.ResourceType(), Resource: n, Path: path}
	if id := n.Get("id").String(); fhir.ValidID(id) {
		e.Method, e.ID = http.MethodPut, id
	}
	return e
}
