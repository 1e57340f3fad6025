package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// unknownFacilities lists the codes that no facility has that a scheme
// published. loaded tells whether any scheme did: before that, no code can be
// looked up.
func unknownFacilities(ctx context.Context, db store.Store, codes []string) (unknown []string, loaded bool, err error) {
	_, rows, err := db.Facts(ctx, nil, store.Lookup{Table: store.Schemes})
	if err != nil {
		return nil, false, fmt.Errorf("schemes of the database: %w", err)
	}
	loaded = slices.ContainsFunc(rows[0], func(r store.Row) bool { return strings.HasPrefix(r.Text("digest"), publishedScheme) })
	for _, code := range codes {
		known, err := publishedFacility(ctx, db, code)
		if err != nil {
			return nil, false, err
		}
		if !known {
			unknown = append(unknown, code)
		}
	}
	return unknown, loaded, nil
}

// publishedFacility reports whether a managed Organization that provides care
// has the code.
func publishedFacility(ctx context.Context, db store.Store, code string) (bool, error) {
	q := store.Query{Type: "Organization", Limit: 100, Expr: search.Is{Param: "identifier", Kind: search.Token, Code: code, AnySystem: true}}
	for {
		page, err := db.Search(ctx, q)
		if err != nil {
			return false, fmt.Errorf("facility %s: %w", code, err)
		}
		for _, res := range page.Resources {
			tree, err := res.Tree()
			if err != nil {
				return false, fmt.Errorf("facility %s: %w", code, err)
			}
			if res.Managed && provides(tree) && hasIdentifier(tree, code) {
				return true, nil
			}
		}
		if page.Next == nil {
			return false, nil
		}
		q.After = page.Next
	}
}

// provides reports whether an Organization is a provider of care.
//
// https://hl7.org/fhir/R4/codesystem-organization-type.html
func provides(organization *fhir.Node) bool {
	for _, t := range organization.Get("type").Each() {
		for _, c := range t.Get("coding").Each() {
			if c.Get("code").String() == "prov" {
				return true
			}
		}
	}
	return false
}

func hasIdentifier(organization *fhir.Node, value string) bool {
	for _, id := range organization.Get("identifier").Each() {
		if id.Get("value").String() == value {
			return true
		}
	}
	return false
}
