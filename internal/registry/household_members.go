package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/date"
	"github.com/jamii-health/jamii/internal/enrolment"
)

// whole makes the members of the policy those of the household.
func (f *following) whole(b *booking, house *household, in *intent, today date.Date) error {
	if err := b.pack.readNumbers(house.people); err != nil {
		return below(err, in)
	}
	present := map[string]*insuree{}
	for _, p := range house.people {
		present[p.member.ID] = p
	}
	ids, _ := insured(&b.h.Policy)
	for _, id := range ids {
		end := today // removed from the Group
		if p := present[id]; p != nil {
			end = p.member.Left
		}
		if err := leave(b, id, end, today); err != nil {
			return err
		}
	}
	for _, p := range house.people {
		if err := f.join(b, p, in.path, today); err != nil {
			return err
		}
	}
	return nil
}

// few applies what became of single persons on the policy.
func (f *following) few(ctx context.Context, b *booking, today date.Date) error {
	_, last := insured(&b.h.Policy)
	for _, in := range f.persons {
		m := last[in.id]
		if m == nil {
			continue
		}
		end := endOf(in.node, today)
		if err := leave(b, in.id, end, today); err != nil {
			return err
		}
		if !end.IsZero() {
			continue
		}
		people, err := f.r.people(ctx, []string{patient + "/" + in.id}, f.writes)
		if err != nil {
			return err
		}
		p := people[patient+"/"+in.id]
		if err := p.read(m.Relation, m.Order, today); err != nil {
			return at(err, in.path)
		}
		if err := b.pack.readNumbers([]*insuree{p}); err != nil {
			return at(err, in.path)
		}
		if err := f.join(b, p, in.path, today); err != nil {
			return err
		}
	}
	return nil
}

// leave ends a member's cover; end is none for who stays. A day to come is no
// end yet.
func leave(b *booking, id string, end, today date.Date) error {
	if end.IsZero() || end.After(today) || !b.h.Policy.InForce(id, today) {
		return nil
	}
	after, err := b.h.Policy.Leave(id, end)
	if err != nil {
		return err
	}
	b.h.Policy = after
	return nil
}

// join adds a member who is not on the policy yet. A plan that insures no more
// members is told, and is no reason to refuse what the household is.
func (f *following) join(b *booking, p *insuree, path string, today date.Date) error {
	left := p.member.Left
	if b.h.Policy.InForce(p.member.ID, today) || !left.IsZero() && !left.After(today) {
		return nil
	}
	plan, ok := b.pack.Enrolment(b.h.Policy.Plan, b.h.Policy.Enrolled)
	if !ok {
		return fmt.Errorf("membership: the plan of a policy is not in its scheme")
	}
	after, _, err := b.h.Policy.Join(plan, p.member, today)
	var fe *fhir.Error
	if errors.As(err, &fe) && fe.Rule == "max-members" {
		f.issues = append(f.issues, fhir.Issue{
			Severity: fhir.SeverityWarning, Code: fhir.IssueBusinessRule, Rule: fe.Rule, Path: fhir.JoinPath(path, p.where(path)),
			Text: fmt.Sprintf("The member is registered and not insured: the plan insures %d members at most.", plan.MaxMembers),
		})
		return nil
	}
	if err != nil {
		return at(err, path)
	}
	b.h.Policy = after
	b.people[p.member.ID] = p
	return nil
}

// book writes the changed policy, with numbers for who has none and an invoice
// for what is due now.
func (f *following) book(ctx context.Context, b *booking, before enrolment.Policy) error {
	var names []string
	for _, id := range sortedIDs(b.people) {
		if err := f.r.number(ctx, f.c, b.pack, b.people[id], f.u, "update"); err != nil {
			return err
		}
		names = append(names, id)
	}
	if rise, err := b.h.Policy.Value.Sub(before.Value); err == nil && rise.IsPos() {
		b.bill = []enrolment.Line{{Kind: lineLate, Quantity: len(names), Price: rise, Amount: rise, Members: names}}
	}
	return b.add(ctx, f.u)
}

func sortedIDs(people map[string]*insuree) []string {
	ids := make([]string, 0, len(people))
	for id := range people {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
