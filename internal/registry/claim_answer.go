package registry

import (
	"fmt"
	"slices"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/claims"
)

// Code systems of answers (wire.md 5).
const (
	systemAdjudication     = "http://terminology.hl7.org/CodeSystem/adjudication"
	systemOwnAdjudication  = fhir.Base + "/CodeSystem/adjudication"
	systemReason           = fhir.Base + "/CodeSystem/decision-reason"
	systemRejection        = fhir.Base + "/CodeSystem/claim-rejection-reasons"
	systemLanguage         = "urn:ietf:bcp:47"
	systemTask             = fhir.Base + "/CodeSystem/task"
	extensionReason        = fhir.Base + "/StructureDefinition/decision-reason"
	extensionEngine        = fhir.Base + "/StructureDefinition/decided-by"
	dispositionDenied      = "Denied"
	dispositionAccepted    = "Accepted"
	dispositionPartly      = "Partly accepted"
	dispositionQueued      = "Queued for review"
	dispositionUnderReview = "Under review"
)

// hl7Steps are the money steps that HL7 has a code for; the others are ours.
var hl7Steps = map[claims.StepKind]bool{
	claims.StepSubmitted: true, claims.StepEligible: true, claims.StepDeductible: true, claims.StepCopay: true, claims.StepBenefit: true,
}

// notes numbers the sentences of an answer: one note per sentence and
// language.
type notes struct {
	pack *pack
	list []fhir.Node
}

// add makes the notes of a message and returns their numbers.
func (t *notes) add(m claims.Message) []fhir.Node {
	var numbers []fhir.Node
	for _, lang := range t.pack.Languages {
		n := fhir.Num(itoa(len(t.list) + 1))
		numbers = append(numbers, n)
		t.list = append(t.list, fhir.Obj(
			n.As("number"), fhir.Str("display").As("type"), fhir.Str(t.pack.Text(lang, m)).As("text"),
			fhir.Obj(fhir.Arr(coding(systemLanguage, lang)).As("coding")).As("language")))
	}
	return numbers
}

// say makes a note of words that a person wrote.
func (t *notes) say(text string) fhir.Node {
	n := fhir.Num(itoa(len(t.list) + 1))
	t.list = append(t.list, fhir.Obj(n.As("number"), fhir.Str("print").As("type"), fhir.Str(text).As("text")))
	return n
}

func coding(system, code string) fhir.Node {
	return fhir.Obj(fhir.Str(system).As("system"), fhir.Str(code).As("code"))
}

func concept(system, code string) fhir.Node {
	return fhir.Obj(fhir.Arr(coding(system, code)).As("coding"))
}

func ref(target string) fhir.Node { return fhir.Obj(fhir.Str(target).As("reference")) }

func (s *submission) money(m claims.Money) fhir.Node {
	d := s.pack.Settings().Decimals
	return fhir.Obj(fhir.Num(m.Rescale(d).String()).As("value"), fhir.Str(s.pack.Currency).As("currency"))
}

// answer builds the ClaimResponse of a decision.
//
// https://hl7.org/fhir/R4/claimresponse.html and wire.md 5
func (s *submission) answer(d *claims.Decision, version int) *fhir.Node {
	t := &notes{pack: s.pack}
	queued := d.State == claims.StateChecked
	outcome, disposition := "complete", s.disposition(d)
	if queued {
		outcome = "queued"
	}
	n := fhir.Obj(fhir.Str("ClaimResponse").As("resourceType"), fhir.Str(s.answerID).As("id"))
	n.Nodes = append(n.Nodes, fhir.Arr(s.decidedBy(d)).As("extension"), fhir.Str("active").As("status"))
	n.Nodes = append(n.Nodes, s.node.Get("type").Clone().As("type"))
	if sub := s.node.Get("subType"); sub != nil {
		n.Nodes = append(n.Nodes, sub.Clone().As("subType"))
	}
	n.Nodes = append(n.Nodes,
		fhir.Str(string(s.claim.Use)).As("use"), ref(s.patient).As("patient"),
		fhir.Str(fhir.Instant(s.r.now())).As("created"), ref(s.insurer).As("insurer"),
		s.requestor().As("requestor"), ref("Claim/"+s.claimID).As("request"),
		fhir.Str(outcome).As("outcome"), fhir.Str(disposition).As("disposition"))
	if s.claim.Use == claims.UsePreauthorization && d.State != claims.StateRejected && !queued {
		n.Nodes = append(n.Nodes, fhir.Str(s.answerID).As("preAuthRef"))
	}
	items := fhir.Arr()
	for i := range d.Lines {
		items.Nodes = append(items.Nodes, s.item(&d.Lines[i], t))
	}
	n.Nodes = append(n.Nodes, items.As("item"), fhir.Arr(
		s.total("submitted", d.Asked), s.total("benefit", d.Paid)).As("total"))
	for _, m := range slices.Concat(d.Notes, d.Review) {
		t.add(m)
	}
	if len(t.list) > 0 {
		n.Nodes = append(n.Nodes, fhir.Arr(t.list...).As("processNote"))
	}
	access.CopyOwner(&n, s.node)
	return &n
}

