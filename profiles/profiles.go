// Package profiles carries what Jamii adds to R4: search parameters, code
// systems, extensions and profiles, as the FHIR resources that publish them.
package profiles

import (
	"embed"
	"fmt"
	"io/fs"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

//go:embed search/*.json code/*.json extension/*.json profile/*.json
var files embed.FS

// Resources returns our SearchParameters, CodeSystems and StructureDefinitions,
// in order of their files. They are part of the program: one that cannot be
// read is a programmer's mistake.
func Resources() []*fhir.Node {
	var out []*fhir.Node
	for _, dir := range []string{"code", "extension", "profile", "search"} {
		entries, err := fs.ReadDir(files, dir)
		if err != nil {
			panic("profiles: " + err.Error())
		}
		for _, e := range entries {
			out = append(out, read(dir+"/"+e.Name()))
		}
	}
	return out
}

func read(name string) *fhir.Node {
	data, err := files.ReadFile(name)
	if err != nil {
		panic("profiles: " + err.Error())
	}
	n, err := fhir.ParseObject(data)
	if err != nil {
		panic(fmt.Sprintf("profiles: %s: %v", name, err))
	}
	return n
}

// SearchParams returns the search parameters that R4 lacks, as the catalogue
// takes them.
//
// https://hl7.org/fhir/R4/searchparameter.html
func SearchParams() []*definition.SearchParam {
	entries, err := fs.ReadDir(files, "search")
	if err != nil {
		panic("profiles: " + err.Error())
	}
	out := make([]*definition.SearchParam, 0, len(entries))
	for _, e := range entries {
		out = append(out, searchParam(read("search/"+e.Name())))
	}
	return out
}

func searchParam(n *fhir.Node) *definition.SearchParam {
	p := &definition.SearchParam{
		Code: n.Get("code").String(), URL: n.Get("url").String(),
		Type: n.Get("type").String(), Expression: n.Get("expression").String(),
	}
	for _, b := range n.Get("base").Each() {
		p.Base = append(p.Base, b.String())
	}
	for _, t := range n.Get("target").Each() {
		p.Targets = append(p.Targets, t.String())
	}
	return p
}
