package profiles_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
)

// spoils are changes that each break one rule of a profile, and what is said.
var spoils = []struct {
	profile string
	change  func(n *fhir.Node)
	want    string
}{
	{"claim", set("implicitRules", `"urn:x"`), "cardinality Claim.implicitRules"},
	{"claim", set("related", `[{"claim":{"reference":"Patient/1"}}]`), "ref-target Claim.related[0].claim"},
	{"claim-response", without("request"), "cardinality ClaimResponse.request"},
	{"claim-response", without("requestor"), "cardinality ClaimResponse.requestor"},
	{"claim-response", without("total"), "cardinality ClaimResponse.total"},
	{"enrollment-request", without("insurer"), "cardinality EnrollmentRequest.insurer"},
	{"enrollment-request", without("candidate"), "cardinality EnrollmentRequest.candidate"},
	{"enrollment-request", without("coverage"), "cardinality EnrollmentRequest.coverage"},
	{"enrollment-response", without("status"), "cardinality EnrollmentResponse.status"},
	{"enrollment-response", without("outcome"), "cardinality EnrollmentResponse.outcome"},
	{"coverage-eligibility-request", set("implicitRules", `"urn:x"`), "cardinality CoverageEligibilityRequest.implicitRules"},
	{"coverage-eligibility-response", within("insurance", without("inforce")), "cardinality CoverageEligibilityResponse.insurance[0].inforce"},
	{"insurance-plan", without("ownedBy"), "cardinality InsurancePlan.ownedBy"},
	{"insurance-plan", without("administeredBy"), "cardinality InsurancePlan.administeredBy"},
	{"insurance-plan", without("plan"), "cardinality InsurancePlan.plan"},
	{"insurance-plan", without("type"), "cardinality InsurancePlan.type"},
	{"coverage", without("extension"), "cardinality Coverage.extension"},
	{"coverage", without("class"), "cardinality Coverage.class"},
	{"coverage-request", set("payor", `[{"display":"a"},{"display":"b"}]`), "cardinality Coverage.payor"},
	{"household", within("member", without("extension")), "cardinality Group.member[0].extension"},
	{"household", within("member", set("extension", `[{"url":"`+rolePath+`","valueCode":"4"}]`)), "jamii-household-head Group"},
	{"household", set("code", `{"coding":[{"code":"herd"}]}`), "pattern Group.code"},
	{"household", set("actual", `false`), "fixed Group.actual"},
	{"patient", without("identifier"), "cardinality Patient.identifier"},
	{"patient", within("identifier", without("system")), "cardinality Patient.identifier[0].system"},
	{"patient", set("name", `[{"use":"official"}]`), "jamii-patient-name Patient.name[0]"},
	{"patient", set("link", `[{"type":"seealso","other":{"reference":"Patient/1"}}]`), "jamii-patient-link Patient"},
	{"organization", without("type"), "cardinality Organization.type"},
	{"organization", without("name"), "cardinality Organization.name"},
	{"facility-location", without("managingOrganization"), "cardinality Location.managingOrganization"},
	{"practitioner", without("name"), "cardinality Practitioner.name"},
	{"practitioner-role", without("code"), "cardinality PractitionerRole.code"},
	{"payment-notice", set("request", `{"reference":"Claim/1"}`), "ref-target PaymentNotice.request"},
	{"payment-notice", set("payment", `{"display":"cash"}`), "jamii-payment-receipt PaymentNotice"},
	{"invoice", without("lineItem"), "cardinality Invoice.lineItem"},
	{"task-review", set("code", `{"text":"tea"}`), "pattern Task.code"},
	{"task-review", without("input"), "cardinality Task.input"},
	{"charge-item-definition", without("useContext"), "cardinality ChargeItemDefinition.useContext"},
	{"activity-definition", set("kind", `"Task"`), "fixed ActivityDefinition.kind"},
	{"medication", without("code"), "cardinality Medication.code"},
	{"claim-bundle", without("entry"), "cardinality Bundle.entry"},
	{"claim-response-bundle", set("type", `"batch"`), "fixed Bundle.type"},
	{"enrollment-request-bundle", twice, "cardinality Bundle.entry"},
	{"enrollment-response-bundle", twice, "cardinality Bundle.entry"},
	{"coverage-eligibility-request-bundle", twice, "cardinality Bundle.entry"},
	{"coverage-eligibility-response-bundle", twice, "cardinality Bundle.entry"},
}

// without takes an element out, with what stands beside a primitive.
func without(name string) func(*fhir.Node) {
	return func(n *fhir.Node) {
		n.Remove(name)
		n.Remove("_" + name)
	}
}

func set(name, value string) func(*fhir.Node) {
	return func(n *fhir.Node) {
		v, err := fhir.Parse([]byte(value))
		if err != nil {
			panic(err)
		}
		n.Set(name, *v)
	}
}

// within changes the first element of a list.
func within(name string, change func(*fhir.Node)) func(*fhir.Node) {
	return func(n *fhir.Node) { change(n.Get(name).At(0)) }
}

// twice repeats the first entry.
func twice(n *fhir.Node) {
	list := n.Get("entry")
	again := list.At(0).Clone()
	again.Set("fullUrl", fhir.Str("urn:uuid:00000000-0000-4000-8000-999999999999"))
	list.Nodes = append(list.Nodes, *again)
}

// What the engine takes and makes conforms to the profile, and each rule of a
// profile is broken by what lacks it.
func TestProduced(t *testing.T) {
	g, set := newGateway(t, nil), ownProfiles()
	good := g.produced()
	for _, n := range g.pack.Resources() {
		if name := publishedAs(n); name != "" {
			good[name] = []*fhir.Node{n}
		}
	}
	for _, name := range names() {
		if len(good[name]) == 0 {
			t.Errorf("nothing is made for %s", name)
		}
		for _, n := range good[name] {
			if diff := cmp.Diff([]string(nil), faults(set, n, name)); diff != "" {
				t.Errorf("%s (-want +got)\n%s\n%s", name, diff, n.JSON())
			}
		}
	}
	seen := map[string]bool{}
	for _, tt := range spoils {
		seen[tt.profile] = true
		if len(good[tt.profile]) == 0 {
			continue // said above
		}
		bad := good[tt.profile][0].Clone()
		tt.change(bad)
		if got := faults(set, bad, tt.profile); !slices.Contains(got, tt.want) {
			t.Errorf("%s: want %q, got %q", tt.profile, tt.want, got)
		}
	}
	for _, name := range names() {
		if !seen[name] {
			t.Errorf("no bad example of %s", name)
		}
	}
}

// What is demanded of a type is asked of every write, also of one that claims
// nothing.
func TestDemanded(t *testing.T) {
	g := newGateway(t, map[string][]string{"Patient": {profileURL("patient")}, "Group": {profileURL("household")}})
	entries := g.household(false)
	entries[1].Resource.Remove("name")
	_, err := g.r.Transaction(t.Context(), g.call, entries)
	var fe *fhir.Error
	named := func(is fhir.Issue) bool {
		return is.Rule == "cardinality" && is.Path == "Bundle.entry[1].resource.name"
	}
	if !errors.As(err, &fe) || !slices.ContainsFunc(fe.All(), named) {
		t.Errorf("a person without a name: %v", err)
	}
	if _, err := g.r.Transaction(t.Context(), g.call, g.household(false)); err != nil {
		t.Error(err)
	}
}
