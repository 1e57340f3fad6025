package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

func writeSettings(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "jamii.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestSettingsRefuse(t *testing.T) {
	tests := []struct{ name, text, names string }{
		{"an unknown key", "listen: 127.0.0.1:1\nbase_ulr: x\n", "base_ulr"},
		{"an unknown nested key", "oidc: {isuer: x}\n", "oidc.isuer"},
		{"a section without content", "audit:\n", "audit"},
		{"the same key twice", "listen: a\nlisten: b\n", "listen"},
		{"a key in two forms", "audit: {reads: durable}\naudit_reads: batched\n", "audit"},
		{"the file's own name", "config: other.yaml\n", "config"},
		{"a value that is none", "posted_claims: sometimes\n", "posted-claims"},
		{"a number that is none", "limits: {body: much}\n", "limits-body"},
		{"an unknown key of a web-hook", "webhooks: [{name: a, url: 'http://x', secret_file: s, typ: [Claim]}]\n", "typ"},
		{"a web-hook without name", "webhooks: [{url: 'http://x', secret_file: s}]\n", "name"},
		{"a web-hook to nowhere", "webhooks: [{name: a, url: x, secret_file: s}]\n", "url"},
		{"a web-hook without secret", "webhooks: [{name: a, url: 'http://x'}]\n", "secret_file"},
		{"no YAML", "listen: [\n", "yaml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := run(t.Context(), []string{"version", "--config", writeSettings(t, tt.text)}, streams{&out, &errs})
			serve := 0
			if code == 0 { // values are looked at by the command that has the flag
				serve = run(t.Context(), []string{"serve", "--config", writeSettings(t, tt.text)}, streams{&out, &errs})
			}
			if code != 2 && serve != 2 || !strings.Contains(errs.String(), tt.names) {
				t.Errorf("exit code %d and %d: %s", code, serve, errs.String())
			}
		})
	}
}

func TestMissingFile(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"version", "--config=nowhere.yaml"}, streams{&out, &errs}); code != 2 {
		t.Errorf("a file that was named and is not there: exit code %d", code)
	}
	t.Chdir(t.TempDir())
	if code := run(t.Context(), []string{"version"}, streams{&out, &errs}); code != 0 {
		t.Errorf("no jamii.yaml: exit code %d: %s", code, errs.String())
	}
}

// parseServe gives what serve would run with.
func parseServe(t *testing.T, file *settings, args ...string) serveCommand {
	t.Helper()
	var c commands
	parser, err := kong.New(&c, kong.DefaultEnvars("JAMII"), kong.Resolvers(file))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(append([]string{"serve"}, args...)); err != nil {
		t.Fatal(err)
	}
	return c.Serve
}

func TestOrderOfSettings(t *testing.T) {
	file, err := readSettings(writeSettings(t, `
listen: file:1
base_url: https://file/fhir
scheme: [one, two]
audit: {reads: durable}
limits: {timeout: 5s, count: 7}
webhooks:
  - {name: emr, url: https://emr.example.org/x, secret_file: s, types: [ClaimResponse, Task]}
`), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("JAMII_BASE_URL", "https://env/fhir")
	t.Setenv("JAMII_LISTEN", "env:1")
	s := parseServe(t, file, "--listen", "flag:1")
	got := map[string]any{
		"flag before all": s.Listen, "environment before file": s.BaseURL, "list in the file": s.Scheme, "nested": s.AuditReads,
		"duration": s.Limits.Timeout.String(), "number": s.Limits.Count, "default": s.References, "default of a number": s.Limits.Body,
	}
	want := map[string]any{
		"flag before all": "flag:1", "environment before file": "https://env/fhir", "list in the file": []string{"one", "two"}, "nested": "durable",
		"duration": "5s", "number": 7, "default": "accept", "default of a number": int64(67108864),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]webhook{{"emr", "https://emr.example.org/x", "s", []string{"ClaimResponse", "Task"}}}, file.webhooks); diff != "" {
		t.Errorf("web-hooks (-want +got):\n%s", diff)
	}
}

// Every flag has its environment variable.
func TestEveryFlagIsAVariable(t *testing.T) {
	var c commands
	parser, err := kong.New(&c, kong.DefaultEnvars("JAMII"))
	if err != nil {
		t.Fatal(err)
	}
	var walk func(n *kong.Node)
	walk = func(n *kong.Node) {
		for _, f := range n.Flags {
			if f.Name != "help" && len(f.Envs) == 0 {
				t.Errorf("%s has no variable", f.Name)
			}
		}
		for _, child := range n.Children {
			walk(child)
		}
	}
	walk(parser.Model.Node)
}
