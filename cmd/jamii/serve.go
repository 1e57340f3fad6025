package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/jamii-health/jamii/internal/oidc"
	"github.com/jamii-health/jamii/internal/registry"
	"github.com/jamii-health/jamii/internal/scheme"
	"github.com/jamii-health/jamii/profiles/schemes"
)

// serveCommand are the flags of jamii serve.
type serveCommand struct {
	databaseFlag
	Listen  string   `help:"Address and port to listen on." default:"127.0.0.1:8080" placeholder:"ADDR"`
	Scheme  []string `help:"Scheme pack that decides claims. Can be given several times." placeholder:"DIR"`
	BaseURL string   `help:"The address under which clients know this server, such as https://jamii.example.org/fhir. Without it the Host of each request counts." placeholder:"URL"`
	Demo    bool     `help:"Run with the demonstration scheme, a household, a facility and a client."`

	PostedClaims string `help:"What to do with a Claim that a facility posts without $$submit: store or decide." enum:"store,decide" default:"store" placeholder:"store|decide"`
	References   string `help:"References to resources that are not here: accept or enforce that they are." enum:"accept,enforce" default:"accept" placeholder:"accept|enforce"`
	AuditReads   string `help:"Audit rows of reads are written in batches, or before the answer: durable." enum:"batched,durable" default:"batched" placeholder:"batched|durable"`
	LogLevel     string `help:"debug logs each request." enum:"debug,info,warn,error" default:"info" placeholder:"LEVEL"`

	OIDC   oidcFlags  `embed:"" prefix:"oidc-"`
	CORS   corsFlags  `embed:"" prefix:"cors-"`
	Limits limitFlags `embed:"" prefix:"limits-"`
}

// oidcFlags name the login service whose tokens are taken.
type oidcFlags struct {
	Issuer           string `help:"Issuer of bearer tokens; without it none are taken." placeholder:"URL"`
	Audience         string `help:"What tokens for this server have in aud." placeholder:"NAME"`
	FacilityClaim    string `help:"Claim with the codes of the facilities." default:"facility" placeholder:"NAME"`
	AnyFacilityClaim string `help:"Claim that, when true, lifts the binding to facilities." default:"any_facility" placeholder:"NAME"`
}

// corsFlags say which web pages may call the API.
type corsFlags struct {
	Origins []string `help:"Origins whose web pages may call the API, such as https://app.example.org; * is every one, and an empty list none." default:"*" placeholder:"ORIGIN"`
}

// limitFlags bound what one request may take.
type limitFlags struct {
	Body    int64         `help:"Largest body in bytes." default:"33554432" placeholder:"BYTES"`
	Memory  int64         `help:"Memory in MB from which on the program rather collects than grows; 0 is no limit." default:"512" placeholder:"MB"`
	Timeout time.Duration `help:"Longest time for a request." default:"60s" placeholder:"TIME"`
	Count   int           `help:"Most resources on a page." default:"1000" placeholder:"N"`
}

// Run serves until the context ends, then finishes what has begun.
func (s serveCommand) Run(ctx context.Context, out streams, file *settings) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.LogLevel)); err != nil {
		return err
	}
	log := newLog(out.err, level)
	if s.Demo && len(s.Scheme) > 0 {
		return errors.New("--demo brings its own scheme: leave --scheme or --demo out")
	}
	limitMemory(s.Limits.Memory)
	c, err := s.config(file, log)
	if err != nil {
		return err
	}
	packs := make(chan error, 1)
	go func() { // while the database opens
		var err error
		c.packs, err = s.packs(log)
		packs <- err
	}()
	listener, err := net.Listen("tcp", s.Listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	defer listener.Close()
	if s.Demo {
		c.demo = newDemo(s.databaseFlag, "http://"+listener.Addr().String())
	}
	db, made, err := s.openOrMake(ctx, log)
	if err != nil {
		return errors.Join(<-packs, err)
	}
	if made {
		log.Info("a new database was made", "database", s.safe())
	}
	if err := <-packs; err != nil {
		return errors.Join(err, db.Close())
	}
	a, err := build(ctx, db, c)
	if err != nil {
		return err
	}
	log.Info("jamii serves", "version", version, "address", "http://"+listener.Addr().String()+"/fhir", "schemes", len(c.packs))
	if c.demo != nil {
		c.demo.print(out.out)
	}
	return errors.Join(serve(ctx, listener, logged(a.handler, log), log), a.close())
}

// serve answers requests until the context ends, then waits for those under
// way.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    8 << 20, // so that an address that is too long gets an answer that says so
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	log.Info("jamii stops")
	late, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := server.Shutdown(late); err != nil {
		return fmt.Errorf("stopping: %w", err)
	}
	return nil
}

// config turns the flags and the file into what a gateway is built from.
func (s serveCommand) config(file *settings, log *slog.Logger) (config, error) {
	c := config{
		base: strings.TrimSuffix(s.BaseURL, "/"), decidePosted: s.PostedClaims == "decide", enforce: s.References == "enforce", durableReads: s.AuditReads == "durable",
		oidc:    oidc.Config{Issuer: s.OIDC.Issuer, Audience: s.OIDC.Audience, FacilityClaim: s.OIDC.FacilityClaim, AnyFacilityClaim: s.OIDC.AnyFacilityClaim},
		maxBody: s.Limits.Body, timeout: s.Limits.Timeout, maxCount: s.Limits.Count, log: log,
		demand: file.demand,
	}
	for _, w := range file.webhooks {
		c.heard = append(c.heard, registry.Target{Name: w.Name, Types: w.Types})
	}
	var err error
	if c.origins, err = s.CORS.list(); err != nil {
		return c, err
	}
	c.targets, err = file.targets()
	return c, err
}

// packs loads the scheme packs, with --demo the demonstration.
func (s serveCommand) packs(log *slog.Logger) ([]*scheme.Pack, error) {
	var sources []fs.FS
	for _, dir := range s.Scheme {
		sources = append(sources, os.DirFS(dir))
	}
	if s.Demo {
		sources = append(sources, schemes.NepalHIB())
	}
	var out []*scheme.Pack
	for i, source := range sources {
		p, problems := scheme.Load(source)
		if p == nil {
			return nil, fmt.Errorf("scheme pack %d has %d problems, the first: %s. jamii scheme check lists them all", i+1, len(problems), problems[0])
		}
		for _, note := range problems {
			log.Warn("scheme", "pack", p.Name, "note", note.String())
		}
		out = append(out, p)
	}
	return out, nil
}
