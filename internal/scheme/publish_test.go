package scheme

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/validate"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
	"github.com/jamii-health/jamii/profiles/schemes"
)

func demo(t *testing.T) *Pack {
	t.Helper()
	p, list := Load(schemes.NepalHIB())
	for _, problem := range list {
		t.Errorf("the demonstration pack must be without problems and notes: %s", problem)
	}
	if p == nil {
		t.FailNow()
	}
	return p
}

func TestResourcesAreValidR4(t *testing.T) {
	counts := checkResources(t, demo(t))
	want := map[string]int{
		"NamingSystem": 15, "CodeSystem": 5, "Organization": 13, "Location": 42, "Practitioner": 10, "PractitionerRole": 10,
		"ActivityDefinition": 80, "Medication": 76, "ChargeItemDefinition": 350, "InsurancePlan": 4,
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("published (-want +got):\n%s", diff)
	}
}

// checkResources holds what a pack publishes against R4, and each reference
// against what stands before it; it counts the resources by type.
func checkResources(t *testing.T, p *Pack) map[string]int {
	t.Helper()
	seen := map[string]bool{}
	for _, n := range p.Resources() {
		ref := n.ResourceType() + "/" + n.Get("id").String()
		if !fhir.ValidID(n.Get("id").String()) {
			t.Errorf("%s: not a FHIR id", ref)
		}
		if seen[ref] {
			t.Errorf("%s stands twice", ref)
		}
		again, err := fhir.ParseObject(n.JSON())
		if err != nil {
			t.Fatalf("%s: %v", ref, err)
		}
		for _, issue := range validate.Resource(again, validate.Options{}) {
			if !strings.Contains(issue.Text, "dom-6") && issue.Rule != "dom-6" { // no narrative: it is machine data
				t.Errorf("%s: %s %s: %s (%s)", ref, issue.Severity, issue.Path, issue.Text, issue.Rule)
			}
		}
		n.Walk(func(m *fhir.Node) bool {
			if target := m.Get("reference").String(); target != "" && !seen[target] {
				t.Errorf("%s refers to %s, which does not stand before it", ref, target)
			}
			return true
		})
		seen[ref] = true
	}
	counts := map[string]int{}
	for ref := range seen {
		typ, _, _ := strings.Cut(ref, "/")
		counts[typ]++
	}
	return counts
}

func TestPublishingAgainIsNoChange(t *testing.T) {
	write := func() []byte {
		var b bytes.Buffer
		for _, n := range demo(t).Resources() {
			b.Write(n.JSON())
			b.WriteByte('\n')
		}
		return b.Bytes()
	}
	if !bytes.Equal(write(), write()) {
		t.Error("the same pack gave other bytes")
	}
}

func find(t *testing.T, p *Pack, id string) *fhir.Node {
	t.Helper()
	for _, n := range p.Resources() {
		if n.Get("id").String() == id {
			return n
		}
	}
	t.Fatalf("no resource %s", id)
	return nil
}

func TestPublishedContent(t *testing.T) {
	p := demo(t)
	tests := []struct{ id, want string }{
		{"nepal-hib-svc-S705", `"useContext":[{"code":{"system":"http://terminology.hl7.org/CodeSystem/usage-context-type","code":"gender"},"valueCodeableConcept":{"coding":[{"system":"http://hl7.org/fhir/administrative-gender","code":"female"}]}}`},
		{"nepal-hib-svc-S101", `"_title":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/translation","extension":[{"url":"lang","valueCode":"ne"},{"url":"content","valueString":"सामान्य परामर्श"}]}]}`},
		{"nepal-hib-svc-S215", `{"url":"part","extension":[{"url":"code","valueCodeableConcept":{"coding":[{"system":"https://hib.example.np/CodeSystem/service","code":"S305"}]}},{"url":"quantity","valueDecimal":1}]}`},
		{"nepal-hib-cid-S-H-s-S101", `"url":"https://jamii.health/fhir/StructureDefinition/facility","valueReference":{"reference":"Organization/nepal-hib-fac-HO02"}`},
		{"nepal-hib-cid-S-H-s-S101", `"expression":"%context.occurrence >= @2025-07-17"}`},
		{"nepal-hib-cid-S-H-s-S101", `"priceComponent":[{"type":"base","amount":{"value":80.00,"currency":"NPR"}}]`},
		{"nepal-hib-cid-S-H-s-S101", `"priceComponent":[{"type":"base","amount":{"value":100.00,"currency":"NPR"}}]`},
		{"nepal-hib-cid-S-C-s-S401", `"amount":{"value":300.00,"currency":"NPR"}`}, // a version of the register
		{"nepal-hib-cid-I-D-i-I408", `"amount":{"value":0.00,"currency":"NPR"}`},   // free of charge (R30)
		{"nepal-hib-cid-I-D-i-I408", `"instance":[{"reference":"Medication/nepal-hib-itm-I408"}]`},
		{"nepal-hib-plan-HIB", `"extension":[{"url":"https://jamii.health/fhir/StructureDefinition/validity","valuePeriod":{"start":"2019-07-17","end":"2025-07-16"}}]`},
		{"nepal-hib-plan-HIB", `{"value":{"value":100000.00,"unit":"NPR","system":"urn:iso:std:iso:4217","code":"NPR"},"code":{"coding":[{"system":"https://jamii.health/fhir/CodeSystem/benefit-limit","code":"policy"}]}}`},
		{"nepal-hib-plan-HIB-2016", `"valueReference":{"reference":"InsurancePlan/nepal-hib-plan-HIB"`},
		{"nepal-hib-loc-P1D1M1W1", `"partOf":{"reference":"Location/nepal-hib-loc-P1D1M1","display":"Ratokhola"}`},
		{"nepal-hib-fac-HO01", `"url":"https://jamii.health/fhir/StructureDefinition/facility-level","valueCodeableConcept":{"coding":[{"system":"https://jamii.health/fhir/CodeSystem/facility-level","code":"H","display":"Hospital"}]}`},
		{"nepal-hib-ns-policy", `"kind":"identifier"`},
		{"nepal-hib-cs-diagnosis", `"content":"fragment"`},
	}
	for _, tt := range tests {
		if got := string(find(t, p, tt.id).JSON()); !strings.Contains(got, tt.want) {
			t.Errorf("%s lacks %s\n%s", tt.id, tt.want, got)
		}
	}
}

func TestChargesFollowListAndRegister(t *testing.T) {
	five, seven := wholeNumber(5), wholeNumber(7)
	key := claims.ArticleKey{Kind: claims.Service, Code: "A"}
	row := claims.PriceKey{List: "L", Kind: claims.Service, Code: "A"}
	d := date.Must
	p := &Pack{register: &claims.Register{
		Articles: map[claims.ArticleKey][]claims.Article{key: {{Price: five, To: d("2024-12-31")}, {Price: seven, From: d("2025-01-01")}}},
		Prices:   map[claims.PriceKey][]claims.Price{row: {{From: d("2024-06-01"), To: d("2025-06-30")}, {From: d("2025-07-01"), Overrule: &seven}}},
	}}
	var got []string
	for _, c := range p.chargesOf(row) {
		got = append(got, c.from.String()+" "+c.to.String()+" "+c.price.String())
	}
	want := []string{"2024-06-01 2024-12-31 5", "2025-01-01  7"} // equal neighbours are one
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("charges (-want +got):\n%s", diff)
	}
}
