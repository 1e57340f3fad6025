package registry

import (
	"fmt"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/enrolment"
)

// Extensions of an EnrollmentResponse (wire.md 3).
const (
	extensionCoverage = fhir.Base + "/StructureDefinition/enrollment-coverage"
	extensionInvoice  = fhir.Base + "/StructureDefinition/enrollment-invoice"
	extensionExcluded = fhir.Base + "/StructureDefinition/enrollment-excluded"
)

// request is the EnrollmentRequest as it is stored: as sent, with the literal
// references of what was found.
func (e *enrolling) request(h *held) *fhir.Node {
	if to := h.Coverages[e.house.head.member.ID]; to != "" {
		if text := e.node.Path("coverage", "reference").String(); e.bag.byURL[text] != nil {
			repoint(e.node.Get("coverage"), to)
		}
	}
	if p := e.node.Path("insurer", "reference").String(); p == "" || e.bag.byURL[p] != nil {
		repoint(e.node.Get("insurer"), e.pack.insurer)
	}
	return e.node
}

// answer builds the EnrollmentResponse.
//
// https://hl7.org/fhir/R4/enrollmentresponse.html
func (e *enrolling) answer(h *held, value enrolment.Breakdown) *fhir.Node {
	refs := fhir.Arr()
	link := func(url, to string) {
		refs.Nodes = append(refs.Nodes, fhir.Obj(fhir.Str(url).As("url"), ref(to).As("valueReference")))
	}
	ids, _ := insured(&h.Policy)
	for _, id := range ids {
		link(extensionCoverage, h.Coverages[id])
	}
	if h.Invoice != "" {
		link(extensionInvoice, h.Invoice)
	}
	for _, x := range value.Excluded {
		refs.Nodes = append(refs.Nodes, fhir.Obj(fhir.Arr(
			fhir.Obj(fhir.Str("member").As("url"), ref(patient+"/"+x.ID).As("valueReference")),
			fhir.Obj(fhir.Str("reason").As("url"), fhir.Str(string(x.Why)).As("valueCode"))).As("extension"),
			fhir.Str(extensionExcluded).As("url")))
	}
	n := fhir.Obj(fhir.Str("EnrollmentResponse").As("resourceType"), fhir.Str(e.answerID).As("id"),
		refs.As("extension"), fhir.Str("active").As("status"), ref("EnrollmentRequest/"+e.requested).As("request"),
		fhir.Str("complete").As("outcome"), fhir.Str(e.disposition(h, value)).As("disposition"),
		fhir.Str(fhir.Instant(e.r.now())).As("created"), ref(e.pack.insurer).As("organization"))
	if e.provider != "" {
		n.Nodes = append(n.Nodes, ref(e.provider).As("requestProvider"))
	}
	access.CopyOwner(&n, e.node)
	return &n
}

// disposition says in words what the enrolment did and what comes next.
func (e *enrolling) disposition(h *held, value enrolment.Breakdown) string {
	p := &h.Policy
	text := "Enrolled from " + p.Period.Start.String() + " to " + p.Period.Expiry.String() + "."
	if p.Status == claims.Active {
		text += " The cover is active: nothing is to be paid."
	} else if p.Value.IsPos() {
		text += " The cover begins when the contribution is paid: " + p.Value.Rescale(e.plan.Decimals).String() + " " + e.pack.Currency +
			", by " + p.Period.LastPayment.String() + "."
	}
	over, left := 0, 0
	for _, x := range value.Excluded {
		if x.Why == enrolment.OverLimit {
			over++
		} else {
			left++
		}
	}
	if over > 0 {
		text += fmt.Sprintf(" Not insured: %d beyond the %d members that the plan allows.", over, e.plan.MaxMembers)
	}
	if left > 0 {
		text += fmt.Sprintf(" Not insured: %d who died or are inactive.", left)
	}
	return text
}
