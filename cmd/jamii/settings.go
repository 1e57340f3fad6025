package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"

	"github.com/jamii-health/jamii/internal/scheme"
)

// settings is jamii.yaml. A key is a flag's name with _ or a nested key for -:
// base_url, audit: {reads: durable}. The only keys that are no flags are webhooks
// and profiles.demand.
//
// The order is flag, environment, file, default.
type settings struct {
	name     string         // "" when there is no file
	values   map[string]any // by flag name
	keys     map[string]string
	webhooks []webhook
	demand   map[string][]string // profiles by type of resource
}

const defaultSettings = "jamii.yaml"

// findSettings reads the file that --config or JAMII_CONFIG names, else
// jamii.yaml if there is one.
func findSettings(args []string, getenv func(string) string) (*settings, error) {
	name, required := getenv("JAMII_CONFIG"), true
	for i, a := range args {
		if a == "--" {
			break
		}
		if v, ok := strings.CutPrefix(a, "--config="); ok {
			name = v
		} else if a == "--config" && i+1 < len(args) {
			name = args[i+1]
		}
	}
	if name == "" {
		name, required = defaultSettings, false
	}
	return readSettings(name, required)
}

func readSettings(name string, required bool) (*settings, error) {
	s := &settings{values: map[string]any{}, keys: map[string]string{}}
	k := koanf.New(".")
	err := k.Load(file.Provider(name), yaml.Parser())
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) && !required {
			return s, nil
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s.name = name
	if list := k.Get("webhooks"); list != nil {
		if s.webhooks, err = readWebhooks(list); err != nil {
			return nil, fmt.Errorf("%s: webhooks: %w", name, err)
		}
		k.Delete("webhooks")
	}
	if demand := k.Get("profiles.demand"); demand != nil {
		if s.demand, err = readDemand(demand); err != nil {
			return nil, fmt.Errorf("%s: profiles.demand: %w", name, err)
		}
		k.Delete("profiles.demand")
	}
	for key, value := range k.All() {
		flag := strings.NewReplacer(".", "-", "_", "-").Replace(key)
		if other, twice := s.keys[flag]; twice {
			return nil, fmt.Errorf("%s: %s and %s mean the same: keep one", name, key, other)
		}
		s.keys[flag], s.values[flag] = key, texts(value)
	}
	return s, nil
}

// texts turns the scalars of a value into text, as a command line has them.
func texts(value any) any {
	list, ok := value.([]any)
	if !ok {
		return fmt.Sprint(value)
	}
	out := make([]any, len(list))
	for i := range list {
		out[i] = fmt.Sprint(list[i])
	}
	return out
}

// Validate refuses keys and variables that are no flag of any command.
func (s *settings) Validate(app *kong.Application) error {
	if err := checkEnvironment(os.Environ(), app); err != nil {
		return err
	}
	known := flagsOf(app.Node, nil)
	for flag, key := range s.keys {
		if slices.Contains(known, flag) && flag != "config" && flag != "help" {
			continue
		}
		if near := scheme.Nearest(flag, known); near != "" {
			return fmt.Errorf("%s: unknown key %s: write %s", s.name, key, strings.ReplaceAll(near, "-", "_"))
		}
		return fmt.Errorf("%s: unknown key %s. The keys are the flags that jamii serve --help lists, with _ for -", s.name, key)
	}
	return nil
}

func flagsOf(n *kong.Node, out []string) []string {
	for _, f := range n.Flags {
		out = append(out, f.Name)
	}
	for _, c := range n.Children {
		out = flagsOf(c, out)
	}
	return out
}

// Resolve gives the value of a flag that neither the command line nor the
// environment sets.
func (s *settings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, env := range flag.Envs {
		if _, set := os.LookupEnv(env); set {
			return nil, nil
		}
	}
	return s.values[flag.Name], nil
}
