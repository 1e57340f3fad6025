package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/registry"
)

var loadPrincipal = access.Internal("load")

// loader loads files one after the other. Each commit is noted in the state
// file, so that a load that was cut short goes on after the last one.
type loader struct {
	registry *registry.Registry
	call     registry.Call
	state    *loadState
	report   *refusals
	bar      *bar
	batch    int

	loaded, skipped int
	before          int // refused in an earlier run
	seen            map[*fileProgress]bool
}

// refuse reports what stands at a place of a file as refused.
func (l *loader) refuse(name string, progress *fileProgress, at int, where string, why error) error {
	if err := l.report.add(name, where, why); err != nil {
		return err
	}
	progress.refuse(at)
	return nil
}

// all loads the files. A Bundle that refers to what another file brings is
// tried again after the others, as long as that helps.
func (l *loader) all(ctx context.Context, files []string) error {
	for len(files) > 0 {
		var later []string
		for _, f := range files {
			waits, err := l.file(ctx, f, false)
			if err != nil {
				return fmt.Errorf("%s: %w", f, err)
			}
			if waits {
				later = append(later, f)
			}
		}
		if len(later) == len(files) {
			for _, f := range later {
				if _, err := l.file(ctx, f, true); err != nil {
					return fmt.Errorf("%s: %w", f, err)
				}
			}
			return nil
		}
		files = later
	}
	return nil
}

// file loads one file. waits reports that it may go in after others; with last
// set it is refused instead.
func (l *loader) file(ctx context.Context, name string, last bool) (waits bool, err error) {
	info, err := os.Stat(name)
	if err != nil {
		return false, err
	}
	progress, err := l.state.of(name, info)
	if err != nil {
		return false, err
	}
	if !l.seen[progress] {
		l.seen[progress] = true
		l.before += progress.Refused
	}
	if progress.Done {
		l.skipped++
		l.bar.add(info.Size())
		return false, nil
	}
	if isNDJSON(name) {
		err = l.lines(ctx, name, progress)
	} else {
		waits, err = l.document(ctx, name, progress, last)
	}
	if err != nil || waits {
		return waits, err
	}
	progress.finish()
	if !isNDJSON(name) {
		l.bar.add(info.Size())
	}
	return false, l.state.save()
}

// document loads a file with one resource or Bundle.
func (l *loader) document(ctx context.Context, name string, progress *fileProgress, last bool) (waits bool, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return false, err
	}
	n, err := fhir.ParseObject(data)
	if err != nil {
		return false, l.refuse(name, progress, 0, "", err)
	}
	if n.ResourceType() != "Bundle" {
		p := piece{file: name, next: 1}
		p.add(entryOf(n, n.ResourceType()), 0, "")
		return false, l.commit(ctx, p, progress)
	}
	p, err := l.entries(name, n, progress)
	if err != nil || len(p.entries) == 0 {
		return false, err
	}
	if n.Get("type").String() != "transaction" {
		return false, l.chunks(ctx, p, progress)
	}
	err = l.once(ctx, p, progress)
	var fe *fhir.Error
	switch {
	case errors.As(err, &fe) && !last && refersElsewhere(fe):
		return true, nil
	case errors.As(err, &fe):
		return false, l.refuse(name, progress, 0, "", err)
	}
	return false, err
}

// refersElsewhere reports whether a Bundle was refused because what it refers
// to is not there, or not yet.
func refersElsewhere(fe *fhir.Error) bool {
	for _, is := range fe.All() {
		if is.Code == fhir.IssueNotFound || strings.HasSuffix(is.Path, "reference") {
			return true
		}
	}
	return false
}

// entries turns the entries of a Bundle into writes, from where an earlier load
// stopped. Those that cannot be are reported.
func (l *loader) entries(name string, bundle *fhir.Node, progress *fileProgress) (p piece, err error) {
	p.file = name
	requests := bundle.Get("type").String() == "transaction" || bundle.Get("type").String() == "batch"
	for i, e := range bundle.Get("entry").Each() {
		p.next = i + 1
		path := fmt.Sprintf("Bundle.entry[%d]", i)
		var w registry.Entry
		ok := false
		if requests {
			w, ok = entryAsked(e, path)
		} else if res := e.Get("resource"); res.Is(fhir.KindObject) {
			w, ok = entryOf(res, path), true
		}
		switch {
		case i < progress.Next:
		case ok:
			p.add(w, i, path)
		default:
			err = l.refuse(name, progress, i, path, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueStructure, Path: path, Text: "The entry is no write: it needs a resource, and in a transaction or batch a request with POST, PUT or DELETE."})
		}
		if err != nil {
			return p, err
		}
	}
	return p, nil
}

// chunks commits the entries of a piece in smaller ones.
func (l *loader) chunks(ctx context.Context, p piece, progress *fileProgress) error {
	for i := 0; i < len(p.entries); i += l.batch {
		end := min(i+l.batch, len(p.entries))
		part := piece{file: p.file, entries: p.entries[i:end], at: p.at[i:end], places: p.places[i:end], next: p.at[end-1] + 1}
		if err := l.commit(ctx, part, progress); err != nil {
			return err
		}
	}
	return nil
}

// maxLine bounds a line of NDJSON.
const maxLine = 64 << 20

// lines loads NDJSON.
func (l *loader) lines(ctx context.Context, name string, progress *fileProgress) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<20)
	p := piece{file: name}
	for number := 0; ; number++ {
		line, err := r.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		end := errors.Is(err, io.EOF)
		l.bar.add(int64(len(line)))
		if number >= progress.Next && len(bytes.TrimSpace(line)) > 0 {
			if err := l.line(&p, progress, line, number); err != nil {
				return err
			}
		}
		if len(p.entries) >= l.batch || end {
			p.next = number + 1
			if err := l.commit(ctx, p, progress); err != nil {
				return err
			}
			p = piece{file: name}
		}
		if end {
			return nil
		}
	}
}

func (l *loader) line(p *piece, progress *fileProgress, line []byte, number int) error {
	where := fmt.Sprintf("line %d", number+1)
	if len(line) > maxLine {
		return l.refuse(p.file, progress, number, where, &fhir.Error{Kind: fhir.TooLarge, Issue: fhir.IssueTooLong, Text: "The line is longer than 64 MB."})
	}
	n, err := fhir.ParseObject(line)
	if err != nil {
		return l.refuse(p.file, progress, number, where, err)
	}
	p.add(entryOf(n, n.ResourceType()), number, where)
	return nil
}

// commit writes a piece; when it is refused, each entry by itself, so that
// only those at fault are left out.
func (l *loader) commit(ctx context.Context, p piece, progress *fileProgress) error {
	if len(p.entries) == 0 {
		return nil
	}
	err := l.once(ctx, p, progress)
	var fe *fhir.Error
	if !errors.As(err, &fe) {
		return err
	}
	if len(p.entries) == 1 {
		if err := l.refuse(p.file, progress, p.at[0], p.places[0], err); err != nil {
			return err
		}
		progress.past(p.next)
		return l.state.save()
	}
	for i := range p.entries {
		if p.at[i] < progress.Next {
			continue
		}
		if err := l.commit(ctx, p.only(i), progress); err != nil {
			return err
		}
	}
	return nil
}
