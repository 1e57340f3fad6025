// Command bench prints the figures of design.md, section 12, as they are on
// this machine. It starts a real gateway, served over HTTP on the loopback
// interface, on a real PostgreSQL and on SQLite, with audit and fsync on, and
// drives it from the same machine. Beside each rate stands the ratio to what
// the machine does bare at the same moment: rates of noisy machines cannot be
// compared, ratios can.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are what is measured, and for how long.
type options struct {
	only       string
	databases  []string
	dir        string
	warm       time.Duration
	measure    time.Duration
	distinct   int // bodies that are made beforehand
	households int // that have paid cover
	profile    string
}

func (o options) load(workers int) load {
	return load{workers: workers, warm: o.warm, measure: o.measure}
}

// names are what --only takes, in the order in which it is measured.
var names = []string{"alone", "idle", "import", "create", "read", "search", "submit"}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run returns the exit code: 1 when something could not be measured, 2 when
// the command line is wrong. A figure that is not reached is no failure.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	o, err := parse(args, errs)
	if err != nil {
		fmt.Fprintln(errs, "bench:", err)
		return 2
	}
	stop, err := profile(o.profile)
	if err != nil {
		fmt.Fprintln(errs, "bench:", err)
		return 2
	}
	sections, err := measureAll(ctx, o, errs)
	err = errors.Join(err, stop())
	if perr := print(out, sections); perr != nil {
		err = errors.Join(err, perr)
	}
	if err != nil {
		fmt.Fprintln(errs, "bench:", err)
		return 1
	}
	return 0
}

// profile starts a CPU profile, unless file is "".
func profile(file string) (stop func() error, err error) {
	if file == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(file)
	if err != nil {
		return nil, fmt.Errorf("making the profile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}

// usual is how long a figure is measured, unless --time or --smoke says
// otherwise.
const usual = 8 * time.Second

// parse reads the command line.
func parse(args []string, errs io.Writer) (options, error) {
	o := options{warm: 2 * time.Second, measure: usual, distinct: 1000, households: 2000}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(errs)
	smoke := flags.Bool("smoke", false, "measure briefly: shows that all works, the figures mean little")
	database := flags.String("database", "both", "postgres, sqlite or both")
	flags.StringVar(&o.only, "only", "", "measure only one of: "+strings.Join(names, ", "))
	flags.StringVar(&o.dir, "dir", "", "folder for SQLite's file; it should be on a real disk (default the folder for temporary files)")
	flags.StringVar(&o.profile, "cpuprofile", "", "file to write a CPU profile of gateway and client to")
	flags.DurationVar(&o.measure, "time", o.measure, "how long each figure is measured")
	if err := flags.Parse(args); err != nil {
		return o, errors.New("the command line cannot be read")
	}
	if flags.NArg() > 0 {
		return o, errors.New("there are only flags, no arguments")
	}
	if *smoke {
		o.warm, o.distinct, o.households = 200*time.Millisecond, 100, 200
		if o.measure == usual {
			o.measure = time.Second
		}
	}
	if o.only != "" && !slices.Contains(names, o.only) {
		return o, fmt.Errorf("--only takes one of %s", strings.Join(names, ", "))
	}
	if o.measure < 100*time.Millisecond {
		return o, errors.New("--time is at least 100ms")
	}
	switch *database {
	case "both":
		o.databases = []string{"postgres", "sqlite"}
	case "postgres", "sqlite":
		o.databases = []string{*database}
	default:
		return o, errors.New("--database is postgres, sqlite or both")
	}
	return o, nil
}

// measureAll measures what the options ask for. What could be measured comes
// back also when something failed.
func measureAll(ctx context.Context, o options, errs io.Writer) (out []section, failed error) {
	machine := section{name: fmt.Sprintf("%d cores, %s, client included", runtime.GOMAXPROCS(0), runtime.GOARCH)}
	for _, step := range []struct {
		name string
		work func(context.Context, options) ([]figure, error)
	}{{"alone", alone}, {"idle", idle}} {
		if o.only != "" && o.only != step.name {
			continue
		}
		begin := time.Now()
		figures, err := step.work(ctx, o)
		progress(errs, step.name, begin)
		machine.figures = append(machine.figures, figures...)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", step.name, err))
		}
	}
	if o.only == "alone" || o.only == "idle" {
		return []section{machine}, failed
	}
	l := o.load(8)
	l.measure /= 2
	echo, err := bareEcho(ctx, l)
	if err != nil {
		return []section{machine}, errors.Join(failed, fmt.Errorf("bare echo: %w", err))
	}
	machine.figures = append(machine.figures, figure{"bare HTTP echo of 4 kB, 8 connections", perSecond(echo.rate), "", echo.String()})
	out = append(out, machine)
	for _, name := range o.databases {
		s, err := measureOn(ctx, o, name, echo.rate, errs)
		out = append(out, s)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", name, err))
		}
	}
	return out, failed
}

// measureOn measures one database.
func measureOn(ctx context.Context, o options, name string, echo float64, errs io.Writer) (s section, err error) {
	s.name = name
	db, err := openers[name](ctx, o.dir)
	if err != nil {
		return s, err
	}
	s.name = db.name
	g, err := start(ctx, db)
	if err != nil {
		return s, errors.Join(err, db.close(context.WithoutCancel(ctx)))
	}
	defer func() { err = errors.Join(err, g.close()) }()
	b := &bench{gateway: g, options: o, echo: echo}
	if b.claims, err = claimBlanks(o.distinct); err != nil {
		return s, err
	}
	disk, err := fsync(ctx, db.store)
	if err != nil {
		return s, err
	}
	l := o.load(8)
	l.measure /= 2
	bare, err := bareInsert(ctx, db, l)
	if err != nil {
		return s, fmt.Errorf("bare insert: %w", err)
	}
	b.insert = bare.rate
	s.figures = append(s.figures,
		figure{"fsync of the disk", short(disk), "", "median of 15 durable writes through the store"},
		figure{"bare durable insert of 4 kB, 8 connections", perSecond(bare.rate), "", bare.String()})
	for _, step := range []struct {
		name string
		work func(context.Context) ([]figure, error)
	}{
		{"import", b.importing},
		{"create", b.creating},
		{"read", b.reading},
		{"search", b.searching},
		{"submit", b.submitting},
	} {
		if o.only != "" && o.only != step.name {
			continue
		}
		begin := time.Now()
		figures, stepErr := step.work(ctx)
		progress(errs, s.name+": "+step.name, begin)
		s.figures = append(s.figures, figures...)
		err = errors.Join(err, stepErr)
	}
	return s, err
}

// progress tells that a step is done, for who waits.
func progress(w io.Writer, step string, begin time.Time) {
	fmt.Fprintf(w, "%s: %.0f s\n", step, time.Since(begin).Seconds())
}
