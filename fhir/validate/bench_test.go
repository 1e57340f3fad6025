package validate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/validate"
)

// claim is a claim of about 6 kB, as a hospital sends them.
func claim(tb testing.TB) *fhir.Node {
	tb.Helper()
	var items []string
	for i := 1; i <= 13; i++ {
		items = append(items, fmt.Sprintf(`{"sequence":%d,"category":{"coding":[{"system":"http://example.org/category","code":"service"}],"text":"Service"},
			"productOrService":{"coding":[{"system":"http://example.org/services","code":"S%03d"}],"text":"Consultation, out-patient"},
			"servicedDate":"2026-02-0%d","quantity":{"value":2,"unit":"visit"},"unitPrice":{"value":150.00,"currency":"NPR"},
			"net":{"value":300.00,"currency":"NPR"},"diagnosisSequence":[1]}`, i, i, i%9+1))
	}
	text := `{"resourceType":"Claim","id":"c1","meta":{"versionId":"1","lastUpdated":"2026-02-11T09:00:00.000000Z"},
		"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Claim of <b>2026-02-11</b></p><table><tr><td>1</td><td>Consultation</td></tr></table></div>"},
		"extension":[{"url":"http://example.org/visit","valueString":"V-1"}],
		"identifier":[{"system":"http://example.org/claims","value":"HF01-000123"}],"status":"active",
		"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/claim-type","code":"institutional"}]},"use":"claim",
		"patient":{"reference":"Patient/p1"},"billablePeriod":{"start":"2026-02-01","end":"2026-02-10"},"created":"2026-02-11T09:00:00+05:45",
		"provider":{"reference":"Organization/hf1"},"priority":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/processpriority","code":"normal"}]},
		"supportingInfo":[{"sequence":1,"category":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/claiminformationcategory","code":"info"}]},"valueString":"Seen twice"}],
		"diagnosis":[{"sequence":1,"diagnosisCodeableConcept":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"J18.9"}]}}],
		"insurance":[{"sequence":1,"focal":true,"coverage":{"reference":"Coverage/cov1"}}],
		"item":[` + strings.Join(items, ",") + `],"total":{"value":3900.00,"currency":"NPR"}}`
	n, err := fhir.Parse([]byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func BenchmarkClaim(b *testing.B) {
	n := claim(b)
	for name, opts := range map[string]validate.Options{
		"walk":       {ErrorsOnly: true, NoInvariants: true},
		"write":      {ErrorsOnly: true},
		"everything": {},
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(n.JSON())))
			b.ReportAllocs()
			for b.Loop() {
				if issues := validate.Resource(n, opts); opts.ErrorsOnly && len(issues) > 0 {
					b.Fatal(issues)
				}
			}
		})
	}
}

// A claim that claims a profile, and whose extension is defined.
func BenchmarkProfile(b *testing.B) {
	n := claim(b)
	meta := n.Get("meta")
	meta.Set("profile", fhir.Arr(fhir.Str("http://fais/Claim")))
	set := registry(b, append(fais, extensionDefinition("http://example.org/visit", []string{"element|Claim"}, `{"id":"Extension.value[x]","path":"Extension.value[x]","min":1,"type":[{"code":"string"}]}`))...)
	opts := validate.Options{ErrorsOnly: true, Registry: set}
	b.SetBytes(int64(len(n.JSON())))
	b.ReportAllocs()
	for b.Loop() {
		if issues := validate.Resource(n, opts); len(issues) > 0 {
			b.Fatal(issues)
		}
	}
}
