// Command jamii is the gateway: it serves FHIR, loads data, manages clients
// and checks scheme packs. Each command is one file; app.go wires the rooms
// together.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by the linker.
var version = "dev"

// commands are what the program does. Every flag is also an environment
// variable, JAMII_ and its name, and a key of jamii.yaml.
type commands struct {
	Config string `help:"Configuration file; without it jamii.yaml here, if there is one." placeholder:"FILE"`

	Serve    serveCommand    `cmd:"" help:"Serve FHIR over HTTP."`
	Migrate  migrateCommand  `cmd:"" help:"Bring the database up to date and stop."`
	Client   clientCommand   `cmd:"" help:"Add, list and remove API clients. Works beside a running server."`
	Load     loadCommand     `cmd:"" help:"Load Bundles and NDJSON into the database."`
	Codes    codesCommand    `cmd:"" help:"Load code systems, such as ICD-10, from CSV."`
	Scheme   schemeCommand   `cmd:"" help:"Check and test scheme packs."`
	Validate validateCommand `cmd:"" help:"Validate FHIR resources in files."`
	Verify   verifyCommand   `cmd:"" help:"Check the seals of the audit trail and the sums of the ledger."`
	Message  messageCommand  `cmd:"" help:"List, run again and cancel outgoing messages."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

// streams are where a command prints.
type streams struct{ out, err io.Writer }

// errReported ends a command with exit code 1 after it said itself what is
// wrong.
var errReported = errors.New("already reported")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	code := run(ctx, os.Args[1:], streams{os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run parses the command line and runs the command. It returns the exit code:
// 0 done, 1 something is wrong with what the command looked at or did, 2 the
// command line or configuration is wrong.
func run(ctx context.Context, args []string, s streams) int {
	file, err := findSettings(args, os.Getenv)
	if err != nil {
		fmt.Fprintf(s.err, "jamii: %v\n", err)
		return 2
	}
	var c commands
	parser, err := kong.New(&c,
		kong.Name("jamii"),
		kong.Description("A gateway for health-financing data: FHIR R4 in and out, claims decided and explained."),
		kong.UsageOnError(), kong.Writers(s.out, s.err), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.DefaultEnvars("JAMII"), kong.Resolvers(file),
		kong.Bind(s, file), kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		fmt.Fprintf(s.err, "jamii: %v\n", err)
		return 2
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(s.err, "jamii: %v\n", err)
		return 2
	}
	if err := parsed.Run(); err != nil {
		if !errors.Is(err, errReported) {
			fmt.Fprintf(s.err, "jamii: %v\n", err)
		}
		return 1
	}
	return 0
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(s streams) error {
	_, err := fmt.Fprintln(s.out, "jamii", version)
	return err
}
