package registry

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/date"
	"github.com/jamii-health/jamii/internal/enrolment"
	"github.com/jamii-health/jamii/internal/store"
)

// Enrolled is the answer to an EnrollmentRequest.
type Enrolled struct {
	Response fhir.Resource
	// More is what the answer to a Bundle holds beside it: a Coverage per
	// insured member, the Invoice.
	More     []fhir.Resource
	Repeated bool // the same request was sent before: this is the first answer
}

// Enrol enrols the candidate's household and stores the request with its
// answer in one commit. bundle is what came along, nil for nothing.
//
// https://profiles.ihe.net/ITI/FAIS/ ITI-122 and wire.md 3
func (r *Registry) Enrol(ctx context.Context, c Call, n, bundle *fhir.Node) (Enrolled, error) {
	out, err := r.enrol(ctx, c, n, bundle)
	if err != nil || out.Repeated {
		row := store.Audit{Interaction: "$submit", Action: "C", Type: "EnrollmentRequest"}
		if out.Repeated {
			row.Action, row.Ref = "R", out.Response.Ref()
		}
		return out, r.audited(ctx, c, row, err)
	}
	return out, nil
}

func (r *Registry) enrol(ctx context.Context, c Call, n, bundle *fhir.Node) (Enrolled, error) {
	set, err := r.rules()
	if err != nil {
		return Enrolled{}, err
	}
	if err := checkEnrolment(n, bundle); err != nil {
		return Enrolled{}, err
	}
	b := newBag(bundle)
	return persist(ctx, func() (Enrolled, error) {
		e := &enrolling{r: r, c: c, set: set, node: n.Clone(), bag: b.of(n)}
		return e.try(ctx)
	})
}

// enrolling is a household on its way to a policy. It is made anew for each
// try, since what it stands on may have changed.
type enrolling struct {
	r    *Registry
	c    Call
	set  *ruleset
	pack *pack
	node *fhir.Node // a copy of the request, to be stored
	bag  *bag

	enrolled date.Date
	coverage *fhir.Node // what the sender wishes
	plan     *enrolment.Plan
	came     *fhir.Node    // the Patient that came along
	head     fhir.Resource // Version 0: came is new
	fresh    *intent       // the write of a new Patient
	house    *household
	existing []*held
	guards   map[string]int64
	unique   *store.Unique
	provider string
	owner    string // "Organization/id" for which a mediator asks
	searches []store.Condition
	requested,
	answerID string
}

func (e *enrolling) try(ctx context.Context) (Enrolled, error) {
	if err := e.parties(ctx); err != nil {
		return Enrolled{}, err
	}
	if err := e.choose(ctx); err != nil {
		return Enrolled{}, err
	}
	if out, err := e.repeated(ctx); err != nil || out.Repeated {
		return out, err
	}
	h, value, err := e.policy(ctx)
	if err != nil {
		// the same request may have been answered since it was looked for
		if out, again := e.repeated(ctx); again == nil && out.Repeated {
			return out, nil
		}
		return Enrolled{}, err
	}
	u, err := e.unit(ctx, h, value)
	if err != nil {
		return Enrolled{}, err
	}
	done, err := e.r.store.Commit(ctx, *u)
	if err != nil {
		return Enrolled{}, err
	}
	var out Enrolled
	for _, typ := range []string{"EnrollmentResponse", "Coverage", "Invoice"} {
		for _, res := range written(u, done) {
			switch {
			case res.Type != typ:
			case typ == "EnrollmentResponse":
				out.Response = res
			default:
				out.More = append(out.More, res)
			}
		}
	}
	return out, nil
}

// repeated answers a request whose identifier is held: with the first answer
// when it is the same, else with a conflict.
func (e *enrolling) repeated(ctx context.Context) (Enrolled, error) {
	if e.unique == nil {
		return Enrolled{}, nil
	}
	held, ok, err := e.r.store.Unique(ctx, e.unique.Space, e.unique.Digest)
	if err != nil || !ok {
		return Enrolled{}, err
	}
	list, err := e.r.store.ReadMany(ctx, []string{held.Target})
	if err != nil {
		return Enrolled{}, fmt.Errorf("first answer: %w", err)
	}
	if len(list) != 1 {
		return Enrolled{}, errRetry
	}
	if held.Content != e.unique.Content || e.r.mayRead(ctx, e.c, list[0]) != nil {
		return Enrolled{}, &fhir.Error{
			Kind: fhir.Conflict, Issue: fhir.IssueDuplicate, Path: "EnrollmentRequest.identifier", Rule: "enrolment-identifier",
			Text: "A request with this identifier and other content was sent before. Use another identifier for another enrolment.",
		}
	}
	return e.r.enrolledBefore(ctx, list[0])
}

// enrolledBefore gathers what an answer refers to.
func (r *Registry) enrolledBefore(ctx context.Context, response fhir.Resource) (Enrolled, error) {
	tree, err := response.Tree()
	if err != nil {
		return Enrolled{}, fmt.Errorf("stored %s: %w", response.Type, err)
	}
	var refs []string
	for _, x := range tree.Get("extension").Each() {
		if to := x.Path("valueReference", "reference").String(); strings.HasPrefix(to, "Coverage/") || strings.HasPrefix(to, "Invoice/") {
			refs = append(refs, to)
		}
	}
	list, err := r.store.ReadMany(ctx, refs)
	if err != nil {
		return Enrolled{}, fmt.Errorf("first answer: %w", err)
	}
	slices.SortFunc(list, func(a, b fhir.Resource) int { return slices.Index(refs, a.Ref()) - slices.Index(refs, b.Ref()) })
	return Enrolled{Response: response, More: list, Repeated: true}, nil
}

