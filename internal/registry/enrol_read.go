package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/validate"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/date"
	"github.com/jamii-health/jamii/internal/enrolment"
	"github.com/jamii-health/jamii/internal/store"
)

// checkEnrolment refuses a request that cannot be read, before anything is
// looked up (FAIS: EnrollmentRequest and its Bundle).
func checkEnrolment(n, bundle *fhir.Node) error {
	if n.ResourceType() != "EnrollmentRequest" {
		return &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueStructure, Text: "EnrollmentRequest/$submit takes an EnrollmentRequest, or a collection Bundle with one."}
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
		onlyOne(d, bundle, "EnrollmentRequest", "Patient", "Coverage", "Practitioner", "PractitionerRole")
	}
	if n.Get("status").String() != "active" {
		d.fault(fhir.IssueBusinessRule, "EnrollmentRequest.status", "Only a request with status active enrols.")
	}
	for _, name := range []string{"insurer", "candidate", "coverage"} {
		if n.Get(name) == nil {
			d.fault(fhir.IssueRequired, "EnrollmentRequest."+name, "An enrolment needs "+name+" (IHE FAIS).")
		}
	}
	return fhir.NewError(fhir.Unprocessable, d.issues)
}

// onlyOne refuses a Bundle that is no collection, and more than one resource
// of the types in it.
func onlyOne(d *reader, bundle *fhir.Node, types ...string) {
	if bundle.Get("type").String() != "collection" {
		d.fault(fhir.IssueValue, "Bundle.type", "The Bundle of an operation has the type collection.")
	}
	seen := map[string]bool{}
	for i, e := range bundle.Get("entry").Each() {
		typ := e.Get("resource").ResourceType()
		if seen[typ] && contains(types, typ) {
			d.fault(fhir.IssueBusinessRule, fmt.Sprintf("Bundle.entry[%d].resource", i), "The Bundle may have one "+typ+" only.")
		}
		seen[typ] = true
	}
}

// parties locates insurer, candidate and provider, and checks that the caller
// may ask for them.
func (e *enrolling) parties(ctx context.Context) error {
	r, c, n := e.r, e.c, e.node
	insurer, err := r.locate(ctx, c, e.bag, n.Get("insurer"), "EnrollmentRequest.insurer", organizationTypes...)
	if err != nil {
		return err
	}
	if e.pack = e.set.byInsurer(insurer.Ref()); e.pack == nil {
		return &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueBusinessRule, Path: "EnrollmentRequest.insurer", Rule: "enrolment-insurer", Text: "The organization insures nobody on this server. Name the insurer of a scheme that is loaded here."}
	}
	if e.enrolled, err = e.day(); err != nil {
		return err
	}
	if err := e.sender(ctx); err != nil {
		return err
	}
	return e.candidate(ctx)
}

// day is the enrolment date: as written, else today in the scheme's zone.
func (e *enrolling) day() (date.Date, error) {
	today := e.pack.today(e.r.now())
	created := e.node.Get("created")
	if created == nil {
		return today, nil
	}
	d := &reader{pack: e.pack}
	day := d.day(created, "EnrollmentRequest.created")
	if day.After(today) {
		d.fault(fhir.IssueBusinessRule, "EnrollmentRequest.created", "The enrolment date lies in the future. Send the day of the enrolment.")
	}
	return day, fhir.NewError(fhir.Unprocessable, d.issues)
}

// sender checks who asks. A facility's client asks as its own facility, and
// what it makes is tagged as its own.
func (e *enrolling) sender(ctx context.Context) error {
	if p := e.node.Get("provider"); p != nil {
		found, err := e.r.locate(ctx, e.c, e.bag, p, "EnrollmentRequest.provider", providerTypes...)
		if err != nil {
			return err
		}
		e.provider = found.Ref()
		if err := e.facility(ctx, p); err != nil {
			return err
		}
		repoint(p, e.provider)
	}
	resolve := func(ref string) *fhir.Node {
		if came := e.bag.find(ref); came != nil {
			return came
		}
		return e.r.stored(ctx, ref)
	}
	if err := e.c.Principal.Writable("EnrollmentRequest", access.Create, e.node, resolve); err != nil {
		return err
	}
	e.c.Principal.Stamp("EnrollmentRequest", e.node)
	return nil
}

