package registry

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/validate"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
	"github.com/jamii-health/jamii/internal/store"
)

// Submitted is the answer to a submitted Claim.
type Submitted struct {
	Response fhir.Resource
	Repeated bool // the same Claim was submitted before: this is the first answer
}

// submission is a Claim on its way to a decision.
type submission struct {
	r    *Registry
	c    Call
	set  *ruleset
	pack *pack
	node *fhir.Node
	bag  *bag

	claim    claims.Claim
	person   claims.Person
	patient  string // "Patient/id"
	provider string // "Organization/id" of the facility
	facility claims.Facility
	insurer  string // "Organization/id"
	unknown  bool   // the insurer insures nobody here
	unique   *store.Unique
	repeated *fhir.Resource
	notes    []claims.Message
	claimID  string
	answerID string
	taskID   string
	place    store.Place
	// household is the policy that decisions of the person's household meet at.
	household string
	justified map[int]string // a reviewer's reasons, by line
}

// uniqueSpace holds the identifiers of submitted claims, by provider.
func uniqueSpace(provider string) string { return "claim/" + provider }

// Submit decides a Claim and stores it with its answer in one commit. bundle
// is what came along, nil for nothing.
//
// https://profiles.ihe.net/ITI/FAIS/ ITI-126
func (r *Registry) Submit(ctx context.Context, c Call, n, bundle *fhir.Node) (Submitted, error) {
	out, err := r.submit(ctx, c, n, newBag(bundle))
	if err != nil || out.Repeated {
		row := store.Audit{Interaction: "$submit", Action: "C", Type: "Claim"}
		if out.Repeated {
			row.Action, row.Ref = "R", out.Response.Ref()
		}
		return out, r.audited(ctx, c, row, err)
	}
	return out, nil
}

func (r *Registry) submit(ctx context.Context, c Call, n *fhir.Node, b *bag) (Submitted, error) {
	s, err := r.prepare(ctx, c, n, b)
	if err != nil {
		return Submitted{}, err
	}
	for try := range maxTries {
		if s.repeated != nil {
			return Submitted{Response: *s.repeated, Repeated: true}, nil
		}
		if try == 1 { // others decide for the same household: wait in line
			defer r.line.enter(s.household)()
		}
		res, err := s.decideAndCommit(ctx)
		var d *store.Dropped
		switch {
		case err == nil:
			return Submitted{Response: res}, nil
		case !errors.As(err, &d):
			return Submitted{}, err
		case d.Why == store.Duplicate:
			if err := s.again(ctx, d.Held); err != nil {
				return Submitted{}, err
			}
		}
	}
	return Submitted{}, errBusy()
}

func errBusy() error {
	return &fhir.Error{Kind: fhir.Unavailable, Issue: fhir.IssueConflict, Text: "Others keep deciding claims of the same household. Send the request again in a moment; a repeat is safe."}
}

// prepare reads the Claim and finds who and what it is about.
func (r *Registry) prepare(ctx context.Context, c Call, n *fhir.Node, b *bag) (*submission, error) {
	set, err := r.rules()
	if err != nil {
		return nil, err
	}
	if n.ResourceType() != "Claim" {
		return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueStructure, Text: "Claim/$submit takes a Claim, or a collection Bundle with Claims."}
	}
	if err := fhir.NewError(fhir.Unprocessable, validate.Resource(n, validate.Options{})); err != nil {
		return nil, err
	}
	s := &submission{r: r, c: c, set: set, node: n.Clone(), bag: b.of(n)}
	if err := s.parties(ctx); err != nil {
		return nil, err
	}
	if s.claim, err = readClaim(s.pack, n, s.pack.today(r.now())); err != nil {
		return nil, err
	}
	s.identify()
	s.note()
	c.Principal.Stamp("Claim", s.node)
	s.place = r.store.NewPlace(store.PartOf(s.person.ID))
	s.claimID, s.answerID = s.place.ID(), r.store.NewPlace(s.place.Part).ID()
	s.taskID = r.store.NewPlace(s.place.Part).ID()
	return s, nil
}

// parties locates patient, facility and insurer, and checks that the caller
// may submit for that facility.
func (s *submission) parties(ctx context.Context) error {
	r, c, n := s.r, s.c, s.node
	patient, err := r.locate(ctx, c, s.bag, n.Get("patient"), "Claim.patient", patientTypes...)
	if err != nil {
		return err
	}
	s.patient = patient.Ref()
	if s.person, err = personOf(patient); err != nil {
		return err
	}
	facility, err := r.facilityOf(ctx, c, s.bag, n.Get("provider"), n.Get("facility"), "Claim.provider")
	if err != nil {
		return err
	}
	s.provider = facility.Ref()
	if err := r.mayActFor(c, "Claim", s.provider, "Claim.provider"); err != nil {
		return err
	}
	if err := s.insure(ctx); err != nil {
		return err
	}
	code, ok := s.pack.facilities[s.provider]
	if !ok {
		return &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueNotFound, Path: "Claim.provider", Text: "The provider is no facility of the scheme. Name one that the scheme lists."}
	}
	s.facility, _ = s.pack.Facility(code)
	pin(n.Get("patient"), s.patient)
	if n.Path("provider", "reference").String() == "" {
		pin(n.Get("provider"), s.provider)
	}
	return s.evidence(ctx)
}

