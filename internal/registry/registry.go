// Package registry holds the use cases: create, read, search, bundle, enrol,
// submit, review, cancel. A use case loads facts through a store.Reader,
// decides in pure code, and hands one Unit to store.Commit.
//
// What a caller may see and change is asked in one place, gate.go, by every
// way in.
package registry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/store"
)

// Registry runs the use cases on one store. It is safe for concurrent use.
type Registry struct {
	store     store.Store
	catalogue *search.Catalogue
	options   Options
	cursors   cursorKey
	now       func() time.Time
	log       *slog.Logger
	trail     Trail
	scheme    atomic.Pointer[ruleset]
	systems   codeSystems
	line      waitingLine
	custom    customParams
	profiles  profileSet
}

// Options of a Registry.
type Options struct {
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Log receives what no client can act on; nil discards.
	Log *slog.Logger
	// Trail takes audit rows of reads; nil writes them at once.
	Trail Trail
	// EnforceReferences refuses a write whose relative references do not
	// resolve.
	EnforceReferences bool
	// DecidePosted treats a Claim posted by a facility's client as $submit.
	DecidePosted bool
	// Targets are the receivers of messages when a resource of a type changes.
	Targets []Target
	// MaxCount bounds _count; 0 is 1000.
	MaxCount int
	// Definition finds a built-in StructureDefinition by its canonical, nil for
	// none; stored ones go before.
	Definition func(canonical string) *fhir.Node
	// Demand are the profiles that what is written must conform to, by type,
	// beside those that it claims.
	Demand map[string][]string
	// Slow allows a search to be re-checked over so many candidates; 0 is 20000.
	Slow int
}

// Target wants to hear of changes.
type Target struct {
	Name  string
	Types []string // resource types; empty is all
}

// Trail takes audit rows that belong to no Unit.
type Trail interface {
	Add(ctx context.Context, row store.Audit) error
}

// Call says who is asking, and how.
type Call struct {
	Principal access.Principal
	Base      string // base URL of this server as the client knows it, without a slash at the end
	Lenient   bool   // Prefer: handling=lenient
	RequestID string
	Network   string   // address of the client
	Languages []string // Accept-Language, best first

	within *compartment // that a search is in
}

// Result is the outcome of a write.
type Result struct {
	Resource fhir.Resource
	Created  bool
	Deleted  bool // there was something to delete
	Warnings []fhir.Issue
}

