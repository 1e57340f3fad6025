package main

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/internal/delivery"
	"github.com/jamii-health/jamii/internal/scheme"
)

// webhook is a receiver of messages when a resource of one of the types
// changes.
type webhook struct {
	Name, URL, SecretFile string
	Types                 []string
}

var webhookKeys = []string{"name", "url", "secret_file", "types"}

// readWebhooks reads the value of the key webhooks.
func readWebhooks(value any) ([]webhook, error) {
	list, ok := value.([]any)
	if !ok {
		return nil, errors.New("write a list of receivers, each with name, url, secret_file and types")
	}
	out := make([]webhook, len(list))
	for i, entry := range list {
		m, ok := entry.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("receiver %d: write it with name, url, secret_file and types", i+1)
		}
		var err error
		if out[i], err = readWebhook(m); err == nil {
			err = out[i].check()
		}
		if err != nil {
			return nil, fmt.Errorf("receiver %d: %w", i+1, err)
		}
		if slices.ContainsFunc(out[:i], func(w webhook) bool { return w.Name == out[i].Name }) {
			return nil, fmt.Errorf("receiver %d: the name %s stands twice: keep one", i+1, out[i].Name)
		}
	}
	return out, nil
}

func readWebhook(m map[string]any) (w webhook, err error) {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		value, ok := "", true
		switch key {
		case "name", "url", "secret_file":
			value, ok = m[key].(string)
		case "types":
			w.Types, ok = textList(m[key])
		default:
			text := "unknown key " + key
			if near := scheme.Nearest(key, webhookKeys); near != "" {
				text += ": write " + near
			}
			return w, errors.New(text + "; known here: " + strings.Join(webhookKeys, ", "))
		}
		switch {
		case !ok && key == "types":
			return w, errors.New("types: write a list of resource types, such as [ClaimResponse]")
		case !ok:
			return w, fmt.Errorf("%s: write a text, in quotes when it is a number", key)
		}
		switch key {
		case "name":
			w.Name = value
		case "url":
			w.URL = value
		case "secret_file":
			w.SecretFile = value
		}
	}
	return w, nil
}

func textList(value any) (out []string, ok bool) {
	list, ok := value.([]any)
	for _, v := range list {
		s, isText := v.(string)
		out, ok = append(out, s), ok && isText
	}
	return out, ok
}

func (w webhook) check() error {
	u, err := url.Parse(w.URL)
	switch {
	case w.Name == "":
		return errors.New("it needs a name")
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("url must begin with https:// or http://")
	case w.SecretFile == "":
		return errors.New("secret_file must name a file that holds the secret")
	}
	for _, t := range w.Types {
		if !definition.IsResource(t) {
			return fmt.Errorf("types: there is no resource type %s in FHIR R4", t)
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
