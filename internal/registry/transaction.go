package registry

import (
	"context"
	"errors"
	"net/http"
	"sort"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/store"
)

// Entry is one write of a transaction.
type Entry struct {
	Method    string // POST, PUT, PATCH or DELETE
	Type      string
	ID        string // of a PUT, PATCH or DELETE by id
	Condition string // ifNoneExist of a POST, query of a PUT, PATCH or DELETE
	IfMatch   int64
	FullURL   string
	Resource  *fhir.Node
	Change    Change // of a PATCH
	Path      string // where the entry stands: "Bundle.entry[3]"
}

// Transaction writes all entries in one commit, or none. Results stand in the
// order of the entries. References to the fullUrl of an entry, conditional
// references and absolute references to this server are rewritten wherever a
// reference can stand; one that stays unresolved refuses the transaction.
//
// https://hl7.org/fhir/R4/http.html#trules
func (r *Registry) Transaction(ctx context.Context, c Call, entries []Entry) ([]Result, error) {
	results, err := r.transaction(ctx, c, entries)
	if err == nil && len(entries) == 0 { // no Unit holds its row
		err = r.audited(ctx, c, store.Audit{Interaction: "transaction", Action: "E"}, nil)
	}
	if err != nil {
		var d *store.Dropped
		if errors.As(err, &d) {
			err = &fhir.Error{Kind: fhir.Conflict, Issue: fhir.IssueConflict, Text: "Another request wrote the same thing at the same moment. Send the transaction again.", Cause: d}
		}
		return nil, r.audited(ctx, c, store.Audit{Interaction: "transaction", Action: "E"}, err)
	}
	return results, nil
}

func (r *Registry) transaction(ctx context.Context, c Call, entries []Entry) ([]Result, error) {
	intents := make([]*intent, len(entries))
	urls := map[string]string{}
	for i, e := range entries {
		if e.FullURL != "" && e.Method != http.MethodDelete {
			if first, twice := urls[e.FullURL]; twice {
				return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueDuplicate, Path: e.Path + ".fullUrl", Text: "Two entries have the same fullUrl (the first is " + first + "). Each entry needs its own."}
			}
			urls[e.FullURL] = e.Path
		}
		in, err := entryIntent(e)
		if err != nil {
			return nil, err
		}
		intents[i] = in
	}
	order := ordered(intents)
	sorted, err := r.apply(ctx, c, order, "transaction", nil)
	if err != nil {
		return nil, err
	}
	of := make(map[*intent]Result, len(order))
	for i, in := range order {
		of[in] = sorted[i]
	}
	results := make([]Result, len(intents))
	for i, in := range intents {
		results[i] = of[in]
	}
	return results, nil
}

func entryIntent(e Entry) (*intent, error) {
	in := &intent{method: e.Method, typ: e.Type, id: e.ID, condition: e.Condition, ifMatch: e.IfMatch, node: e.Resource, change: e.Change, fullURL: e.FullURL, path: e.Path + ".resource"}
	if e.Method == http.MethodDelete || e.Change != nil {
		in.path = e.Path
		return in, nil
	}
	if e.Resource == nil {
		return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueRequired, Path: e.Path + ".resource", Text: "An entry that writes needs a resource."}
	}
	if e.Method == http.MethodPut && e.ID != "" {
		if id := e.Resource.Get("id").String(); id != "" && id != e.ID {
			return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueInvalid, Path: e.Path + ".resource.id", Text: "The id in the resource is not the id in request.url."}
		}
	}
	return in, nil
}

// ordered puts deletes first, then creates, then updates, as the standard
// processes them.
func ordered(intents []*intent) []*intent {
	rank := map[string]int{http.MethodDelete: 0, http.MethodPost: 1, http.MethodPut: 2, http.MethodPatch: 2}
	out := append([]*intent(nil), intents...)
	sort.SliceStable(out, func(i, j int) bool { return rank[out[i].method] < rank[out[j].method] })
	return out
}
