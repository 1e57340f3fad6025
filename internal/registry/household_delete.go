package registry

import (
	"context"
	"fmt"
	"slices"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/date"
	"github.com/jamii-health/jamii/internal/store"
)

// mayGo refuses to delete a person or a household while it is insured: a
// policy without its people could be neither paid nor used. The guard that it
// holds is the one that an enrolment at the same moment would raise.
func (r *Registry) mayGo(ctx context.Context, in *intent, u *store.Unit) error {
	key := personGuard(in.id)
	lookup := store.Lookup{Table: store.Members, Column: "person", Values: []string{in.id}}
	column, rule := "policy", "insured-person"
	text := "The person is insured. End the cover first: take the person out of Group.member, or record the death (deceasedDateTime) or active false in the Patient. Then delete."
	if in.typ == groupType {
		key = householdGuard(groupType + "/" + in.id)
		lookup = store.Lookup{Table: store.Policies, Column: "household", Values: []string{groupType + "/" + in.id}}
		column, rule = "number", "insured-household"
		text = "The household is insured. Take who leaves out of Group.member, and delete the Group when the policy has ended."
	}
	versions, rows, err := r.store.Facts(ctx, []string{key}, lookup)
	if err != nil {
		return fmt.Errorf("what insures a %s: %w", in.typ, err)
	}
	hold(u, key, versions[0])
	var numbers []string
	for _, row := range rows[0] {
		numbers = append(numbers, row.Text(column))
	}
	if len(numbers) == 0 {
		return nil
	}
	list, _, err := r.byNumber(ctx, numbers)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(list, func(h *held) bool { return r.insures(h, in) }) {
		return &fhir.Error{Kind: fhir.Conflict, Issue: fhir.IssueBusinessRule, Path: in.path, Rule: rule, Text: text}
	}
	return nil
}

// insures reports whether a policy has not ended for a person or a household.
func (r *Registry) insures(h *held, in *intent) bool {
	today := date.Of(r.now())
	if p := r.scheme.Load().byName(h.Scheme); p != nil {
		today = p.today(r.now())
	}
	if today.After(h.Policy.Period.Expiry) {
		return false
	}
	return in.typ == groupType || h.Policy.InForce(in.id, today)
}
