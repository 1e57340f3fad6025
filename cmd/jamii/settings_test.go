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
		{"an unknown key", "listen: 127.0.0.1:1\nbase_ulr: x\n", "unknown key base_ulr: write base_url"},
		{"an unknown nested key", "oidc: {isuer: x}\n", "oidc.isuer"},
		{"a section without content", "audit:\n", "audit"},
		{"the same key twice", "listen: a\nlisten: b\n", "listen"},
		{"a key in two forms", "audit: {reads: durable}\naudit_reads: batched\n", "audit"},
		{"the file's own name", "config: other.yaml\n", "config"},
		{"a value that is none", "posted_claims: sometimes\n", "posted-claims"},
		{"a number that is none", "limits: {body: much}\n", "limits-body"},
		{"an unknown key of a web-hook", "webhooks: [{name: a, url: 'http://x', secret_file: s, typ: [Claim]}]\n", "webhooks: receiver 1: unknown key typ: write types; known here: name, url, secret_file, types"},
		{"a strange key of a web-hook", "webhooks: [{name: a, colour: red}]\n", "receiver 1: unknown key colour; known here: name"},
		{"web-hooks that are no list", "webhooks: {name: a}\n", "webhooks: write a list of receivers"},
		{"a web-hook that is a word", "webhooks: [emr]\n", "receiver 1: write it with name, url"},
		{"a name that is a number", "webhooks: [{name: 7}]\n", "receiver 1: name: write a text"},
		{"types that are no list", "webhooks: [{types: Claim}]\n", "types: write a list of resource types"},
		{"a type that is none", "webhooks: [{name: a, url: 'http://x', secret_file: s, types: [Claims]}]\n", "there is no resource type Claims"},
		{"a web-hook twice", "webhooks: [{name: a, url: 'http://x', secret_file: s}, {name: a, url: 'http://y', secret_file: s}]\n", "receiver 2: the name a stands twice"},
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
			if strings.Contains(errs.String(), "decod") || strings.Contains(errs.String(), "''") {
				t.Errorf("the text of a library: %s", errs.String())
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
		"duration": "5s", "number": 7, "default": "accept", "default of a number": int64(33554432),
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

// A misspelt variable is an error, as a misspelt key is.
func TestUnknownVariables(t *testing.T) {
	for name, want := range map[string]string{
		"JAMII_LISEN":  "the environment variable JAMII_LISEN is no setting: write JAMII_LISTEN, or unset it",
		"JAMII_COLOUR": "the environment variable JAMII_COLOUR is no setting: unset it.",
		"JAMII_HELP":   "JAMII_HELP is no setting",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "x")
			var out, errs bytes.Buffer
			if code := run(t.Context(), []string{"version"}, streams{&out, &errs}); code != 2 || !strings.Contains(errs.String(), want) {
				t.Errorf("exit code %d: %s", code, errs.String())
			}
		})
	}
	for _, name := range []string{ // set by Kubernetes for services named jamii and jamii-db
		"JAMII_SERVICE_HOST", "JAMII_SERVICE_PORT", "JAMII_SERVICE_PORT_HTTP", "JAMII_PORT", "JAMII_PORT_8080_TCP", "JAMII_PORT_8080_TCP_ADDR",
		"JAMII_DB_SERVICE_HOST", "JAMII_DB_PORT_5432_TCP_PROTO", "JAMII_STATE", "OTHER_LISEN",
	} {
		t.Setenv(name, "x")
	}
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"version"}, streams{&out, &errs}); code != 0 {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
}