// policy reads the household and opens its policy.
func (e *enrolling) policy(ctx context.Context) (*held, enrolment.Breakdown, error) {
	if err := e.household(ctx); err != nil {
		return nil, enrolment.Breakdown{}, err
	}
	return e.open(ctx)
}

// open makes the policy of the household.
func (e *enrolling) open(ctx context.Context) (*held, enrolment.Breakdown, error) {
	policies := make([]enrolment.Policy, len(e.existing))
	for i, h := range e.existing {
		policies[i] = h.Policy
	}
	stage, follows, duplicate := enrolment.StageFor(e.plan, policies, e.enrolled, e.pack.precedes(e.plan.Code)...)
	if duplicate < 0 {
		if at, found := enrolment.Duplicate(policies, e.plan.Code, enrolment.PeriodFor(e.plan, stage, e.enrolled, follows)); found {
			duplicate = at
		}
	}
	if duplicate >= 0 {
		return nil, enrolment.Breakdown{}, &fhir.Error{
			Kind: fhir.Conflict, Issue: fhir.IssueDuplicate, Path: "EnrollmentRequest.candidate", Rule: "enrolment-duplicate",
			Text: "The household is enrolled in this plan for that time already. Pay the open invoice, or enrol again when renewals are taken, " +
				"shortly before the policy ends on " + policies[duplicate].Period.Expiry.String() + ".",
		}
	}
	members := make([]enrolment.Member, len(e.house.people))
	for i, p := range e.house.people {
		members[i] = p.member
	}
	policy, value, err := enrolment.Open(e.plan, stage, e.enrolled, follows, members)
	if err != nil {
		return nil, value, at(err, "EnrollmentRequest.candidate")
	}
	if after, over := policy.Expire(e.pack.today(e.r.now())); over {
		policy = after
	}
	seq, err := e.r.store.Next(ctx, systemPolicy+"/"+e.pack.Insurer.Code, 1)
	if err != nil {
		return nil, value, fmt.Errorf("policy number: %w", err)
	}
	h := &held{
		Number: fmt.Sprintf("%s-%08d", e.pack.Insurer.Code, seq), Household: e.house.ref, Holder: e.house.head.ref(),
		Scheme: e.pack.Name, Digest: e.pack.Digest, Seq: seq,
	}
	h.Policy, h.Coverages = policy, map[string]string{}
	return h, value, nil
}

// precedes are the codes of older plans that the plan replaces, however many
// steps back.
func (p *pack) precedes(code string) []string {
	var out []string
	for next := []string{code}; len(next) > 0; next = next[1:] {
		for _, plan := range p.Plans {
			if plan.Successor == next[0] && plan.Code != code && !slices.Contains(out, plan.Code) {
				out, next = append(out, plan.Code), append(next, plan.Code)
			}
		}
	}
	return out
}

// unit makes everything that the enrolment writes.
func (e *enrolling) unit(ctx context.Context, h *held, value enrolment.Breakdown) (*store.Unit, error) {
	u := &store.Unit{Conditions: e.searches}
	for key, version := range e.guards {
		hold(u, key, version)
	}
	if e.fresh != nil {
		if err := e.r.compose(ctx, e.c, e.fresh, "$submit", u); err != nil {
			return nil, err
		}
		if err := e.r.holdNumbers(ctx, e.fresh, u); err != nil {
			return nil, err
		}
	}
	b := &booking{r: e.r, c: e.c, pack: e.pack, h: h, interaction: "$submit", owner: e.node, people: map[string]*insuree{}}
	for _, p := range e.house.people {
		if !slices.Contains(value.Insured, p.member.ID) {
			continue
		}
		b.people[p.member.ID] = p
		if err := e.r.number(ctx, e.c, e.pack, p, u, "$submit"); err != nil {
			return nil, err
		}
	}
	if value.Value.IsPos() {
		b.bill = value.Lines
	}
	place := e.r.store.NewPlace(store.PartOf(refID(h.Holder)))
	e.requested, e.answerID = place.ID(), e.r.store.NewPlace(place.Part).ID()
	h.Request, h.Response = "EnrollmentRequest/"+e.requested, "EnrollmentResponse/"+e.answerID
	if e.unique != nil {
		mine := *e.unique
		mine.Target = h.Response
		u.Unique = append(u.Unique, mine)
	}
	if err := b.add(ctx, u); err != nil {
		return nil, err
	}
	return u, e.documents(u, h, value)
}

// documents adds the request and the answer.
func (e *enrolling) documents(u *store.Unit, h *held, value enrolment.Breakdown) error {
	request := e.request(h)
	request.Set("id", fhir.Str(e.requested))
	for _, doc := range []*authored{
		{typ: "EnrollmentRequest", id: e.requested, node: request},
		{typ: "EnrollmentResponse", id: e.answerID, node: e.answer(h, value)},
	} {
		doc.method, doc.interaction = http.MethodPost, "$submit"
		if err := e.r.author(e.c, u, doc, h.Holder); err != nil {
			return err
		}
	}
	return nil
}
