package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/registry"
	"github.com/jamii-health/jamii/profiles"
)

// codesCommand manages code systems in the database, beside a running server.
type codesCommand struct {
	Load codesLoad `cmd:"" help:"Load a code system, such as ICD-10, from a CSV file. A running server answers from it within five seconds."`
}

// codesLoad stores a code system and the value set of all its codes.
type codesLoad struct {
	databaseFlag
	File    string `arg:"" help:"CSV in UTF-8. Header: code,display and, as needed, parent, definition, inactive and display_LANGUAGE."`
	System  string `help:"The url of the code system, such as http://hl7.org/fhir/sid/icd-10." placeholder:"URL" required:""`
	Version string `help:"Version of the code system, such as 2019." placeholder:"VERSION"`
	Name    string `help:"Name of the code system, for people." placeholder:"NAME"`
}

// Run loads the file: all of it, or nothing when something in it is wrong.
func (c codesLoad) Run(ctx context.Context, s streams) error {
	start := time.Now()
	if err := checkSystem(c.System); err != nil {
		return err
	}
	list, err := c.read(s)
	if err != nil {
		return err
	}
	db, err := c.open(ctx, newLog(s.err, slog.LevelWarn))
	if err != nil {
		return err
	}
	catalogue, err := search.NewCatalogue(profiles.SearchParams())
	if err != nil {
		return errors.Join(err, db.Close())
	}
	r, err := registry.New(ctx, db, catalogue, registry.Options{Log: newLog(s.err, slog.LevelWarn)})
	if err != nil {
		return errors.Join(err, db.Close())
	}
	text, err := c.store(ctx, r, list)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%s In %s.\n", text, time.Since(start).Round(10*time.Millisecond))
	return err
}

// read takes the file in and prints what is wrong with it.
func (c codesLoad) read(s streams) (*codeList, error) {
	f, err := os.Open(c.File)
	if err != nil {
		return nil, err
	}
	list, faults := readCodes(f)
	if err := f.Close(); err != nil {
		return nil, err
	}
	for i, fault := range faults {
		if i == maxFaults {
			fmt.Fprintf(s.err, "and %d more\n", len(faults)-i)
			break
		}
		fmt.Fprintf(s.err, "%s:%s\n", c.File, fault)
	}
	if len(faults) > 0 {
		fmt.Fprintf(s.err, "Nothing was loaded. Correct the file and start the same command again.\n")
		return nil, errReported
	}
	return list, nil
}

// maxFaults is how many faults of a file are printed.
const maxFaults = 50

// store publishes the code system and says in a sentence what came of it.
func (c codesLoad) store(ctx context.Context, r *registry.Registry, list *codeList) (string, error) {
	cs, vs := c.resources(list)
	// What is stored must be readable again: that bounds the size of a list.
	if _, err := fhir.Parse(cs.JSON()); err != nil {
		return "", fmt.Errorf("the code system does not fit into one resource: %w", err)
	}
	n, err := r.PublishResources(ctx, []*fhir.Node{&cs, &vs})
	if err != nil {
		return "", fmt.Errorf("store the code system: %w", err)
	}
	what := fmt.Sprintf("%d codes loaded, %d inactive", len(list.codes), list.inactive)
	if n.Created+n.Changed == 0 {
		what = fmt.Sprintf("The %d codes were loaded before: nothing changed", len(list.codes))
	}
	return what + ". CodeSystem/" + c.id() + " has the codes, ValueSet " + c.valueSet() + " is the set of all.", nil
}

// id is the same for the same url: a later load is the next version of it.
func (c codesLoad) id() string {
	sum := sha256.Sum256([]byte(c.System))
	return "codes-" + hex.EncodeToString(sum[:12])
}

func (c codesLoad) valueSet() string { return strings.TrimSuffix(c.System, "/") + "/vs" }

// checkSystem refuses what cannot be the url of a code system: a canonical has
// no fragment, and a | would begin the version.
//
// https://hl7.org/fhir/R4/references.html#canonical
func checkSystem(text string) error {
	u, err := url.Parse(text)
	if err != nil || !u.IsAbs() || strings.ContainsAny(text, "|# \t\r\n") {
		return errors.New("--system must be an absolute url without | and #, such as http://hl7.org/fhir/sid/icd-10")
	}
	return nil
}

// resources are the CodeSystem and the ValueSet of all its codes.
//
// https://hl7.org/fhir/R4/codesystem.html
func (c codesLoad) resources(list *codeList) (cs, vs fhir.Node) {
	name, title := c.names()
	head := func(typ, canonical string) fhir.Node {
		n := fhir.Obj(fhir.Str(typ).As("resourceType"), fhir.Str(c.id()).As("id"), fhir.Str(canonical).As("url"))
		if c.Version != "" {
			n.Set("version", fhir.Str(c.Version))
		}
		n.Set("name", fhir.Str(name))
		n.Set("title", fhir.Str(title))
		n.Set("status", fhir.Str("active"))
		n.Set("experimental", fhir.Bool(false))
		return n
	}
	cs = head("CodeSystem", c.System)
	cs.Set("caseSensitive", fhir.Bool(true))
	cs.Set("valueSet", fhir.Str(c.valueSet()))
	if list.parents {
		cs.Set("hierarchyMeaning", fhir.Str("is-a"))
	}
	cs.Set("content", fhir.Str("complete"))
	cs.Set("count", fhir.Num(strconv.Itoa(len(list.codes))))
	if list.inactive > 0 {
		cs.Set("property", fhir.Arr(fhir.Obj(
			fhir.Str("inactive").As("code"), fhir.Str("http://hl7.org/fhir/concept-properties#inactive").As("uri"), fhir.Str("boolean").As("type"))))
	}
	cs.Set("concept", list.concepts())
	vs = head("ValueSet", c.valueSet())
	vs.Set("immutable", fhir.Bool(true))
	include := fhir.Obj(fhir.Str(c.System).As("system"))
	if c.Version != "" {
		include.Set("version", fhir.Str(c.Version))
	}
	vs.Set("compose", fhir.Obj(fhir.Arr(include).As("include")))
	return cs, vs
}

var notInName = regexp.MustCompile(`[^A-Za-z0-9]+`)

// names are the name for programs and the one for people. Without --name they
// come from the end of the url.
//
// https://hl7.org/fhir/R4/codesystem-definitions.html#CodeSystem.name
func (c codesLoad) names() (name, title string) {
	if title = c.Name; title == "" {
		parts := strings.FieldsFunc(c.System, func(r rune) bool { return r == '/' || r == ':' })
		title = parts[len(parts)-1]
	}
	for _, word := range notInName.Split(title, -1) {
		if word != "" {
			name += strings.ToUpper(word[:1]) + word[1:]
		}
	}
	if name == "" || name[0] <= '9' {
		name = "Codes" + name
	}
	return name[:min(len(name), 255)], title
}
