package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/currency"

	"github.com/jamii-health/jamii/fhir/definition/internal/table"
)

type coding struct{ system, code string }

// valueSetSection writes the codes of the value sets that are bound as
// required or extensible, and returns those that cannot be listed, with why.
func valueSetSection(strs *table.Strings, src *source) (out *table.Section, left []string, err error) {
	src.systems["urn:iso:std:iso:4217"] = currencies()
	out = strs.Section()
	body, count := strs.Section(), 0
	for _, url := range bound(src) {
		codes, err := expand(src, url, nil)
		if err != nil {
			left = append(left, fmt.Sprintf("%s: %v", url, err))
			continue
		}
		body.String(url)
		body.Part(writeCodes(strs, codes))
		count++
	}
	out.Uint(count)
	out.Append(body)
	return out, left, nil
}

// bound lists the value sets whose codes a validator has to know.
func bound(src *source) []string {
	urls := map[string]bool{}
	for _, s := range src.structures {
		for _, e := range s.Snapshot.Element {
			if b := e.Binding; b != nil && (b.Strength == "required" || b.Strength == "extensible") && b.ValueSet != "" {
				url, _, _ := strings.Cut(b.ValueSet, "|")
				urls[url] = true
			}
		}
	}
	out := make([]string, 0, len(urls))
	for url := range urls {
		out = append(out, url)
	}
	slices.Sort(out)
	return out
}

// writeCodes writes the codes grouped by system.
func writeCodes(strs *table.Strings, codes map[coding]bool) *table.Section {
	sorted := make([]coding, 0, len(codes))
	for c := range codes {
		sorted = append(sorted, c)
	}
	slices.SortFunc(sorted, func(a, b coding) int {
		return cmp.Or(cmp.Compare(a.system, b.system), cmp.Compare(a.code, b.code))
	})
	body, groups := strs.Section(), 0
	for len(sorted) > 0 {
		n := 1
		for n < len(sorted) && sorted[n].system == sorted[0].system {
			n++
		}
		body.String(sorted[0].system)
		body.Uint(n)
		for _, c := range sorted[:n] {
			body.String(c.code)
		}
		sorted = sorted[n:]
		groups++
	}
	out := strs.Section()
	out.Uint(groups)
	out.Append(body)
	return out
}

// expand lists the codes of a value set.
//
// https://hl7.org/fhir/R4/valueset.html#compositions
func expand(src *source, url string, within []string) (map[coding]bool, error) {
	url, _, _ = strings.Cut(url, "|")
	s, ok := src.sets[url]
	if !ok {
		return nil, fmt.Errorf("%s is not among the files", url)
	}
	if slices.Contains(within, url) {
		return nil, fmt.Errorf("%s includes itself", url)
	}
	within = append(within, url)
	out := map[coding]bool{}
	for _, inc := range s.Compose.Include {
		codes, err := part(src, inc, within)
		if err != nil {
			return nil, err
		}
		for c := range codes {
			out[c] = true
		}
	}
	for _, exc := range s.Compose.Exclude {
		codes, err := part(src, exc, within)
		if err != nil {
			return nil, err
		}
		for c := range codes {
			delete(out, c)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s has no codes", url)
	}
	return out, nil
}

// part lists one include or exclude: what its system and every value set that
// it names have in common.
func part(src *source, inc include, within []string) (map[coding]bool, error) {
	var out map[coding]bool
	if inc.System != "" {
		codes, err := ofSystem(src, inc)
		if err != nil {
			return nil, err
		}
		out = codes
	}
	for _, url := range inc.ValueSet {
		codes, err := expand(src, url, within)
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = codes
			continue
		}
		for c := range out {
			if !codes[c] {
				delete(out, c)
			}
		}
	}
	return out, nil
}

// currencies is the code system that HL7 names but does not publish.
func currencies() system {
	out := system{URL: "urn:iso:std:iso:4217", Content: complete}
	for _, a := range letters {
		for _, b := range letters {
			for _, c := range letters {
				code := string([]rune{a, b, c})
				if _, err := currency.ParseISO(code); err == nil {
					out.Concept = append(out.Concept, concept{Code: code})
				}
			}
		}
	}
	return out
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
