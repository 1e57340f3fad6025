package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

func newUUID() string { return uuid.NewString() }

func contains(list []string, s string) bool { return slices.Contains(list, s) }

func versionRef(typ, id string, version int64) string {
	return typ + "/" + id + "/_history/" + strconv.FormatInt(version, 10)
}

// resolve finds what each intent follows, by id or by condition, and gives new
// resources their places: patients first, so that what belongs to a patient
// can go to the same part.
func (r *Registry) resolve(ctx context.Context, c Call, intents []*intent) error {
	for _, in := range intents {
		in.old, in.exists, in.search, in.same = fhir.Resource{}, false, nil, nil
		if in.condition != "" {
			if err := r.resolveCondition(ctx, c, in); err != nil {
				return at(err, in.path)
			}
		} else if in.method != http.MethodPost {
			if err := r.resolveID(ctx, c, in); err != nil {
				return at(err, in.path)
			}
		}
		if in.change != nil {
			if err := r.change(ctx, c, in); err != nil {
				return err
			}
		}
	}
	if err := repeats(intents); err != nil {
		return err
	}
	patients := map[string]string{} // fullUrl -> id
	for _, in := range intents {
		if in.typ == patient && in.old.Version == 0 && !in.exists && in.method != http.MethodDelete {
			r.assign(in, patients)
		}
		if in.typ == patient && in.fullURL != "" && in.id != "" {
			patients[in.fullURL] = in.id
		}
	}
	for _, in := range intents {
		if in.typ != patient && in.old.Version == 0 && !in.exists && in.method != http.MethodDelete {
			r.assign(in, patients)
		}
	}
	for _, in := range intents {
		if in.same != nil {
			in.id = in.same.id
		}
	}
	return duplicates(intents)
}

const patient = "Patient"

// assign gives a new resource its place, and its id when the client chose none.
func (r *Registry) assign(in *intent, patients map[string]string) {
	chosen := in.id
	if in.method == http.MethodPost {
		chosen = "" // the id in a POSTed body is replaced
	}
	var part int16
	switch {
	case in.typ == patient && chosen != "":
		part = store.PartOf(chosen)
	default:
		if owner := ownerOf(in.node, patients); owner != "" && in.typ != patient {
			part = store.PartOf(owner)
		} else if chosen != "" {
			part = store.HashPart(chosen)
		} else {
			part = store.HashPart(newUUID())
		}
	}
	in.place = r.store.NewPlace(part)
	if in.id = chosen; chosen == "" {
		in.id = in.place.ID()
	}
}

// ownerOf finds the id of the first patient that a resource refers to. It
// decides only where the row is kept, so the first is good enough.
func ownerOf(n *fhir.Node, patients map[string]string) (id string) {
	n.Walk(func(m *fhir.Node) bool {
		if m.Name != "reference" || m.Kind != fhir.KindString {
			return true
		}
		if p, ok := patients[m.Text]; ok {
			id = p
		} else if rest, ok := strings.CutPrefix(m.Text, patient+"/"); ok && fhir.ValidID(rest) {
			id = rest
		}
		return id == ""
	})
	return id
}

// repeats settles entries of a transaction with the same condition, which all
// found nothing: of several creates the first creates and the others find what
// it made, as they would one after the other; several updates would write one
// resource twice.
func repeats(intents []*intent) error {
	first := map[string]*intent{}
	for _, in := range intents {
		if in.search == nil || in.old.Version > 0 || in.method == http.MethodDelete {
			continue
		}
		key := in.typ + "?" + in.search.Lock
		was, again := first[key]
		switch {
		case !again:
			first[key] = in
		case in.method == http.MethodPost && was.method == http.MethodPost:
			in.same, in.exists = was, true
		default:
			return errTwice(in.path)
		}
	}
	return nil
}

func (r *Registry) resolveID(ctx context.Context, c Call, in *intent) error {
	if !fhir.ValidID(in.id) {
		return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueValue, Path: in.element("id"), Text: "An id is 1 to 64 letters, digits, hyphens and points."}
	}
	old, err := r.store.Read(ctx, in.typ, in.id)
	var fe *fhir.Error
	switch {
	case errors.As(err, &fe) && fe.Kind == fhir.NotFound:
	case err != nil:
		return fmt.Errorf("read %s: %w", in.typ, err)
	default:
		in.old = old
	}
	if in.typ == auditEvent && !in.trusted {
		if _, trail, err := r.trailEvent(ctx, c, in.id); err != nil {
			return err
		} else if trail {
			return errManaged(auditEvent)
		}
	}
	return r.checkOld(ctx, c, in)
}

// MustNotExist stands in the place of the version of If-Match for If-None-Match:
// *, which allows only to create.
const MustNotExist int64 = -2

