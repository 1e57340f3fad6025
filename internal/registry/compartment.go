package registry

import (
	"context"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

// compartment is what belongs to one or several resources of a type.
//
// https://hl7.org/fhir/R4/compartmentdefinition.html
type compartment struct {
	owner string // resource type: Patient or Encounter
	ids   []string
}

// params are the reference parameters that put a resource of a type into the
// compartment; ok is false for a type that is never in it.
func (k *compartment) params(typ string) (codes []string, ok bool) {
	switch k.owner {
	case patient:
		codes = definition.Compartment(typ)
	case encounter:
		codes = encounterCompartment[typ]
	}
	return codes, len(codes) > 0 || typ == k.owner
}

// expr is true for the resources of a type that are in the compartment.
func (k *compartment) expr(typ string) (search.Expr, error) {
	codes, ok := k.params(typ)
	if !ok {
		return nil, &fhir.Error{Kind: fhir.NotFound, Issue: fhir.IssueNotSupported, Text: typ + " is never in the compartment of a " + k.owner + "."}
	}
	var any search.Or
	if typ == k.owner {
		any = append(any, search.IDs(k.ids))
	}
	for _, id := range k.ids {
		for _, code := range codes {
			any = append(any, search.Is{Param: code, Kind: search.Reference, Code: k.owner + "/" + id})
		}
	}
	return any, nil
}

const encounter = "Encounter"

// encounterCompartment is HL7's compartment of an Encounter.
//
// https://hl7.org/fhir/R4/compartmentdefinition-encounter.html
var encounterCompartment = map[string][]string{
	"CarePlan": {"encounter"}, "CareTeam": {"encounter"}, "ChargeItem": {"context"}, "Claim": {"encounter"}, "ClinicalImpression": {"encounter"},
	"Communication": {"encounter"}, "CommunicationRequest": {"encounter"}, "Composition": {"encounter"}, "Condition": {"encounter"},
	"DeviceRequest": {"encounter"}, "DiagnosticReport": {"encounter"}, "DocumentManifest": {"related-ref"}, "DocumentReference": {"encounter"},
	"ExplanationOfBenefit": {"encounter"}, "Media": {"encounter"}, "MedicationAdministration": {"context"}, "MedicationRequest": {"encounter"},
	"NutritionOrder": {"encounter"}, "Observation": {"encounter"}, "Procedure": {"encounter"}, "QuestionnaireResponse": {"encounter"},
	"RequestGroup": {"encounter"}, "ServiceRequest": {"encounter"}, "VisionPrescription": {"encounter"},
}

// EveryType asks for the resources of all types in a compartment.
const EveryType = "*"

// SearchIn finds the resources of a type, or of EveryType, in the compartment
// of owner/id.
//
// https://hl7.org/fhir/R4/http.html#vsearch
func (r *Registry) SearchIn(ctx context.Context, c Call, owner, id, typ string, pairs []search.Pair) (Found, error) {
	found, err := r.findIn(ctx, c, &compartment{owner, []string{id}}, typ, pairs)
	row := store.Audit{Interaction: "search-type", Action: "E", Type: typ, Query: rawQuery(pairs)}
	if typ == EveryType {
		row.Interaction, row.Type = "search-system", ""
	}
	if owner == patient {
		row.Patient = refOf(owner, id)
	}
	return found, r.audited(ctx, c, row, err)
}

func (r *Registry) findIn(ctx context.Context, c Call, k *compartment, typ string, pairs []search.Pair) (Found, error) {
	path := k.owner + "/" + k.ids[0] + "/" + typ
	if typ == EveryType {
		typ = ""
	} else if err := checkType(typ); err != nil {
		return Found{}, err
	}
	if (k.owner != patient && k.owner != encounter) || !fhir.ValidID(k.ids[0]) {
		return Found{}, &fhir.Error{Kind: fhir.NotFound, Issue: fhir.IssueNotSupported, Text: "There is no such compartment here. A compartment is searched at Patient/id/type or Encounter/id/type."}
	}
	if typ != "" {
		if _, err := k.expr(typ); err != nil {
			return Found{}, err
		}
	}
	list := cursor{Kind: searchCursor, Type: typ, ID: k.owner + "/" + k.ids[0]}
	cur, pairs, err := r.resume(c, list, pairs)
	if err != nil {
		return Found{}, err
	}
	o := r.parseOptions(ctx, c)
	o.Lenient = o.Lenient && !cur.Sealed
	o.Terminology = codeLists{ctx, r, c}
	q, err := r.catalogue.Parse(typ, r.local(c, typ, pairs), o)
	if err != nil {
		return Found{}, err
	}
	more := &search.Query{Type: q.Type, Include: q.Include, RevInclude: q.RevInclude}
	q.Include, q.RevInclude = nil, nil
	inside := c
	inside.within = k
	f, err := r.run(ctx, inside, q, cur)
	if err != nil {
		return Found{}, err
	}
	if err := r.bring(ctx, c, &f, more); err != nil {
		return Found{}, err
	}
	return f, r.relink(&f, q.Type, path, list.ID)
}

// bring adds what the matches of a page bring along, which need not be in the
// compartment.
func (r *Registry) bring(ctx context.Context, c Call, f *Found, q *search.Query) error {
	var matches []fhir.Resource
	for i := range f.Entries {
		if f.Entries[i].Mode == "match" {
			matches = append(matches, f.Entries[i].Resource)
		}
	}
	included, cut, err := r.include(ctx, c, q, matches)
	if err != nil {
		return err
	}
	if cut {
		f.addOutcome(fhir.Issue{Severity: fhir.SeverityWarning, Code: fhir.IssueTooCostly, Text: "More is included than fits on one page, and the rest is left out. Ask for fewer matches at once with _count."})
	}
	return r.show(c, f, q, included, "include")
}

// relink makes the links of a page lead to the list at path.
func (r *Registry) relink(f *Found, typ, path, id string) error {
	for i, l := range f.Links {
		rest := strings.TrimPrefix(l.Path, typ)
		if token, ok := strings.CutPrefix(rest, "?"+CursorParam+"="); ok {
			next, err := r.cursors.open(token)
			if err != nil {
				return err
			}
			next.ID = id
			if token, err = r.cursors.seal(next); err != nil {
				return err
			}
			rest = "?" + CursorParam + "=" + token
		}
		f.Links[i].Path = path + rest
	}
	return nil
}
