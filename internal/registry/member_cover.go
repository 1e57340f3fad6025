package registry

import (
	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
	"github.com/jamii-health/jamii/internal/enrolment"
)

// Systems and extensions of a Coverage that the engine writes.
const (
	systemCoverClass      = "http://terminology.hl7.org/CodeSystem/coverage-class"
	systemRelationship    = "http://terminology.hl7.org/CodeSystem/subscriber-relationship"
	extensionPolicyStatus = fhir.Base + "/StructureDefinition/policy-status"
	extensionPolicy       = fhir.Base + "/StructureDefinition/charged-policy"
)

// policyStatus are the codes of the exact state (wire.md 3).
var policyStatus = map[claims.Status]string{
	claims.Idle: "idle", claims.Active: "active", claims.Suspended: "suspended", claims.Expired: "expired", claims.Ready: "ready",
}

// relationships are what HL7 has for the relation codes of openIMIS; the rest
// is "other".
var relationships = map[int]string{enrolment.Head: "self", 2: "parent", 4: "child", 8: "spouse"}

// cover builds the Coverage of a member: what shows the policy to others. The
// engine itself reads its own tables.
//
// https://hl7.org/fhir/R4/coverage.html
func (b *booking) cover(id string, m *enrolment.Insured) *fhir.Node {
	h := b.h
	n := fhir.Obj(fhir.Str("Coverage").As("resourceType"), fhir.Str(id).As("id"), fhir.Arr().As("extension"))
	if system := b.pack.System(systemPolicy); system != "" {
		n.Nodes = append(n.Nodes, fhir.Arr(fhir.Obj(fhir.Str(system).As("system"), fhir.Str(h.Number).As("value"))).As("identifier"))
	}
	n.Nodes = append(n.Nodes, fhir.Str("draft").As("status"), ref(h.Holder).As("policyHolder"))
	if p := b.people[m.ID]; p != nil && p.number != "" {
		n.Nodes = append(n.Nodes, fhir.Str(p.number).As("subscriberId"))
	}
	relationship := relationships[m.Relation]
	if relationship == "" {
		relationship = "other"
	}
	n.Nodes = append(n.Nodes,
		ref(patient+"/"+m.ID).As("beneficiary"), concept(systemRelationship, relationship).As("relationship"),
		fhir.Obj().As("period"), fhir.Arr(ref(b.pack.insurer)).As("payor"), fhir.Arr(
			coverClass("group", h.Number, ""),
			coverClass("plan", h.Policy.Plan, b.pack.planName(h.Policy.Plan))).As("class"))
	showCover(&n, h, m)
	return &n
}

func coverClass(typ, value, name string) fhir.Node {
	n := fhir.Obj(concept(systemCoverClass, typ).As("type"), fhir.Str(value).As("value"))
	if name != "" {
		n.Nodes = append(n.Nodes, fhir.Str(name).As("name"))
	}
	return n
}

// planName is the plan's name in the first language of the scheme.
func (p *pack) planName(code string) string {
	for _, plan := range p.Plans {
		if plan.Code == code {
			return plan.Name.In(p.Languages[0])
		}
	}
	return ""
}

// showCover writes the state of a member's cover into its Coverage. Status says
// no more than R4 can; the extension has the exact state (wire.md 3.5). A
// member who is not covered yet is draft, whatever the policy is. One who left,
// or died, before the cover began shows as the policy does, and the period is
// over on the last day.
func showCover(n *fhir.Node, h *held, m *enrolment.Insured) {
	p := &h.Policy
	status, from, to := "active", m.Effective, m.Expiry
	switch {
	case !from.IsZero():
	case !p.Effective.IsZero() && !m.Left.IsZero():
		from, to = m.Expiry, m.Expiry
	default:
		status, from, to = "draft", date.Max(p.Period.Start, m.Joined), date.Max(date.Max(p.Period.Start, m.Joined), m.Expiry)
	}
	if p.Status == claims.Suspended {
		status = "cancelled"
	}
	n.Set("status", fhir.Str(status))
	n.Set("period", period(from, to))
	setExtension(n, extensionPolicyStatus, fhir.Str(policyStatus[p.Status]).As("valueCode"))
}

func period(from, to date.Date) fhir.Node {
	n := fhir.Obj()
	if !from.IsZero() {
		n.Nodes = append(n.Nodes, fhir.Str(from.String()).As("start"))
	}
	if !to.IsZero() {
		n.Nodes = append(n.Nodes, fhir.Str(to.String()).As("end"))
	}
	return n
}

// setExtension replaces the extension with the address, or adds it.
func setExtension(n *fhir.Node, url string, value fhir.Node) {
	if old := extension(n, url); old != nil {
		old.Nodes = fhir.Obj(fhir.Str(url).As("url"), value).Nodes
		return
	}
	addExtension(n, url, value)
}

// addExtension adds an extension beside what there is.
func addExtension(n *fhir.Node, url string, value fhir.Node) {
	e := fhir.Obj(fhir.Str(url).As("url"), value)
	if list := n.Get("extension"); list.Is(fhir.KindArray) {
		list.Nodes = append(list.Nodes, e)
		return
	}
	n.Set("extension", fhir.Arr(e))
}
