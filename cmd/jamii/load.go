package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/registry"
	"github.com/jamii-health/jamii/profiles"
)

// loadCommand loads files through the same door as the server, as the program
// itself: nothing in them is decided.
type loadCommand struct {
	databaseFlag
	Path     []string `arg:"" help:"Files, or folders with files: *.json with a Bundle or a resource, *.ndjson with a resource per line."`
	BaseURL  string   `help:"The address under which clients know the server: references to it become relative." placeholder:"URL"`
	State    string   `help:"Where the progress is kept. A load that was cut short goes on from there." default:"jamii-load.state" placeholder:"FILE"`
	Report   string   `help:"Where to write what was refused, one JSON object per line." default:"jamii-load-refused.ndjson" placeholder:"FILE"`
	Batch    int      `help:"Resources per commit, for NDJSON and for Bundles that are no transaction." default:"200" placeholder:"N"`
	Progress bool     `help:"Show a progress bar, when the output is a terminal." default:"true" negatable:""`
}

// Run loads the files. The exit code is 0 when all went in, now or before.
func (l loadCommand) Run(ctx context.Context, s streams) error {
	if l.Batch < 1 {
		return errors.New("--batch must be at least 1")
	}
	files, total, err := findFiles(l.Path)
	if err != nil {
		return err
	}
	db, err := l.open(ctx, newLog(s.err, slog.LevelWarn))
	if err != nil {
		return err
	}
	catalogue, err := search.NewCatalogue(profiles.SearchParams())
	if err != nil {
		return errors.Join(err, db.Close())
	}
	catalogue.Base = strings.TrimSuffix(l.BaseURL, "/")
	r, err := registry.New(ctx, db, catalogue, registry.Options{Log: newLog(s.err, slog.LevelWarn)})
	if err != nil {
		return errors.Join(err, db.Close())
	}
	return errors.Join(l.load(ctx, s, r, files, total), db.Close())
}

func (l loadCommand) load(ctx context.Context, s streams, r *registry.Registry, files []string, total int64) error {
	database, err := databaseID(ctx, r.Store())
	if err != nil {
		return err
	}
	state, err := openState(l.State, database)
	if err != nil {
		return err
	}
	report := &refusals{name: l.Report, fresh: state.fresh}
	ld := &loader{
		registry: r, state: state, report: report, batch: l.Batch, bar: newBar(s.err, total, l.Progress),
		seen: map[*fileProgress]bool{}, call: registry.Call{Principal: loadPrincipal, Base: strings.TrimSuffix(l.BaseURL, "/")},
	}
	err = ld.all(ctx, files)
	ld.bar.done()
	err = errors.Join(err, report.close())
	fmt.Fprintln(s.out, ld.summary())
	switch {
	case err != nil:
		return fmt.Errorf("%w. Start the same command again to go on", err)
	case report.count > 0:
		fmt.Fprintf(s.err, "What was refused, and why, is in %s.\n", l.Report)
		return errReported
	case ld.before > 0:
		fmt.Fprintf(s.err, "What was refused before, and why, is in the report of that run. A file that has changed since is loaded again.\n")
		return errReported
	}
	return nil
}

// summary says in a line what a load came to.
func (l *loader) summary() string {
	text := fmt.Sprintf("%d resources loaded, %d refused", l.loaded, l.report.count)
	if l.skipped > 0 {
		text += fmt.Sprintf(", %d files were loaded before", l.skipped)
	}
	if l.before > 0 {
		text += fmt.Sprintf(", %d were refused before", l.before)
	}
	return text + "."
}

// findFiles lists the files to load, and their size in all.
func findFiles(paths []string) (files []string, total int64, err error) {
	add := func(path string, info fs.FileInfo) {
		if !slices.Contains(files, path) {
			files, total = append(files, path), total+info.Size()
		}
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, 0, err
		}
		if !info.IsDir() {
			add(path, info)
			continue
		}
		err = filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !(isNDJSON(name) || strings.HasSuffix(name, ".json")) {
				return err
			}
			info, err := e.Info()
			if err == nil {
				add(name, info)
			}
			return err
		})
		if err != nil {
			return nil, 0, err
		}
	}
	if len(files) == 0 {
		return nil, 0, errors.New("there are no *.json or *.ndjson files there")
	}
	return files, total, nil
}