// insure finds the scheme that insures: the Claim's insurer, else the only or
// first scheme here. An Organization that insures nobody here leads to a
// denial, one that does not exist is an error.
func (s *submission) insure(ctx context.Context) error {
	s.pack = s.set.packs[0]
	s.insurer = s.pack.insurer
	ref := s.node.Get("insurer")
	if ref == nil {
		return nil
	}
	org, err := s.r.locate(ctx, s.c, s.bag, ref, "Claim.insurer", organizationTypes...)
	if err != nil {
		return err
	}
	s.insurer = org.Ref()
	if p := s.set.byInsurer(s.insurer); p != nil {
		s.pack = p
	} else {
		s.unknown = true
	}
	pin(ref, s.insurer)
	return nil
}

// evidence checks that the coverages named are the patient's. They are no
// choice: the engine weighs all covers of the patient (wire.md 2).
func (s *submission) evidence(ctx context.Context) error {
	for i, ins := range s.node.Get("insurance").Each() {
		ref := ins.Get("coverage")
		if ref == nil {
			continue
		}
		path := "Claim.insurance[" + itoa(i) + "].coverage"
		if ref.Get("reference") == nil {
			continue // named by identifier or in words: the engine weighs all covers anyhow
		}
		cov, err := s.r.locate(ctx, s.c, s.bag, ref, path, "Coverage")
		if err != nil {
			if s.bag.find(ref.Get("reference").String()) != nil {
				continue // it came along, and is not ours
			}
			return err
		}
		tree, err := cov.Tree()
		if err != nil {
			return err
		}
		owner, err := s.r.locate(ctx, s.c, s.bag, tree.Get("beneficiary"), path, patientTypes...)
		if err != nil || owner.Ref() != s.patient {
			return &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueBusinessRule, Path: path, Text: "The coverage is not the patient's. Name the patient's own, or leave it to the server to find."}
		}
	}
	return nil
}

// pin writes the resource that was found into a reference that did not name it
// literally, so that the stored Claim can be searched by it. What was sent
// stays beside it.
func pin(ref *fhir.Node, target string) {
	if ref == nil || ref.Get("reference").String() == target {
		return
	}
	rest := make([]fhir.Node, 0, len(ref.Nodes)+1)
	rest = append(rest, fhir.Str(target).As("reference"))
	for _, m := range ref.Nodes {
		if m.Name != "reference" {
			rest = append(rest, m)
		}
	}
	ref.Nodes = rest
}

// identify claims the identifier of the Claim for its facility. Whether it was
// submitted before, the commit tells: most claims are new.
func (s *submission) identify() {
	key := ""
	for _, id := range s.node.Get("identifier").Each() {
		if v := id.Get("value").String(); v != "" {
			key = id.Get("system").String() + "|" + v
			break
		}
	}
	if key == "" {
		s.notes = append(s.notes, claims.NoIdentifier())
		return
	}
	s.claim.ID = key
	s.unique = &store.Unique{
		Space: uniqueSpace(s.provider), Digest: digestOf(key), Content: s.content(),
	}
}

func digestOf(key string) [32]byte { return sha256.Sum256([]byte(key)) }

// again answers a Claim whose identifier is held: with the first answer when
// the content is the same, else with a conflict that says what to do.
func (s *submission) again(ctx context.Context, held *store.Unique) error {
	if held.Content != s.unique.Content {
		return &fhir.Error{
			Kind: fhir.Conflict, Issue: fhir.IssueDuplicate, Path: "Claim.identifier",
			Text: "A claim with this identifier and other content was submitted before. Not yet paid: send the corrected Claim to $reprocess. " +
				"Paid: send a new Claim with another identifier and related.relationship \"prior\". Wrong person or visit: $cancel the first one.",
		}
	}
	res, err := s.r.store.ReadMany(ctx, []string{held.Target})
	if err != nil {
		return err
	}
	if len(res) != 1 {
		return errBusy()
	}
	s.repeated = &res[0]
	return nil
}

// decideAndCommit loads the facts, decides, and commits Claim, answer, ledger
// and audit together.
func (s *submission) decideAndCommit(ctx context.Context) (fhir.Resource, error) {
	facts, guards, err := s.facts(ctx, "Claim/"+s.claimID)
	if err != nil {
		return fhir.Resource{}, err
	}
	d := s.set.engine.Decide(facts)
	if err := priced(&s.claim, &d); err != nil {
		return fhir.Resource{}, err
	}
	d.Notes = append(append([]claims.Message(nil), s.notes...), d.Notes...)
	u, err := s.unit(ctx, &facts, &d, guards)
	if err != nil {
		return fhir.Resource{}, err
	}
	written, err := s.r.store.Commit(ctx, u)
	if err != nil {
		return fhir.Resource{}, err
	}
	return answered(u, written)
}

