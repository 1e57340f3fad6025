package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"

	"github.com/jamii-health/jamii/fhir"
)

// refusals writes the report file.
type refusals struct {
	name  string
	fresh bool // begin the file anew
	file  *os.File
	count int
}

// refusal is a line of the report. It holds no value of the resource.
type refusal struct {
	File    string          `json:"file"`
	Place   string          `json:"place,omitempty"`
	Outcome json.RawMessage `json:"outcome"`
}

// add reports what was refused. An error that no client could act on ends the
// load.
func (r *refusals) add(file, place string, err error) error {
	var fe *fhir.Error
	if !errors.As(err, &fe) || fe.Kind == fhir.Internal || fe.Kind == fhir.Unavailable {
		return err
	}
	if r.file == nil {
		mode := os.O_APPEND
		if r.fresh {
			mode = os.O_TRUNC
		}
		var err error
		if r.file, err = os.OpenFile(r.name, os.O_WRONLY|os.O_CREATE|mode, 0o600); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	outcome := fhir.Outcome(fe.All()...)
	line, merr := json.Marshal(refusal{file, place, outcome.JSON()})
	if merr != nil {
		return fmt.Errorf("report: %w", merr)
	}
	r.count++
	if _, err := r.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

func (r *refusals) close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// bar shows the progress on a terminal, and nothing elsewhere.
type bar struct{ p *progressbar.ProgressBar }

func newBar(w io.Writer, total int64, wanted bool) *bar {
	f, ok := w.(*os.File)
	if !wanted || !ok || !isatty.IsTerminal(f.Fd()) {
		return &bar{}
	}
	return &bar{progressbar.NewOptions64(total, progressbar.OptionSetWriter(w), progressbar.OptionShowBytes(true),
		progressbar.OptionSetDescription("loading"), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetWidth(30))}
}

func (b *bar) add(n int64) {
	if b.p != nil {
		_ = b.p.Add64(n) // it counts only
	}
}

func (b *bar) done() {
	if b.p != nil {
		_ = b.p.Finish()
		_, _ = fmt.Fprintln(os.Stderr)
	}
}
