package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/store"
)

// clientCommand manages API clients in the database, beside a running server.
type clientCommand struct {
	Add    clientAdd    `cmd:"" help:"Add an API client and print its secret, once."`
	List   clientList   `cmd:"" help:"List API clients."`
	Remove clientRemove `cmd:"" help:"Remove an API client. A running server forgets it within ten seconds."`
}

// apiClient is a row of the client table to be.
type apiClient struct {
	name, scopes string
	facilities   []string
	any          bool
	hash         []byte
}

// save writes the client, in place of one of that name.
func (c apiClient) save(ctx context.Context, s store.Store, now time.Time) error {
	anyFacility := int64(0)
	if c.any {
		anyFacility = 1
	}
	row := store.Clients.Make(map[string]any{
		"name": c.name, "scopes": c.scopes, "facilities": strings.Join(c.facilities, " "), "created": now.UTC().Format(time.RFC3339),
		"any_facility": anyFacility, "hash": c.hash,
	})
	return commitClient(ctx, s, store.Change{Row: row}, "$client-add", now)
}

// commitClient writes a change of a client together with its audit row.
func commitClient(ctx context.Context, s store.Store, change store.Change, interaction string, now time.Time) error {
	row := store.Audit{At: now, Interaction: interaction, Action: "E", Outcome: "0", Agent: "jamii client"}
	if _, err := s.Commit(ctx, store.Unit{Facts: []store.Change{change}, Audit: []store.Audit{row}}); err != nil {
		return fmt.Errorf("writing client: %w", err)
	}
	return nil
}

type clientAdd struct {
	databaseFlag
	Name        string   `arg:"" help:"Name of the client: letters, digits and . _ -"`
	Scope       []string `help:"What it may do, such as system/Claim.cruds. Can be given several times." placeholder:"SCOPE" required:""`
	Facility    []string `help:"Code of a facility it acts for. Can be given several times." placeholder:"CODE" xor:"where"`
	AnyFacility bool     `help:"It acts for all facilities: an officer, a mediator or an administrator." xor:"where"`
	SecretFile  string   `help:"Write the secret to a new file instead of printing it." placeholder:"FILE"`
}

var clientName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Run adds the client.
func (a clientAdd) Run(ctx context.Context, s streams) error {
	c, err := a.client()
	if err != nil {
		return err
	}
	db, err := a.open(ctx, newLog(s.err, slog.LevelWarn))
	if err != nil {
		return err
	}
	return errors.Join(a.add(ctx, db, c, s), db.Close())
}

// client reads the flags; the hash is not yet in it.
func (a clientAdd) client() (apiClient, error) {
	scopes, err := access.ParseScopes(strings.Join(a.Scope, " "))
	switch {
	case err != nil:
		return apiClient{}, err
	case len(scopes) == 0:
		return apiClient{}, errors.New("--scope names nothing; write it like system/Claim.cruds")
	case !clientName.MatchString(a.Name):
		return apiClient{}, errors.New("the name may have up to 64 letters, digits and . _ -")
	case len(a.Facility) == 0 && !a.AnyFacility:
		return apiClient{}, errors.New("say where it works: --facility CODE, or --any-facility")
	}
	for _, f := range a.Facility {
		if strings.TrimSpace(f) == "" || strings.ContainsAny(f, " \t\n") {
			return apiClient{}, errors.New("--facility: a code has no blanks")
		}
	}
	return apiClient{name: a.Name, scopes: scopes.String(), facilities: a.Facility, any: a.AnyFacility}, nil
}

func (a clientAdd) add(ctx context.Context, db store.Store, c apiClient, s streams) error {
	_, known, err := findClient(ctx, db, c.name)
	if err != nil {
		return err
	}
	if known {
		return fmt.Errorf("there is a client %s already; remove it first, or take another name", c.name)
	}
	unknown, loaded, err := unknownFacilities(ctx, db, c.facilities)
	switch {
	case err != nil:
		return err
	case len(unknown) > 0 && loaded:
		return fmt.Errorf("no scheme in this database has a facility %s; the code stands in facilities.csv of the scheme", strings.Join(unknown, ", "))
	case len(unknown) > 0:
		fmt.Fprintf(s.err, "Note: this database has no scheme yet, so nobody can tell whether there is a facility %s.\n", strings.Join(unknown, ", "))
	}
	secret, hash, err := access.NewSecret()
	if err != nil {
		return err
	}
	c.hash = hash
	if a.SecretFile != "" {
		if err := writeSecret(a.SecretFile, secret); err != nil {
			return err
		}
	}
	if err := c.save(ctx, db, time.Now()); err != nil {
		return err
	}
	if a.SecretFile != "" {
		_, err = fmt.Fprintf(s.out, "Client %s was added; its secret is in %s.\n", c.name, a.SecretFile)
		return err
	}
	if _, err := fmt.Fprintf(s.err, "Client %s was added. This is its secret; it is not shown again:\n", c.name); err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, secret)
	return err
}

// writeSecret writes a file that only its owner reads. A file that is there is
// somebody's secret and stays.
func writeSecret(name, secret string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("--secret-file: %w", err)
	}
	_, err = f.WriteString(secret + "\n")
	return errors.Join(err, f.Close())
}

type clientList struct{ databaseFlag }

// Run lists the clients, without their secrets, which nobody has.
func (l clientList) Run(ctx context.Context, s streams) error {
	db, err := l.open(ctx, newLog(s.err, slog.LevelWarn))
	if err != nil {
		return err
	}
	_, rows, err := db.Facts(ctx, nil, store.Lookup{Table: store.Clients})
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	slices.SortFunc(rows[0], func(a, b store.Row) int { return strings.Compare(a.Text("name"), b.Text("name")) })
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tFACILITIES\tSCOPES\tADDED")
	for _, r := range rows[0] {
		where := r.Text("facilities")
		if r.Int("any_facility") != 0 {
			where = "any"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.Text("name"), where, r.Text("scopes"), r.Text("created"))
	}
	return w.Flush()
}

type clientRemove struct {
	databaseFlag
	Name string `arg:"" help:"Name of the client."`
}

// Run removes the client.
func (c clientRemove) Run(ctx context.Context, s streams) error {
	db, err := c.open(ctx, newLog(s.err, slog.LevelWarn))
	if err != nil {
		return err
	}
	return errors.Join(c.remove(ctx, db, s), db.Close())
}

func (c clientRemove) remove(ctx context.Context, db store.Store, s streams) error {
	row, known, err := findClient(ctx, db, c.Name)
	if err != nil {
		return err
	}
	if !known {
		return fmt.Errorf("there is no client %s; jamii client list shows those there are", c.Name)
	}
	if err := commitClient(ctx, db, store.Change{Row: row, Delete: true}, "$client-remove", time.Now()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "Client %s was removed.\n", c.Name)
	return err
}