// facts loads what the decision depends on, and the guards that hold it until
// the commit.
func (s *submission) facts(ctx context.Context, without string) (claims.Facts, []store.Guard, error) {
	st, err := s.r.standingOf(ctx, s.person.ID, without)
	if err != nil {
		return claims.Facts{}, nil, err
	}
	service := date.Max(s.claim.From, s.claim.To)
	f := claims.Facts{
		Claim: s.claim, Person: s.person, Facility: s.facility, Covers: st.covers(s.pack, s.person.ID, service),
		Register: s.pack.Register(startOf(st, s.pack)), History: st.history, Ledger: st.ledger, Settings: s.pack.Settings(),
	}
	f.Settings.NoInsurer = s.unknown
	guards := []store.Guard{{Key: personGuard(s.person.ID), Expect: st.guard, Bump: true}}
	s.household = s.person.ID
	for _, h := range st.policies {
		guards = append(guards, store.Guard{Key: policyGuard(h.Number), Expect: h.Guard})
		s.household = h.Number
	}
	return f, guards, nil
}

// priced refuses a line without a price where the provider's own price counts:
// the scheme has none to take instead (wire.md 5).
func priced(c *claims.Claim, d *claims.Decision) error {
	var issues []fhir.Issue
	for i := range d.Lines {
		if d.Lines[i].Origin == claims.ProviderPrice && c.Lines[i].Asked == nil && d.Lines[i].Status == claims.Passed {
			issues = append(issues, fhir.Issue{
				Severity: fhir.SeverityError, Code: fhir.IssueRequired, Path: "Claim.item[" + itoa(i) + "].unitPrice", Rule: "price-origin",
				Text: "The scheme pays the provider's own price for this, so the line needs a unitPrice.",
			})
		}
	}
	return fhir.NewError(fhir.Unprocessable, issues)
}

// startOf is the start of the newest policy under the scheme, for packs whose
// prices follow the policy.
func startOf(st *standing, p *pack) (start date.Date) {
	for _, h := range st.policies {
		if h.Scheme == p.Name {
			start = date.Max(start, h.Policy.Period.Start)
		}
	}
	return start
}

// unit makes everything that the decision writes.
func (s *submission) unit(ctx context.Context, f *claims.Facts, d *claims.Decision, guards []store.Guard) (store.Unit, error) {
	charge(guards, d.Entries)
	u := store.Unit{Guards: guards}
	if s.unique != nil {
		mine := *s.unique
		mine.Target = "ClaimResponse/" + s.answerID
		u.Unique = append(u.Unique, mine)
	}
	claim := s.node.Clone()
	claim.Set("id", fhir.Str(s.claimID))
	docs := []*authored{
		{typ: "Claim", id: s.claimID, node: claim, method: http.MethodPost, interaction: "$submit"},
		{typ: "ClaimResponse", id: s.answerID, node: s.answer(d, 1), method: http.MethodPost, interaction: "$submit"},
	}
	if d.State == claims.StateChecked {
		docs = append(docs, &authored{typ: "Task", id: s.taskID, node: s.task(d), method: http.MethodPost, interaction: "$submit"})
	}
	for _, doc := range docs {
		if err := s.r.author(s.c, &u, doc, s.patient); err != nil {
			return u, err
		}
	}
	return u, s.record(&u, f, d, 1, 0)
}

// charge raises the guards of the policies that a decision takes from.
func charge(guards []store.Guard, entries []claims.Entry) {
	for _, e := range entries {
		for i := range guards {
			if guards[i].Key == policyGuard(e.Policy) {
				guards[i].Bump = true
			}
		}
	}
}

// personOf reads what the engine must know of a Patient.
func personOf(res fhir.Resource) (claims.Person, error) {
	tree, err := res.Tree()
	if err != nil {
		return claims.Person{}, err
	}
	p := claims.Person{ID: res.ID, Valid: true, Sex: "M"}
	if born, ok := fhir.ParseDateTime(tree.Get("birthDate").String(), nil); ok {
		p.Born = date.Of(born.Low())
	}
	switch tree.Get("gender").String() {
	case "female":
		p.Sex = "F"
	case "other":
		p.Sex = "O"
	}
	if a := tree.Get("active"); (a.Is(fhir.KindBool) && !a.True()) || tree.Get("deceasedBoolean").True() {
		p.Valid = false
	}
	if died, ok := fhir.ParseDateTime(tree.Get("deceasedDateTime").String(), nil); ok {
		p.Died = date.Of(died.Low())
	}
	return p, nil
}

// Asked returns the Claim that an answer is for.
func (r *Registry) Asked(ctx context.Context, c Call, out Submitted) (fhir.Resource, error) {
	tree, err := out.Response.Tree()
	if err != nil {
		return fhir.Resource{}, err
	}
	return r.read(ctx, c, "Claim", refID(tree.Path("request", "reference").String()))
}
