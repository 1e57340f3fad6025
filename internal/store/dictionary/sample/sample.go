// Package sample makes synthetic R4 resources: what clients of a health
// insurance send, and what Jamii itself writes. The compression dictionary is
// trained on them and the benchmarks use them; nobody in them exists.
//
// A resource type is a template in r4/, so that adding one touches no Go. The
// same seed gives the same resources.
package sample

import (
	"bytes"
	"embed"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/jamii-health/jamii/fhir"
)

//go:embed r4/*.tmpl words.txt
var files embed.FS

// Maker makes resources. It is for one goroutine at a time.
type Maker struct {
	random    *rand.Rand
	templates *template.Template
	words     map[string][]string
	given     map[string]string
	last      time.Time
}

// New starts a sequence of resources.
func New(seed uint64) (*Maker, error) {
	m := &Maker{random: rand.New(rand.NewPCG(seed, 2025)), words: map[string][]string{}}
	text, err := files.ReadFile("words.txt")
	if err != nil {
		return nil, fmt.Errorf("reading the words: %w", err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		name, list, ok := strings.Cut(line, ": ")
		if !ok {
			return nil, fmt.Errorf("words.txt: a line without a name: %q", line)
		}
		m.words[name] = strings.Split(list, ", ")
	}
	m.templates, err = template.New("").Funcs(m.functions()).ParseFS(files, "r4/*.tmpl")
	if err != nil {
		return nil, fmt.Errorf("reading the templates: %w", err)
	}
	return m, nil
}

// Names lists what Make can make, in order: resource types, and variants of
// them such as "Claim-short".
func Names() ([]string, error) {
	list, err := files.ReadDir("r4")
	if err != nil {
		return nil, fmt.Errorf("listing the templates: %w", err)
	}
	var names []string
	for _, f := range list {
		if name := strings.TrimSuffix(path.Base(f.Name()), ".json.tmpl"); name != f.Name() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Make makes the next resource of a name, as the compact JSON of a record: it
// has no id. Given values take the place of drawn ones: "patient" and the like
// as "Type/id", "identifier" as its value.
func (m *Maker) Make(name string, given map[string]string) ([]byte, error) {
	m.given = given
	var out bytes.Buffer
	if err := m.templates.ExecuteTemplate(&out, name+".json.tmpl", nil); err != nil {
		return nil, fmt.Errorf("making %s: %w", name, err)
	}
	n, err := fhir.Parse(out.Bytes())
	if err != nil {
		return nil, fmt.Errorf("making %s: %w", name, err)
	}
	return fhir.Record(n), nil
}
