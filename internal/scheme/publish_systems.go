package scheme

import (
	"slices"
	"strconv"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/claims"
)

// codeSystems are the keys of systems: that name codes, the others identifiers.
var codeKeys = []string{"service", "item", "diagnosis", "plan", "price-list"}

// namingSystems says what each of the scheme's systems is for.
//
// https://hl7.org/fhir/R4/namingsystem.html
func (p *Pack) namingSystems() []fhir.Node {
	var out []fhir.Node
	for _, key := range sortedKeys(p.Systems) {
		kind := "identifier"
		if slices.Contains(codeKeys, key) {
			kind = "codesystem"
		}
		out = append(out, p.resource("NamingSystem", p.id("ns", key),
			str("name", computerName(p.Name, key)), str("status", "active"), str("kind", kind), str("date", p.Published.String()),
			str("responsible", p.Insurer.Name.In(p.Languages[0])),
			str("description", key+" of the scheme "+p.Name),
			list("uniqueId", obj("", str("type", "uri"), str("value", p.Systems[key]), fhir.Bool(true).As("preferred")))))
	}
	return out
}

// A term is a code with its names.
type term struct {
	code  string
	names Texts
}

// codeSystems publishes the code lists. That of diagnoses is a part of a system
// that others define.
//
// https://hl7.org/fhir/R4/codesystem.html
func (p *Pack) codeSystems() []fhir.Node {
	terms := map[string][]term{}
	for _, a := range p.lastVersions() {
		key := "service"
		if a.Kind == claims.Item {
			key = "item"
		}
		terms[key] = append(terms[key], term{a.Code, a.Names})
	}
	for _, d := range p.Diagnoses {
		terms["diagnosis"] = append(terms["diagnosis"], term{d.Code, d.Names})
	}
	for _, plan := range p.Plans {
		terms["plan"] = append(terms["plan"], term{plan.Code, plan.Name})
	}
	seen := map[string]bool{}
	for _, r := range p.Prices {
		seen[r.List] = true
	}
	for _, name := range sortedKeys(seen) {
		terms["price-list"] = append(terms["price-list"], term{code: name})
	}
	var out []fhir.Node
	for _, key := range codeKeys {
		content := "complete"
		if key == "diagnosis" {
			content = "fragment"
		}
		out = append(out, p.codeSystem(key, content, terms[key]))
	}
	return out
}

func (p *Pack) codeSystem(key, content string, terms []term) fhir.Node {
	var concepts []fhir.Node
	for _, t := range terms {
		var designations []fhir.Node
		for _, lang := range p.Languages[1:] {
			if t.names[lang] != "" {
				designations = append(designations, obj("", str("language", lang), str("value", t.names[lang])))
			}
		}
		concepts = append(concepts, obj("", str("code", t.code), str("display", t.names.In(p.Languages[0])), list("designation", designations...)))
	}
	return p.resource("CodeSystem", p.id("cs", key),
		str("url", p.Systems[key]), str("name", computerName(p.Name, key)), str("title", p.Title.In(p.Languages[0])+": "+key),
		str("status", "active"), fhir.Bool(false).As("experimental"), str("date", p.Published.String()), str("publisher", p.Insurer.Name.In(p.Languages[0])),
		fhir.Bool(true).As("caseSensitive"), str("content", content), fhir.Num(strconv.Itoa(len(concepts))).As("count"), list("concept", concepts...))
}
