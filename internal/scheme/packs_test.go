package scheme

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/internal/claims"
)

const packsFolder = "../../profiles/schemes"

// Every pack of the repository is without problems and notes, proves itself by
// at least 25 worked cases, and publishes valid resources.
func TestPacks(t *testing.T) {
	files, err := filepath.Glob(packsFolder + "/*/scheme.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("found %d packs (%v), want nepal-hib, tanzania-ichf, cameroon-bepha, cameroon-voucher and zanzibar-zhsf", len(files), err)
	}
	for _, file := range files {
		folder := filepath.Dir(file)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			p, problems := Load(os.DirFS(folder))
			for _, problem := range problems {
				t.Errorf("check: %s", problem)
			}
			if p == nil {
				t.FailNow()
			}
			if p.Name != filepath.Base(folder) {
				t.Errorf("the scheme is named %s, its folder %s", p.Name, filepath.Base(folder))
			}
			provesItself(t, p)
			isComplete(t, p)
			checkResources(t, p)
		})
	}
}

func provesItself(t *testing.T, p *Pack) {
	t.Helper()
	if len(p.Cases) < 25 {
		t.Errorf("%d worked cases, want 25 or more", len(p.Cases))
	}
	var out strings.Builder
	if failed, err := Report(&out, RunCases(p, p.Cases)); err != nil || failed > 0 {
		t.Errorf("%d of %d cases failed (%v):\n%s", failed, len(p.Cases), err, out.String())
	}
	enrolled := map[string]bool{}
	for _, c := range p.Cases {
		for _, s := range c.Steps {
			if s.Enrol != nil {
				enrolled[s.Enrol.Plan] = true
			}
		}
	}
	for _, plan := range p.Plans {
		if !enrolled[plan.Code] {
			t.Errorf("no worked case enrols in plan %s", plan.Code)
		}
	}
}

var source = regexp.MustCompile(`(?m)^# .*https?://`)

// isComplete holds a pack of a real scheme to what makes it usable: sources,
// registers of some size, and names in each of its languages.
func isComplete(t *testing.T, p *Pack) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(packsFolder, p.Name, "scheme.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "nepal-hib" && !source.Match(text) { // its sources stand in the reference
		t.Error("scheme.yaml names no source of its figures in a comment")
	}
	sizes := map[claims.Kind]int{}
	for key := range p.register.Articles {
		sizes[key.Kind]++
	}
	if sizes[claims.Service] < 40 || sizes[claims.Item] < 30 || len(p.Facilities) < 8 || len(p.Languages) < 2 {
		t.Errorf("%d services, %d items, %d facilities, languages %v: want 40, 30, 8 and two", sizes[claims.Service], sizes[claims.Item], len(p.Facilities), p.Languages)
	}
	named := func(what, code string, names Texts) {
		for _, lang := range p.Languages {
			if names[lang] == "" {
				t.Errorf("%s %s has no name in %s", what, code, lang)
			}
		}
	}
	for _, a := range p.Articles {
		named(string(a.Kind), a.Code, a.Names)
	}
	for _, f := range p.Facilities {
		named("facility", f.Code, f.Names)
	}
	for _, l := range p.Locations {
		named("location", l.Code, l.Names)
	}
	for _, d := range p.Diagnoses {
		named("diagnosis", d.Code, d.Names)
	}
	for _, plan := range p.Plans {
		named("plan", plan.Code, plan.Name)
	}
}
