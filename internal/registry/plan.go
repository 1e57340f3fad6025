package registry

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/fhir/validate"
	"github.com/jamii-health/jamii/internal/store"
)

// intent is one write that a client asks for: a single request, or an entry of
// a transaction.
type intent struct {
	method    string     // POST, PUT, PATCH or DELETE
	typ       string     // resource type of the URL
	id        string     // logical id; "" until resolved or assigned
	condition string     // If-None-Exist of a POST, query of a conditional PUT or DELETE
	ifMatch   int64      // 0: none
	node      *fhir.Node // nil for DELETE, and of a PATCH until it is planned
	change    Change     // of a PATCH
	fullURL   string     // of the entry
	path      string     // where it stands: "Bundle.entry[3].resource", "" for a single request
	managed   bool       // authored or decided on by the engine (wire.md 1)
	trusted   bool       // made by a use case: access was checked there

	place  store.Place
	old    fhir.Resource // what it follows; Version 0: nothing
	exists bool          // POST with If-None-Exist found old, or DELETE found nothing: no write
	same   *intent       // an earlier POST of the transaction with the same condition makes it
	search *store.Condition
	index  search.Index
	write  int // index in the Unit, -1: no write
}

// element is the path of a top-level element, to which at adds the entry.
func (in *intent) element(name string) string {
	if in.path == "" {
		return fhir.JoinPath(in.typ, name)
	}
	return name
}

// maxTries bounds how often a use case decides again; maxPlans how often a
// plain write, which costs little, is planned again.
const (
	maxTries = 5
	maxPlans = 40
)

// errRetry asks for the plan to be made again: what it was based on changed.
var errRetry = errors.New("changed meanwhile")

// apply makes one Unit of the intents and commits it; extra is what a use case
// adds. It plans again when others were faster.
func (r *Registry) apply(ctx context.Context, c Call, intents []*intent, interaction string, extra func(*store.Unit) error) ([]Result, error) {
	for _, in := range intents {
		if err := r.admit(ctx, c, in); err != nil {
			return nil, err
		}
	}
	pristine := make([]*fhir.Node, len(intents))
	for i, in := range intents {
		pristine[i] = in.node
	}
	for tries := range maxPlans {
		for i, in := range intents {
			if len(intents) > 1 || in.condition != "" {
				in.node = pristine[i].Clone() // planning rewrites references
			}
		}
		results, err := r.try(ctx, c, intents, interaction, extra)
		if !errors.Is(err, errRetry) {
			return results, err
		}
		if err := pause(ctx, tries); err != nil {
			return nil, err
		}
	}
	return nil, &fhir.Error{Kind: fhir.Unavailable, Issue: fhir.IssueConflict, Text: "Others keep changing the same data. Try again in a moment."}
}

// pause lets others finish before the next try: at once after the first, then
// a random time that grows to about 50 ms.
func pause(ctx context.Context, tries int) error {
	if tries == 0 {
		return ctx.Err()
	}
	most := time.Duration(min(tries, 50)) * time.Millisecond
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(rand.N(most)):
		return nil
	}
}

// admit checks an intent's content, before anything is looked up.
func (r *Registry) admit(ctx context.Context, c Call, in *intent) error {
	if err := checkType(in.typ); err != nil {
		return at(err, in.path)
	}
	if in.method == http.MethodPut || in.method == http.MethodPatch {
		if err := r.mayEver(c, in); err != nil {
			return at(err, in.path)
		}
	}
	if in.method == http.MethodDelete || in.change != nil && in.node == nil {
		return nil
	}
	if got := in.node.ResourceType(); got != in.typ {
		return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueStructure, Path: fhir.JoinPath(in.path, "resourceType"), Text: "The resourceType of the body is not the type in the address."}
	}
	if in.trusted {
		return nil
	}
	issues := r.check(ctx, in.node, validate.Options{AnyModifier: true})
	for i := range issues {
		if in.path != "" {
			issues[i].Path = in.path + trimType(issues[i].Path, in.typ)
		}
	}
	if err := fhir.NewError(fhir.Unprocessable, issues); err != nil {
		return err
	}
	return r.admitSearchParam(in)
}

func trimType(path, typ string) string {
	if len(path) >= len(typ) && path[:len(typ)] == typ {
		return path[len(typ):]
	}
	if path == "" {
		return ""
	}
	return "." + path
}

// at puts an error's path below the entry it belongs to.
func at(err error, path string) error {
	var fe *fhir.Error
	if path == "" || !errors.As(err, &fe) {
		return err
	}
	moved := *fe
	moved.Path = fhir.JoinPath(path, fe.Path)
	if fe.Path == "" {
		moved.Path = path
	}
	moved.Issues = append([]fhir.Issue(nil), fe.Issues...)
	for i := range moved.Issues {
		if moved.Issues[i].Path == "" {
			moved.Issues[i].Path = path
		} else {
			moved.Issues[i].Path = fhir.JoinPath(path, moved.Issues[i].Path)
		}
	}
	return &moved
}

