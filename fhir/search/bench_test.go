package search

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir"
)

// claim makes a Claim of about 6 kB with as many lines as that takes.
func claim(t testing.TB) *fhir.Node {
	t.Helper()
	var lines []string
	for i := range 12 {
		lines = append(lines, fmt.Sprintf(`{"sequence":%d,"careTeamSequence":[1],"diagnosisSequence":[1],
			"productOrService":{"coding":[{"system":"https://example.org/service","code":"A%03d","display":"Consultation and what comes with it"}],"text":"Consultation"},
			"servicedDate":"2025-03-%02d","quantity":{"value":%d},"unitPrice":{"value":125.50,"currency":"NPR"},"net":{"value":%d.50,"currency":"NPR"},
			"encounter":[{"reference":"Encounter/e%d"}]}`, i+1, i, i+1, i+1, 125*(i+1), i))
	}
	n, err := fhir.ParseObject([]byte(`{"resourceType":"Claim","meta":{"tag":[{"system":"https://example.org/tag","code":"x"}]},
		"identifier":[{"type":{"coding":[{"system":"https://example.org/types","code":"MR"}]},"system":"https://example.org/claim","value":"C-2025-1"}],
		"status":"active","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/claim-type","code":"institutional"}]},"use":"claim",
		"patient":{"reference":"Patient/p1"},"billablePeriod":{"start":"2025-03-01","end":"2025-03-12"},"created":"2025-03-13",
		"enterer":{"reference":"Practitioner/a"},"insurer":{"reference":"Organization/hib"},"provider":{"reference":"Organization/f1"},
		"priority":{"coding":[{"code":"normal"}]},"careTeam":[{"sequence":1,"provider":{"reference":"Practitioner/a"}}],
		"diagnosis":[{"sequence":1,"diagnosisCodeableConcept":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"A09"}]}}],
		"insurance":[{"sequence":1,"focal":true,"coverage":{"reference":"Coverage/c1"}}],
		"item":[` + strings.Join(lines, ",") + `],"total":{"value":9789.00,"currency":"NPR"}}`))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func BenchmarkIndexClaim(b *testing.B) {
	c, err := NewCatalogue(nil)
	if err != nil {
		b.Fatal(err)
	}
	n := claim(b)
	b.SetBytes(int64(len(n.JSON())))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Index(n); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	c, err := NewCatalogue(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		pairs, err := Pairs("patient=Patient/1&status=active&created=ge2025-01-01&_sort=-created&_count=20&_include=Claim:patient")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.Parse("Claim", pairs, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
