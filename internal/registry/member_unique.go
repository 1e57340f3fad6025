package registry

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// An insurance number decides whose cover pays. So it has one holder, whoever
// writes it and however many write at once, and stays with who is insured
// under it.

// numberKey is the key that the holder of an insurance number holds.
func (p *pack) numberKey(number, holder string) store.Unique {
	return store.Unique{Space: systemInsurance + "/" + p.Name, Digest: sha256.Sum256([]byte(number)), Target: holder}
}

// numbersOf are the insurance numbers in a Patient, in their order.
func numbersOf(n *fhir.Node, system string) (out []string) {
	for _, id := range n.Get("identifier").Each() {
		if v := id.Get("value").String(); v != "" && system != "" && id.Get("system").String() == system {
			out = append(out, v)
		}
	}
	return out
}

// numberTaken reports whether another person than self has, or was issued, an
// insurance number. What was registered before numbers had keys is found by
// search.
func (r *Registry) numberTaken(ctx context.Context, p *pack, number, self string) (bool, error) {
	key := p.numberKey(number, self)
	held, ok, err := r.store.Unique(ctx, key.Space, key.Digest)
	if err != nil {
		return false, fmt.Errorf("insurance number: %w", err)
	}
	if ok && held.Target != self {
		return true, nil
	}
	page, err := r.store.Search(ctx, store.Query{Type: patient, Limit: 2, Expr: search.Is{
		Param: "identifier", Kind: search.Token, System: p.System(systemInsurance), Code: number,
	}})
	if err != nil {
		return false, fmt.Errorf("search %s: %w", patient, err)
	}
	return slices.ContainsFunc(page.Resources, func(res fhir.Resource) bool { return res.Ref() != self }), nil
}

func errNumberTaken(path string) error {
	return &fhir.Error{
		Kind: fhir.Unprocessable, Issue: fhir.IssueDuplicate, Path: path, Rule: "member-number-taken",
		Text: "The insurance number belongs to another person. Check it; leave it out and one is issued at enrolment.",
	}
}

// holdNumbers gives a Patient that a client writes, or deletes, the keys of its
// insurance numbers and lets go of those it had.
func (r *Registry) holdNumbers(ctx context.Context, in *intent, u *store.Unit) error {
	set := r.scheme.Load()
	if set == nil {
		return nil
	}
	var old *fhir.Node
	if in.old.Version > 0 && !in.old.Deleted {
		var err error
		if old, err = in.old.Tree(); err != nil {
			return fmt.Errorf("stored %s: %w", in.typ, err)
		}
	}
	for _, p := range set.packs {
		system := p.System(systemInsurance)
		was, is := numbersOf(old, system), numbersOf(in.node, system)
		if slices.Equal(was, is) {
			continue
		}
		bound := false
		if len(was) > 0 {
			var err error
			if bound, err = r.everInsured(ctx, in, u); err != nil {
				return err
			}
		}
		if bound && in.node != nil {
			return &fhir.Error{
				Kind: fhir.Unprocessable, Issue: fhir.IssueBusinessRule, Path: in.below("identifier"), Rule: "member-number-issued",
				Text: "The person is insured under this insurance number, so it stays as it is. Send Patient.identifier with the number that the server has.",
			}
		}
		if !bound { // the number of a person who was insured is never given to another
			if err := r.releaseNumbers(ctx, p, in, was, is, u); err != nil {
				return err
			}
		}
		if err := r.claimNumbers(ctx, p, in, was, is, u); err != nil {
			return err
		}
	}
	return nil
}

// below is the full path of an element of what an intent writes.
func (in *intent) below(element string) string {
	if in.path == "" {
		return fhir.JoinPath(in.typ, element)
	}
	return fhir.JoinPath(in.path, element)
}

// everInsured reports whether a person stands, or stood, on a policy.
func (r *Registry) everInsured(ctx context.Context, in *intent, u *store.Unit) (bool, error) {
	key := personGuard(in.id)
	versions, rows, err := r.store.Facts(ctx, []string{key}, store.Lookup{Table: store.Members, Column: "person", Values: []string{in.id}})
	if err != nil {
		return false, fmt.Errorf("person's policies: %w", err)
	}
	hold(u, key, versions[0])
	return len(rows[0]) > 0, nil
}

func (r *Registry) releaseNumbers(ctx context.Context, p *pack, in *intent, was, is []string, u *store.Unit) error {
	self := patient + "/" + in.id
	for _, number := range was {
		if slices.Contains(is, number) {
			continue
		}
		key := p.numberKey(number, self)
		held, ok, err := r.store.Unique(ctx, key.Space, key.Digest)
		if err != nil {
			return fmt.Errorf("insurance number: %w", err)
		}
		if ok && held.Target == self {
			u.Release = append(u.Release, key)
		}
	}
	return nil
}

func (r *Registry) claimNumbers(ctx context.Context, p *pack, in *intent, was, is []string, u *store.Unit) error {
	self := patient + "/" + in.id
	for _, number := range is {
		if slices.Contains(was, number) {
			continue
		}
		key := p.numberKey(number, self)
		mine := func(k store.Unique) bool { return k.Space == key.Space && k.Digest == key.Digest }
		if i := slices.IndexFunc(u.Unique, mine); i >= 0 {
			if u.Unique[i].Target != self {
				return errNumberTaken(in.numberPath(p, number))
			}
			continue
		}
		taken, err := r.numberTaken(ctx, p, number, self)
		if err != nil {
			return err
		}
		if taken {
			return errNumberTaken(in.numberPath(p, number))
		}
		by, held, err := r.store.Unique(ctx, key.Space, key.Digest)
		switch {
		case err != nil:
			return fmt.Errorf("insurance number: %w", err)
		case !held:
			u.Unique = append(u.Unique, key)
		case by.Target != self: // taken since it was looked for
			return errNumberTaken(in.numberPath(p, number))
		}
	}
	return nil
}

// numberPath is where a number stands in what an intent writes.
func (in *intent) numberPath(p *pack, number string) string {
	for i, id := range in.node.Get("identifier").Each() {
		if id.Get("system").String() == p.System(systemInsurance) && id.Get("value").String() == number {
			return in.below("identifier[" + itoa(i) + "].value")
		}
	}
	return in.below("identifier")
}
