package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/enrolment"
	"github.com/jamii-health/jamii/internal/store"
)

// booking writes a changed policy into a Unit: the Coverages and Invoices that
// show it, the facts behind it, and the guards of all whom it concerns.
type booking struct {
	r           *Registry
	c           Call
	pack        *pack
	h           *held
	interaction string
	people      map[string]*insuree // who may be shown for the first time
	bill        []enrolment.Line    // of a new invoice; none: no invoice
	owner       *fhir.Node          // whose owner tags new resources carry
}

// add writes the policy. What did not change gets no new version.
func (b *booking) add(ctx context.Context, u *store.Unit) error {
	if err := b.guards(ctx, u); err != nil {
		return err
	}
	refs := make([]string, 0, len(b.h.Coverages)+len(b.h.Invoices))
	for _, ref := range b.h.Coverages {
		refs = append(refs, ref)
	}
	for _, i := range b.h.Invoices {
		refs = append(refs, i.Ref)
	}
	shown, err := b.read(ctx, refs)
	if err != nil {
		return err
	}
	if err := b.owned(shown); err != nil {
		return err
	}
	if err := b.covers(u, shown); err != nil {
		return err
	}
	if err := b.invoices(u, shown); err != nil {
		return err
	}
	facts, err := b.h.changes()
	if err != nil {
		return err
	}
	u.Facts = append(u.Facts, facts...)
	return nil
}

// owned makes what is added to a policy later belong to whom the policy's first
// bill, or else its covers, belong: the facility that enrolled the household
// can also see and pay what a late member adds.
func (b *booking) owned(shown map[string]fhir.Resource) error {
	if b.owner != nil {
		return nil
	}
	first, ok := shown[b.h.Invoice]
	for _, ref := range b.h.Coverages {
		if !ok {
			first, ok = shown[ref]
		}
	}
	if !ok {
		return nil
	}
	tree, err := first.Tree()
	if err != nil {
		return fmt.Errorf("stored %s: %w", first.Type, err)
	}
	b.owner = tree
	return nil
}

// guards holds the policy and every person who ever stood on it.
func (b *booking) guards(ctx context.Context, u *store.Unit) error {
	ids, _ := insured(&b.h.Policy)
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = personGuard(id)
	}
	versions, _, err := b.r.store.Facts(ctx, keys)
	if err != nil {
		return fmt.Errorf("members' guards: %w", err)
	}
	hold(u, policyGuard(b.h.Number), b.h.Guard)
	for i, key := range keys {
		hold(u, key, versions[i])
	}
	return nil
}

// hold checks and raises a guard. One that the Unit holds already keeps the
// version that was read first.
func hold(u *store.Unit, key string, version int64) {
	i := slices.IndexFunc(u.Guards, func(g store.Guard) bool { return g.Key == key })
	if i < 0 {
		u.Guards = append(u.Guards, store.Guard{Key: key, Expect: version, Bump: true})
		return
	}
	u.Guards[i].Bump = true
}

func (b *booking) read(ctx context.Context, refs []string) (map[string]fhir.Resource, error) {
	out := make(map[string]fhir.Resource, len(refs))
	if len(refs) == 0 {
		return out, nil
	}
	list, err := b.r.store.ReadMany(ctx, refs)
	if err != nil {
		return nil, fmt.Errorf("read what shows a policy: %w", err)
	}
	for _, res := range list {
		out[res.Ref()] = res
	}
	return out, nil
}

// covers writes a Coverage for each member.
func (b *booking) covers(u *store.Unit, shown map[string]fhir.Resource) error {
	ids, last := insured(&b.h.Policy)
	for _, id := range ids {
		old, ok := shown[b.h.Coverages[id]]
		if !ok {
			doc := b.new("Coverage", id)
			doc.node = b.cover(doc.id, last[id])
			if b.h.Coverages == nil {
				b.h.Coverages = map[string]string{}
			}
			b.h.Coverages[id] = "Coverage/" + doc.id
			if err := b.author(u, doc, id); err != nil {
				return err
			}
			continue
		}
		if err := b.again(u, old, id, func(n *fhir.Node) { showCover(n, b.h, last[id]) }); err != nil {
			return err
		}
	}
	return nil
}

// invoices brings the invoices up to date and writes a new one for the bill.
func (b *booking) invoices(u *store.Unit, shown map[string]fhir.Resource) error {
	head := refID(b.h.Holder)
	for _, i := range b.h.Invoices {
		old, ok := shown[i.Ref]
		if !ok {
			continue
		}
		if err := b.again(u, old, head, func(n *fhir.Node) { showInvoice(n, b.h, i.UpTo) }); err != nil {
			return err
		}
	}
	if len(b.bill) == 0 {
		return nil
	}
	total := b.h.Policy.Value.Zero()
	for _, l := range b.bill {
		sum, err := total.Add(l.Amount)
		if err != nil {
			return fmt.Errorf("invoice: %w", err)
		}
		total = sum
	}
	doc := b.new("Invoice", head)
	doc.node = b.invoice(doc.id, total)
	showInvoice(doc.node, b.h, b.h.Policy.Value)
	b.h.Invoices = append(b.h.Invoices, billed{Ref: "Invoice/" + doc.id, UpTo: b.h.Policy.Value})
	if b.h.Invoice == "" {
		b.h.Invoice = "Invoice/" + doc.id
	}
	return b.author(u, doc, head)
}

// again writes a new version of what shows the policy, if it changes.
func (b *booking) again(u *store.Unit, old fhir.Resource, person string, show func(*fhir.Node)) error {
	tree, err := old.Tree()
	if err != nil {
		return fmt.Errorf("stored %s: %w", old.Type, err)
	}
	show(tree)
	probe := tree.Clone()
	if bytes.Equal(fhir.Record(probe), old.Body) {
		return nil
	}
	return b.author(u, &authored{typ: old.Type, id: old.ID, node: tree, old: old.Version}, person)
}

// new is an engine's resource beside a person's others.
func (b *booking) new(typ, person string) *authored {
	place := b.r.store.NewPlace(store.PartOf(person))
	return &authored{typ: typ, id: place.ID(), place: place}
}

func (b *booking) author(u *store.Unit, doc *authored, person string) error {
	doc.method, doc.interaction = methodOf(doc.old), b.interaction
	if b.owner != nil && doc.old == 0 {
		access.CopyOwner(doc.node, b.owner)
	}
	return b.r.author(b.c, u, doc, patient+"/"+person)
}

// persist tries a use case again while what it stands on changes under it.
func persist[T any](ctx context.Context, try func() (T, error)) (T, error) {
	var none T
	for tries := range maxPlans {
		out, err := try()
		var d *store.Dropped
		if err == nil || !errors.Is(err, errRetry) && !errors.As(err, &d) {
			return out, err
		}
		if err := pause(ctx, tries); err != nil {
			return none, err
		}
	}
	return none, errBusy()
}

// written turns the writes of a committed Unit into resources.
func written(u *store.Unit, done []store.Written) []fhir.Resource {
	out := make([]fhir.Resource, len(u.Writes))
	for i, w := range u.Writes {
		out[i] = fhir.Resource{
			Type: w.Type, ID: w.ID, Version: done[i].Version, Updated: done[i].Updated,
			Deleted: w.Deleted, Method: w.Method, Managed: w.Managed, Body: w.Body,
		}
	}
	return out
}