// checkOld applies access and If-Match to what an intent follows, and settles
// a DELETE of nothing. Access comes first: neither a wrong version nor success
// may tell of what the caller cannot see.
func (r *Registry) checkOld(ctx context.Context, c Call, in *intent) error {
	if err := r.mayFollow(ctx, c, in); err != nil {
		return err
	}
	switch {
	case in.ifMatch == MustNotExist:
		if in.old.Version > 0 && !in.old.Deleted {
			return &fhir.Error{Kind: fhir.PreconditionFailed, Issue: fhir.IssueConflict, Text: "The resource is there already, and If-None-Match: * allows only to create it."}
		}
	case in.ifMatch != 0 && (in.old.Version != in.ifMatch || in.old.Deleted):
		return errStale()
	}
	if in.method == http.MethodDelete && (in.old.Version == 0 || in.old.Deleted) {
		in.exists = true
	}
	return nil
}

// resolveCondition runs the search of a conditional interaction.
//
// https://hl7.org/fhir/R4/http.html#ccreate, #cond-update
func (r *Registry) resolveCondition(ctx context.Context, c Call, in *intent) error {
	cond, found, err := r.match(ctx, c, in.typ, in.condition)
	if err != nil {
		return err
	}
	in.search = cond
	switch {
	case len(found) > 1:
		return &fhir.Error{Kind: fhir.PreconditionFailed, Issue: fhir.IssueMultiple, Text: "The condition matches several resources. Make it more specific, for example by identifier with system and value."}
	case len(found) == 1 && in.method == http.MethodPost:
		in.old, in.id, in.exists = found[0], found[0].ID, true
		return nil
	case len(found) == 1:
		if in.method == http.MethodPut {
			if id := in.node.Get("id").String(); id != "" && id != found[0].ID {
				return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueConflict, Path: in.element("id"), Text: "The id in the body is not the id of the resource that the condition matches. Leave it out."}
			}
		}
		in.old, in.id = found[0], found[0].ID
		return r.checkOld(ctx, c, in)
	case in.ifMatch != 0 && in.ifMatch != MustNotExist:
		return errStale()
	case in.method == http.MethodDelete:
		in.exists, in.id = true, ""
		return nil
	case in.method == http.MethodPatch:
		return &fhir.Error{Kind: fhir.NotFound, Issue: fhir.IssueNotFound, Text: "The condition matches nothing."}
	}
	in.id = ""
	if in.method == http.MethodPut {
		if id := in.node.Get("id").String(); id != "" {
			in.id = id
			if err := r.resolveID(ctx, c, in); err != nil || in.old.Version == 0 || in.old.Deleted {
				return err
			}
			return &fhir.Error{Kind: fhir.Conflict, Issue: fhir.IssueConflict, Path: in.element("id"), Text: "The condition matches nothing, yet a resource with the id in the body exists. Update it by that id, or leave the id out."}
		}
	}
	return nil
}

// match runs a condition and returns at most two resources it finds, with the
// Condition that holds the answer until the commit.
func (r *Registry) match(ctx context.Context, c Call, typ, query string) (*store.Condition, []fhir.Resource, error) {
	expr, lock, err := r.catalogue.ParseCondition(typ, query, codeLists{ctx, r, c})
	if err != nil {
		return nil, nil, err
	}
	if expr, err = r.filter(c, typ, expr); err != nil {
		return nil, nil, err
	}
	found, _, err := r.collect(ctx, store.Query{Type: typ, Expr: expr, Limit: 2})
	if err != nil {
		return nil, nil, err
	}
	relaxed, exact := store.Relax(expr)
	held := found
	if !exact { // hold the superset that the store can search again
		page, err := r.store.Search(ctx, store.Query{Type: typ, Expr: relaxed, Limit: 2})
		if err != nil {
			return nil, nil, err
		}
		held = page.Resources
	}
	cond := &store.Condition{Type: typ, Lock: lock, Expr: relaxed, Want: make([]string, len(held))}
	for i := range held {
		cond.Want[i] = held[i].ID
	}
	return cond, found, nil
}

func errTwice(path string) error {
	return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueDuplicate, Path: path, Text: "The transaction writes the same resource twice. Send each resource once."}
}

// duplicates refuses a transaction that writes one resource twice.
//
// https://hl7.org/fhir/R4/http.html#transaction
func duplicates(intents []*intent) error {
	if len(intents) < 2 {
		return nil
	}
	seen := make(map[string]bool, len(intents))
	for _, in := range intents {
		if in.id == "" || in.exists && in.method == http.MethodPost {
			continue
		}
		ref := in.typ + "/" + in.id
		if seen[ref] {
			return errTwice(in.path)
		}
		seen[ref] = true
	}
	return nil
}

// patientOf names the patient in whose compartment a resource is, for the
// audit.
func patientOf(typ, id string, index search.Index) string {
	if typ == patient {
		return patient + "/" + id
	}
	params := definition.Compartment(typ)
	for i := range index {
		v := &index[i]
		if v.Kind == search.Reference && strings.HasPrefix(v.Code, patient+"/") && slices.Contains(params, v.Param) {
			return v.Code
		}
	}
	return ""
}
