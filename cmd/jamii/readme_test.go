package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var fenced = regexp.MustCompile("(?s)```sh\n(.*?)```")

// The commands of the README run as they stand there, from a clean start, and
// show what it says they show.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(readme), "\n"); n >= 150 {
		t.Errorf("the README has %d lines", n)
	}
	h := newHouse(t)
	if err := os.MkdirAll(filepath.Join(h.dir, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"bin/jamii": h.program, "profiles": filepath.Join(root(t), "profiles")} {
		if err := os.Symlink(to, filepath.Join(h.dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	s := h.serve("--demo")
	script := "set -e -o pipefail\n"
	for _, block := range fenced.FindAllStringSubmatch(string(readme), -1) {
		script += block[1]
	}
	script = strings.ReplaceAll(script, "127.0.0.1:8080", h.address)
	cmd := exec.Command("bash", "-c", script)
	cmd.Dir = h.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, s.log)
	}
	got := string(out)
	for _, want := range []string{
		`"disposition": "Partly accepted"`, `"inforce": true`, `"outcome":"queued"`, "Client officer was added", `"status": "requested"`,
		"left of its ceiling", "No product of the person covers S105", "nepal-hib is in order", "0 failed", "1 files, no errors", "4 resources loaded, 0 refused", "2 codes loaded",
		"every seal holds", "every sum is that of the lines", "jamii test",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the commands do not show %q", want)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
	s.stop()
}

// What the README says of make and of the packs is there.
func TestReadmeNamesWhatIsThere(t *testing.T) {
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(root(t), name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	readme, makefile := read("README.md"), read("Makefile")
	for _, m := range regexp.MustCompile("(?m)(?:`|^)make ([a-z]+)").FindAllStringSubmatch(readme, -1) {
		if !strings.Contains(makefile, "\n"+m[1]+":") {
			t.Errorf("there is no target %s", m[1])
		}
	}
	packs, err := filepath.Glob(filepath.Join(root(t), "profiles/schemes/*/scheme.yaml"))
	if err != nil || len(packs) != 5 {
		t.Errorf("%d packs (%v), the README says five", len(packs), err)
	}
	for _, p := range packs {
		if name := filepath.Base(filepath.Dir(p)); !strings.Contains(readme, "`"+name+"`") {
			t.Errorf("the README lacks the pack %s", name)
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z/]+)` \\|").FindAllStringSubmatch(readme, -1) {
		if info, err := os.Stat(filepath.Join(root(t), m[1])); err != nil || !info.IsDir() {
			t.Errorf("there is no folder %s", m[1])
		}
	}
}

// The settings that the README shows are settings.
func TestReadmeSettings(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(readme), "```yaml\n")
	text, _, ends := strings.Cut(rest, "```")
	if !found || !ends {
		t.Fatal("the README shows no settings")
	}
	file, err := readSettings(writeSettings(t, text), true)
	if err != nil {
		t.Fatal(err)
	}
	s := parseServe(t, file)
	if s.AuditReads != "durable" || s.OIDC.Audience != "jamii" || len(s.Scheme) != 1 || len(file.webhooks) != 1 {
		t.Errorf("%+v", s)
	}
}
