package registry

import (
	"slices"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/claims"
)

// extensionTranslation gives a text in another language.
const extensionTranslation = "http://hl7.org/fhir/StructureDefinition/translation"

// enquiryAnswer builds a CoverageEligibilityResponse.
type enquiryAnswer struct {
	*enquiry
	left    *claims.Eligibility
	id      string
	request string
}

// build makes the answer. preAuthRef is the check-in receipt: a Claim may
// quote it, so that the answer of the day can be proved later (wire.md 4).
//
// https://hl7.org/fhir/R4/coverageeligibilityresponse.html
func (a *enquiryAnswer) build() *fhir.Node {
	n := fhir.Obj(fhir.Str("CoverageEligibilityResponse").As("resourceType"), fhir.Str(a.id).As("id"))
	if reasons := a.reasons(a.left.Findings); len(reasons) > 0 {
		n.Nodes = append(n.Nodes, fhir.Arr(reasons...).As("extension"))
	}
	n.Nodes = append(n.Nodes, fhir.Str("active").As("status"), a.node.Get("purpose").Clone().As("purpose"), ref(a.patient).As("patient"))
	switch {
	case a.node.Get("servicedPeriod") != nil:
		n.Nodes = append(n.Nodes, a.node.Get("servicedPeriod").Clone().As("servicedPeriod"))
	default:
		n.Nodes = append(n.Nodes, fhir.Str(a.day.String()).As("servicedDate"))
	}
	n.Nodes = append(n.Nodes, fhir.Str(fhir.Instant(a.r.now())).As("created"))
	if a.requestor != "" {
		n.Nodes = append(n.Nodes, ref(a.requestor).As("requestor"))
	}
	n.Nodes = append(n.Nodes, ref(a.request).As("request"), fhir.Str("complete").As("outcome"))
	n.Nodes = append(n.Nodes, a.disposition()...)
	n.Nodes = append(n.Nodes, ref(a.insurer).As("insurer"))
	if list := a.insurances(); len(list) > 0 {
		n.Nodes = append(n.Nodes, fhir.Arr(list...).As("insurance"))
	}
	if a.left.InForce {
		n.Nodes = append(n.Nodes, fhir.Str(a.id).As("preAuthRef"))
	}
	access.CopyOwner(&n, a.node)
	return &n
}

// disposition says whether the person is covered; if not, why.
func (a *enquiryAnswer) disposition() []fhir.Node {
	if a.left.InForce {
		return []fhir.Node{fhir.Str("Covered").As("disposition")}
	}
	if len(a.left.Findings) == 0 {
		return []fhir.Node{fhir.Str("Not covered").As("disposition")}
	}
	return a.sentence("disposition", a.left.Findings[0].Message)
}

// sentence is a text member in English, with the pack's other languages as
// translations: this resource has no notes of its own.
//
// https://hl7.org/fhir/R4/extension-translation.html
func (a *enquiryAnswer) sentence(name string, messages ...claims.Message) []fhir.Node {
	say := func(lang string) (text string) {
		for i, m := range messages {
			if i > 0 {
				text += " "
			}
			text += a.pack.Text(lang, m)
		}
		return text
	}
	english := say("en")
	if english == "" {
		return nil
	}
	translations := fhir.Arr()
	for _, lang := range a.pack.Languages {
		if text := say(lang); lang != "en" && text != english {
			translations.Nodes = append(translations.Nodes, fhir.Obj(
				fhir.Arr(
					fhir.Obj(fhir.Str("lang").As("url"), fhir.Str(lang).As("valueCode")),
					fhir.Obj(fhir.Str("content").As("url"), fhir.Str(text).As("valueString"))).As("extension"),
				fhir.Str(extensionTranslation).As("url")))
		}
	}
	out := []fhir.Node{fhir.Str(english).As(name)}
	if len(translations.Nodes) > 0 {
		out = append(out, fhir.Obj(translations.As("extension")).As("_"+name))
	}
	return out
}

// reasons are the refusals: our code, the openIMIS number, and the sentence.
func (a *enquiryAnswer) reasons(findings []claims.Finding) []fhir.Node {
	var out []fhir.Node
	for _, f := range findings {
		value := fhir.Obj(fhir.Arr(coding(systemReason, f.Rule), coding(systemRejection, itoa(int(f.Reason)))).As("coding"))
		value.Nodes = append(value.Nodes, a.sentence("text", f.Message)...)
		out = append(out, fhir.Obj(fhir.Str(extensionReason).As("url"), value.As("valueCodeableConcept")))
	}
	return out
}

// insurances has one entry per cover in force, with what it leaves; when none
// is, the cover that ends last stands for all, and says why not.
func (a *enquiryAnswer) insurances() []fhir.Node {
	var out []fhir.Node
	for at := range a.left.Covers {
		c := &a.left.Covers[at]
		h := a.policy(c.Policy)
		if h == nil || h.Coverages[a.person.ID] == "" {
			continue
		}
		n := fhir.Obj(ref(h.Coverages[a.person.ID]).As("coverage"), fhir.Bool(true).As("inforce"), period(c.Period.From, c.Period.To).As("benefitPeriod"))
		var items []fhir.Node
		if general := a.general(h, c); general != nil {
			items = append(items, *general)
		}
		for i := range a.left.Items {
			if item := &a.left.Items[i]; item.Policy == c.Policy || item.Policy == "" && at == a.left.Latest {
				items = append(items, a.item(i))
			}
		}
		if len(items) > 0 {
			n.Nodes = append(n.Nodes, fhir.Arr(items...).As("item"))
		}
		out = append(out, n)
	}
	if len(out) > 0 {
		return out
	}
	return a.lapsed()
}

// lapsed is the answer for a person whose covers are all out of force.
func (a *enquiryAnswer) lapsed() []fhir.Node {
	var last *held
	for _, h := range a.standing.policies {
		if h.Scheme == a.pack.Name && h.Coverages[a.person.ID] != "" && (last == nil || h.Policy.Period.Expiry.After(last.Policy.Period.Expiry)) {
			last = h
		}
	}
	if last == nil || a.unknown {
		return nil
	}
	n := fhir.Obj()
	if reasons := a.reasons(a.left.Findings); len(reasons) > 0 {
		n.Nodes = append(n.Nodes, fhir.Arr(reasons...).As("extension"))
	}
	n.Nodes = append(n.Nodes, ref(last.Coverages[a.person.ID]).As("coverage"), fhir.Bool(false).As("inforce"),
		period(last.Policy.Period.Start, last.Policy.Period.Expiry).As("benefitPeriod"))
	items := fhir.Arr()
	for i := range a.left.Items {
		items.Nodes = append(items.Nodes, a.item(i))
	}
	if len(items.Nodes) > 0 {
		n.Nodes = append(n.Nodes, items.As("item"))
	}
	return []fhir.Node{n}
}

func (a *enquiryAnswer) policy(number string) *held {
	i := slices.IndexFunc(a.standing.policies, func(h *held) bool { return h.Number == number })
	if i < 0 {
		return nil
	}
	return a.standing.policies[i]
}
