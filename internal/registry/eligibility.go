package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/validate"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
	"github.com/jamii-health/jamii/internal/store"
)

const eligibilityRequest = "CoverageEligibilityRequest"

// Eligibility answers what a person is covered for, and stores the request
// with its answer. bundle is what came along, nil for nothing. It takes
// nothing from the cover.
//
// https://profiles.ihe.net/ITI/FAIS/ ITI-124, wire.md 4, openimis-domain 3.6
func (r *Registry) Eligibility(ctx context.Context, c Call, n, bundle *fhir.Node) (Result, error) {
	res, err := r.eligibility(ctx, c, n, newBag(bundle), bundle)
	if err != nil {
		return res, r.audited(ctx, c, store.Audit{Interaction: "$submit", Action: "C", Type: eligibilityRequest}, err)
	}
	return res, nil
}

// enquiry is a CoverageEligibilityRequest on its way to an answer.
type enquiry struct {
	r    *Registry
	c    Call
	set  *ruleset
	pack *pack
	node *fhir.Node // a copy of the request, to be stored
	bag  *bag

	person    claims.Person
	patient   string // "Patient/id"
	insurer   string // "Organization/id"
	unknown   bool   // the insurer insures nobody here
	requestor string // "Organization/id" of the facility, "" when not told
	facility  claims.Facility
	day       date.Date
	items     []claims.ArticleKey
	standing  *standing
}

func (r *Registry) eligibility(ctx context.Context, c Call, n *fhir.Node, b *bag, bundle *fhir.Node) (Result, error) {
	set, err := r.rules()
	if err != nil {
		return Result{}, err
	}
	if err := checkEnquiry(n, bundle); err != nil {
		return Result{}, err
	}
	e := &enquiry{r: r, c: c, set: set, node: n.Clone(), bag: b.of(n)}
	if err := e.parties(ctx); err != nil {
		return Result{}, err
	}
	if err := e.read(); err != nil {
		return Result{}, err
	}
	left, err := e.decide(ctx)
	if err != nil {
		return Result{}, err
	}
	return e.commit(ctx, left)
}

// checkEnquiry refuses a request that cannot be read.
func checkEnquiry(n, bundle *fhir.Node) error {
	if n.ResourceType() != eligibilityRequest {
		return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueStructure, Text: "CoverageEligibilityRequest/$submit takes a CoverageEligibilityRequest, or a collection Bundle with one."}
	}
	whole := n
	if bundle != nil {
		whole = bundle
	}
	if err := fhir.NewError(fhir.Unprocessable, validate.Resource(whole, validate.Options{})); err != nil {
		return err
	}
	d := &reader{}
	refuseModifiers(d, whole)
	if bundle != nil {
		onlyOne(d, bundle, eligibilityRequest, "Patient")
	}
	if n.Get("status").String() != "active" {
		d.fault(fhir.IssueBusinessRule, eligibilityRequest+".status", "Only a request with status active is answered.")
	}
	return fhir.NewError(fhir.Unprocessable, d.issues)
}

// parties locates patient, insurer and facility, and checks that the caller
// may ask for that facility.
func (e *enquiry) parties(ctx context.Context) error {
	r, c, n := e.r, e.c, e.node
	person, err := r.locate(ctx, c, e.bag, n.Get("patient"), eligibilityRequest+".patient", patientTypes...)
	if err != nil {
		return err
	}
	e.patient = person.Ref()
	if e.person, err = personOf(person); err != nil {
		return err
	}
	insurer, err := r.locate(ctx, c, e.bag, n.Get("insurer"), eligibilityRequest+".insurer", organizationTypes...)
	if err != nil {
		return err
	}
	e.insurer = insurer.Ref()
	if e.pack = e.set.byInsurer(e.insurer); e.pack == nil {
		e.pack, e.unknown = e.set.packs[0], true
	}
	if err := e.provider(ctx); err != nil {
		return err
	}
	repoint(n.Get("patient"), e.patient)
	repoint(n.Get("insurer"), e.insurer)
	return e.evidence(ctx)
}

// provider finds the facility that asks. A facility's client asks as its own;
// without a provider its own facility is meant. The price list and the level
// of the facility make the answer exact; without them it is for any.
func (e *enquiry) provider(ctx context.Context) error {
	const path = eligibilityRequest + ".provider"
	p := e.node.Get("provider")
	switch own := e.c.Principal.Facilities; {
	case p != nil:
		res, err := e.r.facilityOf(ctx, e.c, e.bag, p, e.node.Get("facility"), path)
		if err != nil {
			return err
		}
		if err := e.r.mayActFor(e.c, eligibilityRequest, res.Ref(), path); err != nil {
			return err
		}
		e.requestor = res.Ref()
		if text := p.Get("reference").String(); text == "" || e.bag.byURL[text] != nil {
			repoint(p, e.requestor)
		}
	case e.c.Principal.Restricted() && len(own) == 1:
		e.requestor = own[0].Ref
	}
	if code, ok := e.pack.facilities[e.requestor]; ok {
		e.facility, _ = e.pack.Facility(code)
	}
	resolve := func(ref string) *fhir.Node {
		if came := e.bag.find(ref); came != nil {
			return came
		}
		return e.r.stored(ctx, ref)
	}
	if err := e.c.Principal.Writable(eligibilityRequest, access.Create, e.node, resolve); err != nil {
		return err
	}
	if e.requestor != "" && !e.c.Principal.Restricted() {
		access.SetOwner(e.node, e.requestor) // who acts for many asks for that one (wire.md 7)
	}
	e.c.Principal.Stamp(eligibilityRequest, e.node)
	return nil
}