// requestor names the facility by id and by its code, for clients that never
// learn our ids.
func (s *submission) requestor() fhir.Node {
	n := ref(s.provider)
	if code, system := s.pack.facilities[s.provider], s.pack.System("facility"); code != "" {
		n.Nodes = append(n.Nodes, fhir.Obj(fhir.Str(system).As("system"), fhir.Str(code).As("value")).As("identifier"))
	}
	return n
}

func (s *submission) disposition(d *claims.Decision) string {
	switch {
	case d.State == claims.StateRejected:
		return dispositionDenied
	case d.State == claims.StateChecked:
		return dispositionQueued
	}
	for i := range d.Lines {
		if d.Lines[i].Status == claims.Rejected {
			return dispositionPartly
		}
	}
	return dispositionAccepted
}

// decidedBy names the versions that decided, so that the decision can be
// replayed.
func (s *submission) decidedBy(d *claims.Decision) fhir.Node {
	part := func(url, value string) fhir.Node {
		return fhir.Obj(fhir.Str(url).As("url"), fhir.Str(value).As("valueString"))
	}
	return fhir.Obj(
		fhir.Arr(part("engine", d.Engine), part("scheme", s.pack.Name), part("digest", s.pack.Digest)).As("extension"),
		fhir.Str(extensionEngine).As("url"))
}

func (s *submission) total(step string, m claims.Money) fhir.Node {
	return fhir.Obj(concept(systemAdjudication, step).As("category"), s.money(m).As("amount"))
}

// item is the answer for a line: one adjudication per money step, the reasons,
// and the numbers of its sentences.
func (s *submission) item(l *claims.LineDecision, t *notes) fhir.Node {
	var numbers []fhir.Node
	for _, f := range l.Findings {
		numbers = append(numbers, t.add(f.Message)...)
	}
	for _, m := range l.Notes {
		numbers = append(numbers, t.add(m)...)
	}
	if why := s.justified[l.Sequence]; why != "" {
		numbers = append(numbers, t.say(why))
	}
	if len(numbers) == 0 && l.Status == claims.Passed {
		numbers = t.add(claims.InFull(l, l.Paid.Rescale(s.pack.Settings().Decimals).String()))
	}
	adjudication := fhir.Arr()
	benefit := false
	for _, step := range l.Steps {
		a := s.step(step)
		if step.Kind == claims.StepBenefit {
			benefit = true
			addReason(&a, l)
		}
		adjudication.Nodes = append(adjudication.Nodes, a)
	}
	if !benefit {
		a := s.step(claims.Step{Kind: claims.StepBenefit, Amount: l.Paid})
		addReason(&a, l)
		adjudication.Nodes = append(adjudication.Nodes, a)
	}
	n := fhir.Obj()
	if l.Policy != "" {
		n.Nodes = append(n.Nodes, fhir.Arr(fhir.Obj(
			fhir.Str(fhir.Base+"/StructureDefinition/charged-policy").As("url"), fhir.Str(l.Policy).As("valueString"))).As("extension"))
	}
	n.Nodes = append(n.Nodes, fhir.Num(itoa(l.Sequence)).As("itemSequence"))
	if len(numbers) > 0 {
		n.Nodes = append(n.Nodes, fhir.Arr(numbers...).As("noteNumber"))
	}
	n.Nodes = append(n.Nodes, adjudication.As("adjudication"))
	return n
}

func (s *submission) step(step claims.Step) fhir.Node {
	system := systemOwnAdjudication
	if hl7Steps[step.Kind] {
		system = systemAdjudication
	}
	return fhir.Obj(concept(system, string(step.Kind)).As("category"), s.money(step.Amount).As("amount"))
}

// addReason gives the reason that stands against a line: our code and the
// openIMIS number.
func addReason(a *fhir.Node, l *claims.LineDecision) {
	if l.Status == claims.Passed {
		return
	}
	codings := fhir.Arr()
	if len(l.Findings) > 0 {
		f := l.Findings[0]
		codings.Nodes = append(codings.Nodes, coding(systemReason, f.Rule), coding(systemRejection, fmt.Sprint(int(f.Reason))))
	}
	reason := fhir.Obj(codings.As("coding"))
	amount := *a.Get("amount")
	a.Remove("amount")
	a.Nodes = append(a.Nodes, reason.As("reason"), amount)
}

// task asks an officer to review a queued claim.
func (s *submission) task(d *claims.Decision) *fhir.Node {
	n := fhir.Obj(
		fhir.Str("Task").As("resourceType"), fhir.Str(s.taskID).As("id"),
		fhir.Str("requested").As("status"), fhir.Str("order").As("intent"), concept(systemTask, "review").As("code"),
		ref("Claim/"+s.claimID).As("focus"), ref(s.patient).As("for"), fhir.Str(fhir.Instant(s.r.now())).As("authoredOn"),
		ref(s.provider).As("requester"))
	if len(d.Review) > 0 {
		n.Nodes = append(n.Nodes, fhir.Obj(fhir.Str(s.pack.Text(s.pack.Languages[0], d.Review[0])).As("text")).As("reasonCode"))
	}
	n.Nodes = append(n.Nodes, fhir.Arr(fhir.Obj(
		concept(systemTask, "answer").As("type"), ref("ClaimResponse/"+s.answerID).As("valueReference"))).As("input"))
	return &n
}