// facility finds the facility that the provider stands for. A facility's client
// must be that facility; whoever acts for many makes what is its (wire.md 7). A
// provider that stands for none, such as an officer of the insurer, is in order
// for them.
func (e *enrolling) facility(ctx context.Context, provider *fhir.Node) error {
	const path = "EnrollmentRequest.provider"
	found, err := e.r.facilityOf(ctx, e.c, e.bag, provider, nil, path)
	var fe *fhir.Error
	switch {
	case e.c.Principal.Restricted() && err == nil:
		return e.r.mayActFor(e.c, "EnrollmentRequest", found.Ref(), path)
	case err == nil:
		e.owner = found.Ref()
		access.SetOwner(e.node, e.owner)
	case !e.c.Principal.Restricted() && errors.As(err, &fe) && fe.Kind == fhir.Unprocessable:
		return nil
	}
	return err
}

// repoint writes what was found into a reference that names it by an address
// that is gone once the request is stored.
func repoint(ref *fhir.Node, target string) {
	if text := ref.Get("reference").String(); !strings.HasPrefix(text, "#") {
		pin(ref, target)
	}
}

// candidate finds the person to enrol: known here, or new in the Bundle.
func (e *enrolling) candidate(ctx context.Context) error {
	const path = "EnrollmentRequest.candidate"
	ref := e.node.Get("candidate")
	text := ref.Get("reference").String()
	if came := e.bag.find(text); came.ResourceType() == patient {
		e.came = came
	}
	res, err := e.r.locate(ctx, e.c, e.bag, ref, path, patientTypes...)
	var fe *fhir.Error
	switch {
	case err == nil:
		e.head = res
		repoint(ref, res.Ref())
		return e.sameNumber(ctx)
	case e.came == nil || strings.HasPrefix(text, "#") || !errors.As(err, &fe) || fe.Issue != fhir.IssueNotFound:
		return err
	}
	return e.register(ctx)
}

// sameNumber refuses a Patient that came along with the insurance number of
// another person than the one its other identifiers name.
func (e *enrolling) sameNumber(ctx context.Context) error {
	for _, number := range numbersOf(e.came, e.pack.System(systemInsurance)) {
		if taken, err := e.r.numberTaken(ctx, e.pack, number, e.head.Ref()); err != nil {
			return err
		} else if taken {
			return errNumberTaken("EnrollmentRequest.candidate")
		}
	}
	return nil
}

// register prepares the write of a Patient who is new. Searches for its
// identifiers are held to the commit, so that two requests at once do not
// register one person twice.
func (e *enrolling) register(ctx context.Context) error {
	node := e.came.Clone()
	node.Remove("id")
	for _, id := range node.Get("identifier").Each() {
		system, value := id.Get("system").String(), id.Get("value").String()
		if value == "" {
			continue
		}
		query := "identifier=" + url.QueryEscape(escapeToken(system)+"|"+escapeToken(value))
		cond, found, err := e.r.match(ctx, Call{Principal: access.Internal("enrolment")}, patient, query)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			return errRetry // somebody registered the person meanwhile
		}
		e.searches = append(e.searches, *cond)
	}
	e.fresh = &intent{method: http.MethodPost, typ: patient, node: node, path: "EnrollmentRequest.candidate", write: -1}
	e.r.assign(e.fresh, nil)
	if e.owner != "" {
		access.SetOwner(node, e.owner)
	}
	e.head = fhir.Resource{Type: patient, ID: e.fresh.id}
	repoint(e.node.Get("candidate"), e.head.Ref())
	return nil
}

