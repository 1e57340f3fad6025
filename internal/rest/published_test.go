package rest_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/registry"
)

// Synthea's bundles, as published: hospitals, practitioners, then patients.
// Everything is read back and must be equal in meaning, to the last digit.
func TestSyntheaLosesNothing(t *testing.T) {
	dir := shared(t)
	if dir == "" {
		return
	}
	files, err := filepath.Glob(filepath.Join(dir, "synthea", "*.json"))
	if err != nil || len(files) < 3 {
		t.Fatalf("no bundles: %v", err)
	}
	sort.Slice(files, func(i, j int) bool { return rank(files[i]) < rank(files[j]) })
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		counts := map[string]int{}
		for _, file := range files {
			g.loadBack(file, counts)
		}
		for typ, want := range counts {
			a := g.want(200, http.MethodGet, "/"+typ+"?_summary=count", "")
			if got := a.body.Get("total"); got == nil || got.Text != fmt.Sprint(want) {
				t.Errorf("%s: total %v, want %d", typ, got, want)
			}
		}
		if counts["Claim"] < 300 || counts["Patient"] != len(files)-2 {
			t.Errorf("too little was loaded: %v", counts)
		}
	})
}

func rank(file string) string {
	switch filepath.Base(file) {
	case "hospitals.json":
		return "0"
	case "practitioners.json":
		return "1"
	}
	return "2" + file
}

// loadBack posts a transaction and compares every resource with what is read.
func (g *gateway) loadBack(file string, counts map[string]int) {
	g.t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		g.t.Fatal(err)
	}
	sent, err := fhir.Parse(data)
	if err != nil {
		g.t.Fatal(err)
	}
	a := g.want(200, http.MethodPost, "", string(data))
	entries, answers := sent.Get("entry").Each(), a.body.Get("entry").Each()
	if len(entries) != len(answers) {
		g.t.Fatalf("%s: %d entries, %d answers", filepath.Base(file), len(entries), len(answers))
	}
	to := map[string]string{}
	for i, e := range entries {
		location := answers[i].Path("response", "location").String()
		ref, _ := fhir.ParseReference(location)
		to[e.Get("fullUrl").String()] = ref.Local()
	}
	for i, e := range entries {
		want := e.Get("resource").Clone()
		typ := want.ResourceType()
		counts[typ]++
		ref := to[e.Get("fullUrl").String()]
		got := g.want(200, http.MethodGet, "/"+ref, "").body
		if diff := cmp.Diff(plain(want, to, g.conditional(want)), plain(got, nil, nil)); diff != "" {
			g.t.Fatalf("%s entry %d %s (-sent +read):\n%.2000s", filepath.Base(file), i, typ, diff)
		}
	}
}

// conditional finds what the conditional references of a resource mean, by
// searching for them as a client would.
func (g *gateway) conditional(n *fhir.Node) map[string]string {
	out := map[string]string{}
	n.Walk(func(m *fhir.Node) bool {
		if ref, ok := fhir.ParseReference(m.String()); ok && m.Name == "reference" && ref.Condition != "" {
			a := g.want(200, http.MethodGet, "/"+m.Text, "")
			if ids := a.ids(); len(ids) == 1 {
				out[m.Text] = ref.Type + "/" + ids[0]
			}
		}
		return true
	})
	return out
}

// plain renders a resource without what the server sets, references rewritten,
// members sorted.
func plain(n *fhir.Node, to, conditional map[string]string) string {
	n = n.Clone()
	n.Remove("id")
	if meta := n.Get("meta"); meta != nil {
		meta.Remove("versionId")
		meta.Remove("lastUpdated")
		if len(meta.Nodes) == 0 {
			n.Remove("meta")
		}
	}
	var b strings.Builder
	render(&b, n, to, conditional, "")
	return b.String()
}

func render(b *strings.Builder, n *fhir.Node, to, conditional map[string]string, indent string) {
	switch n.Kind {
	case fhir.KindObject:
		list := append([]fhir.Node(nil), n.Nodes...)
		sort.SliceStable(list, func(i, j int) bool { return list[i].Name < list[j].Name })
		for i := range list {
			b.WriteString("\n" + indent + list[i].Name + ": ")
			render(b, &list[i], to, conditional, indent+" ")
		}
	case fhir.KindArray:
		for i := range n.Nodes {
			b.WriteString("\n" + indent + "- ")
			render(b, &n.Nodes[i], to, conditional, indent+" ")
		}
	default:
		text := n.Text
		if v, ok := to[text]; ok {
			text = v
		}
		if v, ok := conditional[text]; ok {
			text = v
		}
		fmt.Fprintf(b, "%d %s", n.Kind, text)
	}
}

// broken are the published examples that break R4 itself; fhir/validate lists
// them with the reasons.
var broken = map[string]string{
	"bundle-questionnaire.json":       "linkId is missing",
	"codesystem-example.json":         "csd-1: a code is defined twice",
	"devicemetric-example.json":       "parent names a DeviceDefinition",
	"deviceusestatement-example.json": "reasonReference names a Procedure",
	"medicationrequest0301.json":      "performer names a Practitioner",
}

func TestPublishedExamples(t *testing.T) {
	dir := shared(t)
	if dir == "" {
		return
	}
	files, err := filepath.Glob(filepath.Join(dir, "fhir-test-cases", "examples", "*.json"))
	if err != nil || len(files) < 70 {
		t.Fatalf("%d examples: %v", len(files), err)
	}
	onBoth(t, registry.Options{Trail: noTrail{}}, func(g *gateway) {
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			n, err := fhir.Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			name := filepath.Base(file)
			a := g.do("admin", http.MethodPost, "/"+n.ResourceType(), string(data))
			if why, bad := broken[name]; bad {
				if a.code != http.StatusUnprocessableEntity {
					t.Errorf("%s: %d, but %s", name, a.code, why)
				}
				continue
			}
			if a.code != http.StatusCreated {
				t.Errorf("%s: %d %.400s", name, a.code, a.raw)
				continue
			}
			got := g.follow(g.url + "/" + n.ResourceType() + "/" + a.body.Get("id").String()).body
			if diff := cmp.Diff(plain(n, nil, nil), plain(got, nil, nil)); diff != "" {
				t.Errorf("%s (-sent +read):\n%.1000s", name, diff)
			}
		}
	})
}
