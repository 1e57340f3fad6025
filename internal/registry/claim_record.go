package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/store"
)

// recordedFacts are the facts of a decision as they are kept for replay. Products
// and register are not in them: the scheme's digest names those.
type recordedFacts struct {
	Claim    claims.Claim
	Person   claims.Person
	Facility claims.Facility
	Covers   []recordedCover
	History  []claims.PastLine
	Ledger   []claims.Entry
	Settings claims.Settings
}

// recordedCover is a cover with the product by name; the scheme has the rest.
type recordedCover struct {
	claims.Cover
	Product, Version string
}

var compress = must(zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1)))

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// record adds the fact rows of a decision: the claim, its lines, the ledger
// and the decision itself. n counts the decisions of a claim from 1, booked
// the ledger rows it has already.
func (s *submission) record(u *store.Unit, f *claims.Facts, d *claims.Decision, n, booked int) error {
	claim := "Claim/" + s.claimID
	task := ""
	if d.State == claims.StateChecked {
		task = "Task/" + s.taskID
	}
	today := s.pack.today(s.r.now())
	target := d.Target.String()
	u.Facts = append(u.Facts, store.Change{Row: store.Claims.Make(map[string]any{
		"claim": claim, "identifier": s.claim.ID, "provider": s.provider, "person": s.person.ID, "insurer": s.pack.Name,
		"used": string(s.claim.Use), "target": target, "category": string(d.Category), "response": "ClaimResponse/" + s.answerID,
		"task": task, "scheme": s.pack.Digest, "asked": d.Asked.String(), "paid": d.Paid.String(), "state": int64(d.State), "seq": int64(n),
	})})
	if s.counts() {
		for i := range d.Lines {
			u.Facts = append(u.Facts, lineChange(claim, s.person.ID, &s.claim.Lines[i], &d.Lines[i], d))
		}
	}
	for i, e := range d.Entries {
		e.Claim = claim
		u.Facts = append(u.Facts, entryChange(e, booked+i+1, today))
	}
	return s.keep(u, f, d, claim, n)
}

// counts reports whether the claim uses up quantities and counts: a
// predetermination never, a pre-authorisation when the scheme reserves.
func (s *submission) counts() bool {
	switch s.claim.Use {
	case claims.UsePredetermination:
		return false
	case claims.UsePreauthorization:
		return s.pack.PreauthHolds
	}
	return true
}

func lineChange(claim, person string, asked *claims.Line, l *claims.LineDecision, d *claims.Decision) store.Change {
	reason := int64(0)
	if len(l.Findings) > 0 && l.Status == claims.Rejected {
		reason = int64(l.Findings[0].Reason)
	}
	return store.Change{Row: store.Lines.Make(map[string]any{
		"claim": claim, "sequence": sequenceKey(l.Sequence), "person": person, "policy": l.Policy, "product": l.Product,
		"kind": string(asked.Kind), "code": asked.Code, "target": d.Target.String(), "quantity": l.Quantity.String(),
		"category": string(d.Category), "paid": l.Paid.String(), "status": int64(l.Status), "reason": reason,
	})}
}

// keep writes the decision's facts and the digest of its answer, for replay.
func (s *submission) keep(u *store.Unit, f *claims.Facts, d *claims.Decision, claim string, n int) error {
	answer, err := claims.Encode(*d)
	if err != nil {
		return err
	}
	facts, err := json.Marshal(recordedFacts{f.Claim, f.Person, f.Facility, slim(f.Covers), f.History, f.Ledger, f.Settings})
	if err != nil {
		return fmt.Errorf("facts of a decision: %w", err)
	}
	digest := sha256.Sum256(answer)
	u.Facts = append(u.Facts, store.Change{Row: store.Decisions.Make(map[string]any{
		"claim": claim, "n": fmt.Sprintf("%04d", n), "engine": d.Engine, "scheme": s.pack.Digest,
		"digest": hex.EncodeToString(digest[:]), "facts": compress.EncodeAll(facts, nil),
	})})
	return nil
}

// slim names the products of covers instead of holding them.
func slim(covers []claims.Cover) []recordedCover {
	out := make([]recordedCover, len(covers))
	for i, c := range covers {
		out[i].Cover = c
		if c.Product != nil {
			out[i].Product, out[i].Version = c.Product.Code, c.Product.Version
		}
	}
	return out
}

// content is the digest of what makes two submissions the same (wire.md 5):
// patient, provider, insurer, use, type, period, diagnoses, lines, related and
// supporting information; not white space, order of keys, texts or ids.
func (s *submission) content() [32]byte {
	var b strings.Builder
	part := func(values ...string) {
		for _, v := range values {
			fmt.Fprintf(&b, "%d:%s,", len(v), v)
		}
		b.WriteByte(';')
	}
	c := &s.claim
	part(s.patient, s.provider, s.insurer, string(c.Use), c.From.String(), c.To.String(), string(c.Visit))
	part(c.Diagnoses...)
	for _, l := range c.Lines {
		asked := ""
		if l.Asked != nil {
			asked = claims.Number(*l.Asked)
		}
		part(itoa(l.Sequence), string(l.Kind), l.Code, claims.Number(l.Quantity), asked)
		for _, p := range l.Parts {
			part(string(p.Kind), p.Code, claims.Number(p.Quantity))
		}
	}
	for _, name := range []string{"type", "related", "supportingInfo"} {
		canonical(&b, s.node.Get(name))
	}
	return sha256.Sum256([]byte(b.String()))
}

// canonical writes a value so that order of keys, ids, texts and displays do
// not matter.
func canonical(b *strings.Builder, n *fhir.Node) {
	if n == nil {
		b.WriteString("-;")
		return
	}
	switch n.Kind {
	case fhir.KindObject:
		names := make([]string, 0, len(n.Nodes))
		for i := range n.Nodes {
			switch n.Nodes[i].Name {
			case "id", "text", "display", "extension":
			default:
				names = append(names, n.Nodes[i].Name)
			}
		}
		slices.Sort(names)
		b.WriteByte('{')
		for _, name := range names {
			b.WriteString(name + "=")
			canonical(b, n.Get(name))
		}
		b.WriteByte('}')
	case fhir.KindArray:
		b.WriteByte('[')
		for i := range n.Nodes {
			canonical(b, &n.Nodes[i])
		}
		b.WriteByte(']')
	default:
		fmt.Fprintf(b, "%d:%s,", len(n.Text), n.Text)
	}
}

// note adds remarks on what was sent that is odd but no error: totals that
// differ from quantity x price (wire.md 5).
func (s *submission) note() {
	sum := claims.Money{}
	complete := true
	for i, item := range s.node.Get("item").Each() {
		l := s.claim.Lines[i]
		if l.Asked == nil {
			complete = false
			continue
		}
		want, err := l.Quantity.Mul(*l.Asked)
		if err != nil {
			complete = false
			continue
		}
		if net := item.Path("net", "value"); net != nil && !sameAmount(net.Text, want) {
			s.notes = append(s.notes, claims.NetDiffers(l.Sequence))
		}
		if sum, err = sum.Add(want); err != nil {
			complete = false
		}
	}
	if total := s.node.Path("total", "value"); total != nil && complete && !sameAmount(total.Text, sum) {
		s.notes = append(s.notes, claims.TotalDiffers())
	}
}

func sameAmount(text string, want claims.Money) bool {
	got, err := amountOf(text)
	return err == nil && got.Cmp(want) == 0
}