// escapeToken escapes what has a meaning in a token parameter.
//
// https://hl7.org/fhir/R4/search.html#escaping
func escapeToken(s string) string {
	return strings.NewReplacer(`\`, `\\`, `,`, `\,`, `|`, `\|`, `$`, `\$`).Replace(s)
}

// household reads who enrols. The guards are read before the records, so that
// whatever changes in between drops the Unit.
func (e *enrolling) household(ctx context.Context) error {
	const path = "EnrollmentRequest.candidate"
	var group fhir.Resource
	var tree *fhir.Node
	refs := []string{e.head.Ref()}
	writes := map[string]*intent{}
	var err error
	if e.fresh != nil {
		writes[e.head.Ref()] = e.fresh
	} else if group, tree, err = e.r.groupOf(ctx, e.head.Ref(), path); err != nil {
		return err
	}
	if tree != nil {
		if refs, err = e.r.memberRefs(ctx, tree); err != nil {
			return err
		}
	}
	if err := e.facts(ctx, group, refs); err != nil {
		return err
	}
	if tree == nil {
		return e.alone(ctx, writes)
	}
	now, err := e.r.store.ReadMany(ctx, []string{group.Ref()})
	if err != nil || len(now) != 1 || now[0].Version != group.Version {
		return errors.Join(err, errRetry)
	}
	if e.house, err = e.r.readHousehold(ctx, group.Ref(), tree, refs, writes, e.enrolled); err != nil {
		return err
	}
	if e.house.head.ref() != e.head.Ref() {
		return errHead(path, "The candidate is not the head of the household. Send the request for the head; the members are enrolled with it.")
	}
	return e.fit(ctx)
}

// alone is the household of a person who is in no Group.
func (e *enrolling) alone(ctx context.Context, writes map[string]*intent) error {
	people, err := e.r.people(ctx, []string{e.head.Ref()}, writes)
	if err != nil {
		return err
	}
	p := people[e.head.Ref()]
	if p == nil {
		return errRetry
	}
	p.path = "EnrollmentRequest.candidate"
	if err := p.read(enrolment.Head, 0, e.enrolled); err != nil {
		return err
	}
	e.house = &household{head: p, people: []*insuree{p}}
	return e.fit(ctx)
}

// fit checks the head and the insurance numbers.
func (e *enrolling) fit(ctx context.Context) error {
	head := e.house.head
	if left := head.member.Left; !left.IsZero() && !left.After(e.enrolled) {
		return errHead("EnrollmentRequest.candidate", "The head of the household has died or is inactive. Give the household another head, then enrol.")
	}
	if err := e.pack.readNumbers(e.house.people); err != nil {
		return err
	}
	for _, m := range e.house.people {
		if m.number == "" {
			continue
		}
		if taken, err := e.r.numberTaken(ctx, e.pack, m.number, m.ref()); err != nil {
			return err
		} else if taken {
			return errNumberTaken(m.path)
		}
	}
	return e.r.wish(ctx, e.pack, head, e.coverage.Get("subscriberId").String(), "EnrollmentRequest.coverage.subscriberId")
}

// facts reads the guards of all persons and the policies of the household.
func (e *enrolling) facts(ctx context.Context, group fhir.Resource, refs []string) error {
	var keys []string
	for _, ref := range refs {
		keys = append(keys, personGuard(refID(ref)))
	}
	lookups := []store.Lookup{{Table: store.Policies, Column: "holder", Values: []string{e.head.Ref()}}}
	if group.Version > 0 {
		keys = append(keys, householdGuard(group.Ref()))
		lookups = append(lookups, store.Lookup{Table: store.Policies, Column: "household", Values: []string{group.Ref()}})
	}
	versions, rows, err := e.r.store.Facts(ctx, keys, lookups...)
	if err != nil {
		return fmt.Errorf("household's facts: %w", err)
	}
	e.guards = map[string]int64{}
	for i, key := range keys {
		e.guards[key] = versions[i]
	}
	var numbers []string
	for _, list := range rows {
		for _, row := range list {
			if n := row.Text("number"); row.Text("insurer") == e.pack.Name && !contains(numbers, n) {
				numbers = append(numbers, n)
			}
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	e.existing, _, err = e.r.byNumber(ctx, numbers)
	return err
}
