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
		"left of its ceiling", "No product of the person covers S105", "nepal-hib is in order", "0 failed", "1 files, no errors", "4 resources loaded, 0 refused",
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
