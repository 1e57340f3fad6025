package registry

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/enrolment"
	"github.com/jamii-health/jamii/internal/store"
)

// Names of the scheme's identifier systems.
const (
	systemInsurance = "insurance-number"
	systemPolicy    = "policy"
	systemReceipt   = "receipt"
	systemInvoice   = "invoice"
)

// maxTaken bounds how many numbers in a row may turn out to be taken by cards
// that others issued.
const maxTaken = 1000

// readNumbers takes the insurance numbers that the members have already and
// refuses one that breaks the scheme's rule.
func (p *pack) readNumbers(people []*insuree) error {
	system := p.System(systemInsurance)
	for _, m := range people {
		m.number = identifier(m.tree, system)
		if m.number == "" {
			continue
		}
		if err := p.NumberRule().Check(m.number); err != nil {
			return at(err, m.path)
		}
	}
	return nil
}

// wish takes the number that the sender wants for a member who has none. A
// text that is no number of this scheme is left aside, a mistyped one refused.
func (r *Registry) wish(ctx context.Context, p *pack, m *insuree, number, path string) error {
	rule := p.NumberRule()
	if m.number != "" || len(number) != rule.Length || !strings.HasPrefix(number, rule.Prefix) || p.System(systemInsurance) == "" {
		return nil
	}
	if err := rule.Check(number); err != nil {
		return at(err, path)
	}
	taken, err := r.numberTaken(ctx, p, number, m.ref())
	if err != nil {
		return err
	}
	if taken {
		return errNumberTaken(path)
	}
	m.number = number
	return nil
}

// issueNumber finds the next number that nobody has.
func (r *Registry) issueNumber(ctx context.Context, p *pack, m *insuree) (string, error) {
	for range maxTaken {
		seq, err := r.store.Next(ctx, systemInsurance+"/"+p.Name, 1)
		if err != nil {
			return "", fmt.Errorf("insurance number: %w", err)
		}
		number, err := p.NumberRule().Issue(seq)
		if err != nil {
			return "", err
		}
		if taken, err := r.numberTaken(ctx, p, number, m.ref()); err != nil || !taken {
			return number, err
		}
	}
	return "", &fhir.Error{Kind: fhir.Conflict, Issue: fhir.IssueBusinessRule, Rule: "member-number", Text: "No free insurance number was found. Give the scheme another range in member_number."}
}

// number gives an insurance number to a member who has none, and writes it
// into the Patient in the same Unit.
func (r *Registry) number(ctx context.Context, c Call, p *pack, m *insuree, u *store.Unit, interaction string) error {
	system := p.System(systemInsurance)
	if system == "" || identifier(m.tree, system) != "" {
		return nil
	}
	if m.number == "" {
		var err error
		if m.number, err = r.issueNumber(ctx, p, m); err != nil {
			return err
		}
	}
	u.Unique = append(u.Unique, p.numberKey(m.number, m.ref()))
	addIdentifier(m.tree, system, m.number)
	if m.write == nil {
		node := m.tree.Clone()
		node.Set("id", fhir.Str(m.old.ID))
		in := &intent{method: http.MethodPut, typ: patient, id: m.old.ID, node: node, old: m.old, managed: m.old.Managed, trusted: true, path: m.path}
		return r.compose(ctx, c, in, interaction, u)
	}
	return r.rewrite(m.write, u)
}

// rewrite brings a write that the Unit has already up to its changed tree.
func (r *Registry) rewrite(in *intent, u *store.Unit) error {
	if in.write < 0 || in.write >= len(u.Writes) {
		return nil // not composed yet
	}
	index, err := r.catalogue.Index(in.node)
	if err != nil {
		return err
	}
	w := &u.Writes[in.write]
	w.Index, w.Body = index, fhir.Record(in.node)
	return nil
}

func addIdentifier(n *fhir.Node, system, value string) {
	id := fhir.Obj(fhir.Str(system).As("system"), fhir.Str(value).As("value"))
	if list := n.Get("identifier"); list.Is(fhir.KindArray) {
		list.Nodes = append(list.Nodes, id)
		return
	}
	n.Set("identifier", fhir.Arr(id))
}

// insured are the members who stand on a policy, by id, each with the last of
// its spans.
func insured(p *enrolment.Policy) (ids []string, last map[string]*enrolment.Insured) {
	last = map[string]*enrolment.Insured{}
	for i := range p.Members {
		m := &p.Members[i]
		if last[m.ID] == nil {
			ids = append(ids, m.ID)
		}
		last[m.ID] = m
	}
	return ids, last
}