// evidence checks that a coverage that is named is the patient's. It is no
// choice: all covers of the patient are weighed (wire.md 2).
func (e *enquiry) evidence(ctx context.Context) error {
	for i, ins := range e.node.Get("insurance").Each() {
		path := fmt.Sprintf("%s.insurance[%d].coverage", eligibilityRequest, i)
		cov := ins.Get("coverage")
		if cov.Get("reference") == nil {
			continue // a logical reference: all covers are weighed anyhow
		}
		tree := e.bag.find(cov.Get("reference").String())
		if tree.ResourceType() != "Coverage" {
			res, err := e.r.locate(ctx, e.c, e.bag, cov, path, "Coverage")
			if err != nil {
				return err
			}
			if tree, err = res.Tree(); err != nil {
				return fmt.Errorf("stored %s: %w", res.Type, err)
			}
		}
		owner, err := e.r.locate(ctx, e.c, e.bag, tree.Get("beneficiary"), path, patientTypes...)
		var fe *fhir.Error
		if err != nil && !errors.As(err, &fe) {
			return err
		}
		if err != nil || owner.Ref() != e.patient {
			return &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueBusinessRule, Path: path, Text: "The coverage is not the patient's. Name the patient's own, or leave it to the server to find."}
		}
	}
	return nil
}

// read takes the day and the articles that are asked about.
func (e *enquiry) read() error {
	d := &reader{pack: e.pack}
	e.day = d.day(e.node.Get("servicedDate"), eligibilityRequest+".servicedDate")
	if p := e.node.Get("servicedPeriod"); p != nil {
		e.day = d.day(p.Get("start"), eligibilityRequest+".servicedPeriod.start")
	}
	if e.day.IsZero() {
		e.day = e.pack.today(e.r.now())
	}
	items := e.node.Get("item").Each()
	if len(items) > maxLines {
		d.fault(fhir.IssueTooLong, eligibilityRequest+".item", fmt.Sprintf("A request asks about at most %d articles. Split it.", maxLines))
		items = nil
	}
	for i, item := range items {
		if item.Get("productOrService") == nil {
			e.items = append(e.items, claims.ArticleKey{}) // a category: the general answer has it
			continue
		}
		kind, code := d.article(item.Get("productOrService"), item, fmt.Sprintf("%s.item[%d].productOrService", eligibilityRequest, i))
		e.items = append(e.items, claims.ArticleKey{Kind: kind, Code: code})
	}
	return fhir.NewError(fhir.Unprocessable, d.issues)
}

// decide asks the engine.
func (e *enquiry) decide(ctx context.Context) (*claims.Eligibility, error) {
	st, err := e.r.standingOf(ctx, e.person.ID, "")
	if err != nil {
		return nil, err
	}
	e.standing = st
	f := claims.Facts{
		Claim:  claims.Claim{Use: claims.UsePredetermination, From: e.day, Created: e.day, Visit: claims.Other},
		Person: e.person, Facility: e.facility, Covers: st.covers(e.pack, e.person.ID, e.day),
		Register: e.pack.Register(startOf(st, e.pack)), History: st.history, Ledger: st.ledger, Settings: e.pack.Settings(),
	}
	f.Settings.NoInsurer = e.unknown
	var asked []claims.ArticleKey
	for _, key := range e.items {
		if key != (claims.ArticleKey{}) {
			asked = append(asked, key)
		}
	}
	left := e.set.engine.Eligibility(f, asked)
	return &left, nil
}

// commit stores request and answer.
func (e *enquiry) commit(ctx context.Context, left *claims.Eligibility) (Result, error) {
	place := e.r.store.NewPlace(store.PartOf(e.person.ID))
	request, answer := place.ID(), e.r.store.NewPlace(place.Part).ID()
	e.node.Set("id", fhir.Str(request))
	a := &enquiryAnswer{enquiry: e, left: left, id: answer, request: eligibilityRequest + "/" + request}
	u := store.Unit{}
	for _, doc := range []*authored{
		{typ: "CoverageEligibilityResponse", id: answer, node: a.build()},
		{typ: eligibilityRequest, id: request, node: e.node},
	} {
		doc.method, doc.interaction = http.MethodPost, "$submit"
		if err := e.r.author(e.c, &u, doc, e.patient); err != nil {
			return Result{}, err
		}
	}
	done, err := e.r.store.Commit(ctx, u)
	if err != nil {
		return Result{}, err
	}
	return Result{Resource: written(&u, done)[0], Created: true}, nil
}
