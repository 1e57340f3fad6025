// Package console serves web pages, rendered here, without scripts. Today it is
// one page, the front door: how to call the server, and, in the
// demonstration, a claim that was paid in part, line by line.
package console

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/registry"
)

// Command is a command to paste, and what it shows.
type Command struct{ Title, Line string }

// Page is what the front page shows.
type Page struct {
	Version  string
	Commands []Command
	// Answer gives the ClaimResponse to explain; nil explains none.
	Answer func(context.Context) (fhir.Resource, error)
}

//go:embed home.html
var homeHTML string

var home = template.Must(template.New("home").Parse(homeHTML))

// Home serves the front page.
func Home(r *registry.Registry, p Page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		view := struct {
			Page
			Claim *claim
		}{Page: p}
		var err error
		if p.Answer != nil {
			view.Claim, err = explained(req.Context(), r, p.Answer)
		}
		var page bytes.Buffer
		if err == nil {
			err = home.Execute(&page, view)
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Type", "text/html; charset=utf-8")
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			page.Reset()
			page.WriteString("<!doctype html><html lang=\"en\"><title>Jamii</title><p>The page cannot be shown now. Try again in a moment.</p></html>")
		}
		_, _ = w.Write(page.Bytes()) // a reader that went away needs no answer
	})
}

// explained reads the answer, and the Claim that it is for.
func explained(ctx context.Context, r *registry.Registry, answer func(context.Context) (fhir.Resource, error)) (*claim, error) {
	res, err := answer(ctx)
	if err != nil {
		return nil, fmt.Errorf("answer to show: %w", err)
	}
	response, err := res.Tree()
	if err != nil {
		return nil, fmt.Errorf("stored %s: %w", res.Type, err)
	}
	ref, _ := fhir.ParseReference(response.Path("request", "reference").String())
	asked, err := r.Read(ctx, registry.Call{Principal: access.Internal("console")}, "Claim", ref.ID)
	if err != nil {
		return nil, fmt.Errorf("claim to show: %w", err)
	}
	tree, err := asked.Tree()
	if err != nil {
		return nil, fmt.Errorf("stored %s: %w", asked.Type, err)
	}
	return explain(tree, response), nil
}
