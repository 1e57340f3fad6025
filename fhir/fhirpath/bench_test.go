package fhirpath

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
)

// claim is a Claim of about 6 kB.
func claim(t testing.TB) *fhir.Node {
	t.Helper()
	var items []string
	for i := range 12 {
		items = append(items, fmt.Sprintf(`{"sequence":%d,"category":{"coding":[{"system":"https://example.org/kind","code":"item"}]},
			"productOrService":{"coding":[{"system":"https://example.org/product","code":"P%03d","display":"Product number %d"}]},
			"servicedDate":"2025-03-%02d","quantity":{"value":%d},"unitPrice":{"value":120.50,"currency":"NPR"},"net":{"value":241.00,"currency":"NPR"},
			"extension":[{"url":"https://example.org/explanation","valueString":"as agreed"}]}`, i+1, i, i, i+1, i+1))
	}
	n, err := fhir.Parse([]byte(`{"resourceType":"Claim","id":"c1","meta":{"versionId":"1","lastUpdated":"2025-03-04T05:06:07Z","profile":["https://example.org/claim"]},
		"identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"system":"https://example.org/claims","value":"C-0001"}],
		"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>A claim of <b>twelve</b> lines</p></div>"},
		"status":"active","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/claim-type","code":"institutional"}]},"use":"claim",
		"patient":{"reference":"Patient/p1","display":"A patient"},"billablePeriod":{"start":"2025-03-01","end":"2025-03-14"},"created":"2025-03-15T10:11:12+05:45",
		"enterer":{"reference":"Practitioner/e1"},"insurer":{"reference":"Organization/i1"},"provider":{"reference":"Organization/f1"},
		"priority":{"coding":[{"code":"normal"}]},"facility":{"reference":"Location/l1"},
		"careTeam":[{"sequence":1,"provider":{"reference":"Practitioner/e1"}}],
		"diagnosis":[{"sequence":1,"diagnosisCodeableConcept":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"A00.0"}]}}],
		"insurance":[{"sequence":1,"focal":true,"coverage":{"reference":"Coverage/v1"}}],
		"item":[` + strings.Join(items, ",") + `],"total":{"value":2892.00,"currency":"NPR"}}`))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestInvariantsOfClaim(t *testing.T) {
	n := claim(t)
	c := checker{opts: Options{Resource: n}, fails: func(inv definition.Invariant, e Element, err error) {
		if err != nil || inv.Severity == "error" {
			t.Errorf("%s at %s: %v", inv.Key, e.Path(n), err)
		}
	}}
	c.walk(Resource(n), nil)
	if c.count < 300 {
		t.Errorf("only %d invariants", c.count)
	}
}

// BenchmarkInvariants evaluates every invariant on every element of a Claim of
// 6 kB, most of which are ele-1.
func BenchmarkInvariants(b *testing.B) {
	n := claim(b)
	c := checker{opts: Options{Resource: n}, fails: func(inv definition.Invariant, e Element, err error) { b.Fatal(inv.Key, e.Path(n), err) }}
	b.ReportAllocs()
	for b.Loop() {
		c.count = 0
		c.walk(Resource(n), nil)
	}
	b.ReportMetric(float64(c.count), "invariants")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(c.count), "ns/invariant")
}

// BenchmarkSearchParameters evaluates every search parameter of Claim.
func BenchmarkSearchParameters(b *testing.B) {
	n := claim(b)
	opts := &Options{Resolve: TypeOnly}
	var list []*Expr
	for _, sp := range definition.SearchParams("Claim") {
		if sp.Expression != "" {
			e, err := Cached(sp.Expression)
			if err != nil {
				b.Fatal(err)
			}
			list = append(list, e)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, e := range list {
			if _, err := e.Eval(opts, Resource(n)); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(list)), "ns/parameter")
}

func BenchmarkExpressions(b *testing.B) {
	n := claim(b)
	for _, source := range []string{
		"hasValue() or (children().count() > id.count())", "Claim.item.productOrService.coding.code", "item.where(sequence = 7).net.value",
		"item.net.value.aggregate($this + $total, 0.0)", "descendants().where($this is Reference).reference",
	} {
		e := Must(source)
		b.Run(source, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Eval(nil, Resource(n)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	source := "(verificationStatus.coding.where(system='http://example.org' and code='entered-in-error').empty()) or clinicalStatus.exists()"
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile(source); err != nil {
			b.Fatal(err)
		}
	}
}