func (r *Registry) try(ctx context.Context, c Call, intents []*intent, interaction string, extra func(*store.Unit) error) ([]Result, error) {
	if err := r.resolve(ctx, c, intents); err != nil {
		return nil, err
	}
	if err := r.link(ctx, c, intents, interaction == "transaction"); err != nil {
		return nil, err
	}
	var u store.Unit
	for _, in := range intents {
		if err := r.compose(ctx, c, in, interaction, &u); err != nil {
			return nil, at(err, in.path)
		}
	}
	told, err := r.follow(ctx, c, intents, &u)
	if err != nil {
		return nil, err
	}
	if extra != nil {
		if err := extra(&u); err != nil {
			return nil, err
		}
	}
	var written []store.Written
	if len(u.Writes) > 0 || len(u.Facts) > 0 || len(u.Audit) > 0 {
		if written, err = r.store.Commit(ctx, u); err != nil {
			return nil, dropped(err, intents, &u)
		}
		r.written(&u)
	}
	return tell(intents, results(intents, &u, written), told), nil
}

// dropped turns a refusal of the store into what the client can act on.
func dropped(err error, intents []*intent, u *store.Unit) error {
	var d *store.Dropped
	if !errors.As(err, &d) {
		return err
	}
	if d.Why == store.StaleVersion {
		for _, in := range intents {
			if in.write == d.Index && in.ifMatch != 0 {
				return at(errStale(), in.path)
			}
		}
	}
	if d.Why == store.Duplicate {
		return err // the use case knows what it claimed
	}
	return errRetry
}

func errStale() error {
	return &fhir.Error{Kind: fhir.PreconditionFailed, Issue: fhir.IssueConflict, Text: "The resource has another version than If-Match names. Read it again, apply the change and send it with the new ETag."}
}

func results(intents []*intent, u *store.Unit, written []store.Written) []Result {
	out := make([]Result, len(intents))
	for i, in := range intents {
		if in.same != nil {
			continue // below: what it is the same as may come later
		}
		if in.write < 0 {
			out[i] = Result{Resource: in.old}
			if out[i].Resource.Type == "" {
				out[i].Resource.Type = in.typ
			}
			continue
		}
		w := u.Writes[in.write]
		out[i] = Result{
			Created: in.old.Version == 0 || in.old.Deleted,
			Deleted: w.Deleted,
			Resource: fhir.Resource{
				Type: w.Type, ID: w.ID, Version: written[in.write].Version, Updated: written[in.write].Updated,
				Deleted: w.Deleted, Method: w.Method, Managed: w.Managed, Body: w.Body,
			},
		}
	}
	for i, in := range intents {
		if in.same != nil {
			out[i] = Result{Resource: out[slices.Index(intents, in.same)].Resource}
		}
	}
	return out
}

// compose adds an intent's write, audit row and messages to the Unit.
func (r *Registry) compose(ctx context.Context, c Call, in *intent, interaction string, u *store.Unit) error {
	in.write = -1
	if in.search != nil {
		u.Conditions = append(u.Conditions, *in.search)
	}
	row := store.Audit{Interaction: interactionOf(in, interaction), Action: actionOf(in), Type: in.typ, Outcome: "0"}
	if in.exists {
		if err := r.mayAsk(c, in); err != nil {
			return err
		}
		if in.id != "" {
			row.Ref = in.typ + "/" + in.id
		}
		r.stamp(&row, c)
		u.Audit = append(u.Audit, row)
		return nil
	}
	w := store.Write{Type: in.typ, ID: in.id, Place: in.place, Expect: in.old.Version, Method: in.method, Managed: in.managed}
	if in.method == http.MethodDelete {
		w.Deleted = true
		if err := r.mayAsk(c, in); err != nil {
			return err
		}
	} else {
		index, err := r.catalogue.Index(in.node)
		if err != nil {
			return err
		}
		in.index = index
		if err := r.mayWrite(ctx, c, in); err != nil {
			return err
		}
		w.Index = index
		row.Patient = patientOf(in.typ, in.id, index)
		w.Body = fhir.Record(in.node)
	}
	in.write = len(u.Writes)
	u.Writes = append(u.Writes, w)
	row.Ref = w.Type + "/" + w.ID
	r.stamp(&row, c)
	u.Audit = append(u.Audit, row)
	u.Messages = append(u.Messages, r.messages(w.Type, w.ID, w.Expect+1)...)
	return nil
}

func interactionOf(in *intent, interaction string) string {
	if interaction != "" {
		return interaction
	}
	switch in.method {
	case http.MethodPost:
		return "create"
	case http.MethodDelete:
		return "delete"
	case http.MethodPatch:
		return "patch"
	}
	return "update"
}

func actionOf(in *intent) string {
	switch {
	case in.method == http.MethodDelete:
		return "D"
	case in.old.Version == 0 || in.old.Deleted:
		return "C"
	}
	return "U"
}

// messages are what the configured targets hear of a new version.
func (r *Registry) messages(typ, id string, version int64) []store.Message {
	var out []store.Message
	for _, t := range r.options.Targets {
		if len(t.Types) > 0 && !contains(t.Types, typ) {
			continue
		}
		out = append(out, store.Message{
			ID: newUUID(), Target: t.Name, Kind: "resource-changed", Ref: versionRef(typ, id, version),
			Created: r.now(), State: store.MessageWaiting, NextAt: r.now(),
		})
	}
	return out
}
