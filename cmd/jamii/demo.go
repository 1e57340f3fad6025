package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/console"
	"github.com/jamii-health/jamii/internal/registry"
)

//go:embed demo/*.json
var demoFiles embed.FS

var demoTemplates = template.Must(template.ParseFS(demoFiles, "demo/*.json"))

// The demonstration: its client works at one facility of the scheme.
const (
	demoClient   = "demo"
	demoFacility = "HO01"
	demoZone     = "Asia/Kathmandu"
	demoScopes   = "system/*.cruds"
)

// demo is what --demo adds: a client with a secret in a file, a household that
// is covered, a claim that was paid in part, and the bodies of the commands of
// the front page and the README, with today's dates.
type demo struct {
	dir, base string
	now       func() time.Time
	registry  *registry.Registry
}

// newDemo keeps its files beside an SQLite database, else in data.
func newDemo(d databaseFlag, base string) *demo {
	dir := "data"
	if path, isFile := strings.CutPrefix(d.Database, "sqlite:"); isFile {
		dir = filepath.Dir(path)
	}
	return &demo{dir: dir, base: base, now: time.Now}
}

// body is what the bodies of the demonstration say.
type body struct {
	Name, Head, Number string // of the household
	Today              string // in the scheme's zone
	Stamp              string // makes claims of this start others than those of the last
	Invoice, Amount    string
}

// people are the two households: one enrolled at the start, one that the
// README enrols.
var (
	demoHousehold = body{Name: "demo", Head: "Maya", Number: "10-01-70-00001"}
	walkHousehold = body{Name: "asha", Head: "Asha", Number: "10-01-70-00002", Invoice: "INVOICE", Amount: "600"}
)

func (d *demo) fill(name string, b body) ([]byte, error) {
	zone, err := time.LoadLocation(demoZone)
	if err != nil {
		return nil, fmt.Errorf("zone of the demonstration: %w", err)
	}
	b.Today, b.Stamp = d.now().In(zone).Format(time.DateOnly), d.now().UTC().Format("20060102T150405")
	var out bytes.Buffer
	if err := demoTemplates.ExecuteTemplate(&out, name, b); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// tree fills in a body and parses it.
func (d *demo) tree(name string, b body) (*fhir.Node, error) {
	data, err := d.fill(name, b)
	if err != nil {
		return nil, err
	}
	return fhir.ParseObject(data)
}

func (d *demo) call() registry.Call {
	return registry.Call{Principal: access.Internal("demo"), Base: d.base + "/fhir"}
}

// prepare makes what is missing; what is there from an earlier start stays.
func (d *demo) prepare(ctx context.Context, r *registry.Registry) error {
	d.registry = r
	if err := d.client(ctx); err != nil {
		return err
	}
	if err := d.enrol(ctx); err != nil {
		return err
	}
	if err := d.firstClaim(ctx); err != nil {
		return err
	}
	return d.files()
}

// client makes the demonstration's client, with the secret of the file.
func (d *demo) client(ctx context.Context) error {
	name := filepath.Join(d.dir, "demo.secret")
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		secret, _, err := access.NewSecret()
		if err != nil {
			return err
		}
		text = []byte(secret + "\n")
		if err := os.MkdirAll(d.dir, 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(name, text, 0o600); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	want := apiClient{name: demoClient, scopes: demoScopes, facilities: []string{demoFacility}, hash: access.HashSecret(strings.TrimSpace(string(text)))}
	row, known, err := findClient(ctx, d.registry.Store(), demoClient)
	if err != nil || known && bytes.Equal(row.Bytes("hash"), want.hash) {
		return err
	}
	return want.save(ctx, d.registry.Store(), d.now())
}

// files writes the bodies that the commands send.
func (d *demo) files() error {
	walk := filepath.Join(d.dir, "walkthrough")
	if err := os.MkdirAll(walk, 0o700); err != nil {
		return err
	}
	write := func(path, name string, b body) error {
		data, err := d.fill(name, b)
		if err != nil {
			return err
		}
		return os.WriteFile(path, data, 0o600)
	}
	for _, name := range []string{"cover", "claim"} {
		if err := write(filepath.Join(d.dir, "demo-"+name+".json"), name+".json", demoHousehold); err != nil {
			return err
		}
	}
	for _, t := range demoTemplates.Templates() {
		if err := write(filepath.Join(walk, t.Name()), t.Name(), walkHousehold); err != nil {
			return err
		}
	}
	return nil
}

// commands are the three to paste.
func (d *demo) commands() []console.Command {
	curl := fmt.Sprintf("curl -s -u %s:$(cat %s)", demoClient, filepath.ToSlash(filepath.Join(d.dir, "demo.secret")))
	post := func(file, path string) string {
		return fmt.Sprintf("%s -H 'Content-Type: application/fhir+json' -d @%s '%s/fhir/%s?_pretty=true'", curl, filepath.ToSlash(filepath.Join(d.dir, file)), d.base, path)
	}
	return []console.Command{
		{Title: "1. Is the person covered?", Line: post("demo-cover.json", "CoverageEligibilityRequest/$submit")},
		{Title: "2. Submit a claim", Line: post("demo-claim.json", "Claim/$submit")},
		{Title: "3. Read the answer: one line paid, one cut by a ceiling, one refused", Line: fmt.Sprintf("%s '%s/fhir/ClaimResponse?_sort=-_lastUpdated&_count=1&_pretty=true'", curl, d.base)},
	}
}

// print shows the commands at the start.
func (d *demo) print(w io.Writer) {
	fmt.Fprintf(w, "\nJamii runs at %s. Paste these into another terminal, in this folder:\n", d.base)
	for _, c := range d.commands() {
		fmt.Fprintf(w, "\n# %s\n%s\n", c.Title, c.Line)
	}
	fmt.Fprintf(w, "\nThe same on a page: %s/\n", d.base)
}