// New makes a Registry.
func New(ctx context.Context, s store.Store, c *search.Catalogue, o Options) (*Registry, error) {
	secret, err := s.Secret(ctx, "cursor")
	if err != nil {
		return nil, fmt.Errorf("cursor key: %w", err)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MaxCount == 0 {
		o.MaxCount = 1000
	}
	if o.Slow == 0 {
		o.Slow = 20_000
	}
	r := &Registry{store: s, catalogue: c, options: o, now: o.Now, log: o.Log, trail: o.Trail}
	if r.cursors, err = newCursorKey(secret); err != nil {
		return nil, err
	}
	if r.trail == nil {
		r.trail = directTrail{s}
	}
	if err := r.loadSearchParams(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// Catalogue returns the search parameters the registry indexes by.
func (r *Registry) Catalogue() *search.Catalogue { return r.catalogue }

// Store returns the store, for health checks and the delivery worker.
func (r *Registry) Store() store.Store { return r.store }

type directTrail struct{ s store.Trail }

func (d directTrail) Add(ctx context.Context, row store.Audit) error {
	return d.s.Record(ctx, []store.Audit{row})
}

// checkType refuses what is no resource type of R4.
func checkType(typ string) error {
	if !definition.IsResource(typ) {
		return &fhir.Error{Kind: fhir.NotFound, Issue: fhir.IssueNotSupported, Text: "R4 has no such resource type. Check the first part of the address; names are case-sensitive."}
	}
	return nil
}

// Read returns the current version of Type/id.
//
// https://hl7.org/fhir/R4/http.html#read
func (r *Registry) Read(ctx context.Context, c Call, typ, id string) (fhir.Resource, error) {
	res, err := r.read(ctx, c, typ, id)
	return res, r.audited(ctx, c, store.Audit{Interaction: "read", Action: "R", Type: typ, Ref: refOf(typ, id), Patient: r.subject(res)}, err)
}

func (r *Registry) read(ctx context.Context, c Call, typ, id string) (fhir.Resource, error) {
	if err := checkType(typ); err != nil {
		return fhir.Resource{}, err
	}
	if !fhir.ValidID(id) {
		return fhir.Resource{}, errUnknown(typ)
	}
	if typ == auditEvent {
		if res, ok, err := r.trailEvent(ctx, c, id); ok || err != nil {
			return res, err
		}
	}
	res, err := r.store.Read(ctx, typ, id)
	if err != nil {
		return fhir.Resource{}, r.hide(c, typ, err)
	}
	if res.Deleted {
		return r.readDeleted(ctx, c, res)
	}
	if err := r.mayRead(ctx, c, res); err != nil {
		return fhir.Resource{}, err
	}
	return res, nil
}

// readDeleted answers 410, but only to who could read the last living version.
func (r *Registry) readDeleted(ctx context.Context, c Call, res fhir.Resource) (fhir.Resource, error) {
	if err := r.mayReadLast(ctx, c, res); err != nil {
		return fhir.Resource{}, err
	}
	return fhir.Resource{}, &fhir.Error{Kind: fhir.Gone, Issue: fhir.IssueDeleted, Text: res.Type + " was deleted. Its history can still be read."}
}

// ReadVersion returns one version of Type/id.
//
// https://hl7.org/fhir/R4/http.html#vread
func (r *Registry) ReadVersion(ctx context.Context, c Call, typ, id string, version int64) (fhir.Resource, error) {
	res, err := r.readVersion(ctx, c, typ, id, version)
	row := store.Audit{Interaction: "vread", Action: "R", Type: typ, Ref: refOf(typ, id), Patient: r.subject(res)}
	if row.Ref != "" {
		row.Ref = versionRef(typ, id, version)
	}
	return res, r.audited(ctx, c, row, err)
}

func (r *Registry) readVersion(ctx context.Context, c Call, typ, id string, version int64) (fhir.Resource, error) {
	if err := checkType(typ); err != nil {
		return fhir.Resource{}, err
	}
	if !fhir.ValidID(id) || version < 1 {
		return fhir.Resource{}, errUnknown(typ)
	}
	if typ == auditEvent && version == 1 { // a row of the trail has one version
		if res, ok, err := r.trailEvent(ctx, c, id); ok || err != nil {
			return res, err
		}
	}
	res, err := r.store.ReadVersion(ctx, typ, id, version)
	if err != nil {
		return fhir.Resource{}, r.hide(c, typ, err)
	}
	if res.Deleted {
		return r.readDeleted(ctx, c, res)
	}
	if err := r.mayRead(ctx, c, res); err != nil {
		return fhir.Resource{}, err
	}
	return res, nil
}

func errUnknown(typ string) error {
	return &fhir.Error{Kind: fhir.NotFound, Issue: fhir.IssueNotFound, Text: typ + " is not known here. Check the id."}
}

// trailPatience bounds how long an answer waits for its audit row.
const trailPatience = 5 * time.Second

// recorded is a failure that stands in the trail already.
type recorded struct{ error }

func (e recorded) Unwrap() error { return e.error }

// Record writes the audit row of an interaction that no use case saw, such as
// one whose body could not be read, and passes err on. What a use case refused
// is in the trail already and is not written twice.
func (r *Registry) Record(ctx context.Context, c Call, interaction, typ, id string, err error) error {
	var done recorded
	if errors.As(err, &done) {
		return err
	}
	row := store.Audit{Interaction: interaction, Action: "E", Ref: refOf(typ, id)}
	if definition.IsResource(typ) {
		row.Type = typ
	}
	if action, ok := actions[interaction]; ok {
		row.Action = action
	}
	return r.audited(ctx, c, row, err)
}

// actions are the AuditEvent actions of interactions; any other executes.
var actions = map[string]string{
	"create": "C", "read": "R", "vread": "R", "update": "U", "patch": "U", "delete": "D",
	"history-instance": "R", "history-type": "R", "history-system": "R",
}

// audited records the interaction and its outcome and passes err on.
func (r *Registry) audited(ctx context.Context, c Call, row store.Audit, err error) error {
	row.Outcome = outcomeOf(err)
	r.stamp(&row, c)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), trailPatience) // also when the client hung up
	defer cancel()
	if terr := r.trail.Add(ctx, row); terr != nil {
		r.log.Error("audit row not written", "error", terr)
		if err == nil {
			return fmt.Errorf("audit: %w", terr)
		}
	}
	if err == nil {
		return nil
	}
	return recorded{err}
}

// outcomeOf gives the AuditEvent outcome of an error.
func outcomeOf(err error) string {
	if err == nil {
		return "0"
	}
	var fe *fhir.Error
	if errors.As(err, &fe) && fe.Kind != fhir.Internal && fe.Kind != fhir.Unavailable {
		return "4"
	}
	return "8"
}

// stamp fills in who asked and when.
func (r *Registry) stamp(row *store.Audit, c Call) {
	row.At = r.now()
	row.Agent, row.User = c.Principal.Name, c.Principal.Subject
	row.Network = c.Network
	row.Request = c.RequestID
	if ref, ok := fhir.ParseReference(row.Ref); ok && ref.Type == patient && row.Patient == "" {
		row.Patient = ref.Local()
	}
}

// refOf is "Type/id" for the trail, "" for what is no address: that could be
// anything.
func refOf(typ, id string) string {
	if !definition.IsResource(typ) || !fhir.ValidID(id) {
		return ""
	}
	return typ + "/" + id
}
