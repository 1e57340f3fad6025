package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"

	"github.com/jamii-health/jamii/internal/delivery"
)

// settings is jamii.yaml. A key is a flag's name with _ or a nested key for -:
// base_url, audit: {reads: durable}. The only key that is no flag is webhooks.
//
// The order is flag, environment, file, default.
type settings struct {
	name     string         // "" when there is no file
	values   map[string]any // by flag name
	keys     map[string]string
	webhooks []webhook
}

// webhook is a receiver of messages when a resource of one of the types
// changes.
type webhook struct {
	Name       string   `mapstructure:"name"`
	URL        string   `mapstructure:"url"`
	SecretFile string   `mapstructure:"secret_file"`
	Types      []string `mapstructure:"types"`
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
	if err := k.Load(file.Provider(name), yaml.Parser()); err != nil {
		if errors.Is(err, fs.ErrNotExist) && !required {
			return s, nil
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s.name = name
	if list := k.Get("webhooks"); list != nil {
		if err := s.readWebhooks(list); err != nil {
			return nil, fmt.Errorf("%s: webhooks: %w", name, err)
		}
		k.Delete("webhooks")
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

func (s *settings) readWebhooks(list any) error {
	decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{Result: &s.webhooks, ErrorUnused: true})
	if err != nil {
		return err
	}
	if err := decoder.Decode(list); err != nil {
		return err
	}
	for _, w := range s.webhooks {
		u, err := url.Parse(w.URL)
		switch {
		case w.Name == "":
			return errors.New("each needs a name")
		case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
			return fmt.Errorf("%s: url must begin with https:// or http://", w.Name)
		case w.SecretFile == "":
			return fmt.Errorf("%s: secret_file must name a file that holds the secret", w.Name)
		}
	}
	return nil
}

// targets reads the secrets of the web-hooks.
func (s *settings) targets() ([]delivery.Target, error) {
	out := make([]delivery.Target, len(s.webhooks))
	for i, w := range s.webhooks {
		secret, err := os.ReadFile(w.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("secret of web-hook %s: %w", w.Name, err)
		}
		out[i] = delivery.Target{Name: w.Name, URL: w.URL, Secret: []byte(strings.TrimSpace(string(secret)))}
	}
	return out, nil
}

// Validate refuses keys that are no flag of any command.
func (s *settings) Validate(app *kong.Application) error {
	known := flagsOf(app.Node, nil)
	for flag, key := range s.keys {
		if slices.Contains(known, flag) && flag != "config" && flag != "help" {
			continue
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
